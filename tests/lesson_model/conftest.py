"""A lesson model for every test here: one server a module, a clean slate each time."""

from __future__ import annotations

import http.client
import json

import pytest


@pytest.fixture
def lesson(served):
    """The lesson model with a clean slate; no test may break it from inside."""
    served.reset()
    yield served
    broken = [request.traceback for request in served.requests if request.traceback]
    assert not broken, broken[0]


@pytest.fixture
def ask(lesson):
    """Return a function that sends one request and returns (status, headers, body)."""

    def send(body=None, path="/v1/chat/completions", method="POST", key="sk-lesson", **headers):
        address = lesson.url.removeprefix("http://").removesuffix("/v1")
        connection = http.client.HTTPConnection(address, timeout=60)
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {"content-type": "application/json", **headers}
        if key is not None:
            sent["authorization"] = f"Bearer {key}"
        try:
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    return send


@pytest.fixture
def frames(ask):
    """Return a function that asks for a stream and returns the JSON of its frames."""

    def send(body, path="/v1/chat/completions"):
        status, headers, data = ask({**body, "stream": True}, path)
        assert status == 200, data
        assert headers["content-type"].startswith("text/event-stream")
        lines = [line for line in data.decode().split("\n") if line.startswith("data: ")]
        if path.endswith("completions"):
            assert lines.pop() == "data: [DONE]"
        return [json.loads(line.removeprefix("data: ")) for line in lines]

    return send
