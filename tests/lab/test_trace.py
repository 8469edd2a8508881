"""Traces: what is kept of a run, what is hidden, and what a saved one still holds."""

from __future__ import annotations

import json
import operator
from typing import Annotated, Any

import pytest
from langchain.agents import create_agent
from langchain.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict

import lesson_model
from lab import trace
from lab.trace import Span, Trace, hide_secrets


class Log(TypedDict):
    """A list that grows."""

    log: Annotated[list, operator.add]


def graph(*nodes: Any, **options: Any) -> Any:
    """Compile nodes, one after the other."""
    builder = StateGraph(Log).add_sequence(list(nodes)).add_edge(START, nodes[0].__name__)
    return builder.compile(**options)


def tent(state: Log) -> dict:
    return {"log": ["tent"]}


def pegs(state: Log) -> dict:
    return {"log": ["pegs"]}


def test_nodes_have_their_step_what_went_in_and_what_came_out():
    with trace.record() as run:
        graph(tent, pegs).invoke({"log": []})
    (root,) = run.spans
    assert [(s.name, s.step) for s in root.children] == [("tent", 1), ("pegs", 2)]
    assert root.children[1].inputs == {"log": ["tent"]}
    assert root.children[1].outputs == {"log": ["pegs"]}
    assert all(span.seconds >= 0 and not span.problem for span in run.walk())


def test_models_and_tools_are_in_the_tree_without_random_ids(served):
    @tool
    def count(color: str) -> str:
        """Count the tents of a color."""
        return f"12 {color}"

    with lesson_model.scratch() as model:
        model.when("").calls("count", color="green").then_says("There are {result}.")
        agent = create_agent(ChatOpenAI(model=model.name), [count])
        texts = []
        for _ in range(2):
            with trace.record() as run:
                agent.invoke({"messages": "How many?"})
            texts.append(repr(run))
    assert texts[0] == texts[1]
    kinds = [(span.name, span.kind) for span in run.walk() if span.kind != "chain"]
    assert kinds == [("ChatOpenAI", "llm"), ("count", "tool"), ("ChatOpenAI", "llm")]
    reply = run.find("There are 12 green.")[-1]
    assert reply.outputs == {
        "text": "There are 12 green.",
        "finish_reason": "stop",
        "tokens": reply.outputs["tokens"],
    }
    asked, answered, _ = (span for span in run.walk() if span.kind != "chain")
    assert asked.outputs["calls"][0]["id"] == answered.outputs["output"]["answers"]


def test_inputs_are_kept_as_they_were_before_the_node():
    def spoil(state: Log) -> dict:
        state["log"].append("spoilt")
        return {}

    with trace.record() as run:
        graph(spoil).invoke({"log": ["fine"]})
    assert run.spans[0].children[0].inputs == {"log": ["fine"]}


def test_an_error_is_where_it_happened_and_in_all_around_it():
    def burn(state: Log) -> dict:
        raise ValueError("no tent")

    with trace.record() as run, pytest.raises(ValueError):
        graph(tent, burn).invoke({"log": []})
    assert [s.name for s in run.walk() if s.error] == ["LangGraph", "burn"]
    assert repr(run).splitlines()[-1] == "  step 2 burn: ValueError('no tent')"
    assert "failed: <strong>burn" in run._repr_html_()


def test_an_interrupt_is_no_error():
    def ask(state: Log) -> dict:
        return {"log": [interrupt("May I?")]}

    with trace.record() as run:
        graph(ask, checkpointer=InMemorySaver()).invoke(
            {"log": []}, {"configurable": {"thread_id": "1"}}
        )
    assert repr(run).splitlines()[-1] == "  step 1 ask: waits for an answer"
    assert not any(span.error for span in run.walk())


def test_what_has_not_ended_says_so():
    seen = []

    def look(state: Log) -> dict:
        seen.append(repr(run))
        return {}

    with trace.record() as run:
        graph(tent, look).invoke({"log": []})
    assert seen[0].splitlines()[0] == "LangGraph: unfinished"
    assert seen[0].splitlines()[-1] == "  step 2 look: unfinished"


def test_parallel_nodes_come_in_the_order_of_their_names():
    """Which one of them begins first is chance; nodes of an earlier step come first."""
    nodes = [Span(name, "chain", step, seconds=0) for name, step in (("c", 2), ("b", 1), ("a", 1))]
    shown = repr(Trace([Span("LangGraph", "chain", children=nodes, seconds=0)]))
    assert [line.split()[2] for line in shown.splitlines()[1:]] == ["a", "b", "c"]


async def test_streams_and_async_runs_are_traced():
    with trace.record() as run:
        list(graph(tent).stream({"log": []}))
        async for _ in graph(pegs).astream({"log": []}):
            pass
    assert [span.children[0].name for span in run.spans] == ["tent", "pegs"]


def test_only_what_runs_inside_is_traced():
    with trace.record() as run:
        graph(tent).invoke({"log": []})
        with trace.record() as inner:
            graph(pegs).invoke({"log": []})
    graph(pegs).invoke({"log": []})
    assert (len(run.spans), len(inner.spans)) == (1, 1)
    assert repr(Trace()) == "Nothing was traced." and "Nothing" in Trace()._repr_html_()


def test_a_recorder_can_be_given_as_a_callback():
    run = Trace()
    graph(tent).invoke({"log": []}, {"callbacks": [trace.Recorder(run)]})
    assert run.spans[0].children[0].name == "tent"


@pytest.mark.parametrize(
    "secret",
    [
        {"card": "1"},
        {"api_key": "k"},
        {"apikey": "k"},
        {"access_token": "k"},
        {"PASSWORD": "k"},
        {"Authorization": "k"},
        {"deep": [{"client-secret": "k"}]},
        "card 4111 1111 1111 1111.",
        "4111111111111111",
        "key sk-" + "abcdefgh",
        "Bearer abc.def",
    ],
)
def test_secrets_are_hidden(secret):
    hidden = json.dumps(hide_secrets(secret))
    assert "[hidden]" in hidden
    assert not any(word in hidden for word in ("4111", "abc", '"k"', '"1"'))


@pytest.mark.parametrize(
    "harmless",
    [{"total_tokens": 12}, {"cardinal": "red"}, "order 123456789", "the sky-blue tent", 7, None],
)
def test_what_is_no_secret_stays(harmless):
    assert hide_secrets(harmless) == harmless


def test_what_is_hidden_is_kept_nowhere(tmp_path):
    def pay(state: Log) -> dict:
        raise ValueError("card 4111 1111 1111 1111 refused")

    with trace.record() as run, pytest.raises(ValueError):
        graph(pay).invoke({"log": [{"token": "tent-pole"}]})
    run.save(tmp_path / "run.json")
    for text in (repr(run), run._repr_html_(), (tmp_path / "run.json").read_text("utf-8")):
        assert "4111 1111" not in text and "tent-pole" not in text
        assert "[hidden]" in text


def test_a_mask_of_ones_own_decides():
    def without_ada(value: Any) -> Any:
        return json.loads(json.dumps(value).replace("Ada", "somebody"))

    with trace.record(mask=without_ada) as run:
        graph(tent).invoke({"log": ["Ada"]})
    assert not run.find("Ada") and run.find("somebody")
    with trace.record(mask=None) as run:
        graph(tent).invoke({"log": [{"card": "4111 1111 1111 1111"}]})
    assert run.find("4111")


def test_a_saved_trace_is_the_same_trace(tmp_path):
    with trace.record() as run:
        graph(tent, pegs).invoke({"log": [("a", 1), object()]})
    run.save(tmp_path / "run.json")
    loaded = trace.load(tmp_path / "run.json")
    assert loaded == run and loaded._repr_html_() == run._repr_html_()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"spans": [{"title": "x"}]}'])
def test_a_file_that_is_no_trace_says_so(tmp_path, text):
    (tmp_path / "x.json").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"x\.json is no trace\. Save one"):
        trace.load(tmp_path / "x.json")


def test_markup_in_a_trace_is_text():
    nasty = "<script>alert(1)</script>"
    span = Span(nasty, "chain", inputs={"x": nasty}, outputs=nasty, error=nasty, seconds=0.1)
    shown = Trace([span])._repr_html_()
    assert shown.count("<script>") == 1 and "&lt;script&gt;" in shown  # the one is the search
