"""What the production checklist costs an agent, beside its aims."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.servers import clean_environment
from benchmarks.verdicts import verdict
from course_layout import ROOT

__all__ = ("aims", "measure", "table")

MAX_WALL_SECONDS, MAX_CPU_SECONDS = 15.0, 10.0


def measure(rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each round: all claims about the course's foreign agent."""
    found: dict[str, list[float]] = {"wall": [], "cpu": []}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "report.json")
        for _ in range(rounds):
            subprocess.run(
                [sys.executable, "-m", "agent_checklist", "--json", str(file)],
                cwd=ROOT / "lab" / "foreign_agent",
                env=clean_environment(),
                stdout=subprocess.DEVNULL,
                timeout=200,
            )
            report = json.loads(file.read_text("utf-8"))
            found["wall"].append(report["seconds"])
            found["cpu"].append(report["cpu_seconds"])
    return found


def table(found: dict[str, list[float]]) -> str:
    """Return the median of the rounds."""
    return f"all claims: {median(found['wall']):.1f} s, {median(found['cpu']):.1f} CPU s"


def aims(found: dict[str, list[float]]) -> list[dict]:
    """Return a verdict for each aim."""
    what = "the checklist looks at an agent"
    return [
        verdict(f"{what}, seconds", median(found["wall"]), MAX_WALL_SECONDS, " s", False),
        verdict(f"{what}, CPU", median(found["cpu"]), MAX_CPU_SECONDS, " s", False),
    ]
