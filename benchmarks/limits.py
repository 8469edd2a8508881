"""The production agent's limits at their whole size and against the clock, as its tests hold them.

    python3 course.py bench limits

These tests run at every `course.py test`, with fewer streams, deletes and turns, and without a
clock: a machine may be busy then. Here each is what docs/production_agent.md promises.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

from benchmarks.verdicts import invalid, verdict

__all__ = ("aims", "measure", "table")

TESTS = ("test_endless.py", "test_far_database.py", "test_money.py", "test_databases.py")
COUNT = re.compile(r"(\d+) (passed|failed|skipped|error)")


def measure(rounds: int) -> dict:
    """Run the tests once, whatever `rounds` is.

    Returns:
        The number of tests that passed, failed or were skipped, and what pytest said of them.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tools.build.fast_start"]
    command += [f"tests/production_agent/{name}" for name in TESTS]
    environment = {**os.environ, "COURSE_LONG_TESTS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    *_, last = ["", *done.stdout.splitlines()]
    counts = {word: int(number) for number, word in COUNT.findall(last)}
    said = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return {"passed": 0, "failed": 0, "skipped": 0, "error": 0, **counts, "said": said}


def aims(found: dict) -> list[dict]:
    """Return a verdict: each of them holds."""
    ran = found["passed"] + found["failed"] + found["error"]
    if not ran:
        return [invalid("no test of the limits ran")]
    return [verdict("tests of the limits that pass", found["passed"] / ran, 1)]


def table(found: dict) -> str:
    """Return the results for people to read."""
    counts = ", ".join(f"{found[name]} {name}" for name in ("passed", "failed", "skipped"))
    return "\n".join([counts, *found["said"]])
