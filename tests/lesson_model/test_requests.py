"""What the real API refuses is refused, with its status, type, param, code and sentence."""

from __future__ import annotations

import json

import pytest

from tests.lesson_model.wire import tool, user

CALL = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
ASKED = {"role": "user", "content": "add"}
CALLED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "3"}
JSON_MODE = {"type": "json_object"}


def talk(*messages, **more):
    return {"model": "m", "messages": list(messages), **more}


def called(**changes):
    changed = {name: value for name, value in {**CALL, **changes}.items() if value is not None}
    return talk(ASKED, {**CALLED, "tool_calls": [changed]}, RESULT)


BAD = [  # body, param, code, words of the message
    (talk(), "messages", "empty_array", "Invalid 'messages': empty array."),
    ({"model": "m"}, "messages", "missing_required_parameter", "Missing required parameter"),
    ({"messages": [ASKED]}, None, None, "you must provide a model parameter"),
    (talk(ASKED, CALLED), "messages", None, "did not have response messages: c1"),
    (talk(ASKED, CALLED, ASKED), "messages.[2].role", None, "must be followed by tool messages"),
    (talk(ASKED, RESULT), "messages.[1].role", None, "a preceeding message with 'tool_calls'"),
    (talk(ASKED, CALLED, RESULT, RESULT), "messages.[3].role", None, "preceeding"),
    (talk({"role": "robot", "content": "x"}), "messages[0].role", "invalid_value", "'robot'"),
    (user("x", temperature=3), "temperature", "decimal_above_max_value", "<= 2, but got 3"),
    (user("x", temperature=-1), "temperature", "decimal_below_min_value", ">= 0, but got -1"),
    (user("x", n=0), "n", "integer_below_min_value", ">= 1"),
    (user("x", n=129), "n", "integer_above_max_value", "<= 128"),
    (user("x", max_tokens=0), "max_tokens", "integer_below_min_value", ">= 1"),
    (user("x", surprise=1), None, None, "Unrecognized request argument supplied: surprise"),
    (user("x", tools=[tool("two words")]), "tools[0].function.name", "invalid_value", "pattern"),
    (user("x", tools=[tool("a" * 65)]), "tools[0].function.name", "string_above_max_length", "64"),
    (user("x", tool_choice="required"), "tool_choice", None, "only allowed when 'tools'"),
    (user("x", response_format=JSON_MODE), "messages", None, "must contain the word 'json'"),
    (user("x", stream_options={}), "stream_options", None, "only allowed when 'stream'"),
    (user("x", top_logprobs=2), "top_logprobs", None, "'logprobs' is enabled"),
    (user("x", stop=["a"] * 5), "stop", "array_above_max_length", "maximum length 4"),
    (
        user("x", tools=[tool("add")], tool_choice={"type": "function", "function": {"name": "b"}}),
        "tool_choice",
        None,
        "Tool choice 'b' not found in 'tools' parameter.",
    ),
    ([], None, None, "could not parse the JSON body"),
    # wrong types, anywhere
    ({"model": 7, "messages": [ASKED]}, "model", "invalid_type", "expected a string, but got an"),
    ({"model": "m", "messages": "hi"}, "messages", "invalid_type", "expected an array"),
    (talk("hi"), "messages[0]", "invalid_type", "expected an object"),
    (talk({"content": "x"}), "messages[0].role", "missing_required_parameter", "messages[0].role"),
    (talk({"role": "user", "content": 7}), "messages[0].content", "invalid_type", "an integer"),
    (talk({"role": "user"}), "messages.[0].content", None, "expected a string, got null"),
    (talk({**ASKED, "mood": "x"}), "messages[0].mood", "unknown_parameter", "Unknown parameter"),
    (
        talk({"role": "user", "content": [{"type": "smell"}]}),
        "messages[0].content[0].type",
        "invalid_value",
        "'smell'",
    ),
    (
        talk({"role": "user", "content": [{"type": "text"}]}),
        "messages[0].content[0].text",
        "missing_required_parameter",
        "content[0].text",
    ),
    (user("x", tools={}), "tools", "invalid_type", "expected an array, but got an object"),
    (user("x", tools=["add"]), "tools[0]", "invalid_type", "expected an object"),
    (user("x", tools=[{}]), "tools[0].type", "missing_required_parameter", "tools[0].type"),
    (user("x", tool_choice=7, tools=[tool("a")]), "tool_choice", "invalid_type", "an integer"),
    (user("x", temperature="warm"), "temperature", "invalid_type", "but got a string"),
    (user("x", temperature=True), "temperature", "invalid_type", "but got a boolean"),
    (user("x", n=1.5), "n", "invalid_type", "expected an integer, but got a decimal"),
    (user("x", stream="yes"), "stream", "invalid_type", "expected a boolean"),
    (user("x", stop=7), "stop", "invalid_type", "expected one of a string or array"),
    (user("x", stop=[7]), "stop[0]", "invalid_type", "expected a string"),
    (user("x", response_format="json"), "response_format", "invalid_type", "an object"),
    (user("x", response_format={}), "response_format.type", "missing_required_parameter", ""),
    (
        user("x", tools=[tool("add", a="numbre")]),
        "tools[0].function.parameters",
        "invalid_function_parameters",
        "Invalid schema for function 'add': 'numbre' is not one of",
    ),
    (called(id=None), "messages[1].tool_calls[0].id", "missing_required_parameter", "[0].id"),
    (called(id=7), "messages[1].tool_calls[0].id", "invalid_type", "expected a string"),
    (called(function="add"), "messages[1].tool_calls[0].function", "invalid_type", "an object"),
    (
        called(function={"name": "add", "arguments": {}}),
        "messages[1].tool_calls[0].function.arguments",
        "invalid_type",
        "expected a string, but got an object",
    ),
    (
        talk(ASKED, {**CALLED, "tool_calls": []}),
        "messages[1].tool_calls",
        "empty_array",
        "empty array",
    ),
]


STREAMS = [
    ({**body, "stream": True}, *expected)
    for body, *expected in BAD
    if isinstance(body, dict) and not {"stream", "stream_options"} & set(body)
]


@pytest.mark.parametrize(("body", "param", "code", "words"), BAD + STREAMS)
def test_a_bad_chat_request_is_a_400(lesson, ask, body, param, code, words):
    status, headers, data = ask(body)
    error = json.loads(data)["error"]
    assert (status, error["type"]) == (400, "invalid_request_error")
    assert (error["param"], error["code"]) == (param, code)
    assert words in error["message"]
    assert headers["content-type"] == "application/json"
    assert headers["x-request-id"].startswith("req_")
    assert lesson.requests[-1].status == 400


FUNCTION_CALL = {"type": "function_call", "call_id": "c1", "name": "add", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "3"}
BAD_RESPONSES = [
    ({"input": "x"}, "model", "missing_required_parameter", "'model'"),
    ({"model": "m", "input": 7}, "input", "invalid_type", "an integer"),
    ({"model": "m", "input": ["x"]}, "input[0]", "invalid_type", "an object"),
    ({"model": "m", "input": [{}]}, "input[0].role", "missing_required_parameter", "role"),
    ({"model": "m", "input": "x", "surprise": 1}, "surprise", "unknown_parameter", "Unknown"),
    ({"model": "m", "input": [FUNCTION_CALL]}, "input", None, "No tool output found for function"),
    ({"model": "m", "input": [OUTPUT]}, "input", None, "No tool call found for function call"),
    (
        {"model": "m", "input": "x", "max_output_tokens": 3},
        "max_output_tokens",
        "integer_below_min_value",
        ">= 16",
    ),
    ({"model": "m", "input": "x", "tools": {}}, "tools", "invalid_type", "an array"),
    ({"model": "m", "input": "x", "text": {"format": 7}}, "text.format", "invalid_type", "object"),
]


@pytest.mark.parametrize(("body", "param", "code", "words"), BAD_RESPONSES)
def test_a_bad_responses_request_is_a_400(ask, body, param, code, words):
    status, _, data = ask(body, "/v1/responses")
    error = json.loads(data)["error"]
    assert (status, error["type"]) == (400, "invalid_request_error")
    assert (error["param"], error["code"]) == (param, code)
    assert words in error["message"]


BAD_EMBEDDINGS = [
    {"input": "x"},
    {"model": "e"},
    {"model": "e", "input": ""},
    {"model": "e", "input": []},
    {"model": "e", "input": ["x", 7]},
    {"model": "e", "input": {"text": "x"}},
    {"model": "e", "input": "x", "dimensions": "many"},
    {"model": "e", "input": "x", "dimensions": 0},
    {"model": "e", "input": "x", "surprise": 1},
]


@pytest.mark.parametrize("body", BAD_EMBEDDINGS)
def test_a_bad_embeddings_request_is_a_400(ask, body):
    assert ask(body, "/v1/embeddings")[0] == 400


SCHEMA = {
    "$defs": {"Size": {"enum": ["S", "M"], "type": "string"}},
    "type": "object",
    "properties": {
        "size": {"$ref": "#/$defs/Size"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "limit": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
    },
    "required": ["size"],
}
FUNCTION = {"name": "search", "description": "Search.", "parameters": SCHEMA}


def test_any_replacement_of_any_value_is_answered_or_refused(lesson, ask):
    """No value in a request, replaced by any other, breaks the lesson model itself."""
    chat = talk(
        {"role": "system", "content": "s"},
        {"role": "user", "content": [{"type": "text", "text": "add"}], "name": "ann"},
        CALLED,
        RESULT,
        tools=[tool("add", a="integer"), {"type": "function", "function": FUNCTION}],
        tool_choice={"type": "function", "function": {"name": "add"}},
        response_format={"type": "json_schema", "json_schema": {"name": "s", "schema": SCHEMA}},
        stop=["x"],
        n=1,
        stream=True,
        stream_options={"include_usage": True},
    )
    responses = {
        "model": "m",
        "instructions": "i",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "add"}]},
            FUNCTION_CALL,
            OUTPUT,
        ],
        "tools": [{"type": "function", "name": "add", "parameters": {"type": "object"}}],
        "tool_choice": {"type": "function", "name": "add"},
        "text": {"format": {"type": "json_schema", "name": "s", "schema": {}}},
        "reasoning": {"effort": "low"},
    }
    embeddings = {"model": "e", "input": ["x"], "dimensions": 8, "encoding_format": "float"}
    wrong = [None, True, 7, 1.5, "", "word", [], [7], [None], {}, {"a": 7}, [[]], [{}]]
    seen = set()
    for path, body in (
        ("/v1/chat/completions", chat),
        ("/v1/responses", responses),
        ("/v1/embeddings", embeddings),
    ):
        assert ask(body, path)[0] == 200
        for place in places(body):
            for value in wrong:
                status, _, data = ask(replaced(body, place, value), path)
                assert status in (200, 400), (path, place, value, data)
                seen.add(status)
    assert seen == {200, 400}


def places(value, before=()):
    """Yield the way to every value inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    for key, item in inner:
        yield (*before, key)
        yield from places(item, (*before, key))


def replaced(value, place, new):
    """Return a copy of a JSON value with another one in one place."""
    copy = json.loads(json.dumps(value))
    holder = copy
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = new
    return copy


@pytest.mark.parametrize("key", [None, "", "wrong", "Sk-x", "a-wrong-key-of-some-length"])
def test_a_bad_key_is_a_401(ask, key):
    status, _, data = ask(user("hi"), key=key)
    error = json.loads(data)["error"]
    assert status == 401
    assert error["code"] == ("invalid_api_key" if key else None)
    assert "key-of-some" not in error["message"]  # masked


def test_too_long_a_conversation_is_a_400(lesson, ask):
    lesson.context_window = 50
    assert ask(user("word " * 20))[0] == 200
    status, _, data = ask(user("word " * 60))
    assert (status, json.loads(data)["error"]["code"]) == (400, "context_length_exceeded")
    lesson.reset()
    assert ask(user("word " * 60))[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/", 404),
        ("POST", "/v1/chat/completion", 404),
        ("POST", "/v1/completions", 404),
        ("GET", "/_lesson/nothing", 404),
        ("GET", "/v1/chat/completions", 405),
        ("PUT", "/v1/chat/completions", 405),
        ("HEAD", "/v1/models", 405),
        ("DELETE", "/v1/models/m", 405),
        ("BREW", "/v1/responses", 405),
    ],
)
def test_unknown_paths_and_methods(ask, method, path, expected):
    status, headers, data = ask(method=method, path=path)
    assert status == expected
    assert headers["content-type"] == "application/json"
    assert method == "HEAD" or "message" in json.loads(data)["error"]
