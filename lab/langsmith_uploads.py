"""See what LangSmith's client would send, on this machine only (lesson 6)."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest import mock

from langsmith import Client, tracing_context
from langsmith.utils import get_env_var

__all__ = ("catch", "environment")


@contextlib.contextmanager
def environment(**settings: str) -> Iterator[None]:
    """Set LangSmith's variables, and no others of its own, as if a process began here."""
    names = ("LANGSMITH_", "LANGCHAIN_")
    rest = {name: text for name, text in os.environ.items() if not name.startswith(names)}
    with mock.patch.dict(os.environ, rest | settings, clear=True):
        get_env_var.cache_clear()
        try:
            yield
        finally:
            get_env_var.cache_clear()


def catch(work: Callable[[], object], *hidden: str) -> str:
    """Return what is sent to the tracing endpoint while `work` runs, as one text.

    Args:
        work: What to run with tracing on.
        hidden: Variables of LangSmith to set to `true`, such as `LANGSMITH_HIDE_INPUTS`.
    """
    received: list[str] = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_PATCH = do_POST

        def log_message(self, *words: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever).start()
    settings = dict.fromkeys(hidden, "true") | {
        "LANGSMITH_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        "LANGSMITH_API_KEY": "of-nobody",
    }
    try:
        with environment(**settings):
            client = Client(auto_batch_tracing=False)  # one request for each event, at once
            with tracing_context(enabled=True, client=client):
                work()
    finally:
        server.shutdown()
        server.server_close()
    return "".join(received)
