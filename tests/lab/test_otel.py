"""The collector that stands in for OpenTelemetry's SDK keeps parents, attributes and status."""

from __future__ import annotations

from opentelemetry import trace

from lab.trace.otel import Collector


def test_spans_keep_parent_attributes_and_status() -> None:
    tracer = Collector()
    with tracer.start_as_current_span("request"):
        node = tracer.start_span("node", start_time=1)
        tool = tracer.start_span("tool", trace.set_span_in_context(node))
    alone = tracer.start_span("alone")
    tool.set_attribute("thread_id", "T")
    tool.set_status(trace.StatusCode.ERROR)
    assert [(span.name, span.depth()) for span in tracer.spans] == [
        ("request", 0),
        ("node", 1),
        ("tool", 2),
        ("alone", 0),
    ]
    assert (tool.attributes, tool.status, alone.status) == ({"thread_id": "T"}, "ERROR", "UNSET")
