"""Collect OpenTelemetry spans in memory, where the SDK and an exporter would stand (lesson 6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from opentelemetry import trace

__all__ = ("Collector", "CollectedSpan")


@dataclass(eq=False)
class CollectedSpan(trace.NonRecordingSpan):
    """A span that remembers its parent, attributes and status."""

    name: str
    parent: CollectedSpan | None
    attributes: dict[str, Any] = field(default_factory=dict)
    status: str = "UNSET"

    def __post_init__(self) -> None:
        super().__init__(trace.INVALID_SPAN_CONTEXT)

    def is_recording(self) -> bool:
        """Tell whoever made the span that it is kept."""
        return True

    def set_attribute(self, key: str, value: Any) -> None:
        """Keep an attribute."""
        self.attributes[key] = value

    def set_status(self, status: Any, description: str | None = None) -> None:
        """Keep the status's name: OK or ERROR."""
        self.status = getattr(status, "status_code", status).name

    def depth(self) -> int:
        """Return how many spans this one stands in."""
        return self.parent.depth() + 1 if self.parent else 0


class Collector(trace.Tracer):
    """A tracer that keeps the spans it starts, in order of their start."""

    def __init__(self) -> None:
        self.spans: list[CollectedSpan] = []

    def start_span(self, name: str, context: Any = None, *args: Any, **options: Any) -> Any:
        """Start a span under the one `context` holds."""
        parent = trace.get_current_span(context)
        parent = parent if isinstance(parent, CollectedSpan) else None
        span = CollectedSpan(name, parent, dict(options.get("attributes") or {}))
        self.spans.append(span)
        return span

    def start_as_current_span(self, *args: Any, **options: Any) -> Any:
        """Start a span and make it the current one for a block."""
        return trace.use_span(self.start_span(*args, **options))
