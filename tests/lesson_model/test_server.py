"""The transport against clients that are broken, hostile, hasty or many."""

from __future__ import annotations

import asyncio
import gc
import json
import random
import socket
import threading

import openai
import pytest

from lesson_model import log
from lesson_model.api.errors import ApiError
from lesson_model.wire import server
from tests.lesson_model.wire import user, wait_until

BODY = json.dumps(user("hi")).encode()
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-x\r\n"


@pytest.fixture
def raw(lesson):
    """Return a function that sends bytes and returns all that comes back until the end."""

    def send(*parts, finish=True):
        with socket.create_connection(("127.0.0.1", lesson._server.port), timeout=60) as client:
            for part in parts:
                client.sendall(part)
            if finish:
                client.shutdown(socket.SHUT_WR)
            data = b""
            while received := client.recv(65_536):
                data += received
            return data

    return send


def request(body=BODY, head=HEAD):
    return head + b"content-length: %d\r\n\r\n" % len(body) + body


def statuses(data):
    return [int(part[:3]) for part in data.split(b"HTTP/1.1 ")[1:]]


def test_requests_follow_each_other_on_one_connection(raw):
    assert statuses(raw(request() * 3)) == [200, 200, 200]
    assert statuses(raw(b"\r\n" + request())) == [200]


def test_connection_close_is_kept(raw):
    answer = raw(request(head=HEAD + b"connection: close\r\n") + request(), finish=False)
    assert statuses(answer) == [200] and b"connection: close" in answer


@pytest.mark.parametrize("count", ["x", "-1", "1.5", "\xb2", "9" * 5000])
def test_a_strange_retry_count_is_not_taken_amiss(raw, lesson, count):
    head = HEAD + f"x-stainless-retry-count: {count}\r\n".encode("latin-1")
    assert statuses(raw(request(head=head))) == [200]
    assert len(lesson.requests) == 1


def test_a_body_may_come_in_chunks(raw):
    half = len(BODY) // 2
    chunks = b"%x\r\n%b\r\n%x;note=1\r\n%b\r\n0\r\n\r\n"
    chunks %= (half, BODY[:half], len(BODY) - half, BODY[half:])
    assert statuses(raw(HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunks)) == [200]


def test_a_client_may_ask_before_it_sends(raw):
    answer = raw(request(head=HEAD + b"expect: 100-continue\r\n"))
    assert statuses(answer) == [100, 200]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 400),  # TLS
        (b"GET / HTTP/1.1 and more\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\n\r\n", 505),
        (b"GET / HTTP/2.0\r\n\r\n", 505),
        (HEAD + b"x: " + b"x" * 70_000 + b"\r\n\r\n", 431),
        (HEAD + b"x: y\r\n" * 20_000 + b"\r\n", 431),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 400),
        (HEAD + b"content-length: -1\r\n\r\n", 400),
        (HEAD + b"content-length: many\r\n\r\n", 400),
        (HEAD + b"content-length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (HEAD + b"content-length: 20000001\r\n\r\n", 413),
        (HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n", 400),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n-5\r\n", 400),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\nabcdef\r\n", 400),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n1312d01\r\n", 413),
        (HEAD + b"\r\n", 400),  # no body
        (request(b""), 400),
        (request(b"{"), 400),
        (request(b'{"model": "m", "messages": NaN}'), 400),
        (request(b"\xff\xfe"), 400),
        (request(b"[" * 100_000), 400),
        (request(b'{"model": "m", "n": ' + b"9" * 5000 + b"}"), 400),
        (request(b'{"a":' * 500 + b"1" + b"}" * 500), 400),
        (request(BODY[:-10]), 400),  # a length that is wrong, by too little
    ],
)
def test_what_is_not_a_right_request_gets_a_4xx(raw, capfd, sent, status):
    answer = raw(sent)
    assert statuses(answer)[0] == status, answer[:300]
    body, _ = json.JSONDecoder().raw_decode(answer.split(b"\r\n\r\n", 1)[1].decode())
    assert body["error"]["message"]
    assert capfd.readouterr() == ("", "")


def test_a_huge_body_is_refused_while_it_is_sent(lesson, raw):
    size = 30_000_000
    head = HEAD + b"content-length: %d\r\n\r\n" % size
    assert statuses(raw(head, b"x" * size))[0] == 413
    assert lesson.requests[-1].status == 413
    assert statuses(raw(request())) == [200]


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST",
        HEAD,
        HEAD + b"content-length: 100\r\n\r\n",
        request()[:-1],
        HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\nab",
    ],
)
def test_a_client_that_leaves_in_the_middle_is_let_go(lesson, raw, capfd, sent):
    before, connections = threading.active_count(), len(lesson._server.open)
    assert statuses(raw(sent)) in ([], [400])
    wait_until(lambda: threading.active_count() <= before)
    wait_until(lambda: len(lesson._server.open) <= connections)
    assert capfd.readouterr() == ("", "")


def test_a_client_that_leaves_in_the_middle_of_a_stream_is_let_go(lesson, capfd):
    before = threading.active_count()
    lesson.when("hi").says("word " * 70_000)  # more than the buffers between them hold
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", lesson._server.port), timeout=60) as client:
            client.sendall(request(json.dumps(user("hi", stream=True)).encode()))
            client.recv(100)
    wait_until(lambda: all(request.aborted for request in lesson.requests))
    assert len(lesson.requests) == 2
    wait_until(lambda: threading.active_count() <= before)
    assert capfd.readouterr() == ("", "")


def test_a_silent_client_is_cut_off(lesson, raw, monkeypatch):
    monkeypatch.setattr(server.Connection, "timeout", 0.05)
    assert raw(HEAD, finish=False) == b""


def test_noise_never_breaks_the_server(lesson, raw, capfd):
    noise = random.Random(7)
    good = request()
    for _ in range(300):
        data = bytearray(good)
        for _ in range(noise.randint(1, 20)):
            data[noise.randrange(len(data))] = noise.randrange(256)
        answer = raw(bytes(data))
        assert all(status in (100, 200) or 400 <= status < 506 for status in statuses(answer))
    assert statuses(raw(good)) == [200]
    assert not [request.traceback for request in lesson.requests if request.traceback]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("stream", [False, True])
def test_two_hundred_clients_at_once(lesson, stream):
    lesson.pace(first=0.2)  # so that all are waiting at the same time

    async def one(number):
        port = lesson._server.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = json.dumps(user(f"hello {number}", stream=stream)).encode()
        writer.write(request(body, HEAD + b"connection: close\r\n"))
        answer = await asyncio.wait_for(reader.read(), 60)
        writer.close()
        return statuses(answer)

    async def all_of_them():
        return await asyncio.gather(*map(one, range(200)))

    assert asyncio.run(all_of_them()) == [[200]] * 200
    assert len(lesson.requests) == 200
    assert not any(request.remarks or request.aborted for request in lesson.requests)


def test_an_error_of_our_own_is_a_500_that_says_so(served, monkeypatch, ask, capfd):
    def breaks(*_):
        raise ZeroDivisionError("by design")

    monkeypatch.setattr("lesson_model.api.service.decide", breaks)
    served.reset()
    with pytest.raises(openai.InternalServerError):
        openai.OpenAI().chat.completions.create(**user("hi"))
    assert len(served.requests) == 1  # a retry would break again
    status, _, data = ask(user("hi"))
    error = json.loads(data)["error"]
    assert (status, error["type"]) == (500, "lesson_model_error")
    assert "lesson model itself broke (ZeroDivisionError: by design)" in error["message"]
    assert b"Traceback" not in data
    assert "in breaks" in served.requests[-1].traceback
    assert capfd.readouterr() == ("", "")
    served.reset()


def test_the_log_does_not_grow_for_ever(lesson, ask, monkeypatch):
    monkeypatch.setattr(log, "MAX_BODY_BYTES", 100_000)
    for number in range(30):
        assert ask(user(f"{number} " + "x" * 10_000))[0] == 200
    kept = [bool(request.raw) for request in lesson.requests]
    assert len(kept) == 30 and kept.count(True) == 9
    assert kept == sorted(kept)  # the oldest are emptied
    assert lesson.requests[0].body == {}
    assert ask(user("x" * 200_000))[0] == 200  # larger than all that is kept


def test_a_refusal_holds_on_to_nothing(lesson, ask):
    """An exception kept in the log would keep its stack, and so every request it saw."""
    for number in range(3):
        ask(user(f"hi {number}", temperature=3))
    gc.collect()
    assert not [thing for thing in gc.get_objects() if isinstance(thing, ApiError)]


def test_no_name_is_looked_up(lesson, ask, monkeypatch):
    def spy(host, *_, **__):
        raise AssertionError(f"looked up {host}")

    for name in ("gethostbyname", "gethostbyaddr", "getfqdn"):
        monkeypatch.setattr(socket, name, spy)
    asked = []
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: asked.append(host) or real(host, *a, **k)
    )
    second = type(lesson)()
    second.stop()
    assert ask(user("hi"))[0] == 200
    assert set(asked) <= {"127.0.0.1"}
