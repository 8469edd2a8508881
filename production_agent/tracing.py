"""Spans for OpenTelemetry: off unless its SDK is installed and an exporter is configured."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ("set_up", "span")

_tracer = None


def set_up(environment=os.environ) -> None:
    """Export spans if OTEL_EXPORTER_OTLP_ENDPOINT names where to.

    Needs the packages opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http.
    """
    global _tracer
    if not environment.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return
    from opentelemetry import trace  # noqa: PLC0415 - wanted only where it is configured
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    _tracer = trace.get_tracer("production_agent")


@contextmanager
def span(name: str, **attributes: str) -> Iterator[None]:
    """Make a span with ids as attributes, never with what people or models wrote."""
    if _tracer is None:
        yield
        return
    named = {f"agent.{key}": value for key, value in attributes.items()}
    with _tracer.start_as_current_span(name, attributes=named, record_exception=False):
        yield
