"""Nothing runs for ever: streams, turns, requests and the process itself have an end."""

from __future__ import annotations

import os
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import datetime

import httpx
import psutil
import pytest

from tests.production_agent.scripted_model import ScriptedModel, call, endless, finish, word
from tests.production_agent.service_process import (
    MAX_WAIT_SECONDS,
    Service,
    events_of,
    until,
)

TURN_SECONDS = 1.5
MAX_SECONDS = 2  # until a turn has ended that its reader left or stopped
is_long = bool(os.environ.get("COURSE_LONG_TESTS"))
PACES = (0, 0.005, 0.05)  # seconds between two words
# What is left at once: 50 streams of each pace, or some of all paces.
LEFT = [[pace] * 50 for pace in PACES] if is_long else [PACES * 3]


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
    why = {"left": "left", "cancelled": "pressed"}[how]
    assert {line["why"] for line in service.log("run_ended")} == {why}
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
    assert [line["why"] for line in one.log("run_ended")] == ["pressed"]


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
