"""The model: asked within limits of time and bytes, and its reply checked when it arrives.

What a provider sends is not trusted: messages and calls get ids of our own, text is made storable,
arguments that are not JSON stay what they are, and an answer that was cut off is marked as such.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

import httpx2
import openai
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    AnyMessage,
    InvalidToolCall,
    ToolCall,
    convert_to_openai_messages,
)
from langchain_core.runnables import Runnable
from langchain_openai import ChatOpenAI
from langgraph.runtime import Runtime

from production_agent import metrics
from production_agent.settings import Settings
from production_agent.tools import TOOLS

__all__ = ("NO_ANSWER", "ask", "connect", "http_client", "is_complete", "is_cut_off", "say")
__all__ += ("storable",)

CALLS = ("tool_calls", "function_call")  # finish_reason of an answer that ends in calls
WHOLE = ("stop", *CALLS)  # finish_reason of a whole answer
NO_ANSWER = "no answer"  # of our words in place of one
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # what every provider takes back as a tool's name
BATCH = 200  # chunks kept apart before they are added up
PART_BYTES = 500  # of an answer, read at a time: a chunk or two
NOT_JSON = "The arguments are not JSON."
CUT_CALL = "Not executed: the answer was cut off, and this call with it."
MAX_CALLS = 100  # of tools in one answer: adding them up costs the square of their number
MAX_DEPTH = 50  # of arguments; checkpoints hold some hundreds
MAX_TOKENS = 10**9  # of one answer; what counts more is no count
T = TypeVar("T")
log = logging.getLogger("production_agent")


class CutShort(Exception):
    """The model's answer ended without saying that it ended."""


class NotAnAnswer(Exception):
    """What came is no message of a model."""


class Packed(Exception):
    """The answer is compressed, although nobody asked: a few bytes may hold any number."""


class TooLong(Exception):
    """The answer has more bytes than MODEL_BYTES, or more than MAX_CALLS calls."""


def http_client(settings: Settings) -> openai.DefaultAsyncHttpxClient:
    """Return a client that reads at most MODEL_BYTES of an answer; its streams take turns."""
    turn = asyncio.Lock()

    async def limit(response: httpx2.Response) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise Packed
        # What comes over the wire counts: an endless line, comment or error has no chunks.
        response.stream = _Capped(response.stream, settings.model_bytes, turn)

    headers = {"accept-encoding": "identity"}
    return openai.DefaultAsyncHttpxClient(event_hooks={"response": [limit]}, headers=headers)


def connect(settings: Settings) -> list[Runnable]:
    """Return the models, the fallback last."""
    client = http_client(settings)
    names = [name for name in (settings.model, settings.fallback_model) if name]
    return [
        ChatOpenAI(
            model=name,
            base_url=settings.base_url,
            api_key=settings.api_key,
            use_responses_api=False,
            stream_usage=True,
            timeout=settings.model_seconds,  # the default is to wait for ever
            stream_chunk_timeout=None,  # see `_read`
            max_retries=settings.model_retries,  # honours Retry-After; no other layer retries
            http_async_client=client,
        ).bind_tools([*TOOLS.values()])
        for name in names
    ]


class _Capped(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, limit: int, turn: asyncio.Lock) -> None:
        self.stream, self.left, self.turn = stream, limit, turn

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self.stream:
            self.left -= len(piece)
            if self.left < 0:
                raise TooLong
            # One part of one stream is handled in a round of the loop, also if it makes no chunk,
            # as blank lines do. However many flow, requests, stops and leases wait for a part only.
            for at in range(0, len(piece), PART_BYTES):
                async with self.turn:
                    await asyncio.sleep(0)
                yield piece[at : at + PART_BYTES]

    async def aclose(self) -> None:
        await self.stream.aclose()


async def ask(
    models: Sequence[Runnable], prompt: Sequence[AnyMessage], seconds: float, runtime: Runtime
) -> AIMessage:
    """Return the first model's answer; where it cannot answer, the next one's.

    Args:
        models: To ask, the fallback last.
        prompt: The messages.
        seconds: Silence in the middle of an answer that counts as a failure.
        runtime: Its stream gets the words, and is told when they are void.
    """
    for model in models[:-1]:
        try:
            return await _read(model, prompt, seconds, runtime)
        except Exception as error:
            if _is_wrong_request(error):
                raise
            log.warning("model_failed", extra={"error": type(error).__name__, "next": "fallback"})
            runtime.stream_writer(("discard", {}))  # words already shown belong to no answer
    return await _read(models[-1], prompt, seconds, runtime)


def say(text: str, runtime: Runtime, finish: str = "stop") -> AIMessage:
    """Tell the reader of the stream some words of our own, and return them as a message."""
    message = _new_id("msg")
    runtime.stream_writer(("token", {"message": message, "text": text}))
    return AIMessage(text, id=message, response_metadata={"finish_reason": finish})


def _new_id(kind: str) -> str:
    return f"{kind}_{secrets.token_hex(12)}"


async def _read(
    model: Runnable, prompt: Sequence[AnyMessage], seconds: float, runtime: Runtime
) -> AIMessage:
    """Return a model's whole answer, told to the reader as it comes.

    The client's own limit on silence, a `wait_for` for each chunk, costs more, and before Python
    3.12 it swallows a cancellation that meets a chunk which is already there: no fast stream stops.

    OpenAI's package walks through the messages in search of files to encode: 100 ms of a processor
    for 300 of them, at each request. What is an extra body, it sends as it is. (So LangChain's
    tracers do not see them in this call; they see them in the graph's nodes.)
    """
    chunks: list[AIMessageChunk] = []
    calls: set[int | None] = set()
    message, finish = _new_id("msg"), ""
    body = {"messages": [_sent(one) for one in prompt]}
    async with asyncio.timeout(None) as silence:
        async for chunk in model.astream([], extra_body=body):
            silence.reschedule(asyncio.get_running_loop().time() + seconds)
            if not isinstance(chunk, AIMessageChunk):
                raise NotAnAnswer
            calls.update(one["index"] for one in chunk.tool_call_chunks)
            if len(calls) > MAX_CALLS:
                raise TooLong
            if text := chunk.text:
                runtime.stream_writer(("token", {"message": message, "text": text}))
            told = chunk.response_metadata.pop("finish_reason", None)
            if told and finish in ("", *WHOLE):  # half an answer stays one, whatever comes after it
                finish = told
            chunks.append(chunk)
            if len(chunks) == BATCH:
                chunks = [chunks[0] + chunks[1:]]
    if not finish:
        raise CutShort
    whole = chunks[0] + chunks[1:]
    _count(whole.usage_metadata or {})
    return _checked(whole, message, finish)


def _sent(message: AnyMessage) -> dict:
    """Return a message as the model gets it, also the calls whose arguments are not JSON."""
    found = convert_to_openai_messages(message)
    for call in getattr(message, "invalid_tool_calls", ()):
        # What is no JSON many servers refuse, and with it the thread, at each further request.
        arguments = json.dumps({"not_json": call["args"]})
        function = {"name": call["name"], "arguments": arguments}
        one = {"id": call["id"], "type": "function", "function": function}
        found.setdefault("tool_calls", []).append(one)
    if "tool_calls" in found:
        found["content"] = found["content"] or None  # some providers refuse an empty text here
    return found


def _count(usage: dict) -> None:
    for direction in ("in", "out"):
        tokens = usage.get(f"{direction}put_tokens")
        if isinstance(tokens, int) and 0 < tokens < MAX_TOKENS:
            metrics.TOKENS.labels(direction).inc(tokens)


def _checked(whole: AIMessageChunk, message: str, finish: str) -> AIMessage:
    """Return the message that a stream was, with nothing in it that cannot be stored."""
    if finish in CALLS and not whole.tool_call_chunks:
        finish = "calls lost"
    reply = AIMessage(storable(whole.text), id=message, response_metadata={"finish_reason": finish})
    for chunk in whole.tool_call_chunks:
        name = chunk["name"] if NAME.fullmatch(chunk["name"] or "") else "unknown"
        # The provider's id may be missing, used twice, or no text a database or a page can take.
        call = {"id": _new_id("call"), "name": name}
        # The client mends broken JSON where it streams: a cut 480 would become 48.
        args = _arguments(chunk["args"]) if is_complete(reply) else None
        if args is None:
            text = storable(chunk["args"] or "")
            error = NOT_JSON if is_complete(reply) else CUT_CALL
            wrong = InvalidToolCall(**call, args=text, error=error, type="invalid_tool_call")
            reply.invalid_tool_calls.append(wrong)
        else:
            reply.tool_calls.append(ToolCall(**call, args=args, type="tool_call"))
    return reply


def is_complete(message: AnyMessage) -> bool:
    """Return whether a message is whole, as all but some of the model's are."""
    return message.response_metadata.get("finish_reason", "stop") in WHOLE


def is_cut_off(message: AnyMessage) -> bool:
    """Return whether the model stopped in the middle of its answer."""
    return not is_complete(message) and message.response_metadata["finish_reason"] != NO_ANSWER


def storable(content: T) -> T:
    """Return texts without what UTF-8 or PostgreSQL cannot hold; halves of a letter are one."""
    if isinstance(content, list):
        return [storable(one) for one in content]
    if isinstance(content, dict):
        return {key: storable(value) for key, value in content.items()}
    if not isinstance(content, str):
        return content
    whole = json.loads(json.dumps(content))
    return whole.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _arguments(text: str | None) -> dict | None:
    """Return the arguments of a call; None if they are not a JSON object that can be stored."""
    try:
        found = json.loads(text or "{}", parse_int=_whole)
        if _depth(found) > MAX_DEPTH:
            return None
        plain = json.dumps(found, ensure_ascii=False, allow_nan=False)
        plain.encode()
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "\\u0000" not in plain else None


def _depth(value: object) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, parts), default=0)


def _whole(text: str) -> int:
    if abs(found := int(text)) >= 2**53:
        raise ValueError  # a browser would round it, and show another number than the one that runs
    return found


def _is_wrong_request(error: Exception) -> bool:
    """Whether the request is what is wrong, as it is then for each model; else a model fails."""
    return isinstance(error, openai.APIStatusError) and (
        error.status_code < 500 and error.status_code not in (404, 408, 409, 429)
    )
