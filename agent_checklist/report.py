"""`agent_checklist.check`: the command line's report, for a notebook or a test."""

from __future__ import annotations

import html
import json
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ("CheckReport", "Found", "check")

MARKS = {"pass": "✓", "fail": "✗", "not_applicable": "-", "could_not_judge": "?", "accepted": "~"}
MAX_SECONDS = 200


@dataclass(frozen=True)
class Found:
    """What was found about one claim."""

    name: str
    verdict: str
    reason: str
    promise: str
    cure: str
    lesson: int
    evidence: dict = field(repr=False, default_factory=dict)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class CheckReport:
    """The claims about an agent; it shows itself as a table."""

    target: str
    claims: tuple[Found, ...] = field(repr=False)
    problem: str = ""
    """Why nothing could be judged."""

    @property
    def red(self) -> tuple[str, ...]:
        """The names of the claims that do not hold."""
        return tuple(one.name for one in self.claims if one.verdict == "fail")

    @property
    def green(self) -> tuple[str, ...]:
        """The names of the claims that hold."""
        return tuple(one.name for one in self.claims if one.verdict == "pass")

    def __getitem__(self, name: str) -> Found:
        """Return a claim by its name."""
        return next(one for one in self.claims if one.name == name)

    def _sum(self) -> str:
        found = [one.verdict for one in self.claims]
        counts = (f"{found.count(v)} {v.replace('_', ' ')}" for v in MARKS if v in found)
        return f"{self.target}: {', '.join(counts)}."

    def __repr__(self) -> str:
        rows = [self.problem] if self.problem else []
        for one in self.claims:
            words = f"{one.reason} {one.cure}" if one.verdict == "fail" else one.reason
            head = f"{MARKS[one.verdict]} {one.name:<24} "
            words = words or one.promise
            rows += textwrap.wrap(words, 98, initial_indent=head, subsequent_indent=" " * 27)
        return "\n".join([*rows, self._sum()])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{MARKS[one.verdict]} {one.verdict.replace('_', ' ')}</td>"
            f"<th scope='row' style='text-align:left'>{one.name}</th><td style='text-align:left'>"
            f"{html.escape(one.reason or one.promise)}</td></tr>"
            for one in self.claims
        )
        head = (
            "<tr><th>verdict</th><th>claim</th><th style='text-align:left'>what was seen</th></tr>"
        )
        return f"<table><caption>{html.escape(self._sum())}</caption>{head}{rows}</table>"


def check(
    target: str | None = None,
    *,
    folder: str | Path = ".",
    only: Sequence[str] = (),
    level: str | None = None,
) -> CheckReport:
    """Look at the LangGraph agent of a folder, in a process of its own.

    Args:
        target: file.py:attribute or module:attribute; None: what langgraph.json names.
        folder: The agent's repository.
        only: Names of claims, or of their groups; all by default.
        level: "graph", or "turn" for the function that pyproject's `turn` names; None: the turn
            where there is one and no target is given.

    Raises:
        ValueError: The target cannot be used.
        RuntimeError: The checklist itself broke.
    """
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary, "report.json")
        command = [sys.executable, "-m", "agent_checklist", *([target] if target else [])]
        command += [f"--level={level}"] if level else []
        command += ["--json", str(file), *(f"--only={name}" for name in only)]
        done = subprocess.run(
            command,
            cwd=folder,
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=MAX_SECONDS,
        )
        if done.returncode == 4:
            raise ValueError(done.stderr.strip())
        if not file.is_file():
            raise RuntimeError(done.stderr.strip() or "The checklist ended without a report.")
        found = json.loads(file.read_text("utf-8"))
    fields = Found.__dataclass_fields__
    claims = tuple(Found(**{key: one[key] for key in fields}) for one in found["claims"])
    return CheckReport(found["target"], claims, found["problem"])


def _environment() -> dict[str, str]:
    """Return an environment in which the course's packages are found from any folder."""
    root = str(Path(__file__).resolve().parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
