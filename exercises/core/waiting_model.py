"""A model that waits for its reader, to see whether an answer is passed on as it is written."""

from __future__ import annotations

import time
from collections.abc import Callable

from exercises.core.waiting import wait_until
from lesson_model.api.tokens import tokenize
from lesson_model.state import State

__all__ = ("MAX_HOLD_SECONDS", "QUIET_SECONDS", "WaitingModel")

MAX_HOLD_SECONDS = 3
QUIET_SECONDS = 1.2  # longer than those wait who take a second of silence for the end


class WaitingModel(State):
    """A slate on which the model waits, in the middle of an answer, for its reader.

    No clock decides what is "live": an answer that is passed on piece by piece is never held,
    however busy the machine is; one that is collected first holds the model until it gives up.

    Args:
        shown: Returns how many characters the reader has seen.

    Attributes:
        is_quiet: Whether it says nothing for `QUIET_SECONDS` before its last token.
    """

    is_quiet = False

    def __init__(self, shown: Callable[[], int]) -> None:
        super().__init__()
        self._shown = shown
        self._holds: dict[tuple[int, int], tuple[int, str]] = {}
        self._request, self._token, self._end = 0, 0, (0, 0)
        self.in_vain = ""
        """What the model had written, and what the reader had seen, when it gave up."""
        self.waited_in = ""
        """The text in which it gave up."""

    @property
    def per_token(self) -> float:
        """Seconds before the next token; the server asks before it sends each of them."""
        request = len(self.log.requests())
        self._token = self._token + 1 if request == self._request else 1
        self._request = request
        enough, text = self._holds.get((request, self._token), (0, ""))
        ends = time.monotonic() + MAX_HOLD_SECONDS
        while enough and self._shown() < enough and not self.in_vain:
            if time.monotonic() > ends or self.ended.wait(0.005):
                self.waited_in = text
                seen = self._shown()
                self.in_vain = (
                    f"When the model had written {self._token - 1} tokens of an answer, it waited "
                    f"{MAX_HOLD_SECONDS} s for the reader, who had seen {seen or 'no'} "
                    f"character{'s' if seen > 1 else ''}"
                )
        if self.is_quiet and (request, self._token) == self._end and not self.in_vain:
            self._stay_quiet()
        return 0.001

    @per_token.setter
    def per_token(self, seconds: float) -> None:
        """Take no pace: the model is as fast as its reader."""

    def _stay_quiet(self) -> None:
        """Wait for `QUIET_SECONDS` after the reader has seen the last of what was written."""
        seen = [self._shown()]
        while wait_until(lambda: self._shown() > seen[-1], QUIET_SECONDS):
            seen.append(self._shown())

    def hold(self, text: str, request: int = 1, before: int = 0) -> None:
        """Wait at the middle of `text` for its beginning, and at its end for half of it.

        Args:
            text: What the model is about to say.
            request: Which request it answers with it, counted from 1.
            before: Characters the reader sees before this text.
        """
        length = len(tokenize(text))
        self._holds[request, length // 2] = before + 1, text
        self._holds[request, length] = before + len(text) // 2, text
        self._end = request, length
