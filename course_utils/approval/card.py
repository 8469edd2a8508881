"""The card of one call that waits: what would run, input fields and buttons."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import ipywidgets

from course_utils.approval.call import Call, Decision, DecisionRefused, as_json
from course_utils.private_apis import keep_events_in_order

__all__ = ("LABELS", "Card", "announcement")

LABELS = {"approve": "Approve", "edit": "Edit", "reject": "Reject", "respond": "Respond"}
# White on each of these has a contrast of 6.7 or more, in both themes.
_COLOURS = {"approve": "#1b5e20", "edit": "#8a3c00", "reject": "#b00020", "respond": "#0d47a1"}
_TIPS = {
    "approve": "Run it as proposed",
    "edit": "Run it with the arguments as they stand in the field",
    "reject": "Do not run it",
    "respond": "Do not run it: your answer takes the place of its result",
}
_WORDS = {
    ("reject",): ("Reason", "why you reject: the model reads it"),
    ("respond",): ("Answer", "what the model gets in the tool's place"),
    ("reject", "respond"): ("Reason or answer", "the model reads it"),
}
_FIELD = {
    "layout": {"width": "auto", "max_width": "760px"},
    "style": {"description_width": "10em"},
    "continuous_update": False,  # sent when the field loses the focus: a click could overtake a key
}
_BOX = {"border": "1px solid var(--jp-border-color1, #bdbdbd)", "padding": "8px", "margin": "4px 0"}
_INK = "color:var(--jp-content-font-color1, inherit)"


def announcement(text: str, role: str = "status") -> str:
    """Return the HTML of a sentence that a screen reader announces; an alert also has a border."""
    edge = "var(--jp-error-color1, #c62828)" if role == "alert" else "transparent"
    style = f"border-left:4px solid {edge};padding-left:8px;min-height:1.5em;{_INK}"
    return f'<div role="{role}" style="{style}">{html.escape(text)}</div>'


class Card:
    """One call and its decision, None until there is one; a card can be decided once."""

    def __init__(self, call: Call, on_click: Callable[[Card, str], None]) -> None:
        """Draw the card; `on_click` gets the card and the name of the decision."""
        self.call = call
        self.decision: Decision | None = None
        self._message = ipywidgets.HTML(announcement(""))
        self._args = self._words = None
        if "edit" in call.allowed:
            text = as_json(call.args, indent=2)
            options = {"description": "Arguments (JSON)", "rows": len(text.splitlines())}
            self._args = ipywidgets.Textarea(text, **options, **_FIELD)
        if wanted := tuple(name for name in ("reject", "respond") if name in call.allowed):
            label, hint = _WORDS[wanted]
            self._words = ipywidgets.Text(description=label, placeholder=hint, **_FIELD)
        fields = [field for field in (self._args, self._words) if field is not None]
        buttons = [_button(name) for name in call.allowed]
        for name, button in zip(call.allowed, buttons, strict=True):
            button.on_click(lambda _, name=name: on_click(self, name))
        self._inputs = [*fields, *buttons]
        for field in fields:
            # So that a click is handled after the text that was typed before it.
            field.observe(lambda _: keep_events_in_order(self._inputs), "value")
        row = ipywidgets.HBox(buttons)
        about = ipywidgets.HTML(_describe(call))
        self.widget = ipywidgets.VBox([about, *fields, row, self._message], layout=_BOX)

    def read_decision(self, kind: str) -> Decision:
        """Return the decision of a pressed button; if a field is wrong, focus it and raise."""
        words = self._words.value.strip() if self._words else ""
        args = None
        try:
            if kind == "edit":
                args = self.call.parse_args(self._args.value)
                if args == self.call.args:
                    fact = "These are the arguments as proposed"
                    raise DecisionRefused(f"{fact}: change them, or press {LABELS['approve']}.")
            return self.call.validate(Decision(kind, args, words))
        except DecisionRefused:
            self.focus(self._args if kind == "edit" else self._words)
            raise

    def record(self, decision: Decision, more: str = "") -> None:
        """Record the decision, show it and `more`, and accept no other."""
        self.decision = decision
        reason = _end_sentence(decision.reason)
        text = {
            "approve": "Approved.",
            "edit": f"Approved with other arguments: {as_json(decision.args)}.",
            "reject": f"Rejected: {reason}" if decision.reason else "Rejected.",
            "respond": f"Answered: {reason}",
        }
        self.close(f"{text[decision.type]} {more}")

    def close(self, text: str) -> None:
        """Disable everything and show why. Nothing moves: a second click hits a disabled button."""
        for widget in self._inputs:
            widget.disabled = True
        self.announce(text)

    def announce(self, text: str, role: str = "status") -> None:
        """Show a sentence on the card."""
        self._message.value = announcement(text, role)

    def focus(self, field: ipywidgets.Widget | None = None) -> None:
        """Move the focus to a field; never to a button, where Enter would decide."""
        if field := field or self._args or self._words:
            field.focus()
            keep_events_in_order(self._inputs)


def _describe(call: Call) -> str:
    why = f'<div style="white-space:pre-wrap">{html.escape(call.why)}</div>' if call.why else ""
    if not call.tool:
        return f'<div style="{_INK}">{why}</div>'
    left = "text-align:left;vertical-align:top;white-space:pre-wrap;padding:0 16px 0 0"
    rows = "".join(
        f'<tr><th scope="row" style="{left}">{html.escape(name)}</th>'
        f'<td style="{left}">{html.escape(_make_visible(value))}</td></tr>'
        for name, value in call.args.items()
    )
    return (
        f'<div style="{_INK};line-height:1.5">'
        f"May <strong>{html.escape(call.tool)}</strong> run?{why}"
        f'<table style="margin:4px 0">{rows}</table></div>'
    )


def _end_sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _make_visible(value: Any) -> str:
    text = value if isinstance(value, str) else as_json(value, indent=2)
    # Invisible characters are spelled out: one that reverses the writing direction could make a
    # person approve something other than what they read.
    return "".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in text)


def _button(name: str) -> ipywidgets.Button:
    # No icon: a screen reader would read its glyph as part of the name.
    return ipywidgets.Button(
        description=LABELS[name],
        tooltip=_TIPS[name],
        layout={"width": "auto", "height": "36px"},
        style={"button_color": _COLOURS[name], "text_color": "white", "font_weight": "600"},
    )
