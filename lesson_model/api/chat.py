"""Chat completions: the body of an answer, and the frames of a streamed one.

Shapes follow recorded gpt-4o-mini traffic, without its `obfuscation` field and dated model name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from lesson_model.answer import Stream
from lesson_model.api.tokens import arguments_text, count_reply_tokens, prompt_tokens, tokenize
from lesson_model.reply import Reply

__all__ = ("CREATED", "completion", "count_usage", "finish_reply", "stream", "tool_calls")

CREATED = 1767225600  # 2026-01-01T00:00:00Z: every answer carries the same time
STAMP = {"created": CREATED, "service_tier": "default", "system_fingerprint": "fp_lesson"}


def finish_reply(reply: Reply, body: dict) -> Reply:
    """Apply `stop` and the token limit to a reply, and give it its finish reason."""
    text, finish = reply.text, reply.finish
    stops = body.get("stop") or []
    for stop in [stops] if isinstance(stops, str) else stops:
        if stop and stop in text:
            text, finish = text[: text.index(stop)], "stop"
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    pieces = tokenize(text) if limit else ()
    if limit and len(pieces) > limit:
        text, finish = "".join(pieces[:limit]), "length"
    if finish is None:
        # A call forced by name ends with "stop" at the real API too.
        forced = isinstance(body.get("tool_choice"), dict)
        finish = "tool_calls" if reply.calls and not forced else "stop"
    return replace(reply, text=text, finish=finish)


def tool_calls(reply: Reply, stamp: str) -> list[dict]:
    """Return the calls of a reply as an assistant message carries them."""
    return [
        {
            "id": f"call_{stamp}{number}",
            "type": "function",
            "function": {"name": call.name, "arguments": arguments_text(call.arguments)},
        }
        for number, call in enumerate(reply.calls)
    ]


def count_usage(reply: Reply, body: dict) -> dict:
    """Count the tokens of a request and its reply."""
    prompt, answer = prompt_tokens(body), count_reply_tokens(reply) * (body.get("n") or 1)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "total_tokens": prompt + answer,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def logprobs(text: str, body: dict) -> dict | None:
    """Return the log probabilities of the tokens of a text, if asked for: each is certain."""
    if not body.get("logprobs"):
        return None
    content = []
    for piece in tokenize(text):
        certain = {"token": piece, "logprob": 0.0, "bytes": list(piece.encode(errors="replace"))}
        content.append({**certain, "top_logprobs": [certain] if body.get("top_logprobs") else []})
    return {"content": content, "refusal": None}


def completion(reply: Reply, body: dict, stamp: str) -> bytes:
    """Return the JSON body of a finished reply."""
    calls = tool_calls(reply, stamp)
    silent = reply.refusal or (calls and not reply.text)
    message = {
        "role": "assistant",
        "content": None if silent else reply.text,
        "refusal": reply.refusal,
        "annotations": [],
    }
    if calls:
        message["tool_calls"] = calls
    chances = logprobs(reply.text, body)
    choice = {"message": message, "finish_reason": reply.finish, "logprobs": chances}
    answer = {
        "id": f"chatcmpl-{stamp}",
        "object": "chat.completion",
        "model": body["model"],
        **STAMP,
        "choices": [{"index": index, **choice} for index in range(body.get("n") or 1)],
        "usage": count_usage(reply, body),
    }
    return json.dumps(answer).encode()


def stream(reply: Reply, body: dict, stamp: str) -> Stream:
    """Return the frames of a finished reply."""
    return Stream.of(frames(reply, body, stamp))


def frames(reply: Reply, body: dict, stamp: str) -> Iterator[tuple[str, bool]]:
    """Yield each frame, and whether it carries a token."""
    head = {"id": f"chatcmpl-{stamp}", "object": "chat.completion.chunk"}
    head |= {"model": body["model"], **STAMP}
    with_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    if with_usage:
        head["usage"] = None
    # What every frame repeats is serialised once.
    opening = "data: " + json.dumps(head)[:-1] + ', "choices": [{"index": '
    for index in range(body.get("n") or 1):
        before, after = f'{opening}{index}, "delta": ', ', "finish_reason": null}]}\n\n'
        for delta, is_token, text in deltas(reply, stamp):
            chances = logprobs(text, body) if text else None
            words = json.dumps(chances) if chances else "null"
            yield f'{before}{delta}, "logprobs": {words}{after}', is_token
        finish = json.dumps(reply.finish)
        yield f'{before}{{}}, "logprobs": null, "finish_reason": {finish}}}]}}\n\n', False
    if with_usage:
        head |= {"choices": [], "usage": count_usage(reply, body)}
        yield f"data: {json.dumps(head)}\n\n", False
    yield "data: [DONE]\n\n", False


def deltas(reply: Reply, stamp: str) -> Iterator[tuple[str, bool, str]]:
    """Yield what each frame adds as JSON, whether it carries a token, and its piece of text."""
    calls = tool_calls(reply, stamp)
    only_calls = bool(calls) and not reply.text
    first = {"role": "assistant", "content": None if only_calls or reply.refusal else ""}
    first["refusal"] = None
    if not only_calls:
        yield json.dumps(first), False, ""
    for piece in tokenize(reply.refusal or ""):
        yield f'{{"refusal": {json.dumps(piece)}}}', True, ""
    for piece in () if reply.refusal else tokenize(reply.text):
        yield f'{{"content": {json.dumps(piece)}}}', True, piece
    for index, call in enumerate(calls):
        arguments = call["function"]["arguments"]
        call["function"]["arguments"] = ""
        opened = {"tool_calls": [{"index": index, **call}]}
        yield json.dumps({**first, **opened} if only_calls and index == 0 else opened), False, ""
        before = f'{{"tool_calls": [{{"index": {index}, "function": {{"arguments": '
        for piece in tokenize(arguments):
            yield f"{before}{json.dumps(piece)}}}}}]}}", True, ""
