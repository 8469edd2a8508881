"""Tokens: pieces of text about as long as a real tokenizer's, and how many a request has."""

from __future__ import annotations

import json
import re

from lesson_model.behaviour.turn import text_of
from lesson_model.reply import Reply

__all__ = ("arguments_text", "count_reply_tokens", "prompt_tokens", "tokenize")

# A word with the space before it, one mark, or a run of white space. Joined, the pieces are the
# text again. Whole words, so that a stream reads well; counts are near OpenAI's, never equal.
PIECE = re.compile(r"\s?[^\W_]{1,14}|\s?[^\w\s]|_|\s+")
IMAGE_TOKENS = 85  # what OpenAI charges for a low-detail image


def tokenize(text: str) -> list[str]:
    """Cut a text into tokens."""
    return PIECE.findall(text)


def arguments_text(arguments: dict | str) -> str:
    """Return a call's arguments as the text that goes on the wire."""
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


def prompt_tokens(body: dict) -> int:
    """Count the tokens of a chat request: messages, calls, images, tool schemas."""
    count = 3
    for message in body["messages"]:
        content = message.get("content")
        count += 3 + len(tokenize(text_of(content)))
        if isinstance(content, list):
            count += IMAGE_TOKENS * sum("text" not in part for part in content)
        for call in message.get("tool_calls") or ():
            function = call.get("function") or {}
            count += len(tokenize(function.get("name", "") + " " + function.get("arguments", "")))
    if body.get("tools"):
        count += len(tokenize(json.dumps(body["tools"])))
    return count


def count_reply_tokens(reply: Reply) -> int:
    """Count the tokens of a reply: text, refusal, calls."""
    count = len(tokenize(reply.text)) + len(tokenize(reply.refusal or ""))
    for call in reply.calls:
        count += 4 + len(tokenize(call.name)) + len(tokenize(arguments_text(call.arguments)))
    return count
