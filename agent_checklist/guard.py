"""What keeps an agent from the outside world: no network, no child process, no long sleep.

Requests of OpenAI's protocol go to the lesson model, whatever address their client was told:
clients built at import, other base URLs, `load_dotenv(override=True)`, Azure. Everything else
beyond the loopback is refused and noted. Installed once, in a process that ends with the run.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib
import ipaddress
import json
import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = ("Guard", "Sent")

OURS = ("/chat/completions", "/responses", "/embeddings")  # paths that the lesson model answers
MAX_SLEEP_SECONDS = 0.3  # of the agent: its back-off is not what a probe waits for
PROCESSES = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn")
DATABASE_PORTS = {1433, 1521, 3306, 5432, 5433, 6333, 6379, 7687, 9042, 9200, 11211, 27017}
CLIENTS = {  # libraries in C, which Python's hooks do not see: (module, names of their connect)
    "psycopg": ("connect",),
    "psycopg2": ("connect",),
    "grpc": ("insecure_channel", "secure_channel"),
    "grpc.aio": ("insecure_channel", "secure_channel"),
}


@dataclass
class Sent:
    """A model request as it left the agent."""

    body: dict = field(repr=False)
    read_timeout: float | None
    retry_count: int
    path: str = ""
    host: str = ""
    """Where its client was told to send it."""

    @property
    def model(self) -> str:
        """The model's name and its host: two hosts may have a model of the same name."""
        return f"{self.body.get('model')} at {self.host}"

    @property
    def kind(self) -> tuple[str, bool, bool]:
        """The model, whether it is offered tools, and whether the form of its answer is given."""
        is_free = self.body.get("tool_choice") in (None, "auto", "none")
        form = self.body.get("response_format") or self.body.get("text")
        return self.model, bool(self.body.get("tools")), bool(form) or not is_free


class Guard:
    """Refuses what would leave this machine, and remembers it.

    Attributes:
        refused: What was tried, such as "tavily.com" or "a child process: git".
        sent: The model requests that went to the lesson model instead.
        slept_on_loop: Seconds of `time.sleep` in a thread that runs an event loop.
        on_loop: Whether the model was asked synchronously in such a thread.
        threads: The threads that asked the model.
    """

    def __init__(self) -> None:
        self.url = ""
        self.key = ""
        self.refused: list[str] = []
        self.sent: list[Sent] = []
        self.slept_on_loop = 0.0
        self.on_loop = False
        self.writes: list[str] = []  # files of the working directory that were opened to write
        self.threads: set[int] = set()
        self.on_request: Callable[[Sent], None] | None = None
        self.sleep, self.async_sleep = time.sleep, asyncio.sleep

    def install(self) -> None:
        """Refuse from now on, in this process and its forks."""
        sys.addaudithook(self._audit)
        for name in ("httpx", "httpx2"):
            try:
                self._redirect(importlib.import_module(name))
            except ImportError:
                continue
        self._shorten_sleeps()
        _count_offline()
        # Reading the certificates is half of the time it takes to make a client, and no
        # connection ever needs them: nothing but the loopback is reached.
        ssl.SSLContext.load_verify_locations = lambda *args, **kwargs: None

    def close_databases(self, named_in: str) -> None:
        """Refuse connections of the clients in C that a source text names."""
        for name, functions in CLIENTS.items():
            module = None
            if name.split(".")[0] in named_in or "postgres" in named_in:
                with contextlib.suppress(ImportError):
                    module = importlib.import_module(name)
            for function in functions if module else ():
                setattr(module, function, self._refusing(name))
        for name in ("Connection", "AsyncConnection"):
            if kind := getattr(sys.modules.get("psycopg"), name, None):
                kind.connect = classmethod(self._refusing("psycopg"))

    def _refusing(self, name: str) -> Callable[..., Any]:
        def connect(*args: Any, **kwargs: Any) -> Any:
            raise self._refuse(f"a connection of {name}")

        return connect

    def _refuse(self, what: str) -> OSError:
        if what not in (*self.refused, "a child process: uname"):  # asked by Python's platform
            self.refused.append(what)
        return ConnectionRefusedError(f"The checklist allows no network: {what}.")

    def _audit(self, event: str, args: tuple) -> None:
        if event == "open":
            path, mode = args[0], args[1]
            if isinstance(path, str) and isinstance(mode, str) and set(mode) & set("wax+"):
                if not path.startswith("/") or path.startswith(os.getcwd()):
                    self.writes.append(path)
            return
        if event == "socket.connect":
            address = args[1]
            if isinstance(address, tuple) and not _is_local(str(address[0])):
                raise self._refuse(str(address[0]))
            if isinstance(address, tuple) and address[1] in DATABASE_PORTS:
                raise self._refuse(f"port {address[1]} of this machine")
            if isinstance(address, str | bytes):
                raise self._refuse(f"the socket {address!r}")
        elif event == "socket.sendto":
            if isinstance(args[1], tuple) and not _is_local(str(args[1][0])):
                raise self._refuse(str(args[1][0]))
        elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
            host = args[0]
            host = host.decode() if isinstance(host, bytes) else host
            if host and not _is_local(host):
                self._refuse(host)
                raise socket.gaierror(-2, f"The checklist allows no network: {host}.")
        elif event in PROCESSES:
            raise self._refuse(f"a child process: {args[0]}")

    def _redirect(self, module: Any) -> None:
        """Send requests of OpenAI's protocol to the lesson model, below every client."""

        def changed(request: Any) -> Any:
            path = request.url.path
            ours = next((end for end in OURS if path.endswith(end)), None)
            if request.method != "POST" or ours is None:
                return request
            host = request.url.host
            request.url = module.URL(self.url + ours)
            request.headers["host"] = f"{request.url.host}:{request.url.port}"
            request.headers["authorization"] = f"Bearer {self.key}"
            timeouts = request.extensions.get("timeout") or {}
            count = request.headers.get("x-stainless-retry-count", "")
            try:
                body = json.loads(request.content)
            except Exception:  # a body that is still a stream: nothing to look at
                body = {}
            retries = int(count) if count.isdecimal() else 0
            sent = Sent(body, timeouts.get("read"), retries, ours, host)
            self.sent.append(sent)
            self.threads.add(threading.get_ident())
            if self.on_request and ours != "/embeddings":
                self.on_request(sent)
            return request

        sync, of_async = module.HTTPTransport, module.AsyncHTTPTransport
        handle, handle_async = sync.handle_request, of_async.handle_async_request

        def handle_request(transport: Any, request: Any) -> Any:
            if request.url.path.endswith(OURS) and _has_running_loop():
                self.on_loop = True
            return handle(transport, changed(request))

        async def handle_async_request(transport: Any, request: Any) -> Any:
            return await handle_async(transport, changed(request))

        sync.handle_request = handle_request
        of_async.handle_async_request = handle_async_request

    def _shorten_sleeps(self) -> None:
        def sleep(seconds: float, /) -> None:
            if _has_running_loop():
                self.slept_on_loop += seconds
            self.sleep(min(seconds, MAX_SLEEP_SECONDS))

        async def async_sleep(delay: float, result: Any = None) -> Any:
            return await self.async_sleep(min(delay, MAX_SLEEP_SECONDS), result)

        time.sleep, asyncio.sleep = sleep, async_sleep


def _count_offline() -> None:
    """Let tiktoken count bytes where it would download a table."""
    try:
        import tiktoken  # noqa: PLC0415
    except ImportError:
        return

    @functools.cache
    def encoding(name: str = "cl100k_base") -> Any:
        ranks = {bytes([number]): number for number in range(256)}
        return tiktoken.Encoding(name, pat_str=r".", mergeable_ranks=ranks, special_tokens={})

    tiktoken.get_encoding = encoding
    tiktoken.encoding_for_model = lambda model: encoding()


def _has_running_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return threading.current_thread() is threading.main_thread()


def _is_local(host: str) -> bool:
    if host.lower() in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False
