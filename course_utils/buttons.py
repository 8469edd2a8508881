"""Show a hint wherever a widget cannot work.

A widget lives in the kernel that made it. Where no widget is drawn (GitHub, an untrusted notebook)
a text takes its place. When its kernel has ended, a warning appears above it.
"""

from __future__ import annotations

from typing import Any

import ipywidgets

__all__ = ("WidgetWithText", "dead_kernel_warning", "instructions", "show")

DEAD_KERNEL = (
    "The kernel that made these buttons has ended: pressing them does nothing. Run the cells from "
    "the top down to this one again."
)
# A widget that has lost its kernel gets red icons from ipywidgets, and the class
# jupyter-widgets-disconnected.
STYLE = ".jupyter-widgets.course-lost:not(.jupyter-widgets-disconnected) { display: none }"


def show(widget: ipywidgets.Widget, name: str, *, code: str) -> WidgetWithText:
    """Return what a cell's last line shows: `widget`, or, where none is drawn, what to do instead.

    Args:
        widget: Buttons and what belongs to them.
        name: What it is, as "a Stop button".
        code: The code that does the same as the button.
    """
    return WidgetWithText(widget, text=f"Here stands {name}. {instructions(code)}")


def instructions(code: str) -> str:
    """Return what a reader can do who sees no buttons."""
    return f"No buttons? Run this notebook in JupyterLab, or do it in code: {code}"


def dead_kernel_warning() -> ipywidgets.HTML:
    """Return a warning that is visible only while its widget has lost its kernel."""
    warning = ipywidgets.HTML(f'<style>{STYLE}</style><div role="alert">{DEAD_KERNEL}</div>')
    warning.add_class("course-lost")
    return warning


class WidgetWithText:
    """Widgets below the warning, and their repr as the text for wherever they cannot be drawn."""

    def __init__(self, *widgets: ipywidgets.Widget, text: str = "") -> None:
        self.widget = ipywidgets.VBox([dead_kernel_warning(), *widgets])
        self._text = text

    def __repr__(self) -> str:
        return self._text

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        # ipywidgets 7, which Colab keeps, has no such method: there the text stands alone.
        view = getattr(self.widget, "_repr_mimebundle_", lambda **_: {})
        return view(**options) | {"text/plain": repr(self)}
