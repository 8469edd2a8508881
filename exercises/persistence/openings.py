"""Graphs on SQLite files, for exercise 2.2."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from langchain.messages import AIMessage
from langchain_core.runnables import RunnableLambda
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import START, MessagesState, StateGraph

from exercises.core.descriptions import kind, short, with_article
from exercises.core.threads import id_of, thread
from exercises.core.waiting import wait_until

__all__ = ("Openings",)

MAX_LOOP_SECONDS = 1.0


class Openings:
    """One way to open a file: what is asked through it, and what has to come back.

    Attributes:
        file: The path the answer is given.
        saver: The saver the answer opened last.
        blocked: Whether the event loop stood still while a graph ran.
        failures: How often the graph with a bug has run.
        error: What it raises.
    """

    ERRORS = (KeyError("bug"), sqlite3.OperationalError("database is locked"))

    def __init__(self, what: str, file: str) -> None:
        self.file = file
        self.saver: Any = None
        self.blocked = False
        self.failures = 0
        self.error: BaseException = self.ERRORS[0]
        self._what = what
        self._sent: dict[str, list[str]] = {}

    def questions(self) -> Iterator[tuple[dict, str]]:
        """Yield what is asked one after the other, on two threads."""
        for name, text in (
            *(("T-7", "Hello"), ("T-7", " And  again,\nHELLO "), ("ada", "Hello"), ("T-7", "Bye")),
        ):
            yield thread(name), text

    def build(self, saver: Any) -> Any:
        """Build a graph that says how many messages its thread holds."""
        return self._compiled(saver, _count)

    def build_broken(self, saver: Any) -> Any:
        """Build a graph with a bug."""

        def broken(_: MessagesState) -> dict:
            self.failures += 1
            raise self.error

        return self._compiled(saver, broken)

    def async_build(self) -> Callable[[Any], Any]:
        """Return `build` for the running loop: it notes whether the loop stands still."""
        loop = asyncio.get_running_loop()

        def count(state: MessagesState) -> dict:
            turned = threading.Event()
            loop.call_soon_threadsafe(turned.set)
            self.blocked = self.blocked or not wait_until(turned.is_set, MAX_LOOP_SECONDS)
            return _count(state)

        async def acount(state: MessagesState) -> dict:
            if asyncio.get_running_loop() is loop:
                return _count(state)
            return count(state)  # in a loop of its own: does the caller's go on meanwhile?

        return lambda saver: self._compiled(saver, RunnableLambda(count, afunc=acount))

    def _compiled(self, saver: Any, node: Any) -> Any:
        self.saver = saver
        builder = StateGraph(MessagesState).add_node("count", node).add_edge(START, "count")
        return builder.compile(checkpointer=saver)

    def assert_remembered(self, state: Any, config: dict, text: str) -> None:
        """Compare a returned state, and the file, with what was sent so far."""
        what, name = self._what, id_of(config)
        sent = self._sent.setdefault(name, [])
        sent.append(text)
        assert isinstance(state, dict) and "messages" in state, (
            f"`{what}` returned {kind(state)}; expected the state, as `invoke` returns it."
        )
        assert Path(self.file).exists(), (
            f"I sent {text!r} through {what}, and there is no file where `file` says. Open that "
            "very path: not memory, and not the file of the question before."
        )
        said = [message.text for message in state["messages"] if message.type == "human"]
        assert len(said) <= len(sent), (
            f"I sent {sent} to the thread {name!r} through {what}, and the state has {said}: the "
            "graph ran more than once for a text, or the text was given to it twice."
        )
        assert said == sent, (
            f"I sent {sent} to the thread {name!r} through {what}, and the state has {said}. Is "
            "the file opened, and the given thread used?"
        )
        assert len(state["messages"]) == 2 * len(sent), (
            f"The state holds {len(state['messages'])} messages; expected {2 * len(sent)}, answers "
            "included: the graph runs once for each text."
        )
        kept = self.saver
        with SqliteSaver.from_conn_string(self.file) as saver:
            saved = self.build(saver).get_state(config).values.get("messages", [])
        self.saver = kept
        assert len(saved) == 2 * len(sent), (
            f"I opened the file that `{what}` was given, and its thread holds {len(saved)} "
            f"messages; expected {2 * len(sent)}."
        )

    @contextlib.contextmanager
    def assert_error(self, error: BaseException) -> Iterator[list[Any]]:
        """Demand that the error of a graph with a bug comes out of what is asked inside.

        Yields a list for the state that was returned instead.
        """
        self.error, self.failures, states = error, 0, []
        what = f"The graph raised {with_article(type(error).__name__)}, and `{self._what}`"
        try:
            yield states
        except type(error):
            assert self.failures == 1, (
                f"{what} ran it {self.failures} times; expected once: a bug is not cured by "
                "another try, and what was done is done again."
            )
        else:
            raise AssertionError(
                f"{what} returned {short(states[-1])}; expected the error to come out."
            )

    def ask_from_threads(self, graph: Any) -> None:
        """Use a graph from this thread and from others, on two conversations."""
        names = ("T-7", "ada")
        try:
            with ThreadPoolExecutor(2) as elsewhere:
                runs = [
                    elsewhere.submit(graph.invoke, {"messages": "Hello"}, thread(name))
                    for name in names
                ]
            states = [(name, "Hello", run.result()) for name, run in zip(names, runs, strict=True)]
            states += [
                (name, "Again", graph.invoke({"messages": "Again"}, thread(name))) for name in names
            ]
        except sqlite3.ProgrammingError as error:
            likely = (
                "Its connection was closed before the graph was used: by a `with` that ended, or "
                "because nothing holds on to what `from_conn_string` returned."
                if "closed" in str(error)
                else "SQLite refuses other threads unless you connect with "
                "`check_same_thread=False`."
            )
            raise AssertionError(
                f"Using the graph of `open_for_long` failed: `{str(error).split('. ')[0]}`. "
                f"{likely}"
            ) from None
        # The file has both turns already: compare it once, with the last states.
        for name, text, _ in states[:2]:
            self._sent.setdefault(name, []).append(text)
        for name, text, state in states[2:]:
            self.assert_remembered(state, thread(name), text)

    def ask_again(self, graph: Any) -> None:
        """Use a graph that has been used before, after others have opened and closed its file."""
        scene = (
            "The graph of `open_for_long` was used; then another path was opened for long, and "
            "`ask_once` and `ask_async` asked on the first one's file."
        )
        try:
            state = graph.invoke({"messages": "Still here"}, thread("T-7"))
        except (sqlite3.ProgrammingError, ValueError) as error:
            raise AssertionError(
                f"{scene} Used again, it failed: `{str(error).split('. ')[0]}`. Its connection is "
                "its own, and nobody else closes it."
            ) from None
        self.assert_remembered(state, thread("T-7"), "Still here")


def _count(state: MessagesState) -> dict:
    return {"messages": [AIMessage(str(len(state["messages"])))]}
