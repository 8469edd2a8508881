"""The rules a chat completions request must keep, as strict as the real API's."""

from __future__ import annotations

from lesson_model.api.errors import dangling, invalid, too_long, unknown_parameter
from lesson_model.api.fields import (
    ANYTHING,
    check_fields,
    check_tool_name,
    expect,
    expect_choice,
    kinds_by_name,
    require,
    wrong_type,
)
from lesson_model.api.json_schema import find_flaw
from lesson_model.api.tokens import prompt_tokens
from lesson_model.behaviour.turn import text_of

__all__ = ("check_chat",)

FIELDS = kinds_by_name(
    {
        "a string": "model prompt_cache_key prompt_cache_retention reasoning_effort "
        "safety_identifier service_tier user verbosity",
        "an object": "audio logit_bias metadata moderation prediction prompt_cache_options "
        "response_format stream_options web_search_options",
        "an array": "functions messages modalities tools",
        "a boolean": "logprobs parallel_tool_calls store stream",
        "an integer": "max_completion_tokens max_tokens n seed top_logprobs",
        "a decimal": "frequency_penalty presence_penalty temperature top_p",
        ANYTHING: "function_call stop tool_choice",  # a string or something else
    }
)
ROLES = ("system", "assistant", "user", "function", "tool", "developer")
MESSAGE = {"role", "content", "name", "tool_calls", "tool_call_id", "function_call"}
MESSAGE |= {"refusal", "audio", "annotations"}
PARTS = {
    "text": "a string",
    "image_url": "an object",
    "input_audio": "an object",
    "refusal": "a string",
    "file": "an object",
}


def check_chat(body: dict, context_window: int) -> None:
    """Check a request for chat completions.

    Args:
        body: The request's JSON object.
        context_window: Tokens it may have.

    Raises:
        ApiError: It breaks a rule: status 400, with the real API's sentence.
    """
    if not body.get("model"):
        raise invalid("you must provide a model parameter")
    check_fields(body, FIELDS)
    messages = require(body, "messages", "an array", "messages")
    if not messages:
        message = (
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an "
            "empty array instead."
        )
        raise invalid(message, "messages", "empty_array")
    for index, message in enumerate(messages):
        check_message(message, f"messages[{index}]")
    check_calls_are_answered(messages)
    check_tools(body)
    check_options(body, messages)
    used = prompt_tokens(body)
    if used > context_window:
        raise too_long(context_window, used)


def check_message(message: object, where: str) -> None:
    """Check one message by itself."""
    expect(message, "an object", where)
    role = require(message, "role", "a string", f"{where}.role")
    expect_choice(role, ROLES, f"{where}.role")
    for name in message:
        if name not in MESSAGE:
            raise unknown_parameter(f"{where}.{name}")
    if message.get("name") is not None:
        expect(message["name"], "a string", f"{where}.name")
    if role == "tool":
        require(message, "tool_call_id", "a string", f"{where}.tool_call_id")
    if message.get("tool_calls") is not None:
        check_message_calls(message["tool_calls"], f"{where}.tool_calls")
    content = message.get("content")
    speaks_otherwise = role == "assistant" and any(
        message.get(name) for name in ("tool_calls", "function_call", "refusal", "audio")
    )
    if content is None and not speaks_otherwise:
        message = "Invalid value for 'content': expected a string, got null."
        raise invalid(message, f"{where}.content".replace("[", ".["))
    if isinstance(content, list):
        for index, part in enumerate(content):
            check_part(part, f"{where}.content[{index}]")
    elif content is not None and not isinstance(content, str):
        kind = "one of a string or array of objects"
        raise wrong_type(f"{where}.content", kind, content)


def check_part(part: object, where: str) -> None:
    """Check one part of a message's content."""
    expect(part, "an object", where)
    kind = require(part, "type", "a string", f"{where}.type")
    expect_choice(kind, tuple(PARTS), f"{where}.type")
    require(part, kind, PARTS[kind], f"{where}.{kind}")


def check_message_calls(calls: object, where: str) -> None:
    """Check the tool calls of an assistant message."""
    expect(calls, "an array", where)
    if not calls:
        message = (
            f"Invalid '{where}': empty array. Expected an array with minimum length 1, but got an "
            "empty array instead."
        )
        raise invalid(message, where, "empty_array")
    for index, call in enumerate(calls):
        here = f"{where}[{index}]"
        expect(call, "an object", here)
        require(call, "id", "a string", f"{here}.id")
        kind = require(call, "type", "a string", f"{here}.type")
        expect_choice(kind, ("function", "custom"), f"{here}.type")
        called = require(call, kind, "an object", f"{here}.{kind}")
        check_tool_name(called.get("name"), f"{here}.{kind}.name")
        words = "arguments" if kind == "function" else "input"
        require(called, words, "a string", f"{here}.{kind}.{words}")


def check_calls_are_answered(messages: list[dict]) -> None:
    """Check that every tool call has its tool message, and every tool message its call."""
    waiting: list[str] = []
    for index, message in enumerate(messages):
        param = f"messages.[{index}].role"
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                raise invalid(
                    "Invalid parameter: messages with role 'tool' must be a response to a "
                    "preceeding message with 'tool_calls'.",  # spelt so by the real API
                    param,
                )
            waiting.remove(message["tool_call_id"])
            continue
        if waiting:
            raise dangling(waiting, param)
        waiting = [call["id"] for call in message.get("tool_calls") or ()]
    if waiting:
        raise dangling(waiting, "messages")


def check_tools(body: dict) -> None:
    """Check the tools and the choice among them."""
    names = set()
    for index, tool in enumerate(body.get("tools") or ()):
        here = f"tools[{index}]"
        expect(tool, "an object", here)
        kind = require(tool, "type", "a string", f"{here}.type")
        expect_choice(kind, ("function", "custom"), f"{here}.type")
        described = require(tool, kind, "an object", f"{here}.{kind}")
        require(described, "name", "a string", f"{here}.{kind}.name")
        check_tool_name(described["name"], f"{here}.{kind}.name")
        for name, field in (("description", "a string"), ("parameters", "an object")):
            if described.get(name) is not None:
                expect(described[name], field, f"{here}.{kind}.{name}")
        if wrong := find_flaw(described.get("parameters") or {}):
            message = f"Invalid schema for function '{described['name']}': {wrong}"
            raise invalid(message, f"{here}.{kind}.parameters", "invalid_function_parameters")
        names.add(described["name"])
    chosen = body.get("tool_choice")
    if chosen is None:
        return
    if not names and chosen not in ("none", "auto"):
        message = "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are "
        raise invalid(message + "specified.", "tool_choice")
    if isinstance(chosen, dict):
        kind = require(chosen, "type", "a string", "tool_choice.type")
        expect_choice(kind, ("function", "custom", "allowed_tools"), "tool_choice.type")
        named = require(chosen, kind, "an object", f"tool_choice.{kind}")
        if kind != "allowed_tools":
            name = require(named, "name", "a string", f"tool_choice.{kind}.name")
            if name not in names:
                message = f"Tool choice '{name}' not found in 'tools' parameter."
                raise invalid(message, "tool_choice")
    elif isinstance(chosen, str):
        expect_choice(chosen, ("none", "auto", "required"), "tool_choice")
    else:
        raise wrong_type("tool_choice", "one of a string or an object", chosen)


def check_options(body: dict, messages: list[dict]) -> None:
    """Check the options that depend on other options."""
    stop = body.get("stop")
    if isinstance(stop, list):
        for index, text in enumerate(stop):
            expect(text, "a string", f"stop[{index}]")
        if len(stop) > 4:
            message = "Invalid 'stop': array too long. Expected an array with maximum length 4, "
            message += f"but got an array with length {len(stop)} instead."
            raise invalid(message, "stop", "array_above_max_length")
    elif stop is not None and not isinstance(stop, str):
        raise wrong_type("stop", "one of a string or array of strings", stop)
    if body.get("stream_options") is not None and not body.get("stream"):
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise invalid(message, "stream_options")
    if body.get("top_logprobs") and not body.get("logprobs"):
        message = "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled."
        raise invalid(message, "top_logprobs")
    wanted = body.get("response_format")
    if wanted is None:
        return
    kind = require(wanted, "type", "a string", "response_format.type")
    expect_choice(kind, ("json_object", "json_schema", "text"), "response_format.type")
    if kind == "json_schema":
        described = require(wanted, kind, "an object", "response_format.json_schema")
        check_tool_name(described.get("name"), "response_format.json_schema.name")
        if described.get("schema") is not None:
            expect(described["schema"], "an object", "response_format.json_schema.schema")
        if wrong := find_flaw(described.get("schema") or {}):
            message = f"Invalid schema for response_format '{described['name']}': {wrong}"
            raise invalid(message, "response_format")
    words = " ".join(text_of(message.get("content")) for message in messages).lower()
    if kind == "json_object" and "json" not in words:
        message = "'messages' must contain the word 'json' in some form, to use 'response_format' "
        raise invalid(message + "of type 'json_object'.", "messages")
