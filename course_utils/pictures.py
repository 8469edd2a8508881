"""Draw what just ran, each picture with an alternative text.

Seconds differ from run to run, so they are drawn and never printed: the text of a saved notebook
is the same after every run.
"""

from __future__ import annotations

import base64
import html
import io
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from course_utils.diagram import Arrow, Diagram

if TYPE_CHECKING:
    from langgraph.pregel import Pregel
    from matplotlib.figure import Figure

__all__ = ("Arrow", "Diagram", "Picture", "curves", "graph", "timeline", "waits")

# Okabe and Ito's palette (https://jfly.uni-koeln.de/color/): distinct with any colour vision.
COLORS, MARKS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#1F1F1F"), "os^Dv*"
BLUE, SILENCE = COLORS[0], "#D9D9D9"
Points = tuple[Sequence[float], Sequence[float]]
WIDTH_PIXELS, DPI = 760, 180  # twice as many pixels as shown: sharp on any screen


class Picture:
    """A drawn figure that shows itself as an image with an alternative text."""

    def __init__(self, figure: Figure, alt: str) -> None:
        """Keep `figure` and `alt`, one or two sentences that say what it shows."""
        self.figure, self.alt = figure, alt

    def __repr__(self) -> str:
        return textwrap.fill(f"Picture: {self.alt}", 100)

    def _repr_html_(self) -> str:
        # As HTML, because JupyterLab draws an image/png output without any alternative text.
        png = io.BytesIO()
        self.figure.savefig(png, format="png", dpi=DPI, bbox_inches="tight", facecolor="white")
        source = f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"
        return f'<img alt="{html.escape(self.alt)}" width="{WIDTH_PIXELS}" src="{source}">'


def waits(measured: Mapping[str, tuple[float | None, float]]) -> Picture:
    """Draw the seconds each way of asking is silent before its first words.

    Args:
        measured: For each name, seconds to the first visible words (None: there were none)
            and to the end.
    """
    figure, axes = _figure(rows=len(measured))
    for row, (first, total) in enumerate(measured.values()):
        silent = total if first is None else first
        axes.barh(row, silent, color=SILENCE, hatch="//", edgecolor="white")
        axes.barh(row, total - silent, left=silent, color=BLUE)
        label = " no words" if first is None else f" {silent:.2f} s"
        if total - silent > total / 4:  # the label fits into the blue bar
            axes.text(silent, row, label, va="center", color="white")
        else:
            axes.text(total, row, label, va="center", color="black")
    axes.set_yticks(range(len(measured)), list(measured))
    axes.invert_yaxis()
    axes.set_xlabel("seconds (hatched: silence, blue: words are arriving)")
    early = [n for n, (first, total) in measured.items() if first is not None and first < total / 4]
    alt = (
        f"One bar for each of {_join(measured)}: hatched while nothing can be read, blue while "
        f"words arrive. Words come in the first quarter of the wait only with {_join(early)}."
    )
    return Picture(figure, alt)


def timeline(events: Sequence[tuple[float, str]]) -> Picture:
    """Draw the arrival of events: one lane per kind of event, one mark per arrival.

    Args:
        events: Pairs of seconds since the start and the name of the lane.
    """
    lanes = list(dict.fromkeys(name for _, name in events))
    figure, axes = _figure(rows=len(lanes))
    for row, lane in enumerate(lanes):
        times = [seconds for seconds, name in events if name == lane]
        style = {"linelengths": 0.7, "linewidths": 2, "colors": COLORS[row % len(COLORS)]}
        axes.eventplot(times, lineoffsets=row, **style)
    axes.set_yticks(range(len(lanes)), lanes)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel("seconds since the question")
    counts = _join(f"{sum(n == lane for _, n in events)} of {lane}" for lane in lanes)
    return Picture(figure, f"A line for each arrival, in the order the lanes began: {counts}.")


def curves(lines: Mapping[str, Points], *, x: str, y: str, alt: str) -> Picture:
    """Draw one curve per name, each with its own colour and mark.

    Args:
        lines: For each name, the x values and as many y values.
        x: Label of the x axis, with its unit.
        y: Label of the y axis, with its unit.
        alt: One or two sentences that say what the picture shows.
    """
    figure, axes = _figure(rows=7)
    for number, (name, (across, up)) in enumerate(lines.items()):
        color, mark = COLORS[number % len(COLORS)], MARKS[number % len(COLORS)]
        every = max(1, len(across) // 12)  # many points: marks on some of them are enough
        axes.plot(across, up, color=color, marker=mark, markevery=every, label=name)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if len(lines) > 1:
        axes.legend(frameon=False)
    return Picture(figure, alt)


def graph(compiled: Pregel, *, marks: Mapping[str, str] | None = None, **options: Any) -> Diagram:
    """Draw a compiled graph as SVG, without leaving the machine.

    (LangGraph's own display of a graph asks a web service for the image.)

    Args:
        compiled: The graph.
        marks: Words to stand at a node that runs or fails, by its name: `{"pay": "fails here"}`.
        **options: Passed to `get_graph`, such as `xray=True` to look into subgraphs.
    """
    drawn = compiled.get_graph(**options)
    labels = {name: node.name.rpartition(":")[2] for name, node in drawn.nodes.items()}
    arrows = [
        Arrow(edge.source, edge.target, edge.conditional, str(edge.data or ""))
        for edge in drawn.edges
    ]
    return Diagram(labels, arrows, _describe(arrows), marks)


def _describe(arrows: Sequence[Arrow]) -> str:
    ways: dict[str, list[str]] = {}
    for arrow in arrows:
        condition = f' on "{arrow.label}"' if arrow.label else " on a condition"
        end = arrow.end.replace("__", "") + condition * arrow.dotted
        ways.setdefault(arrow.start.replace("__", ""), []).append(end)
    said = "; ".join(f"from {start} to {', '.join(ends)}" for start, ends in ways.items())
    return f"A graph: {said}."


def _figure(rows: int) -> tuple[Figure, Any]:
    # Figure without pyplot: nothing is drawn twice by the inline backend, nothing has to be closed.
    from matplotlib.figure import Figure  # noqa: PLC0415 - half a second, only for those who draw

    figure = Figure(figsize=(8, 0.6 + 0.45 * rows))
    axes = figure.add_subplot()
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure, axes


def _join(names: Any) -> str:
    names = [str(name) for name in names] or ["none"]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
