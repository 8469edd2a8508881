"""A model that sends what a test tells it to, byte by byte: what no well-behaved one sends."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ("ScriptedModel", "call", "endless", "finish", "held_call", "word")


def chunk(delta: dict, finish_reason: str | None = None) -> dict:
    """Return a chunk of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "chat-1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}


def word(text: str) -> dict:
    """Return a chunk with text."""
    return chunk({"role": "assistant", "content": text})


def call(index: int, call_id: str | None, name: str | None, args: object) -> dict:
    """Return a chunk with a whole tool call."""
    text = args if isinstance(args, str) else json.dumps(args)
    function = {"name": name, "arguments": text}
    one = {"index": index, "id": call_id, "type": "function", "function": function}
    return chunk({"role": "assistant", "tool_calls": [one]})


def finish(reason: str = "stop") -> dict:
    """Return the last chunk."""
    return chunk({}, reason)


def endless(pause: float) -> Callable[[dict], Iterator[dict]]:
    """Return a script that speaks for ever."""

    def script(body: dict) -> Iterator[dict]:
        while True:
            yield word("one ")
            if pause:
                time.sleep(pause)

    return script


def held_call(go: threading.Event, name: str, args: dict) -> Callable[[dict], Iterator[dict]]:
    """Return a script: a call that is not whole before `go` is set; words about its result."""

    def script(body: dict) -> Iterator[dict]:
        if body["messages"][-1]["role"] == "tool":
            yield from [word("It is on its way."), finish()]
        else:
            yield call(0, "c", name, args)
            go.wait(60)
            yield finish("tool_calls")

    return script


class ScriptedModel:
    """Serves `/v1/chat/completions`; `script(body)` yields chunks, or bytes to send as they are.

    Attributes:
        head: Returns the status and the headers of the answer to a body.
        bodies: Of the requests so far.
        headers: Of the last request.
        open: Streams that are being sent.
    """

    def __init__(self, script: Callable[[dict], Iterator[dict | bytes]] | None = None) -> None:
        self.script, self.bodies, self.headers, self.open = script, [], {}, 0
        self.head: Callable[[dict], tuple[int, dict]] = lambda body: (200, {})
        model, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with lock:
                    model.bodies.append(body)
                    model.headers = dict(self.headers)
                    model.open += 1
                try:
                    status, headers = model.head(body)
                    self.send_response(status)
                    for name, value in ({"content-type": "text/event-stream"} | headers).items():
                        self.send_header(name, value)
                    self.end_headers()
                    for one in model.script(body):
                        data = one
                        if isinstance(one, dict):
                            data = f"data: {json.dumps(one)}\n\n".encode()
                        self.wfile.write(data)
                    self.wfile.write(b"data: [DONE]\n\n")
                except OSError:
                    pass  # the client has left
                finally:
                    with lock:
                        model.open -= 1

            def do_GET(self) -> None:
                self.send_response(404)
                self.end_headers()

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """End it."""
        self.server.shutdown()
        self.server.server_close()
