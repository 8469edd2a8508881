"""Orders whose process is killed, for exercise 2.3."""

from __future__ import annotations

import contextlib
import operator
import sqlite3
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.errors import EmptyInputError
from langgraph.graph import START, StateGraph
from typing_extensions import TypedDict

from lab import child

__all__ = ("ENDS", "real_ledgers")

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
