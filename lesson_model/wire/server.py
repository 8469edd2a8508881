"""The transport: HTTP/1.1 on the loopback, one thread a connection, standard library alone.

`http.server` reads headers with the e-mail parser, which costs more than the whole rest of an
answer; the few lines here read what HTTP clients send.
"""

from __future__ import annotations

import socket
import socketserver
import sys
import threading
import time
import traceback
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from lesson_model.answer import Answer, HttpProblem, Stream
from lesson_model.log import Request
from lesson_model.wire.delivery import delivery_steps

__all__ = ("Server",)

MAX_BODY_BYTES = 20_000_000  # bytes
MAX_HEAD_BYTES = 65_536
MAX_IDLE_SECONDS = 60.0  # before a silent connection is closed
POLL_SECONDS = 0.05  # between two looks at whether the model was reset
REASONS = {status.value: status.phrase for status in HTTPStatus}


class ClientLeft(ConnectionError):
    """The client closed the connection."""


class StateEnded(ConnectionError):
    """The model was reset or stopped while an answer waited."""


class Server(socketserver.ThreadingTCPServer):
    """Serves HTTP on 127.0.0.1.

    Args:
        port: The port; 0 takes a free one.
        current_state: Returns the state that a request meets: its log, its pace, its end.
        answer: Answers a request that came to a state; the third argument says why the request
            could not be read, if so. It must not raise.

    Raises:
        OSError: The port is taken or not allowed.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = sys.platform != "win32"  # there it would share a taken port
    request_queue_size = 1024

    def __init__(
        self,
        port: int,
        current_state: Callable[[], Any],
        answer: Callable[[Request, Any, HttpProblem | None], Answer],
    ) -> None:
        self.current_state, self.answer = current_state, answer
        self.open: set[socket.socket] = set()
        try:
            super().__init__(("127.0.0.1", port), Connection)
        except (OSError, OverflowError) as error:
            why = "is taken or not allowed" if isinstance(error, OSError) else "does not exist"
            sentence = f"Port {port} of 127.0.0.1 {why}. Take another one, or 0 for a free one."
            raise OSError(sentence) from error
        threading.Thread(target=self.serve_forever, name="lesson-model", daemon=True).start()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self.server_address[1]

    def handle_error(self, request, client_address) -> None:
        """Ignore connections that break while they close: clients do that."""

    def stop(self) -> None:
        """Stop listening and close every connection."""
        self.shutdown()
        self.server_close()
        for connection in list(self.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it was closed already


class Connection(socketserver.StreamRequestHandler):
    """One client's connection: requests one after the other."""

    timeout = MAX_IDLE_SECONDS
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer until the client leaves, is silent too long, or must be cut off."""
        self.server.open.add(self.connection)
        try:
            while self.answer_next():
                self.connection.settimeout(MAX_IDLE_SECONDS)
        except OSError:
            pass  # the client left
        except Exception:  # a bug of ours: show it in the log
            broken = Request("", "", traceback=traceback.format_exc())
            self.server.current_state().log.add(broken)
        finally:
            self.server.open.discard(self.connection)

    def answer_next(self) -> bool:
        """Answer one request; return whether the connection can go on."""
        method, path, headers, raw, problem = "", "/", {}, b"", None
        try:
            method, path, headers = self.read_head()
            raw = self.read_body(headers)
        except HttpProblem as error:
            problem = error
        authorization = headers.get("authorization", "")
        retries = headers.get("x-stainless-retry-count", "")
        request = Request(
            method,
            path.partition("?")[0],
            raw,
            key=authorization[7:].strip() if authorization[:7].lower() == "bearer " else "",
            retry_count=int(retries[:4]) if retries.isdecimal() else 0,
        )
        state = self.server.current_state()
        answer = self.server.answer(request, state, problem)
        keep = problem is None and headers.get("connection", "").lower() != "close"
        try:
            whole = self.deliver(answer, request, state, keep, method == "HEAD")
        except StateEnded:
            return False
        except OSError:
            request.aborted = True
            return False
        finally:
            state.log.note_finished(request)
        if problem:
            self.drain()
        return whole and keep

    def read_head(self) -> tuple[str, str, dict[str, str]]:
        """Read the request line and headers."""
        line = self.rfile.readline(MAX_HEAD_BYTES)
        if line == b"\r\n":  # some clients end a body with an empty line
            line = self.rfile.readline(MAX_HEAD_BYTES)
        if not line:
            raise ClientLeft
        words = line.decode("latin-1").split()
        if len(words) != 3 or not words[2].startswith("HTTP/"):
            raise HttpProblem(400, "This is not an HTTP request.")
        if words[2] != "HTTP/1.1":
            raise HttpProblem(505, f"The lesson model speaks HTTP/1.1, not {words[2]}.")
        headers, size = {}, len(line)
        while True:
            line = self.rfile.readline(MAX_HEAD_BYTES)
            size += len(line)
            if size > MAX_HEAD_BYTES:
                raise HttpProblem(431, f"The headers are larger than {MAX_HEAD_BYTES} bytes.")
            if line in (b"\r\n", b"\n"):
                return words[0], words[1], headers
            if not line.endswith(b"\n"):
                raise ClientLeft
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()

    def read_body(self, headers: dict[str, str]) -> bytes:
        """Read the body, by its length or in chunks."""
        if headers.get("expect", "").lower() == "100-continue":
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self.read_chunks()
        return self.read(headers.get("content-length", "0"), 10)

    def read(self, length: str, base: int, so_far: int = 0) -> bytes:
        """Read as many bytes as a number in the request says."""
        try:
            size = int(length, base)
        except ValueError:
            size = -1
        if size < 0:
            message = f"The length of the body is not a number of bytes: {length[:40]!r}."
            raise HttpProblem(400, message)
        if so_far + size > MAX_BODY_BYTES:
            raise HttpProblem(413, f"The request is larger than {MAX_BODY_BYTES} bytes. Send less.")
        data = self.rfile.read(size)
        if len(data) < size:
            raise ClientLeft
        return data

    def read_chunks(self) -> bytes:
        """Read a body that comes in chunks."""
        body = bytearray()
        while True:
            size = self.rfile.readline(MAX_HEAD_BYTES).decode("latin-1").partition(";")[0].strip()
            data = self.read(size, 16, len(body))
            if self.rfile.readline(MAX_HEAD_BYTES) not in (b"\r\n", b"\n"):
                message = "A chunk of the body does not end where its length says."
                raise HttpProblem(400, message)
            if not data:
                return bytes(body)
            body += data

    def deliver(self, answer: Answer, request: Request, state, keep: bool, head_only: bool) -> bool:
        """Send an answer; return whether it went out whole."""

        def head(length: int | None) -> bytes:
            kind, framing = "application/json", f"content-length: {length}"
            if length is None:
                kind, framing = "text/event-stream; charset=utf-8", "transfer-encoding: chunked"
            lines = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Error')}"]
            lines += [f"content-type: {kind}", framing]
            lines += [f"{name}: {value}" for name, value in answer.headers.items()]
            if not keep:
                lines.append("connection: close")
            return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

        if head_only and not isinstance(answer.body, Stream):
            self.connection.sendall(head(len(answer.body)))
            return True
        ready = b""
        for step in delivery_steps(answer, head, state.first, lambda: state.per_token):
            if isinstance(step, bytes):
                ready += step
                continue
            if ready and step != 0:
                self.connection.sendall(ready)
                ready = b""
            if step is None:
                return False
            if step:
                self.wait(step, state)
        state.log.note_last_bytes(request)  # before: a client is faster than what follows here
        self.connection.sendall(ready)
        return True

    def wait(self, seconds: float, state) -> None:
        """Wait, but no longer than the client stays and the state lasts."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.connection.settimeout(min(left, POLL_SECONDS))
            try:
                if not self.connection.recv(1, socket.MSG_PEEK):
                    raise ClientLeft
                # The client's next request is here already: it has not left.
                ended = state.ended.wait(min(left, POLL_SECONDS))
            except TimeoutError:
                ended = state.ended.is_set()
            if ended:
                raise StateEnded
        self.connection.settimeout(MAX_IDLE_SECONDS)

    def drain(self) -> None:
        """Read the rest of a refused request: closing earlier would discard its answer."""
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(1.0)
        for _ in range(1000):
            if not self.connection.recv(65_536):
                return
