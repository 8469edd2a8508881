"""Nothing runs for ever: streams, turns, requests and the process itself have an end."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace

import httpx
import psutil
import pytest

from production_agent import routes
from production_agent.approval import Approve
from production_agent.bodies import Stopping
from production_agent.database import open_database
from production_agent.graph import build
from production_agent.runs import (
    FINISHING,
    HANDED_ON,
    STOPPED,
    UNKNOWN,
    Refused,
    Run,
    Runs,
    open_runs,
)
from production_agent.settings import read
from production_agent.store import ATTEMPTS, Ending, Store
from tests.production_agent.conftest import DATABASE
from tests.production_agent.scripted_model import ScriptedModel, call, finish, held_call, word
from tests.production_agent.service_process import (
    MAX_WAIT_SECONDS,
    Service,
    change,
    decision,
    events_of,
    rows,
    until,
)

TURN_SECONDS = 1.5
MAX_SECONDS = 2  # until a turn has ended that its reader left or stopped
is_long = bool(os.environ.get("COURSE_LONG_TESTS"))
PACES = (0, 0.005, 0.05)  # seconds between two words
# What is left at once: 50 streams of each pace, or some of all paces.
LEFT = [[pace] * 50 for pace in PACES] if is_long else [PACES * 3]


def endless(pause: float) -> Callable[[dict], Iterator[dict]]:
    """Return a script that speaks for ever."""

    def script(body: dict) -> Iterator[dict]:
        while True:
            yield word("one ")
            if pause:
                time.sleep(pause)

    return script


def endless_line(body: dict) -> Iterator[bytes]:
    """Send one line without an end: no chunk ever comes out of it."""
    yield b"data: "
    while True:
        yield b"x" * 10_000


def blank_lines(body: dict) -> Iterator[bytes]:
    """Send lines of which no chunk is made."""
    while True:
        yield b"\n" * 1000


def endless_call(body: dict) -> Iterator[dict]:
    """Send one call whose arguments have no end."""
    yield call(0, "c", "refund", '{"order": "')
    while True:
        more = call(0, None, None, "T" * 1000)
        yield more


@pytest.fixture(scope="module")
def talker(start: Callable, scripted: ScriptedModel, tmp_path_factory) -> Service:
    """A service before the scripted model, whose turns may take some seconds."""
    path = tmp_path_factory.mktemp("endless") / "agent.sqlite"
    options = {"TURN_SECONDS": TURN_SECONDS, "REJOIN_SECONDS": 0.2}
    return start(str(path), OPENAI_BASE_URL=scripted.url, MODEL_RETRIES=0, **options)


@pytest.mark.parametrize(
    "script", [endless(0), endless(0.005), endless_line, endless_call, blank_lines]
)
def test_a_model_that_never_ends_is_ended(
    talker: Service, scripted: ScriptedModel, script: Callable
) -> None:
    scripted.script = script
    before = psutil.Process(talker.pid).memory_info().rss
    thread, worked = talker.thread(), _processor_seconds(talker)
    events = dict(talker.say(thread, "Speak!"))
    assert events["end"]["status"] == "failed"
    # A busy machine gives it less than a processor: then what it worked is what counts.
    assert _processor_seconds(talker) - worked < TURN_SECONDS + MAX_SECONDS
    # Its own clock: this process reads all the words long after, and makes them as well.
    (ended,) = [line for line in talker.log("run_ended") if line["thread"] == thread]
    assert not is_long or ended["ms"] / 1000 < TURN_SECONDS + MAX_SECONDS
    until(lambda: scripted.open == 0, "the model is left, too")
    assert psutil.Process(talker.pid).memory_info().rss - before < 150_000_000


@pytest.mark.parametrize("paces", LEFT)
@pytest.mark.parametrize("how", ["left", "cancelled"])
def test_who_leaves_or_stops_ends_the_turn_at_any_pace(
    start: Callable, scripted: ScriptedModel, tmp_path, paces: Sequence[float], how: str
) -> None:
    go, flowing = threading.Event(), []

    def script(body: dict) -> Iterator[dict]:
        # They flow at once, and not before all are there: 50 of them leave no time to open one.
        words = endless(float(body["messages"][-1]["content"]))(body)
        yield next(words)
        go.wait(60)
        for _ in range(10):
            yield next(words)
        flowing.append(1)
        yield from words

    scripted.script = script
    options = {"REJOIN_SECONDS": 0.2, "MODEL_BYTES": 10**9}
    path = str(tmp_path / "a.sqlite")
    service = start(path, OPENAI_BASE_URL=scripted.url, TURN_SECONDS=3600, **options)
    streams = []
    for pace in sorted(paces, reverse=True):
        client, thread = service.client("token-of-ann"), service.thread()
        path, text = f"/threads/{thread}/messages", {"text": str(pace)}
        request = client.build_request("POST", path, json=text)
        answer = client.send(request, stream=True)
        events = events_of(answer)  # leaving it leaves the stream
        next(data for name, data in events if name == "token")
        streams.append((client, thread, events))
    go.set()
    until(lambda: len(flowing) == len(paces), "all of them flow")
    assert scripted.open == len(paces)
    left, before = {}, _processor_seconds(service)

    def leave(client: httpx.Client, thread: str, events: Iterator) -> None:
        left[thread] = time.time()
        if how == "cancelled":
            assert client.post(f"/threads/{thread}/cancel").status_code == 202
        else:
            events.close()
            client.close()

    with ThreadPoolExecutor(len(paces)) as at_once:
        list(at_once.map(leave, *zip(*streams, strict=True)))
    until(lambda: scripted.open == 0, "the model is left, too")
    until(lambda: len(service.log("run_ended")) == len(paces), "the end of all runs")
    assert _processor_seconds(service) - before < MAX_SECONDS
    took = [_time(line) - left[line["thread"]] for line in service.log("run_ended")]
    assert not is_long or max(took) < MAX_SECONDS, sorted(took)
    assert {service.status(thread) for _, thread, _ in streams} == {"stopped"}
    for client, _, _ in streams:
        client.close()
    service.stop()


def _processor_seconds(service: Service) -> float:
    return sum(psutil.Process(service.pid).cpu_times()[:2])


def _time(line: dict) -> float:
    return datetime.fromisoformat(line["time"]).timestamp()


def test_a_turn_is_cancelled_by_another_process(
    start: Callable, scripted: ScriptedModel, tmp_path
) -> None:
    scripted.script = endless(0.02)
    path = str(tmp_path / "a.sqlite")
    one, other = (start(path, OPENAI_BASE_URL=scripted.url) for _ in range(2))
    thread = one.thread()
    with one.ann.stream("POST", f"/threads/{thread}/messages", json={"text": "Hi"}) as answer:
        events = events_of(answer)
        next(data for name, data in events if name == "token")
        assert other.ann.get(f"/threads/{thread}/events").status_code == 409
        assert other.bob.post(f"/threads/{thread}/cancel").status_code == 404
        began = time.monotonic()
        assert other.ann.post(f"/threads/{thread}/cancel").status_code == 202
        assert list(events)[-1] == ("end", {"status": "stopped", "text": ""})
        assert not is_long or time.monotonic() - began < MAX_SECONDS
    assert other.ann.post(f"/threads/{thread}/cancel").status_code == 409
    assert other.ann.get(f"/threads/{thread}/events").status_code == 204
    one.stop()
    other.stop()


def test_who_stops_a_turn_that_a_restart_left_is_told_why_it_goes_on(service: Service) -> None:
    thread = service.thread()
    columns = "id, thread, owner, kind, started, lease"
    values = f"'{thread}', '{thread}', 'ann', 'KIND', 1, 1e12"
    for kind, sentence in (
        ("recovery", "What a restart left is carried on to its end."),
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
    settings = read(os.environ | {DATABASE: str(tmp_path / "a.sqlite")})
    async with open_database(settings) as opened:
        store = Store(opened, settings)
        runs = Runs(settings, store, build(settings, opened.saver))
        thread = (await store.new_thread("ann", ""))["id"]
        runs.drain()
        for begin in (runs.message(thread, "ann", "Hi", None), runs.decide("", "", [], "ann")):
            with pytest.raises(Refused) as caught:
                await begin
            assert caught.value.status == 503 and caught.value.retry_after
        assert (await store.threads("ann", 1, thread))[0]["run"] is None


@pytest.mark.parametrize("how", ["stopped", "stopped later", "left", "left while it ends"])
def test_a_turn_that_nobody_wants_is_not_carried_on_by_another_process(
    database: str, scripted: ScriptedModel, how: str
) -> None:
    asyncio.run(_drain_unwanted(database, scripted, how))


async def _drain_unwanted(database: str, scripted: ScriptedModel, how: str) -> None:
    go, url = threading.Event(), {"OPENAI_BASE_URL": scripted.url}
    scripted.script = held_call(go, "track_parcel", {"parcel": "P-3"})
    settings = read(os.environ | {DATABASE: database} | url)
    async with open_database(settings) as opened:
        store = Store(opened, settings)
        one, other = (Runs(settings, store, build(settings, opened.saver)) for _ in range(2))
        thread = (await store.new_thread("ann", ""))["id"]
        run = await one.message(thread, "ann", "Where is parcel P-3?", None)
        with run.joined(60):
            if how == "stopped":  # at another process, and this one has not looked yet
                assert (await store.ask_to_stop(thread))["id"] == run.id
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
                assert (await store.ask_to_stop(thread))["id"] == run.id
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
    settings = read(os.environ | {DATABASE: database})
    async with open_database(settings) as opened:
        store = Store(opened, settings)
        one, other = (Runs(settings, store, build(settings, opened.saver)) for _ in range(2))
        thread = (await store.new_thread("ann", ""))["id"]
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


@pytest.mark.parametrize("when", ["question stored", "end begins", "whole answer", "handed on"])
async def test_a_turn_whose_stop_was_accepted_is_stopped(
    database: str, served, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    served.reset()
    settings = read(os.environ | {DATABASE: database})
    async with open_database(settings) as opened:
        store = Store(opened, settings)
        runs = Runs(settings, store, build(settings, opened.saver))
        thread, saver = (await store.new_thread("ann", ""))["id"], opened.saver
        real_put, real_end = saver.aput_writes, store.end

        async def put(config: dict, writes: Sequence[tuple], *rest: str) -> None:
            await real_put(config, writes, *rest)
            if when == "question stored" and "__interrupt__" in dict(writes):
                runs.stop((await store.ask_to_stop(thread))["id"])

        async def end(run: str, ending: Ending) -> list[dict] | None:
            if when != "question stored" and ending.outcome != "stopped":
                assert (await store.ask_to_stop(thread))["kind"] == "message"
            return await real_end(run, ending)

        monkeypatch.setattr(saver, "aput_writes", put)
        monkeypatch.setattr(store, "end", end)
        asks = when in ("question stored", "end begins")
        text = "Please refund 5 euros for order T-8." if asks else "Where is parcel P-3?"
        run = await runs.message(thread, "ann", text, None)
        if when == "handed on":
            run.control.request_drain()
        await asyncio.wait([run.task])
        assert [name for name, _ in run.events][-2:] == ["error", "end"]
        assert run.events[-2][1]["message"] == STOPPED
        assert run.events[-1][1] == {"status": "stopped", "text": ""}
        assert await store.ask_to_stop(thread) is None  # now it is over
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
    settings = read(os.environ | {DATABASE: database})
    async with open_database(settings) as opened, asyncio.timeout(60):
        store = Store(opened, settings)
        runs = Runs(settings, store, build(settings, opened.saver))
        app = SimpleNamespace(state=SimpleNamespace(runs=runs, store=store))
        request = SimpleNamespace(app=app)
        thread, reached, go = (await store.new_thread("ann", ""))["id"], asyncio.Event(), []
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


@pytest.mark.parametrize("how", ["fails", "dies"])
async def test_a_question_of_an_earlier_turn_is_not_asked_by_a_later_one(
    database: str, served, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    served.reset()
    settings = read(os.environ | {DATABASE: database})
    async with open_database(settings) as opened:
        store = Store(opened, settings)
        runs = Runs(settings, store, build(settings, opened.saver))
        thread, saver = (await store.new_thread("ann", ""))["id"], opened.saver
        real = store.end

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
    settings = read(os.environ | {DATABASE: database})
    async with open_database(settings) as opened:
        store, stops = Store(opened, settings), []
        thread = (await store.new_thread("ann", ""))["id"]
        await store.end((await store.begin_message(thread, "ann", None)).run, Ending("handed_on"))
        real = store._begin

        async def begin(*values) -> str:  # the recovery has read that nobody stops the turn
            stops.append(asyncio.create_task(store.ask_to_stop(thread)))
            await asyncio.wait(stops, timeout=0.5)  # if it does not wait, it is done by then
            return await real(*values)

        monkeypatch.setattr(store, "_begin", begin)
        begun = await store.begin_recovery(thread, "ann")
        assert begun.before == "handed_on"
        assert await stops[0] == {"id": begun.run, "kind": "recovery"}
        await store.end(begun.run, Ending("stopped"))


@pytest.mark.parametrize("kind", ["message", "recovery"])
async def test_a_lease_that_cannot_be_renewed_is_no_stop(
    database: str, scripted: ScriptedModel, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    go, url = threading.Event(), {"OPENAI_BASE_URL": scripted.url}
    scripted.script = held_call(go, "track_parcel", {"parcel": "P-3"})
    settings = read(os.environ | {DATABASE: database} | url)
    async with open_database(settings) as opened:
        short = replace(settings, lease_seconds=0.5)
        good, poor = (
            Runs(one, Store(opened, one), build(one, opened.saver)) for one in (settings, short)
        )

        async def renew(run: str) -> bool:
            raise TimeoutError

        monkeypatch.setattr(poor.store, "renew", renew)
        thread = (await good.store.new_thread("ann", ""))["id"]
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


async def test_a_turn_that_is_stopped_before_it_begins_ends(served, tmp_path) -> None:
    settings = read(os.environ | {DATABASE: str(tmp_path / "a.sqlite")})
    async with open_database(settings) as opened:
        store = Store(opened, settings)
        runs = Runs(settings, store, build(settings, opened.saver))
        thread = (await store.new_thread("ann", ""))["id"]
        run = await runs.message(thread, "ann", "Hi", None)
        runs.stop(run.id)  # before the loop came to its task
        async with asyncio.timeout(30):
            frames = [frame async for frame in run.stream()]
        assert '"status": "stopped"' in frames[-1]
        assert (await store.threads("ann", 1, thread))[0]["outcome"] == "stopped"


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
        runs.stop(following.id)  # before its first checkpoint
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


# An answer that was cut off


@pytest.mark.parametrize("reason", ["length", "content_filter", "error", "SAFETY"])
def test_an_answer_that_was_cut_off_is_not_complete(
    talker: Service, scripted: ScriptedModel, reason: str
) -> None:
    scripted.script = lambda body: iter([word("The parcel is"), finish(reason)])
    thread = talker.thread()
    events = talker.say(thread, "Where is it?")
    assert events[-1] == ("end", {"status": "incomplete", "text": "The parcel is"})
    shown = talker.ann.get(f"/threads/{thread}").json()
    assert shown["status"] == "incomplete" and "cut off" in shown["problem"]["message"]
    assert [one["cut_off"] for one in shown["messages"]] == [False, True]
    scripted.script = lambda body: iter([word("here."), finish()])
    assert talker.say(thread, "Go on.")[-1][1]["status"] == "complete"


def test_words_of_a_strange_type_are_not_in_the_log(
    talker: Service, scripted: ScriptedModel
) -> None:
    spoken = [{"type": "text", "text": "I live at Zebra Street 12."}]
    scripted.script = lambda body: iter([word(spoken), finish()])
    assert talker.say(talker.thread(), "Hello!")[-1][1]["status"] == "complete"
    lines = talker.log_file.read_text().splitlines()
    assert [line for line in lines if "Zebra" in line or not line.startswith("{")] == []


def test_of_an_answer_that_was_cut_off_no_call_runs(
    talker: Service, scripted: ScriptedModel
) -> None:
    def script(body: dict) -> Iterator[dict]:
        if body["messages"][-1]["role"] == "tool":
            yield from [word("I asked for too much."), finish()]
        else:
            yield call(0, "a", "refund", {"order": "T-8", "amount": 20})
            yield finish("length")

    scripted.script = script
    thread = talker.thread()
    assert talker.say(thread, "Refund.")[-1][1]["status"] == "complete"
    assert talker.ann.get("/approvals").json() == [] and talker.effects() == []


# Requests

OPENED = 320  # connections by somebody who sends nothing whole


def test_slow_and_half_open_requests_keep_nobody_out(start: Callable, served, tmp_path) -> None:
    served.reset()
    files = 200  # the service may have; so 100 connections
    options = {"BODY_SECONDS": 2, "FILES": files}
    service = start(str(tmp_path / "a.sqlite"), script="starved_service.py", **options)
    assert resource.prlimit(service.pid, resource.RLIMIT_NOFILE)[0] == files
    address = ("127.0.0.1", httpx.URL(service.url).port)
    thread = service.thread()
    begun = (
        f"POST /threads/{thread}/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 9\r\n\r\nx"
    )
    opened = []
    for number in range(OPENED):
        one = socket.create_connection(address, timeout=60)
        opened.append(one)
        try:  # a head that goes on, a body that goes on, nothing at all
            one.sendall([begun.encode(), b"GET / HT", b""][number % 3])
        except OSError:
            pass  # refused at once
    until(lambda: _answers(service), "an answer for somebody else")
    closed = 0
    for one in opened:
        try:
            while one.recv(1000):
                pass
        except ConnectionError:
            pass
        closed += 1
        one.close()
    assert closed == OPENED  # each of them was ended by the service
    assert len(service.log_file.read_text().splitlines()) < 2 * OPENED
    assert service.ann.get("/health").status_code == 200
    service.stop()


def test_who_sends_nothing_whole_makes_room_for_who_does(
    start: Callable, scripted: ScriptedModel, tmp_path
) -> None:
    scripted.script = lambda body: _speaking(2)
    options = {"BODY_SECONDS": 60, "CONNECTIONS": 10, "OPENAI_BASE_URL": scripted.url}
    service = start(str(tmp_path / "a.sqlite"), **options)
    address, url = ("127.0.0.1", httpx.URL(service.url).port), f"/threads/{service.thread()}"
    with service.ann.stream("POST", f"{url}/messages", json={"text": "Speak!"}) as answer:
        held = [socket.create_connection(address, timeout=60) for _ in range(40)]
        for one in held[::2]:
            with suppress(OSError):
                one.sendall(b"GET / HT")
        assert [_answers(service) for _ in range(20)] == [True] * 20
        assert list(events_of(answer))[-1][1]["status"] == "complete"  # which was no less old
    for one in held:
        one.close()
    service.stop()


def _speaking(seconds: float) -> Iterator[dict]:
    for _ in range(int(seconds * 10)):
        yield word("word ")
        time.sleep(0.1)
    yield finish()


def test_a_turn_has_so_many_readers(start: Callable, scripted: ScriptedModel, tmp_path) -> None:
    scripted.script = lambda body: _speaking(60)
    service = start(str(tmp_path / "a.sqlite"), OPENAI_BASE_URL=scripted.url)
    url, key = f"/threads/{service.thread()}", {"Idempotency-Key": "k"}
    post, get = ("POST", f"{url}/messages", {"text": "Speak!"}), ("GET", f"{url}/events", None)
    with ExitStack() as stack:

        def read(method: str, path: str, body: dict | None) -> int:
            answer = service.ann.stream(method, path, json=body, headers=key)
            return stack.enter_context(answer).status_code

        assert [read(*post), *(read(*get) for _ in range(9))] == [200] * 10
        assert [read(*get), read(*post)] == [429, 429]
    service.stop()


def _answers(service: Service) -> bool:
    try:
        answer = httpx.get(f"{service.url}/health", timeout=MAX_WAIT_SECONDS, trust_env=False)
        return answer.status_code == 200
    except httpx.TransportError:
        return False


def test_who_does_not_read_a_long_answer_is_let_go(
    start: Callable, scripted: ScriptedModel, tmp_path
) -> None:
    scripted.script = lambda body: iter([*(word("word " * 10_000) for _ in range(70)), finish()])
    path = str(tmp_path / "a.sqlite")
    service = start(path, OPENAI_BASE_URL=scripted.url, BODY_SECONDS=1)
    url, body = f"/threads/{service.thread()}/messages", b'{"text": "Speak!"}'
    head = f"POST {url} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer token-of-ann\r\n"
    head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(("127.0.0.1", httpx.URL(service.url).port))
        reader.sendall(head.encode() + body)
        until(lambda: [one for one in service.log("request") if one["path"] == url], "its end")
    assert service.ann.get("/health").status_code == 200
    service.stop()


PIPELINED = (  # half a request comes with a whole one
    "GET /nowhere HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\nPOST /threads HTTP/1.1\r\nhost: 127.0.0.1\r\n"
    "authorization: Bearer token-of-ann\r\ncontent-type: application/json\r\n"
    "content-length: 9\r\n\r\nx"
)
UNREAD = "GET /openapi.json HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"


@pytest.mark.parametrize("sent", [PIPELINED, PIPELINED[: -len("\r\n\r\nx")], UNREAD])
@pytest.mark.parametrize("is_ending", [False, True])
def test_a_connection_that_is_held_open_is_let_go(
    start: Callable, served, tmp_path, sent: str, is_ending: bool
) -> None:
    options = {"BODY_SECONDS": 1, "GRACE_SECONDS": 0.5}
    path = str(tmp_path / "a.sqlite")
    service = start(path, script="narrow_service.py", **options)
    process = psutil.Process(service.pid)
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        held.connect(("127.0.0.1", httpx.URL(service.url).port))
        began = time.monotonic()
        held.sendall(sent.encode())
        paths = ("/nowhere", "/openapi.json")
        until(lambda: [one for one in service.log("request") if one["path"] in paths], "its end")
        port = held.getsockname()[1]
        while not is_ending and port in _peers(process):
            with suppress(OSError):  # who reads a little now and then does not hold it, either
                held.recv(10, socket.MSG_DONTWAIT)
            assert time.monotonic() - began < MAX_WAIT_SECONDS
            time.sleep(0.1)
        service.stop()
    assert not [one for one in service.log() if one["level"] == "error"]


def _peers(process: psutil.Process) -> list[int]:
    return [one.raddr.port for one in process.net_connections() if one.raddr]


def test_behind_a_request_of_two_lengths_there_is_no_other(service: Service) -> None:
    lengths = b"Content-Length: 4\r\nTransfer-Encoding: chunked"
    sent = b"POST /threads HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n0\r\n\r\n" % lengths
    sent += b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    host, _, port = service.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=MAX_WAIT_SECONDS) as connection:
        connection.sendall(sent)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400") and answer.count(b"HTTP/1.1") == 1


def test_a_long_path_or_method_is_no_long_line_in_the_log(service: Service) -> None:
    with service.client() as nobody:
        for method, path in (("GET", "/x://" + ":" * 60_000), ("X" * 60_000, "/x")):
            assert nobody.request(method, path).status_code in (404, 405)
    assert max(map(len, service.log_file.read_text().splitlines())) < 2000


def test_invented_methods_make_no_numbers(service: Service) -> None:
    before = len(service.ann.get("/metrics").text)
    for number in range(100):
        service.ann.request(f"METHOD{number}", "/threads")
        service.ann.get(f"/no/such/{number}")
    text = service.ann.get("/metrics").text
    assert "METHOD" not in text and 'method="other"' in text and len(text) < before + 2000


def test_the_other_loopback_serves_too(start: Callable, served, tmp_path) -> None:
    if not socket.has_ipv6:
        pytest.skip("This machine has no IPv6.")
    service = start(str(tmp_path / "a.sqlite"), TOKENS="", words=["--host", "::1"])
    with httpx.Client(base_url=service.url, trust_env=False) as client:
        assert client.get("/threads").status_code == 200
        assert client.get("/threads", headers={"Host": "evil.example"}).status_code == 400
    service.stop()
