"""What is said of agents that are easily judged wrongly: no false red, no empty green."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from agent_checklist import report
from agent_checklist.claims import COULD_NOT_JUDGE, FAIL, NOT_APPLICABLE, PASS
from agent_checklist.effects import living
from agent_checklist.report import Outcome
from agent_checklist.runner import look_at
from agent_checklist.workspace import Settings
from tests.agent_checklist.bank_faults import BANK


def outcome_of(name: str, *only: str, **settings: object) -> Outcome:
    target = name if ":" in name else f"misjudged.py:{name}"
    return look_at(target, BANK, settings=Settings(**settings), only=only)


def found(outcome: Outcome) -> dict[str, tuple[str, str]]:
    return {one.name: (one.verdict, one.reason) for one in outcome.verdicts}


# A fault is met by the agent, or not judged -------------------------------------------------------


def test_a_call_that_every_turn_leaves_open_is_not_blamed_on_a_fault() -> None:
    seen = found(outcome_of("routed", "odd.arguments", "odd.unknown_tool"))
    verdict, reason = seen["odd.unknown_tool"]
    assert verdict == COULD_NOT_JUDGE and "Done" in reason, reason
    assert "Seen" not in reason


def test_a_call_that_the_fault_leaves_open_is_still_red() -> None:
    seen = found(outcome_of("routed_and_drops", "odd.unknown_tool"))
    assert seen["odd.unknown_tool"][0] == FAIL, seen


def test_a_fault_in_a_call_is_not_spent_on_a_request_without_tools() -> None:
    outcome = outcome_of("routed_and_closes", "odd.arguments", "odd.unknown_tool")
    assert found(outcome)["odd.unknown_tool"][0] == PASS, found(outcome)
    evidence = next(v.evidence for v in outcome.verdicts if v.name == "odd.unknown_tool")
    played = [line for line in evidence["requests"] if "fault played" in line]
    assert played and not any("(0 tools" in line for line in played), evidence["requests"]


# No empty green -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["returns_directly", "clarifies"])
def test_a_loop_that_was_not_played_is_no_pass(name: str) -> None:
    seen = found(outcome_of(name, "limits.loop", "limits.next"))
    assert {verdict for verdict, _ in seen.values()} == {COULD_NOT_JUDGE}, seen


def test_a_loop_that_no_tool_leads_into_is_not_judged() -> None:
    seen = found(outcome_of("runs_code", "limits.loop", "limits.next"))
    assert {verdict for verdict, _ in seen.values()} == {COULD_NOT_JUDGE}, seen


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("supervised", FAIL),
        ("supervised_with_tools", FAIL),
        ("supervised_in_bounds", PASS),
        ("hands_over", FAIL),
        ("hands_over_to_a_loop", FAIL),
        ("hands_over_in_bounds", PASS),
    ],
)
def test_a_supervisor_that_routes_for_ever_is_in_a_loop(name: str, verdict: str) -> None:
    """By structured output or a tool, to a worker without tools, with a bound, or without."""
    seen = found(outcome_of(name, "limits.loop"))
    assert seen["limits.loop"][0] == verdict, seen


def test_a_text_of_the_state_is_no_answer() -> None:
    promised = found(outcome_of("drafts", "odd.empty", promises=["odd.empty"]))
    assert promised["odd.empty"][0] == FAIL, promised


@pytest.mark.parametrize(
    ("target", "verdict"),
    [
        ("sound.py:gate_node", COULD_NOT_JUDGE),
        ("unasked.py:graph", COULD_NOT_JUDGE),
        ("takes_a_saver", PASS),
    ],
)
def test_a_graph_without_a_checkpointer_has_no_memory_of_its_own(target: str, verdict: str) -> None:
    seen = found(outcome_of(target, "persistence.restart", "persistence.no_thread"))
    assert {one for one, _ in seen.values()} == {verdict}, seen
    assert verdict == PASS or "checkpointer" in seen["persistence.restart"][1]


def test_memory_is_looked_for_where_the_router_leads_to_tools() -> None:
    claims = ("persistence.restart", "persistence.no_thread")
    seen = found(outcome_of("sorts_first", *claims))
    assert {verdict for verdict, _ in seen.values()} == {PASS}, seen
    verdict, why = found(outcome_of("sorts_first_and_leaves_open", *claims))[claims[0]]
    assert verdict == COULD_NOT_JUDGE and "every turn that calls Done" in why, why


def test_langgraph_server_brings_the_checkpointer(tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text(
        "from langchain.agents import create_agent\n"
        "from langchain_openai import ChatOpenAI\n"
        "graph = create_agent(ChatOpenAI(model='gpt-4o-mini'), [])\n"
    )
    (tmp_path / "langgraph.json").write_text(json.dumps({"graphs": {"a": "./agent.py:graph"}}))
    outcome = look_at(None, tmp_path, settings=Settings(), only=["persistence.restart"])
    assert found(outcome)["persistence.restart"][0] == PASS, found(outcome)


@pytest.mark.parametrize(
    ("folder", "verdict"),
    [
        ('tempfile.mkdtemp(prefix="diary-")', FAIL),
        ("str(Path(__file__).parent)", PASS),
    ],
    ids=["made anew by each import", "the same for all"],
)
def test_a_restart_imports_the_agent_anew(folder: str, verdict: str, tmp_path: Path) -> None:
    (tmp_path / "files.py").write_text(
        f"import tempfile\nfrom pathlib import Path\n\nFOLDER = {folder}\n"
    )
    (tmp_path / "agent.py").write_text(
        "from contextlib import asynccontextmanager\n"
        "from langchain.agents import create_agent\n"
        "from langchain_openai import ChatOpenAI\n"
        "from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver\n"
        "from files import FOLDER\n\n\n"
        "@asynccontextmanager\n"
        "async def diary():\n"
        "    file = f'{FOLDER}/diary.sqlite'\n"
        "    async with AsyncSqliteSaver.from_conn_string(file) as saver:\n"
        "        model = ChatOpenAI(model='gpt-4o-mini')\n"
        "        yield create_agent(model, [], checkpointer=saver)\n"
    )
    only = ["persistence.restart"]
    outcome = look_at("agent.py:diary", tmp_path, settings=Settings(), only=only)
    assert found(outcome)["persistence.restart"][0] == verdict, found(outcome)


def test_a_module_that_cannot_be_imported_twice_is_as_it_was_after_a_restart(
    tmp_path: Path,
) -> None:
    (tmp_path / "agent.py").write_text(
        "import logging\n"
        "from langchain.agents import create_agent\n"
        "from langchain_openai import ChatOpenAI\n"
        "if hasattr(logging, 'registered'):\n"
        "    raise ValueError('Duplicated timeseries')\n"
        "logging.registered = True\n"
        "graph = create_agent(ChatOpenAI(model='gpt-4o-mini'), [])\n"
    )
    (tmp_path / "langgraph.json").write_text(json.dumps({"graphs": {"a": "./agent.py:graph"}}))
    outcome = look_at(None, tmp_path, settings=Settings(), only=["persistence.restart"])
    assert found(outcome)["persistence.restart"][0] == PASS, found(outcome)


def test_a_model_with_work_of_its_own_is_no_fallback() -> None:
    seen = found(outcome_of("routed_by_another_model", "fallback"))
    assert seen["fallback.answers"][0] == NOT_APPLICABLE, seen
    assert seen["fallback.tools"][0] == NOT_APPLICABLE, seen


def test_a_fallback_of_tools_is_none_of_the_model() -> None:
    seen = found(outcome_of("tools_with_a_fallback", "fallback", "errors.tool"))
    assert seen["fallback.answers"][0] == NOT_APPLICABLE, seen
    assert seen["errors.tool"][0] == PASS, seen


def test_a_model_without_a_fallback_beside_one_that_has_one_is_told() -> None:
    verdict, why = found(outcome_of("sound.py:routed", "fallback"))["fallback.answers"]
    assert verdict == COULD_NOT_JUDGE and "gpt-4.1-nano was down, and no other" in why, why
    seen = found(outcome_of("sound.py:routed", "fallback", fallback=True))
    assert seen["fallback.answers"][0] == FAIL, seen


@pytest.mark.parametrize("claim", ["streaming.torn", "odd.cut", "odd.empty"])
@pytest.mark.parametrize("name", ["plans_first", "outlines_first"])
def test_an_answer_behind_a_planner_is_spoilt_and_not_the_plan(name: str, claim: str) -> None:
    assert found(outcome_of(name, claim, promises=[claim]))[claim][0] == FAIL


@pytest.mark.parametrize("claim", ["streaming.torn", "odd.cut"])
@pytest.mark.parametrize("name", ["shows_a_draft", "shows_a_draft_as_json"])
def test_a_cut_draft_before_a_person_is_taken_for_whole(name: str, claim: str) -> None:
    assert found(outcome_of(name, claim, promises=[claim]))[claim][0] == FAIL


def test_words_in_events_of_the_agents_own_are_words() -> None:
    seen = found(outcome_of("writes_tokens", "streaming"))
    assert seen["streaming.first_word"][0] == PASS, seen
    assert seen["streaming.leave"][0] == PASS, seen


@pytest.mark.parametrize("name", ["asks_for_a_list", "answered_by_list"])
def test_one_question_for_all_calls_is_answered_with_a_list(name: str) -> None:
    claims = ("approval.parallel", "approval.two_approved", "rejection.mixed")
    seen = found(outcome_of(name, *claims))
    assert {verdict for verdict, _ in seen.values()} == {PASS}, seen


def test_what_lies_behind_a_swallowed_interrupt_could_not_be_judged() -> None:
    seen = found(outcome_of("faulty.py:approval_asked_2", "approval", "rejection"))
    assert seen.pop("approval.asked")[0] == FAIL, seen
    assert len(seen) > 15, seen
    assert {verdict for verdict, _ in seen.values()} == {COULD_NOT_JUDGE}, seen
    assert all("see approval.asked" in why for _, why in seen.values()), seen


def test_a_no_at_a_breakpoint_could_not_be_judged() -> None:
    """Its caller asks, and does what a person says."""
    of_the_server = ("approval.shown", "approval.parallel", "approval.unclear", "rejection")
    seen = found(outcome_of("stops_before_tools", "approval.two_approved", *of_the_server))
    assert seen.pop("approval.two_approved")[0] == PASS, seen
    assert {verdict for verdict, _ in seen.values()} == {COULD_NOT_JUDGE} and len(seen) == 6, seen


@pytest.mark.parametrize(
    ("name", "approve", "reject"),
    [
        ("asks_by_id", None, None),
        (
            "asks_for_verdicts",
            [{"about": "{id}", "verdict": "approve"}],
            [{"about": "{id}", "verdict": "not this"}],
        ),
    ],
)
def test_answers_can_name_the_ids_of_calls(name: str, approve: object, reject: object) -> None:
    claims = "approval.once approval.parallel approval.two_approved approval.unclear rejection"
    outcome = outcome_of(name, *claims.split(), approve=approve, reject=reject)
    seen = found(outcome)
    assert len(seen) == 7 and {verdict for verdict, _ in seen.values()} == {PASS}, seen


@pytest.mark.parametrize(
    ("how", "lost"),
    [
        ({}, PASS),
        ({"name": "act"}, PASS),
        ({"tries": 3}, FAIL),
        ({"name": "act", "tries": 3}, FAIL),
        ({"name": "act", "tries": 3, "looks": True}, PASS),
    ],
    ids=str,
)
def test_a_tool_around_another_one_is_one_call(how: dict, lost: str, tmp_path: Path) -> None:
    claims = ("approval.once", "approval.two_approved", "rejection.mixed", "approval.lost_answer")
    write(tmp_path, agent=f"import misjudged\ngraph = misjudged.asks_around(**{how})\n")
    for file in BANK.glob("*.py"):
        (tmp_path / file.name).write_text(file.read_text())
    outcome = look_at("agent.py:graph", tmp_path, settings=Settings(), only=claims)
    seen = {claim: verdict for claim, (verdict, _) in found(outcome).items()}
    assert seen == {**dict.fromkeys(claims, PASS), "approval.lost_answer": lost}, found(outcome)


def test_answers_by_id_that_are_mixed_up_are_red() -> None:
    seen = found(outcome_of("asks_by_id_and_mixes_up", "approval.parallel", "approval.once"))
    assert [verdict for verdict, _ in seen.values()] == [PASS, FAIL], seen


def test_a_question_is_answered_by_its_own_schema() -> None:
    seen = found(outcome_of("asks_by_schema", "approval.once", "rejection.not_run"))
    assert {verdict for verdict, _ in seen.values()} == {PASS}, seen


def test_a_checkpointer_in_memory_is_named_where_a_crash_cannot_be_judged() -> None:
    seen = found(outcome_of("keeps_in_memory", "approval.crash"))
    assert seen["approval.crash"][0] == COULD_NOT_JUDGE, seen
    assert "InMemorySaver, which forgets" in seen["approval.crash"][1], seen


def test_calls_that_cannot_be_told_apart_could_not_be_judged() -> None:
    seen = found(outcome_of("refunds_all", "approval.parallel", "approval.drift"))
    assert {verdict for verdict, _ in seen.values()} == {COULD_NOT_JUDGE}, seen
    whole = {"refund": {"order": "T-7", "amount": 5}}
    seen = found(outcome_of("sound.py:gate_node", "approval.parallel", arguments=whole))
    assert "leave one undeclared" in seen["approval.parallel"][1], seen


def test_a_key_that_is_logged_while_the_agent_is_imported_is_found(tmp_path: Path) -> None:
    logged = """
        import logging, os
        logging.basicConfig(level=logging.INFO, filename=os.devnull)
        logging.getLogger("desk").info("starting with %s", os.environ["OPENAI_API_KEY"])
    """
    printed = "import os\nprint(os.environ['OPENAI_API_KEY'])\n"
    for number, source in enumerate((logged, printed)):
        folder = tmp_path / str(number)
        folder.mkdir()
        write(folder, agent=textwrap.dedent(source) + AGENT)
        outcome = look_at("agent.py:graph", folder, settings=Settings(), only=["logging"])
        assert outcome.red == ("logging.secrets",), found(outcome)


# What was not reached is not said not to concern the agent ----------------------------------------


def test_a_tool_that_a_node_runs_itself_is_judged() -> None:
    outcome = outcome_of("unasked.py:graph", "limits.loop", "odd.unknown_tool")
    seen = found(outcome)
    assert outcome.facts["tools"] == {"upsert_memory": "runs"}
    assert seen["limits.loop"][0] == FAIL and seen["odd.unknown_tool"][0] == FAIL, seen


@pytest.mark.parametrize("name", ["clarifies", "verifies"])
def test_what_a_plain_turn_does_not_reach_could_not_be_judged(name: str) -> None:
    groups = ("streaming", "persistence.no_thread", "approval", "rejection", "errors.tool", "odd")
    outcome = outcome_of(name, *groups)
    claims = found(outcome)
    wrong = {name: why for name, (verdict, why) in claims.items() if verdict == NOT_APPLICABLE}
    assert wrong == {} and outcome.exit_code == 2, wrong
    why = claims["approval.asked"][1]
    assert ("Who are you?" if name == "verifies" else "work") in why, why


def test_a_question_before_the_first_request_is_named() -> None:
    assert "Which depth?" in outcome_of("asks_before_the_model").problem


def test_where_every_tool_asks_the_fault_is_played_behind_an_approval() -> None:
    seen = found(outcome_of("asks_always", "errors.tool", "odd.unknown_tool"))
    assert seen["errors.tool"][0] == FAIL and seen["odd.unknown_tool"][0] == PASS, seen
    seen = found(outcome_of("asks_always_and_drops", "odd.unknown_tool"))
    assert seen["odd.unknown_tool"][0] == FAIL, seen


def test_an_agent_that_asks_at_its_start_is_judged_up_to_there() -> None:
    claims = ("streaming.leave", "persistence.isolation", "retry.answers", "loop.free")
    seen = found(outcome_of("asks_for_a_date", *claims))
    assert {verdict for verdict, _ in seen.values()} == {PASS}, seen


def test_a_tool_that_fails_by_itself_is_named() -> None:
    shown = report.terminal(outcome_of("cannot_sort", "retry.refused"))
    assert "find_order (runs), sort_orders (runs)" in shown
    assert "sort_orders raised UnboundLocalError" in shown and "misjudged.py, line" in shown, shown
    assert "find_order raised" not in shown


# What the checklist itself gets in the way of -----------------------------------------------------

AGENT = """
from langchain.agents import create_agent
from langchain_openai import ChatOpenAI
graph = create_agent(ChatOpenAI(model="gpt-4o-mini", timeout=30), [])
"""


@pytest.mark.parametrize(
    ("name", "risky"),
    [
        ("offers_later", []),
        ("offers_later", ["refund"]),
        ("asks_above_what_nobody_pays", []),
        ("asks_in_a_node_above_what_nobody_pays", []),
    ],
)
def test_a_gate_that_was_not_met_is_not_judged(name: str, risky: list) -> None:
    seen = found(outcome_of(name, "approval", "rejection", risky=risky))
    verdicts = {verdict for verdict, _ in seen.values()}
    assert verdicts == {COULD_NOT_JUDGE} and "refund" in seen["approval.once"][1], seen


def test_a_gate_above_an_amount_is_met_with_a_larger_one() -> None:
    seen = found(outcome_of("asks_above", "approval"))
    verdict, why = seen.pop("approval.amounts")
    assert verdict == COULD_NOT_JUDGE and "may be your policy" in why, why
    assert {seen[f"approval.{one}"][0] for one in ("asked", "once", "behind_safe")} == {PASS}, seen
    seen = found(outcome_of("asks_above_in_its_body", "approval.asked", "approval.once"))
    assert {verdict for verdict, _ in seen.values()} == {PASS}, seen
    outcome = outcome_of("asks_above_for_the_first", "approval.asked", "approval.behind_safe")
    assert outcome.red == ("approval.behind_safe",), outcome


def test_what_is_declared_where_the_code_asks_and_no_call_does(tmp_path: Path) -> None:
    agent = """
        from langchain_core.tools import tool
        from langchain.agents import create_agent
        from langchain_openai import ChatOpenAI
        from langgraph.types import interrupt

        @tool
        def refund(order: str, amount: float) -> str:
            \"\"\"Refund an order.\"\"\"
            return "Refunded." if amount < 10**6 or interrupt("Refund?") else "No."

        graph = create_agent(ChatOpenAI(model="x"), [refund])
    """
    folder = write(tmp_path, agent=agent)
    seen = found(look_at("agent.py:graph", folder, settings=Settings(), only=["approval"]))
    assert "arguments = { refund = {" in seen["approval.asked"][1], seen
    assert {verdict for verdict, _ in seen.values()} == {COULD_NOT_JUDGE}, seen


def test_a_harmless_tool_of_two_workers_is_beside_the_risky_one() -> None:
    seen = found(outcome_of("two_desks", "approval.behind_safe", "approval.injection"))
    assert {verdict for verdict, _ in seen.values()} == {PASS}, seen


@pytest.mark.parametrize(
    ("name", "verdict"), [("asks_once", FAIL), ("books_once", COULD_NOT_JUDGE)]
)
def test_a_yes_is_not_remembered_by_the_arguments(name: str, verdict: str) -> None:
    """A tool that knows what it did, and does nothing, may be meant."""
    claims = ("own_thread", "again", "once", "parallel")
    seen = found(outcome_of(name, *(f"approval.{one}" for one in claims)))
    assert {seen.pop(f"approval.{one}")[0] for one in ("once", "parallel")} == {PASS}, seen
    assert {verdict} == {one for one, _ in seen.values()}, seen


@pytest.mark.parametrize("name", ["approval_own_thread_3", "approval_own_thread_4"])
def test_nothing_passes_by_a_call_that_nobody_was_asked_about(name: str) -> None:
    """One yes counts for every later call of the process."""
    seen = found(outcome_of(f"faulty.py:{name}", "approval", "rejection"))
    assert seen.pop("approval.own_thread")[0] == FAIL, seen
    claims = ("again", "two_approved", "lost_answer")
    later = {f"approval.{one}": seen.pop(f"approval.{one}") for one in claims}
    assert {verdict for verdict, _ in later.values()} == {COULD_NOT_JUDGE}, later
    assert all("see approval.own_thread" in why for _, why in later.values()), later
    assert seen.pop("approval.parallel")[0] != PASS  # red where the yes came before the other call
    assert FAIL not in {verdict for verdict, _ in seen.values()}, seen


def test_a_ledger_meets_other_calls_in_each_test() -> None:
    seen = found(outcome_of("books_each_once", "approval.parallel", "approval.two_approved"))
    assert {verdict for verdict, _ in seen.values()} == {PASS}, seen


def test_what_is_done_when_a_question_is_put_may_be_no_effect() -> None:
    seen = found(outcome_of("counts_questions", "approval", "rejection"))
    assert FAIL not in {verdict for verdict, _ in seen.values()}, seen
    assert seen["approval.asked"][0] == seen["approval.once"][0] == PASS, seen


@pytest.mark.parametrize(
    "name", ["wants_a_word_that_nobody_guesses", "looks_the_answer_up", "takes_any_word"]
)
def test_a_yes_that_was_not_found_in_a_body_is_not_made_up(name: str) -> None:
    needs_no_answer = ("asked", "shown", "behind_safe", "amounts", "injection")
    seen = found(outcome_of(name, "approval", "rejection"))
    free = {seen.pop(f"approval.{one}")[0] for one in needs_no_answer}
    assert free == {PASS}, seen
    assert {verdict for verdict, _ in seen.values()} == {COULD_NOT_JUDGE}, seen
    assert all("Declare approve and reject" in why for _, why in seen.values()), seen


@pytest.mark.parametrize("risky", [[], ["cancel_order"]])
def test_a_body_that_may_ask_behind_the_network_is_not_judged(risky: list) -> None:
    target = "declared.py:asks_behind_the_network"
    seen = found(outcome_of(target, "approval", "rejection", risky=risky))
    verdicts = {verdict for verdict, _ in seen.values()}
    assert verdicts == {COULD_NOT_JUDGE} and "test double" in seen["approval.asked"][1], seen


@pytest.mark.parametrize("name", ["refunds_by_key", "refunds_by_order"])
def test_a_call_that_is_tried_again_with_its_key_is_no_second_one(name: str) -> None:
    verdict, why = found(outcome_of(name, "approval.lost_answer"))["approval.lost_answer"]
    assert verdict == COULD_NOT_JUDGE and "effects" in why, why
    outcome = outcome_of(name, "approval.lost_answer", effects="misjudged.py:refunds")
    assert found(outcome)["approval.lost_answer"] == (PASS, "Bodies run: 3, on record: 1."), outcome


@pytest.mark.parametrize(
    ("declared", "verdict"),
    [({"amount": 500}, PASS), ({"order": "T-7", "amount": 5}, PASS), ({"order": "T-7"}, PASS)],
)
def test_declared_arguments_are_varied(declared: dict, verdict: str) -> None:
    outcome = outcome_of("sound.py:gate_node", "approval.amounts", arguments={"refund": declared})
    assert found(outcome)["approval.amounts"][0] == verdict, found(outcome)


def test_a_tests_files_are_its_own(tmp_path: Path) -> None:
    agent = """
        import os
        from pathlib import Path
        from langchain_core.tools import tool
        from sound import TOOLS, gate_node

        @tool("refund")
        def act(order: str, amount: float) -> str:
            \"\"\"Refund an order.\"\"\"
            ledger = Path(__file__).with_name("ledger.txt")
            others = set(ledger.read_text().split()) - {"0", str(os.getpid())}
            assert not others, "shared"
            with ledger.open("a") as file:
                file.write(f"{os.getpid()} ")
            return f"Refunded {amount} for {order}."

        def graph():
            return gate_node(tools=[TOOLS[0], act])
    """
    (tmp_path / "ledger.txt").write_text("0 ")
    (tmp_path / "sound.py").write_text((BANK / "sound.py").read_text())
    claims = ("approval.once", "approval.two_approved", "approval.drift", "approval.again")
    folder = write(tmp_path, agent=agent)
    outcome = look_at("agent.py:graph", folder, settings=Settings(), only=claims)
    assert {one.verdict for one in outcome.verdicts} == {PASS}, outcome
    seen = {e for one in outcome.verdicts for e in one.evidence["messages"] if "failed" in e}
    assert seen == set() and "It writes ledger.txt" in report.terminal(outcome), seen


def test_declared_arguments_are_used_on_the_way_to_a_tool() -> None:
    given = {"log_in": {"code": "4711"}}
    claims = ("approval.once", "approval.behind_safe", "approval.injection", "rejection")
    seen = found(outcome_of("offers_later", *claims, arguments=given))
    assert {verdict for verdict, _ in seen.values()} == {PASS}, seen


def test_an_error_that_a_decorator_catches_is_not_raised_around_it() -> None:
    verdict, why = found(outcome_of("fails_in_words", "errors.tool"))["errors.tool"]
    assert verdict == NOT_APPLICABLE and "catches every error" in why, (verdict, why)


@pytest.mark.parametrize("name", ["sends_the_last", "sends_the_last_and_says_sorry"])
def test_a_refusal_behind_every_call_is_named(name: str) -> None:
    seen = found(outcome_of(name, "errors.tool", "limits.loop", "odd.unknown_tool"))
    verdict, why = seen.pop("errors.tool")
    assert verdict == FAIL and "find_order ran, and the model refuses with 400" in why, why
    assert {verdict for verdict, _ in seen.values()} == {COULD_NOT_JUDGE}, seen
    assert all("find_order: the model refuses with 400" in why for _, why in seen.values()), seen


def test_a_tool_that_returns_a_command_is_looked_at() -> None:
    seen = found(outcome_of("logs_in", "errors.tool", "limits.loop"))
    assert [verdict for verdict, _ in seen.values()] == [PASS, FAIL], seen


def write(folder: Path, **files: str) -> Path:
    """Write files; "/" and "." of their names are written "__" and "_"."""
    for name, text in files.items():
        file = folder / f"{name.replace('__', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), "utf-8")
    return folder


def test_what_the_first_request_imports_is_imported_once(tmp_path: Path) -> None:
    """Each probe is a fork: what it imports late, twenty others import again."""
    source = """
        import sys
        from langchain_openai import ChatOpenAI
        from langgraph.graph import START, MessagesState, StateGraph

        async def node(state, config):
            thread = config["configurable"]["thread_id"]
            assert thread.startswith("scout") or "wave" in sys.modules, "imported again"
            import wave
            return {"messages": [await ChatOpenAI(model="x").ainvoke(state["messages"])]}

        graph = StateGraph(MessagesState).add_node("node", node).add_edge(START, "node").compile()
    """
    folder = write(tmp_path, agent=source)
    outcome = look_at("agent.py:graph", folder, settings=Settings(), only=["persistence.isolation"])
    assert found(outcome)["persistence.isolation"][0] == PASS, found(outcome)


GUESTS = """
    from langchain_openai import ChatOpenAI
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.graph import START, MessagesState, StateGraph

    said = {}

    async def node(state, config):
        user = config["configurable"].get("user_id", "guest")
        said.setdefault(user, []).append(state["messages"][-1].text)
        told = [*said[user], *state["messages"]]
        return {"messages": [await ChatOpenAI(model="x").ainvoke(told)]}

    graph = StateGraph(MessagesState).add_node("node", node).add_edge(START, "node")
    graph = graph.compile(checkpointer=InMemorySaver())
"""


@pytest.mark.parametrize(
    ("user", "verdict"), [(None, COULD_NOT_JUDGE), ("{user}", PASS), ("ann", FAIL)]
)
def test_a_user_who_is_named_by_default_is_not_judged(
    tmp_path: Path, user: str | None, verdict: str
) -> None:
    """One default user may be meant; what a server names has to be declared."""
    folder = write(tmp_path, agent=GUESTS)
    declared = {"config": {"configurable": {"user_id": user}}} if user else {}
    outcome = look_at(
        "agent.py:graph",
        folder,
        settings=Settings(**declared),
        only=["persistence.isolation"],
    )
    assert found(outcome)["persistence.isolation"][0] == verdict, found(outcome)


def test_a_proxy_is_not_asked_for_its_class() -> None:
    """A library's late module would be imported by that."""

    class Proxy:
        @property
        def __class__(self) -> type:
            raise AssertionError("loaded")

    proxy = Proxy()
    assert [one is proxy for one in living(Proxy)] == [True]


@pytest.mark.parametrize("init", [True, False])
def test_a_module_with_the_name_of_its_package_does_not_hide_it(tmp_path: Path, init: bool) -> None:
    write(
        tmp_path,
        src__mail__mail="other = 1",
        src__mail__kit="order = 1",
        src__mail__hitl=f"from mail.kit import order\n{AGENT}",
    )
    if init:
        (tmp_path / "src/mail/__init__.py").write_text("")
    outcome = look_at(
        "src/mail/hitl.py:graph", tmp_path, settings=Settings(), only=["retry.refused"]
    )
    assert not outcome.problem and found(outcome)["retry.refused"][0] == PASS, outcome.problem


def test_no_value_is_made_up_for_what_is_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_TOKENS", "900")
    monkeypatch.setenv("PIN_TOKEN", "4711")
    source = """
        import os
        most = int(os.getenv("MAX_TOKENS", "2000"))
        days = int(os.getenv("JWT_ACCESS_TOKEN_EXPIRE_DAYS", "30"))
        pin = int(os.environ["PIN_TOKEN"])
        size = int(os.environ["POOL"])
        raise SystemExit(f"{most} {days} {pin != 4711} {size} {os.environ.get('MODEL')} "
                         f"{os.environ['SHOP_KEY'][:5]}")
    """
    tests = """
        import os
        os.environ["MODEL"] = "small"
        assert os.environ["MODEL"] and os.environ["API_TOKEN"]
    """
    write(tmp_path, agent=source, tests__test_it=tests)
    outcome = look_at("agent.py:graph", tmp_path, settings=Settings())
    assert "900 30 True 1 None check" in outcome.problem, outcome.problem


def test_what_a_plain_turn_raises_is_told_whole() -> None:
    problem = outcome_of("needs_a_session").problem
    assert "session_id" in problem and "misjudged.py, line" in problem, problem


def test_another_providers_model_is_named_as_the_cause(tmp_path: Path) -> None:
    agent = """
        import sys
        sys.path.append("lib/site-packages")
        from langchain_acme.chat import ask
        from langgraph.graph import START, MessagesState, StateGraph
        graph = StateGraph(MessagesState).add_node("node", lambda state: ask())
        graph = graph.add_edge(START, "node").compile()
    """
    source = "def ask():\n    raise TypeError('no API key')\n"
    folder = write(tmp_path, agent=agent)
    package = folder / "lib/site-packages/langchain_acme"
    package.mkdir(parents=True)
    (package / "chat.py").write_text(source)
    problem = look_at("agent.py:graph", folder, settings=Settings()).problem
    assert "langchain_acme" in problem and "OpenAI" in problem and "no API key" in problem, problem


# Answers in usual forms ---------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["list", "id", "form", "form_turned"])
def test_an_answer_in_a_usual_form_is_found(form: str) -> None:
    seen = found(outcome_of(f"answered_by_{form}", "approval.once", "rejection.not_run"))
    assert {verdict for verdict, _ in seen.values()} == {PASS}, seen


def test_what_looks_at_the_question_only_needs_no_answer() -> None:
    claims = ("approval.behind_safe", "approval.amounts", "approval.injection")
    seen = found(outcome_of("never_understood", *claims, "approval.unclear"))
    assert seen.pop("approval.unclear")[0] == COULD_NOT_JUDGE, seen
    assert {verdict for verdict, _ in seen.values()} == {PASS}, seen


@pytest.mark.parametrize(
    "name",
    ["numbered", "numbered_at_one_place", "only_numbers", "says_a_word"],
)
def test_what_a_tool_did_is_not_known_by_what_it_returned(name: str) -> None:
    claims = ("once", "again", "own_thread", "parallel", "two_approved", "drift", "unclear")
    claims = [f"approval.{one}" for one in (*claims, "lost_answer", "at_once", "crash")]
    seen = found(outcome_of(name, *claims, "rejection"))
    for claim in ("approval.at_once", "approval.crash"):
        verdict, why = seen.pop(claim)
        assert verdict == COULD_NOT_JUDGE, why
        assert "2 times" in why, why
    assert {PASS} == {one for one, _ in seen.values()}, seen


@pytest.mark.parametrize(
    ("condition", "red"),
    [
        ("answer in ({'ok': True}, {'decision': 1})", ()),
        ("isinstance(answer, dict) and 'ok' in answer", ("rejection.not_run",)),
        ("answer != {'ok': False}", ("approval.unclear",)),
    ],
)
def test_the_key_of_an_answer_that_is_compared_is_found(
    condition: str, red: tuple, tmp_path: Path
) -> None:
    agent = f"""
        import random
        from langchain.agents import create_agent
        from langchain_core.tools import tool
        from langchain_openai import ChatOpenAI
        from langgraph.types import interrupt

        @tool
        def grant(member: str, points: int) -> str:
            \"\"\"Grant points.\"\"\"
            answer = interrupt({{"grant": points, "to": member}})
            is_granted = {condition}
            said = random.choice(["Thank you", "Well done", "Enjoy"])
            return f"{{said}}: {{points}}." if is_granted else f"{{said}}: none."

        graph = create_agent(ChatOpenAI(model="x"), [grant])
    """
    only = ("approval.once", "approval.unclear", "rejection.not_run")
    folder = write(tmp_path, agent=agent)
    outcome = look_at("agent.py:graph", folder, settings=Settings(), only=only)
    assert outcome.red == red and found(outcome)["approval.once"][0] == PASS, found(outcome)


# A person's change --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "verdict", "words"),
    [
        ("sound.py:middleware", PASS, ""),
        ("edited_by_a_gate", PASS, ""),
        ("edited_in_an_inbox", PASS, ""),
        ("edited_by_a_function", PASS, ""),
        ("edited_for_each_call", PASS, ""),
        ("edited_in_words", PASS, ""),
        ("edited_in_words_and_lost", FAIL, "what was proposed ran"),
        ("edited_without_a_schema", FAIL, "the body ran with it"),
        ("edited_behind_a_schema", COULD_NOT_JUDGE, "may check for itself"),
        ("edited_by_nobody", NOT_APPLICABLE, "No question offers"),
        ("edited_in_its_body", COULD_NOT_JUDGE, "asks in its own body"),
        ("stops_before_tools", COULD_NOT_JUDGE, "is a breakpoint"),
    ],
)
def test_a_change_is_judged_by_what_the_body_got(name: str, verdict: str, words: str) -> None:
    declared = {"approve": {"do": "run"}, "reject": {"do": "skip"}} if "in_words" in name else {}
    seen, why = found(outcome_of(name, "approval.edit", **declared))["approval.edit"]
    assert seen == verdict and words in why, (seen, why)


@pytest.mark.parametrize(
    ("name", "verdict", "words"),
    [
        ("says_no_in_words", PASS, ""),
        ("takes_no_for_an_error", NOT_APPLICABLE, "A person may not reject"),
    ],
)
def test_a_person_says_no_in_a_way_that_the_question_offers(
    name: str, verdict: str, words: str
) -> None:
    for claim, (seen, why) in found(outcome_of(name, "rejection")).items():
        assert seen == verdict and words in why, (claim, seen, why)


# Words --------------------------------------------------------------------------------------------


def test_init_proposes_the_input_that_the_graph_has() -> None:
    section = report.section(outcome_of("reads_mail"), Settings())
    assert "input = { email_input" in section and "messages" not in section, section
    assert "ask today" not in section and "# risky = []" in section, section


def test_the_evidence_has_a_border_between_two_probes_and_stands_under_a_pass() -> None:
    outcome = outcome_of("sound.py:gate_node", "approval.parallel", "approval.two_approved")
    assert [one.verdict for one in outcome.verdicts] == [PASS, PASS]
    shown = report.terminal(outcome, verbose=True)
    assert "effect: refund" in shown and "on thread t-mixed" in shown, shown
    assert "effect: refund" not in report.terminal(outcome)
