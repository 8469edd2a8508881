"""Trace what a graph does, on this machine only, and look at it in the notebook.

    with trace.record() as run:
        agent.invoke(question, thread)
    run                           # a tree to open, fold and search
    run.find("T-7")               # the spans that hold a text
    run.save("monday.json")       # what was hidden while recording is not in the file
    trace.load("monday.json")

Every node, model call and tool call is a span: what went in, what came out, how long it took, and
how it failed. Outside a notebook, give a graph `{"callbacks": [trace.Recorder(run)]}`.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.tracers.base import BaseTracer
from langchain_core.tracers.context import register_configure_hook
from langchain_core.tracers.schemas import Run

from lab.trace.view import tree

__all__ = ("Recorder", "Span", "Trace", "hide_secrets", "load", "record")

Mask = Callable[[Any], Any]
HIDDEN = "[hidden]"
SECRET_NAME = re.compile(
    r"(?:^|[-_ ])(?:token|secret|pass(?:word|wd)?|api_?key|authorization|cookie|card|iban)$", re.I
)
SECRET_TEXT = re.compile(
    r"\b\d(?:[ -]?\d){12,18}\b"  # the number of a payment card
    r"|\b(?:sk|pk|rk|ghp|xox[a-z])[-_][\w-]{6,}"  # keys with a well-known beginning
    r"|(?<=Bearer )\S+"
)


def hide_secrets(value: Any) -> Any:
    """Return `value` without what is named like a secret, or looks like a key or a card number.

    A list of patterns finds what its author thought of. Give `record` a function of your own that
    knows your data.
    """
    if isinstance(value, dict):
        return {k: HIDDEN if SECRET_NAME.search(k) else hide_secrets(v) for k, v in value.items()}
    if isinstance(value, list):
        return [hide_secrets(item) for item in value]
    return SECRET_TEXT.sub(HIDDEN, value) if isinstance(value, str) else value


@dataclass
class Span:
    """One thing that ran: a graph, a node, a model, a tool or a router."""

    name: str
    kind: str
    """chain (graphs, nodes and routers), llm or tool."""
    step: int | None = None
    """The superstep a node ran in; None for what is no node."""
    seconds: float | None = None
    """None: it never ended."""
    inputs: Any = None
    outputs: Any = None
    error: str = ""
    waits: bool = False
    """It stopped at an interrupt, which is no error."""
    children: list[Span] = field(default_factory=list)

    def walk(self) -> Iterator[Span]:
        """Yield this span and everything below it, in the order of the tree."""
        yield self
        for child in self.children:
            yield from child.walk()

    def holds(self, text: str) -> bool:
        """Say whether the span itself, not one below it, holds a text; case does not matter."""
        held = [self.name, self.error, self.inputs, self.outputs]
        return text.lower() in json.dumps(held, ensure_ascii=False).lower()

    @property
    def fate(self) -> str:
        """How the span ended, if not well."""
        if self.waits:
            return "waits for an answer"
        return self.error or ("" if self.seconds is not None else "unfinished")

    def __repr__(self) -> str:
        step = f"step {self.step} " if self.step is not None else ""
        return f"{step}{self.name}{': ' if self.fate else ''}{self.fate}"


@dataclass
class Trace:
    """The spans of one or more runs."""

    spans: list[Span] = field(default_factory=list)

    def walk(self) -> Iterator[Span]:
        """Yield every span, in the order of the tree."""
        for span in self.spans:
            yield from span.walk()

    def find(self, text: str) -> list[Span]:
        """Return the spans that hold a text."""
        return [span for span in self.walk() if span.holds(text)]

    def save(self, path: str | Path) -> None:
        """Write the trace to a JSON file."""
        Path(path).write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False), "utf-8")

    def __repr__(self) -> str:
        """Return the tree without times, so that two runs that did the same look the same."""
        return "\n".join(_lines(self.spans)) or "Nothing was traced."

    def _repr_html_(self) -> str:
        return tree(self.spans)


def load(path: str | Path) -> Trace:
    """Read a trace that was saved.

    Raises:
        ValueError: The file does not hold a trace.
    """
    try:
        return Trace([_span(item) for item in json.loads(Path(path).read_text("utf-8"))["spans"]])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no trace. Save one with `run.save(path)`.") from error


_recorder: ContextVar[Recorder | None] = ContextVar("recorder", default=None)
register_configure_hook(_recorder, inheritable=True)


@contextlib.contextmanager
def record(mask: Mask | None = hide_secrets) -> Iterator[Trace]:
    """Trace whatever runs inside.

    Args:
        mask: Called with everything a span gets and gives, before it is kept; what it returns is
            kept in its place. None keeps secrets.
    """
    trace = Trace()
    before = _recorder.set(Recorder(trace, mask))
    try:
        yield trace
    finally:
        _recorder.reset(before)


class Recorder(BaseTracer):
    """A callback handler that fills a trace from LangChain's own run trees."""

    run_inline = True  # in the thread of the run: when it is over, the trace is complete

    def __init__(self, trace: Trace, mask: Mask | None = hide_secrets) -> None:
        """Fill `trace`; `mask` is as in `record`."""
        super().__init__()
        self.trace, self._mask = trace, mask
        self._spans: dict[Any, Span] = {}

    def _persist_run(self, run: Run) -> None: ...

    def _on_run_create(self, run: Run) -> None:
        # Now, not at the end: a node that changes its input in place would rewrite history.
        step = next((int(t[11:]) for t in run.tags or () if t.startswith("graph:step:")), None)
        span = Span(run.name, run.run_type, step, inputs=self._clean(run.inputs))
        self._spans[run.id] = span
        parent = self._spans.get(run.parent_run_id)
        (parent.children if parent else self.trace.spans).append(span)

    def _on_run_update(self, run: Run) -> None:
        span = self._spans.pop(run.id)
        span.seconds = (run.end_time - run.start_time).total_seconds()
        span.outputs = self._clean(_reply(run) if run.run_type == "llm" else run.outputs)
        error = (run.error or "").partition("Traceback")[0].strip()
        span.waits = error.startswith("GraphInterrupt")
        span.error = "" if span.waits else self._clean(error)

    def _clean(self, value: Any) -> Any:
        value = _plain(value)
        return self._mask(value) if self._mask else value


def _plain(value: Any) -> Any:
    """Return what JSON can hold of a value: no ids drawn at random, no addresses."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, BaseMessage):
        kept = {"type": value.type, "text": value.text}
        calls = [{k: c[k] for k in ("name", "args", "id")} for c in _calls(value)]
        answers = getattr(value, "tool_call_id", None)
        return (
            kept | ({"calls": calls} if calls else {}) | ({"answers": answers} if answers else {})
        )
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        held = {f.name: getattr(value, f.name, None) for f in fields(value)}
        return {
            type(value).__name__: _plain({k: v for k, v in held.items() if v not in (None, ())})
        }
    return f"<{type(value).__name__}>"


def _calls(message: BaseMessage) -> list[dict[str, Any]]:
    return getattr(message, "tool_calls", None) or []


def _reply(run: Run) -> Any:
    """Return what a model said, without the wrapping."""
    generations = ((run.outputs or {}).get("generations") or [[]])[0]
    for generation in generations:
        message = (generation.get("message") or {}).get("kwargs", {})
        calls = [{k: c[k] for k in ("name", "args", "id")} for c in message.get("tool_calls", [])]
        finish = (generation.get("generation_info") or {}).get("finish_reason")
        reply = {"text": generation.get("text"), "calls": calls, "finish_reason": finish}
        usage = message.get("usage_metadata") or {}
        return {k: v for k, v in (reply | {"tokens": usage.get("total_tokens")}).items() if v}
    return None


def _span(data: dict[str, Any]) -> Span:
    return Span(**data | {"children": [_span(child) for child in data["children"]]})


def _lines(spans: list[Span], depth: int = 0) -> Iterator[str]:
    # Nodes of one superstep come in the order of their names: which one began first is chance.
    for span in sorted(spans, key=lambda span: (span.step, span.name) if span.step else (0, "")):
        gave = f" -> {_short(span.outputs)}" if depth and not span.fate else ""
        yield f"{'  ' * depth}{span!r}{gave}"
        yield from _lines(span.children, depth + 1)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:56]} ..."
