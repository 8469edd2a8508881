"""The pytest plugin: each claim is a test with an id of its own."""

from __future__ import annotations

import shutil
from xml.etree import ElementTree

import pytest

from agent_checklist.claims import CLAIMS
from course_layout import ROOT

pytest_plugins = ("pytester",)
FOREIGN = ROOT / "lab" / "foreign_agent"


def run_pytest(pytester: pytest.Pytester, *arguments: str) -> tuple[int, str, dict[str, str]]:
    """Run pytest with the plugin on a test and the course's foreign agent.

    Returns:
        The exit code, the output, and each claim's result.
    """
    pytester.makepyfile(test_own="def test_own():\n    assert True\n")
    plugins = ["-p", "agent_checklist.pytest_plugin", "-p", "no:cacheprovider", "-p", "no:asyncio"]
    done = pytester.runpytest_inprocess(*plugins, *arguments, "-rs", "--junit-xml=junit.xml")
    found = {}
    for case in ElementTree.parse(pytester.path / "junit.xml").getroot().iter("testcase"):
        tags = [child.tag for child in case if child.tag in ("failure", "skipped", "error")]
        found[case.get("name")] = tags[0] if tags else "passed"
    return done.ret, done.stdout.str() + done.stderr.str(), found


def test_each_claim_is_a_test(pytester: pytest.Pytester) -> None:
    copied = shutil.ignore_patterns("__pycache__", "*.sqlite*")
    shutil.copytree(FOREIGN, pytester.path, dirs_exist_ok=True, ignore=copied)
    code, output, found = run_pytest(pytester, "--agent-checklist=")
    assert code == 1
    assert found.pop("test_own") == "passed"
    assert list(found) == list(CLAIMS)
    assert found["approval.asked"] == "passed"
    assert found["rejection.next"] == "failure"
    assert found["streaming.torn"] == "skipped"
    assert "After a rejection the model refuses the thread with 400" in output
    assert "ToolMessage. Lesson 3." in output and "runtest" not in output
    assert "Again: python -m agent_checklist" in output
    assert "not_applicable: There is no second model." in output


def test_without_the_option_nothing_is_added(pytester: pytest.Pytester) -> None:
    code, _, found = run_pytest(pytester)
    assert (code, found) == (0, {"test_own": "passed"})


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("nowhere.py:graph", "There is no file nowhere.py here."),
        ("agent.py:graph", "The import raised ValueError: no model (agent.py, line 1)."),
    ],
)
def test_what_cannot_be_judged_fails_in_words(
    pytester: pytest.Pytester, target: str, words: str
) -> None:
    """It is looked at once; a skip would let a pipeline pass that has judged nothing."""
    pytester.makepyfile(agent="raise ValueError('no model')\n")
    code, output, found = run_pytest(pytester, f"--agent-checklist={target}")
    assert code == 1 and found.pop("test_own") == "passed"
    assert set(found.values()) == {"failure"}
    assert words in " ".join(output.split()) and "Traceback" not in output
