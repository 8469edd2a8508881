"""What a resumed graph does, one line a step, written into an HTML widget as it comes."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any

import ipywidgets
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

__all__ = ("Log", "answer")

LONG = 1000  # characters after which a value is cut


class Log:
    """Lines about one resume.

    Attributes:
        widget: What is shown.
    """

    def __init__(self, values: Any) -> None:
        """Begin with what stood in the thread's state before: its messages are not news."""
        self.widget = ipywidgets.HTML()
        self._lines: list[str] = []
        before = values.get("messages") if isinstance(values, Mapping) else None
        self._seen = {message.id for message in before or () if isinstance(message, BaseMessage)}

    def add(self, part: Mapping[str, Any]) -> None:
        """Add the lines of one part of a stream with `version="v2"`."""
        if part["type"] == "custom":
            self._line("progress", part["data"])
            return
        if "__metadata__" in part["data"]:
            return  # kept from an earlier run of the same superstep
        for step, update in part["data"].items():
            if update is None or step == "__interrupt__":
                continue
            messages = update.get("messages") if isinstance(update, Mapping) else None
            if messages is None:
                if "." not in step:  # no middleware's inner steps
                    self._line(step, update)
                continue
            for message in messages if isinstance(messages, list) else [messages]:
                self._message(step, message)

    def _message(self, step: str, message: Any) -> None:
        if not isinstance(message, BaseMessage):
            self._line(step, message)
            return
        if message.id is not None and message.id in self._seen:
            return
        self._seen.add(message.id)
        if isinstance(message, ToolMessage):
            self._line(f"tool {message.name or ''}".strip(), message.text)
        elif isinstance(message, AIMessage):
            if message.text:
                self._line("model", message.text)
            for call in message.tool_calls:
                self._line("model", f"asks for {call['name']}({_short(call['args'])[1:-1]})")
        else:
            self._line(message.type, message.text)

    def _line(self, who: str, what: Any) -> None:
        text = what if isinstance(what, str) else _short(what)
        self._lines.append(
            f"<li><strong>{html.escape(who)}</strong>: "
            f'<span style="white-space:pre-wrap">{html.escape(_cut(text))}</span></li>'
        )
        self.widget.value = (
            '<ul style="margin:0;padding-left:24px;line-height:1.5;'
            f'color:var(--jp-content-font-color1, inherit)">{"".join(self._lines)}</ul>'
        )


def answer(values: Mapping[str, Any]) -> str:
    """Return what a finished graph has to say: its last message's words, or its values."""
    messages = values.get("messages") if isinstance(values, Mapping) else None
    if messages and isinstance(messages[-1], BaseMessage):
        return messages[-1].text
    return _short(values)


def _short(value: Any) -> str:
    # Type names for what is no JSON: an object's own repr may hold an address.
    words = json.dumps(value, ensure_ascii=False, default=lambda item: type(item).__name__)
    return _cut(words)


def _cut(text: str) -> str:
    return text if len(text) <= LONG else f"{text[:LONG]} ..."
