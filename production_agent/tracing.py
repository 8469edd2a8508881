"""Spans for OpenTelemetry: off unless its SDK is installed and an exporter is configured."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from production_agent.settings import Unusable

__all__ = ("set_up", "shut_down", "span")

SECONDS = 2  # the end of a process waits for its last spans
_tracer = _provider = None


def set_up() -> None:
    """Export spans if OTEL_EXPORTER_OTLP_ENDPOINT names where to.

    Raises:
        Unusable: It is set, and the packages that export are not there.
    """
    global _tracer, _provider
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return
    try:  # wanted only where it is configured
        from opentelemetry import trace  # noqa: PLC0415
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        raise Unusable(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and nothing is there to export spans: install "
            "opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http, or remove it."
        ) from None

    _provider = TracerProvider()
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(_provider)
    _tracer = trace.get_tracer("production_agent")


def shut_down() -> None:
    """Send the last spans. At SIGTERM nothing else does: the process ends by the signal itself."""
    if _provider is not None:
        sending = threading.Thread(target=_provider.shutdown, daemon=True)
        sending.start()
        sending.join(SECONDS)


@contextmanager
def span(name: str, **attributes: str) -> Iterator[None]:
    """Make a span with ids as attributes, never with what people or models wrote."""
    if _tracer is None:
        yield
        return
    named = {f"agent.{key}": value for key, value in attributes.items()}
    quiet = {"record_exception": False, "set_status_on_exception": False}  # texts quote contents
    with _tracer.start_as_current_span(name, attributes=named, **quiet) as current:
        try:
            yield
        except Exception as error:
            from opentelemetry.trace import StatusCode  # noqa: PLC0415

            current.set_attribute("error.type", type(error).__name__)
            current.set_status(StatusCode.ERROR)
            raise
