"""Graphs are drawn so that nothing overlaps, and are told in words."""

from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree

import pytest
from langgraph.graph import END, START, MessagesState, StateGraph

from course_utils import pictures
from course_utils.diagram import Arrow, Diagram

SVG = "{http://www.w3.org/2000/svg}"


def nothing(state: MessagesState) -> dict:
    """Change nothing."""
    return {}


def desk() -> StateGraph:
    """Return an agent with a gate: it leads forward, back, and past a layer."""
    graph = StateGraph(MessagesState)
    graph.add_node("agent", nothing)
    graph.add_node("approve", nothing, destinations=("agent", "tools", END))
    graph.add_node("tools", nothing)
    graph.add_edge(START, "agent")
    graph.add_conditional_edges("agent", lambda _: END, {"a call": "approve", "words": END})
    graph.add_edge("tools", "agent")
    return graph


def boxes(drawn: Diagram) -> list[tuple[float, ...]]:
    """Return x, y, width and height of each node."""
    filled = [
        rect
        for rect in ElementTree.fromstring(drawn.svg).iter(f"{SVG}rect")
        if rect.get("fill") != "none" and rect.get("stroke")
    ]
    return [tuple(float(rect.get(k)) for k in ("x", "y", "width", "height")) for rect in filled]


def chain(length: int) -> Diagram:
    """Return a long chain whose end leads back to its start."""
    names = {f"step_{n}": f"step_{n}" for n in range(length)}
    arrows = [Arrow(*pair) for pair in itertools.pairwise(names)]
    return Diagram(names, [*arrows, Arrow(f"step_{length - 1}", "step_0", True, "again")], "Chain.")


def star(size: int) -> Diagram:
    """Return a supervisor and its workers."""
    names = {"boss": "boss"} | {f"worker_{n}": f"worker_{n}" for n in range(size)}
    workers = [*names][1:]
    there = [Arrow("boss", name, True) for name in workers]
    return Diagram(names, [*there, *(Arrow(name, "boss") for name in workers)], "Star.")


def test_a_graph_is_told_in_words() -> None:
    assert pictures.graph(desk().compile()).alt == (
        'A graph: from start to agent; from agent to end on "words", approve on "a call"; '
        "from approve to end on a condition, agent on a condition, tools on a condition; "
        "from tools to agent."
    )


@pytest.mark.parametrize(
    "drawn", [pictures.graph(desk().compile()), chain(3), chain(20), star(2), star(19)]
)
def test_boxes_lie_within_the_drawing_and_apart(drawn: Diagram) -> None:
    found = boxes(drawn)
    assert len(found) == len(drawn.nodes)
    for x, y, width, height in found:
        assert 0 <= x and x + width <= drawn.width and 0 <= y and y + height <= drawn.height
    for (x, y, w, h), (x2, y2, w2, h2) in itertools.combinations(found, 2):
        assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y
    # As wide as a notebook's column, with letters at their full size.
    assert drawn.width < 900


def test_all_arrows_are_drawn_within_the_drawing() -> None:
    for drawn in (pictures.graph(desk().compile()), chain(20), star(19)):
        paths = [path.get("d") for path in ElementTree.fromstring(drawn.svg).iter(f"{SVG}path")]
        assert len(paths) == 2 * len(drawn.arrows)  # a line and a tip each
        for point in re.findall(r"(-?[\d.]+),(-?[\d.]+)", " ".join(paths)):
            assert 0 <= float(point[0]) <= drawn.width and 0 <= float(point[1]) <= drawn.height


def test_an_arrow_past_a_layer_runs_round_the_boxes_there() -> None:
    past = [Arrow("a:x", "a:y"), Arrow("a:y", "a:z"), Arrow("a:x", "a:z")]
    inner = Diagram({"a:x": "x", "a:y": "y", "a:z": "z", "end": "end"}, past, "A subgraph.")
    for drawn in (pictures.graph(desk().compile()), chain(5), chain(20), inner):
        lines = [
            re.findall(r"([\d.]+),([\d.]+)", path.get("d"))
            for path in ElementTree.fromstring(drawn.svg).iter(f"{SVG}path")
            if path.get("fill") == "none"
        ]
        assert max(map(len, lines)) > 4
        for line in lines:
            for x, y in line[3:-1:3]:  # between two curves: where it passes a layer
                assert not any(
                    left <= float(x) <= left + width and top <= float(y) <= top + height
                    for left, top, width, height in boxes(drawn)
                )


def test_a_condition_is_dotted_and_carries_its_label() -> None:
    dotted = [*re.finditer("stroke-dasharray", pictures.graph(desk().compile()).svg)]
    assert len(dotted) == 5
    assert ">a call</text>" in pictures.graph(desk().compile()).svg


def test_a_subgraph_is_a_frame_around_its_nodes() -> None:
    outer = StateGraph(MessagesState).add_node("office", desk().compile())
    outer.add_edge(START, "office")
    drawn = pictures.graph(outer.compile(), xray=True)
    (frame,) = [
        rect
        for rect in ElementTree.fromstring(drawn.svg).iter(f"{SVG}rect")
        if rect.get("fill") == "none"
    ]
    x, y, width, height = (float(frame.get(k)) for k in ("x", "y", "width", "height"))
    inside = [
        box
        for box in boxes(drawn)
        if x < box[0]
        and box[0] + box[2] < x + width
        and y < box[1]
        and box[1] + box[3] < y + height
    ]
    held = [name for name in drawn.nodes if name.startswith("office:")]
    assert len(inside) == len(held) >= 3
    assert ">office</text>" in drawn.svg


def test_a_loop_to_itself_is_drawn_once() -> None:
    names = {"a:x": "x", "b": "b"}
    drawn = Diagram(names, [Arrow("a:x", "a:x", True, "again"), Arrow("a:x", "b")], "Loop.")
    assert drawn.svg.count(">again<") == 1


def test_a_mark_stands_at_its_node() -> None:
    drawn = pictures.graph(desk().compile(), marks={"tools": "fails here"})
    assert ">fails here</text>" in drawn.svg
    with pytest.raises(ValueError, match="There is no node 'tool'. The nodes are __start__, agent"):
        pictures.graph(desk().compile(), marks={"tool": "fails here"})


def test_letters_that_html_knows_are_shown_as_they_are() -> None:
    drawn = Diagram({"a": "<b> & 'c'"}, [], 'one "<box>"')
    assert "<b> & 'c'" in "".join(ElementTree.fromstring(drawn.svg).itertext())
    assert 'alt="one &quot;&lt;box&gt;&quot;"' in drawn._repr_mimebundle_()["text/html"]
