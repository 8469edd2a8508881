"""Record what a graph does, on this machine only, and show it in the notebook.

    with trace.record() as run:
        agent.invoke(question, thread)
    run                           # a tree to open, fold and search
    run.find("T-7")               # the spans that contain a text
    run.save("monday.json")       # without what was hidden while recording
    trace.load("monday.json")

Every node, model call and tool call is a span: its inputs, outputs, seconds and error. Outside a
notebook, give a graph `{"callbacks": [trace.Recorder(run)]}`.
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

from lab.trace.span import Span
from lab.trace.view import draw_tree

__all__ = ("Recorder", "Span", "Trace", "hide_secrets", "load", "record")

Mask = Callable[[Any], Any]
HIDDEN = "[hidden]"
SECRET_NAME = re.compile(
    r"(?:^|[-_ ])(?:token|secret|pass(?:word|wd)?|api_?key|authorization|cookie|card|iban)$", re.I
)
SECRET_TEXT = re.compile(
    r"\b\d(?:[ -]?\d){12,18}\b"  # numbers of payment cards
    r"|\b(?:sk|pk|rk|ghp|xox[a-z])[-_][\w-]{6,}"  # keys with a well-known beginning
    r"|(?<=Bearer )\S+"
)


def hide_secrets(value: Any) -> Any:
    """Return `value` without anything named like a secret, or that looks like a key or card number.

    A list of patterns finds only what its author thought of: give `record` a function that knows
    your data.
    """
    if isinstance(value, dict):
        return {k: HIDDEN if SECRET_NAME.search(k) else hide_secrets(v) for k, v in value.items()}
    if isinstance(value, list):
        return [hide_secrets(item) for item in value]
    return SECRET_TEXT.sub(HIDDEN, value) if isinstance(value, str) else value


@dataclass
class Trace:
    """The spans of one or more runs."""

    spans: list[Span] = field(default_factory=list)

    def walk(self) -> Iterator[Span]:
        """Yield every span, in the order of the tree."""
        for span in self.spans:
            yield from span.walk()

    def find(self, text: str) -> list[Span]:
        """Return the spans that contain a text."""
        return [span for span in self.walk() if span.holds(text)]

    def save(self, path: str | Path) -> None:
        """Write the trace to a JSON file."""
        Path(path).write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False), "utf-8")

    def __repr__(self) -> str:
        """Return the tree without times, so that two runs that did the same look the same."""
        return "\n".join(_lines(self.spans)) or "Nothing was traced."

    def _repr_html_(self) -> str:
        return draw_tree(self.spans)


def load(path: str | Path) -> Trace:
    """Read a saved trace.

    Raises:
        ValueError: The file does not contain a trace.
    """
    try:
        return Trace(
            [_make_span(item) for item in json.loads(Path(path).read_text("utf-8"))["spans"]]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no trace. Save one with `run.save(path)`.") from error


_recorder: ContextVar[Recorder | None] = ContextVar("recorder", default=None)
register_configure_hook(_recorder, inheritable=True)


@contextlib.contextmanager
def record(mask: Mask | None = hide_secrets) -> Iterator[Trace]:
    """Record everything that runs inside.

    Args:
        mask: Called with the inputs, outputs and error of each span; its result is recorded in
            their place. None records secrets, too.
    """
    trace = Trace()
    before = _recorder.set(Recorder(trace, mask))
    try:
        yield trace
    finally:
        _recorder.reset(before)


class Recorder(BaseTracer):
    """A callback handler that fills a trace from LangChain's runs."""

    run_inline = True  # in the thread of the run, so the trace is complete when the run ends

    def __init__(self, trace: Trace, mask: Mask | None = hide_secrets) -> None:
        """Fill `trace`; `mask` is as in `record`."""
        super().__init__()
        self.trace, self._mask = trace, mask
        self._spans: dict[Any, Span] = {}

    def _persist_run(self, run: Run) -> None: ...

    def _on_run_create(self, run: Run) -> None:
        # Not at the end: by then a node may have changed its input in place.
        step = next((int(t[11:]) for t in run.tags or () if t.startswith("graph:step:")), None)
        span = Span(run.name, run.run_type, step, inputs=self._clean(run.inputs))
        self._spans[run.id] = span
        parent = self._spans.get(run.parent_run_id)
        (parent.children if parent else self.trace.spans).append(span)

    def _on_run_update(self, run: Run) -> None:
        span = self._spans.pop(run.id)
        span.seconds = (run.end_time - run.start_time).total_seconds()
        span.outputs = self._clean(_model_reply(run) if run.run_type == "llm" else run.outputs)
        error = (run.error or "").partition("Traceback")[0].strip()
        span.waits = error.startswith("GraphInterrupt")
        span.error = "" if span.waits else self._clean(error)

    def _clean(self, value: Any) -> Any:
        value = _to_json(value)
        return self._mask(value) if self._mask else value


def _to_json(value: Any) -> Any:
    """Return a value in a form JSON can hold, without random ids and addresses."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, BaseMessage):
        kept = {"type": value.type, "text": value.text}
        made = getattr(value, "tool_calls", None) or []
        calls = [{k: c[k] for k in ("name", "args", "id")} for c in made]
        answers = getattr(value, "tool_call_id", None)
        return (
            kept | ({"calls": calls} if calls else {}) | ({"answers": answers} if answers else {})
        )
    if isinstance(value, Mapping):
        return {str(key): _to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_json(item) for item in value]
    if is_dataclass(value):
        held = {f.name: getattr(value, f.name, None) for f in fields(value)}
        return {
            type(value).__name__: _to_json({k: v for k, v in held.items() if v not in (None, ())})
        }
    return f"<{type(value).__name__}>"


def _model_reply(run: Run) -> Any:
    """Return text, calls and token count of a model's reply."""
    generations = ((run.outputs or {}).get("generations") or [[]])[0]
    for generation in generations:
        message = (generation.get("message") or {}).get("kwargs", {})
        calls = [{k: c[k] for k in ("name", "args", "id")} for c in message.get("tool_calls", [])]
        finish = (generation.get("generation_info") or {}).get("finish_reason")
        reply = {"text": generation.get("text"), "calls": calls, "finish_reason": finish}
        usage = message.get("usage_metadata") or {}
        return {k: v for k, v in (reply | {"tokens": usage.get("total_tokens")}).items() if v}
    return None


def _make_span(data: dict[str, Any]) -> Span:
    return Span(**data | {"children": [_make_span(child) for child in data["children"]]})


def _lines(spans: list[Span], depth: int = 0) -> Iterator[str]:
    # Nodes of one superstep in the order of their names: which one starts first is chance.
    for span in sorted(spans, key=lambda span: (span.step, span.name) if span.step else (0, "")):
        gave = f" -> {_short(span.outputs)}" if depth and not span.problem else ""
        yield f"{'  ' * depth}{span!r}{gave}"
        yield from _lines(span.children, depth + 1)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:56]} ..."
