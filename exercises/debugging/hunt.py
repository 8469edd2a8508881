"""What the checks of lesson 6 are made of: the graphs of the hunt, and a late checkpointer."""

from __future__ import annotations

import json
import logging
import operator
import os
import threading
from collections.abc import Callable
from typing import Annotated, Any
from unittest import mock

from langchain.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command
from langsmith import utils
from typing_extensions import TypedDict

from exercises.core.descriptions import kind, short

__all__ = (
    "CONVERSATIONS",
    "LETTERS",
    "WHY",
    "FarSaver",
    "build_basket",
    "build_clerk",
    "build_doubler",
    "build_memory",
)
__all__ += ("build_office", "clue", "decisions", "kept", "log_line", "pay_out", "thread")

FAULTS = (
    "reducer missing",
    "wrong edge",
    "swallowed interrupt",
    "orphan tool message",
    "stale state",
)


WHY = {
    "A": "this is the one way to switch it on",
    "B": 'only the word "true", in small letters, counts; everything else is off, without a word',
    "C": 'only the word "true" counts, so "1" is off, without a word',
    "D": "the old name is still read, and it is asked first",
    "E": "the old name is still read, and it is asked first: here it says no",
    "F": "key and project say where to, not whether",
    "G": "hiding inputs does not stop the sending of names, times and outputs",
}


LETTERS = {
    "Where is my parcel?": "Your parcel is on its way.",
    "Parcel P-7 is late.": "Your parcel is on its way.",
    "I want my money back.": "Your money is on its way.",
    "My parcel is lost, I want my MONEY.": "Your money is on its way.",
    "Do you sell boats?": "A colleague will write to you.",
}
CONVERSATIONS = {
    "no result without its call": [("hctah", 3, "h"), ("hctahct", 3, "hct")],
    "as much as fits": [("haha", 4, "haha"), ("hahaha", 5, "haha"), ("hctah", 5, "hctah")],
    "a long turn stays whole": [("hahctctct", 4, "hctctct"), ("hct", 1, "hct")],
    "a short conversation": [("h", 3, "h"), ("hah", 10, "hah")],
}
SETTINGS = {
    "A": {"LANGSMITH_TRACING": "true"},
    "B": {"LANGSMITH_TRACING": "True"},
    "C": {"LANGSMITH_TRACING": "1"},
    "D": {"LANGSMITH_TRACING": "false", "LANGCHAIN_TRACING_V2": "true"},
    "E": {"LANGSMITH_TRACING": "true", "LANGCHAIN_TRACING_V2": "false"},
    "F": {"LANGSMITH_API_KEY": "sk-lesson", "LANGSMITH_PROJECT": "tents"},
    "G": {"LANGSMITH_TRACING": "true", "LANGSMITH_HIDE_INPUTS": "true"},
}


def thread(name: str) -> dict[str, Any]:
    """Return the config of a thread."""
    return {"configurable": {"thread_id": name}}


def clue(given: Any, fault: str, evidence: Any, what: str) -> None:
    """Judge a pair of a fault's name and its evidence.

    Args:
        given: The student's pair.
        fault: The fault's name.
        evidence: What proves it.
        what: Words for the evidence that do not give it away.

    Raises:
        AssertionError: One of the two is not right.
    """
    assert isinstance(given, (tuple, list)) and len(given) == 2, (
        f"The clue is {kind(given)}; expected a pair: (what is wrong, evidence)."
    )
    named, shown = given
    assert named in FAULTS, f"{named!r} is none of the five faults: {', '.join(FAULTS)}."
    assert named == fault, f"“{named}” is not what is wrong with this graph."
    same = type(shown) is type(evidence) and shown == evidence
    assert same, f"The fault is right. You gave {short(shown)} as evidence; expected {what}."


class FarSaver(InMemorySaver):
    """A checkpointer across a network: a checkpoint arrives after the next look at the thread.

    Whoever looks too early always does, on every machine. Where nobody looks it arrives after
    `LATE` seconds.
    """

    LATE = 0.2

    def __init__(self) -> None:
        super().__init__()
        self._looked = threading.Event()

    def get_tuple(self, config: Any) -> Any:
        """Look at a thread; what is on its way may arrive now."""
        found = super().get_tuple(config)
        self._looked.set()
        return found

    def put(self, *args: Any) -> Any:
        """Save a checkpoint, late."""
        self._looked.clear()
        self._looked.wait(self.LATE)
        return super().put(*args)


class _Basket(TypedDict):
    total: float
    log: Annotated[list[str], operator.add]


def _add(name: str, amount: float) -> Any:
    def node(basket: _Basket) -> dict:
        return {"total": basket["total"] + amount, "log": [name]}

    node.__name__ = name
    return node


def build_doubler(ran: list[str]) -> Any:
    """Compile pick, then twice double and post; `ran` gets the name of each node that runs."""

    def pick(state: _Basket) -> dict:
        ran.append("pick")
        return {"total": 10.0, "log": ["pick"]}

    def double(state: _Basket) -> dict:
        ran.append("double")
        return {"total": state["total"] * 2, "log": [f"double {state['total']:g}"]}

    def post(state: _Basket) -> dict:
        ran.append("post")
        return {"log": ["post"]}

    def once_more(state: _Basket) -> str:
        return "double" if state["log"].count("post") < 2 else "__end__"

    builder = StateGraph(_Basket).add_sequence([pick, double, post]).add_edge(START, "pick")
    builder.add_conditional_edges("post", once_more, ["double", "__end__"])
    return builder.compile(checkpointer=InMemorySaver())


def build_basket(saver: Any) -> Any:
    """Compile three nodes, each of which adds to the total."""
    nodes = [_add("tent", 240.0), _add("pegs", 12.0), _add("rope", 8.0)]
    builder = StateGraph(_Basket).add_sequence(nodes).add_edge(START, "tent")
    return builder.compile(checkpointer=saver)


def build_clerk(schema: Any) -> Any:
    """Compile graph A, as in the lesson."""
    builder = StateGraph(schema)
    notes = {"check_payment": "paid on Friday", "check_stock": "two tents left"}
    notes["check_address"] = "no house number"
    builder.add_sequence([(name, _note(text)) for name, text in notes.items()])
    return builder.add_edge(START, "check_payment").compile(checkpointer=InMemorySaver())


def _note(text: str) -> Callable[[Any], dict]:
    return lambda state: {"notes": [text]}


class _Letter(TypedDict):
    text: str
    answer: str


def build_office(choose: Any) -> Any:
    """Compile graph B, as in the lesson."""
    builder = StateGraph(_Letter).add_node("sort_letter", lambda letter: {})
    builder.add_node("refunds", lambda letter: {"answer": "Your money is on its way."})
    builder.add_node("parcels", lambda letter: {"answer": "Your parcel is on its way."})
    builder.add_node("people", lambda letter: {"answer": "A colleague will write to you."})
    builder.add_edge(START, "sort_letter").add_conditional_edges("sort_letter", choose)
    return builder.compile()


class _Refund(TypedDict):
    amount: float
    status: str


def pay_out(ask: Any, decision: bool, closed: bool = False) -> tuple[Any, Any, list[float]]:
    """Run graph C with a node, answer its question, and return question, status and payments."""
    paid: list[float] = []

    def pay(amount: float) -> None:
        if closed:
            raise ConnectionError("closed")
        paid.append(amount)

    builder = StateGraph(_Refund).add_node("ask", lambda refund: ask(refund, pay))
    cashier = builder.add_edge(START, "ask").compile(checkpointer=InMemorySaver())
    first = cashier.invoke({"amount": 30.0}, thread("1"))
    asked = [item.value for item in first.get("__interrupt__", ())]
    assert asked, (
        f"Nobody was asked: the run ended with status {short(first.get('status'))}. "
        "An interrupt is an exception on its way out; let it pass."
    )
    assert not paid, "The bank paid before the owner was asked."
    last = cashier.invoke(Command(resume=decision), thread("1"))
    return asked[0], last.get("status"), paid


class _Chat(TypedDict):
    question: str
    order: str
    answer: str


def build_memory(remember: Any) -> Any:
    """Compile graph E, as in the lesson."""
    builder = StateGraph(_Chat).add_node("remember", remember).add_edge(START, "remember")
    return builder.compile(checkpointer=InMemorySaver())


def log_line(one_line: Any, msg: str, level: str = "INFO", **fields: Any) -> dict[str, Any]:
    """Return what a formatter makes of a record."""
    record = logging.makeLogRecord({"msg": msg, "levelname": level, "name": "shop", **fields})
    text = one_line(record)
    assert isinstance(text, str), f"`one_line` returned {kind(text)}; expected text."
    assert len(text.strip().splitlines()) == 1, f"The text has several lines: {short(text)}."
    try:
        line = json.loads(text)
    except ValueError:
        line = None
    assert isinstance(line, dict), f"{short(text)} is not a JSON object. Use `json.dumps`."
    return line


def decisions() -> dict[str, bool]:
    """Ask LangSmith what it makes of each of the settings."""
    names = ("LANGSMITH_", "LANGCHAIN_")
    rest = {name: text for name, text in os.environ.items() if not name.startswith(names)}
    decided = {}
    for letter, settings in SETTINGS.items():
        with mock.patch.dict(os.environ, rest | settings, clear=True):
            utils.get_env_var.cache_clear()
            decided[letter] = bool(utils.tracing_is_enabled())
    utils.get_env_var.cache_clear()
    return decided


def kept(keep: Any, text: str, limit: int) -> str:
    """Return what a function keeps of a conversation, as letters."""
    messages = _conversation(text)
    found = keep(list(messages), limit)
    assert isinstance(found, list | tuple), (
        f"`keep_turns` returned {kind(found)}; expected a list of messages."
    )
    assert list(found) == messages[len(messages) - len(found) :], (
        "`keep_turns` returned other messages than the end of the conversation."
    )
    return text[len(text) - len(found) :]


def _conversation(text: str) -> list[Any]:
    """Return messages, one a letter: h(uman), a(i), c(all of a tool) and t(ool's result)."""
    kinds = {
        "h": lambda n: HumanMessage(f"question {n}"),
        "a": lambda n: AIMessage(f"answer {n}"),
        "c": lambda n: AIMessage("", tool_calls=[{"name": "f", "args": {}, "id": f"call-{n}"}]),
        "t": lambda n: ToolMessage("result", tool_call_id=f"call-{n - 1}"),
    }
    return [kinds[letter](number) for number, letter in enumerate(text)]
