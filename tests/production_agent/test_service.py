"""The service over HTTP: what it promises, and what it does when something is wrong."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import suppress

import httpx
import openai
import psutil
import pytest

from course_layout import ROOT
from production_agent.runs import Run
from production_agent.service import _model_answers
from tests.production_agent.conftest import DATABASE
from tests.production_agent.service_process import Service, events_of, until
from tests.production_agent.warm_start import Launcher

WHERE = "Where is parcel P-3?"
ANSWER = "delivered on Monday, left with a neighbour"


def test_words_come_as_they_are_said(service: Service) -> None:
    thread = service.thread()
    events = service.say(thread, WHERE)
    names = [name for name, _ in events]
    assert names[0] == "run" and names[-1] == "end" and names.count("end") == 1
    assert [data["state"] for name, data in events if name == "tool"] == ["started", "finished"]
    assert [data.get("done") for name, data in events if name == "tool"] == ["", ""]
    words = [data["text"] for name, data in events if name == "token"]
    assert len(words) > 5 and "".join(words) == events[-1][1]["text"] and ANSWER in "".join(words)
    assert service.status(thread) == "complete"
    roles = [role for role, _ in service.messages(thread)]
    assert roles == ["user", "tool", "assistant"]


def test_the_first_word_comes_before_the_last_is_made(service: Service, model) -> None:
    model.when("speak").says("one " * 1000)
    model.pace(per_token=0.05)
    path = f"/threads/{service.thread()}/messages"
    with service.ann.stream("POST", path, json={"text": "Speak!"}) as answer:
        events = events_of(answer)  # leaving it leaves the stream
        next(data for name, data in events if name == "token")
        assert not model.requests[-1].wait(0)  # it still speaks


def test_many_answers_while_chats_run(service: Service, model) -> None:
    """A blocking call in the event loop would let no ping through: these chats never end."""
    model.pace(first=1000)
    clients = [service.client("token-of-ann") for _ in range(4)]
    threads = [service.thread() for _ in clients]
    open_streams = []
    for client, thread in zip(clients, threads, strict=True):
        request = client.build_request("POST", f"/threads/{thread}/messages", json={"text": "Hi"})
        open_streams.append(client.send(request, stream=True))
    until(lambda: len(model.requests) == 4, "four chats")
    assert [service.ann.get("/health").status_code for _ in range(50)] == [200] * 50
    assert [service.status(thread) for thread in threads] == ["running"] * 4
    busy = service.ann.post(f"/threads/{threads[0]}/messages", json={"text": "Hello?"})
    assert busy.status_code == 409 and "A turn is running" in busy.json()["message"]
    assert service.ann.delete(f"/threads/{threads[0]}").status_code == 409
    for client in clients:
        client.close()
    for thread in threads:
        until(lambda one=thread: service.status(one) == "stopped", "the chats' end")


@pytest.mark.parametrize("pace", [{"first": 1000}, {"per_token": 0.2}])
def test_who_leaves_stops_the_turn_and_can_come_back(service: Service, model, pace: dict) -> None:
    model.when("speak").says("one " * 1000)
    model.pace(**pace)
    thread = service.thread()
    with service.client("token-of-ann") as client:
        path = f"/threads/{thread}/messages"
        with client.stream("POST", path, json={"text": "Speak!"}) as answer:
            wanted = "run" if "first" in pace else "token"
            events = events_of(answer)  # leaving it leaves the stream
            next(name for name, _ in events if name == wanted)
            until(lambda: model.requests, "the model is asked")
    until(lambda: service.status(thread) == "stopped", "the turn is stopped")
    until(lambda: model.requests[-1].aborted, "the model is left, too")
    assert service.ann.get(f"/threads/{thread}").json()["problem"]["message"]
    model.reset()
    assert service.say(thread, WHERE)[-1][1]["status"] == "complete"


def test_who_leaves_while_a_tool_runs_leaves_a_usable_thread(
    start: Callable, served, tmp_path
) -> None:
    served.reset()
    service = start(str(tmp_path / "a.sqlite"), script="stalling_service.py")
    thread = service.thread()
    with service.client("token-of-ann") as client:
        path = f"/threads/{thread}/messages"
        with client.stream("POST", path, json={"text": "Where is parcel P-0?"}):
            until(lambda: service.log("stalled"), "the tool runs")
    until(lambda: service.status(thread) == "stopped", "the turn is stopped")
    assert service.say(thread, WHERE)[-1][1]["status"] == "complete"
    assert all(request.status == 200 for request in served.requests)
    service.stop()


def test_a_failure_is_a_sentence_and_a_reference(service: Service, model) -> None:
    thread = service.thread()
    model.fail("bad_key", times=None)
    events = dict(service.say(thread, WHERE))
    assert events["end"] == {"status": "failed", "text": ""}
    reference = events["error"]["reference"]
    (line,) = [one for one in service.log("run_failed") if one["reference"] == reference]
    assert (line["thread"], line["user"], line["status"]) == (thread, "ann", 401)
    assert line["error"] == "OpenAIAuthenticationError" and line["at"] and line["run"]
    shown = service.ann.get(f"/threads/{thread}").json()
    assert shown["status"] == "failed" and shown["problem"]["reference"] == reference
    model.reset()
    assert service.say(thread, WHERE)[-1][1]["status"] == "complete"


def test_logs_hold_no_secret_and_nothing_that_was_said(service: Service) -> None:
    service.say(service.thread(), WHERE)
    log = service.log_file.read_text()
    assert service.log("run_ended") and service.log("request")
    assert [line["version"] for line in service.log("started")] == ["1.0"]
    for text in ("token-of-ann", "sk-lesson", "parcel P-3", "neighbour"):
        assert text not in log


def test_threads_are_listed_and_deleted(service: Service) -> None:
    thread = service.ann.post("/threads", json={"title": "Late"}).json()
    assert (thread["title"], thread["status"]) == ("Late", "new")
    assert service.ann.get("/threads?limit=1").json()["threads"] == [thread]
    service.say(thread["id"], WHERE)
    assert service.ann.delete(f"/threads/{thread['id']}").status_code == 204
    assert service.ann.get(f"/threads/{thread['id']}").status_code == 404
    connection = sqlite3.connect(service.database)
    sql = "select count(*) from checkpoints where thread_id = ?"
    assert connection.execute(sql, (thread["id"],)).fetchone() == (0,)
    connection.close()


@pytest.mark.parametrize("token", ["", "token-of-ann2", "ann", "Token-of-ann"])
def test_without_a_known_token_nothing(service: Service, token: str) -> None:
    with service.client(token) as client:
        for path in ("/threads", "/approvals", f"/threads/{'0' * 32}"):
            answer = client.get(path)
            assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
        assert client.get("/health").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"",
        b"[1]",
        b'{"text": ""}',
        b'{"text": " \\n"}',
        b'{"text": 5}',
        b'{"text": "a", "thread": "b"}',
        b'{"text": "\\u0000"}',
        b'{"text": "\\ud800"}',
        json.dumps({"text": "a" * 8001}).encode(),
    ],
)
def test_a_body_that_is_none_is_refused_without_being_repeated(
    service: Service, body: bytes
) -> None:
    path = f"/threads/{service.thread()}/messages"
    answer = service.ann.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422 and list(answer.json()) == ["message"]
    assert "aaa" not in answer.text


def test_a_huge_body_is_not_read(service: Service) -> None:
    path = f"/threads/{service.thread()}/messages"
    assert service.ann.post(path, json={"text": "a" * 200_000}).status_code == 413


def test_the_numbers_are_there(service: Service) -> None:
    service.say(service.thread(), WHERE)
    text = service.ann.get("/metrics").text
    for name in (
        'agent_runs_total{kind="message",outcome="complete"}',
        "agent_first_word_seconds_bucket",
        'agent_tokens_total{direction="out"}',
        'agent_http_requests_total{method="POST",route="/threads",status="201"}',
    ):
        assert name in text, text


def test_an_outcome_that_has_not_been_stands_at_zero(service: Service) -> None:
    """Else an alert that asks for an increase does not see the first one."""
    series = 'agent_runs_total{kind="recovery",outcome="needs_person"} 0.0'
    assert series in service.ann.get("/metrics").text


def test_another_website_reaches_nothing_while_developing(
    start: Callable, served, tmp_path
) -> None:
    service = start(str(tmp_path / "dev.sqlite"), TOKENS="")
    with service.client() as nobody, service.client("carl") as carl:
        thread = nobody.post("/threads", json={}).json()["id"]
        assert nobody.get(f"/threads/{thread}").status_code == 200  # the user "developer"
        assert carl.get(f"/threads/{thread}").status_code == 404
        rebound = nobody.get("/threads", headers={"Host": "evil.example"})
        assert rebound.status_code == 400
        simple = nobody.post("/threads", content="{}", headers={"Content-Type": "text/plain"})
        assert simple.status_code == 422  # a form of another site can send no more than that
    assert "DEVELOPMENT" in service.log_file.read_text()
    service.stop()


def test_ready_tells_the_truth_and_a_turn_too(start: Callable, served, tmp_path) -> None:
    settings = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "MODEL_RETRIES": 0}
    service = start(str(tmp_path / "a.sqlite"), TURNS_PER_MINUTE=2, DATABASE_SECONDS=2, **settings)
    answer = service.ann.get("/ready")
    assert answer.status_code == 503 and answer.json()["database"] == "ok"
    assert answer.json()["model"].startswith("The model's endpoint does not answer: check")
    thread = service.thread()
    for _ in range(2):
        events = dict(service.say(thread, "Hello!"))
        assert events["end"]["status"] == "failed" and events["error"]["reference"]
    over = service.ann.post(f"/threads/{thread}/messages", json={"text": "Hello!"})
    assert over.status_code == 429 and 0 < int(over.headers["retry-after"]) <= 60
    bobs = service.bob.post("/threads", json={}).json()["id"]
    assert service.bob.post(f"/threads/{bobs}/messages", json={"text": "Hi"}).status_code == 200
    locked = sqlite3.connect(service.database, isolation_level=None)
    locked.execute("begin immediate")
    answer = service.ann.post("/threads", json={})
    locked.execute("rollback")
    locked.close()
    assert answer.status_code == 503 and answer.json()["reference"]
    assert answer.json()["message"].startswith("The database does not answer.")
    service.stop()


async def test_ready_waits_no_longer_for_a_model_that_drips(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("production_agent.service.READY_SECONDS", 0.5)
    there: list[asyncio.StreamWriter] = []  # none on a machine that takes longer to connect

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there.append(writer)
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while not reader.at_eof() and not writer.is_closing():
            writer.write(b"1\r\n \r\n")
            await asyncio.sleep(0.02)
        there.remove(writer)

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server, asyncio.timeout(60):
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        async with openai.AsyncOpenAI(base_url=url, api_key="sk-none", max_retries=0) as client:
            found = await _model_answers(client)
            while there:  # until its connection is closed
                await asyncio.sleep(0.01)
    assert found.startswith("The model's endpoint does not answer: check")


def test_a_turn_has_a_limit_in_all(start: Callable, served, tmp_path) -> None:
    served.reset()
    served.when("speak").says("one " * 1000)
    served.pace(per_token=0.05)
    service = start(str(tmp_path / "a.sqlite"), TURN_SECONDS=1)
    thread = service.thread()
    events = dict(service.say(thread, "Speak!"))
    assert events["end"]["status"] == "failed"
    assert events["error"]["message"].startswith("This took too long and was stopped.")
    served.reset()
    service.stop()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_ending_the_service_ends_its_streams_and_frees_its_threads(
    start: Callable, served, tmp_path, how: int
) -> None:
    served.reset()
    served.pace(first=1000)
    service = start(str(tmp_path / "a.sqlite"), GRACE_SECONDS=0.5)
    thread = service.thread()
    with service.client("token-of-ann") as client:
        path = f"/threads/{thread}/messages"
        with client.stream("POST", path, json={"text": "Hello!"}) as answer:
            until(lambda: served.requests, "the model is asked")
            os.kill(service.pid, how)
            events = list(events_of(answer))
    until(lambda: not service.lives(), "its end")
    assert "Traceback" not in service.log_file.read_text()
    assert [line["why"] for line in service.log("run_ended")] == ["drained"]
    assert events[-1] == ("end", {"status": "stopped", "text": ""})
    connection = sqlite3.connect(service.database)
    assert connection.execute("select outcome from runs").fetchall() == [("stopped",)]
    connection.close()
    served.reset()


@pytest.mark.parametrize(("grace", "cut"), [(0.5, ()), (600, (httpx.TransportError,))])
def test_ctrl_c_waits_for_no_tool_that_nobody_can_end(
    start: Callable, served, tmp_path, grace: float, cut: tuple
) -> None:
    served.reset()
    database = str(tmp_path / "a.sqlite")
    service = start(database, script="holding_service.py", GRACE_SECONDS=grace)
    path = f"/threads/{service.thread()}/messages"
    with (
        suppress(*cut),  # the stream, by a second one
        service.client("token-of-ann") as client,
        client.stream("POST", path, json={"text": "Where is parcel P-3?"}) as answer,
    ):
        until(lambda: service.log("tool_started"), "the tool")
        for _ in ("first", *cut):
            os.kill(service.pid, signal.SIGINT)
            until(lambda: service.log("draining"), "the first one is heard")
        assert list(events_of(answer))[-1] == ("end", {"status": "stopped", "text": ""})
    until(lambda: not service.lives(), "its end")
    assert "Traceback" not in service.log_file.read_text()


def test_ctrl_c_is_quiet_as_soon_as_the_address_is_printed(
    launcher: Launcher, served, tmp_path
) -> None:
    out, log = tmp_path / "out", tmp_path / "log"
    environment = os.environ | {"PYTHONPATH": str(ROOT), DATABASE: str(tmp_path / "a.sqlite")}
    pid = launcher.start("", environment, str(tmp_path), str(out), str(log), [])
    until(lambda: out.exists() and out.read_text(), "its address")
    os.kill(pid, signal.SIGINT)
    until(lambda: not psutil.pid_exists(pid), "its end")
    assert "Traceback" not in log.read_text()


async def test_a_silent_stream_shows_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("production_agent.runs.PING_SECONDS", 0.01)
    run = Run("run", "thread", "ann", "message")
    frames = run.stream()
    assert (await anext(frames)).startswith(":")  # a comment: no event
    run.emit("token", text="a\nb")
    run.emit("end")
    assert [frame async for frame in frames if frame[0] != ":"] == [
        'id: run-1\nevent: token\ndata: {"text": "a\\nb"}\n\nid: run-2\nevent: end\ndata: {}\n\n'
    ]


async def test_a_reader_who_is_far_behind_keeps_nobody_waiting() -> None:
    run, turns = Run("run", "thread", "ann", "message"), 0
    for number in range(1000):
        run.emit("token", text=f"{number}")
    run.emit("end")

    async def somebody_else() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(somebody_else())
    frames = [frame async for frame in run.stream()]
    other.cancel()
    assert "".join(frames).count("event: token") == 1000 and turns >= 10
