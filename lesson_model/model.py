"""The lesson model as authors and checks use it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from lesson_model.api.service import answer_request
from lesson_model.behaviour.rules import Rule
from lesson_model.faults import Fault
from lesson_model.log import Request
from lesson_model.state import State
from lesson_model.wire.server import Server

__all__ = ("ENDPOINTS", "OURS", "LessonModel")

ENDPOINTS = ("OPENAI_BASE_URL", "OPENAI_API_BASE")
OURS = "LESSON_MODEL_URL"  # marks an endpoint in the environment as ours, not the reader's choice


class LessonModel:
    """A chat model that answers over real HTTP, on this machine.

    Args:
        port: The port on 127.0.0.1; 0 takes a free one.
        endpoint: The endpoint the reader chose instead; then nothing is served, and rules, faults
            and pace have no effect.

    Raises:
        OSError: The port is taken.
    """

    def __init__(self, port: int = 0, endpoint: str | None = None) -> None:
        self.state = State()
        self.local = endpoint is None
        answer = partial(answer_request, self)
        self._server = Server(port, lambda: self.state, answer) if self.local else None
        self._endpoint = endpoint
        self._environment: dict[str, str | None] = {}  # as it was before announce
        self.stopped = False

    def __repr__(self) -> str:
        # No port: notebooks show it, and their outputs are compared.
        return f"<LessonModel {self.name!r} {'on this machine' if self.local else self.url}>"

    @property
    def name(self) -> str:
        """The model name to ask for."""
        return os.environ.get("OPENAI_MODEL") or "lesson-model"

    @property
    def url(self) -> str:
        """The base URL that clients are given."""
        return self._endpoint or f"http://127.0.0.1:{self._server.port}/v1"

    @property
    def requests(self) -> list[Request]:
        """The requests really received, oldest first."""
        return self.state.log.requests()

    @property
    def context_window(self) -> int:
        """Tokens a request may have; more is answered by 400 context_length_exceeded."""
        return self.state.context_window

    @context_window.setter
    def context_window(self, tokens: int) -> None:
        self.state.context_window = tokens

    def when(self, pattern: str) -> Rule:
        """Begin a rule for user messages in which a regular expression is found.

        The newest rule is asked first. Upper and lower case are the same.
        """
        return self.state.rules.when(pattern)

    def when_result(self, pattern: str) -> Rule:
        """Begin a rule for tool results in which a regular expression is found.

        It applies once to each such result of the user's turn, before any rule of `when`: a model
        that obeys what a tool returns. Results of the rule's own calls never start it.
        """
        return self.state.rules.when_result(pattern)

    def fail(
        self,
        word: str,
        times: int | None = 1,
        *,
        retry_after: float | None = None,
        status: int | None = None,
        after: int = 3,
        seconds: float | None = None,
        per_token: float | None = None,
    ) -> None:
        """Let the next requests meet a fault, after the faults that already wait.

        Args:
            word: The fault, one of `lesson_model.faults.WORDS`.
            times: How many requests meet it; None: every one from then on.
            retry_after: Seconds the error tells the client to wait (Retry-After).
            status: The HTTP status of "http", "server_error" or "overloaded".
            after: Tokens before a stream breaks, or before "length" cuts the text.
            seconds: How long "timeout" and "stall" (30) are silent, "slow" (2) is at first.
            per_token: Seconds between the tokens of "slow" (0.2).

        Raises:
            ValueError: There is no such fault, or a value makes no sense.
        """
        fault = Fault(word, retry_after, status, after, seconds, per_token)
        self.state.faults.add(fault, times)

    def pace(self, first: float = 0.0, per_token: float = 0.0) -> None:
        """Set the seconds before the first token and between tokens, at once for all answers.

        A JSON answer, which has no first token to show, waits for all of them.
        """
        if first < 0 or per_token < 0:
            raise ValueError("A pace is in seconds, from 0.")
        self.state.first, self.state.per_token = first, per_token
        self.state.pace_changes += 1

    def reset(self) -> None:
        """Forget rules, faults, pace, log and ids; end answers that still wait."""
        old, self.state = self.state, State()
        old.ended.set()

    @contextmanager
    def scratch(self) -> Iterator[LessonModel]:
        """Work on a clean slate for a while; the old one is put back at the end."""
        before, self.state = self.state, State()
        try:
            yield self
        finally:
            used, self.state = self.state, before
            used.ended.set()

    def announce(self) -> None:
        """Point every OpenAI client of this process and its children here, until `stop`."""
        settings = dict.fromkeys((*ENDPOINTS, OURS), self.url)
        settings["OPENAI_API_KEY"] = "sk-lesson"
        for name in ("NO_PROXY", "no_proxy"):
            hosts = [host for host in os.environ.get(name, "").split(",") if host]
            hosts += [host for host in ("127.0.0.1", "localhost") if host not in hosts]
            settings[name] = ",".join(hosts)
        self._environment = {name: os.environ.get(name) for name in settings}
        os.environ.update(settings)

    def stop(self) -> None:
        """End the server and whatever it still answers; put the environment back."""
        self.stopped = True
        self.state.ended.set()
        for name, value in self._environment.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if self._server:
            self._server.stop()
