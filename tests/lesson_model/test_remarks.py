"""What the log says a client did wrong - and what it does not say of a client that did right."""

from __future__ import annotations

import contextlib
import threading
import time

import openai
import pytest
from langchain_openai import ChatOpenAI

from tests.lesson_model.wire import user, wait_until


def remarks(lesson):
    return [request.remarks for request in lesson.requests]


def test_a_client_that_does_right_gets_no_remark(lesson, ask):
    lesson.fail("rate_limit", retry_after=0.05)
    lesson.fail("server_error")
    assert ChatOpenAI(model="m").invoke("hi")
    for _ in range(3):
        ask(user("the same again"))
    assert len(lesson.requests) == 6 and not any(remarks(lesson))


def test_retrying_before_retry_after_is_over(lesson, ask):
    lesson.fail("rate_limit", times=2, retry_after=30)
    lesson.fail("rate_limit", retry_after=0.05)
    for _ in range(3):
        ask(user("hi"))
    ask(user("another"))  # not the request that was told to wait
    time.sleep(0.06)  # the last answer said 0.05 s
    ask(user("hi"))
    early = ("retried before Retry-After (30 s) was over",)
    assert remarks(lesson) == [(), early, early, (), ()]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_repeating_what_was_refused(lesson, ask, status):
    lesson.fail("http", status=status)
    ask(user("hi"))
    ask(user("hi"), key="sk-another")  # another key is another request
    ask(user("other"))
    ask(user("hi"))
    ask(user("hi"))  # the one before was answered
    again = (f"repeated a request that was refused with {status}",)
    assert remarks(lesson) == [(), (), (), again, ()]


def test_repeating_a_request_that_breaks_a_rule(lesson, ask):
    for _ in range(2):
        ask(user("hi", temperature=3))
    assert remarks(lesson) == [(), ("repeated a request that was refused with 400",)]


def test_waiting_for_a_quota(lesson):
    lesson.fail("quota", times=None, retry_after=0.001)
    with pytest.raises(openai.RateLimitError):
        openai.OpenAI(max_retries=1).chat.completions.create(**user("hi"))
    useless = "retried after insufficient_quota, which no waiting cures"
    assert remarks(lesson) == [(), (useless,)]


def test_a_storm(lesson, ask):
    def one(text):
        with contextlib.suppress(Exception):  # its answer is cut off below
            ask(user(text))

    lesson.pace(first=60)
    for text in ("hi", "hi", "another", "hi", "hi"):
        threading.Thread(target=one, args=(text,)).start()
    wait_until(lambda: len(lesson.requests) == 5)
    said = sorted(remark for request in lesson.requests for remark in request.remarks)
    assert said == [f"sent the same request {count} times at once" for count in (3, 4)]
    lesson.pace()
    lesson.state.ended.set()
    wait_until(lambda: not lesson.state.log._unanswered)
    ask(user("hi"))
    assert not lesson.requests[-1].remarks  # the storm is over


@pytest.mark.parametrize("use_responses_api", [False, True])
def test_taking_a_truncated_answer_for_whole(lesson, use_responses_api):
    lesson.when("tell").says("one two three four five")
    model = ChatOpenAI(model="m", use_responses_api=use_responses_api)
    lesson.fail("truncate")
    cut = "".join(chunk.text for chunk in model.stream("tell"))
    assert cut == "one two three"
    history = [("user", "tell"), ("assistant", cut), ("user", "go on")]
    model.invoke(history)
    model.invoke([history[0], ("assistant", "one two three four five"), history[2]])
    model.invoke("one two three")  # the user may say it
    assert remarks(lesson) == [(), ("took a truncated answer for whole",), (), ()]


def test_a_new_slate_knows_nothing_of_the_old(lesson, ask):
    lesson.fail("http", status=400)
    ask(user("hi"))
    with lesson.scratch() as model:
        ask(user("hi"))
        assert remarks(model) == [()]
    ask(user("hi"))
    assert remarks(lesson) == [(), ("repeated a request that was refused with 400",)]


def test_a_client_may_ask_again_before_the_server_has_tidied_up(lesson, ask, monkeypatch):
    log, late = lesson.state.log, []
    monkeypatch.setattr(log, "note_finished", late.append)  # as a busy machine would: later
    for _ in range(3):
        ask(user("the same again"))
    assert remarks(lesson) == [(), (), ()]
    for request in late:
        type(log).note_finished(log, request)
