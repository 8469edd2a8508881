"""What a student's code sees of each fault, and how many requests it made meanwhile."""

from __future__ import annotations

import http.client
import json
import threading
import time

import openai
import pytest
from langchain_core.exceptions import ModelRateLimitError
from langchain_openai import ChatOpenAI
from langchain_openai.chat_models import base as wrapped

from lesson_model.faults import WORDS, Fault
from tests.lesson_model.wire import tool, user, wait_until

QUICK = {"retry_after": 0.01}


def sdk(**options):
    """Return a call with the openai package, over one API or the other."""
    client = openai.OpenAI(**options)

    def call(api):
        if api == "chat":
            return client.chat.completions.create(**user("hello"))
        return client.responses.create(model="m", input="hello")

    return call


def langchain(**options):
    def call(api):
        return ChatOpenAI(model="m", use_responses_api=api == "responses", **options).invoke(
            "hello"
        )

    return call


ERRORS = [  # fault, its options, exception of the SDK, of ChatOpenAI, requests made
    ("rate_limit", QUICK, "RateLimitError", "OpenAIRateLimitError", 3),
    ("quota", QUICK, "RateLimitError", "OpenAIRateLimitError", 3),
    ("server_error", QUICK, "InternalServerError", "OpenAIAPIError", 3),
    ("overloaded", QUICK, "InternalServerError", "OpenAIAPIError", 3),
    ("bad_key", {}, "AuthenticationError", "OpenAIAuthenticationError", 1),
    ("http", {"status": 400}, "BadRequestError", "OpenAIInvalidRequestError", 1),
    ("http", {"status": 401}, "AuthenticationError", "OpenAIAuthenticationError", 1),
    ("http", {"status": 403}, "PermissionDeniedError", "OpenAIPermissionDeniedError", 1),
    ("http", {"status": 404}, "NotFoundError", "OpenAIModelNotFoundError", 1),
    ("http", {"status": 409, **QUICK}, "ConflictError", "ConflictError", 3),
    ("http", {"status": 422}, "UnprocessableEntityError", "UnprocessableEntityError", 1),
    ("http", {"status": 429, **QUICK}, "RateLimitError", "OpenAIRateLimitError", 3),
    ("http", {"status": 502, **QUICK}, "InternalServerError", "OpenAIAPIError", 3),
    ("rate_limit", {"retry_after": 121}, "RateLimitError", "OpenAIRateLimitError", 1),
]


@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize(("word", "options", "plain", "lang", "made"), ERRORS)
@pytest.mark.parametrize("by", ["sdk", "langchain"])
def test_errors_that_last(lesson, api, word, options, plain, lang, made, by):
    lesson.fail(word, times=None, **options)
    kind = getattr(openai, plain)
    if by == "langchain":
        kind = getattr(wrapped, lang, kind)
    with pytest.raises(kind) as caught:
        (sdk if by == "sdk" else langchain)()(api)
    assert type(caught.value) is kind
    assert len(lesson.requests) == made
    assert [request.retry_count for request in lesson.requests] == list(range(made))
    assert {request.fault for request in lesson.requests} == {word}
    assert caught.value.request_id.startswith("req_")


@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize(
    ("word", "options", "times", "retries", "made"),
    [
        ("rate_limit", QUICK, 1, 2, 2),
        ("rate_limit", QUICK, 3, 5, 4),
        ("server_error", QUICK, 1, 2, 2),
        ("overloaded", QUICK, 2, 2, 3),
        ("http", {"status": 409, **QUICK}, 1, 2, 2),
    ],
)
@pytest.mark.parametrize("client", [sdk, langchain])
def test_errors_that_pass(lesson, client, api, word, options, times, retries, made):
    lesson.fail(word, times, **options)
    assert client(max_retries=retries)(api)
    statuses = [request.status for request in lesson.requests]
    assert len(statuses) == made and statuses[-1] == 200 and 200 not in statuses[:-1]


def test_no_retries_means_one_request(lesson):
    lesson.fail("rate_limit", times=None, **QUICK)
    with pytest.raises(openai.RateLimitError):
        langchain(max_retries=0)("chat")
    assert len(lesson.requests) == 1


def test_errors_carry_what_a_handler_needs(lesson):
    lesson.fail("rate_limit", retry_after=0.25)
    with pytest.raises(ModelRateLimitError) as caught:  # the provider-neutral class
        langchain(max_retries=0)("chat")
    error = caught.value
    assert (error.code, error.type) == ("rate_limit_exceeded", "requests")
    assert error.response.headers["retry-after"] == "0.25"
    assert error.response.headers["retry-after-ms"] == "250"
    assert error.response.headers["x-ratelimit-remaining-requests"] == "0"
    lesson.fail("quota")
    with pytest.raises(openai.RateLimitError) as caught:
        langchain(max_retries=0)("chat")
    assert caught.value.code == "insufficient_quota"
    lesson.fail("http", status=404)
    with pytest.raises(openai.NotFoundError) as caught:
        sdk()("chat")
    assert caught.value.code == "model_not_found"


def test_faults_come_one_after_the_other(lesson, ask):
    lesson.fail("rate_limit", times=2)
    lesson.fail("http", status=418)
    lesson.fail("server_error", times=None)
    assert [ask(user("hi"))[0] for _ in range(6)] == [429, 429, 418, 500, 500, 500]
    lesson.reset()
    assert ask(user("hi"))[0] == 200


def test_a_request_that_breaks_a_rule_meets_no_fault(lesson, ask):
    lesson.fail("server_error")
    assert [ask(user("hi", temperature=3))[0], ask(user("hi"))[0]] == [400, 500]
    assert [request.fault for request in lesson.requests] == [None, "server_error"]


def test_models_and_embeddings_meet_no_fault(lesson, ask):
    lesson.fail("server_error")
    assert ask(path="/v1/models", method="GET")[0] == 200
    assert ask({"model": "e", "input": "x"}, "/v1/embeddings")[0] == 200
    assert ask(user("hi"))[0] == 500


@pytest.mark.parametrize("client", [sdk, langchain])
@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize("word", ["timeout", "stall", "slow"])
def test_an_answer_that_takes_too_long(lesson, client, api, word):
    lesson.fail(word, times=None, seconds=20)
    with pytest.raises(openai.APITimeoutError):
        client(timeout=0.5, max_retries=0)(api)
    wait_until(lambda: lesson.requests and lesson.requests[0].aborted)
    assert [request.fault for request in lesson.requests] == [word]


def test_a_timeout_that_passes_is_retried(lesson):
    lesson.fail("timeout", seconds=20)
    assert sdk(timeout=1)("chat")
    assert [request.fault for request in lesson.requests] == ["timeout", None]


def pieces(api, **options):
    """Stream with ChatOpenAI; return what came, and what was raised."""
    model = ChatOpenAI(model="m", use_responses_api=api == "responses", **options)
    came: list[str] = []
    try:
        for chunk in model.stream("tell"):
            came += [chunk.text] if chunk.text else []
    except Exception as error:
        return came, error
    return came, None


STORY = "one two three four five six seven"
HEAD = ["one", " two", " three"]


@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("disconnect", wrapped.OpenAIConnectionError),
        ("truncate", type(None)),
        ("garbage", json.JSONDecodeError),
        ("stall", wrapped.OpenAITimeoutError),
    ],
)
def test_streams_that_break(lesson, api, word, kind):
    lesson.when("tell").says(STORY)
    lesson.fail(word, times=None, seconds=20)
    came, error = pieces(api, timeout=1 if word == "stall" else 60)
    assert (came, type(error)) == (HEAD, kind)
    assert len(lesson.requests) == 1  # a stream that has begun is never retried


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_stall_that_ends_in_time_loses_nothing(lesson, api):
    lesson.when("tell").says(STORY)
    lesson.fail("stall", seconds=0.1, after=2)
    assert "".join(pieces(api)[0]) == STORY


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("disconnect", openai.APIConnectionError),
        ("truncate", json.JSONDecodeError),
        ("garbage", json.JSONDecodeError),
    ],
)
@pytest.mark.parametrize("api", ["chat", "responses"])
def test_json_answers_that_break(lesson, api, word, kind):
    lesson.fail(word, times=None)
    with pytest.raises(kind):
        sdk(max_retries=0)(api)


@pytest.mark.parametrize("after", [0, 1, 100])
def test_a_truncated_stream_ends_without_a_finish_reason(lesson, frames, ask, after):
    lesson.when("tell").says(STORY)
    lesson.fail("truncate", after=after)
    _, _, data = ask(user("tell", stream=True))
    chunks = [json.loads(line[6:]) for line in data.decode().split("\n\n") if line]
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in chunks)
    said = "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks)
    assert said == {0: "", 1: "one", 100: STORY}[after]


def invoke(api, text="call add"):
    model = ChatOpenAI(model="m", use_responses_api=api == "responses")
    return model.bind_tools([tool("add", a="integer")]).invoke(text)


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_tool_calls_that_are_wrong(lesson, api):
    lesson.when("call").calls("add", a=1)
    assert invoke(api).tool_calls[0]["args"] == {"a": 1}
    lesson.fail("bad_arguments")
    message = invoke(api)
    assert not message.tool_calls and message.invalid_tool_calls[0]["name"] == "add"
    lesson.fail("unknown_tool")
    (call,) = invoke(api).tool_calls
    assert (call["name"], call["args"]) == ("no_such_tool", {"a": 1})
    lesson.fail("wrong_types")
    assert invoke(api).tool_calls[0]["args"] == {"a": [1]}


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_answers_that_are_not_what_was_hoped_for(lesson, api):
    lesson.when("tell").says(STORY)
    lesson.fail("length")
    lesson.fail("content_filter")
    lesson.fail("refusal")
    lesson.fail("empty")
    cut, filtered, refused, empty = (invoke(api, "tell") for _ in range(4))
    assert (cut.text, filtered.text, empty.text) == ("one two three", "", "")
    assert "can't assist" in str(refused.additional_kwargs) + str(refused.content)
    if api == "chat":
        reasons = [m.response_metadata["finish_reason"] for m in (cut, filtered, refused, empty)]
        assert reasons == ["length", "content_filter", "stop", "stop"]
    else:
        details = [m.response_metadata["incomplete_details"] for m in (cut, filtered)]
        assert [detail["reason"] for detail in details] == ["max_output_tokens", "content_filter"]


def test_unknown_words_and_values_are_refused_with_a_cure(lesson):
    with pytest.raises(ValueError, match="rate_limit, quota, server_error"):
        lesson.fail("meteor")
    with pytest.raises(ValueError, match="needs a status"):
        lesson.fail("http")
    for options in (
        {"status": 200},
        {"times": 0},
        {"times": 1.5},
        {"times": True},
        {"after": -1},
        {"seconds": -1},
        {"retry_after": -1},
        {"per_token": -1},
    ):
        with pytest.raises(ValueError):
            lesson.fail("rate_limit", **options)
    assert len(lesson.state.faults) == 0


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_every_fault_changes_its_own_answer_only(lesson, ask, word, stream, path):
    add = tool("add", a="integer")
    body = user("call", tools=[add])
    if not path.endswith("completions"):
        flat = {"type": "function", **add["function"]}
        body = {"model": "m", "input": "call", "tools": [flat]}

    def send():
        """Return status and body, and the seconds they took."""
        lesson.when("call").calls("add", a=1)
        begun = time.monotonic()
        status, _, data = ask({**body, "stream": stream}, path)
        return (status, data), time.monotonic() - begun

    whole, _ = send()
    lesson.reset()  # and count from one again
    lesson.fail(word, seconds=0.2, per_token=0.0, status=500)
    try:
        answer, seconds = send()
    except (OSError, http.client.IncompleteRead) as error:
        assert word == "disconnect", error
    else:
        wait = Fault(word, seconds=0.2, status=500).wait
        assert answer != whole or 0 < wait <= seconds, f"nothing plays {word!r}"
    status, _, data = ask(body, path)
    assert status == 200 and json.loads(data)
    assert [request.fault for request in lesson.requests] == [word, None]


@pytest.mark.parametrize("end", ["reset", "scratch"])
@pytest.mark.parametrize("word", ["timeout", "stall", "slow"])
def test_waiting_faults_end_with_their_state(lesson, word, end):
    """No thread is left behind waiting when a lesson goes on."""
    before = threading.active_count()
    caught: list[Exception] = []

    def call():
        try:
            sdk(max_retries=0)("chat")
        except openai.APIConnectionError as error:
            caught.append(error)

    client = threading.Thread(target=call)
    with lesson.scratch() as model:
        model.fail(word, seconds=60)
        client.start()
        wait_until(lambda: model.requests and model.requests[0].status)
        if end == "reset":
            model.reset()
            client.join(60)
    client.join(60)
    assert not client.is_alive() and len(caught) == 1
    wait_until(lambda: threading.active_count() <= before)
