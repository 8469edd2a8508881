"""What the API and the wire hand to each other besides a request: an answer, or a problem."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lesson_model.faults import Fault

__all__ = ("Answer", "HttpProblem", "Stream")


class HttpProblem(Exception):
    """Why a request could not be read.

    Args:
        status: The HTTP status of the answer.
        message: The sentence a reader sees.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass
class Stream:
    """Server-sent events, grouped by token.

    Attributes:
        beats: Frames to send, one item per token, with the frames that lead up to it.
        tail: The frames after the last token.
    """

    beats: list[bytes]
    tail: bytes

    @classmethod
    def of(cls, frames: Iterable[tuple[str, bool]]) -> Stream:
        """Build a stream from pairs: a frame, and whether it carries a token."""
        beats, waiting = [], ""
        for frame, is_token in frames:
            waiting += frame
            if is_token:
                beats.append(waiting.encode())
                waiting = ""
        return cls(beats, waiting.encode())


@dataclass
class Answer:
    """One answer.

    Attributes:
        status: The HTTP status.
        body: The JSON body, or the stream.
        headers: Headers besides those of HTTP itself.
        tokens: Tokens in the answer; a paced JSON answer waits for all of them.
        fault: The fault to play during delivery.
    """

    status: int
    body: bytes | Stream
    headers: dict[str, str] = field(default_factory=dict)
    tokens: int = 0
    fault: Fault | None = None
