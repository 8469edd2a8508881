"""Draw a trace as a tree to open, fold and search: HTML that needs neither a kernel nor a network.

Where scripts do not run (GitHub, an untrusted notebook) the tree is there without its search
field. Text keeps the theme's own colour: it can be read in light and dark themes.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lab.trace.span import Span

__all__ = ("draw_tree",)

LIST = "list-style:none;margin:0;padding-left:1.2em"
TEXT = "white-space:pre-wrap;overflow-wrap:anywhere;margin:2px 0 6px 1.2em"
# Finds the spans that contain a text, opens them and their parents, and hides the others.
SEARCH = Path(__file__).with_name("search.js").read_text("utf-8")


def draw_tree(spans: Sequence[Span]) -> str:
    """Return the HTML of the spans and their children."""
    if not spans:
        return "<p>Nothing was traced.</p>"
    return f"<div>{_list(spans)}</div><script>\n{SEARCH}</script>"


def _list(spans: Sequence[Span]) -> str:
    return f'<ul style="{LIST}">{"".join(map(_item, spans))}</ul>' if spans else ""


def _item(span: Span) -> str:
    # Open if it has children or has failed.
    is_open = " open" if span.children or span.problem else ""
    parts = [_part("Inputs", span.inputs), _part("Outputs", span.outputs)]
    problem = html.escape(span.problem)
    problem = f'<p style="{TEXT}"><strong>{problem}</strong></p>' if problem else ""
    return (
        f"<li><details{is_open}>{_summary(_head(span))}"
        f"{problem}{''.join(parts)}{_list(span.children)}</details></li>"
    )


def _head(span: Span) -> str:
    facts = [f"step {span.step}"] if span.step is not None else []
    facts += [f"{span.seconds * 1000:.0f} ms"] if span.seconds is not None else []
    mark = "✗ failed: " if span.error else "⏸ waits: " if span.waits else ""
    kind = {"llm": " (model)", "tool": " (tool)"}.get(span.kind, "")
    return f"{mark}<strong>{html.escape(span.name)}</strong>{kind} · {', '.join(facts)}"


def _part(title: str, value: Any) -> str:
    text = html.escape(json.dumps(value, ensure_ascii=False, indent=2))
    return (
        f'<details style="margin-left:1.2em">{_summary(title)}'
        f'<pre style="{TEXT}">{text}</pre></details>'
    )


def _summary(text: str) -> str:
    # JupyterLab's shortcuts include single letters (x cuts the cell); this switches them off while
    # the line has the focus.
    return f'<summary data-lm-suppress-shortcuts="true">{text}</summary>'
