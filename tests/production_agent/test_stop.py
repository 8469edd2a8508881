"""A stop, a drain and a lost lease: what a turn that is ended leaves, and who carries it on."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from types import ModuleType, SimpleNamespace

import httpx
import pytest
from langgraph.types import StateSnapshot

from production_agent import graph, routes
from production_agent.approval import Approve
from production_agent.bodies import Stopping
from production_agent.database import Database, open_database
from production_agent.graph import build
from production_agent.runs import (
    FINISHING,
    HANDED_ON,
    NOT_DONE,
    STOPPED,
    UNKNOWN,
    Refused,
    Run,
    Runs,
    open_runs,
)
from production_agent.settings import read
from production_agent.store import ATTEMPTS, Ending, Store, status
from tests.production_agent.conftest import DATABASE
from tests.production_agent.scripted_model import (
    ScriptedModel,
    call,
    endless,
    finish,
    held_call,
    word,
)
from tests.production_agent.service_process import (
    Service,
    change,
    decision,
    events_of,
    rows,
    until,
)


@asynccontextmanager
async def in_this_process(
    database: str, **environment: str
) -> AsyncIterator[tuple[Database, Runs, str]]:
    """Yield a database, its runs, which nobody looks after, and a new thread of ann's."""
    settings = read(os.environ | {DATABASE: database} | environment)
    async with open_database(settings) as opened:
        runs = Runs(settings, Store(opened, settings), build(settings, opened.saver))
        yield opened, runs, (await runs.store.new_thread("ann", ""))["id"]


def asked_at(runs: Runs) -> SimpleNamespace:
    """Return as much of a request as an endpoint of these runs needs."""
    return SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(runs=runs, store=runs.store)))


def test_who_stops_a_turn_that_a_restart_left_is_told_why_it_goes_on(service: Service) -> None:
    thread = service.thread()
    columns = "id, thread, owner, kind, started, lease"
    values = f"'{thread}', '{thread}', 'ann', 'KIND', 1, 1e12"
    for kind, sentence in (
        ("recovery", "What a restart left can no longer be stopped. Wait for its end."),
        ("decision", "A decided call is carried out to its end."),
    ):
        row = values.replace("KIND", kind)
        change(service.database, f"insert into runs ({columns}) values ({row})")
        answer = service.ann.post(f"/threads/{thread}/cancel")
        assert (answer.status_code, answer.json()) == (409, {"message": sentence})
        change(service.database, f"delete from runs where id = '{thread}'")


# The end of the process


def test_sigterm_ends_every_stream_with_its_end(
    start: Callable, database: str, scripted: ScriptedModel
) -> None:
    def script(body: dict) -> Iterator[dict]:
        said = [one["content"] for one in body["messages"] if one["role"] == "user"]
        if said[-1] == "refund" and body["messages"][-1]["role"] != "tool":
            yield call(0, "c", "refund", {"order": "T-8", "amount": 20})
            yield finish("tool_calls")
        else:
            yield from endless(0.01)(body)

    scripted.script = script
    service = start(database, OPENAI_BASE_URL=scripted.url, GRACE_SECONDS=2)
    decided, approval = service.asked("refund")
    streams = []
    for path, body in [
        *((f"/threads/{service.thread()}/messages", {"text": "Hi"}) for _ in range(4)),
        (f"/approvals/{approval['id']}", decision(approval)),
    ]:
        client = service.client("token-of-ann")
        answer = client.send(client.build_request("POST", path, json=body), stream=True)
        events = events_of(answer)
        next(data for name, data in events if name == "token")
        streams.append((client, events))
    ends: list[dict] = []

    def read(events: Iterator) -> None:
        ends.append(list(events)[-1])

    readers = [threading.Thread(target=read, args=(events,)) for _, events in streams]
    for reader in readers:
        reader.start()
    os.kill(service.pid, signal.SIGTERM)
    for reader in readers:
        reader.join()
    assert [name for name, _ in ends] == ["end"] * 5
    assert {data["status"] for _, data in ends} <= {"stopped", "resuming"}
    service.stop()
    assert (
        not service.log("request_failed")
        and "Exception in ASGI" not in service.log_file.read_text()
    )
    assert rows(database, "select count(*) from runs where outcome is null") == [(0,)]
    # Whoever starts next carries the decision on, and pays once.
    scripted.script = lambda body: iter([word("Done."), finish()])
    following = start(database, OPENAI_BASE_URL=scripted.url)
    until(lambda: following.status(decided) == "complete", "the decision is carried on")
    assert following.effects() == [{"order": "T-8", "amount": 20}]
    following.stop()
    following.forget_effects()
    for client, _ in streams:
        client.close()


def test_a_turn_between_two_steps_is_handed_on(
    start: Callable, database: str, scripted: ScriptedModel
) -> None:
    go = threading.Event()
    scripted.script = held_call(go, "track_parcel", {"parcel": "P-4"})
    service = start(database, OPENAI_BASE_URL=scripted.url, GRACE_SECONDS=60)
    thread, other, asked = service.thread(), service.thread(), len(scripted.bodies)
    with service.client("token-of-ann") as client:
        path = f"/threads/{thread}/messages"
        with client.stream("POST", path, json={"text": "Where?"}) as answer:
            until(lambda: len(scripted.bodies) > asked, "the model is asked")
            os.kill(service.pid, signal.SIGTERM)
            until(lambda: service.log("draining"), "the drain")
            with suppress(httpx.TransportError):  # no connection is taken any more
                late = service.ann.post(f"/threads/{other}/messages", json={"text": "Hi"})
                assert late.status_code == 503 and late.headers["retry-after"]
            go.set()
            assert list(events_of(answer))[-1] == ("end", {"status": "resuming", "text": ""})
    service.stop()
    following = start(database, OPENAI_BASE_URL=scripted.url)
    until(lambda: following.status(thread) == "complete", "it is carried on")
    assert rows(database, f"select count(*) from runs where thread = '{other}'") == [(0,)]
    roles = [role for role, _ in following.messages(thread)]
    assert roles == ["user", "tool", "assistant"] and len(scripted.bodies) == asked + 2
    following.stop()


async def test_a_process_that_ends_begins_no_run(served, tmp_path) -> None:
    async with in_this_process(str(tmp_path / "a.sqlite")) as (_, runs, thread):
        runs.drain()
        for begin in (runs.message(thread, "ann", "Hi", None), runs.decide("", "", [], "ann")):
            with pytest.raises(Refused) as caught:
                await begin
            assert caught.value.status == 503 and caught.value.retry_after
        assert (await runs.store.threads("ann", 1, thread))[0]["run"] is None


@pytest.mark.parametrize("how", ["stopped", "stopped later", "left", "left while it ends"])
def test_a_turn_that_nobody_wants_is_not_carried_on_by_another_process(
    database: str, scripted: ScriptedModel, how: str
) -> None:
    asyncio.run(_drain_unwanted(database, scripted, how))


async def _drain_unwanted(database: str, scripted: ScriptedModel, how: str) -> None:
    go = threading.Event()
    scripted.script = held_call(go, "track_parcel", {"parcel": "P-3"})
    opening = in_this_process(database, OPENAI_BASE_URL=scripted.url)
    async with opening as (_, one, thread):
        store, other = one.store, Runs(one.settings, one.store, one.graph)
        run = await one.message(thread, "ann", "Where is parcel P-3?", None)
        with run.joined(60):
            if how == "stopped":  # at another process, and this one has not looked yet
                assert (await store.ask_to_stop(thread, run.id))["stop"]
                one.drain()
                go.set()
                await asyncio.wait([run.task])
                assert run.events[-1] == ("end", {"status": "stopped", "text": ""})
            if how == "left while it ends":
                one.drain()
            if how == "stopped later":
                one.drain()
                go.set()
                await asyncio.wait([run.task])
                assert run.events[-1] == ("end", {"status": "resuming", "text": ""})
                assert (await store.ask_to_stop(thread, run.id))["stop"]
        one.drain()
        await asyncio.wait([run.task])
        go.set()
        asked = len(scripted.bodies)
        await other.recover()
        await other.close()
        (row,) = await store.threads("ann", 1, thread)
        assert (row["outcome"], row["sentence"]) == ("stopped", STOPPED)
        assert len(scripted.bodies) == asked


@pytest.mark.parametrize(("deaths", "outcome"), [(1, "complete"), (ATTEMPTS, "stopped")])
def test_what_was_promised_outlives_a_process_that_ends_while_it_recovers_it(
    database: str, served, monkeypatch: pytest.MonkeyPatch, deaths: int, outcome: str
) -> None:
    served.reset()
    served.pace(first=0.5)
    asyncio.run(_end_while_recovering(database, monkeypatch, deaths, outcome))
    served.reset()


async def _end_while_recovering(
    database: str, monkeypatch: pytest.MonkeyPatch, deaths: int, outcome: str
) -> None:
    async with in_this_process(database) as (opened, one, thread):
        store, other = one.store, Runs(one.settings, one.store, one.graph)
        run = await one.message(thread, "ann", "Where is parcel P-3?", None)
        with run.joined(60):
            one.drain()
            await asyncio.wait([run.task])
        assert run.events[-2][1]["message"] == HANDED_ON
        real, reached = store.decided, asyncio.Event()

        async def wait(thread: str) -> None:
            reached.set()
            await asyncio.Event().wait()

        for _ in range(deaths):
            monkeypatch.setattr(store, "decided", wait)
            recovering = asyncio.create_task(other.recover())
            await reached.wait()
            reached.clear()
            recovering.cancel()  # as the end of its process does
            await asyncio.wait([recovering])
            await opened.run("update runs set lease = 0 where outcome is null")
        monkeypatch.setattr(store, "decided", real)
        with pytest.raises(Refused) as caught:  # and no message takes its place
            await other.message(thread, "ann", "Hi", None)
        assert caught.value.message == FINISHING
        await other.recover()
        await asyncio.gather(*(one.task for one in other.running.values()))
        assert (await store.threads("ann", 1, thread))[0]["outcome"] == outcome


@pytest.mark.parametrize("how", ["refused", "deleted"])
async def test_of_a_request_whose_first_one_left_no_run_nobody_is_told_of_an_end(
    database: str, served, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    served.reset()
    async with open_runs(read(os.environ | {DATABASE: database})) as runs:
        store = runs.store
        thread, real = (await store.new_thread("ann", ""))["id"], store.turn_end
        first = (await store.begin_message(thread, "ann", "key")).run

        async def turn_end(*words: str) -> dict | None:  # the first one ends just before
            await store.end(first, Ending("refused"))
            if how == "deleted":
                await store.delete_thread(thread)
            return await real(*words)

        monkeypatch.setattr(store, "turn_end", turn_end)
        if how == "deleted":
            with pytest.raises(Refused, match="no such thread"):
                await runs.message(thread, "ann", "Hi", "key")
        else:
            run = await runs.message(thread, "ann", "Hi", "key")
            await asyncio.wait([run.task])
            assert run.events[-1][1]["status"] == "complete"


@pytest.mark.parametrize(
    "when", ["question stored", "end begins", "whole answer", "handed on", "time is over"]
)
async def test_a_turn_whose_stop_was_accepted_is_stopped(
    database: str, served, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    served.reset()
    async with in_this_process(database) as (opened, runs, thread):
        store, saver = runs.store, opened.saver
        real_put, real_end = saver.aput_writes, store.end

        async def put(config: dict, writes: Sequence[tuple], *rest: str) -> None:
            await real_put(config, writes, *rest)
            if when == "question stored" and "__interrupt__" in dict(writes):
                assert (await store.ask_to_stop(thread, run.id))["stop"]
                run.cancel()

        async def end(run: str, ending: Ending) -> list[dict] | None:
            if when != "question stored" and ending.outcome != "stopped":
                assert (await store.ask_to_stop(thread, run))["stop"]
            return await real_end(run, ending)

        monkeypatch.setattr(saver, "aput_writes", put)
        monkeypatch.setattr(store, "end", end)
        asks = when in ("question stored", "end begins")
        text = "Please refund 5 euros for order T-8." if asks else "Where is parcel P-3?"
        run = await runs.message(thread, "ann", text, None)
        if when == "handed on":
            run.control.request_drain()
        if when == "time is over":
            run.cancel("late")
        await asyncio.wait([run.task])
        assert [name for name, _ in run.events][-2:] == ["error", "end"]
        assert run.events[-2][1]["message"] == STOPPED
        assert run.events[-1][1] == {"status": "stopped", "text": ""}
        assert await store.ask_to_stop(thread, run.id) is None  # now it is over
        assert await store.waiting(thread=thread) == []
        monkeypatch.undo()
        following = await runs.message(thread, "ann", "Thanks!", None)
        await asyncio.wait([following.task])
        assert following.events[-1][1]["status"] == "complete"
    assert all(request.status == 200 for request in served.requests)


@pytest.mark.parametrize("when", ["at once", "too late"])
async def test_a_turn_of_this_process_stops_before_the_database_has_answered(
    database: str, served, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    served.reset()
    async with in_this_process(database) as (_, runs, thread), asyncio.timeout(60):
        store, reached, go = runs.store, asyncio.Event(), []
        request = asked_at(runs)
        real_ask, real_end = store.ask_to_stop, store.end

        async def ask_to_stop(*words: str) -> dict | None:  # it comes when the run has ended
            reached.set()
            await asyncio.wait([run.task])
            if when == "too late":
                return await real_ask(*words)
            following = await store.begin_message(thread, "ann", None)  # nobody stops this one
            found = await real_ask(*words)
            await real_end(following.run, Ending("complete"))
            return found

        async def end(run: str, ending: Ending) -> list[dict] | None:
            if when == "too late":
                go.append(asyncio.create_task(routes.cancel(request, thread, "ann")))
                await reached.wait()
            return await real_end(run, ending)

        monkeypatch.setattr(store, "ask_to_stop", ask_to_stop)
        monkeypatch.setattr(store, "end", end)
        run = await runs.message(thread, "ann", "Please refund 5 euros for order T-8.", None)
        if when == "at once":
            assert await routes.cancel(request, thread, "ann") == Stopping()
        else:  # its question is asked: nobody is told that the turn stops
            await asyncio.wait([run.task])
            with pytest.raises(Refused, match="No turn is running"):
                await go[0]
        asked = await store.waiting(thread=thread)
        assert run.events[-1][1]["status"] == ("pending_approval" if asked else "stopped")
        assert bool(asked) == (when == "too late")


def test_of_all_stops_of_a_turn_one_writes(
    database: str, scripted: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(_stop_often(database, scripted, monkeypatch))


async def _stop_often(database: str, scripted: ScriptedModel, monkeypatch) -> None:
    scripted.script = endless(0.01)
    opening = in_this_process(database, OPENAI_BASE_URL=scripted.url)
    async with opening as (_, runs, thread), asyncio.timeout(60):
        store, elsewhere = runs.store, Runs(runs.settings, runs.store, runs.graph)
        real_threads, real_lock, asked, writes = store.threads, store._lock, [], []

        async def threads(*values) -> list[dict]:
            found = await real_threads(*values)
            asked.append(values)  # and asks for the stop before anybody else goes on
            return found

        async def lock(*values) -> None:
            writes.append(values)
            while len(asked) < 10:
                await asyncio.sleep(0.01)
            if len(writes) == 1:
                raise TimeoutError
            await real_lock(*values)

        async def stop(at: Runs) -> list:
            stops = (routes.cancel(asked_at(at), thread, "ann") for _ in range(10))
            return await asyncio.gather(*stops, return_exceptions=True)

        run = await runs.message(thread, "ann", "Speak!", None)
        monkeypatch.setattr(store, "threads", threads)
        monkeypatch.setattr(store, "_lock", lock)
        assert [type(one) for one in await stop(elsewhere)] == [TimeoutError] * 10
        asked.clear()
        assert await stop(elsewhere) == [Stopping()] * 10
        assert await stop(elsewhere) == await stop(runs) == [Stopping()] * 10
        assert len(writes) == 2
        await asyncio.wait([run.task])
        following = await runs.message(thread, "ann", "Speak!", None)
        assert await stop(runs) == [Stopping()] * 10
        assert len(writes) <= 4  # one of its begin, and one at most of its stops
        await asyncio.wait([following.task])


async def test_who_stops_a_turn_that_another_process_has_taken_is_told_so(
    database: str, scripted: ScriptedModel
) -> None:
    scripted.script = endless(0.01)
    opening = in_this_process(database, OPENAI_BASE_URL=scripted.url)
    async with opening as (opened, runs, thread), asyncio.timeout(60):
        run = await runs.message(thread, "ann", "Speak!", None)
        await opened.run("update runs set lease = 0 where id = ?", run.id)
        recovery = (await runs.store.begin_recovery(thread, "ann")).run
        with pytest.raises(Refused, match="What a restart left can no longer be stopped"):
            await routes.cancel(asked_at(runs), thread, "ann")
        assert run.events[-1][1]["status"] == "resuming"
        await runs.store.end(recovery, Ending("stopped"))


@pytest.mark.parametrize("how", ["fails", "dies"])
async def test_a_question_of_an_earlier_turn_is_not_asked_by_a_later_one(
    database: str, served, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    served.reset()
    async with in_this_process(database) as (opened, runs, thread):
        store, saver, real = runs.store, opened.saver, runs.store.end

        async def end(run: str, ending: Ending) -> list[dict] | None:
            return await real(run, Ending("stopped") if ending.asked else ending)

        async def put(*_) -> None:
            raise TimeoutError

        monkeypatch.setattr(store, "end", end)  # its question is stored, and is not asked
        run = await runs.message(thread, "ann", "Please refund 5 euros for order T-8.", None)
        await asyncio.wait([run.task])
        assert (await runs.state(thread)).interrupts
        monkeypatch.undo()
        monkeypatch.setattr(saver, "aput", put)  # no first checkpoint of the next turn
        if how == "fails":
            following = await runs.message(thread, "ann", "Thanks, forget it.", None)
            await asyncio.wait([following.task])
        else:
            dead = await store.begin_message(thread, "ann", None)
            await opened.run("update runs set lease = 0 where id = ?", dead.run)
            await runs.recover()
        assert await store.waiting(thread=thread) == []
        (row,) = await store.threads("ann", 1, thread)
        assert row["outcome"] == ("failed" if how == "fails" else "stopped") and row["sentence"]


async def test_a_stop_that_meets_a_recovery_comes_before_it_or_is_refused(
    database: str, served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with in_this_process(database) as (_, runs, thread):
        store, stops = runs.store, []
        run, real = (await store.begin_message(thread, "ann", None)).run, store._begin
        await store.end(run, Ending("handed_on"))

        async def begin(*values) -> str:  # the recovery has read that nobody stops the turn
            stops.append(asyncio.create_task(store.ask_to_stop(thread, run)))
            await asyncio.wait(stops, timeout=0.5)  # if it does not wait, it is done by then
            return await real(*values)

        monkeypatch.setattr(store, "_begin", begin)
        begun = await store.begin_recovery(thread, "ann")
        assert begun.before == "handed_on"
        assert await stops[0] == {"id": begun.run, "kind": "recovery", "stop": 0}
        await store.end(begun.run, Ending("stopped"))


CHECK = """    async def check(state: State, runtime: Runtime[Context]) -> dict:
        return {"messages": [say("It is checked.", runtime)]}

    nodes = {"renamed": check, """


def version(step: str) -> ModuleType:
    """Return the graph's module as of a version in which a step has another name.

    The end's is a check of the answer.
    """
    source = inspect.getsource(graph).replace(f'"{step}"', '"renamed"')
    if step == "__end__":
        source = source.replace("else END", 'else "renamed"').replace("    nodes = {", CHECK)
    module = ModuleType(graph.__name__)
    exec(compile(source, graph.__file__, "exec"), module.__dict__)
    return module


@pytest.mark.parametrize(
    ("step", "how"),
    [
        ("approve", "carried on"),
        ("approve", "given up"),
        ("approve", "stopped"),
        ("tools", "carried on"),
        ("tools", "given up"),
        ("__end__", "carried on"),
        ("__end__", "given up"),
    ],
)
async def test_what_is_left_before_a_step_is_left_to_a_version_that_knows_it(
    database: str, served, monkeypatch: pytest.MonkeyPatch, step: str, how: str
) -> None:
    served.reset()
    opening = in_this_process(database, PRODUCTION_AGENT_LEASE_SECONDS="600")
    async with opening as (opened, old, thread), asyncio.timeout(60):
        store, settings = old.store, old.settings
        await opened.run("delete from effects")
        new = Runs(settings, store, version(step).build(settings, opened.saver))
        real = opened.saver.aput_writes

        async def put(config: dict, writes: Sequence[tuple], *rest: str) -> None:
            if "renamed" in str(writes):  # the step that names the next one ends
                run.control.request_drain()
            await real(config, writes, *rest)

        monkeypatch.setattr(opened.saver, "aput_writes", put)
        asks = step == "tools"
        text = "Please refund 5 euros for order T-8." if asks else "Where is parcel P-3?"
        text = "Hello!" if step == "__end__" else text
        run = await new.message(thread, "ann", text, None)
        if asks:
            await asyncio.wait([run.task])
            (asked,) = await store.waiting(thread=thread)
            approve = [Approve(call=asked["calls"][0]["id"], type="approve")]
            run = await new.decide(asked["id"], asked["digest"], approve, "ann")
        await asyncio.wait([run.task])
        assert run.events[-2][1]["message"] == HANDED_ON
        monkeypatch.undo()
        silent = f"update runs set lease = {store.now} - ? where thread = ?"
        for seconds in (-600, 0, 1100):  # since the lease's end
            await opened.run(silent, seconds, thread)
            await old.recover()
            (row,) = await store.threads("ann", 1, thread)
            assert (row["run"], status(row)) == (run.id, "resuming")
        assert [one["attempts"] for one in await store.decided(thread)] == [1] * asks
        expected = ("needs_person", NOT_DONE) if asks else ("stopped", STOPPED)
        if how == "carried on":
            await new.recover()
            await new.running[thread].task
            expected = "complete", None
        elif how == "stopped":
            assert (await store.ask_to_stop(thread, run.id))["stop"]
            await old.recover()
        else:
            await opened.run(silent, 1300, thread)
            await old.recover()
        (row,) = await store.threads("ann", 1, thread)
        assert (row["outcome"], row["sentence"]) == expected
        assert len(await store.effects(thread)) == (asks and how == "carried on")
        if step == "__end__":
            last = (await new.state(thread)).values["messages"][-1].text
            assert (last == "It is checked.") == (how == "carried on")


async def test_a_turn_that_died_before_its_first_step_waits_for_no_other_version(
    database: str, served
) -> None:
    async with in_this_process(database) as (opened, runs, thread):
        dead = await runs.store.begin_message(thread, "ann", None)
        sql = f"update runs set lease = {runs.store.now} - 0.1 where id = ?"
        await opened.run(sql, dead.run)
        await runs.recover()
        (row,) = await runs.store.threads("ann", 1, thread)
        assert (row["outcome"], row["sentence"]) == ("stopped", STOPPED)


@pytest.mark.parametrize("kind", ["message", "recovery"])
async def test_a_lease_that_cannot_be_renewed_is_no_stop(
    database: str, scripted: ScriptedModel, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    go = threading.Event()
    scripted.script = held_call(go, "track_parcel", {"parcel": "P-3"})
    opening = in_this_process(database, OPENAI_BASE_URL=scripted.url)
    async with opening as (opened, good, thread):
        short = replace(good.settings, lease_seconds=0.5)
        poor = Runs(short, Store(opened, short), build(short, opened.saver))

        async def renew(run: str) -> bool:
            raise TimeoutError

        monkeypatch.setattr(poor.store, "renew", renew)
        if kind == "message":
            run = await poor.message(thread, "ann", "Where is parcel P-3?", None)
        else:
            first = await good.message(thread, "ann", "Where is parcel P-3?", None)
            first.control.request_drain()
            await asyncio.wait([first.task])
            assert first.events[-2][1]["message"] == HANDED_ON
            await poor.recover()
            run = poor.running[thread]
        await asyncio.wait([run.task])
        sentence = UNKNOWN if kind == "message" else HANDED_ON
        assert run.events[-2][1]["message"] == sentence
        assert run.events[-1] == ("end", {"status": "resuming", "text": ""})
        go.set()
        await opened.run("update runs set lease = 0 where outcome is null")
        await good.recover()
        await asyncio.gather(*(one.task for one in good.running.values()))
        outcome = (await good.store.threads("ann", 1, thread))[0]["outcome"]
        assert outcome == ("stopped" if kind == "message" else "complete")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("stop", "stop"),
        ("stop", "deadline"),
        ("stop", "last reader"),
        ("stop", "end of grace"),
        ("deadline", "stop"),
    ],
)
async def test_a_turn_that_is_ended_twice_leaves_no_stream_of_the_model_open(
    scripted: ScriptedModel, monkeypatch: pytest.MonkeyPatch, tmp_path, first: str, second: str
) -> None:
    scripted.script = endless(0.01)
    loop, deadlines = asyncio.get_running_loop(), []
    call_at = loop.call_at

    def watched(when: float, callback: Callable, *args: object, **more: object):
        if when - loop.time() > 3000:
            deadlines.append(lambda: callback(*args))
        return call_at(when, callback, *args, **more)

    monkeypatch.setattr(loop, "call_at", watched)
    path, more = str(tmp_path / "a.sqlite"), {"PRODUCTION_AGENT_TURN_SECONDS": "3600"}
    opening = in_this_process(path, OPENAI_BASE_URL=scripted.url, **more)
    async with opening as (_, runs, thread), asyncio.timeout(60):
        for passes in range(5):  # of the loop between the two
            run = await runs.message(thread, "ann", "Speak!", None)
            while not run.spoke:
                await run.news.wait()
            ends = {
                "stop": run.cancel,
                "deadline": deadlines[-1],
                "last reader": run._cancel_if_left,
                "end of grace": runs._cancel_all,
            }
            ends[first]()
            for _ in range(passes):
                await asyncio.sleep(0)
            ends[second]()
            await asyncio.wait([run.task])
            status = "failed" if first == "deadline" else "stopped"
            assert run.events[-1] == ("end", {"status": status, "text": ""})
        while scripted.open:  # or the time above is over
            await asyncio.sleep(0.01)


async def test_a_turn_that_is_stopped_before_it_begins_ends(served, tmp_path) -> None:
    async with in_this_process(str(tmp_path / "a.sqlite")) as (_, runs, thread):
        run = await runs.message(thread, "ann", "Hi", None)
        run.cancel()  # before the loop came to its task
        async with asyncio.timeout(30):
            frames = [frame async for frame in run.stream()]
        assert '"status": "stopped"' in frames[-1]
        assert (await runs.store.threads("ann", 1, thread))[0]["outcome"] == "stopped"


@pytest.mark.parametrize("why", ["stop", "deadline", "last reader", "end of grace"])
async def test_a_turn_that_swallows_its_end_is_ended_again(
    served, tmp_path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    waits = asyncio.Event()

    async def follow(*_) -> None:
        for _ in range(3):
            with suppress(asyncio.CancelledError):
                waits.set()
                await asyncio.Event().wait()
        await asyncio.Event().wait()

    path, more = str(tmp_path / "a.sqlite"), {}
    if why == "deadline":
        more = {"PRODUCTION_AGENT_TURN_SECONDS": "0.1"}
    monkeypatch.setattr("production_agent.runs.AGAIN_SECONDS", 0.01)
    async with in_this_process(path, **more) as (_, runs, thread), asyncio.timeout(20):
        monkeypatch.setattr(runs, "_follow", follow)
        run = await runs.message(thread, "ann", "Hi", None)
        await waits.wait()
        ends = {"stop": run.cancel, "last reader": run._cancel_if_left}
        ends |= {"end of grace": runs._cancel_all, "deadline": lambda: None}
        ends[why]()
        await asyncio.wait([run.task])
        status = "failed" if why == "deadline" else "stopped"
        assert run.events[-1] == ("end", {"status": status, "text": ""})


@pytest.mark.parametrize("how", ["left", "failed", "lost", "lost before its step"])
async def test_a_message_that_was_not_stored_is_a_new_one_when_its_request_is_repeated(
    database: str, served, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    async def fail(*_) -> None:
        raise TimeoutError

    served.reset()
    async with in_this_process(database) as (opened, runs, thread):
        before = await runs.message(thread, "ann", "Hi", "another")
        await asyncio.wait([before.task])
        if how == "lost":
            await runs.store.begin_message(thread, "ann", "key")
            await opened.run("update runs set lease = 0 where outcome is null")
            await runs.recover()
        elif how == "lost before its step":
            first = await runs.message(thread, "ann", "Hello!", "key")
            first.control.request_drain()
            await asyncio.wait([first.task])
            await opened.run("update runs set outcome = 'lost' where id = ?", first.id)
            await runs.recover()
        else:
            with monkeypatch.context() as patch:
                if how == "failed":
                    patch.setattr(opened.saver, "aput", fail)
                first = await runs.message(thread, "ann", "Hello!", "key")
                if how == "left":
                    first.cancel("left")  # before the loop came to its task
                await asyncio.wait([first.task])
        run = await runs.message(thread, "ann", "Hello!", "key")
        assert (await runs.message(thread, "ann", "Hello!", "key")) is run
        await asyncio.wait([run.task])
        assert run.events[-1][1]["status"] == "complete"
        for text, key, first in (("Hi", "another", before), ("Hello!", "key", run)):
            assert (await runs.message(thread, "ann", text, key)).id == first.id
        messages = (await runs.state(thread)).values["messages"]
        assert [one.text for one in messages if one.type == "human"] == ["Hi", "Hello!"]


@pytest.mark.parametrize("how", ["stopped", "failed", "stopped before its mark"])
async def test_a_message_that_may_be_stored_or_was_stopped_is_not_started_again(
    database: str, served, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    async def unreadable(*_) -> StateSnapshot:
        return StateSnapshot({}, (), {}, None, None, None, (), ())

    async def stop(*_) -> None:
        await runs.ask_to_stop(thread, first.id)
        raise TimeoutError

    served.reset()
    async with in_this_process(database) as (opened, runs, thread):
        with monkeypatch.context() as patch:
            if how == "failed":
                patch.setattr(Runs, "state", unreadable)
            elif how == "stopped":
                patch.setattr(opened.saver, "aput", stop)
            first = await runs.message(thread, "ann", "Hello!", "key")
            if how == "stopped before its mark":
                first.cancel("left")
                first.cancel()  # as `routes.cancel` does, and only then asks the database
            await asyncio.wait([first.task])
        again = await runs.message(thread, "ann", "Hello!", "key")
        assert again.id == first.id and again.events[-1][1]["status"] == how.split()[0]


async def test_a_stop_that_comes_while_a_left_turn_ends_is_not_accepted(
    database: str, served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its request is free already: with 202 the same one would start the turn all the same."""
    served.reset()
    async with in_this_process(database) as (_, runs, thread):
        store, stops, ended = runs.store, [], asyncio.Event()
        real_end, real_ask = store.end, store.ask_to_stop

        async def ask_to_stop(*words: str) -> dict | None:
            await ended.wait()
            return await real_ask(*words)

        async def end(run: str, ending: Ending) -> list[dict] | None:
            stops.append(asyncio.create_task(routes.cancel(asked_at(runs), thread, "ann")))
            await asyncio.sleep(0)
            found = await real_end(run, ending)
            ended.set()
            return found

        with monkeypatch.context() as patch:
            patch.setattr(store, "ask_to_stop", ask_to_stop)
            patch.setattr(store, "end", end)
            first = await runs.message(thread, "ann", "Hello!", "key")
            first.cancel("left")
            await asyncio.wait([first.task])
            with pytest.raises(Refused, match="No turn is running"):
                await stops[0]
        again = await runs.message(thread, "ann", "Hello!", "key")
        await asyncio.wait([again.task])
        assert again.id != first.id and again.events[-1][1]["status"] == "complete"


async def test_the_last_leaving_of_a_turn_decides() -> None:
    run = Run("run", "thread", "ann", "message")
    run.task = asyncio.create_task(asyncio.sleep(60))
    with run.joined(0.05):
        pass
    with run.joined(60):
        pass
    await asyncio.sleep(0.1)
    assert run.why == ""
    with run.joined(0):
        pass
    await asyncio.sleep(0.01)
    assert run.why == "left"


async def test_a_turn_that_is_stopped_before_it_begins_did_not_do_what_the_one_before_did(
    served, tmp_path
) -> None:
    served.reset()
    settings = read(os.environ | {DATABASE: str(tmp_path / "a.sqlite")})
    async with open_runs(settings) as runs:
        thread = (await runs.store.new_thread("ann", ""))["id"]
        run = await runs.message(thread, "ann", "Please refund 5 euros for order T-8.", None)
        await asyncio.wait([run.task])
        (asked,) = await runs.store.waiting(thread=thread)
        approve = [Approve(call=asked["calls"][0]["id"], type="approve")]
        decided = await runs.decide(asked["id"], asked["digest"], approve, "ann")
        await asyncio.wait([decided.task])
        assert (await runs.store.threads("ann", 1, thread))[0]["outcome"] == "complete"
        following = await runs.message(thread, "ann", "Thanks!", None)
        following.cancel()  # before its first checkpoint
        await asyncio.wait([following.task])
        (last,) = await runs.store.threads("ann", 1, thread)
        assert (last["outcome"], last["sentence"]) == ("stopped", STOPPED)


async def test_a_run_that_lost_its_thread_calls_nobody(
    served, tmp_path, caplog: pytest.LogCaptureFixture
) -> None:
    served.reset()
    settings = read(os.environ | {DATABASE: str(tmp_path / "a.sqlite")})
    async with open_runs(settings) as runs:
        thread = (await runs.store.new_thread("ann", ""))["id"]
        run = await runs.message(thread, "ann", "Hello!", None)
        await asyncio.wait([run.task])  # as another process ends it
        late = Run(run.id, thread, "ann", "decision")
        await runs._close(late, "failed", sentence="", error=ValueError())
    logged = {one.message: one.levelname for one in caplog.records}
    assert logged["run_lost"] == "WARNING" and "ERROR" not in logged.values()
    assert late.events[-1] == ("end", {"status": "complete", "text": run.events[-1][1]["text"]})
