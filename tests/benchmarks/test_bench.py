"""The benchmark must not flatter: broken answers are errors, ratios are right, nothing stays."""

from __future__ import annotations

import json
import socket
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from benchmarks import model as bench_model
from benchmarks import start as bench_start
from benchmarks.load import Job, run
from benchmarks.peers import Peer, lesson_model
from benchmarks.servers import Server
from benchmarks.verdicts import verdict
from tools.install.extras import Missing

TEXT = "one two three"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)


def json_answer(text: str, status: str = "200 OK", more: str = "") -> bytes:
    """Return a chat completion as it goes over the wire."""
    body = json.dumps({"choices": [{"message": {"content": text}}]})
    return f"HTTP/1.1 {status}\r\n{more}content-length: {len(body)}\r\n\r\n{body}".encode()


def stream_answer(*words: str, done: bool = True) -> bytes:
    """Return a stream of frames in one chunk each."""
    events = [json.dumps({"choices": [{"delta": {"content": word}}]}) for word in words]
    frames = [f"data: {event}\n\n".encode() for event in [*events, *["[DONE]"] * done]]
    return CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(f), f) for f in frames) + b"0\r\n\r\n"


@contextmanager
def server(*answers: bytes | None) -> Iterator[int]:
    """Serve these answers in turn, for ever; None closes the connection. Gives the port."""
    count = iter(range(1_000_000))

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while True:
                length = 0
                while (line := self.rfile.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                if not line:
                    return
                self.rfile.read(length)
                answer = answers[next(count) % len(answers)]
                if answer is None:
                    return
                self.wfile.write(answer)

    class Fake(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Fake(("127.0.0.1", 0), Handler) as fake:
        threading.Thread(target=fake.serve_forever, daemon=True).start()
        try:
            yield fake.server_address[1]
        finally:
            fake.shutdown()


def ask(port: int, stream: bool = False, requests: int = 4, **more) -> dict:
    """Send a few requests, one after the other."""
    return run(Job(port, {"stream": stream}, TEXT, 1, 30, requests, **more))


def test_right_answers_are_counted_and_measured() -> None:
    with server(json_answer(TEXT)) as port:
        report = ask(port)
    assert (report["requests"], report["errors"]) == (4, {})
    assert len(report["latency"]) == 4
    assert report["characters"] == len(TEXT)


def test_right_streams_are_counted_and_measured() -> None:
    with server(stream_answer("one ", "two ", "three")) as port:
        report = ask(port, stream=True)
    assert (report["requests"], report["errors"], report["frames"]) == (4, {}, 3)
    assert len(report["first_token"]) == 4


def test_several_connections_share_the_requests() -> None:
    with server(json_answer(TEXT)) as port:
        report = run(Job(port, {}, TEXT, connections=3, seconds=30, requests=10))
    assert (report["requests"], report["errors"]) == (10, {})


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (json_answer(TEXT, "500 Broken"), "status 500"),
        (json_answer(TEXT, "429 Slow down", "connection: close\r\n"), "status 429"),
        (json_answer("one two"), "says 7 characters, not the 13 it should"),
        (json_answer("six two three"), "says 13 characters, not the 13 it should"),
        (None, "closed early"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", "not a chat completion"),
    ],
)
def test_a_bad_json_answer_is_an_error(bad: bytes | None, said: str) -> None:
    with server(json_answer(TEXT), bad) as port:
        report = ask(port)
    assert (report["requests"], report["errors"]) == (2, {said: 2})


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (stream_answer("one ", "two "), "says 8 characters, not the 13 it should"),
        (stream_answer("one ", "two ", "three", done=False), "a stream without [DONE]"),
        (stream_answer(), "says 0 characters, not the 13 it should"),
        (json_answer(TEXT, "503 Busy"), "status 503"),
        (None, "closed early"),
    ],
)
def test_a_short_stream_is_an_error(bad: bytes | None, said: str) -> None:
    with server(stream_answer("one ", "two ", "three"), bad) as port:
        report = ask(port, stream=True)
    assert (report["requests"], report["errors"]) == (2, {said: 2})


def test_a_server_that_falls_silent_is_an_error() -> None:
    with server(json_answer(TEXT)[:-1]) as port:
        report = ask(port, silence=0.2)
    assert report["requests"] == 0
    assert report["errors"] == {"silent for 0.2 s": 1}


def test_no_server_at_all_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert ask(port)["errors"] == {"not sent: ConnectionRefusedError": 4}


def visits(*rates: float, errors: tuple[str, ...] = ()) -> list[dict]:
    """Return the visits of a server that was measured once a round."""
    figures = dict.fromkeys(bench_model.COLUMNS, 1.0)
    sizes = {"json": 159, "sse": 159, "frames": 40}
    return [
        {
            "figures": {**figures, "json_rate": rate, "sse_rate": rate, "sse_cpu": 1 / rate},
            "errors": list(errors),
            "client": 0.1,
            "sizes": sizes,
        }
        for rate in rates
    ]


def results(**servers: list[dict]) -> dict:
    """Return what measure() would for these servers."""
    named = {name.replace("_", " "): each for name, each in servers.items()}
    start = {"cpu": 0.05, "wall": 0.05, "memory": 8e6}
    return {"servers": named, "missing": {}, "remarks": {}, "start": start}


def test_a_ratio_is_taken_within_each_round() -> None:
    # The machine was busy in the last round, for both. By the medians it would be 100 / 20.
    assert bench_model.ratio(visits(300, 20, 100), visits(100, 10, 20), "json_rate") == 3


@pytest.mark.parametrize(
    ("value", "at_least", "met", "says"),
    [
        (3.0, True, True, "met    speed: 3 x, aim >= 3 x"),
        (2.4, True, False, "missed speed: 2.4 x, aim >= 3 x, by 20%"),
        (3.0, False, True, "met    speed: 3 x, aim <= 3 x"),
        (4.5, False, False, "missed speed: 4.5 x, aim <= 3 x, by 50%"),
    ],
)
def test_a_verdict_says_by_how_much(value: float, at_least: bool, met: bool, says: str) -> None:
    found = verdict("speed", value, 3, " x", at_least)
    assert (found["met"], found["text"]) == (met, says)


def test_the_best_peer_is_the_one_to_beat() -> None:
    found = bench_model.aims(
        results(lesson_model=visits(300), aimock_1=visits(150), other=visits(200))
    )
    assert [verdict["met"] for verdict in found] == [False, True, True, True, True]
    assert "(other): 1.5 x" in found[0]["text"]
    assert found[1]["value"] == 2
    assert found[2]["value"] == 0.5


def test_errors_make_a_run_invalid() -> None:
    measured = results(lesson_model=visits(300), aimock_1=visits(100, errors=("2 x status 500",)))
    assert any(verdict.get("invalid") for verdict in bench_model.aims(measured))
    assert "INVALID, wrong or broken answers: 2 x status 500" in bench_model.table(measured)


DIES = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("my child is", child.pid, flush=True)
sys.exit(3)
"""


def is_running(pid: int) -> bool:
    """Return whether a process runs; one that ended and waits to be noticed does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def dying(name: str) -> Peer:
    """Return a peer that starts a child and dies."""
    return Peer(name, lambda folder, port: [sys.executable, "-c", DIES])


def test_a_server_that_dies_at_start_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="ended while it started: my child is") as caught:
        Server(dying("dying"), tmp_path).__enter__()
    pid = int(str(caught.value).split()[-1])
    # The signal has been sent; the kernel may still be at it.
    psutil.wait_procs([psutil.Process(pid)] if is_running(pid) else [], timeout=5)
    assert not is_running(pid)


def test_a_server_ends_with_the_block_that_uses_it(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Server(lesson_model(), tmp_path) as running:
        assert is_running(running.popen.pid)
        raise KeyboardInterrupt
    assert not is_running(running.popen.pid)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", running.port), timeout=1)


def test_one_peer_that_dies_does_not_stop_the_rest(tmp_path: Path) -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    absent = Peer("absent", lambda folder, port: [], lambda folder: None)
    measured = bench_model.measure(
        2, 0.1, [lesson_model(), dying("dying"), absent], tmp_path, False, lambda line: None
    )
    assert set(measured["missing"]) == {"dying", "absent"}
    assert len(measured["servers"]["lesson model"]) == 2
    assert all(visit["sizes"]["json"] == 159 for visit in measured["servers"]["lesson model"])
    text = bench_model.table(measured)
    assert "dying: not measured, it ended while it started: my child is" in text
    assert "absent: not measured, it is not installed" in text
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


def notebook(path: Path, source: str, output: str) -> Path:
    """Write a notebook of one cell that was executed."""
    shown = {"output_type": "stream", "name": "stdout", "text": output}
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": 1}
    cells = [{**cell, "source": source, "outputs": [shown]}]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    whole = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(whole), "utf-8")
    return path


def test_only_imports_are_taken_from_a_notebook(tmp_path: Path) -> None:
    source = "%matplotlib inline\nimport json\nfrom os import path\nprint(1)\nimport json"
    found = bench_start.imports_of(notebook(tmp_path / "a.ipynb", source, ""))
    assert found == "import json\nfrom os import path"
