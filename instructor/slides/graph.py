"""Draw the small Mermaid graphs of the lessons as SVG, without Mermaid and without a network.

Only what `draw_mermaid` and the lessons write is understood: nodes, arrows whole and dotted,
labels on arrows, one level of subgraphs. Of anything else nothing is drawn, and its source is
shown instead.
"""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass, field

__all__ = ("Drawing", "Edge", "Graph", "draw", "read")

NODE = re.compile(r"^([\w\\]+)[(\[]+(.*?)[)\]]+(?::::\w+)?;?$")
ARROW = re.compile(r"^([\w\\]+) (-->|-\.->|-- .*? -->|-\. .*? \.->) ([\w\\]+);?$")
ESCAPED = re.compile(r"\\([0-9a-f]{2})")
HIGH, ACROSS, DOWN, EDGE, LETTER = 44, 70, 26, 60, 9.2  # pixels
INK, FILL, DARK = "#1a1a1a", "#e8edf3", "#00395c"


@dataclass(frozen=True)
class Edge:
    """An arrow; a dotted one is taken on a condition."""

    start: str
    end: str
    dotted: bool
    label: str = ""


@dataclass
class Graph:
    """Names of nodes by their ids, arrows, and which nodes a subgraph holds."""

    nodes: dict[str, str] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    groups: dict[str, list[str]] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The graph in words."""
        ways = {}
        for edge in self.edges:
            start, end = (self.nodes[name].strip("_") for name in (edge.start, edge.end))
            ways.setdefault(start, []).append(end + (" on a condition" if edge.dotted else ""))
        said = "; ".join(f"from {start} to {', '.join(ends)}" for start, ends in ways.items())
        return f"A graph: {said}."


@dataclass(frozen=True)
class Drawing:
    """An SVG element and its height in pixels."""

    svg: str
    height: float


def read(source: str) -> Graph:
    """Read a graph from Mermaid's source."""
    graph, group = Graph(), None
    for line in (line.strip() for line in source.splitlines()):
        if line.startswith("subgraph "):
            group = graph.groups.setdefault(line.removeprefix("subgraph ").strip(), [])
        elif line == "end":
            group = None
        elif arrow := ARROW.match(line):
            start, how, end = arrow.groups()
            label = _words(re.sub(r"^-[-.] | \.?-->?$| \.->$", "", how)) if " " in how else ""
            graph.edges.append(Edge(start, end, "." in how, label))
            for name in (start, end):
                graph.nodes.setdefault(name, _words(name))
        elif node := NODE.match(line):
            graph.nodes[node[1]] = _words(node[2].partition("<hr")[0])
            if group is not None:
                group.append(node[1])
    return graph


def draw(source: str) -> Drawing | None:
    """Draw a graph from left to right, or return None if there is nothing to draw."""
    graph = read(source)
    if not graph.edges:
        return None
    columns = _columns(graph)
    x, places, tallest = 10.0, {}, max(map(len, columns))
    for column in columns:
        width = max(len(graph.nodes[name]) for name in column) * LETTER + 24
        top = (tallest - len(column)) * (HIGH + DOWN) / 2 + EDGE
        for row, name in enumerate(column):
            places[name] = (x, top + row * (HIGH + DOWN), width)
        x += width + ACROSS
    rank = {name: number for number, column in enumerate(columns) for name in column}
    wide, high = x - ACROSS + 10, tallest * (HIGH + DOWN) - DOWN + 2 * EDGE
    parts = [_group(name, [places[one] for one in held]) for name, held in graph.groups.items()]
    ways = {(edge.start, edge.end) for edge in graph.edges}
    for edge in graph.edges:
        step, pair = rank[edge.end] - rank[edge.start], (edge.end, edge.start) in ways
        parts.append(_arrow(edge, places, step, pair))
    parts += [_box(graph.nodes[name], *place) for name, place in places.items()]
    words = html.escape(graph.words)
    # Small graphs are shown at 1.2 times their size, wide ones as wide as the slide.
    shown = high * min(1.2, 1160 / wide)
    svg = (
        f'<svg role="img" aria-label="{words}" viewBox="0 0 {wide:.0f} {high:.0f}" '
        f'style="height:{shown / 24:.1f}em">{"".join(parts)}</svg>'
    )
    return Drawing(svg, shown)


def _columns(graph: Graph) -> list[list[str]]:
    """Put each node one column behind the last that leads to it; arrows back do not count."""
    back, rank = _back(graph), dict.fromkeys(graph.nodes, 0)
    for _ in graph.nodes:
        for edge in graph.edges:
            if edge not in back:
                rank[edge.end] = max(rank[edge.end], rank[edge.start] + 1)
    far = [edge for edge in graph.edges if abs(rank[edge.end] - rank[edge.start]) > 1]

    def row(name: str) -> int:
        # Bows there are drawn above the boxes, bows back below.
        ahead = any(edge.end == name and edge not in back for edge in far)
        return any(edge.start == name and edge in back for edge in far) - ahead

    numbers = sorted(set(rank.values()))
    return [
        sorted((name for name in graph.nodes if rank[name] == number), key=row)
        for number in numbers
    ]


def _back(graph: Graph) -> set[Edge]:
    """Return the arrows that lead back to a node on the way to their own."""
    back, done = set(), set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        for edge in (edge for edge in graph.edges if edge.start == name):
            if edge.end in (*way, name):
                back.add(edge)
            elif edge.end not in done:
                visit(edge.end, (*way, name))
        done.add(name)

    for name in graph.nodes:
        if name not in done:
            visit(name, ())
    return back


def _box(label: str, x: float, y: float, width: float) -> str:
    end = label.startswith("_")
    return (
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{HIGH}" '
        f'rx="{HIGH / 2 if end else 6}" fill="{"#fff" if end else FILL}" stroke="{DARK}"/>'
        f'<text x="{x + width / 2:.0f}" y="{y + HIGH / 2 + 5:.0f}" text-anchor="middle" '
        f'font-size="16" fill="{INK}">{html.escape(label.strip("_") if end else label)}</text>'
    )


def _arrow(edge: Edge, places: dict[str, tuple[float, float, float]], step: int, pair: bool) -> str:
    x1, y1, width = places[edge.start]
    x2, y2, width2 = places[edge.end]
    middle = HIGH / 2
    if abs(step) == 1:  # a straight line; where one leads back, beside it
        beside = (6 if step < 0 else -6) if pair else 0
        x1, x2 = (x1 + width, x2) if step > 0 else (x1, x2 + width2)
        y1, y2 = y1 + middle + beside, y2 + middle + beside
        way, at, turn = (
            f"M{x1:.0f} {y1:.0f} {x2:.0f} {y2:.0f}",
            (y1 + y2) / 2 - 6,
            (y2 - y1, x2 - x1),
        )
    else:  # past other columns: in a bow, above on the way there, below on the way back
        up = step > 1
        x1, x2 = x1 + width * 0.6, x2 + width2 * 0.4
        y1, y2 = (y1, y2) if up else (y1 + HIGH, y2 + HIGH)
        at = min(y1, y2) - EDGE if up else max(y1, y2) + EDGE
        way = f"M{x1:.0f} {y1:.0f}C{x1:.0f} {at:.0f} {x2:.0f} {at:.0f} {x2:.0f} {y2:.0f}"
        at, turn = (at + 22, (1, 0)) if up else (at - 14, (-1, 0))
    dots = ' stroke-dasharray="6 5"' if edge.dotted else ""
    degrees = math.degrees(math.atan2(*turn))
    label = (
        f'<text x="{(x1 + x2) / 2:.0f}" y="{at:.0f}" text-anchor="middle" font-size="14" '
        f'fill="{INK}">{html.escape(edge.label)}</text>'
    )
    # The tip is no SVG marker: one that is defined on a hidden slide is not drawn on any.
    return (
        f'<path d="{way}" fill="none" stroke="{INK}" stroke-width="1.6"{dots}/>'
        f'<path d="M0 0 -11 -5 -11 5z" fill="{INK}" '
        f'transform="translate({x2:.0f} {y2:.0f}) rotate({degrees:.0f})"/>'
    ) + (label if edge.label else "")


def _group(name: str, held: list[tuple[float, float, float]]) -> str:
    left, top = min(x for x, _, _ in held) - 10, min(y for _, y, _ in held) - 26
    wide = max(x + width for x, _, width in held) + 10 - left
    high = max(y for _, y, _ in held) + HIGH + 10 - top
    return (
        f'<rect x="{left:.0f}" y="{top:.0f}" width="{wide:.0f}" height="{high:.0f}" rx="8" '
        f'fill="none" stroke="{DARK}" stroke-dasharray="3 4"/><text x="{left + 8:.0f}" '
        f'y="{top + 18:.0f}" font-size="14" fill="{DARK}">{html.escape(name)}</text>'
    )


def _words(text: str) -> str:
    text = ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return html.unescape(re.sub(r"<[^>]+>", "", text)).replace("\xa0", " ").strip()
