"""The Responses API: the body of an answer, and the events of a streamed one."""

from __future__ import annotations

import json
from collections.abc import Iterator

from lesson_model.answer import Stream
from lesson_model.api.chat import CREATED, count_usage, tool_calls
from lesson_model.api.tokens import tokenize
from lesson_model.reply import Reply

__all__ = ("assistant_message", "response", "stream")

CUT_SHORT = {"length": "max_output_tokens", "content_filter": "content_filter"}


def assistant_message(reply: Reply, stamp: str) -> dict:
    """Return a reply as the message that later requests go on from."""
    message = {"role": "assistant", "content": reply.refusal or reply.text}
    if reply.calls:
        message["tool_calls"] = tool_calls(reply, stamp)
    return message


def response(reply: Reply, body: dict, chat: dict, stamp: str) -> bytes:
    """Return the JSON body of a finished reply.

    Args:
        reply: The reply.
        body: The request.
        chat: The request, translated to chat completions.
        stamp: What its ids are made of.
    """
    return json.dumps(envelope(reply, body, chat, stamp)).encode()


def envelope(reply: Reply, body: dict, chat: dict, stamp: str) -> dict:
    """Return the response object."""
    count = count_usage(reply, chat)
    reason = CUT_SHORT.get(reply.finish)
    return {
        "id": f"resp_{stamp}",
        "object": "response",
        "created_at": CREATED,
        "status": "incomplete" if reason else "completed",
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "metadata": body.get("metadata") or {},
        "model": body["model"],
        "output": items(reply, stamp),
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
        "previous_response_id": body.get("previous_response_id"),
        "reasoning": body.get("reasoning") or {"effort": None, "summary": None},
        "service_tier": "default",
        "temperature": 1.0 if body.get("temperature") is None else body["temperature"],
        "text": body.get("text") or {"format": {"type": "text"}},
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": body.get("tools") or [],
        "top_p": 1.0 if body.get("top_p") is None else body["top_p"],
        "truncation": body.get("truncation") or "disabled",
        "usage": {
            "input_tokens": count["prompt_tokens"],
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": count["completion_tokens"],
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": count["total_tokens"],
        },
    }


def items(reply: Reply, stamp: str) -> list[dict]:
    """Return the output items: a message, then the function calls."""
    output = []
    if reply.refusal:
        part = {"type": "refusal", "refusal": reply.refusal}
    else:
        part = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
    if reply.refusal or reply.text or not reply.calls:
        message = {"id": f"msg_{stamp}", "type": "message", "role": "assistant"}
        output.append({**message, "status": "completed", "content": [part]})
    for number, call in enumerate(tool_calls(reply, stamp)):
        made = {"id": f"fc_{stamp}{number}", "type": "function_call", "status": "completed"}
        output.append({**made, "call_id": call["id"], **call["function"]})
    return output


def stream(reply: Reply, body: dict, chat: dict, stamp: str) -> Stream:
    """Return the events of a finished reply; the arguments are those of `response`."""
    final = envelope(reply, body, chat, stamp)
    return Stream.of(
        (f"event: {name}\ndata: {json.dumps(event)}\n\n", name.endswith(".delta"))
        for name, event in numbered(events(final))
    )


def numbered(pairs: Iterator[tuple[str, dict]]) -> Iterator[tuple[str, dict]]:
    """Give each event its type and its place."""
    for number, (name, event) in enumerate(pairs):
        yield name, {"type": name, "sequence_number": number, **event}


def events(final: dict) -> Iterator[tuple[str, dict]]:
    """Yield the events that lead to a response, each with its name."""
    begun = {**final, "status": "in_progress", "output": [], "usage": None}
    begun["incomplete_details"] = None
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    for index, item in enumerate(final["output"]):
        is_message = item["type"] == "message"
        empty = {"content": []} if is_message else {"arguments": ""}
        added = {**item, "status": "in_progress", **empty}
        yield "response.output_item.added", {"output_index": index, "item": added}
        yield from message_events(item, index) if is_message else call_events(item, index)
        yield "response.output_item.done", {"output_index": index, "item": item}
    yield f"response.{final['status']}", {"response": final}


def message_events(item: dict, index: int) -> Iterator[tuple[str, dict]]:
    """Yield the events of a message item."""
    part = item["content"][0]
    place = {"item_id": item["id"], "output_index": index, "content_index": 0}
    field = "refusal" if part["type"] == "refusal" else "text"
    name = f"response.{part['type']}"
    more = {} if field == "refusal" else {"logprobs": []}
    yield "response.content_part.added", {**place, "part": {**part, field: ""}}
    for piece in tokenize(part[field]):
        yield f"{name}.delta", {**place, "delta": piece, **more}
    yield f"{name}.done", {**place, field: part[field], **more}
    yield "response.content_part.done", {**place, "part": part}


def call_events(item: dict, index: int) -> Iterator[tuple[str, dict]]:
    """Yield the events of a function call item."""
    place = {"item_id": item["id"], "output_index": index}
    name = "response.function_call_arguments"
    for piece in tokenize(item["arguments"]):
        yield f"{name}.delta", {**place, "delta": piece}
    yield f"{name}.done", {**place, "arguments": item["arguments"]}
