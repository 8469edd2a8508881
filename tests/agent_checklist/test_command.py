"""The checklist as a tool: sound agents are not red, each fault is red on its own claim."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from agent_checklist import check, report, runner
from agent_checklist.claims import CLAIMS
from agent_checklist.provoke import PROBES
from agent_checklist.report import Outcome, Verdict
from agent_checklist.runner import _accept, look_at
from agent_checklist.workspace import Settings, Usage, read_settings
from course_layout import ROOT
from tests.agent_checklist.bank_faults import BANK, faults_in

FOREIGN = ROOT / "lab" / "foreign_agent"
ALL = bool(os.environ.get("CHECKLIST_BANK"))
SOUND = {  # agent: what is its own, and looked at on most days; everything of those without
    "gate_node": (),
    "middleware": (),
    "inside": (),
    "functional": (),
    "supervised": (),
    "with_fallback": ("retry", "fallback", "timeouts", "errors"),
    "subgraph": ("approval", "rejection", "persistence", "streaming"),
    "routed": ("retry", "fallback", "timeouts", "errors"),
    "swarmed": ("limits", "errors", "odd", "tools", "streaming", "loop"),
    "service": ("persistence", "streaming", "loop", "logging"),
}
ONCE = {  # in a graph these need a promise or a declaration to be red; see test_declared
    claim.name for claim in CLAIMS.values() if claim.level != "graph"
} | {"approval.amounts"}


FAULTS = faults_in("faulty.py")
SEEN = {  # what one look at an agent has to find, where a claim has several ways to be red
    "errors_model_text_1": ("401", "400", "500", "429", "cut connection"),
}
# Two kinds of agent for each claim; one of them is enough on most days, but for what is met in
# another way: the order of answers, arguments without free text, a question inside of a tool, a
# list of words, what is shown instead of sent, turns that overlap, what a tool is called with.
OTHER_WAYS = ("approval_parallel_2", "approval_parallel_3", "approval_lost_answer_3")
OTHER_WAYS += (
    "approval_lost_answer_4",
    "approval_lost_answer_5",
    "approval_unclear_3",
    "approval_unclear_4",
)
OTHER_WAYS += ("approval_unclear_5", "approval_unclear_6", "approval_again_3", "approval_asked_3")
OTHER_WAYS += ("approval_own_thread_3", "approval_own_thread_4", "rejection_not_run_3")
OTHER_WAYS += ("retry_storm_3", "fallback_tools_3", "timeouts_read_3", "errors_tool_4")
OTHER_WAYS += ("approval_parallel_4", "rejection_mixed_3", "persistence_isolation_3")
OTHER_WAYS += ("persistence_isolation_4", "logging_private_3")
OTHER_WAYS += ("approval_edit_3", "approval_edit_4")  # unchecked in the body; a dead thread
CHOSEN = [name for name in FAULTS if name.endswith("_1") or name in OTHER_WAYS or ALL]


def looked_at(target: str, *only: str, **settings: object) -> Outcome:
    outcome = look_at(target, BANK, settings=Settings(**settings), only=only)
    assert not outcome.problem, outcome
    return outcome


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_agent_is_not_red(name: str) -> None:
    groups = () if ALL else SOUND[name]
    outcome = looked_at(f"sound.py:{name}", *groups)
    assert outcome.red == (), outcome
    assert outcome.exit_code == 0
    passed = sum(one.verdict == "pass" for one in outcome.verdicts)
    assert passed > (5 if groups else 15), outcome.verdicts


@pytest.mark.parametrize("name", CHOSEN)
def test_a_fault_is_red_on_its_own_claim(name: str) -> None:
    """Its whole probe is run, so that the claims beside it are seen to be not red."""
    claim = FAULTS[name]
    outcome = looked_at(f"faulty.py:{name}", claim)
    assert list(outcome.red) == [claim], outcome[claim]
    assert all(words in outcome[claim].reason for words in SEEN.get(name, ())), outcome[claim]


def test_every_claim_has_a_probe_and_a_fault() -> None:
    probed = [claim for probe in PROBES.values() for claim in probe.claims]
    assert sorted(probed) == sorted(CLAIMS)
    assert set(CLAIMS) - ONCE == set(FAULTS.values())
    assert [name for name in set(FAULTS.values()) if list(FAULTS.values()).count(name) < 2] == []
    page = (ROOT / "docs/checklist.md").read_text("utf-8")
    assert [name for name in CLAIMS if f"| `{name}` | " not in page] == []


@pytest.mark.parametrize(
    ("agent", "claim", "settings"),
    [
        ("asks_nobody", "approval.asked", {"risky": ["ref*"]}),
        ("closes_unasked", "approval.asked", {"risky": ["close_account"]}),
        ("threshold", "approval.amounts", {"risky": ["refund"]}),
        (
            "threshold",
            "approval.amounts",
            {"risky": ["refund"], "arguments": {"refund": {"amount": 500}}},
        ),
        ("functions", "approval.two_approved", {}),
    ],
)
def test_what_is_declared_is_judged(agent: str, claim: str, settings: dict) -> None:
    assert looked_at(f"declared.py:{agent}", claim, **settings).red == (claim,)


PROMISES = ["streaming.torn", "limits.fan_out", "odd.arguments", "odd.cut", "odd.empty"]


def test_a_promise_is_red_only_where_it_is_given() -> None:
    groups = ("streaming.torn", "limits.fan_out", "odd")
    for given in (PROMISES[::2], PROMISES[1::2]):
        outcome = looked_at("sound.py:gate_node", *groups, promises=given)
        assert list(outcome.red) == [name for name in PROMISES if name in given]


def test_an_undeclared_threshold_may_be_a_policy() -> None:
    for declared in ({}, {"arguments": {"refund": {"amount": 500}}}):
        outcome = looked_at("declared.py:threshold", "approval.amounts", **declared)
        assert outcome["approval.amounts"].verdict == "could_not_judge", outcome


def test_a_client_that_was_told_another_address_is_reached() -> None:
    outcome = looked_at("declared.py:elsewhere", "timeouts", "approval.asked")
    assert outcome.red == () and outcome["timeouts.read"].verdict == "pass"
    assert outcome.facts["refused"] == []


# Effects before the question, and hangs -----------------------------------------------------------

BEFORE = """
import pathlib
from langchain_core.tools import tool
from langgraph.types import interrupt
from sound import asks_inside

@tool
def book(hotel: str, nights: int) -> str:
    \"\"\"Book a hotel.\"\"\"
    {effect}
    if interrupt({{"action": "book", "args": {{"hotel": hotel, "nights": nights}}}}) == "yes":
        return f"Booked {{hotel}} for {{nights}} nights."
    return "The user said no."

def graph():
    return asks_inside(book)
"""


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        ("pathlib.Path('booked.txt').write_text(hotel)", "booked.txt was written before anybody"),
        ("hotels.add(hotel)", "Before it asks, add is called by the body of book"),
    ],
)
def test_an_effect_before_the_question_is_no_pass(tmp_path: Path, effect: str, words: str) -> None:
    """Only the bodies of tools are counted: what stands before an interrupt runs unseen."""
    source = BEFORE.format(effect=effect).replace("def graph", "hotels = set()\n\ndef graph")
    (tmp_path / "sound.py").write_text((BANK / "sound.py").read_text("utf-8"), "utf-8")
    outcome = look_at(
        "agent.py:graph",
        agent_file(tmp_path, source),
        settings=Settings(),
        only=["approval.asked", "approval.once", "rejection"],
    )
    assert outcome.red == () and not outcome.problem
    for name in ("approval.asked", "approval.once", "rejection.not_run"):
        one = outcome[name]
        assert one.verdict == "could_not_judge" and words in one.reason, one


def test_an_agent_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MAX_SCOUT_SECONDS", 6.0)
    began = time.monotonic()
    outcome = look_at("declared.py:hangs", BANK, settings=Settings())
    assert time.monotonic() - began < 120
    assert "took too long" in outcome.problem and outcome.exit_code == 2
    assert {one.verdict for one in outcome.verdicts} == {"could_not_judge"}


def test_a_probe_that_hangs_ends_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are judged as if nothing were."""
    fork = runner._Run._fork

    def limited(run: object, look: object, work: object, seconds: float) -> None:
        fork(run, look, work, 8.0 if look.probe == "refusal" else seconds)

    monkeypatch.setattr(runner._Run, "_fork", limited)
    outcome = looked_at("declared.py:hangs_when_refused", "retry.refused", "retry.waits")
    assert outcome["retry.refused"].verdict == "could_not_judge"
    assert "took too long" in outcome["retry.refused"].reason
    assert outcome["retry.waits"].verdict == "pass"


def test_a_tool_that_hangs_is_given_up_where_that_is_promised() -> None:
    outcome = looked_at("declared.py:bounded", "timeouts.tool", turn_seconds=60)
    assert outcome["timeouts.tool"].verdict == "pass", outcome.verdicts
    outcome = looked_at("declared.py:asks_nobody", "timeouts.tool", turn_seconds=60)
    assert outcome.red == ("timeouts.tool",)


# What goes wrong ----------------------------------------------------------------------------------


def agent_file(folder: Path, source: str) -> Path:
    (folder / "agent.py").write_text(source, "utf-8")
    return folder


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "agent_checklist", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_an_agent_that_cannot_be_imported_is_not_judged(tmp_path: Path) -> None:
    source = "import socket\nsocket.create_connection(('db.example.com', 5432))\ngraph = 1\n"
    outcome = look_at("agent.py:graph", agent_file(tmp_path, source), settings=Settings())
    assert outcome.exit_code == 2
    assert "db.example.com" in outcome.problem and "agent.py, line 2" in outcome.problem
    assert {one.verdict for one in outcome.verdicts} == {"could_not_judge"}


def test_secrets_and_files_stay_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_KEY", "a real one")
    (tmp_path / ".env").write_text("BANK_TOKEN=another\nMODEL=small\n", "utf-8")
    source = (
        "import os, pathlib\npathlib.Path('written.txt').write_text('x')\n"
        "raise SystemExit(os.environ.get('STRIPE_KEY'), os.environ['BANK_TOKEN'][:4], "
        "os.environ['MODEL'])\n"
    )
    outcome = look_at("agent.py:graph", agent_file(tmp_path, source), settings=Settings())
    assert "a real one" not in outcome.problem and "another" not in outcome.problem
    assert "'chec', 'small'" in outcome.problem, outcome.problem
    assert not (tmp_path / "written.txt").exists()


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("nowhere.py:graph", "no file"),
        ("agent.py:nothing", "has no 'nothing'"),
        ("agent.py", "Write module:attribute"),
        (None, "no langgraph.json"),
    ],
)
def test_a_wrong_target_is_named(tmp_path: Path, target: str | None, words: str) -> None:
    with pytest.raises(Usage, match=words):
        look_at(target, agent_file(tmp_path, "graph = 1\n"), settings=Settings())


def test_unknown_settings_are_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.agent_checklist]\nriski = []\n", "utf-8")
    with pytest.raises(Usage, match="no key 'riski'"):
        read_settings(tmp_path)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('promises = ["odd.cutt"]', "There is no claim 'odd.cutt'"),
        ('promises = "odd.cut"', "promises = 'odd.cut' is no list"),
        ('approve = { "{id}" = "go" }', "approve names calls by “{id}”, reject does not"),
        ('turn_seconds = "x"', "turn_seconds = 'x' is no number above 0"),
        ("context_window = -3", "context_window = -3 is no number above 0"),
    ],
)
def test_a_value_that_means_nothing_is_not_taken(tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.agent_checklist]\n{line}\n")
    with pytest.raises(Usage, match=re.escape(words)):
        read_settings(tmp_path)


def test_what_may_be_promised_is_taken(tmp_path: Path) -> None:
    lines = 'promises = ["odd", "streaming.torn"]\nturn_seconds = 0.5\ncontext_window = 9000'
    (tmp_path / "pyproject.toml").write_text(f"[tool.agent_checklist]\n{lines}\n")
    assert read_settings(tmp_path).promises == ["odd", "streaming.torn"]


def test_usage_exits_with_4(tmp_path: Path) -> None:
    assert command(tmp_path, "nowhere.py:graph").returncode == 4
    assert command(tmp_path, "--nonsense").returncode == 4


# Reports ------------------------------------------------------------------------------------------


def test_the_foreign_agent_of_the_course(tmp_path: Path) -> None:
    files = [tmp_path / f"report.{kind}" for kind in ("json", "xml", "html")]
    options = [f"--{o}={f}" for o, f in zip(("json", "junit", "html"), files, strict=True)]
    done = command(FOREIGN, "--only=approval", "--only=rejection", *options)
    assert done.returncode == 1, done.stdout + done.stderr
    found = json.loads(files[0].read_text("utf-8"))
    reds = [one["name"] for one in found["claims"] if one["verdict"] == "fail"]
    assert reds == ["approval.parallel", "approval.behind_safe", "rejection.next"]
    suite = ElementTree.parse(files[1]).getroot()
    assert suite.get("failures") == "3" and len(suite) == len(found["claims"])
    for told in suite.iter("failure"):
        assert all(word in told.text for word in ("Promise: ", "Cure: ", "Again: python -m")), told
    page = files[2].read_text("utf-8")
    assert page.count("class='fail'") == 3 and "src=" not in page and "<link" not in page
    assert not list(FOREIGN.rglob("*.sqlite"))


def test_check_gives_a_notebook_the_report() -> None:
    report = check(folder=FOREIGN, only=["rejection.next"])
    assert report.red == ("rejection.next",) and "✗" in repr(report)
    assert "<table>" in report._repr_html_()
    with pytest.raises(ValueError, match="no file"):
        check("nowhere.py:graph", folder=FOREIGN)


@pytest.mark.parametrize(("level", "key"), [("turn", "turn"), ("graph", "graph")])
def test_init_keeps_what_is_declared(level: str, key: str) -> None:
    declared = {
        "graph": "agent.py:graph",
        "turn": "server.py:turn",
        "turn_seconds": 30,
        "risky": ["ref*"],
        "approve": {"{id}": "go", "why": "“so”"},
        "reject": {"{id}": "stop", "why": "no"},
        "accept": {"limits.loop": "a nightly job, until 2999-01"},
        "max_unjudged": 0,
    }
    facts = {"tools": {"refund": "asks"}, "models": ["m"], "risky": [], "beyond": "A\nquestion."}
    section = report.section(Outcome("new.py:name", [], level, facts), Settings(**declared))
    found = tomllib.loads(section)["tool"]["agent_checklist"]
    assert found == declared | {key: "new.py:name"} and "# A question." in section, section


def test_an_accepted_red_has_a_date() -> None:
    reasons = {"limits.loop": "a nightly job, until 2999-01", "loop.free": "until 2020-01-31"}
    verdicts = [Verdict(name, "fail", "Seen.") for name in (*reasons, "errors.tool")]
    _accept(verdicts, Settings(accept={**reasons, "errors.tool": "no date"}))
    assert [one.verdict for one in verdicts] == ["accepted", "fail", "fail"]
    assert "2020" in verdicts[1].reason and "without a date" in verdicts[2].reason
    outcome = Outcome("x", verdicts[:1])
    assert outcome.exit_code == 0 and "~ limits.loop" in report.terminal(outcome)
