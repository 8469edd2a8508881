"""What a thread's newest checkpoint is: its holder's last one, whatever any clock says."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from production_agent.context import LeaseLost
from production_agent.database import open_database
from production_agent.settings import read
from production_agent.store import Begun, Ending, Store
from tests.production_agent.conftest import DATABASE
from tests.production_agent.service_process import decision, end_leases, until
from tests.production_agent.test_crash import send

BEFORE_EFFECT, AFTER_EFFECT = 51, 52  # as in pausing_service.py


@pytest.mark.parametrize("is_deleted", [False, True])
def test_who_waits_for_a_turn_that_was_taken_over_is_told_how_it_ended(
    start: Callable, database: str, served, is_deleted: bool, request: pytest.FixtureRequest
) -> None:
    served.reset()
    served.pace(first=1000)
    sleeper, ends = start(database, LEASE_SECONDS=5), []  # so soon it knows that it has lost it
    request.addfinalizer(lambda: os.kill(sleeper.pid, signal.SIGCONT) if sleeper.lives() else None)
    thread, asked = sleeper.thread(), len(served.requests)
    waiting = threading.Thread(target=lambda: ends.extend(sleeper.say(thread, "Hello!")))
    waiting.start()
    until(lambda: len(served.requests) > asked, "the model is asked")
    os.kill(sleeper.pid, signal.SIGSTOP)
    end_leases(database)
    other = start(database)
    until(lambda: other.status(thread) == "stopped", "the other process ends it")
    if is_deleted:
        assert other.ann.delete(f"/threads/{thread}").status_code == 204
    os.kill(sleeper.pid, signal.SIGCONT)
    waiting.join()
    shown = dict(ends)
    assert shown["end"] == {"status": "stopped", "text": ""}
    end = "This thread was deleted." if is_deleted else "Please send your message again."
    assert shown["error"]["message"].endswith(end)
    assert not sleeper.log("run_not_closed")
    for service in (sleeper, other):
        service.stop()


@pytest.mark.parametrize("amount", [BEFORE_EFFECT, AFTER_EFFECT])
def test_a_process_that_wakes_up_overwrites_nothing(
    start: Callable, database: str, served, amount: int, request: pytest.FixtureRequest
) -> None:
    served.reset()
    sleeper = start(database, script="pausing_service.py")
    go = sleeper.log_file.parent / "go"
    go.unlink(missing_ok=True)
    request.addfinalizer(lambda: os.kill(sleeper.pid, signal.SIGCONT) if sleeper.lives() else None)
    request.addfinalizer(go.touch)
    thread, approval = sleeper.asked(f"Please refund {amount} euros for order T-7.")
    send(sleeper, f"/approvals/{approval['id']}", decision(approval))
    until(lambda: sleeper.log("paused"), "the pause")
    os.kill(sleeper.pid, signal.SIGSTOP)
    end_leases(database)
    other = start(database)
    until(lambda: other.status(thread) == "complete", "the other process carries it out")
    for number in range(3):
        assert other.say(thread, f"Hello {number}.")[-1][1]["status"] == "complete"
    other.say(thread, "Please refund 7 euros for order T-8.")
    before, waiting = other.messages(thread), other.approval(thread)
    go.touch()
    os.kill(sleeper.pid, signal.SIGCONT)
    until(lambda: sleeper.log("run_lost"), "its run ends")
    assert other.messages(thread) == before
    assert other.approval(thread) == waiting
    assert len(sleeper.log("run_lost")) == 1 and len(sleeper.log("run_ended")) == 2
    assert [one["amount"] for one in other.effects()].count(amount) == 1
    assert '"complete"' in other.decide(waiting).text
    for service in (sleeper, other):
        service.stop()
        service.forget_effects()


def test_without_its_thread_a_run_writes_nothing(database: str, served) -> None:
    asyncio.run(_lost_run(database))


def test_hosts_whose_clocks_differ_lose_no_turn(start: Callable, database: str, served) -> None:
    served.reset()
    ahead = start(database, script="fast_clock_service.py", AHEAD=30)
    other = start(database)
    ahead.forget_effects()
    thread = ahead.thread()
    for service, text in ((ahead, "One."), (other, "Two."), (other, "Three."), (ahead, "Four.")):
        assert service.say(thread, text)[-1][1]["status"] == "complete"
    said = [text for role, text in other.messages(thread) if role == "user"]
    assert said == ["One.", "Two.", "Three.", "Four."]
    for asked, decided in ((ahead, other), (other, ahead)):
        thread, approval = asked.asked("Please refund 5 euros for order T-8.")
        assert '"complete"' in decided.decide(approval).text
        assert other.status(thread) == "complete"
    assert other.effects() == [{"order": "T-8", "amount": 5}] * 2
    for service in (ahead, other):
        service.stop()
        service.forget_effects()


def test_turns_go_on_in_their_order_though_the_databases_clock_was_set_back(
    database: str, served
) -> None:
    asyncio.run(_clock_set_back(database))


async def _clock_set_back(database: str) -> None:
    settings = replace(read(os.environ | {DATABASE: database}), turns_per_minute=1)
    async with open_database(settings) as opened:
        store = Store(opened, settings)
        thread = (await store.new_thread("ann", ""))["id"]
        first = (await store.begin_message(thread, "ann", None)).run
        await store.end(first, Ending("complete"))
        assert (await store.begin_message(thread, "ann", None)).how == "wait"
        await opened.run("update runs set started = started + 1000 where id = ?", first)
        await opened.run("update turns set at = at + 1000")
        second = (await store.begin_message(thread, "ann", None)).run
        assert (await store.threads("ann", 1, thread))[0]["run"] == second


async def _lost_run(database: str) -> None:
    settings = read(os.environ | {DATABASE: database})
    async with open_database(settings) as opened:
        store = Store(opened, settings)
        thread = (await store.new_thread("ann", ""))["id"]
        begun = await store.begin_message(thread, "ann", None)
        refund = (thread, "ann", "refund", {"order": "T-9", "amount": 1})
        config = {"configurable": {"thread_id": thread, "checkpoint_ns": "", "run": begun.run}}
        empty = {"id": "1", "v": 4, "channel_values": {}, "channel_versions": {}, "ts": ""}
        await store.effect(begun.run, "key-1", *refund)
        await opened.saver.aput(config, empty, {}, {})
        await store.end(begun.run, Ending("complete"))
        with pytest.raises(LeaseLost):
            await store.effect(begun.run, "key-2", *refund)
        with pytest.raises(LeaseLost):
            await opened.saver.aput(config, empty | {"id": "2"}, {}, {})
        position = {**config["configurable"], "checkpoint_id": "1"}
        with pytest.raises(LeaseLost):
            await opened.saver.aput_writes({"configurable": position}, [("a", 1)], "task")
        assert list(await store.effects(thread)) == ["key-1"]
        newest = await opened.saver.aget_tuple({"configurable": {"thread_id": thread}})
        assert newest.checkpoint["id"] == "1" and newest.pending_writes == []
        assert await store.end(begun.run, Ending("complete")) is None


def test_a_thread_that_another_process_has_recovered_is_left_alone(database: str, served) -> None:
    asyncio.run(_recover_twice(database))


async def _recover_twice(database: str) -> None:
    settings = read(os.environ | {DATABASE: database})
    async with open_database(settings) as opened:
        store = Store(opened, settings)
        for outcome in ("lost", "handed_on"):
            thread = (await store.new_thread("ann", ""))["id"]
            begun = await store.begin_message(thread, "ann", None)
            if outcome == "lost":
                await opened.run("update runs set lease = 0 where id = ?", begun.run)
            else:
                await store.end(begun.run, Ending("handed_on"))
            assert thread in [row["thread"] for row in await store.unfinished()]
            if outcome == "handed_on":  # to a version that knows its step, meanwhile
                left = await store.begin_recovery(thread, "ann", is_foreign=True)
                assert left == Begun("finishing")
            first = await store.begin_recovery(thread, "ann")  # of two that have read this
            assert (first.how, first.before) == ("begun", outcome)
            assert (await store.begin_recovery(thread, "ann")).how == "busy"
            await store.end(first.run, Ending("needs_person"))
            assert (await store.begin_recovery(thread, "ann")).how == "finished"
            assert (await store.threads("ann", 1, thread))[0]["outcome"] == "needs_person"


def test_a_decision_that_waits_to_be_carried_out_is_not_deleted(database: str, served) -> None:
    asyncio.run(_delete_decided(database))


async def _delete_decided(database: str) -> None:
    settings = read(os.environ | {DATABASE: database})
    async with open_database(settings) as opened:
        store = Store(opened, settings)
        thread = (await store.new_thread("ann", ""))["id"]
        begun = await store.begin_message(thread, "ann", None)
        calls = [{"id": "c", "name": "refund", "args": {}, "why": ""}]
        asked = [("a" * 32, calls)]
        (approval,) = await store.end(begun.run, Ending("pending_approval", asked=asked))
        decided = await store.decide(approval, {"decisions": []}, "ann")
        await store.end(decided.run, Ending("handed_on"))
        assert not await store.delete_thread(thread)
        await store.end(
            (await store.begin_recovery(thread, "ann")).run,
            Ending("complete", approvals={"a" * 32: "done"}),
        )
        assert await store.delete_thread(thread)
        assert await store.begin_message(thread, "ann", None) == Begun("gone")
