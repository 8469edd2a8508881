"""Tokens come one by one, and stop coming when the client leaves.

Times are those the server notes or waits for; nothing here asserts on how fast a machine is.
"""

from __future__ import annotations

import asyncio
import threading
import time

import openai
import pytest
from langchain_openai import ChatOpenAI

from lesson_model.answer import Answer, Stream
from lesson_model.faults import Fault
from lesson_model.wire.delivery import BREAK, delivery_steps
from tests.lesson_model.wire import user, wait_until


def played(body, tokens=4, first=0.5, per_token=0.1, fault=None):
    """Return the steps of an answer, bytes as text and the head as its length."""
    answer = Answer(200, body, tokens=tokens, fault=fault)
    made = delivery_steps(
        answer, lambda length: b"<%b>" % str(length).encode(), first, lambda: per_token
    )
    return [step.decode() if isinstance(step, bytes) else step for step in made]


def stream():
    return Stream.of([("role.", False), ("a.", True), ("b.", True), ("c.", True), ("end.", False)])


END = "0\r\n\r\n"
PACED = ["<None>", 0.5, "7\r\nrole.a.\r\n", 0.1, "2\r\nb.\r\n", 0.1, "2\r\nc.\r\n"]
TAIL = "4\r\nend.\r\n" + END


def test_a_stream_waits_before_the_first_token_and_between_tokens():
    assert played(stream()) == [*PACED, TAIL]


def test_a_stream_without_pace_is_one_piece():
    assert played(stream(), per_token=0.0) == ["<None>", 0.5, "f\r\nrole.a.b.c.end.\r\n" + END]


def test_a_json_answer_waits_for_all_its_tokens():
    assert played(b"body", per_token=0.25) == [0.5, *[0.25] * 4, "<4>", "body"]


@pytest.mark.parametrize(
    ("word", "end"),
    [
        ("disconnect", [BREAK]),
        ("truncate", [END]),
        ("garbage", ["40\r\ndata: ", END]),
        ("stall", [7.0, "2\r\nc.\r\n", TAIL]),
    ],
)
def test_faults_strike_after_so_many_tokens(word, end):
    made = played(stream(), fault=Fault(word, after=2, seconds=7.0))
    made = [s[:10] if isinstance(s, str) and "garbage" in s else s for s in made]
    assert made == [*PACED[:5], *end]


def test_slow_and_timeout_wait():
    slow = played(stream(), fault=Fault("slow", seconds=3.0, per_token=2.0))
    assert slow == ["<None>", 3.0, *[2.0 if step == 0.1 else step for step in PACED[2:]], TAIL]
    assert played(stream(), fault=Fault("timeout", seconds=3.0)) == [3.0, *PACED, TAIL]


@pytest.mark.parametrize("streaming", [True, False])
def test_a_new_pace_holds_for_an_answer_on_its_way(lesson, streaming):
    lesson.when("tell").says("word " * 1000)
    lesson.pace(per_token=2)  # 33 minutes in all
    timer, too_long = threading.Timer(0.2, lesson.pace), threading.Timer(60, lesson.reset)
    timer.start()
    too_long.start()  # breaks an answer off that keeps the old pace
    model = ChatOpenAI(model="m", streaming=streaming, timeout=60, max_retries=0)
    try:
        assert model.invoke("tell").text.count("word") == 1000
    finally:
        too_long.cancel()
    timer.join()


def test_tokens_really_come_apart(lesson):
    lesson.when("tell").says("one two three")
    lesson.pace(first=0.1, per_token=0.1)
    came = []
    for chunk in ChatOpenAI(model="m").stream("tell"):
        if chunk.text:
            came.append((chunk.text, time.monotonic()))
    assert [text for text, _ in came] == ["one", " two", " three"]
    start = lesson.requests[0].at
    for number, (_, at) in enumerate(came, start=1):
        assert at - start >= 0.1 * number * 0.99


@pytest.mark.parametrize("use_responses_api", [False, True])
async def test_cancelling_a_stream_stops_the_generation(lesson, use_responses_api):
    model = ChatOpenAI(model="m", use_responses_api=use_responses_api)
    # With openai 3.54, the first stream of the Responses API in a process takes no notice of being
    # cancelled at its first words and is read to the end, whatever serves it.
    assert [chunk async for chunk in model.astream("hi")]
    lesson.reset()
    lesson.when("tell").says("word " * 1000)
    # Nothing may arrive at the moment of the cancellation: the `asyncio.wait_for` of Python 3.11,
    # which langchain-openai waits with, then returns what arrived and forgets the cancellation.
    lesson.pace(per_token=60)
    begun = asyncio.Event()

    async def read():
        async for chunk in model.astream("tell"):
            if chunk.text:
                begun.set()

    reading = asyncio.create_task(read())
    waiting = asyncio.create_task(begun.wait())
    await asyncio.wait([reading, waiting], return_when=asyncio.FIRST_COMPLETED)
    assert begun.is_set(), await reading
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    # In a thread: the connection may be closed by a task that this loop has yet to run.
    await asyncio.to_thread(wait_until, lambda: lesson.requests[0].aborted)


def test_a_client_that_gives_up_on_a_json_answer_is_noticed(lesson):
    lesson.pace(first=20)
    with pytest.raises(openai.APITimeoutError):
        openai.OpenAI(timeout=0.5, max_retries=0).chat.completions.create(**user("hi"))
    wait_until(lambda: lesson.requests and lesson.requests[0].aborted)


def test_who_stays_to_the_end_has_not_left(lesson):
    lesson.when("tell").says("one two three")
    lesson.pace(per_token=0.01)
    assert "".join(chunk.text for chunk in ChatOpenAI(model="m").stream("tell"))
    assert ChatOpenAI(model="m").invoke("tell")
    assert [request.aborted for request in lesson.requests] == [False, False]
    assert [request.stream for request in lesson.requests] == [True, False]


def test_a_negative_pace_is_refused(lesson):
    with pytest.raises(ValueError, match="from 0"):
        lesson.pace(first=-1)
