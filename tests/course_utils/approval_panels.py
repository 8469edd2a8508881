"""Panels for the tests, and what is on them."""

from __future__ import annotations

from typing import Any

import ipywidgets
from langgraph.pregel import Pregel

from course_utils import ApprovalPanel
from course_utils.approval.card import LABELS
from tests.course_utils.approval_desk import agent, done

__all__ = (
    "AGENT_INPUT",
    "LESS",
    "OWN",
    "THREAD",
    "agent_panel",
    "every",
    "panel_of",
    "press",
    "shown",
    "shuffle",
)

THREAD = {"configurable": {"thread_id": "1"}}
OWN = {"tool": "refund", "args": {"order": "T-7", "amount": 120}, "why": "above 100"}
LESS = {"order": "T-7", "amount": 60}
AGENT_INPUT = {"messages": "a refund, please"}


def panel_of(graph: Pregel, given: Any = None, **options: Any) -> ApprovalPanel:
    """Run the graph up to its first question and show it; forget what was done before."""
    done.clear()
    graph.invoke(given or {"first": None}, THREAD)
    return ApprovalPanel(graph, THREAD, **options)


def agent_panel(*turns: Any, **options: Any) -> ApprovalPanel:
    """Run an agent up to its first question and show it."""
    return panel_of(agent(*turns, **options), AGENT_INPUT)


def every(widget: ipywidgets.Widget, kind: type) -> list[Any]:
    """Return all widgets of a kind, in the order they are shown."""
    found = [widget] if isinstance(widget, kind) else []
    for child in getattr(widget, "children", ()):
        found += every(child, kind)
    return found


def shown(panel: ApprovalPanel) -> str:
    """Return all HTML that the panel shows."""
    return "\n".join(html.value for html in every(panel.widget, ipywidgets.HTML))


def press(panel: ApprovalPanel, decision: str, card: int = -1) -> None:
    """Press a button, of the last card unless told otherwise, even where it is disabled."""
    buttons = every(panel.widget, ipywidgets.Button)
    found = [button for button in buttons if button.description == LABELS[decision]]
    labels = [button.description for button in buttons]
    assert found, f"no button has the label {LABELS[decision]!r}; there are {labels}"
    found[card].click()


def shuffle(panel: ApprovalPanel, order: tuple[int, ...]) -> None:
    """Put the cards of the panel's only question into another order, to the eye and to the code."""
    ((key, cards),) = panel._cards.items()
    panel._cards[key] = [cards[place] for place in order]
    others = [w for w in panel.widget.children if w not in [card.widget for card in cards]]
    shown = [card.widget for card in panel._cards[key]]
    panel.widget.children = (others[0], *shown, *others[1:])
