"""What the checks of lesson 7 share: small teams, and what a run of them came to."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Annotated, Any

from langchain.agents import create_agent
from langchain.agents.middleware import wrap_model_call
from langchain.messages import AIMessage
from langchain.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.pregel import Pregel
from langgraph.types import Send, interrupt
from openai import BadRequestError
from typing_extensions import TypedDict

from exercises.core.descriptions import kind, short

__all__ = ("FINAL", "FIRST", "FOUND", "RAW", "TOLD", "Asking", "Desks", "Notes", "fan")
__all__ += ("assert_survives", "predicted_runs", "read_log", "speaking_team", "survey", "thread")

RAW = "RAW LOG: belt 4, all well"  # what a tool returns; no model writes it
FOUND = "It came nine days late."
TOLD = "The archive says: nine days."
FINAL = "Dear customer, we are sorry."
FIRST = "One moment please."


def thread(name: str) -> dict[str, Any]:
    """Return the config of a thread."""
    return {"configurable": {"thread_id": name}}


@tool
def read_log(order: str) -> str:
    """Read the log of an order, by its number."""
    return RAW


def worker_tool(name: str, worker: Pregel) -> Any:
    """Return a tool that gives its task to a worker."""

    def ask(task: str) -> str:
        return worker.invoke({"messages": task})["messages"][-1].text

    return tool(name, description="Do a task.")(ask)


def predicted_runs(model: Any) -> Iterator[tuple[str, int]]:
    """Run what exercise 7.1 asks about; yield letter and count."""
    llm = ChatOpenAI(model=model.name)
    one = create_agent(llm, [read_log])
    team = create_agent(llm, [worker_tool("research", create_agent(llm, [read_log]))])
    model.when("^look up").calls("read_log").then_says(FOUND)
    both = model.when("^read two").calls("read_log", order="T-7").calls("read_log", order="T-8")
    both.then_says(FOUND)
    model.when("simple").calls("read_log", order="T-7").then_says(FINAL)
    model.when("simple").calls("research", task="Look up T-7.").then_says(FINAL)
    two = model.when("compare").calls("research", task="Look up T-7.")
    two.calls("research", task="Look up T-8.").then_says(FINAL)
    model.when("in one task").calls("research", task="Read two logs.").then_says(FINAL)
    for letter, agent, question in (
        ("A", one, "simple"),
        ("B", team, "simple"),
        ("C", team, "compare"),
        ("D", team, "in one task"),
    ):
        before = len(model.requests)
        agent.invoke({"messages": question})
        yield letter, len(model.requests) - before


def speaking_team(model: Any) -> Pregel:
    """Return a team three deep: supervisor, research, archive; each says something."""
    llm = ChatOpenAI(model=model.name)
    model.when("carry").says(FIRST).calls("research", task="Find out").then_says(FINAL)
    model.when("find out").calls("archive", task="Open the log of T-7").then_says(FOUND)
    model.when("open the log").calls("read_log", order="T-7").then_says(TOLD)
    archive = create_agent(llm, [read_log], name="archive")
    research = create_agent(llm, [worker_tool("archive", archive)], name="research")
    return create_agent(llm, [worker_tool("research", research)], name="supervisor")


class Desks:
    """Two desks; the front one makes prepared calls, a student's handoff among them.

    Attributes:
        model: The lesson model, on a clean slate.
    """

    NOTE = "She has been told that we are sorry."
    PLEASE = "Please refund 480 euros for order T-7."

    def __init__(self, model: Any, handoff: Any) -> None:
        self.model, self.handoff = model, handoff
        model.when("refund 480").calls("pay_back", order="T-7").then_says(FINAL)
        model.when("hello").says("Good morning!")
        self.ran: list[str] = []

    def open(self, others_before: int = 0, others_after: int = 0) -> Pregel:
        """Return the two desks; the front one calls other tools beside the handoff."""

        @tool
        def track_parcel(parcel: str) -> str:
            """Say where a parcel is, by its number."""
            self.ran.append(parcel)
            return f"Parcel {parcel} arrives on Friday."

        @tool
        def pay_back(order: str) -> str:
            """Pay an order back."""
            return "Paid."

        @wrap_model_call
        def prepared(request: Any, handler: Callable[[Any], Any]) -> Any:
            asked = request.messages[-1]
            if asked.type != "human" or self.PLEASE not in asked.text:
                return handler(request)
            calls = [_call("track_parcel", n, parcel=f"P-{n}") for n in range(others_before)]
            calls.append(_call(self.handoff.name, 50, note=self.NOTE))
            calls += [_call("track_parcel", 60 + n, parcel="P-9") for n in range(others_after)]
            return AIMessage("I hand you over.", tool_calls=calls)

        llm = ChatOpenAI(model=self.model.name, max_retries=0)
        tools = [track_parcel, self.handoff]
        front = create_agent(llm, tools, middleware=[prepared], name="front")
        graph = StateGraph(MessagesState).add_node("front", front, destinations=("refunds",))
        graph.add_node("refunds", create_agent(llm, [pay_back], name="refunds"))
        return graph.add_edge(START, "front").compile(checkpointer=InMemorySaver())

    def say(self, graph: Pregel, name: str, text: str) -> str:
        """Say something on a thread; return the reply.

        Raises:
            AssertionError: The model refused the thread.
        """
        try:
            return graph.invoke({"messages": text}, thread(name))["messages"][-1].text
        except BadRequestError as error:
            messages = graph.get_state(thread(name)).values["messages"]
            made = [c["id"] for m in messages for c in getattr(m, "tool_calls", [])]
            given = [m.tool_call_id for m in messages if m.type == "tool"]
            missing = len(set(made) - set(given))
            fact = f"{missing} of {len(made)} calls of the thread have no answer"
            if not missing:
                fact = "an answer stands in it without its call, or not right behind it"
            if len(given) > len(set(given)):
                fact = "a call is answered twice"
            raise AssertionError(
                f"After {text!r} the thread is dead ({error.status_code}): {fact}."
            ) from None

    def hand_over(self, **others: int) -> None:
        """Go through three turns, the second of which hands over.

        Raises:
            AssertionError: Something is missing at the refunds desk, or the thread is dead.
        """
        graph = self.open(**others)
        self.say(graph, "1", "Hello, this is Mrs Jung.")
        reply = self.say(graph, "1", self.PLEASE)
        seen = self.at_refunds()
        assert seen, (
            "The refunds desk was not reached. The tool has to return a `Command` with "
            "`goto='refunds'` and `graph=Command.PARENT`."
        )
        for what, sentence in (
            ("the note", self.NOTE),
            ("what the customer wants", self.PLEASE),
            ("what was said before", "this is Mrs Jung"),
        ):
            said = [m for m in seen if sentence in str(m.get("content"))]
            assert said, f"The refunds desk does not see {what}: {sentence!r}."
        doubled = [m for m in seen if m["role"] == "user" and self.PLEASE in str(m)]
        assert len(doubled) == 1, (
            f"The refunds desk sees the customer's sentence {len(doubled)} times. Take the "
            "messages along as they are: by their ids they are known."
        )
        assert reply == FINAL, (
            f"The customer's turn ended with {short(reply)}; expected the refunds desk's "
            f"answer, {FINAL!r}."
        )
        assert self.say(graph, "1", "Hello?"), "Nobody answered “Hello?” in the next turn."

    def at_refunds(self) -> list[dict[str, Any]]:
        """Return the messages of the first request that came from the refunds desk."""
        for request in self.model.requests:
            offered = [t["function"]["name"] for t in request.body.get("tools", [])]
            if "pay_back" in offered:
                return request.body["messages"]
        return []


def _call(name: str, number: int, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "args": arguments, "id": f"call_{number}", "type": "tool_call"}


class Notes(TypedDict):
    """Orders, and a note on each."""

    orders: list[str]
    notes: Annotated[list[str], operator.add]


def fan(node: Callable[[str], Any]) -> Pregel:
    """Return a graph that runs a node for each order, side by side."""
    graph = StateGraph(Notes).add_node("research", node)
    graph.add_conditional_edges(
        START, lambda s: [Send("research", order) for order in s["orders"]], ["research"]
    )
    return graph.compile(checkpointer=InMemorySaver())


class Asking:
    """Three workers that ask, one of them twice; it keeps book of what they and others do.

    Attributes:
        visits: The order of each worker that started.
        asked: Each question that was decided.
    """

    def __init__(self) -> None:
        self.visits: list[str] = []
        self.asked: list[str] = []
        inner = StateGraph(Notes).add_node("ask", self._ask).add_edge(START, "ask").compile()

        def work(order: str) -> dict[str, Any]:
            self.visits.append(order)
            return {"notes": inner.invoke({"orders": [order], "notes": []})["notes"]}

        self.graph = fan(work)

    def decide(self, question: Any) -> str:
        """Decide a question: no for T-8, yes for the rest."""
        self.asked.append(question)
        return "no" if "T-8" in question else "yes"

    @staticmethod
    def _ask(state: Notes) -> dict[str, Any]:
        (order,) = state["orders"]
        words = [interrupt(f"Pay for {order}?")]
        if order == "T-7":
            words.append(interrupt(f"And the postage of {order}?"))
        return {"notes": [f"{order}: {' '.join(words)}"]}


def survey(careful: Any, look_up: Callable[[str], str], name: str) -> tuple[Pregel, dict[str, Any]]:
    """Run a student's node for three orders; return the graph and its result."""
    node = careful(look_up)
    assert callable(node), f"`careful(look_up)` returned {kind(node)}; expected the node."

    def checked(order: str) -> Any:
        got = node(order)
        assert isinstance(got, dict) and isinstance(got.get("notes"), list), (
            f"The node returned {short(got)} for {order}; expected {{'notes': [one note]}}."
        )
        return got

    graph = fan(checked)
    return graph, graph.invoke({"orders": ["T-7", "T-8", "T-9"], "notes": []}, thread(name))


def assert_survives(careful: Any, error: Exception) -> None:
    """Assert that two notes stay, and the third says what is missing, after an error."""

    def look_up(order: str) -> str:
        if order == "T-8":
            raise error
        return f"{order} is late"

    what = f"`look_up` raised {type(error).__name__} for T-8"
    try:
        notes = survey(careful, look_up, "failing")[1]["notes"]
    except type(error):
        raise AssertionError(
            f"{what}, and so did the whole run: two good notes are not shown."
        ) from None
    assert len(notes) == 3 and notes[0] == "T-7 is late" and notes[2] == "T-9 is late", (
        f"{what}. The notes are {short(notes)}; expected three, T-8's in the middle."
    )
    assert isinstance(notes[1], str) and "T-8" in notes[1], (
        f"{what}. Its note is {short(notes[1])}; expected a sentence with the order's number, so "
        "that the reader knows what is missing."
    )
    assert str(error.args[0]) not in notes[1], (
        f"{what}. Its note is {short(notes[1])}: the words of the exception are for your log, not "
        "for a customer."
    )
