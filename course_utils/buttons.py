"""No button is dead without a word.

A widget lives in the kernel that made it. Where no widget is drawn (GitHub, an untrusted notebook)
words stand in its place. When its kernel has ended, a sentence appears above it.

    from course_utils import buttons

    buttons.show(box, "a Stop button", code="task.cancel()")  # as the last line of a cell
"""

from __future__ import annotations

from typing import Any

import ipywidgets

__all__ = ("Shown", "drawn", "lost", "otherwise", "show")

LOST = (
    "The kernel that made these buttons has ended: pressing them does nothing. Run the cells from "
    "the top down to this one again."
)
# ipywidgets marks what has lost its kernel with red icons, and with this class.
STYLE = ".jupyter-widgets.course-lost:not(.jupyter-widgets-disconnected) { display: none }"


def show(widget: ipywidgets.Widget, what: str, *, code: str) -> Shown:
    """Return something that shows `widget`, or, where that cannot be, says what to do.

    Args:
        widget: Buttons and what belongs to them.
        what: What it is, as "a Stop button".
        code: The code that does what the button would.
    """
    return Shown(widget, f"Here stands {what}. {otherwise(code)}")


def otherwise(code: str) -> str:
    """Return what a reader does who sees no buttons."""
    return f"No buttons? Run this notebook in JupyterLab, or do it in code: {code}"


def drawn(widget: ipywidgets.Widget, words: str, **options: Any) -> dict[str, Any]:
    """Return what Jupyter is given of a widget: its view, and the words in its place."""
    # ipywidgets 7, which Colab keeps, has no such method: there the words stand alone.
    view = getattr(widget, "_repr_mimebundle_", lambda **_: {})
    return view(**options) | {"text/plain": words}


def lost() -> ipywidgets.HTML:
    """Return a sentence that is seen only while its widget has lost its kernel."""
    sentence = ipywidgets.HTML(f'<style>{STYLE}</style><div role="alert">{LOST}</div>')
    sentence.add_class("course-lost")
    return sentence


class Shown:
    """A widget with words for wherever it cannot be drawn."""

    def __init__(self, widget: ipywidgets.Widget, words: str) -> None:
        self.widget, self._words = ipywidgets.VBox([lost(), widget]), words

    def __repr__(self) -> str:
        return self._words

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        return drawn(self.widget, self._words, **options)
