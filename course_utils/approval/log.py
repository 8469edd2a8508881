"""Show what a resumed graph does: one line per step in an HTML widget, as it happens."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any

import ipywidgets
from langchain_core.messages import BaseMessage

__all__ = ("Log", "summarize_result")

MAX_CHARACTERS = 1000  # of a value that is shown


class Log:
    """The lines of one resume; `widget` shows them."""

    def __init__(self, values: Any) -> None:
        """Start a log; messages in `values`, the thread's state before, are not shown again."""
        self.widget = ipywidgets.HTML()
        self._lines: list[str] = []
        before = values.get("messages") if isinstance(values, Mapping) else None
        self._seen = {message.id for message in before or () if isinstance(message, BaseMessage)}

    def add(self, part: Mapping[str, Any]) -> None:
        """Add the lines of one part of a stream with `version="v2"`."""
        if part["type"] == "custom":
            self._add_line("progress", part["data"])
            return
        if "__metadata__" in part["data"]:
            return  # from an earlier run of the same superstep
        for step, update in part["data"].items():
            if update is None or step == "__interrupt__":
                continue
            messages = update.get("messages") if isinstance(update, Mapping) else None
            if messages is None:
                if "." not in step:  # a dot is in the names of a middleware's inner steps
                    self._add_line(step, update)
                continue
            for message in messages if isinstance(messages, list) else [messages]:
                self._add_message(step, message)

    def _add_message(self, step: str, message: Any) -> None:
        if not isinstance(message, BaseMessage):
            self._add_line(step, message)
            return
        if message.id is not None and message.id in self._seen:
            return
        self._seen.add(message.id)
        names = {"ai": "model", "tool": f"tool {message.name or ''}".strip()}
        who = names.get(message.type, message.type)
        if message.text or who != "model":
            self._add_line(who, message.text)
        for call in getattr(message, "tool_calls", ()):
            self._add_line(who, f"asks for {call['name']}({_to_text(call['args'])[1:-1]})")

    def _add_line(self, who: str, what: Any) -> None:
        self._lines.append(
            f"<li><strong>{html.escape(who)}</strong>: "
            f'<span style="white-space:pre-wrap">{html.escape(_to_text(what))}</span></li>'
        )
        self.widget.value = (
            '<ul style="margin:0;padding-left:24px;line-height:1.5;'
            f'color:var(--jp-content-font-color1, inherit)">{"".join(self._lines)}</ul>'
        )


def summarize_result(values: Mapping[str, Any]) -> str:
    """Return the text of a finished graph's last message, or its values."""
    messages = values.get("messages") if isinstance(values, Mapping) else None
    if messages and isinstance(messages[-1], BaseMessage):
        return messages[-1].text
    return _to_text(values)


def _to_text(value: Any) -> str:
    text = value
    if not isinstance(value, str):
        # Type names for what JSON cannot hold: an object's own repr may contain an address.
        text = json.dumps(value, ensure_ascii=False, default=lambda item: type(item).__name__)
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]} ..."
