"""The card of one call that waits: what would run, fields for a person's words, buttons."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import ipywidgets

from course_utils.approval.call import Call, Decision, DecisionRefused, as_json

__all__ = ("Card", "said")

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
_WIDE = {"width": "auto", "max_width": "760px"}
_LABEL = {"description_width": "130px"}


def said(text: str, role: str = "status") -> str:
    """Return a sentence that a screen reader announces; an alert stands out for everybody."""
    edge = "var(--jp-error-color1, #c62828)" if role == "alert" else "transparent"
    style = (
        f"border-left:4px solid {edge};padding-left:8px;min-height:1.5em;"
        "color:var(--jp-content-font-color1, inherit)"
    )
    return f'<div role="{role}" style="{style}">{html.escape(text)}</div>'


class Card:
    """One call and what was decided about it; it can be decided once.

    Attributes:
        call: The call.
        decision: None until somebody has decided.
        widget: What is shown.
    """

    def __init__(self, call: Call, on_click: Callable[[Card, str], None]) -> None:
        """Draw the card; `on_click` gets the card and the name of the decision."""
        self.call = call
        self.decision: Decision | None = None
        self._message = ipywidgets.HTML(said(""))
        self._args = self._words = None
        fields: list[ipywidgets.Widget] = []
        if "edit" in call.allowed:
            lines = len(self._json().splitlines())
            self._args = ipywidgets.Textarea(
                self._json(),
                description="Arguments (JSON)",
                # Sent when the field is left: key by key, a click could overtake the last key.
                continuous_update=False,
                rows=lines,
                layout=ipywidgets.Layout(**_WIDE),
                style=_LABEL,
            )
            fields.append(self._args)
        if wanted := tuple(name for name in ("reject", "respond") if name in call.allowed):
            label, hint = _WORDS[wanted]
            self._words = ipywidgets.Text(
                description=label,
                placeholder=hint,
                continuous_update=False,
                layout=ipywidgets.Layout(**_WIDE),
                style=_LABEL,
            )
            fields.append(self._words)
        self._buttons = {name: _button(name) for name in call.allowed}
        for name, button in self._buttons.items():
            button.on_click(lambda _, name=name: on_click(self, name))
        for text in fields:
            text.observe(lambda _: self._keep_in_order(), "value")
        row = ipywidgets.HBox(list(self._buttons.values()))
        self.widget = ipywidgets.VBox(
            [ipywidgets.HTML(_described(call)), *fields, row, self._message],
            layout=ipywidgets.Layout(
                border="1px solid var(--jp-border-color1, #bdbdbd)", padding="8px", margin="4px 0"
            ),
        )

    def read(self, kind: str) -> Decision:
        """Return the decision that a press of a button makes of the fields.

        Raises:
            DecisionRefused: What stands in a field does not do; the field has the focus.
        """
        words = self._words.value.strip() if self._words else ""
        args = None
        try:
            if kind == "edit":
                args = self.call.parsed(self._args.value)
                if args == self.call.args:
                    raise DecisionRefused(
                        "These are the arguments as proposed: change them, or press Approve."
                    )
            return self.call.checked(Decision(kind, args, words))
        except DecisionRefused:
            self._focus(self._args if kind == "edit" else self._words)
            raise

    def decided(self, decision: Decision, more: str = "") -> None:
        """Keep the decision, say it and what is to be said besides, and take no other."""
        self.decision = decision
        text = {
            "approve": "Approved.",
            "edit": f"Approved with other arguments: {as_json(decision.args)}.",
            "reject": _ended(f"Rejected: {decision.reason}") if decision.reason else "Rejected.",
            "respond": _ended(f"Answered: {decision.reason}"),
        }
        self.close(f"{text[decision.type]} {more}")

    def close(self, text: str) -> None:
        """Disable everything and say why. Nothing moves: a second click hits a dead button."""
        for widget in self._inputs():
            widget.disabled = True
        self.say(text)

    def say(self, text: str, role: str = "status") -> None:
        """Say a sentence on the card."""
        self._message.value = said(text, role)

    def focus(self) -> None:
        """Put the cursor into a field; never onto a button, where Enter would decide."""
        self._focus(self._args or self._words)

    def _focus(self, field: ipywidgets.Widget | None) -> None:
        if field is not None:
            field.focus()
            self._keep_in_order()

    def _keep_in_order(self) -> None:
        """Have a press handled after the text that was typed before it.

        ipykernel 7 has several threads for messages from the browser, and takes for each widget
        the one that wrote to it last. So one thread writes to all of them.
        """
        for widget in self._inputs():
            widget.send_state("description")

    def _inputs(self) -> list[ipywidgets.Widget]:
        fields = [field for field in (self._args, self._words) if field is not None]
        return [*fields, *self._buttons.values()]

    def _json(self) -> str:
        return as_json(self.call.args, indent=2)


def _described(call: Call) -> str:
    why = f'<div style="white-space:pre-wrap">{html.escape(call.why)}</div>' if call.why else ""
    if not call.tool:
        return f'<div style="color:var(--jp-content-font-color1, inherit)">{why}</div>'
    left = "text-align:left;vertical-align:top;white-space:pre-wrap;padding:0 16px 0 0"
    rows = "".join(
        f'<tr><th scope="row" style="{left}">{html.escape(name)}</th>'
        f'<td style="{left}">{html.escape(_readable(value))}</td></tr>'
        for name, value in call.args.items()
    )
    return (
        '<div style="color:var(--jp-content-font-color1, inherit);line-height:1.5">'
        f"May <strong>{html.escape(call.tool)}</strong> run?{why}"
        f'<table style="margin:4px 0">{rows}</table></div>'
    )


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _readable(value: Any) -> str:
    text = value if isinstance(value, str) else as_json(value, indent=2)
    # What cannot be seen is spelled out: characters that turn the writing direction could make a
    # person approve something else than they read.
    return "".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in text)


def _button(name: str) -> ipywidgets.Button:
    return ipywidgets.Button(
        description=name.capitalize(),
        # No icon: its glyph would be part of the name that a screen reader says.
        tooltip=_TIPS[name],
        layout=ipywidgets.Layout(width="auto", height="36px"),
        style=ipywidgets.ButtonStyle(
            button_color=_COLOURS[name], text_color="white", font_weight="600"
        ),
    )
