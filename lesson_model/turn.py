"""What one request says: the user's words, the tools on offer, what was called and came back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

from lesson_model.schema import resolve

__all__ = ("Result", "Tool", "Turn", "text_of")


def text_of(content: object) -> str:
    """Return the text of a message content: a string, a list of content parts, or nothing."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = (part if isinstance(part, str) else part.get("text") for part in content)
    return "\n".join(part for part in parts if isinstance(part, str))


@dataclass(frozen=True, eq=False)
class Tool:
    """A function the client offered."""

    name: str
    description: str
    schema: dict

    @property
    def properties(self) -> dict[str, dict]:
        """Parameter name -> JSON schema."""
        return self.schema.get("properties") or {}

    @property
    def required(self) -> list[str]:
        """Parameters that a call must give."""
        return self.schema.get("required") or []


@dataclass(frozen=True)
class Result:
    """What one tool call brought back."""

    name: str
    content: str


class Turn:
    """The user's turn a request is about: everything since the last user message.

    Agents may hand on a colleague's words as a *named* user message; those are not the
    user's request as long as an unnamed one exists.
    """

    def __init__(self, body: dict) -> None:
        self.messages: list[dict] = body["messages"]
        self.choice = body.get("tool_choice")
        self.parallel = body.get("parallel_tool_calls") is not False
        self.response_format: dict = body.get("response_format") or {}
        users = [i for i, m in enumerate(self.messages) if m["role"] == "user"]
        unnamed = [i for i in users if not self.messages[i].get("name")]
        self.start = (unnamed or users or [-1])[-1]
        self.text = text_of(self.messages[self.start].get("content")).strip() if users else ""
        self.tools = self._offered(body.get("tools") or [])

    def _offered(self, raw: list[dict]) -> list[Tool]:
        """Return the function tools this request may call, after tool_choice."""
        functions = [t["function"] for t in raw if t.get("type") == "function"]
        tools = [
            Tool(f["name"], f.get("description") or "", resolve(parameters, parameters))
            for f in functions
            for parameters in [f.get("parameters") or {}]
        ]
        if self.choice == "none":
            return []
        if isinstance(self.choice, dict):
            if self.choice.get("type") == "allowed_tools":
                allowed = self.choice.get("allowed_tools", self.choice)
                names = {t.get("function", t).get("name") for t in allowed.get("tools", [])}
            else:
                names = {(self.choice.get("function") or self.choice).get("name")}
            return [t for t in tools if t.name in names] or tools
        return tools

    @property
    def must_call(self) -> bool:
        """Whether tool_choice demands a call."""
        if not isinstance(self.choice, dict):
            return self.choice == "required"
        if self.choice.get("type") == "allowed_tools":
            return self.choice.get("allowed_tools", self.choice).get("mode") == "required"
        return True

    def tool(self, name: str | None) -> Tool | None:
        """Return the offered tool of that name."""
        return next((t for t in self.tools if t.name == name), None)

    @cached_property
    def made(self) -> list[tuple[str, dict]]:
        """Tool calls made since the user spoke: (name, arguments), in order."""
        return _calls(self.messages[self.start + 1 :])

    @cached_property
    def results(self) -> list[Result]:
        """What those calls brought back, in order."""
        return _results(self.messages[self.start + 1 :])

    @cached_property
    def earlier(self) -> list[dict]:
        """The messages before the user's, oldest first."""
        return self.messages[: max(self.start, 0)]

    @cached_property
    def earlier_calls(self) -> list[tuple[str, dict]]:
        """Tool calls of earlier turns, in order."""
        return _calls(self.earlier)

    @cached_property
    def earlier_results(self) -> list[Result]:
        """The tool results of earlier turns, in order."""
        return _results(self.earlier)

    @cached_property
    def said_before(self) -> list[str]:
        """The user's earlier messages, oldest first."""
        return [text_of(m.get("content")).strip() for m in self.earlier if m["role"] == "user"]

    @cached_property
    def answered_before(self) -> str:
        """What the assistant said last before this turn."""
        said = (text_of(m.get("content")) for m in self.earlier if m["role"] == "assistant")
        return next(filter(None, reversed([*said])), "")

    @cached_property
    def instructions(self) -> str:
        """The system and developer messages."""
        return "\n".join(
            text_of(m.get("content")) for m in self.messages if m["role"] in ("system", "developer")
        )


def _calls(messages: list[dict]) -> list[tuple[str, dict]]:
    return [
        (call["function"]["name"], _arguments(call["function"]))
        for message in messages
        for call in message.get("tool_calls") or ()
        if "function" in call
    ]


def _results(messages: list[dict]) -> list[Result]:
    names, results = {}, []
    for message in messages:
        for call in message.get("tool_calls") or ():
            names[call["id"]] = call.get("function", {}).get("name", "the tool")
        if message["role"] == "tool":
            name = names.get(message.get("tool_call_id"), "the tool")
            # LangChain puts a note before the result of a call that a human edited.
            content = text_of(message.get("content")).rpartition("\nTool response:\n")[2]
            results.append(Result(name, content.strip()))
    return results


def _arguments(function: dict) -> dict:
    """Return a call's arguments, {} when they are not a JSON object."""
    try:
        arguments = json.loads(function.get("arguments") or "{}")
    except ValueError:
        return {}
    return arguments if isinstance(arguments, dict) else {}
