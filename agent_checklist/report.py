"""What was found about an agent, and `agent_checklist.check` for a notebook or a test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent_checklist.claims import ACCEPTED, CLAIMS, COULD_NOT_JUDGE, FAIL, PASS, Claim

__all__ = ("Outcome", "Verdict", "check")

MAX_SECONDS = 200


@dataclass
class Verdict:
    """What was found about one claim."""

    name: str
    verdict: str = COULD_NOT_JUDGE
    reason: str = "It was not looked at."
    evidence: dict = field(default_factory=dict, repr=False)
    seconds: float = 0.0

    @property
    def claim(self) -> Claim:
        """The claim, with its cure and its lesson."""
        return CLAIMS[self.name]


@dataclass(repr=False)
class Outcome:
    """A run's verdicts, and what is known of the agent; it shows itself as a table."""

    target: str
    verdicts: list[Verdict]
    level: str = "graph"
    facts: dict = field(default_factory=dict)
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    problem: str = ""
    """Why nothing could be judged."""
    max_unjudged: int | None = None

    @property
    def red(self) -> tuple[str, ...]:
        """The names of the claims that do not hold."""
        return tuple(one.name for one in self.verdicts if one.verdict == FAIL)

    @property
    def green(self) -> tuple[str, ...]:
        """The names of the claims that hold."""
        return tuple(one.name for one in self.verdicts if one.verdict == PASS)

    @property
    def exit_code(self) -> int:
        """The command's: 0 (no red), 1 (a red) or 2 (too much unjudged)."""
        if self.red:
            return 1
        levels = ("graph", self.level)
        unjudged = sum(
            one.verdict == COULD_NOT_JUDGE and one.claim.level in levels for one in self.verdicts
        )
        most = sum(one.verdict in (PASS, ACCEPTED) for one in self.verdicts)
        most = most if self.max_unjudged is None else self.max_unjudged
        return 2 if self.problem or unjudged > most else 0

    def __getitem__(self, name: str) -> Verdict:
        """Return what was found about a claim."""
        return next(one for one in self.verdicts if one.name == name)

    def __repr__(self) -> str:
        from agent_checklist import render  # noqa: PLC0415

        return render.terminal(self)

    def _repr_html_(self) -> str:
        from agent_checklist import render  # noqa: PLC0415

        return render.html_table(self)


def check(
    target: str | None = None,
    *,
    folder: str | Path = ".",
    only: Sequence[str] = (),
    level: str | None = None,
) -> Outcome:
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
    root = str(Path(__file__).resolve().parents[1])
    paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary, "report.json")
        command = [sys.executable, "-m", "agent_checklist", *([target] if target else [])]
        command += [f"--level={level}"] if level else []
        command += ["--json", str(file), *(f"--only={name}" for name in only)]
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            timeout=MAX_SECONDS,
        )
        if done.returncode == 4:
            raise ValueError(done.stderr.strip())
        if not file.is_file():
            raise RuntimeError(done.stderr.strip() or "The checklist ended without a report.")
        found = json.loads(file.read_text("utf-8"))
    known = Verdict.__dataclass_fields__
    verdicts = [Verdict(**{key: one[key] for key in known}) for one in found["claims"]]
    same = ("target", "level", "seconds", "cpu_seconds", "problem", "max_unjudged")
    return Outcome(**{key: found[key] for key in same}, verdicts=verdicts, facts=found["agent"])
