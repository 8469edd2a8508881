"""The web server around the service: limits on connections, and an orderly end.

A request has to arrive whole within BODY_SECONDS, and a reader has to take each part of an answer
in as long (a part is sent when the one before it is taken). Connections are counted; where there
are too many, the one goes that has waited longest without a whole request. So clients who only hold
them open keep nobody out. SIGTERM is told to the service at once: in the
lifespan's shutdown it would come after the last stream's end, which is what is waited for.
"""

from __future__ import annotations

import asyncio
import json
import math
import signal
import socket
import sys
from types import FrameType

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from production_agent.settings import Settings

__all__ = ("serve",)

BACKLOG = 128  # connections taken at once, before any of them is counted
LATE = json.dumps({"message": "The request did not arrive in time."}).encode()
ANSWER = (
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(LATE), LATE)
)


def serve(app: FastAPI, settings: Settings, listening: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT, then let the runs end; the process ends by the signal."""
    limit = min(settings.connections, _file_limit() // 2)
    # SQLite's thread would wait 5 ms for each of its steps while the loop has streams to read.
    sys.setswitchinterval(0.0005)

    class Protocol(_Limited):
        seconds, most = settings.body_seconds, limit

    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=min(BACKLOG, limit // 2),
        # The runs end by themselves after GRACE_SECONDS; this is for what they do not know of.
        timeout_graceful_shutdown=math.ceil(settings.grace_seconds + settings.database_seconds) + 5,
    )
    _Server(config).run(sockets=[listening])


def _file_limit() -> int:
    try:
        import resource  # noqa: PLC0415 - not there on Windows
    except ImportError:
        return 1_000_000
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return soft if soft > 0 else 1_000_000


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket]) -> None:
        await super().startup(sockets)
        host, port, *_ = sockets[0].getsockname()
        print(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}", flush=True)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second Ctrl+C ends it at once
        if drain := getattr(self.config.app.state, "drain", None):
            drain()
        super().handle_exit(sig, frame)


class _Limited(H11Protocol):
    """A connection, closed when its request or reader is slow, or when there are too many."""

    seconds: float
    most: int
    idle_since = 0.0  # by the loop's clock
    due: asyncio.TimerHandle | None = None  # for the request
    stuck: asyncio.TimerHandle | None = None  # for a reader who does not read

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # `pause_writing` when anything is not taken
        self.idle_since = self.loop.time()
        self.due = self.loop.call_later(self.seconds, self._too_slow)
        if len(self.connections) > self.most:
            others = [one for one in self.connections if one is not self and one._is_idle()]
            min(others, key=lambda one: one.idle_since, default=self).transport.abort()

    def _is_idle(self) -> bool:
        """Return whether it owes us a whole request, and we no answer."""
        is_idle = self.conn.their_state in (h11.IDLE, h11.SEND_BODY)
        return is_idle and not self.transport.is_closing()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._time_request()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.idle_since = self.loop.time()
        self._time_request()  # the next one may have begun behind the one that is answered

    def _time_request(self) -> None:
        state = self.conn.their_state
        if state is h11.SEND_BODY or (state is h11.IDLE and self.conn.trailing_data[0]):
            self.due = self.due or self.loop.call_later(self.seconds, self._too_slow)
        else:
            self._cancel_due()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.stuck = self.loop.call_later(self.seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self.stuck.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_due()
        if self.stuck:
            self.stuck.cancel()
        super().connection_lost(exc)

    def _cancel_due(self) -> None:
        if self.due:
            self.due.cancel()
            self.due = None

    def _too_slow(self) -> None:
        self.due = None
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):  # nothing of an answer is sent
            self.transport.write(ANSWER)
        self.transport.close()
