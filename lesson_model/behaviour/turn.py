"""What one request says: the user's words, the tools on offer, what was called and came back."""

from __future__ import annotations

import json
from typing import NamedTuple

from lesson_model.behaviour.schema import resolve

__all__ = ("Result", "Tool", "Turn", "text_of")


def text_of(content: object) -> str:
    """Return the text of a message content: a string, a list of content parts, or nothing."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = (part if isinstance(part, str) else part.get("text") for part in content)
    return "\n".join(part for part in parts if isinstance(part, str))


class Tool(NamedTuple):
    """A function the client offered: its parameters are JSON schemas by name."""

    name: str
    description: str
    schema: dict
    properties: dict[str, dict]
    required: list[str]


class Result(NamedTuple):
    """What one tool call brought back."""

    name: str
    content: str


class Turn:
    """The user's turn a request is about: everything since the last user message.

    Agents may hand on a colleague's words as a *named* user message; those are not the
    user's request as long as an unnamed one exists.

    Attributes:
        text: The user's words.
        tools: The functions this request may call, after tool_choice.
        must_call: Whether tool_choice demands a call.
        made, results: Tool calls since the user spoke, as (name, arguments), and their results.
        earlier_calls, earlier_results: Those of earlier turns, oldest first.
        said_before: The user's earlier messages, oldest first.
        answered_before: What the assistant said last before this turn.
        instructions: The system and developer messages.
        events: What happened in this turn, in order: a call as (name, arguments), or a Result.
    """

    def __init__(self, body: dict) -> None:
        self.messages: list[dict] = body["messages"]
        self.choice = body.get("tool_choice")
        self.parallel = body.get("parallel_tool_calls") is not False
        self.response_format: dict = body.get("response_format") or {}
        users = [i for i, m in enumerate(self.messages) if m["role"] == "user"]
        unnamed = [i for i in users if not self.messages[i].get("name")]
        self.start = (unnamed or users or [-1])[-1]
        self.text = _said(self.messages[self.start], "user").strip()
        before, since = self.messages[: max(self.start, 0)], self.messages[self.start + 1 :]
        self.events = _events(since)
        self.made, self.results = _parted(self.events)
        self.earlier_calls, self.earlier_results = _parted(_events(before))
        self.said_before = [s.strip() for m in before if (s := _said(m, "user"))]
        self.answered_before = ([""] + [s for m in before if (s := _said(m, "assistant"))])[-1]
        self.instructions = "\n".join(_said(m, "system", "developer") for m in self.messages)
        self._offer(body.get("tools") or [])

    def _offer(self, raw: list[dict]) -> None:
        choice = self.choice if isinstance(self.choice, dict) else {}
        several = choice.get("allowed_tools", choice) if "allowed_tools" in choice.values() else {}
        named = several.get("tools", []) if several else [choice] if choice else []
        allowed = {(c.get("function") or c).get("name") for c in named}
        tools = [_tool(t["function"]) for t in raw if t.get("type") == "function"]
        self.tools = [t for t in tools if t.name in allowed] or tools
        if self.choice == "none":
            self.tools = []
        mode = several.get("mode") if several else "required" if choice else self.choice
        self.must_call = mode == "required"

    def tool(self, name: str | None) -> Tool | None:
        """Return the offered tool of that name."""
        return next((t for t in self.tools if t.name == name), None)


def _tool(function: dict) -> Tool:
    schema = function.get("parameters") or {}
    schema = resolve(schema, schema)
    parameters = schema.get("properties") or {}, schema.get("required") or []
    return Tool(function["name"], function.get("description") or "", schema, *parameters)


def _said(message: dict, *roles: str) -> str:
    return text_of(message.get("content")) if message["role"] in roles else ""


def _events(messages: list[dict]) -> list[tuple[str, dict] | Result]:
    """Return calls and results in the order of their messages; a result names its call's tool."""
    names, events = {}, []
    for message in messages:
        for call in message.get("tool_calls") or ():
            function = call.get("function", {})
            names[call["id"]] = function.get("name", "the tool")
            if function:
                events.append((function["name"], _arguments(function.get("arguments") or "{}")))
        if message["role"] == "tool":
            name = names.get(message.get("tool_call_id"), "the tool")
            # LangChain puts a note before the result of a call that a human edited.
            content = text_of(message.get("content")).rpartition("\nTool response:\n")[2]
            events.append(Result(name, content.strip()))
    return events


def _parted(events: list[tuple[str, dict] | Result]) -> tuple[list[tuple[str, dict]], list[Result]]:
    """Return the calls, and the results."""
    results = [event for event in events if isinstance(event, Result)]
    return [event for event in events if not isinstance(event, Result)], results


def _arguments(text: str) -> dict:
    """Return a call's arguments, {} when they are not a JSON object."""
    try:
        arguments = json.loads(text)
    except ValueError:
        return {}
    return arguments if isinstance(arguments, dict) else {}
