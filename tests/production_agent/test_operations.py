"""What a person on call and an auditor ask: who decided, by which rule, what waits, what ended."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from course_layout import ROOT
from tests.production_agent.scripted_model import ScriptedModel, chunk, finish
from tests.production_agent.service_process import Service, change, rows, until

PAGE = (ROOT / "docs" / "production_agent.md").read_text("utf-8")
TWO = "Please refund 400 euros for order T-7. Please refund 20 euros for order T-8."
RUN = "insert into runs (id, thread, owner, kind, started, lease, outcome) values"


def number(service: Service, name: str) -> float:
    """Return a gauge."""
    found = re.search(rf"^agent_{name} (\S+)$", service.ann.get("/metrics").text, re.M)
    return float(found[1])


# The record


@pytest.mark.parametrize("how", ["deleted", "old"])
def test_the_record_of_a_payment_outlives_its_thread(
    start: Callable, database: str, served, how: str
) -> None:
    served.reset()
    days = {"THREAD_DAYS": 1, "LEASE_SECONDS": 3} if how == "old" else {}
    service = start(database, APPROVERS="bob", **days)
    service.forget_effects()
    thread, approval = service.asked(TWO)
    less = {"type": "edit", "args": {"order": "T-7", "amount": 300}}
    answer = service.decide(approval, less, {"type": "approve"}, by=service.bob)
    assert '"complete"' in answer.text
    asked, carried_out = approval["created"], rows(database, "select max(at) from effects")[0][0]
    if how == "old":
        for table, column in (("threads", "created"), ("runs", "started")):
            change(database, f"update {table} set {column} = {column} - 90000")
        until(lambda: service.ann.get(f"/threads/{thread}").status_code == 404, "its end")
    else:
        assert service.ann.delete(f"/threads/{thread}").status_code == 204
    for table in ("runs", "approvals"):
        assert rows(database, f"select 1 from {table} where thread = '{thread}'") == []
    sql = """select owner, decider, decision, proposed, details, decided from effects
        order by amount desc"""
    (*big, decided), (*small, _) = rows(database, sql)
    proposed = [json.dumps({"order": "T-7", "amount": 400}), json.dumps(less["args"])]
    assert big == ["ann", "bob", "edit", *proposed]
    assert small[:3] == ["ann", "bob", "approve"] and small[3] == small[4]
    assert asked < decided < carried_out
    (line,) = service.log("approval_decided")
    ids = [call["id"] for call in approval["calls"]]
    assert line["decisions"] == {ids[0]: "edit refund", ids[1]: "approve refund"}
    service.stop()


def test_a_question_keeps_the_rule_it_was_asked_under(
    start: Callable, database: str, served
) -> None:
    served.reset()
    strict = start(database, APPROVERS="bob")
    strict.forget_effects()
    _, approval = strict.asked()
    careless = start(database)
    (line,) = careless.log("approvers_missing")
    assert (line["level"], line["waiting"]) == ("warning", 1)
    answer = careless.decide(approval)
    assert answer.status_code == 403 and answer.json()["message"].startswith("Somebody else")
    _, mine = careless.asked("Please refund 20 euros for order T-8.")
    assert '"complete"' in careless.decide(mine).text
    assert '"complete"' in strict.decide(approval, by=strict.bob).text
    assert not strict.log("approvers_missing")
    strict.stop()
    careless.stop()


# What waits


def test_an_answer_that_is_none_is_not_complete(
    start: Callable, scripted: ScriptedModel, tmp_path: Path
) -> None:
    service = start(str(tmp_path / "a.sqlite"), OPENAI_BASE_URL=scripted.url)
    refusal = chunk({"role": "assistant", "content": None, "refusal": "No."})
    nothing = [finish()], [finish("content_filter")], [refusal, finish()]
    for count, chunks in enumerate(nothing, 1):
        scripted.script = lambda body, chunks=chunks: iter(chunks)
        thread = service.thread()
        text = "I have no answer to that. Please ask in other words."
        assert service.say(thread, "Hello!")[-1][1] == {"status": "incomplete", "text": text}
        shown = service.ann.get(f"/threads/{thread}").json()
        assert (shown["problem"], shown["messages"][-1]["cut_off"]) == (None, False)
        series = f'agent_runs_total{{kind="message",outcome="incomplete"}} {count}.0'
        assert series in service.ann.get("/metrics").text
    service.stop()


def test_what_waits_is_a_number_and_what_waited_too_long_a_line(
    start: Callable, new_database: Callable, served
) -> None:
    served.reset()
    database = new_database()
    one, other = start(database, LEASE_SECONDS=600), start(database, LEASE_SECONDS=600)
    names = "approvals_waiting", "runs_running", "threads_unfinished", "threads_needing_person"
    assert [number(one, name) for name in names] == [0] * 4
    assert number(one, "approval_oldest_seconds") == 0
    thread, approval = one.asked()
    change(database, "update approvals set created = created - 100")
    assert number(other, "approval_oldest_seconds") > 100 and number(other, names[0]) == 1
    change(database, f"{RUN} ('a', 'a', 'ann', 'message', 1, 1e12, null)")
    change(database, f"{RUN} ('b', 'b', 'ann', 'message', 1, 0, null)")
    change(database, f"{RUN} ('c', 'c', 'ann', 'message', 1, 0, 'handed_on')")
    change(database, f"{RUN} ('d', 'd', 'ann', 'message', 1, 0, 'needs_person')")
    change(database, f"{RUN} ('e', 'e', 'ann', 'message', 1, 0, 'needs_person')")
    change(database, f"{RUN} ('f', 'e', 'ann', 'message', 2, 0, 'complete')")
    assert [number(one, name) for name in names] == [1, 2, 2, 1]
    change(database, "delete from runs where length(id) = 1")
    for service in (one, other):
        service.stop()
    change(database, "update approvals set expires = 0")
    both = [start(database, LEASE_SECONDS=1) for _ in range(2)]
    state = f"select state from approvals where id = '{approval['id']}'"
    until(lambda: rows(database, state) == [("void",)], "it is over")
    assert number(both[0], names[0]) == 0 and both[0].status(thread) == "stopped"
    assert both[0].decide(approval).json() == {"message": "It was not decided in time."}
    lines = until(lambda: [line for each in both for line in each.log("approval_expired")], "it")
    (line,) = lines
    assert (line["approval"], line["thread"]) == (approval["id"], thread)
    assert (line["level"], line["user"]) == ("warning", "ann")
    for service in both:
        service.stop()


def test_numbers_that_are_not_known_are_none(start: Callable, served, tmp_path: Path) -> None:
    service = start(str(tmp_path / "a.sqlite"))
    os.rename(tmp_path / "a.sqlite", tmp_path / "b.sqlite")
    assert number(service, "approvals_waiting") != number(service, "approvals_waiting")
    assert "agent_runs_total{" in service.ann.get("/metrics").text
    os.rename(tmp_path / "b.sqlite", tmp_path / "a.sqlite")
    assert number(service, "approvals_waiting") == 0
    service.stop()


# The operators' page


def test_the_pages_questions_to_the_database_are_answered(
    start: Callable, new_database: Callable, served
) -> None:
    served.reset()
    block = PAGE.partition("\n## Questions to the database\n")[2].partition("```sql\n")[2]
    paid, person, waits, running, turns = block.partition("```")[0].strip(";\n").split(";\n")
    database = new_database()
    service = start(database, LEASE_SECONDS=600)
    thread, approval = service.asked()
    service.decide(approval)
    other, _ = service.asked()
    service.ann.get("/ready")
    change(database, f"{RUN} ('a', 'a', 'ann', 'message', 1, 2, null)")
    change(database, f"{RUN} ('d', 'd', 'ann', 'message', 1, 0, 'needs_person')")
    (row,) = rows(database, paid)
    assert {"ann", thread, "approve", '{"order": "T-7", "amount": 480}'} <= set(row)
    assert [one[0] for one in rows(database, person)] == ["d"]
    assert [(one[0], one[-1]) for one in rows(database, waits)] == [(other, "pending")]
    ((run, *_, left),) = rows(database, running)
    assert run == "a" and left < -1e9
    assert sorted(rows(database, turns)) == [("pending_approval", 2)]
    service.stop()
