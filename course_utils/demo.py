"""Show a lesson to a room: slow the lesson model down, let it fail, put it back.

    from course_utils import demo

    panel = demo.panel(model)
    panel                       # as the last line of a cell: buttons
    panel.reset()               # the pace as it was, no faults; the lesson's rules stay

Without a browser, call the same in code: `panel.pace("slow")`, `panel.fail("rate_limit", times=3)`.
A cell that sets a pace of its own (`model.pace(...)`) has the last word.
"""

from __future__ import annotations

import html
from typing import Any

import ipywidgets

from course_utils.buttons import dead_kernel_warning, instructions, mime_bundle
from lesson_model import LessonModel
from lesson_model.faults import WORDS, Faults

__all__ = ("PACES", "TIMES", "Panel", "panel")

# Seconds before the first token, and between tokens. Lesson 1's model is about three times faster
# than a hosted one; "normal" is as fast as that. "slow" is slower than people read aloud.
PACES = {"fast": (0.0, 0.0), "normal": (0.3, 0.045), "slow": (1.0, 0.2)}
TIMES = {"the next request": 1, "the next 3 requests": 3, "every request until Reset": None}
SILENCE_SECONDS = 5.0  # of "timeout" and "stall": long for a room that waits
# The faults with a button. "http" also needs a status; "slow" is a pace here.
FAULTS = [word for word in WORDS if word not in ("http", "slow")]


def panel(model: LessonModel) -> Panel:
    """Return a panel for the lesson model; as the last line of a cell it shows itself."""
    return Panel(model)


class Panel:
    """Buttons for pace and faults, and one to reset both."""

    def __init__(self, model: LessonModel) -> None:
        """Draw the panel and record the current pace."""
        self._model = model
        self._lesson_pace = model.state.first, model.state.per_token
        self._paces = ipywidgets.ToggleButtons(
            options=[("as in the lesson", None), *((name, name) for name in PACES)],
            description="Pace",
        )
        # No drop-down list: JupyterLab takes the arrow keys for itself.
        self._times = ipywidgets.ToggleButtons(
            options=TIMES, description="A fault for", style={"button_width": "auto"}
        )
        faults = [_button(word.replace("_", " "), WORDS[word]) for word in FAULTS]
        for word, button in zip(FAULTS, faults, strict=True):
            button.on_click(lambda _, word=word: self.fail(word, self._times.value))
        reset = _button("Reset", "The pace as it was, and no fault")
        reset.layout.align_self = "flex-start"
        reset.on_click(lambda _: self.reset())
        self._paces.observe(lambda change: self._set_pace(change["new"]), "value")
        self._status = ipywidgets.HTML()
        row = ipywidgets.Box(faults, layout={"flex_flow": "row wrap"})
        parts = [dead_kernel_warning(), self._paces, self._times, row, reset, self._status]
        self.widget = ipywidgets.VBox(parts)
        self._say("Nothing is changed yet.")

    def pace(self, name: str) -> None:
        """Set how fast the model writes: one of `PACES`, else raise ValueError."""
        if name not in PACES:
            raise ValueError(f"There is no pace {name!r}. Choose one of: {', '.join(PACES)}.")
        self._paces.value = name  # the buttons' observer sets it
        self._set_pace(name)

    def fail(self, word: str, times: int | None = 1) -> None:
        """Let the next requests fail with one of `lesson_model.faults.WORDS`.

        Args:
            word: The fault.
            times: How many requests; None: every one until `reset`.

        Raises:
            ValueError: There is no such fault, or it needs more than a word.
        """
        silence = {"seconds": SILENCE_SECONDS} if word in ("timeout", "stall") else {}
        self._model.fail(word, times, **silence)
        names = {number: name for name, number in TIMES.items()}
        count = names.get(times, f"{times} requests")
        self._say(f"{word} for {count}: {WORDS[word]}.")

    def reset(self) -> None:
        """Restore the lesson's pace and drop the faults that have not happened yet."""
        self._paces.value = None
        self._set_pace(None)
        self._model.state.faults = Faults()
        self._say("All is as it was.")

    def __repr__(self) -> str:
        return (
            f"Demo panel: {self._said}\n"
            f"  panel.pace(...)           {', '.join(PACES)}\n"
            f"  panel.fail(..., times=1)  {', '.join(FAULTS)}\n"
            "  panel.reset()\n" + instructions('panel.pace("slow")')
        )

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        return mime_bundle(self.widget, repr(self), **options)

    def _set_pace(self, name: str | None) -> None:
        self._model.pace(*PACES.get(name, self._lesson_pace))
        self._say(f"Pace: {name or 'as in the lesson'}.")

    def _say(self, text: str) -> None:
        if not self._model.local:
            text = "A real endpoint is in use: pace and faults have no effect on it."
        self._said = text
        self._status.value = f'<div role="status">{html.escape(text)}</div>'


def _button(label: str, tip: str) -> ipywidgets.Button:
    # A tip is only seen; the status line says the same aloud when the button is pressed.
    return ipywidgets.Button(description=label, tooltip=tip, layout=ipywidgets.Layout(width="auto"))
