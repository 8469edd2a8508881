"""A reply and its tool calls, before they are put into OpenAI's format."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ("Call", "Reply")


@dataclass(frozen=True)
class Call:
    """One tool call.

    Attributes:
        name: The tool to call.
        arguments: Its arguments; a string is sent as it stands (broken JSON included).
    """

    name: str
    arguments: dict | str


@dataclass(frozen=True)
class Reply:
    """What the model says to one request.

    Attributes:
        text: The words, empty if it only calls tools.
        calls: The tools it calls, in order.
        finish: The finish reason; None lets the protocol work it out.
        refusal: The words of a refusal, which stand in for the text.
    """

    text: str = ""
    calls: tuple[Call, ...] = ()
    finish: str | None = None
    refusal: str | None = None
