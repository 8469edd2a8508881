"""`kill -9` at every point: nothing is lost, nothing done twice, the status is honest.

One process has threads at all these points when it is killed; then another one starts.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import SimpleNamespace

import httpx
import pytest

from production_agent import store
from tests.production_agent.scripted_model import ScriptedModel, held_call
from tests.production_agent.service_process import (
    Service,
    change,
    decision,
    end_leases,
    rows,
    until,
)

# As in stalling_service.py, which cannot be imported without becoming a service.
ASKED, DECIDED, BEFORE_EFFECT, AFTER_EFFECT, PENDING = 41, 42, 43, 44, 45
LEASE = 5  # seconds; the next process waits for its end


def send(service: Service, path: str, body: dict, headers: dict | None = None) -> None:
    """Send a request that the end of the service will cut off."""

    def ask() -> None:
        with service.client("token-of-ann") as client:
            try:
                client.post(path, json=body, headers=headers)
            except httpx.TransportError:
                pass

    threading.Thread(target=ask, daemon=True).start()


@pytest.fixture(scope="module")
def after(start: Callable, database: str, served) -> SimpleNamespace:
    """What is there after the kill, and a new process."""
    served.reset()
    first = start(database, script="stalling_service.py", LEASE_SECONDS=LEASE)
    threads, approvals = {}, {}
    for amount in (DECIDED, BEFORE_EFFECT, AFTER_EFFECT, PENDING):
        text = f"Please refund {amount} euros for order T-7."
        threads[amount], approvals[amount] = first.asked(text)
        if amount != PENDING:
            send(first, f"/approvals/{approvals[amount]['id']}", decision(approvals[amount]))
    threads[ASKED] = first.thread()
    text = f"Please refund {ASKED} euros for order T-7."
    send(first, f"/threads/{threads[ASKED]}/messages", {"text": text})
    steps = {ASKED, DECIDED, BEFORE_EFFECT, AFTER_EFFECT}
    until(lambda: {line["step"] for line in first.log("stalled")} == steps, "all steps")
    threads["thinking"] = first.thread()
    served.pace(first=1000)
    asked = len(served.requests)
    send(first, f"/threads/{threads['thinking']}/messages", {"text": "Where is parcel P-3?"})
    until(lambda: len(served.requests) > asked, "the model is asked")
    assert first.status(threads["thinking"]) == "running"
    first.kill()
    served.reset()
    effects = {one["amount"] for one in Service.effects(first)}
    now = start(database, LEASE_SECONDS=LEASE)
    return SimpleNamespace(now=now, threads=threads, approvals=approvals, effects=effects)


def paid(after: SimpleNamespace, amount: int) -> int:
    """Return how often this amount was paid."""
    return sum(effect["amount"] == amount for effect in after.now.effects())


def test_only_the_effect_that_was_reached_is_there(after: SimpleNamespace) -> None:
    assert after.effects == {AFTER_EFFECT}


def test_a_turn_that_died_with_its_process_is_called_stopped(after: SimpleNamespace) -> None:
    thread, service = after.threads["thinking"], after.now
    until(lambda: service.status(thread) == "stopped", "an honest status")
    ended = until(
        lambda: [one for one in service.log("run_ended") if one["thread"] == thread], "it"
    )
    assert [one["why"] for one in ended] == ["died"] and ended[0]["run"]
    assert service.messages(thread) == [("user", "Where is parcel P-3?")]
    assert service.say(thread, "Where is parcel P-3?")[-1][1]["status"] == "complete"


def test_what_was_asked_and_not_yet_shown_is_shown(after: SimpleNamespace) -> None:
    thread, service = after.threads[ASKED], after.now
    until(lambda: service.status(thread) == "pending_approval", "the approval is shown")
    assert paid(after, ASKED) == 0
    assert '"complete"' in service.decide(service.approval(thread)).text
    assert paid(after, ASKED) == 1


def test_what_waited_still_waits(after: SimpleNamespace) -> None:
    thread, service = after.threads[PENDING], after.now
    assert service.status(thread) == "pending_approval"
    assert service.approval(thread) == after.approvals[PENDING]
    assert '"complete"' in service.decide(after.approvals[PENDING]).text
    assert paid(after, PENDING) == 1


@pytest.mark.parametrize("amount", [DECIDED, BEFORE_EFFECT, AFTER_EFFECT])
def test_what_was_decided_is_carried_out_once(after: SimpleNamespace, amount: int, served) -> None:
    thread, service = after.threads[amount], after.now
    until(lambda: service.status(thread) == "complete", "the decision is carried out")
    assert paid(after, amount) == 1
    assert service.decide(after.approvals[amount]).status_code == 409
    assert ("tool", f"Refunded {amount} euros for order T-7.") in service.messages(thread)
    assert service.say(thread, "Thank you.")[-1][1]["status"] == "complete"
    assert not served.requests[-1].remarks and paid(after, amount) == 1
    sql = f"select decider, decision from effects where amount = {amount}"
    assert rows(service.database, sql) == [("ann", "approve")]  # whoever carried it out


def test_a_turn_that_was_handed_on_goes_on_before_the_next_message(
    start: Callable, new_database: Callable, scripted: ScriptedModel
) -> None:
    go, database, model = threading.Event(), new_database(), {"OPENAI_BASE_URL": scripted.url}
    scripted.script = held_call(go, "refund", {"order": "T-7", "amount": 480})
    first = start(database, GRACE_SECONDS=60, **model)
    other = start(database, LEASE_SECONDS=600, **model)  # it looks every 200 seconds
    thread, told, asked = first.thread(), [], len(scripted.bodies)
    waiting = threading.Thread(target=lambda: told.extend(first.say(thread, "Refund it.")))
    waiting.start()
    until(lambda: len(scripted.bodies) > asked, "the model is asked")
    os.kill(first.pid, signal.SIGTERM)
    until(lambda: first.log("draining"), "the drain")
    go.set()
    first.stop()
    waiting.join()
    assert "need not ask for it again" in dict(told)["error"]["message"]
    answer = other.ann.post(f"/threads/{thread}/messages", json={"text": "OK, thanks."})
    assert answer.status_code == 409 and "still being carried out" in answer.json()["message"]
    assert other.status(thread) == "resuming"
    third = start(database, **model)
    until(lambda: third.status(thread) == "pending_approval", "the turn goes on")
    assert '"complete"' in third.decide(third.approval(thread), {"type": "reject"}).text
    for service in (other, third):
        service.stop()


def test_who_repeats_a_request_after_a_crash_hears_what_came_of_it(
    start: Callable, new_database: Callable, served
) -> None:
    served.reset()
    database = new_database()
    first = start(database, script="stalling_service.py")
    other = start(database, LEASE_SECONDS=600)  # it looks every 200 seconds
    thread, text = first.thread(), f"Please refund {ASKED} euros for order T-7."
    path, key = f"/threads/{thread}/messages", {"Idempotency-Key": "key"}
    send(first, path, {"text": text}, key)
    until(lambda: first.log("stalled"), "the question is stored")
    first.kill()
    end_leases(database)
    answer = other.ann.post(path, json={"text": text}, headers=key)
    assert '"resuming"' in answer.text and "not known yet" in answer.text
    assert other.status(thread) == "resuming"
    third = start(database)
    until(lambda: third.status(thread) == "pending_approval", "the question is shown")
    answer = other.ann.post(path, json={"text": text}, headers=key)
    assert '"pending_approval"' in answer.text and third.approval(thread)["id"] in answer.text
    assert "event: error" not in answer.text
    for service in (other, third):
        service.stop()


@pytest.mark.parametrize("stopped", ["in its process", "in another", "dead", "called lost"])
def test_a_turn_that_was_stopped_asks_nothing_after_a_crash(
    start: Callable, new_database: Callable, served, stopped: str
) -> None:
    served.reset()
    database = new_database()
    first = start(database, script="stalling_service.py")
    other = start(database, LEASE_SECONDS=600)  # it looks every 200 seconds
    thread, text = first.thread(), f"Please refund {ASKED} euros for order T-7."
    send(first, f"/threads/{thread}/messages", {"text": text})
    until(lambda: first.log("stalled"), "the question is stored")
    asked = first if stopped == "in its process" else other
    if "in" in stopped:
        assert asked.ann.post(f"/threads/{thread}/cancel").status_code == 202
    first.kill()
    end_leases(database)
    if stopped == "dead":
        assert asked.ann.post(f"/threads/{thread}/cancel").status_code == 202
    # A message does not come before what the crash left, nor does it let the question appear.
    answer = other.ann.post(f"/threads/{thread}/messages", json={"text": "Hello?"})
    assert answer.status_code == 409 and "still being carried out" in answer.json()["message"]
    if stopped == "called lost":  # by that message
        assert asked.ann.post(f"/threads/{thread}/cancel").status_code == 202
    third = start(database)
    until(lambda: third.status(thread) == "stopped", "its end")
    assert rows(database, "select * from approvals") == []
    assert third.say(thread, "Hello again.")[-1][1]["status"] == "complete"
    assert third.effects() == [] and all(one.status == 200 for one in served.requests)
    for service in (other, third):
        service.stop()


def test_a_second_question_that_was_stored_waits_and_needs_nobody_else(
    start: Callable, new_database: Callable, served
) -> None:
    served.reset()
    refund = {"order": "T-7", "amount": 5}, {"order": "T-7", "amount": ASKED}
    served.when("twice").calls("refund", **refund[0]).calls("refund", **refund[1])
    database = new_database()
    first = start(database, script="stalling_service.py")
    thread, approval = first.asked("Refund twice.")
    send(first, f"/approvals/{approval['id']}", decision(approval))
    until(lambda: first.log("stalled"), "the second question is stored")
    first.kill()
    end_leases(database)
    second = start(database)
    until(lambda: second.status(thread) != "resuming", "its end")
    shown = second.ann.get(f"/threads/{thread}").json()
    assert (shown["status"], shown["problem"]) == ("pending_approval", None)
    assert not second.log("needs_person") and second.effects() == [refund[0]]
    assert '"complete"' in second.decide(second.approval(thread)).text
    assert second.effects() == [*refund]
    second.stop()
    served.reset()


def damage(database: str) -> None:
    """Make of each checkpoint bytes that say nothing."""
    damaged = "checkpoints set checkpoint = x'c1c1c1'"
    if "://" in database:
        damaged = "checkpoint_blobs set blob = '\\xc1c1c1'::bytea"
    change(database, f"update {damaged}")


def rename(database: str) -> None:
    """Make the model's messages objects of a class that is not there, as of another version."""
    old, new = (f"langchain_core.messages.{one}".encode().hex() for one in ("ai", "aX"))
    if "://" in database:
        renamed = f"decode(replace(encode(blob, 'hex'), '{old}', '{new}'), 'hex')"
        change(database, f"update checkpoint_blobs set blob = {renamed}")
        return
    for row, text in rows(database, "select rowid, hex(checkpoint) from checkpoints"):
        value = text.lower().replace(old, new)
        change(database, f"update checkpoints set checkpoint = x'{value}' where rowid = {row}")


@pytest.mark.parametrize("spoil", [damage, rename])
def test_a_thread_that_cannot_be_read_needs_a_person_and_keeps_no_service_from_starting(
    start: Callable, new_database: Callable, served, spoil: Callable
) -> None:
    served.reset()
    database = new_database()
    first = start(database)
    waiting, decided, rejected = first.asked(), first.asked(), first.asked()
    first.stop()
    spoil(database)
    second = start(database, LEASE_SECONDS=2)
    found = {line["thread"] for line in second.log("thread_unreadable")}
    assert found == {waiting[0], decided[0], rejected[0]}
    assert '"resuming"' in second.decide(rejected[1], {"type": "reject"}).text
    thread, approval = decided
    assert '"resuming"' in second.decide(approval).text  # another version may be able to read it
    until(lambda: second.status(thread) == "needs_person", "somebody is asked to look")
    problem = second.ann.get(f"/threads/{thread}").json()["problem"]
    assert "nothing is on record for it" in problem["message"] and problem["reference"]
    until(lambda: second.status(rejected[0]) == "needs_person", "somebody is asked to look")
    problem = second.ann.get(f"/threads/{rejected[0]}").json()["problem"]["message"]
    assert "What was rejected was not done." in problem and "approved" not in problem
    assert len(second.log("needs_person")) == 2 and second.effects() == []
    kinds = rows(database, f"select kind from runs where thread = '{thread}' order by started")
    assert [kind for (kind,) in kinds] == ["message", "decision", "recovery"]
    end = second.say(thread, "Hello?")
    assert end[-1][1]["status"] == "failed" and dict(end)["error"]["reference"]
    assert second.ann.get(f"/threads/{waiting[0]}").json()["approvals"] == [waiting[1]]
    for one in (waiting[0], thread, rejected[0]):
        assert second.ann.delete(f"/threads/{one}").status_code == 204
    assert not second.log("request_failed") and not second.log("recovery_failed")
    second.stop()


@pytest.mark.parametrize(
    ("alive", "kind", "status"),
    [(True, "message", "running"), (False, "message", "resuming"), (True, "recovery", "resuming")],
)
def test_stopped_is_said_only_of_a_free_thread(alive: bool, kind: str, status: str) -> None:
    row = {"id": "t", "title": "", "created": 0.0, "run": "r", "outcome": None, "pending": 0}
    assert store.status(row | {"alive": alive, "kind": kind, "decided": 0}) == status
    assert store.status(row | {"outcome": "lost", "alive": alive, "decided": 0}) == "resuming"
