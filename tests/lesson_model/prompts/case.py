"""A prompt, the tools offered with it, and what is expected of the reply."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from langchain_core.utils.function_calling import convert_to_openai_tool

__all__ = ("Case", "after", "asks", "chat", "judge", "says", "shapes")


@dataclass(frozen=True)
class Case:
    """One request and its expectation.

    Attributes:
        messages: The conversation, as it is sent.
        tools: Python functions offered as tools, in LangChain's own translation.
        calls: Expected calls: (name, arguments). An expected argument may be a pattern, which
            must be found, or a tuple of equally right values.
        words: Patterns that must be found in the text of the reply.
        fields: Expected members of a JSON reply (dotted paths).
        extra: Further members of the request.
    """

    messages: list[dict]
    tools: tuple[Callable | dict, ...] = ()
    calls: tuple[tuple[str, dict], ...] = ()
    words: tuple[str, ...] = ()
    fields: dict | None = None
    extra: dict = field(default_factory=dict)

    @property
    def name(self) -> str:
        """A short name for reports."""
        return str(self.messages[-1].get("content"))[:90]

    def body(self) -> dict:
        """Return the request."""
        body = {"model": "lesson-model", "messages": self.messages, **self.extra}
        if self.tools:
            body["tools"] = [
                t if isinstance(t, dict) else convert_to_openai_tool(t) for t in self.tools
            ]
        return body


def chat(*turns: str, system: str = "") -> list[dict]:
    """Return messages: user, assistant, user ... and a system message before them."""
    roles = ("user", "assistant")
    messages = [{"role": roles[i % 2], "content": text} for i, text in enumerate(turns)]
    return [{"role": "system", "content": system}, *messages] if system else messages


def after(start: str | list[dict], *steps: list[tuple[str, dict, str]]) -> list[dict]:
    """Return messages in which each step's calls (name, arguments, result) were carried out."""
    messages = chat(start) if isinstance(start, str) else list(start)
    for step in steps:
        calls, results = [], []
        for name, arguments, result in step:
            ident = f"call_{len(messages)}_{len(calls)}"
            function = {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}
            calls.append({"id": ident, "type": "function", "function": function})
            results.append({"role": "tool", "tool_call_id": ident, "content": result})
        messages += [{"role": "assistant", "content": None, "tool_calls": calls}, *results]
    return messages


def asks(prompt: str | list[dict], tools: tuple, *calls: tuple[str, dict], **extra) -> Case:
    """Return a case in which calls are expected."""
    messages = chat(prompt) if isinstance(prompt, str) else prompt
    return Case(messages, tools, calls=calls, extra=extra)


def says(prompt: str | list[dict], tools: tuple, *words: str, **extra) -> Case:
    """Return a case in which no call is expected, and these words are."""
    messages = chat(prompt) if isinstance(prompt, str) else prompt
    return Case(messages, tools, words=words, extra=extra)


def shapes(prompt: str | list[dict], response_format: dict, tools: tuple = (), **fields) -> Case:
    """Return a case in which a JSON answer is expected with these members."""
    messages = chat(prompt) if isinstance(prompt, str) else prompt
    fields = {name.replace("__", "."): value for name, value in fields.items()}
    return Case(messages, tools, fields=fields, extra={"response_format": response_format})


def judge(case: Case, reply) -> str:
    """Return "" if the reply is what the case expects, "wrong call" or "wrong" otherwise.

    A wrong call is the grave kind: a call where none was expected, or of another tool.
    """
    names = sorted(call.name for call in reply.calls)
    expected = sorted(name for name, _ in case.calls)
    if set(names) - set(expected):
        return "wrong call"
    if names != expected or not _same_calls(case.calls, reply.calls):
        return "wrong"
    if case.fields is not None:
        try:
            answer = json.loads(reply.text)
        except ValueError:
            return "wrong"
        pairs = ((value, _member(answer, path)) for path, value in case.fields.items())
        return "" if all(_same(*pair) for pair in pairs) else "wrong"
    return "" if all(re.search(w, reply.text, re.I) for w in case.words) else "wrong"


def _same_calls(expected: tuple, calls: tuple) -> bool:
    left = list(calls)
    for name, arguments in expected:
        for call in left:
            if call.name == name and _same(arguments, call.arguments):
                left.remove(call)
                break
        else:
            return False
    return not left


def _same(expected: object, value: object) -> bool:
    if isinstance(expected, re.Pattern):
        return isinstance(value, str) and bool(expected.search(value))
    if isinstance(expected, tuple):
        return any(_same(one, value) for one in expected)
    if isinstance(expected, dict) and isinstance(value, dict):
        return expected.keys() == value.keys() and all(
            _same(expected[k], value[k]) for k in expected
        )
    if isinstance(expected, list) and isinstance(value, list):
        return len(expected) == len(value) and all(map(_same, expected, value))
    return type(expected) is type(value) and expected == value


def _member(value: object, path: str) -> object:
    for step in path.split("."):
        if isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value
