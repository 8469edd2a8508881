"""Checks of lesson 2, persistence."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

from langchain.agents import create_agent
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import START, MessagesState, StateGraph

import lesson_model
from exercises.core.descriptions import kind, short
from exercises.core.exercise import exercise, part, run_async
from exercises.persistence.orders import (
    CONVERSATIONS,
    ENDS,
    THREAD,
    SlowDesk,
    ask_from_threads,
    assert_remembered,
    counting,
    real_ledgers,
    refusal,
    words_of,
)
from lab.checkpoint_cost import stored_bytes

__all__ = ("ex1", "ex2", "ex3", "ex4", "ex5", "ex6")


@exercise(
    hints=(
        "What do Ada's two requests have in common, that Bert's do not share?",
        "The thread id decides who remembers what. It must not depend on the page.",
        "`thread_id` is `request['customer']`; the rest of `reply_by_page` is fine.",
    )
)
def ex1(reply):
    """Each customer is remembered on every page, and nobody else."""
    with lesson_model.scratch() as model:
        agent = create_agent(ChatOpenAI(model=model.name), checkpointer=InMemorySaver())
        said = {}
        for customer, page, text in (
            ("ada", "/tents", "Hello, my name is Ada."),
            ("bert", "/tents", "Hello, my name is Bert."),
            ("ada", "/returns", "What is my name?"),
            ("bert", "/tents", "What is my name?"),
            ("carol", "/tents", "What is my name?"),
            ("carol", "/returns", "What is my name?"),
        ):
            answer = reply(agent, {"customer": customer, "page": page, "text": text})
            assert isinstance(answer, str), (
                f"`reply` returned {kind(answer)}; expected the text of the last message."
            )
            assert "my name" not in answer.lower(), (
                f"`reply` returned {short(answer)}: the customer's words. The answer is the last "
                "message."
            )
            said[customer, page] = answer
    for customer, page, where in (("ada", "/returns", "another"), ("bert", "/tents", "the same")):
        with part(f"remembered on {where} page"):
            assert customer.title() in said[customer, page], (
                f"{customer.title()} gave a name on /tents, asked for it on {page}, and was told "
                f"{short(said[customer, page])}. Does the thread id depend on the page, is it new "
                "at each request, or the same for everybody?"
            )
    with part("nobody else's conversation"):
        known = " ".join(said["carol", page] for page in ("/tents", "/returns"))
        assert "Ada" not in known and "Bert" not in known, (
            f"Carol never said a name. She asked for it and was told {short(known)}. She shares "
            "a thread with others."
        )


@exercise(
    hints=(
        "Each error above says what is wrong. `from_conn_string` belongs into a `with`.",
        "A `with` ends before a graph you return is used: connect yourself, and allow other "
        "threads. In async code use `AsyncSqliteSaver`, `async with` and `ainvoke`.",
        "`with SqliteSaver.from_conn_string(file) as saver`; "
        "`SqliteSaver(sqlite3.connect(file, check_same_thread=False))`; "
        "`async with AsyncSqliteSaver.from_conn_string(file) as saver`.",
    )
)
def ex2(ask_once, open_for_long, ask_async):
    """Each opening works, saves into the file, and is closed where it has to be."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        savers: list[Any] = []

        def build(saver: Any, asynchronous: bool = False) -> Any:
            savers.append(saver)
            return counting(saver, asynchronous=asynchronous)

        with part("ask_once"):
            file = f"{folder}/once.db"
            states = [ask_once(build, file, text, THREAD) for text in ("Hello", "Again")]
            assert_remembered(states, "ask_once", file)
            with contextlib.suppress(sqlite3.ProgrammingError):  # so says a closed connection
                savers[-1].conn.execute("SELECT 1")
                savers[-1].conn.close()
                raise AssertionError(
                    "`ask_once` leaves the file open. `with ... as saver:` closes it at the end."
                )
        with part("open_for_long"):
            file = f"{folder}/long.db"
            graph = open_for_long(build, file)
            assert hasattr(graph, "invoke"), (
                f"`open_for_long` returned {kind(graph)}; expected the graph. Is a `return` "
                "missing?"
            )
            assert_remembered(ask_from_threads(graph), "the graph of open_for_long", file)
            savers[-1].conn.close()
        with part("ask_async"):
            file = f"{folder}/async.db"

            async def twice() -> None:
                states = []
                for text in ("Hello", "Again"):
                    asking = ask_async(lambda saver: build(saver, True), file, text, THREAD)
                    assert hasattr(asking, "__await__"), "`ask_async` is not an `async def`."
                    states.append(await asking)
                assert_remembered(states, "ask_async", file)
                with contextlib.suppress(ValueError):  # so says a closed connection
                    await savers[-1].conn.execute("SELECT 1")
                    await savers[-1].conn.close()
                    raise AssertionError(
                        "`ask_async` leaves the file open. Use `async with ... as saver:`."
                    )

            run_async(twice())


@exercise(
    hints=(
        "For each case ask: what was saved when the process ended, and where does it go on?",
        "A step that did not finish is never saved, but it has written its line already.",
        "'sync' repeats only the step that was running. 'exit' saves nothing when killed, and "
        "everything that was finished when an exception ends the run.",
    ),
    seconds=60,
)
def ex3(ledgers):
    """The four ledgers, as four real processes wrote them."""
    assert isinstance(ledgers, dict), f"`ledgers` is {kind(ledgers)}; expected a dictionary."
    real = real_ledgers()
    for letter, ((durability, ends, step), why) in ENDS.items():
        with part(f"{letter}: {durability}, {step} {'is killed' if ends == 'killed' else ends}"):
            given = ledgers.get(letter, ledgers.get(letter.lower()))
            assert given not in (None, ...), f"{letter} is missing in `ledgers`."
            given = given.replace(",", " ").split() if isinstance(given, str) else given
            assert isinstance(given, list | tuple), (
                f"{letter}: you gave {kind(given)}; expected a list of steps, ['reserve', ...]."
            )
            assert list(given) == real[letter], (
                f"{letter}: you predicted {' '.join(map(str, given))}. I ran it just now, and the "
                f"ledger says {' '.join(real[letter])}: {why}."
            )


@exercise(
    hints=(
        "Find where the last two questions begin. Everything from the first of them on stays.",
        "What a node returns is added. To remove a message, return `RemoveMessage(message.id)`.",
        "The positions of all messages with `type == 'human'`; cut at the last but one; one "
        "`RemoveMessage` for each message before it that is not a system message.",
    )
)
def ex4(keep_last_two):
    """The last two questions stay, with all that belongs to them, and the system message."""
    builder = StateGraph(MessagesState).add_node("keep", keep_last_two).add_edge(START, "keep")
    graph, legend = builder.compile(), " (H is a question, A an answer, C a call, T its result.)"
    for name, (talk, gone) in CONVERSATIONS.items():
        with part(name):
            system = [message for message in talk if message.type == "system"]
            others = [message for message in talk if message.type != "system"]
            right = system + others[gone:]
            left = graph.invoke({"messages": talk})["messages"]
            if left == right:
                continue
            likely = ""
            if left == talk:
                likely = (
                    " Nothing was removed: what a node returns is added to the messages. "
                    "`RemoveMessage` removes."
                )
            elif system and system[0] not in left:
                likely = " The system message is gone."
            elif refused := refusal(left):
                likely = f" The model refuses that: “{refused}”"
            elif len(left) < len(right):
                likely = " Something is missing that belongs to the last two questions."
            elif gone:
                likely = " Something is left of a question that is gone."
            told, legend = legend, ""  # once is enough
            raise AssertionError(
                f"Of {words_of(talk)} your node leaves {words_of(left)}; expected "
                f"{words_of(right)}.{told}{likely}"
            )


@exercise(
    hints=(
        "Each checkpoint holds all messages. What has to stay small?",
        "A node at the beginning of each turn can remove what is old: `RemoveMessage`.",
        "Two nodes, `prune` and `reply`: `prune` as above, with `max_tokens=6`; `reply` returns "
        "`{'messages': llm.invoke(state['messages'])}`. Compile with `checkpointer=saver`.",
    ),
    seconds=40,
)
def ex5(small_desk):
    """The second half of a conversation adds no more than the first half."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        lesson_model.scratch() as model,
        contextlib.closing(sqlite3.connect(f"{folder}/db", check_same_thread=False)) as connection,
    ):
        connection.execute("PRAGMA synchronous=OFF")  # the check need not survive a power cut
        saver = SqliteSaver(connection)
        model.when("looking for").says("We have one.")
        graph = small_desk(ChatOpenAI(model=model.name), saver)
        assert hasattr(graph, "invoke"), f"`small_desk` returned {kind(graph)}; expected a graph."
        sizes = [0]
        for turn in range(1, 31):
            graph.invoke({"messages": f"Turn {turn}. {'I am looking for a tent. ' * 80}"}, THREAD)
            if turn % 10 == 0:
                sizes.append(stored_bytes(saver))
        first, second, third = (after - before for before, after in pairwise(sizes))
        assert first and graph.checkpointer, (
            "Nothing was saved: give `saver` to `compile` or `create_agent` as `checkpointer`."
        )
        with part("the store grows evenly"):
            assert third < 1.3 * second, (
                f"Turns 1 to 10 added {first // 1000} kB to the store, 11 to 20 {second // 1000} "
                f"kB, 21 to 30 {third // 1000} kB: it grows faster and faster. The thread holds "
                f"{len(graph.get_state(THREAD).values['messages'])} messages, and each checkpoint "
                "all of them. (Giving the model fewer messages does not make the state smaller.)"
            )
        with part("the last two turns are known"):
            for text in ("My name is Ada.", "I am looking for a stove."):
                graph.invoke({"messages": text}, THREAD)
            told = graph.invoke({"messages": "What is my name?"}, THREAD)["messages"][-1].text
            assert "Ada" in told, (
                f"Two turns after “My name is Ada.” it was asked for and the desk said "
                f"{short(told)}; expected the name. Keep a few messages more."
            )


@exercise(
    hints=(
        "Every conversation needs something that only one run can hold at a time.",
        "A dictionary of locks, one for each thread id; `with lock:` gives it back in any case.",
        "`locks = defaultdict(threading.Lock)`, and the whole `invoke` inside "
        "`with locks[thread_id]:`.",
    ),
    seconds=30,
)
def ex6(send):
    """Runs on one conversation queue, others do not, and a failure frees the queue."""
    desk = SlowDesk()
    graph = desk.graph
    states: list[Any] = []
    with part("no message is lost"):
        with ThreadPoolExecutor(8) as pool:
            states += list(pool.map(lambda n: send(graph, "ada", f"message {n}"), range(8)))
        kept = graph.get_state({"configurable": {"thread_id": "ada"}}).values.get("messages", [])
        assert kept, "Nothing was saved under the thread id I gave."
        assert len(kept) == 16 and desk.most == 1, (
            f"I sent 8 messages to one conversation at once; {desk.most} runs were at work at the "
            f"same time, and of 16 messages, answers included, {len(kept)} are there. Is it the "
            "same lock for all of them, and is `invoke` inside it?"
        )
    with part("it returns the new state"):
        odd = [one for one in states or [None] if not (isinstance(one, dict) and "messages" in one)]
        assert not odd, f"`send` returned {kind(odd[0])}; expected what `invoke` returns."
    with part("other conversations do not wait"), ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(send, graph, name, "meet") for name in ("bert", "carol")]
        errors = [run.exception() for run in runs]
        assert not any(isinstance(error, threading.BrokenBarrierError) for error in errors), (
            "Two customers asked at the same time, and one had to wait for the other. One lock for "
            "all makes the whole shop a queue: every conversation needs its own."
        )
    with part("a failed run does not block"):
        with contextlib.suppress(ConnectionError):
            send(graph, "dora", "fail")
        after = threading.Thread(target=send, args=(graph, "dora", "hello"), daemon=True)
        after.start()
        after.join(timeout=5.0)
        assert not after.is_alive(), (
            "After a run that raised, the next one on the same conversation waits for ever: the "
            "lock was never given back. `with lock:` does that, whatever happens."
        )
