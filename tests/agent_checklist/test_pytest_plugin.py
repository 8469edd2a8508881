"""The pytest plugin: each claim is a test with an id of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from agent_checklist.claims import CLAIMS
from course_layout import ROOT

FOREIGN = ROOT / "lab" / "foreign_agent"


def run_pytest(folder: Path, *arguments: str) -> tuple[int, str, dict[str, str]]:
    """Run pytest with the plugin in a folder; return exit code, output, and each claim's result."""
    report = folder / "junit.xml"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "agent_checklist.pytest_plugin", *arguments]
        + [f"--rootdir={folder}", f"--junit-xml={report}", "-p", "no:cacheprovider", "-rs"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    found = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        tags = [child.tag for child in case if child.tag in ("failure", "skipped", "error")]
        found[case.get("name")] = tags[0] if tags else "passed"
    return done.returncode, done.stdout + done.stderr, found


def copied(tmp_path: Path) -> Path:
    """Return a copy of the course's foreign agent with a test of its own."""
    for file in FOREIGN.rglob("*"):
        if file.suffix in (".py", ".json", ".toml"):
            copy = tmp_path / file.relative_to(FOREIGN)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(file.read_text("utf-8"), "utf-8")
    (tmp_path / "test_own.py").write_text("def test_own():\n    assert True\n", "utf-8")
    return tmp_path


def test_each_claim_is_a_test(tmp_path: Path) -> None:
    code, output, found = run_pytest(copied(tmp_path), "--agent-checklist=")
    assert code == 1
    assert found.pop("test_own") == "passed"
    assert list(found) == list(CLAIMS)
    assert found["approval.asked"] == "passed"
    assert found["rejection.next"] == "failure"
    assert found["streaming.torn"] == "skipped"
    assert "After a rejection the model refuses the thread with 400" in output
    assert "ToolMessage. Lesson 3." in output and "runtest" not in output
    assert "not_applicable: There is no second model." in output


def test_without_the_option_nothing_is_added(tmp_path: Path) -> None:
    code, _, found = run_pytest(copied(tmp_path))
    assert (code, found) == (0, {"test_own": "passed"})


def test_what_cannot_be_judged_fails_in_words(tmp_path: Path) -> None:
    """It is looked at once; a skip would let a pipeline pass that has judged nothing."""
    (tmp_path / "agent.py").write_text("raise ValueError('no model')\n", "utf-8")
    for target, words in (
        ("nowhere.py:graph", "There is no file nowhere.py here."),
        ("agent.py:graph", "The import raised ValueError: no model (agent.py, line 1)."),
    ):
        code, output, found = run_pytest(copied(tmp_path), f"--agent-checklist={target}")
        assert code == 1 and found.pop("test_own") == "passed"
        assert set(found.values()) == {"failure"}
        assert words in " ".join(output.split()) and "Traceback" not in output
