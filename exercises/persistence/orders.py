"""What the checks of lesson 2 run: orders that are killed, conversations to prune, a queue."""

from __future__ import annotations

import contextlib
import operator
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

from langchain.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.errors import EmptyInputError
from langgraph.graph import START, MessagesState, StateGraph
from openai import BadRequestError
from typing_extensions import TypedDict

import lesson_model
from exercises.core.descriptions import kind
from lab import child

__all__ = ("CONVERSATIONS", "ENDS", "THREAD", "SlowDesk", "ask_from_threads", "assert_remembered")
__all__ += ("counting", "real_ledgers", "refusal", "words_of")

THREAD = {"configurable": {"thread_id": "check"}}

STEPS = ("reserve", "charge", "label", "post")

ENDS = {
    "A": (("sync", "killed", "charge"), "reserve was saved before charge began; charge was not"),
    "B": (("exit", "killed", "charge"), "nothing at all was saved: both steps run again"),
    "C": (("exit", "raises", "charge"), "after an exception even 'exit' saves what was finished"),
    "D": (("sync", "killed", "post"), "post had written its line, and nobody had saved that"),
}


class Order(TypedDict):
    """The steps that are done."""

    done: Annotated[list, operator.add]


def _open_orders(
    file: str, ledger: str, durability: str, ends: str = "", dies_in: str = ""
) -> Callable[[Any], Any]:
    """Return a function that runs the four steps; one of them may be the end of the process."""

    def step(name: str) -> Callable[[Order], dict]:
        def work(_: Order) -> dict:
            with Path(ledger).open("a", encoding="utf-8") as world:
                world.write(name + "\n")
            if name == dies_in and ends == "killed":
                child.kill_9()
            if name == dies_in and ends == "raises":
                raise ConnectionError("the bank does not answer")
            return {"done": [name]}

        return work

    orders = StateGraph(Order).add_sequence([(name, step(name)) for name in STEPS])
    orders.add_edge(START, STEPS[0])
    connection = sqlite3.connect(file, check_same_thread=False)
    connection.execute("PRAGMA synchronous=OFF")  # matters after a power cut, not after a kill
    orders = orders.compile(checkpointer=SqliteSaver(connection))
    thread = {"configurable": {"thread_id": "T-7"}}

    def run(order: Any) -> None:
        if order == "close":
            connection.close()
        else:
            orders.invoke(order, thread, durability=durability)

    return run


def _ledger(folder: str, durability: str, ends: str, dies_in: str) -> list[str]:
    """Run an order whose process ends in a step, go on in this process, return its ledger."""
    files = [f"{folder}/{durability} {ends} {dies_in}.{kind}" for kind in ("db", "txt")]
    process = child.start(_open_orders, *files, durability, ends, dies_in)
    with contextlib.suppress(EOFError, RuntimeError):
        process.ask({"done": []})
    process.kill()
    go_on = _open_orders(*files, durability)
    try:
        go_on(None)
    except EmptyInputError:
        go_on({"done": []})
    go_on("close")
    return Path(files[1]).read_text("utf-8").split()


def real_ledgers() -> dict[str, list[str]]:
    """Run all of ENDS at the same time and return their ledgers."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        ThreadPoolExecutor(len(ENDS)) as pool,
    ):
        runs = {letter: pool.submit(_ledger, folder, *end) for letter, (end, _) in ENDS.items()}
        return {letter: run.result() for letter, run in runs.items()}


def counting(saver: Any, *, asynchronous: bool = False) -> Any:
    """Build a graph that says how many messages its thread holds."""

    def count(state: MessagesState) -> dict:
        return {"messages": [AIMessage(str(len(state["messages"])))]}

    async def acount(state: MessagesState) -> dict:
        return count(state)

    builder = StateGraph(MessagesState).add_node("count", acount if asynchronous else count)
    return builder.add_edge(START, "count").compile(checkpointer=saver)


def _talk(*words: str) -> list[AnyMessage]:
    """Make messages of words: S is a system message, H human, A ai, C a call, T its result."""
    messages: list[AnyMessage] = []
    for word in words:
        if word[0] == "S":
            messages.append(SystemMessage(word, id=word))
        elif word[0] == "H":
            messages.append(HumanMessage(word, id=word))
        elif word[0] == "T":
            messages.append(ToolMessage(word, tool_call_id=f"call_{word[1:]}", id=word))
        else:
            made = [part for part in word.split("+") if part[0] == "C"]
            calls = [{"name": "look", "args": {}, "id": f"call_{part[1:]}"} for part in made]
            messages.append(AIMessage("" if calls else word, tool_calls=calls, id=word))
    return messages


# A name for each conversation, its messages, and how many of them have to go.
CONVERSATIONS = {
    "four questions": (_talk("H1", "A1", "H2", "A2", "H3", "A3", "H4"), 4),
    "calls and their results": (
        _talk("H1", "A1", "H2", "C1+C2", "T1", "T2", "C3", "T3", "A2", "H3", "C4", "T4", "A3"),
        2,
    ),
    "results just before the cut": (
        _talk("H1", "C1", "T1", "A1", "H2", "C2", "T2", "A2", "H3"),
        4,
    ),
    "a system message": (_talk("S", "H1", "A1", "H2", "A2", "H3", "A3"), 2),
    "a short conversation": (_talk("S", "A0", "H1", "C1", "T1", "A1"), 0),
    "one question": (_talk("A0", "H1", "A1"), 0),
    "two questions": (_talk("H1", "C1", "T1", "A1", "H2", "A2"), 0),
    "nothing said yet": ([], 0),
}


def words_of(messages: list[AnyMessage]) -> str:
    """Return the ids of messages, which say what they are."""
    return " ".join(str(message.id) for message in messages) or "nothing"


def ask_from_threads(graph: Any) -> list[Any]:
    try:
        with ThreadPoolExecutor(1) as elsewhere:
            asked = [elsewhere.submit(graph.invoke, {"messages": "Hello"}, THREAD).result()]
        return [*asked, graph.invoke({"messages": "Again"}, THREAD)]
    except sqlite3.ProgrammingError as error:
        likely = (
            "The `with` has closed the file before the graph was used."
            if "closed" in str(error)
            else "SQLite refuses other threads unless you connect with `check_same_thread=False`."
        )
        raise AssertionError(
            f"Using the graph of `open_for_long` failed: `{str(error).split('. ')[0]}`. {likely}"
        ) from None


def assert_remembered(states: list[Any], what: str, file: str) -> None:
    for state in states:
        assert isinstance(state, dict) and "messages" in state, (
            f"`{what}` returned {kind(state)}; expected the state, as `invoke` returns it."
        )
    counts = [len(state["messages"]) for state in states]
    assert counts == [2, 4], (
        f"I sent two texts through {what}; the thread held {counts[0]} and then {counts[1]} "
        "messages; expected 2, then 4. Is the file opened, and the given thread used?"
    )
    assert Path(file).exists(), f"After {what} there is no file where `file` says. Use that path."


def refusal(messages: list[Any]) -> str:
    """Return what the model says against these messages, "" if it takes them."""
    with lesson_model.scratch() as model:
        try:
            ChatOpenAI(model=model.name).invoke([*messages, HumanMessage("And now?")])
        except BadRequestError as error:
            return str((error.body or {}).get("message", error))
    return ""


class SlowDesk:
    """A graph that answers slowly enough for two runs to meet.

    Attributes:
        graph: On a saver in memory. The text "meet" waits for a second run, "fail" raises.
        most: How many runs were at work at the same time, at most.
    """

    def __init__(self) -> None:
        self.most = self._inside = 0
        self._guard, self._both = threading.Lock(), threading.Barrier(2, timeout=5.0)
        builder = StateGraph(MessagesState).add_node("answer", self._answer)
        self.graph = builder.add_edge(START, "answer").compile(checkpointer=InMemorySaver())

    def _answer(self, state: MessagesState) -> dict:
        text = state["messages"][-1].text
        with self._guard:
            self._inside += 1
            self.most = max(self.most, self._inside)
        try:
            if text == "meet":
                self._both.wait()
            if text == "fail":
                raise ConnectionError("the model does not answer")
            time.sleep(0.02)
            return {"messages": [AIMessage(f"re: {text}")]}
        finally:
            with self._guard:
                self._inside -= 1
