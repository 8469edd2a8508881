"""The level of the turn: sound turns are not red, each fault is red on its own claim."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from agent_checklist import check
from agent_checklist.claims import CLAIMS, PASS
from agent_checklist.report import Outcome
from agent_checklist.runner import look_at
from agent_checklist.workspace import Settings, Usage, read_settings
from tests.agent_checklist.bank_faults import BANK, faults_in

OF_A_TURN = [claim.name for claim in CLAIMS.values() if claim.level == "turn"]
ALL = bool(os.environ.get("CHECKLIST_BANK"))
SECTION = """
[tool.agent_checklist]
turn = "production_agent.turn:opened"
effects = "production_agent.turn:effects"
arguments = { refund = { order = "T-7" } }
turn_seconds = 120
promises = ["streaming.torn", "odd"]
"""


FAULTS = faults_in("turns.py")
# One kind of turn for each claim is enough on most days.
CHOSEN = [(name, claim) for name, claim in FAULTS.items() if ALL or name.endswith("_1")]


def looked_at(name: str, *only: str, **settings: object) -> Outcome:
    chosen = Settings(turn=f"turns.py:{name}", turn_seconds=60, **settings)
    outcome = look_at(None, BANK, settings=chosen, only=only)
    assert not outcome.problem, outcome
    assert outcome.level == "turn"
    return outcome


def found_in(outcome: Outcome) -> dict[str, str]:
    return {one.name: one.verdict for one in outcome.verdicts}


@pytest.mark.parametrize("name", ["streamed", "whole"])
def test_a_sound_turn_is_not_red(name: str) -> None:
    outcome = looked_at(name, effects="turns.py:effects")
    assert outcome.red == () and outcome.exit_code == 0
    assert [name for name in OF_A_TURN if found_in(outcome)[name] != PASS] == []
    assert (
        outcome["approval.crash"].reason
        == f"Bodies run: {2 if name == 'whole' else 1}, on record: 1."
    )


def test_an_object_that_is_called_may_yield_words() -> None:
    outcome = looked_at(
        "called", "streaming.first_word", "streaming.leave", "streaming.left_thread"
    )
    assert set(found_in(outcome).values()) == {PASS}, outcome


def test_a_call_that_ran_is_not_taken_for_refused_by_what_it_returned() -> None:
    claims = ("approval.once", "approval.at_once", "approval.talk_over")
    assert set(found_in(looked_at("asking", *claims)).values()) == {PASS}


def test_a_change_to_another_tool_may_be_refused() -> None:
    assert found_in(looked_at("changing", "approval.edit")) == {"approval.edit": PASS}


@pytest.mark.parametrize(("name", "claim"), CHOSEN)
def test_a_faulty_turn_is_red_on_its_own_claim(name: str, claim: str) -> None:
    """Its whole probe is run; with the whole bank, all of them."""
    settings = {"effects": "turns.py:effects"} if claim == "approval.crash" else {}
    outcome = looked_at(name, *([] if ALL else [claim]), **settings)
    assert outcome.red == (claim,), outcome


def test_each_claim_of_a_turn_has_two_faults() -> None:
    counts = Counter(FAULTS.values())
    assert {name: counts[name] for name in OF_A_TURN} == dict.fromkeys(OF_A_TURN, 2)


def test_a_crash_without_a_record_is_not_judged() -> None:
    """The body runs again; whether it pays again is only seen where effects are listed."""
    outcome = looked_at("whole", "approval.crash")
    assert found_in(outcome) == {"approval.crash": "could_not_judge"}
    assert "effects = “module:function”" in outcome.verdicts[0].reason


def test_the_production_agent_is_green(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_FALLBACK_MODEL", "gpt-4.1-mini")
    (tmp_path / "pyproject.toml").write_text(SECTION, "utf-8")
    report = check(folder=tmp_path)
    assert report.red == (), report
    unjudged = {one.name for one in report.verdicts if one.verdict == "could_not_judge"}
    assert unjudged <= {"approval.amounts"}, report  # its policy refuses what is above the price
    shown = {"approval.edit", "timeouts.tool", "fallback.tools"}
    assert set(OF_A_TURN) | shown <= set(report.green)


# What goes wrong ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        ("turns.py:sync", "is not async. Write async def turn(thread"),
        ("turns.py:two", "takes 2 parameters. Write async def turn(thread"),
        ("turns.py:FAULTS", "holds a dict. Write async def turn(thread"),
        ("turns.py:nothing", "has no 'nothing'"),
        ("nowhere.py:turn", "no file nowhere.py"),
        ("no_module:turn", "no module 'no_module'"),
    ],
)
def test_what_is_no_turn_is_named(turn: str, words: str) -> None:
    with pytest.raises(Usage, match=re.escape(words)):
        look_at(None, BANK, settings=Settings(turn=turn))


def test_a_turn_that_gives_no_text_is_named() -> None:
    outcome = look_at(None, BANK, settings=Settings(turn="turns.py:gives_numbers"))
    assert "gave a int. It may give str and langgraph.types.Interrupt" in outcome.problem
    assert outcome.exit_code == 2


def test_a_level_without_a_turn_is_named() -> None:
    with pytest.raises(Usage, match="names no turn"):
        look_at(None, BANK, settings=Settings(), level="turn")


def test_a_setting_that_names_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.agent_checklist]\nturn = "server"\n', "utf-8")
    with pytest.raises(Usage, match="Write module:name or file.py:name"):
        read_settings(tmp_path)
