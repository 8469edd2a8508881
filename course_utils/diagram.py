"""Draw boxes and arrows as SVG: a graph in layers, without a library and without a network.

A node stands one layer behind the last node that leads to it. An arrow to the next layer is a
curve; any other goes round the boxes in a lane of its own. A subgraph is laid out first, and then
is one box of its parent.

The layers go from left to right, or, where that is too wide, from top to bottom. Until the drawing
is written, `along` is the direction of the layers and `across` the other one.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ("Arrow", "Diagram")

INK, BORDER, FILL, MARKED = "#1a1a1a", "#00395c", "#e8edf3", "#a33c00"
FONT = 'font-family="system-ui, sans-serif"'
# All in pixels. A label needs about 8 of them a letter at 15 pixels, 7 at 13.
MAX_WIDTH = 900
BOX_HEIGHT, LETTER, SMALL_LETTER, TITLE = 38, 8.6, 7.2, 20
GAP, BESIDE, LANE, TRACK, MARGIN = 46, 22, 24, 10, 12


@dataclass(frozen=True)
class Arrow:
    """An arrow from one node to another; a dotted one is taken on a condition."""

    start: str
    end: str
    dotted: bool = False
    label: str = ""


@dataclass
class _Box:
    """A node or a subgraph: where it begins in its parent, and how long it is, in pixels."""

    along: float
    across: float
    length: float
    breadth: float

    @property
    def middle(self) -> float:
        return self.across + self.breadth / 2


@dataclass
class _Group:
    """The boxes of a graph or subgraph, and how its arrows run between them."""

    name: str
    boxes: dict[str, _Box] = field(default_factory=dict)
    groups: dict[str, _Group] = field(default_factory=dict)
    straight: list[Arrow] = field(default_factory=list)
    around: list[tuple[Arrow, float, float, float]] = field(default_factory=list)
    """Arrow; where it leaves the layers, its lane, and where it enters them again."""
    length: float = 0
    breadth: float = 0


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
        self._downwards = False
        whole = self._lay_out("")
        if whole.length > MAX_WIDTH:
            self._downwards = True
            whole = self._lay_out("")
        self.width, self.height = self._point(whole.length + 2 * MARGIN, whole.breadth + 2 * MARGIN)
        self.svg = self._write(whole)

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        # JupyterLab takes the HTML: it shows an SVG without its words, and none before a run.
        source = f"data:image/svg+xml;base64,{base64.b64encode(self.svg.encode()).decode()}"
        image = f'<img alt="{html.escape(self.alt)}" width="{self.width:.0f}" src="{source}">'
        return {"text/plain": self.alt, "text/html": image, "image/svg+xml": self.svg}

    # Where everything stands

    def _lay_out(self, name: str) -> _Group:
        """Place the nodes and subgraphs of one graph, in layers."""
        group, inside = _Group(name), f"{name}:" if name else ""
        members = [node for node in self.nodes if node.startswith(inside)]
        for child in dict.fromkeys(inside + n.removeprefix(inside).split(":")[0] for n in members):
            if child not in self.nodes:
                group.groups[child] = self._lay_out(child)
            group.boxes[child] = _Box(0, 0, *self._size(child, group.groups.get(child)))
        lifted = []  # each arrow, between children of this graph
        for arrow in self.arrows:
            if arrow.start in members and arrow.end in members:
                ends = (_child(group.boxes, arrow.start), _child(group.boxes, arrow.end))
                if ends[0] != ends[1] or arrow.start == arrow.end == ends[0]:
                    lifted.append((arrow, *ends))
        layers = _layers(list(group.boxes), [(start, end) for _, start, end in lifted])
        self._place(group, layers, lifted)
        return group

    def _size(self, name: str, group: _Group | None) -> tuple[float, float]:
        if group is not None:
            width, height = self._point(group.length, group.breadth)
            title = len(_last(name)) * SMALL_LETTER
            return self._point(max(width, title) + 2 * MARGIN, height + MARGIN + TITLE)
        letters = max(len(_plain(self.nodes[name])), len(self.marks.get(name, "")) * 0.85)
        return self._point(letters * LETTER + 26, BOX_HEIGHT + 16 * (name in self.marks))

    def _place(
        self, group: _Group, layers: list[list[str]], lifted: list[tuple[Arrow, str, str]]
    ) -> None:
        """Give each box its place, and each arrow that goes round the boxes its lane."""
        layer_of = {name: number for number, layer in enumerate(layers) for name in layer}
        lanes: dict[tuple[str, bool, str, bool], list[tuple[Arrow, int]]] = {}
        labels = [0.0] * (len(layers) + 1)  # room for the words at arrows to the next layer
        for arrow, start, end in lifted:
            here, there = layer_of[start], layer_of[end]
            if there - here == 1:
                group.straight.append(arrow)
                if not self._downwards:
                    labels[there] = max(labels[there], len(arrow.label) * SMALL_LETTER)
            else:  # arrows to the same end share a lane
                key = end, there > here, arrow.label, arrow.dotted
                lanes.setdefault(key, []).append((arrow, here))
        # Between two layers, each lane turns on a track of its own.
        tracks: list[dict[tuple, float]] = [{} for _ in range(len(layers) + 1)]
        for key, those in lanes.items():
            tracks[layer_of[key[0]]][key, "enter"] = 0
            for _, here in those:
                tracks[here + 1][key, "leave"] = 0
        sums = [sum(group.boxes[n].breadth + BESIDE for n in layer) - BESIDE for layer in layers]
        ahead, back = (self._lanes(lanes, there, layer_of) for there in (True, False))
        top, widest = sum(ahead.values()), max(sums)
        at = 0.0
        for number, layer in enumerate([*layers, []]):
            for place, track in enumerate(tracks[number], 1):
                tracks[number][track] = at + place * TRACK
            inner = 0 < number < len(layers)
            at += (len(tracks[number]) + (len(tracks[number]) > 0)) * TRACK
            at += (GAP - TRACK + labels[number]) * inner
            length = max((group.boxes[name].length for name in layer), default=0)
            side = top + (widest - sums[number]) / 2 if layer else 0
            for name in layer:
                box = group.boxes[name]
                box.along, box.across = at + (length - box.length) / 2, side
                side += box.breadth + BESIDE
            at += length
        place = {}
        used = top
        for key, breadth in ahead.items():
            place[key], used = used - breadth * 0.6, used - breadth
        used = top + widest
        for key, breadth in back.items():
            place[key], used = used + breadth * 0.6, used + breadth
        for key, those in lanes.items():
            enter = tracks[layer_of[key[0]]][key, "enter"]
            for arrow, here in those:
                leave = tracks[here + 1][key, "leave"]
                group.around.append((arrow, leave, place[key], enter))
        group.length, group.breadth = at, used

    def _lanes(
        self,
        lanes: Mapping[tuple[str, bool, str, bool], list],
        there: bool,
        layer_of: Mapping[str, int],
    ) -> dict[tuple[str, bool, str, bool], float]:
        """Return the breadth of each lane of one direction, the one next to the boxes first.

        That is the shortest, so that few lanes cross.
        """

        def reach(key: tuple[str, bool, str, bool]) -> int:
            return max(abs(layer_of[key[0]] - here) for _, here in lanes[key])

        chosen = sorted((key for key in lanes if key[1] == there), key=reach)
        words = {key: len(key[2]) * SMALL_LETTER if self._downwards else 0 for key in chosen}
        return {key: max(LANE, words[key] + 8) for key in chosen}

    # How it is written

    def _point(self, along: float, across: float) -> tuple[float, float]:
        return (across, along) if self._downwards else (along, across)

    def _write(self, whole: _Group) -> str:
        places: dict[str, _Box] = {}
        frames: list[tuple[_Group, float, float]] = []
        self._collect(whole, MARGIN, MARGIN, places, frames)
        parts = ['<rect width="100%" height="100%" rx="8" fill="#ffffff"/>']
        for group, _, _ in frames[1:]:
            parts.append(self._frame(group, places[group.name]))
        for group, along, across in frames:
            for arrow in group.straight:
                parts += self._curve(arrow, places[arrow.start], places[arrow.end])
            for arrow, leave, lane, enter in group.around:
                start, end = places[arrow.start], places[arrow.end]
                turns = (along + leave, across + lane, along + enter)
                parts += self._detour(arrow, start, end, *turns)
        parts += [self._node(name, places[name]) for name in self.nodes]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {self.width:.0f} '
            f'{self.height:.0f}" width="{self.width:.0f}" height="{self.height:.0f}" '
            f'{FONT} fill="{INK}"><title>{html.escape(self.alt)}</title>{"".join(parts)}</svg>'
        )

    def _collect(
        self,
        group: _Group,
        along: float,
        across: float,
        places: dict[str, _Box],
        frames: list[tuple[_Group, float, float]],
    ) -> None:
        """Gather where all boxes stand in the whole drawing."""
        frames.append((group, along, across))
        for name, box in group.boxes.items():
            place = _Box(along + box.along, across + box.across, box.length, box.breadth)
            places[name] = place
            if held := group.groups.get(name):
                x, y = self._point(place.along, place.across)
                self._collect(held, *self._point(x + MARGIN, y + TITLE), places, frames)

    def _frame(self, group: _Group, box: _Box) -> str:
        x, y, width, height = self._rectangle(box)
        return (
            f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="8" '
            f'fill="none" stroke="{BORDER}" stroke-dasharray="3 4"/><text x="{x + 8:.0f}" '
            f'y="{y + 15:.0f}" font-size="13" fill="{BORDER}">{html.escape(_last(group.name))}'
            "</text>"
        )

    def _node(self, name: str, box: _Box) -> str:
        x, y, width, height = self._rectangle(box)
        label, mark = self.nodes[name], self.marks.get(name, "")
        end = label.startswith("__")
        radius = height / 2 if end else 6
        border = f'stroke="{MARKED}" stroke-width="3"' if mark else f'stroke="{BORDER}"'
        middle = f'x="{x + width / 2:.0f}" text-anchor="middle"'
        parts = [
            f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" '
            f'rx="{radius:.0f}" fill="{"#ffffff" if end else FILL}" {border}/>',
            f'<text {middle} y="{y + BOX_HEIGHT / 2 + 5:.0f}" font-size="15">'
            f"{html.escape(_plain(label))}</text>",
        ]
        if mark:
            parts.append(
                f'<text {middle} y="{y + height - 8:.0f}" font-size="13" font-weight="bold" '
                f'fill="{MARKED}">{html.escape(mark)}</text>'
            )
        return "".join(parts)

    def _rectangle(self, box: _Box) -> tuple[float, float, float, float]:
        return (*self._point(box.along, box.across), *self._point(box.length, box.breadth))

    def _curve(self, arrow: Arrow, start: _Box, end: _Box) -> Iterator[str]:
        first, last = start.along + start.length, end.along
        half = (first + last) / 2
        points = (first, start.middle), (half, start.middle), (half, end.middle)
        bend = [self._text_point(*point) for point in (*points, (last - 7, end.middle))]
        yield self._line(f"M{bend[0]}C{' '.join(bend[1:])}", arrow)
        yield self._tip(last, end.middle)
        yield from self._label(arrow, half, (start.middle + end.middle) / 2)

    def _detour(
        self, arrow: Arrow, start: _Box, end: _Box, leave: float, lane: float, enter: float
    ) -> Iterator[str]:
        corners = [
            (start.along + start.length, start.middle),
            (leave, start.middle),
            (leave, lane),
            (enter, lane),
            (enter, end.middle),
            (end.along - 7, end.middle),
        ]
        path = f"M{self._text_point(*corners[0])}"
        for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
            into, out = _towards(corner, before), _towards(corner, after)
            path += f"L{self._text_point(*into)}Q{self._text_point(*corner)} "
            path += self._text_point(*out)
        yield self._line(f"{path}L{self._text_point(*corners[-1])}", arrow)
        yield self._tip(end.along, end.middle)
        yield from self._label(arrow, (leave + enter) / 2, lane)

    def _text_point(self, along: float, across: float) -> str:
        x, y = self._point(along, across)
        return f"{x:.0f},{y:.0f}"

    def _line(self, path: str, arrow: Arrow) -> str:
        dots = ' stroke-dasharray="5 4"' if arrow.dotted else ""
        return f'<path d="{path}" fill="none" stroke="{INK}" stroke-width="1.4"{dots}/>'

    def _tip(self, along: float, across: float) -> str:
        # No SVG marker: its id would have to be unique in a page with several drawings.
        corners = (along, across), (along - 9, across - 4.5), (along - 9, across + 4.5)
        return f'<path d="M{"L".join(self._text_point(*corner) for corner in corners)}z"/>'

    def _label(self, arrow: Arrow, along: float, across: float) -> Iterator[str]:
        if arrow.label:
            x, y = self._point(along, across)
            yield (
                f'<text x="{x:.0f}" y="{y + 4:.0f}" font-size="13" text-anchor="middle" '
                'stroke="#ffffff" stroke-width="5" paint-order="stroke">'
                f"{html.escape(arrow.label)}</text>"
            )


def _layers(names: list[str], arrows: list[tuple[str, str]]) -> list[list[str]]:
    """Put each node one layer behind the last that leads to it; arrows back do not count."""
    back, layer = _leading_back(names, arrows), dict.fromkeys(names, 0)
    ahead = [arrow for arrow in dict.fromkeys(arrows) if arrow not in back]
    for _ in names:
        for start, end in ahead:
            layer[end] = max(layer[end], layer[start] + 1)
    layers = [[n for n in names if layer[n] == number] for number in sorted({*layer.values()})]
    # Each node as near as can be to those that lead to it, so that few arrows cross.
    for before, these in zip(layers, layers[1:], strict=False):
        rows = {name: row - (len(before) - 1) / 2 for row, name in enumerate(before)}
        near = {
            n: [rows[start] for start, end in ahead if end == n and start in rows] for n in these
        }
        these.sort(key=lambda name: sum(near[name]) / len(near[name]) if near[name] else 0)
    return layers


def _leading_back(names: list[str], arrows: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the arrows that lead to a node on the way to their own, or to itself."""
    back: set[tuple[str, str]] = set()
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        for arrow in (arrow for arrow in arrows if arrow[0] == name):
            if arrow[1] in way:
                back.add(arrow)
            elif arrow[1] not in done:
                visit(arrow[1], (*way, arrow[1]))
        done.add(name)

    for name in names:
        if name not in done:
            visit(name, (name,))
    return back


def _child(boxes: Mapping[str, _Box], node: str) -> str:
    """Return the box a node is in: its own, or that of a subgraph."""
    while node not in boxes:
        node = node.rpartition(":")[0]
    return node


def _towards(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """Return the point where a corner's rounding begins, at most 6 pixels from it."""
    away = other[0] - corner[0], other[1] - corner[1]
    far = max(abs(away[0]), abs(away[1])) or 1
    part = min(6, far / 2) / far
    return corner[0] + away[0] * part, corner[1] + away[1] * part


def _plain(label: str) -> str:
    return label.strip("_") if label.startswith("__") else label


def _last(name: str) -> str:
    return name.rpartition(":")[2]
