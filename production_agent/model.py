"""The model: asked within limits of time and bytes, and its reply checked when it arrives.

What a provider sends is not trusted: calls get ids of our own, text is made storable, arguments
that are not JSON stay what they are, and an answer that was cut off is marked as such.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
from collections.abc import AsyncIterator, Sequence

import httpx2
import openai
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    AnyMessage,
    InvalidToolCall,
    ToolCall,
    message_chunk_to_message,
)
from langchain_core.runnables import Runnable
from langchain_openai import ChatOpenAI
from langgraph.runtime import Runtime

from production_agent.settings import Settings
from production_agent.tools import TOOLS

__all__ = ("TooLong", "ask", "connect", "is_cut_off")

CUT_OFF = ("length", "max_tokens", "content_filter")  # finish_reason of half an answer
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # what every provider takes back as a tool's name
BATCH = 200  # chunks kept apart before they are added up
log = logging.getLogger("production_agent")


class CutShort(ConnectionError):
    """The model's answer ended without saying that it ended."""


class TooLong(Exception):
    """The model's answer has more bytes than MODEL_BYTES."""


def connect(settings: Settings) -> list[Runnable]:
    """Return the models, the fallback last."""

    async def cap(response: httpx2.Response) -> None:
        response.stream = _Capped(response.stream, settings.model_bytes)

    # The cap counts what comes over the wire: an endless line, comment or error has no chunks.
    client = openai.DefaultAsyncHttpxClient(event_hooks={"response": [cap]})
    names = [name for name in (settings.model, settings.fallback_model) if name]
    return [
        Model(
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


class Model(ChatOpenAI):
    """The client, which does not look at each message of the thread again and again.

    OpenAI's package walks through them in search of files to encode: 100 ms of a processor for 300
    messages, at each request. What is an extra body, it sends as it is.
    """

    def _get_request_payload(self, input_: LanguageModelInput, **options) -> dict:
        payload = super()._get_request_payload(input_, **options)
        payload["extra_body"] = {"messages": payload["messages"]}
        return {**payload, "messages": []}


class _Capped(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, limit: int) -> None:
        self.stream, self.left = stream, limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self.stream:
            self.left -= len(piece)
            if self.left < 0:
                raise TooLong
            yield piece

    async def aclose(self) -> None:
        await self.stream.aclose()


async def ask(
    models: Sequence[Runnable], prompt: list[AnyMessage], seconds: float, runtime: Runtime
) -> AIMessage:
    """Return the first model's answer; where it cannot answer, the next one's.

    Args:
        models: To ask, the fallback last.
        prompt: The messages.
        seconds: Silence in the middle of an answer that counts as a failure.
        runtime: Its stream is told when words that it was given are void.
    """
    for model in models:
        try:
            return _checked(await _read(model, prompt, seconds))
        except Exception as error:
            if model is models[-1] or not _another_may_answer(error):
                raise
            log.warning("model_failed", extra={"error": type(error).__name__, "next": "fallback"})
            runtime.stream_writer({"discard": True})  # words already shown belong to no answer
    raise AssertionError("there is always a model")


async def _read(model: Runnable, prompt: list[AnyMessage], seconds: float) -> AIMessageChunk:
    """Return the whole stream.

    The client's own limit on silence, a `wait_for` for each chunk, costs more, and before Python
    3.12 it swallows a cancellation that meets a chunk which is already there: no fast stream stops.
    """
    chunks: list[AIMessageChunk] = []
    async with asyncio.timeout(None) as silence:
        async for chunk in model.astream(prompt):
            silence.reschedule(asyncio.get_running_loop().time() + seconds)
            chunks.append(chunk)
            if len(chunks) == BATCH:
                chunks = [chunks[0] + chunks[1:]]
            await asyncio.sleep(0)  # of many chunks that are there others wait for one only
    return chunks[0] + chunks[1:] if chunks else AIMessageChunk("")


def _checked(whole: AIMessageChunk) -> AIMessage:
    """Return the message that a stream was, if it came to its end."""
    if not whole.response_metadata.get("finish_reason"):
        raise CutShort("The model's stream ended before its answer did.")
    reply = message_chunk_to_message(whole)
    reply.additional_kwargs.pop("tool_calls", None)
    if isinstance(reply.content, str):
        reply.content = _storable(reply.content)
    reply.tool_calls, reply.invalid_tool_calls = [], []
    for chunk in whole.tool_call_chunks:
        name = chunk["name"] if NAME.fullmatch(chunk["name"] or "") else "unknown"
        # The provider's id may be missing, used twice, or no text a database or a page can take.
        call = {"id": f"call_{secrets.token_hex(12)}", "name": name}
        # The client mends broken JSON where it streams: a cut 480 would become 48.
        args = None if is_cut_off(reply) else _arguments(chunk["args"])
        if args is None:
            text = _storable(chunk["args"] or "")
            wrong = InvalidToolCall(**call, args=text, error="", type="invalid_tool_call")
            reply.invalid_tool_calls.append(wrong)
        else:
            reply.tool_calls.append(ToolCall(**call, args=args, type="tool_call"))
    return reply


def is_cut_off(message: AnyMessage) -> bool:
    """Return whether the model stopped in the middle of its answer."""
    return message.response_metadata.get("finish_reason") in CUT_OFF


def _storable(text: str) -> str:
    """Return the text without what UTF-8 or PostgreSQL cannot hold."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _arguments(text: str | None) -> dict | None:
    """Return the arguments of a call; None if they are not a JSON object that can be stored."""
    try:
        found = json.loads(text or "{}", parse_int=_whole)
        plain = json.dumps(found, ensure_ascii=False, allow_nan=False)
        plain.encode()
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "\\u0000" not in plain else None


def _whole(text: str) -> int:
    if len(text) > 16:
        raise ValueError  # checkpoints and browsers hold no longer number
    return int(text)


def _another_may_answer(error: Exception) -> bool:
    """Whether the failure is the model's; a request that is wrong is wrong for each of them."""
    if isinstance(error, openai.APIStatusError):
        return getattr(error, "is_retryable", False) or isinstance(error, openai.NotFoundError)
    return isinstance(error, (openai.APIConnectionError, OSError, json.JSONDecodeError, TooLong))
