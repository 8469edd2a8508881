"""Money: paid once, never beyond the order, never against a decision; and the truth is told."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from production_agent.database import open_database
from production_agent.settings import read
from production_agent.store import Store
from tests.production_agent.conftest import DATABASE, new_postgres, set_up
from tests.production_agent.scripted_model import ScriptedModel, call, finish, word
from tests.production_agent.service_process import (
    MAX_WAIT_SECONDS,
    Service,
    change,
    decision,
    end_leases,
    rows,
    until,
)
from tests.production_agent.test_crash import send

DIES_AFTER_EFFECT, DIES_BEFORE_END, NO_ANSWER = 53, 54, 55  # as in pausing_service.py
RACES = 500 if os.environ.get("COURSE_LONG_TESTS") else 60  # of a delete and a message
REFUND = "Please refund 480 euros for order T-7."


@pytest.fixture(scope="module")
def scripted_desk(start: Callable, new_database: Callable, scripted: ScriptedModel) -> Service:
    """A service before the scripted model, which stays: so on a database of its own."""
    return start(new_database(), OPENAI_BASE_URL=scripted.url)


@pytest.fixture
def desk(scripted_desk: Service) -> Service:
    """The same, with nothing refunded yet."""
    scripted_desk.forget_effects()
    return scripted_desk


def answers_with(*calls: dict) -> Callable[[dict], Iterator[dict]]:
    """Return a script: these calls at first, words once there are results."""

    def script(body: dict) -> Iterator[dict]:
        if body["messages"][-1]["role"] == "tool":
            yield word("So it is.")
            yield finish()
        else:
            yield from calls
            yield finish("tool_calls")

    return script


# A call has one id, ours


def test_two_calls_with_one_id_are_decided_apart(desk: Service, scripted: ScriptedModel) -> None:
    scripted.script = answers_with(
        call(0, "same", "refund", {"order": "T-8", "amount": 20}),
        call(1, "same", "refund", {"order": "T-7", "amount": 480}),
    )
    _, approval = desk.asked("Refund both.")
    assert len({one["id"] for one in approval["calls"]}) == 2
    answer = desk.decide(approval, {"type": "reject"}, {"type": "approve"})
    assert '"complete"' in answer.text
    assert desk.effects() == [{"order": "T-7", "amount": 480}]
    told = scripted.bodies[-1]["messages"]
    results = {one["tool_call_id"]: one["content"] for one in told if one["role"] == "tool"}
    made = next(one["tool_calls"] for one in told if one.get("tool_calls"))
    by_order = {json.loads(one["function"]["arguments"])["order"]: one["id"] for one in made}
    assert results[by_order["T-8"]].startswith("A person rejected")
    assert results[by_order["T-7"]].startswith("Refunded 480")


@pytest.mark.parametrize("call_id", ["", "x" * 300, "a\0b", None, "\ud800"])
def test_any_id_of_a_provider_can_be_decided(
    desk: Service, scripted: ScriptedModel, call_id: str | None
) -> None:
    scripted.script = answers_with(call(0, call_id, "refund", {"order": "T-8", "amount": 20}))
    thread, approval = desk.asked("Refund it.")
    assert desk.ann.get(f"/threads/{thread}").status_code == 200
    assert '"complete"' in desk.decide(approval).text
    assert desk.effects() == [{"order": "T-8", "amount": 20}]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("refund", '{"order": "T-\\u0000", "amount": 1}'),
        ("refund", '{"order": "\\ud800", "amount": 1}'),
        ("refund", '{"order": "T-7", "amount": NaN}'),
        ("refund", '{"order": "T-7", "amount": 4'),
        ("refund", "[" * 100_000),
        ("refund", '{"order": ' + "[" * 900 + "]" * 900 + "}"),
        ("refund", '{"order": "T-7", "amount": 1' + "0" * 300 + "}"),
        ("a name\0", {}),
        (None, {}),
    ],
)
def test_a_call_that_cannot_be_shown_is_answered(
    desk: Service, scripted: ScriptedModel, name: str | None, args: object
) -> None:
    scripted.script = answers_with(call(0, "c", name, args))
    thread = desk.thread()
    assert desk.say(thread, "Do it.")[-1][1]["status"] == "complete"
    assert desk.ann.get("/approvals").status_code == 200
    assert [role for role, _ in desk.messages(thread)] == ["user", "tool", "assistant"]
    assert desk.say(thread, "Again.")[-1][1]["status"] == "complete"


def test_a_model_that_counts_below_zero_is_heard(desk: Service, scripted: ScriptedModel) -> None:
    usage = {"prompt_tokens": -5, "completion_tokens": -7, "total_tokens": -12}
    scripted.script = lambda body: iter([word("Hello."), finish() | {"usage": usage}])
    assert desk.say(desk.thread(), "Hello!")[-1] == (
        "end",
        {"status": "complete", "text": "Hello."},
    )


# The truth after a crash comes from the effects


def test_what_was_done_is_told_when_attempts_are_used_up(
    start: Callable, database: str, served
) -> None:
    served.reset()
    amount = DIES_AFTER_EFFECT
    service = start(database, script="pausing_service.py")
    service.forget_effects()
    (service.log_file.parent / "go").unlink(missing_ok=True)
    thread, approval = service.asked(f"Please refund {amount} euros for order T-7.")
    send(service, f"/approvals/{approval['id']}", decision(approval))
    for _ in range(3):  # each dies where the one before it died
        until(lambda one=service: one.log("died"), "the crash")
        service.kill()
        end_leases(database)
        service = start(database, script="pausing_service.py")
    until(lambda: service.status(thread) == "needs_person", "somebody is asked to look")
    shown = service.ann.get(f"/threads/{thread}").json()
    sentence = shown["problem"]["message"]
    assert f"Refunded {amount} euros for order T-7." in sentence and shown["problem"]["reference"]
    assert "send your message again" not in sentence and "try again" not in sentence
    (line,) = service.log("needs_person")
    assert line["level"] == "error" and line["thread"] == thread
    assert 'outcome="needs_person"} 1.0' in service.ann.get("/metrics").text
    assert service.effects() == [{"order": "T-7", "amount": amount}]
    assert service.decide(approval).status_code == 409
    # The model is told, too, and the thread lives on.
    assert service.say(thread, "Thank you.")[-1][1]["status"] == "complete"
    assert ("tool", f"Refunded {amount} euros for order T-7.") in service.messages(thread)
    assert len(service.effects()) == 1
    service.stop()


def test_a_refund_whose_commit_gets_no_answer_is_not_told_as_failed(
    start: Callable, database: str, served
) -> None:
    served.reset()
    service = start(database, script="pausing_service.py", LEASE_SECONDS=5)
    service.forget_effects()
    thread, approval = service.asked(f"Please refund {NO_ANSWER} euros for order T-7.")
    answer = service.decide(approval).text
    assert '"resuming"' in answer and "need not ask for it again" in answer
    until(lambda: service.status(thread) == "needs_person", "all attempts end like this")
    shown = service.ann.get(f"/threads/{thread}").json()
    assert shown["status"] == "needs_person"
    assert f"Refunded {NO_ANSWER} euros for order T-7." in shown["problem"]["message"]
    assert not any("tool failed" in text.lower() for _, text in service.messages(thread))
    assert service.effects() == [{"order": "T-7", "amount": NO_ANSWER}]
    service.stop()


def test_a_refund_that_waits_too_long_is_paid_later_and_invites_no_repeat(
    start: Callable, served
) -> None:
    served.reset()
    url = set_up(new_postgres())
    service = start(url, DATABASE_SECONDS=2, LEASE_SECONDS=5)
    thread, approval = service.asked(REFUND)
    with psycopg.connect(url) as other:
        other.execute("select pg_advisory_xact_lock(hashtextextended('refund T-7', 0))")
        answer = service.decide(approval).text
        assert '"resuming"' in answer and "need not ask for it again" in answer
        assert "try again" not in answer and service.effects() == []
    (line,) = service.log("run_failed")
    assert line["error"] == "OutcomeUnknown" and line["reference"] in answer
    until(lambda: service.status(thread) == "complete", "it is carried out")
    assert service.effects() == [{"order": "T-7", "amount": 480}]
    service.stop()


def test_a_turn_whose_end_alone_was_lost_is_complete(
    start: Callable, database: str, served
) -> None:
    served.reset()
    first = start(database, script="pausing_service.py")
    first.forget_effects()
    (first.log_file.parent / "go").unlink(missing_ok=True)
    thread, approval = first.asked(f"Please refund {DIES_BEFORE_END} euros for order T-7.")
    send(first, f"/approvals/{approval['id']}", decision(approval))
    until(lambda: first.log("died"), "the crash")
    # So was, it seems, the end of the first attempt to recover it.
    values = f"""'r', '{thread}', 'ann', 'recovery', max(started) + 0.001, 0, 'lost'"""
    columns = "id, thread, owner, kind, started, lease, outcome"
    change(database, f"insert into runs ({columns}) select {values} from runs")
    end_leases(database)
    second = start(database)
    until(lambda: second.status(thread) not in ("running", "resuming"), "its end")
    shown = second.ann.get(f"/threads/{thread}").json()
    assert (shown["status"], shown["problem"]) == ("complete", None)
    assert shown["messages"][-1]["role"] == "assistant"
    assert second.effects() == [{"order": "T-7", "amount": DIES_BEFORE_END}]
    second.stop()


def dies_after(service: Service, writes: int, path: str, body: dict) -> None:
    """Send a request whose run dies when so many tasks have stored their writes."""
    armed = service.log_file.parent / "dies_after"
    armed.write_text(str(writes))
    send(service, path, body)
    until(lambda: service.log("died") and not service.lives(), "the crash")
    armed.unlink()
    end_leases(service.database)


@pytest.mark.parametrize("writes", [1, 2, 3])  # of the steps approve, tools and agent
def test_a_decision_whose_step_is_stored_without_its_checkpoint_is_carried_out_once(
    start: Callable, database: str, served, writes: int
) -> None:
    served.reset()
    first = start(database, script="pausing_service.py")
    first.forget_effects()
    thread, approval = first.asked(REFUND)
    dies_after(first, writes, f"/approvals/{approval['id']}", decision(approval))
    second = start(database)
    until(lambda: second.status(thread) not in ("running", "resuming"), "its end")
    shown = second.ann.get(f"/threads/{thread}").json()
    assert (shown["status"], shown["problem"]) == ("complete", None)
    assert [one["role"] for one in shown["messages"]] == ["user", "tool", "assistant"]
    assert second.effects() == [{"order": "T-7", "amount": 480}]
    assert second.say(thread, "Thank you.")[-1][1]["status"] == "complete"
    assert len(second.messages(thread)) == 5
    assert all(request.status == 200 for request in served.requests)
    second.stop()


@pytest.mark.parametrize(  # 1 is the message itself, then come the steps agent, approve, tools
    ("text", "writes", "kept"),
    [
        ("Hello!", 1, ["user"]),
        ("Hello!", 2, ["user", "assistant"]),
        (REFUND, 2, ["user", "tool"]),
        ("Track parcel P-3 and track parcel P-4.", 4, ["user", "tool", "tool"]),
    ],
)
def test_a_message_whose_step_is_stored_without_its_checkpoint_is_stopped(
    start: Callable, database: str, served, text: str, writes: int, kept: list
) -> None:
    served.reset()
    first = start(database, script="pausing_service.py")
    first.forget_effects()
    thread = first.thread()
    dies_after(first, writes, f"/threads/{thread}/messages", {"text": text})
    second = start(database)
    until(lambda: second.status(thread) not in ("running", "resuming"), "its end")
    shown = second.ann.get(f"/threads/{thread}").json()
    assert shown["status"] == "stopped" and "your message again" in shown["problem"]["message"]
    assert second.say(thread, "Hello again.")[-1][1]["status"] == "complete"
    roles = [role for role, _ in second.messages(thread)]
    assert roles == [*kept, "user", "assistant"]  # what was seen stays, and each call is answered
    assert all(request.status == 200 for request in served.requests)
    assert second.effects() == []
    second.stop()


@pytest.mark.parametrize(
    ("kind", "told", "paid"),
    [
        ("approve", "Refunded 480 euros", [480]),
        ("reject", "What was rejected was not done.", []),
    ],
)
def test_a_model_that_fails_after_a_decision_invites_no_repeat(
    kind: str, told: str, paid: list[int], start: Callable, database: str, served
) -> None:
    served.reset()
    service = start(database, MODEL_RETRIES=0)
    service.forget_effects()
    thread, approval = service.asked(REFUND)
    served.fail("server_error", times=None)
    answer = service.decide(approval, {"type": kind})
    served.reset()
    assert '"needs_person"' in answer.text and told in answer.text
    assert "try again" not in answer.text
    assert service.status(thread) == "needs_person" and len(service.log("needs_person")) == 1
    assert not service.log("run_failed")
    assert [one["amount"] for one in service.effects()] == paid
    assert service.say(thread, "Thank you.")[-1][1]["status"] == "complete"
    service.stop()


@pytest.mark.parametrize(  # no answer, and more calls than a turn may have
    ("calls", "status"), [(0, "incomplete"), (11, "complete")]
)
def test_words_in_place_of_the_models_name_the_refund_before_them(
    desk: Service, scripted: ScriptedModel, calls: int, status: str
) -> None:
    refund = call(0, "a", "refund", {"order": "T-8", "amount": 20})
    more = [call(index, "b", "track_parcel", {"parcel": "P-3"}) for index in range(calls)]

    def script(body: dict) -> Iterator[dict]:
        yield from more if body["messages"][-1]["role"] == "tool" else [refund]
        yield finish("tool_calls")

    scripted.script = script
    thread, approval = desk.asked("Refund it, and more.")
    assert f'"{status}"' in desk.decide(approval).text
    told = "So far: Refunded 20 euros for order T-8. Please ask only for what is left."
    assert desk.messages(thread)[-1][1].endswith(told)


# A resume that meets no waiting interrupt


def test_a_renamed_node_swallows_no_decision(start: Callable, database: str, served) -> None:
    served.reset()
    old = start(database, LEASE_SECONDS=9)
    new = start(database, LEASE_SECONDS=9, script="renamed_service.py")
    old.forget_effects()
    thread, approval = old.asked(REFUND)
    assert '"resuming"' in new.decide(approval).text  # it does not know the step that asks
    until(lambda: old.status(thread) != "resuming", "the other version carries it out")
    assert new.status(thread) == old.status(thread) == "complete"
    assert old.effects() == [{"order": "T-7", "amount": 480}]
    assert not old.log("needs_person") and not new.log("needs_person")
    assert [line for line in new.log() if line["level"] == "error"] == []
    sql = f"select state from approvals where id = '{approval['id']}'"
    assert rows(database, sql) == [("done",)]
    old.stop()
    new.stop()


def test_a_version_that_would_strand_a_thread_does_not_start(
    start: Callable, database: str, served
) -> None:
    served.reset()
    old = start(database)
    old.forget_effects()
    thread, approval = old.asked(REFUND)
    old.stop()
    with pytest.raises(AssertionError) as caught:
        start(database, script="renamed_service.py")
    assert "1 threads wait" in str(caught.value) and thread in str(caught.value)
    new = start(database, script="renamed_service.py", MAPPED=1)
    assert '"complete"' in new.decide(approval).text
    assert new.effects() == [{"order": "T-7", "amount": 480}]
    new.stop()


def test_a_decision_holds_where_its_call_would_ask_nobody_any_more(
    start: Callable, database: str, served
) -> None:
    served.reset()
    old = start(database)
    old.forget_effects()
    thread, no = old.asked(REFUND)
    _, less = old.asked(REFUND)
    old.stop()
    new = start(database, script="lenient_service.py")
    assert '"complete"' in new.decide(no, {"type": "reject"}).text
    assert new.effects() == []
    assert any("A person rejected this call." in text for _, text in new.messages(thread))
    args = {"order": "T-7", "amount": 10}
    assert '"complete"' in new.decide(less, {"type": "edit", "args": args}).text
    assert new.effects() == [args]
    new.stop()


# A tool of one's own


@pytest.mark.parametrize(
    ("amount", "also"),
    [(5, ""), (8, 'letter: {"to": "ann"}. '), (4, "")],
    ids=["", "letter", "asks"],
)
def test_what_a_tool_did_before_it_failed_is_told(
    start: Callable, database: str, served, amount: int, also: str
) -> None:
    served.reset()
    service = start(database, script="own_tool_service.py")
    service.forget_effects()
    thread, approval = service.asked(f"Please refund {amount} euros for order T-7.")
    assert '"complete"' in service.decide(approval).text
    assert {"order": "T-7", "amount": amount} in service.effects()
    (told,) = [text for role, text in service.messages(thread) if role == "tool"]
    # What `tell` cannot say is told as it stands in the record.
    done = f'refund: {{"order": "T-7", "amount": {amount}}}. {also}It is on record'
    assert told.startswith(done)
    assert "mail-7" not in told and len(service.log("tool_failed")) == 1
    service.stop()


@pytest.mark.parametrize("amount", [12, 14], ids=["at once", "with another amount"])
def test_a_tool_that_fails_where_it_is_carried_on_is_told_with_what_it_did(
    start: Callable, database: str, served, amount: int
) -> None:
    served.reset()
    old = start(database, script="own_tool_service.py")
    old.forget_effects()
    thread, approval = old.asked(f"Please refund {amount} euros for order T-7.")
    with suppress(httpx.TransportError):
        old.decide(approval)
    end_leases(database)
    new = start(database, script="own_tool_service.py")
    until(lambda: new.status(thread) == "complete", "what was left is carried on")
    assert new.effects() == [{"order": "T-7", "amount": amount}]
    (told,) = [text for role, text in new.messages(thread) if role == "tool"]
    assert told.startswith(f'refund: {{"order": "T-7", "amount": {amount}}}. It is on record')
    assert len(new.log("tool_failed")) == 1
    new.stop()


@pytest.mark.parametrize("amount", [10, 20], ids=["a Command", "a list of them"])
def test_a_tool_that_writes_the_state_may_be_edited(
    start: Callable, database: str, served, amount: int
) -> None:
    served.reset()
    service = start(database, script="own_tool_service.py")
    service.forget_effects()
    thread, approval = service.asked(REFUND)
    args = {"order": "T-7", "amount": amount}
    assert '"complete"' in service.decide(approval, {"type": "edit", "args": args}).text
    assert service.effects() == [args] and not service.log("tool_failed")
    (told,) = [text for role, text in service.messages(thread) if role == "tool"]
    assert told.startswith("A person changed the arguments to")
    assert told.endswith(f"Refunded {amount} euros for order T-7.")
    service.stop()


# Refunds of an order add up


def test_refunds_of_an_order_add_up_over_threads_and_processes(
    start: Callable, database: str, served
) -> None:
    served.reset()
    services = [start(database) for _ in range(2)]
    services[0].forget_effects()
    asked = [service.asked("Please refund 200 euros for order T-7.") for service in services * 3]
    answers = []

    def approve(service: Service, approval: dict) -> None:
        answers.append(service.decide(approval, by=service.client("token-of-ann")).text)

    pairs = zip(services * 3, asked, strict=True)
    threads = [threading.Thread(target=approve, args=(s, one)) for s, (_, one) in pairs]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [answer for answer in answers if '"complete"' not in answer] == []
    assert len(answers) == 6
    assert services[0].effects() == [{"order": "T-7", "amount": 200}] * 2
    refused = [text for thread, _ in asked for _, text in services[0].messages(thread)]
    sentence = "480 euros were paid for order T-7, and 80 of them can still be refunded."
    assert sum(sentence in text for text in refused) >= 4
    for service in services:
        service.stop()


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_refunds_add_up_whatever_isolation_is_the_databases_default(served, isolation: str) -> None:
    url = set_up(new_postgres())
    default = f"alter database {{}} set default_transaction_isolation = '{isolation}'"
    change(url, default.format(conninfo_to_dict(url)["dbname"]))
    assert sorted(asyncio.run(_pay_twice_at_once(url)), key=bool) == [False, "OverBudget"]
    assert len(rows(url, "select 1 from effects")) == 1


async def _pay_twice_at_once(url: str) -> list[str | bool]:
    """Let two runs wait for an order's budget; return the error of each, or if it was there."""
    settings, paying = read(os.environ | {DATABASE: url}), []
    async with open_database(settings) as opened, asyncio.timeout(MAX_WAIT_SECONDS):
        store = Store(opened, settings)
        refund = "ann", "refund", {"order": "T-7", "amount": 480}
        async with opened.transaction() as other:
            await opened.lock(other, "refund T-7")
            for key in ("one", "two"):
                thread = (await store.new_thread("ann", ""))["id"]
                run = (await store.begin_message(thread, "ann", None)).run
                paying.append(asyncio.create_task(store.effect(run, key, thread, *refund)))
            waits = "select 1 from pg_locks where locktype = 'advisory' and not granted"
            while len(await opened.run(waits)) < 2:
                await asyncio.sleep(0.01)
        ends = await asyncio.gather(*paying, return_exceptions=True)
    return [one and type(one).__name__ for one in ends]


def test_two_calls_of_one_message_share_the_orders_total(
    desk: Service, scripted: ScriptedModel
) -> None:
    args = {"order": "T-7", "amount": 480}
    scripted.script = answers_with(call(0, "a", "refund", args), call(1, "b", "refund", args))
    thread, approval = desk.asked("Refund it twice.")
    assert '"complete"' in desk.decide(approval).text
    assert desk.effects() == [args]
    texts = [text for role, text in desk.messages(thread) if role == "tool"]
    assert sorted(text.startswith("Refunded 480") for text in texts) == [False, True]


def test_an_edit_passes_the_policy_of_a_proposal(start: Callable, served, tmp_path) -> None:
    served.reset()
    service = start(str(tmp_path / "a.sqlite"), REFUND_CEILING=300)
    for order, amount, sentence in (
        ("T-8", 21, "Only 20 euros were paid for order T-8."),
        ("T-9", 301, "A refund may have 300 euros at most."),
        ("T-0", 1, "There is no order T-0."),
    ):
        thread, approval = service.asked("Please refund 20 euros for order T-8.")
        edit = {"type": "edit", "args": {"order": order, "amount": amount}}
        answer = service.decide(approval, edit)
        assert (answer.status_code, answer.json()) == (409, {"message": sentence})
        service.decide(approval, {"type": "reject"})
        # The model may propose it; nobody is asked.
        service.say(thread, f"Please refund {amount} euros for order {order}.")
        assert service.ann.get("/approvals").json() == [] and service.effects() == []
        assert ("tool", f"Not executed. {sentence}") in service.messages(thread)
    service.stop()


def test_a_proposal_under_older_rules_can_only_be_rejected(
    start: Callable, served, tmp_path
) -> None:
    served.reset()
    old = start(str(tmp_path / "a.sqlite"))
    thread, approval = old.asked("Please refund 400 euros for order T-7.")
    old.stop()
    new = start(old.database, REFUND_CEILING=100)
    for how in ({"type": "approve"}, {"type": "edit", "args": {"order": "T-7", "amount": 90}}):
        answer = new.decide(approval, how)
        assert answer.status_code == 409 and "reject it" in answer.json()["message"]
        assert answer.json()["message"].endswith("A refund may have 100 euros at most.")
    assert new.status(thread) == "pending_approval"
    assert '"complete"' in new.decide(approval, {"type": "reject"}).text and new.effects() == []
    new.stop()


# Delete is one act


async def test_a_delete_beside_a_message_leaves_nothing(
    start: Callable, database: str, served
) -> None:
    served.reset()
    services = [start(database) for _ in range(2)]
    headers = {"Authorization": "Bearer token-of-ann"}
    limits = httpx.Limits(max_connections=20)
    async with httpx.AsyncClient(
        headers=headers, timeout=MAX_WAIT_SECONDS, trust_env=False, limits=limits
    ) as client:

        async def race(number: int) -> None:
            one, other = services[number % 2].url, services[(number + number // 2) % 2].url
            thread = (await client.post(f"{one}/threads", json={})).json()["id"]
            said = client.post(f"{one}/threads/{thread}/messages", json={"text": "Hello!"})
            said = asyncio.create_task(said)
            await asyncio.sleep(number % 7 * 0.002)
            for _ in range(MAX_WAIT_SECONDS):
                answer = await client.delete(f"{other}/threads/{thread}")
                if answer.status_code in (204, 404):
                    break
                await asyncio.sleep(0.05)
            assert (await said).status_code in (200, 404)

        for first in range(0, RACES, 6):
            await asyncio.gather(*(race(first + number) for number in range(6)))
    tables = {"runs": "thread", "approvals": "thread", "checkpoints": "thread_id"}
    for table, column in tables.items():
        sql = f"select {column} from {table} where {column} not in (select id from threads)"
        assert rows(database, sql) == [], table
    for service in services:
        service.stop()
