"""Load for a chat-completions server: raw sockets, so that the server is what is measured.

Run as a program it is a process of its own: a Job as JSON on standard input, a report as JSON on
standard output. While the clock runs, answers are only told apart; they are read afterwards.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

__all__ = ("Job", "read_answer", "run", "text_and_frames")

LENGTH = re.compile(rb"^content-length: *(\d+)", re.I | re.M)
CHUNKED = re.compile(rb"^transfer-encoding: *chunked", re.I | re.M)
CLOSING = re.compile(rb"^connection: *close", re.I | re.M)
TOKEN = re.compile(rb'"content": ?"[^"]')
LAST_CHUNK = b"\r\n0\r\n\r\n"


@dataclass
class Job:
    """What to ask, how often, and what a right answer says.

    Attributes:
        port: The port on 127.0.0.1.
        body: The request body; its "stream" decides how an answer is read.
        text: What every answer must say, to the letter.
        connections: Requests under way at once, each on a kept connection.
        seconds: How long new requests are sent.
        requests: The most requests to send; None: as many as fit.
        silence: Seconds without a byte after which what is under way counts as lost.
    """

    port: int
    body: dict
    text: str
    connections: int = 1
    seconds: float = 1.0
    requests: int | None = None
    silence: float = 10.0


@dataclass
class Connection:
    """One connection and the answer it waits for."""

    socket: socket.socket
    sent: float = 0.0
    data: bytearray = field(default_factory=bytearray)
    first_token: float | None = None


def run(job: Job) -> dict:
    """Send the load and return a report.

    Returns:
        requests (right answers), errors (kind: count), seconds, client_cpu (seconds), first_token
        (seconds, one a right stream), latency (seconds, one a right answer), frames and characters
        of an answer.
    """
    payload = json.dumps(job.body).encode()
    request = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{job.port}\r\n"
        "authorization: Bearer sk-bench\r\ncontent-type: application/json\r\n"
        f"content-length: {len(payload)}\r\n\r\n"
    ).encode() + payload
    streams, left = bool(job.body.get("stream")), job.requests
    answers: list[tuple[bytes, float, float | None]] = []
    errors: Counter[str] = Counter()
    waiting = selectors.DefaultSelector()

    def send(connection: Connection | None) -> None:
        """Send the next request, on a new connection where there is none; none once it is time."""
        nonlocal left
        while time.perf_counter() < end and left != 0:
            left = None if left is None else left - 1
            try:
                if connection is None:
                    connection = connect(job.port)
                    waiting.register(connection.socket, selectors.EVENT_READ, connection)
                connection.data, connection.first_token = bytearray(), None
                connection.sent = time.perf_counter()
                connection.socket.sendall(request)
                return
            except OSError as error:
                errors[f"not sent: {type(error).__name__}"] += 1
                if connection:
                    close(connection)
                connection = None
                time.sleep(0.01)  # a server that is gone would be asked a million times
        if connection:
            close(connection)

    def close(connection: Connection) -> None:
        waiting.unregister(connection.socket)
        connection.socket.close()

    cpu, began = time.process_time(), time.perf_counter()
    end = began + job.seconds
    for _ in range(job.connections):
        send(None)
    while waiting.get_map():
        ready = waiting.select(job.silence)
        if not ready:
            for key in list(waiting.get_map().values()):
                errors[f"silent for {job.silence:g} s"] += 1
                close(key.data)
        for key, _ in ready:
            connection = key.data
            try:
                data = connection.socket.recv(262_144)
            except OSError:
                data = b""
            if not data:
                errors["closed early"] += 1
                close(connection)
                send(None)
                continue
            connection.data += data
            now = time.perf_counter()
            if streams and connection.first_token is None and TOKEN.search(connection.data):
                connection.first_token = now - connection.sent
            head = whole_head(connection.data)
            if head is None:
                continue
            answer = (bytes(connection.data), now - connection.sent, connection.first_token)
            answers.append(answer)
            if CLOSING.search(head):
                close(connection)
                connection = None
            send(connection)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return report(job, answers, errors) | {"seconds": seconds, "client_cpu": cpu}


def connect(port: int) -> Connection:
    """Open a connection."""
    opened = socket.create_connection(("127.0.0.1", port), timeout=10)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Connection(opened)


def whole_head(data: bytearray) -> bytes | None:
    """Return the head of an answer that is here whole, else None."""
    size = data.find(b"\r\n\r\n")
    if size < 0:
        return None
    head = bytes(data[:size])
    if length := LENGTH.search(head):
        return head if len(data) >= size + 4 + int(length[1]) else None
    if CHUNKED.search(head):
        return head if data.endswith(LAST_CHUNK) else None
    return head if data.endswith(b"data: [DONE]\n\n") else None


def report(job: Job, answers: list, errors: Counter[str]) -> dict:
    """Read every answer and count what is not right."""
    first_tokens, latencies, frames, characters = [], [], 0, 0
    for raw, latency, first_token in answers:
        try:
            text, frames = read_answer(raw)
        except ValueError as error:
            errors[str(error)] += 1
            continue
        characters = len(text)
        if text != job.text:
            errors[f"says {len(text)} characters, not the {len(job.text)} it should"] += 1
            continue
        latencies.append(latency)
        if first_token is not None:
            first_tokens.append(first_token)
    return {
        "requests": len(latencies),
        "errors": dict(errors),
        "first_token": first_tokens,
        "latency": latencies,
        "frames": frames,
        "characters": characters,
    }


def read_answer(raw: bytes) -> tuple[str, int]:
    """Return the text of an answer and the number of frames that carry it (0: JSON).

    Raises:
        ValueError: It is no success, or no whole answer.
    """
    head, _, body = raw.partition(b"\r\n\r\n")
    status = head.split(maxsplit=2)[1].decode()
    if not status.startswith("2"):
        raise ValueError(f"status {status}")
    if CHUNKED.search(head):
        body = b"".join(chunks(body))
    return text_and_frames(body, b"text/event-stream" in head.lower())


def text_and_frames(body: bytes, is_stream: bool) -> tuple[str, int]:
    """Return the text in a body and the number of frames that carry it.

    Raises:
        ValueError: A stream without its end, or a body that is no answer.
    """
    try:
        if not is_stream:
            return json.loads(body)["choices"][0]["message"]["content"], 0
        events = [event[6:] for event in body.split(b"\n\n") if event.startswith(b"data: ")]
        if not events or events[-1] != b"[DONE]":
            raise ValueError("a stream without [DONE]")
        choices = [json.loads(event)["choices"] for event in events[:-1]]
        pieces = [choice[0]["delta"].get("content") for choice in choices if choice]
        return "".join(filter(None, pieces)), sum(map(bool, pieces))
    except (LookupError, TypeError, json.JSONDecodeError):
        raise ValueError("not a chat completion") from None


def chunks(body: bytes) -> list[bytes]:
    """Return the chunks of a body."""
    found, at = [], 0
    while True:
        line = body.index(b"\r\n", at)
        size = int(body[at:line], 16)
        if not size:
            return found
        found.append(body[line + 2 : line + 2 + size])
        at = line + 2 + size + 2


if __name__ == "__main__":
    json.dump(run(Job(**json.load(sys.stdin))), sys.stdout)
