"""The doctor speaks wherever there is a Python, and says what is missing."""

from __future__ import annotations

import subprocess
import sys

from course_layout import ROOT
from lab import doctor


def test_without_packages_the_doctor_says_how_to_get_them() -> None:
    bare = [sys.executable, "-S", "-m", "lab.doctor"]  # -S: no site-packages
    done = subprocess.run(bare, cwd=ROOT, capture_output=True, text=True, timeout=180)
    assert done.returncode == 1 and done.stderr == ""
    assert (
        "✗ The packages this course was tested with: they are not in this Python. " in done.stdout
    )
    assert "Install them with: python3 course.py\n" in done.stdout
    assert done.stdout.endswith("Fix what has a cross, then run this again.\n")


def test_with_packages_everything_is_ready() -> None:
    done = subprocess.run(
        [sys.executable, "course.py", "doctor"],
        cwd=ROOT,
        env={"COURSE_ENV": "here"},
        capture_output=True,
        text=True,
        timeout=180,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert lines[-1] == "Everything is ready." and len(lines) > 12
    assert [line for line in lines if line.startswith("✗")] == []


def test_what_only_the_tests_need_is_no_fault() -> None:
    found = doctor.Finding("Node.js", False, "not found", "Install it", needed=False)
    assert str(found) == "○ Node.js: not found. Install it"
    assert doctor.Report((found,)).ok
