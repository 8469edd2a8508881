"""The steps of sending an answer: bytes, pauses, and where a fault breaks it off."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lesson_model.answer import Answer, Stream
from lesson_model.faults import Fault

__all__ = ("BREAK", "delivery_steps")

BREAK = None  # the step that breaks the connection
END = b"0\r\n\r\n"  # of a body in chunks
GARBAGE = b'{"id": "chatcmpl-garbage", "choices": [{"index": 0, "del'
NO_FAULT = Fault("empty")  # empty is played before delivery

Step = bytes | float | None
Head = Callable[[int | None], bytes]
Pace = Callable[[], float]  # seconds between tokens, as they are now


def delivery_steps(answer: Answer, head: Head, first: float, pace: Pace) -> Iterator[Step]:
    """Yield the steps of an answer: bytes are sent, a number is waited for, BREAK breaks it off.

    Args:
        answer: What to deliver.
        head: Returns status line and headers for a body of that many bytes; None means chunks.
        first: Seconds before the first token.
        pace: Asked before each token: an answer that is on its way speeds up and slows down.
    """
    fault = answer.fault or NO_FAULT
    if fault.word == "timeout":
        yield fault.wait
    if fault.word == "slow":
        slow = 0.2 if fault.per_token is None else fault.per_token
        first, pace = fault.wait, lambda: slow
    if isinstance(answer.body, Stream):
        yield head(None)
        yield from stream_steps(answer.body, fault, first, pace)
    else:
        yield first
        for _ in range(answer.tokens):
            yield pace()
        yield from body_steps(answer.body, fault, head)


def body_steps(body: bytes, fault: Fault, head: Head) -> Iterator[Step]:
    """Yield the steps of a JSON answer; a fault strikes in the middle of the body."""
    half = len(body) // 2
    if fault.word == "garbage":
        body = GARBAGE
    if fault.word == "truncate":
        body = body[:half]
    yield head(len(body))
    if fault.word == "disconnect":
        yield body[:half]
        yield BREAK
    elif fault.word == "stall":
        yield body[:half]
        yield fault.wait
        yield body[half:]
    else:
        yield body


def stream_steps(stream: Stream, fault: Fault, first: float, pace: Pace) -> Iterator[Step]:
    """Yield the steps of a stream; a fault strikes after `fault.after` tokens."""
    strikes = fault.word in ("disconnect", "truncate", "garbage", "stall")
    before = stream.beats[: fault.after] if strikes else stream.beats
    yield first
    if not strikes and not pace():  # nothing to wait for: one chunk
        yield to_chunk(b"".join(before) + stream.tail) + END
        return
    yield from pace_beats(before, pace)
    if fault.word == "disconnect":
        yield BREAK
        return
    if fault.word == "garbage":
        yield to_chunk(b"data: " + GARBAGE + b"\n\n")
    if fault.word == "stall":
        yield fault.wait
        yield from pace_beats(stream.beats[fault.after :], pace)
    yield END if fault.word in ("truncate", "garbage") else to_chunk(stream.tail) + END


def pace_beats(beats: list[bytes], pace: Pace) -> Iterator[Step]:
    """Yield the chunk of each token, with a pause between them."""
    for number, beat in enumerate(beats):
        if number:
            yield pace()
        yield to_chunk(beat)


def to_chunk(data: bytes) -> bytes:
    """Return data as one chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)
