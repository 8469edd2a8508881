"""What `python3 course.py test` runs, stage by stage. Standard library only."""

from __future__ import annotations

import time
from pathlib import Path

from tools.install.set_up import environment, run

__all__ = ("QUICK_STAGES", "STAGES", "main", "without_readers_choices")

PYTEST = ("-m", "pytest", "-p", "tools.build.fast_start", "-n2", "--dist=loadfile")
# Tests wait half of their time: for servers, browsers, child processes. tests/conftest.py has them
# begin with the slowest files.
TESTS = (*PYTEST, "-n3", "--no-loadscope-reorder", "tests")
NBVAL = (
    "-p tools.build.kernel_sockets"
    " --nbval --nbval-current-env --nbval-cell-timeout=120 --nbval-sanitize-with=tests/sanitize.cfg"
    # Of no use here, and every worker would load them: schemathesis alone takes a second.
    " -pno:schemathesis -pno:hypothesispytest -pno:benchmark -pno:codspeed -pno:recording"
    " -pno:socket -pno:syrupy"
).split()
BUILD_CHECK = ("-m", "tools.build.notebooks", "--check")
STAGES = {  # all of it, whatever fails
    "notebooks are what lessons/ says": BUILD_CHECK,
    "tests": TESTS,
    "notebooks run and print the same": (*PYTEST, *NBVAL, "notebooks", "solutions"),
}
FIRST = "00_start_here.ipynb"
QUICK_STAGES = {  # for somebody who changed a sentence
    "notebooks are what lessons/ says": BUILD_CHECK,
    "the checks work, without the answer bank": (
        *PYTEST,
        "tests/exercises",
        "--ignore=tests/exercises/test_answers.py",
    ),
    "the first notebook runs and prints the same": (
        *(*PYTEST, *NBVAL, f"notebooks/{FIRST}", f"solutions/{FIRST}"),
    ),
}
# A reader's endpoint, key or tracing must not decide whether the course is sound.
NOT_IN_TESTS = (
    *("OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_API_KEY", "OPENAI_MODEL"),
    *("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"),
)
NO_TESTS_COLLECTED = 5


def without_readers_choices(env: dict[str, str]) -> dict[str, str]:
    """Return an environment without the reader's endpoint, key, tracing and progress."""
    kept = {name: text for name, text in env.items() if name not in NOT_IN_TESTS}
    return {**kept, "COURSE_PROGRESS": "off"}


def main(python: Path, options: list[str]) -> int:
    """Run every stage, report each, and return 1 if any failed.

    Args:
        python: The Python with the development packages.
        options: `--quick` for the short stages; the others go to pytest.
    """
    stages = QUICK_STAGES if "--quick" in options else STAGES
    options = [option for option in options if option != "--quick"]
    env = without_readers_choices(environment(python))
    report, failed = [], False
    for stage, command in stages.items():
        print(f"\n== {stage}", flush=True)
        began, more = time.monotonic(), options if "pytest" in command else []
        status = run([python, *command, *more], env=env)
        passed = status == 0 or (bool(more) and status == NO_TESTS_COLLECTED)
        failed = failed or not passed
        seconds = time.monotonic() - began
        report.append(f"{'passed' if passed else 'FAILED'}  {stage}  ({seconds:.0f} s)")
    print("\n" + "\n".join(report), flush=True)
    return int(failed)
