"""streaming.*, tools.left and loop.free: words in time, readers who leave, other users."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable

from agent_checklist.provoke.case import Case, is_refused, spoilt, values_of
from agent_checklist.subject import Subject, Turn, error_name

__all__ = ("LONG", "Reader", "block", "cut_in", "is_cut", "leave", "leave_tool", "torn")

LONG = "Drying comes before folding: a tent is aired for a whole day, and then for one more. " * 3
WORD = "Drying"  # the first piece, which an event of the agent's own may wrap
BLOCKED_SECONDS = 0.6
LEAVE_SECONDS = 0.5  # for an agent that leaves, between two words
MAX_ASK_SECONDS = 30.0  # until the model is asked
MAX_WRITING_TURNS = 120  # of the event loop, in which an agent that leaves is gone


async def leave(case: Case) -> None:
    """Leave after the first word of a slow answer, then say hello."""
    subject = case.subject
    with case.before():
        case.free_text()
        reader = Reader(subject)
        turn = await subject.say(subject.plan(say=LONG), until=reader.has_heard)
        if not reader.left:
            arrived = LONG.strip() in turn.told or LONG.strip() in str(turn.values)
            raised = f"The turn raised {error_name(turn.error)}." if turn.error else ""
            case.need(arrived and not turn.error, raised or "No answer came.")
        stands_still = reader.left and not reader.in_time and subject.guard.on_loop
        case.need(not stands_still, "The event loop stood still meanwhile: see loop.free.")
    with case.judging("streaming.first_word"):
        case.skip_if(subject.gives_whole, "The turn returns its answer; it does not yield words.")
        case.must(reader.left, "The answer came, but no word of it in the stream.")
        case.must(reader.in_time, "The first word came when the model had written its last.")
    with case.before():
        case.need(reader.in_time, "No word came while the model wrote.")
    with case.judging("streaming.leave"):
        ended, wrote_on, more = await reader.wait_for_the_end()
        case.need(ended, "The model's answer did not end.")
        if subject.guard.threads - {threading.main_thread().ident}:
            saw = "The user left and the model wrote on: a sync node cannot be left."
            case.server_must(not wrote_on, saw, "Your server may stop it another way.")
        how = "was asked again." if more else "wrote on to the end."
        case.must(not wrote_on, f"The user left after the first word, and the model {how}")
    with case.judging("streaming.left_thread"):
        await case.goes_on("After the user left", is_outside=True)


class Reader:
    """Leaves after the first word, while the model writes.

    Args:
        subject: The agent.
        hears: Whether a word of the model has arrived; None: the first one of `LONG`.

    Attributes:
        left: A word came, or of a turn that returns its answer the request, and the reader left.
        in_time: The model had not written its last then.
    """

    def __init__(self, subject: Subject, hears: Callable[[Turn], object] | None = None) -> None:
        self.subject, self.left, self.in_time = subject, False, False
        self.hears = hears or (lambda turn: WORD in turn.shown + "".join(map(str, turn.events)))
        self.writing: list[asyncio.Task] = []
        subject.streams = True
        self.heard = threading.Event()
        # Of a turn that returns its answer the reader leaves before the first word.
        self._write_slowly(first=0.5 if subject.gives_whole else 0.05)

    def has_heard(self, turn: Turn) -> bool:
        """Whether to leave now."""
        is_asked = self.subject.gives_whole and len(self.subject.model.requests) > 0
        if (self.hears(turn) or is_asked) and not self.left:
            self.left = True
            self.in_time = not self.subject.model.requests[-1].answered
            self.heard.set()
            self.writing.append(asyncio.create_task(self._write_on()))
        return self.left

    async def wait_for_the_end(self) -> tuple[bool, bool, bool]:
        """Return whether the answer ended, was written on without a reader, and asked for again."""
        request, count = self.subject.model.requests[-1], len(self.subject.model.requests)
        await asyncio.gather(*self.writing)
        ended = await asyncio.to_thread(request.wait, 10)
        await self.subject.guard.async_sleep(0.1)
        more = len(self.subject.model.requests) > count
        return ended, more or not request.aborted, more

    def _write_slowly(self, first: float) -> None:
        """Let the model pause after each word, until the reader has left; then, or else, hurry.

        What arrives at the moment of a cancellation makes the `asyncio.wait_for` of Python 3.11,
        with which langchain-openai waits for it, forget the cancellation. So the second word comes
        late.

        Args:
            first: Seconds to its first word.
        """
        model, heard, before = self.subject.model, self.heard, len(self.subject.model.requests)
        model.pace(first=first, per_token=LEAVE_SECONDS)

        def hurry() -> None:
            until = time.monotonic() + MAX_ASK_SECONDS
            while len(model.requests) == before and time.monotonic() < until:
                if heard.wait(0.02):
                    break
            if not heard.wait(first + LEAVE_SECONDS):
                model.pace(per_token=0.02)

        threading.Thread(target=hurry, daemon=True).start()

    async def _write_on(self) -> None:
        """Let the model write the rest at once, when an agent that leaves would be gone.

        It has so many turns of the event loop, not seconds: on a busy machine both take longer.
        """
        for _ in range(MAX_WRITING_TURNS):
            if self.subject.model.requests[-1].wait(0):
                break
            await asyncio.sleep(0.03)
        self.subject.model.pace()


async def torn(case: Case) -> None:
    """End a stream in the middle, as if it were whole."""
    subject = case.subject
    with case.judging("streaming.torn"):
        case.free_text()
        subject.streams = True
        subject.fail_answer("truncate", after=4)
        turn = await subject.say(subject.plan(say=LONG))
        met = any(one.stream for one in spoilt(turn, "truncate"))
        case.need(met, "The answer was not asked for as a stream.")
        taken = "" if turn.error else cut_in(turn)
        saw = f"The stream broke after “{taken[:40]}”, and that was taken for the answer."
        case.must(not taken, saw)
        is_seen = turn.error or turn.final.strip() or turn.interrupts
        case.need(is_seen, "What became of the answer was not seen.")


def cut_in(turn: Turn) -> str:
    """Return the cut text that a turn ends with, or puts before a person; "" if it is whole."""
    texts = [turn.final, *values_of(("", [one.value for one in turn.interrupts]))]
    for text in tuple(texts):
        with contextlib.suppress(ValueError):
            texts += values_of(("", json.loads(text)))
    return next(filter(is_cut, texts), "")


def is_cut(text: str) -> bool:
    """Whether a text holds the start of the long answer, and neither its end nor a word more."""
    whole, text = LONG.strip(), text.strip()
    return whole[:6] in text and whole[-12:] not in text and text[-12:] in whole


async def leave_tool(case: Case) -> None:
    """Leave while a tool runs, then say hello."""
    subject = case.subject
    with case.judging("tools.left"):
        look = case.look()
        subject.recorder.before = lambda effect: subject.guard.async_sleep(0.4)
        plan = subject.plan([subject.call(look)])
        task = await case.begin(plan, "t-left", lambda: subject.recorder.effects)
        task.cancel()
        case.need(subject.recorder.effects, "The tool was not reached.")
        await asyncio.wait([task], timeout=3)
        await subject.guard.async_sleep(0.6)
        subject.recorder.before = None
        turn = await subject.hello("t-left")
        how = "with 400." if is_refused(turn) else f": {error_name(turn.error)}."
        case.server_must(
            not (is_refused(turn) or turn.error),
            f"The user left while a tool ran, and then the thread is refused {how}",
            "Your server may repair it.",
        )
        case.need(turn.requests, "The model was not asked in the next turn.")


async def block(case: Case) -> None:
    """Measure the event loop's heartbeat while the model is silent."""
    subject = case.subject
    with case.judging("loop.free"):
        subject.model.pace(first=1.2)
        clock, worst = asyncio.get_running_loop().time, 0.0

        async def beat() -> None:
            nonlocal worst
            while True:
                last = clock()
                await subject.guard.async_sleep(0.01)
                if len(subject.model.requests):
                    worst = max(worst, clock() - last)

        heart = asyncio.create_task(beat())
        subject.guard.slept_on_loop = 0.0
        turn = await subject.hello("t-block")
        await subject.guard.async_sleep(0.02)  # for a last beat
        heart.cancel()
        case.need(turn.requests, "The model was not asked.")
        case.must(
            not subject.guard.on_loop,
            f"An async node asked the model synchronously: the event loop stood still for "
            f"{worst:.1f} s, and all other users waited.",
        )
        slept = subject.guard.slept_on_loop > BLOCKED_SECONDS
        case.must(not slept, "time.sleep ran on the event loop: all other users waited.")
        why = f"The event loop stood still for {worst:.1f} s; this machine may be busy."
        case.need(worst <= BLOCKED_SECONDS, why)
