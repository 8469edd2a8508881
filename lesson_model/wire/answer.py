"""What goes back to the client: one JSON body, or a stream of frames, and how it is delivered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lesson_model.faults import Fault

__all__ = ("Answer", "Stream")


@dataclass
class Stream:
    """Server-sent events, cut where a pause belongs.

    Attributes:
        beats: One item a token: its frame, after the frames that lead up to it.
        tail: The frames after the last token.
    """

    beats: list[bytes]
    tail: bytes

    @classmethod
    def of(cls, frames: Iterable[tuple[str, bool]]) -> Stream:
        """Build a stream from (frame, does it carry a token) pairs."""
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
        headers: Headers besides those of the transport.
        tokens: Tokens in the answer, which a paced JSON answer is waited for.
        fault: The fault to play while it is delivered.
    """

    status: int
    body: bytes | Stream
    headers: dict[str, str] = field(default_factory=dict)
    tokens: int = 0
    fault: Fault | None = None
