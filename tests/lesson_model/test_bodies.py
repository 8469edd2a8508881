"""Every body, frame and event is what the openai package's own types describe, and no more."""

from __future__ import annotations

import base64
import functools
import json
import struct

import pytest
from openai.types import CreateEmbeddingResponse, Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

from tests.lesson_model.wire import tool, user

TOOLS = [tool("look_up", city="string"), tool("add", a="integer", b="integer")]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CASES = {
    "plain": user("say it"),
    "usage": user("say it", stream_options={"include_usage": True}),
    "calls": user("call both", tools=TOOLS),
    "calls and text": user("talk and call", tools=TOOLS),
    "forced": user("call both", tools=TOOLS, tool_choice="required"),
    "several": user("say it", n=2),
    "several calls": user("call both", n=2, tools=TOOLS, stream_options={"include_usage": True}),
    "logprobs": user("say it", logprobs=True, top_logprobs=2),
    "cut": user("say it", max_tokens=3),
    "stopped": user("say it", stop=["brown"]),
    "json": user(
        "the city is Oslo",
        response_format={"type": "json_schema", "json_schema": {"name": "c", "schema": SCHEMA}},
    ),
    "lone surrogate": user("say it \ud83d and \x00"),
}
SPOILT = ("bad_arguments", "unknown_tool", "wrong_types", "length", "content_filter")
SPOILT += ("refusal", "empty")


@pytest.fixture
def lesson(lesson):
    lesson.when("say it").says("The quick brown fox jumps over the lazy dog. Ärger, 你好!")
    lesson.when("call both").calls("look_up", city="Oslo").calls("add", a=1, b=2)
    lesson.when("talk and call").says("Let me see.").calls("look_up", city="Oslo")
    return lesson


adapter = functools.cache(TypeAdapter)


def valid(kind, data):
    """Validate against a type, and refuse any field it does not know."""
    parsed = adapter(kind).validate_python(data)
    check_no_extra(parsed)
    return parsed


def check_no_extra(value):
    if isinstance(value, BaseModel):
        assert not value.model_extra, f"{type(value).__name__} has no {list(value.model_extra)}"
        for name in value.model_fields_set:
            check_no_extra(getattr(value, name))
    elif isinstance(value, list):
        for item in value:
            check_no_extra(item)


def assembled(chunks, index):
    """Put the deltas of one choice together as its message."""
    message: dict = {"role": None, "content": None, "refusal": None}
    finishes: list[str | None] = []
    calls: list[dict] = []
    for chunk in chunks:
        for choice in chunk["choices"]:
            if choice["index"] != index:
                continue
            delta = choice["delta"]
            finishes.append(choice["finish_reason"])
            for name in ("role", "content", "refusal"):
                if delta.get(name) is not None:
                    message[name] = (message[name] or "") + delta[name]
            for part in delta.get("tool_calls", ()):
                if part["index"] == len(calls):
                    calls.append({name: part[name] for name in ("id", "type", "function")})
                else:
                    calls[part["index"]]["function"]["arguments"] += part["function"]["arguments"]
    if calls:
        message["tool_calls"] = calls
    *early, finish = finishes
    assert not any(early)  # only the last frame ends the choice
    return message, finish


@pytest.mark.parametrize("fault", [None, *SPOILT])
@pytest.mark.parametrize("case", CASES)
def test_chat_stream_says_what_the_json_answer_says(lesson, ask, frames, case, fault):
    body = dict(CASES[case])
    options = body.pop("stream_options", None)
    ids = lesson.state.ids
    if fault:
        lesson.fail(fault, times=2)
    status, _, data = ask(body)
    assert status == 200, data
    whole = json.loads(data)
    valid(ChatCompletion, whole)
    ids._seen.clear()  # the same request again gets the same ids, so both can be compared
    chunks = frames({**body, "stream_options": options} if options else body)
    for chunk in chunks:
        valid(ChatCompletionChunk, chunk)
    assert {chunk["id"] for chunk in chunks} == {whole["id"]}
    for choice in whole["choices"]:
        message, finish = assembled(chunks, choice["index"])
        expected = {**choice["message"]}
        expected.pop("annotations")
        assert (message, finish) == (expected, choice["finish_reason"])
    if options:
        assert chunks[-1]["choices"] == [] and chunks[-1]["usage"] == whole["usage"]
        assert all(chunk["usage"] is None for chunk in chunks[:-1])
    else:
        assert all("usage" not in chunk for chunk in chunks)


def test_a_tool_call_streams_as_recorded_traffic_does(lesson, frames):
    first, *middle, last = frames(CASES["calls"])
    delta = first["choices"][0]["delta"]
    assert (delta["role"], delta["content"]) == ("assistant", None)
    (call,) = delta["tool_calls"]
    assert set(call) == {"index", "id", "type", "function"}
    assert call["function"] == {"name": "look_up", "arguments": ""}
    (part,) = middle[0]["choices"][0]["delta"]["tool_calls"]
    assert set(part) == {"index", "function"} and set(part["function"]) == {"arguments"}
    assert last["choices"][0]["delta"] == {}
    assert last["choices"][0]["finish_reason"] == "tool_calls"


def test_options_shape_the_answer(lesson, ask):
    def choices(case, **more):
        return json.loads(ask({**CASES[case], **more})[2])["choices"]

    assert choices("cut")[0]["message"]["content"] == "The quick brown"
    assert choices("cut")[0]["finish_reason"] == "length"
    assert choices("stopped")[0]["message"]["content"] == "The quick "
    assert len(choices("several")) == 2
    named = {"type": "function", "function": {"name": "look_up"}}
    (choice,) = choices("calls", tool_choice=named)
    assert choice["finish_reason"] == "stop"  # so does the real API when the call is forced by name
    pieces = choices("logprobs")[0]["logprobs"]["content"]
    assert "".join(piece["token"] for piece in pieces).startswith("The quick brown fox")


@pytest.mark.parametrize("fault", [None, *SPOILT])
@pytest.mark.parametrize("text", ["say it", "call both", "talk and call"])
def test_responses_events_lead_to_the_json_answer(lesson, ask, frames, text, fault):
    tools = [{"type": "function", **item["function"]} for item in TOOLS]
    body = {"model": "gpt-6", "input": text, "tools": tools, "reasoning": {"effort": "low"}}
    ids = lesson.state.ids
    if fault:
        lesson.fail(fault, times=2)
    status, _, data = ask(body, "/v1/responses")
    assert status == 200, data
    whole = json.loads(data)
    valid(Response, whole)
    ids._seen.clear()
    events = frames(body, "/v1/responses")
    for number, event in enumerate(events):
        valid(ResponseStreamEvent, event)
        assert event["sequence_number"] == number
    assert events[-1]["response"] == whole
    assert events[-1]["type"] == f"response.{whole['status']}"
    said = "".join(e["delta"] for e in events if e["type"] == "response.output_text.delta")
    texts = [p["text"] for i in whole["output"] for p in i.get("content", ()) if "text" in p]
    assert said == "".join(texts)


def test_ids_depend_on_the_request_and_how_often_it_came(lesson, ask):
    def id_of(text):
        return json.loads(ask(user(text))[2])["id"]

    first = [id_of("one"), id_of("one"), id_of("two")]
    assert len(set(first)) == 3
    lesson.reset()
    assert [id_of("two"), id_of("one"), id_of("one")] == [first[2], first[0], first[1]]


def test_responses_keep_to_the_tokens_they_may_have(lesson, ask):
    lesson.when("tell").says("word " * 40)
    body = {"model": "m", "input": "tell", "max_output_tokens": 16}
    whole = json.loads(ask(body, "/v1/responses")[2])
    assert whole["incomplete_details"] == {"reason": "max_output_tokens"}
    assert whole["output"][0]["content"][0]["text"].split() == ["word"] * 16


def test_responses_go_on_from_a_stored_one(lesson, ask):
    first = json.loads(ask({"model": "m", "input": "My name is Ada."}, "/v1/responses")[2])
    more = {"model": "m", "input": "What is my name?", "previous_response_id": first["id"]}
    status, _, data = ask(more, "/v1/responses")
    assert status == 200 and b"Ada" in data
    unknown = {**more, "previous_response_id": "resp_none"}
    status, _, data = ask(unknown, "/v1/responses")
    assert (status, json.loads(data)["error"]["code"]) == (400, "previous_response_not_found")


@pytest.mark.parametrize("given", ["a text", ["two", "texts"], [1, 2, 3], [[1], [2, 3]]])
def test_embeddings(ask, given):
    body = {"model": "text-embedding-3-small", "input": given, "dimensions": 64}
    floats = json.loads(ask(body, "/v1/embeddings")[2])
    valid(CreateEmbeddingResponse, floats)
    encoded = json.loads(ask({**body, "encoding_format": "base64"}, "/v1/embeddings")[2])
    for plain, packed in zip(floats["data"], encoded["data"], strict=True):
        vector = struct.unpack("<64f", base64.b64decode(packed["embedding"]))
        assert vector == pytest.approx(plain["embedding"], abs=1e-6)
        assert sum(number * number for number in vector) == pytest.approx(1, abs=1e-5)


def test_embeddings_of_texts_that_share_words_are_close(ask):
    body = {"model": "e", "input": ["red apples", "green apples", "SQL database"]}
    first, second, third = (
        item["embedding"] for item in json.loads(ask(body, "/v1/embeddings")[2])["data"]
    )
    assert len(first) == 1536

    def closeness(one, other):
        return sum(a * b for a, b in zip(one, other, strict=True))

    assert closeness(first, second) > closeness(first, third) + 0.2


def test_models(lesson, ask):
    listed = json.loads(ask(path="/v1/models", method="GET")[2])
    assert [valid(Model, item).id for item in listed["data"]][0] == lesson.name
    one = json.loads(ask(path="/v1/models/any-name", method="GET")[2])
    assert valid(Model, one).id == "any-name"
