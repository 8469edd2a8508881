"""Run the answer bank of one lesson or exercise: `python3 course.py check 05 [ex7]`.

The small loop of an author: every answer of the bank, and every small change to the reference,
goes through the check.
"""

from __future__ import annotations

import os
import re
import sys
import time

import pytest

from course_layout import ROOT

__all__ = ("main",)


def main(words: list[str]) -> int:
    """Run the answers of a lesson, or of one of its exercises; return pytest's exit status."""
    lessons = sorted(path.stem for path in (ROOT / "lessons").glob("[0-9]*_*.py"))
    number, exercise = (*words, "", "")[:2]
    lesson = next((name for name in lessons if number and name[:2] == number[:2].zfill(2)), "")
    if not lesson or len(words) > 2 or not re.fullmatch(r"(ex\d+)?", exercise):
        print("Say a lesson, and an exercise if you like: python3 course.py check 05 ex7. Lessons:")
        print("\n".join(f"  {name}" for name in lessons))
        return 2
    case = f"[{lesson.partition('_')[2]}-{exercise}"
    # A name ends there: ex1 is not ex10.
    selected = f"{case}- or {case}]" if exercise else case
    began = time.monotonic()
    os.chdir(ROOT)
    options = ("-q", "-p", "tools.build.fast_start", "tests/exercises/test_answers.py")
    status = int(pytest.main([*options, "-k", selected]))
    seconds = time.monotonic() - began
    if status == pytest.ExitCode.NO_TESTS_COLLECTED:
        print(f"Lesson {lesson} has no exercise {exercise}.")
    result = "passed" if status == 0 else "FAILED"
    print(f"{result}  answers to {lesson} {exercise}".rstrip() + f"  ({seconds:.0f} s)")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
