"""Draw boxes and arrows as SVG: a graph in layers, without a library and without a network.

Sugiyama's way of drawing: put each node one layer behind the last node that leads to it, sort each
layer so that few arrows cross, draw. An arrow past a layer holds a place in it, so that it runs
round the boxes there. A subgraph is laid out first, and then is one box of its parent.

The layers go from left to right, or, where that is too wide, from top to bottom. Until the drawing
is written, `along` is the direction of the layers and `across` the other one.
"""

from __future__ import annotations

import base64
import html
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

__all__ = ("Arrow", "Diagram")

INK, BORDER, FILL, MARKED = "#1a1a1a", "#00395c", "#e8edf3", "#a33c00"
FONT = 'font-family="system-ui, sans-serif"'
# All in pixels. A letter's are what one takes on average: at 15 pixels, at 13, at 13 in bold.
MAX_WIDTH = 900
LETTER, SMALL_LETTER, BOLD_LETTER = 8.6, 7.2, 7.31
BOX_HEIGHT, WORDS_HEIGHT, BOX_MARGIN = 38, 16, 13  # of a box, a line of words, beside a label
GAP, BESIDE, PADDING = 46, 22, 20  # between layers, between boxes of a layer, around a graph
BELOW, OVER, ASIDE = 14, 22, 30  # of arrows back: under the middle; of loops: above, beyond


@dataclass(frozen=True)
class Arrow:
    """An arrow from one node to another; a dotted one is taken on a condition."""

    start: str
    end: str
    dotted: bool = False
    label: str = ""


@dataclass(eq=False)
class _Box:
    """A node, a subgraph, or the place an arrow holds in a layer; in pixels."""

    length: float
    breadth: float
    inside: list[_Box] = field(default_factory=list)
    along: float = 0
    across: float = 0

    @property
    def end(self) -> float:
        return self.along + self.length

    @property
    def middle(self) -> float:
        return self.across + self.breadth / 2

    def move(self, along: float, across: float) -> None:
        self.along += along
        self.across += across
        for box in self.inside:
            box.move(along, across)


class Diagram:
    """A drawing that shows itself as SVG, and in words where there are no pictures.

    Args:
        nodes: Labels by the ids of the nodes. `a:b` is the node `b` of the subgraph `a`; a label
            in underscores (`__start__`) is drawn as an end of the graph.
        arrows: Which node leads to which.
        alt: What the drawing shows, in words.
        marks: Words to stand at a node that stands out, by its id: `{"pay": "fails here"}`.

    Raises:
        ValueError: An arrow or a mark names a node that is not there.
    """

    def __init__(
        self,
        nodes: Mapping[str, str],
        arrows: Sequence[Arrow],
        alt: str,
        marks: Mapping[str, str] | None = None,
    ) -> None:
        self.nodes, self.arrows, self.alt, self.marks = dict(nodes), arrows, alt, dict(marks or {})
        named = [*self.marks, *(name for arrow in arrows for name in (arrow.start, arrow.end))]
        if unknown := next((name for name in named if name not in self.nodes), None):
            raise ValueError(
                f"There is no node {unknown!r}. The nodes are {', '.join(self.nodes)}."
            )
        self._boxes: dict[str, _Box] = {}
        self._places: dict[Arrow, list[_Box]] = {}  # what an arrow holds in the layers it passes
        self._downwards = False
        whole = self._lay_out("")
        if whole.length > MAX_WIDTH:
            self._downwards = True
            whole = self._lay_out("")
        self.width, self.height = self._turned(whole.length, whole.breadth)
        self.svg = self._write()

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        # JupyterLab takes the HTML: it shows an SVG without its words, and none before a run.
        source = f"data:image/svg+xml;base64,{base64.b64encode(self.svg.encode()).decode()}"
        image = f'<img alt="{html.escape(self.alt)}" width="{self.width:.0f}" src="{source}">'
        return {"text/plain": self.alt, "text/html": image, "image/svg+xml": self.svg}

    # Where everything stands

    def _lay_out(self, graph: str) -> _Box:
        """Return the box of a graph or subgraph, with everything in it in its place."""
        prefix = f"{graph}:" if graph else ""

        def child(node: str) -> str:
            return prefix + node.removeprefix(prefix).split(":")[0]

        members = [node for node in self.nodes if node.startswith(prefix)]
        names = list(dict.fromkeys(map(child, members)))
        self._boxes |= {
            name: self._node_box(name) if name in self.nodes else self._lay_out(name)
            for name in names
        }
        ends = {  # of an arrow: the two children of this graph that it joins
            arrow: (child(arrow.start), child(arrow.end))
            for arrow in self.arrows
            if arrow.start in members and arrow.end in members
        }
        layer = _layers(names, list(ends.values()))
        rows = [
            [self._boxes[name] for name in names if layer[name] == number]
            for number in range(max(layer.values()) + 1)
        ]
        room = [0.0] * len(rows)  # behind each layer, for the words at arrows to the next
        joined: defaultdict[_Box, list[_Box]] = defaultdict(list)
        for arrow, pair in ends.items():
            if pair[0] == pair[1]:
                continue  # within a subgraph, or a loop
            first, last = sorted(pair, key=layer.__getitem__)
            words = self._turned(len(arrow.label) * SMALL_LETTER, WORDS_HEIGHT * bool(arrow.label))
            passed = rows[layer[first] + 1 : layer[last]]
            self._places[arrow] = places = [_Box(*words) for _ in passed]
            for row, place in zip(passed, places, strict=True):
                row.append(place)
            if not places:  # the words stand between the two layers
                room[layer[first]] = max(room[layer[first]], words[0])
            for one, other in pairwise([self._boxes[first], *places, self._boxes[last]]):
                joined[one].append(other)
                joined[other].append(one)
        _sort(rows, joined)
        width, height = self._turned(*_stand(rows, room))
        width = max(width, len(graph.split(":")[-1]) * SMALL_LETTER)
        inside = [box for row in rows for box in row]
        for box in inside:
            box.move(PADDING, PADDING)
        return _Box(*self._turned(width + 2 * PADDING, height + 2 * PADDING), inside)

    def _node_box(self, name: str) -> _Box:
        mark = self.marks.get(name, "")
        width = max(len(_plain(self.nodes[name])) * LETTER, len(mark) * BOLD_LETTER)
        height = BOX_HEIGHT + WORDS_HEIGHT if mark else BOX_HEIGHT
        return _Box(*self._turned(width + 2 * BOX_MARGIN, height))

    # How it is written

    def _turned(self, along: float, across: float) -> tuple[float, float]:
        """Turn along and across into x and y, or back."""
        return (across, along) if self._downwards else (along, across)

    def _write(self) -> str:
        frames = [name for name in self._boxes if name not in self.nodes]
        parts = [
            '<rect width="100%" height="100%" rx="8" fill="#ffffff"/>',
            *(self._frame(name, self._boxes[name]) for name in frames),
            # Those with words last, so that no line crosses words.
            *map(self._arrow, sorted(self.arrows, key=lambda arrow: arrow.label)),
            *(self._node(name, self._boxes[name]) for name in self.nodes),
        ]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {self.width:.0f} '
            f'{self.height:.0f}" width="{self.width:.0f}" height="{self.height:.0f}" '
            f'{FONT} fill="{INK}"><title>{html.escape(self.alt)}</title>{"".join(parts)}</svg>'
        )

    def _frame(self, name: str, box: _Box) -> str:
        x, y = self._turned(box.along, box.across)
        title = _text(x + 8, y + 15, name.split(":")[-1], f'font-size="13" fill="{BORDER}"')
        style = f'rx="8" fill="none" stroke="{BORDER}" stroke-dasharray="3 4"'
        return self._rectangle(box, style) + title

    def _node(self, name: str, box: _Box) -> str:
        label, mark = self.nodes[name], self.marks.get(name, "")
        x, y = self._turned(box.along, box.across)
        width, height = self._turned(box.length, box.breadth)
        radius, fill = (height / 2, "#ffffff") if label.startswith("__") else (6, FILL)
        border = f'stroke="{MARKED}" stroke-width="3"' if mark else f'stroke="{BORDER}"'
        middle, style = x + width / 2, 'text-anchor="middle" font-size='
        svg = self._rectangle(box, f'rx="{radius:.0f}" fill="{fill}" {border}')
        svg += _text(middle, y + BOX_HEIGHT / 2 + 5, _plain(label), f'{style}"15"')
        if mark:
            bold = f'{style}"13" font-weight="bold" fill="{MARKED}"'
            svg += _text(middle, y + height - 8, mark, bold)
        return svg

    def _rectangle(self, box: _Box, style: str) -> str:
        x, y = self._turned(box.along, box.across)
        width, height = self._turned(box.length, box.breadth)
        return f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" {style}/>'

    def _arrow(self, arrow: Arrow) -> str:
        """Return a curve, its tip and its words."""
        start, end = self._boxes[arrow.start], self._boxes[arrow.end]
        leads_back = end.along < start.along
        first, last = (end, start) if leads_back else (start, end)
        shift = BELOW if leads_back else 0
        points = [(first.end, first.middle + shift)]
        goal = (last.along, last.middle + shift)
        words = (first.end + last.along) / 2, (first.middle + last.middle) / 2 + shift
        if start is end:  # a loop above the box
            over = start.across - OVER
            points += [(start.end + ASIDE, over), (start.along - ASIDE, over), goal]
            words = words[0], start.across - 12
        else:
            places = self._places[arrow]
            stops = [(at, place.middle) for place in places for at in (place.along, place.end)]
            for along, across in (*stops, goal):
                half = (points[-1][0] + along) / 2
                points += [(half, points[-1][1]), (half, across), (along, across)]
            if places:
                middle = places[len(places) // 2]
                words = (middle.along + middle.end) / 2, middle.middle
        line, *bends = (self._written(*point) for point in points)
        dots = ' stroke-dasharray="5 4"' if arrow.dotted else ""
        svg = (
            f'<path d="M{line}C{" ".join(bends)}" fill="none" stroke="{INK}" '
            f'stroke-width="1.4"{dots}/>'
        )
        svg += self._tip(*points[0], -9) if leads_back else self._tip(*goal, 9)
        if arrow.label:
            x, y = self._turned(*words)
            style = 'font-size="13" text-anchor="middle" stroke="#ffffff" stroke-width="5"'
            svg += _text(x, y + 4, arrow.label, f'{style} paint-order="stroke"')
        return svg

    def _tip(self, along: float, across: float, length: float) -> str:
        # No SVG marker: its id would have to be unique in a page with several drawings.
        corners = (along, across), (along - length, across - 4.5), (along - length, across + 4.5)
        return f'<path d="M{"L".join(self._written(*corner) for corner in corners)}z"/>'

    def _written(self, along: float, across: float) -> str:
        x, y = self._turned(along, across)
        return f"{x:.0f},{y:.0f}"


def _layers(names: list[str], arrows: list[tuple[str, str]]) -> dict[str, int]:
    """Return the layer of each node: one behind the last that leads to it.

    An arrow to a node on the way to its own leads back, and does not count.
    """
    order: list[str] = []  # each node before all that it leads to
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name not in seen:
            seen.add(name)
            for end in (end for start, end in arrows if start == name):
                visit(end)
            order.insert(0, name)

    for name in names:
        visit(name)
    layer: dict[str, int] = {}
    for name in order:
        before = [layer[start] for start, end in arrows if end == name and start in layer]
        layer[name] = max(before, default=-1) + 1
    return layer


def _sort(rows: list[list[_Box]], joined: Mapping[_Box, list[_Box]]) -> None:
    """Put each box as near as can be to those it is joined with, so that few arrows cross."""
    for beside, row in (*pairwise(rows), *pairwise(rows[::-1])):
        position = {box: number - (len(beside) - 1) / 2 for number, box in enumerate(beside)}
        near = {box: [position[other] for other in joined[box] if other in position] for box in row}
        row.sort(key=lambda box: sum(near[box]) / max(len(near[box]), 1))


def _stand(rows: list[list[_Box]], room: list[float]) -> tuple[float, float]:
    """Move the layers one behind another, around a common middle; return length and breadth."""
    breadths = [sum(box.breadth + BESIDE for box in row) - BESIDE for row in rows]
    along = 0.0
    for row, breadth, after in zip(rows, breadths, room, strict=True):
        length = max(box.length for box in row)
        across = (max(breadths) - breadth) / 2
        for box in row:
            box.move(along + (length - box.length) / 2, across)
            across += box.breadth + BESIDE
        along += length + GAP + after
    return along - GAP, max(breadths)


def _text(x: float, y: float, words: str, style: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" {style}>{html.escape(words)}</text>'


def _plain(label: str) -> str:
    return label.strip("_") if label.startswith("__") else label
