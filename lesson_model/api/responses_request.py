"""A Responses API request, checked and translated into the chat completions request it means."""

from __future__ import annotations

from lesson_model.api.errors import invalid, unknown_parameter
from lesson_model.api.fields import (
    ANYTHING,
    check_fields,
    expect,
    kinds_by_name,
    require,
    wrong_type,
)
from lesson_model.behaviour.turn import text_of

__all__ = ("to_chat",)

FIELDS = kinds_by_name(
    {
        "a string": "model previous_response_id prompt_cache_key prompt_cache_retention "
        "safety_identifier service_tier truncation user",
        "an object": "background_options image metadata moderation prompt prompt_cache_options "
        "reasoning stream_options text",
        "an array": "access_programs context_management include tools",
        "a boolean": "background parallel_tool_calls store stream",
        "an integer": "max_output_tokens max_tool_calls top_logprobs",
        "a decimal": "temperature top_p",
        ANYTHING: "conversation input instructions tool_choice",
    }
)
TEXTS = ("input_text", "output_text", "text", "refusal")


def to_chat(body: dict, recall) -> dict:
    """Return the chat completions request with the same meaning, not yet checked as such.

    Args:
        body: The request's JSON object.
        recall: Returns the messages up to a stored response, or None.

    Raises:
        ApiError: The request breaks a rule: status 400.
    """
    check_fields(body, FIELDS, unknown_parameter)
    require(body, "model", "a string", "model")
    messages = previous_messages(body.get("previous_response_id"), recall)
    given = body.get("input", "")
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    elif not isinstance(given, list):
        raise wrong_type("input", "one of a string or array of objects", given)
    for index, item in enumerate(given):
        expect(item, "an object", f"input[{index}]")
        add_item(messages, item, f"input[{index}]")
    check_calls_are_answered(messages)
    chat = {"model": body["model"], "messages": messages, **chat_options(body)}
    if body.get("instructions"):
        expect(body["instructions"], "a string", "instructions")
        chat["messages"] = [{"role": "developer", "content": body["instructions"]}, *messages]
    return chat


def previous_messages(response_id: str | None, recall) -> list[dict]:
    """Return the messages a request goes on from."""
    if response_id is None:
        return []
    messages = recall(response_id)
    if messages is None:
        message = f"Previous response with id '{response_id}' not found."
        raise invalid(message, "previous_response_id", "previous_response_not_found")
    return list(messages)


def add_item(messages: list[dict], item: dict, where: str) -> None:
    """Add one input item to the messages; types without a meaning here are skipped."""
    kind = item.get("type", "message")
    if kind == "message":
        role = require(item, "role", "a string", f"{where}.role")
        content = item.get("content")
        if isinstance(content, list):
            content = [to_part(part, f"{where}.content[{n}]") for n, part in enumerate(content)]
        messages.append({"role": role, "content": content})
    elif kind == "function_call":
        names = ("name", "arguments", "call_id")
        name, arguments, call_id = (
            require(item, name, "a string", f"{where}.{name}") for name in names
        )
        function = {"name": name, "arguments": arguments}
        if not messages or messages[-1]["role"] != "assistant":
            messages.append({"role": "assistant", "content": None})
        messages[-1] = {**messages[-1], "tool_calls": list(messages[-1].get("tool_calls", ()))}
        call = {"id": call_id, "type": "function", "function": function}
        messages[-1]["tool_calls"].append(call)
    elif kind == "function_call_output":
        call_id = require(item, "call_id", "a string", f"{where}.call_id")
        output = item.get("output")
        if isinstance(output, list):
            output = text_of([to_part(part, f"{where}.output") for part in output])
        expect(output, "a string", f"{where}.output")
        messages.append({"role": "tool", "tool_call_id": call_id, "content": output})


def to_part(part: object, where: str) -> dict:
    """Return a content part as chat completions has it."""
    expect(part, "an object", where)
    kind = require(part, "type", "a string", f"{where}.type")
    if kind in TEXTS:
        name = "refusal" if kind == "refusal" else "text"
        return {"type": "text", "text": require(part, name, "a string", f"{where}.{name}")}
    if kind == "input_image":
        # The picture is never looked at: stored responses keep only the start of its address.
        return {"type": "image_url", "image_url": {"url": str(part.get("image_url"))[:100]}}
    if kind == "input_file":
        return {"type": "file", "file": {"filename": part.get("filename")}}
    message = f"Invalid value: '{kind}'. Supported values are: 'input_text', 'input_image', "
    raise invalid(
        message + "'output_text', 'refusal', and 'input_file'.", f"{where}.type", "invalid_value"
    )


def check_calls_are_answered(messages: list[dict]) -> None:
    """Check that every function call has its output, and every output its call."""
    calls: dict[str, bool] = {}
    for message in messages:
        calls |= {call["id"]: False for call in message.get("tool_calls") or ()}
        if message["role"] == "tool":
            call_id = message["tool_call_id"]
            if call_id not in calls:
                message = f"No tool call found for function call output with call_id {call_id}."
                raise invalid(message, "input")
            calls[call_id] = True
    for call_id, answered in calls.items():
        if not answered:
            raise invalid(f"No tool output found for function call {call_id}.", "input")


def chat_options(body: dict) -> dict:
    """Return the options of a request under their chat completions names."""
    same = ("parallel_tool_calls", "temperature", "stream")
    chat = {name: body[name] for name in same if body.get(name) is not None}
    if body.get("max_output_tokens") is not None:
        chat["max_completion_tokens"] = body["max_output_tokens"]
    functions = []
    for index, tool in enumerate(body.get("tools") or ()):
        expect(tool, "an object", f"tools[{index}]")
        if require(tool, "type", "a string", f"tools[{index}].type") == "function":
            functions.append({name: tool[name] for name in tool if name != "type"})
    if functions:
        chat["tools"] = [{"type": "function", "function": function} for function in functions]
    chosen = body.get("tool_choice")
    if isinstance(chosen, dict):
        if chosen.get("type") == "function":
            chosen = {"type": "function", "function": {"name": chosen.get("name")}}
        else:  # a built-in tool, or a choice of several
            chosen = "auto"
    if chosen is not None and (functions or not body.get("tools")):
        chat["tool_choice"] = chosen
    wanted = (body.get("text") or {}).get("format")
    if wanted is not None:
        expect(wanted, "an object", "text.format")
        if wanted.get("type") == "json_schema":
            described = {name: wanted[name] for name in wanted if name != "type"}
            wanted = {"type": "json_schema", "json_schema": described}
        chat["response_format"] = wanted
    return chat
