"""Checks of lesson 2, persistence."""

from __future__ import annotations

import contextlib
import functools
import re
import sqlite3
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

from langchain_openai import ChatOpenAI
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.pregel import Pregel
from openai import APIConnectionError, AuthenticationError, InternalServerError, RateLimitError

import lesson_model
from exercises.core.descriptions import assert_sorted, kind, short, with_article
from exercises.core.exercise import exercise, outcome, part, run_async
from exercises.core.threads import thread
from exercises.persistence.conversations import CONVERSATIONS, Pruning, refusal, talk_of, words_of
from exercises.persistence.desks import CUSTOMERS, SlowDesk, SoldOutError, Visits, slowly
from exercises.persistence.openings import Openings
from exercises.persistence.orders import ENDS, real_ledgers
from lab.checkpoint_cost import stored_bytes
from lesson_model import Reply

__all__ = ("ex1", "ex2", "ex3", "ex4", "ex5", "ex6")


@exercise(
    hints=(
        "What do Ada's two requests have in common, that Bert's do not share?",
        "The thread id decides who remembers what. It must not depend on the page, nor on anything "
        "that this process made up.",
        "`thread_id` is `request['customer']`; the rest of `reply_by_page` is fine.",
    ),
    seconds=40,
)
def ex1(reply):
    """Each customer is remembered on every page, after a restart, too, and nobody else."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        lesson_model.scratch() as model,
        Visits(reply, model, f"{folder}/desk.db") as visits,
    ):
        for customer, name in CUSTOMERS.items():
            if name:
                visits.ask(customer, "/tents", f"Hello, my name is {name}.")
        right, broken = 0, "`reply_by_page`"
        for page, where in (("/returns", "another"), ("/tents", "the same")):
            with part(f"remembered on {where} page"):
                for customer, name in CUSTOMERS.items():
                    if name:
                        visits.assert_known(customer, page, name)
                right += 1
        with part("nobody else's conversation"):
            for customer, name in CUSTOMERS.items():
                if not name:
                    visits.ask(customer, "/tents", "What is my name?")
                visits.assert_alone(customer)
            right += 1
        with part("the customer's words as they are", broken):
            for text in ODD_TEXTS:
                visits.ask("who says much", "/tents", text)
        with part("an error of the desk comes out", broken):
            visits.assert_error("somebody else")
        if right == 3:  # a new process takes its time
            with part("remembered after a restart"):
                visits.restart()
                for customer, name in reversed(CUSTOMERS.items()):
                    if name:
                        visits.assert_known(customer, "/returns", name)
                    visits.assert_alone(customer)


# White space, capital letters and length are the customer's.
ODD_TEXTS = (
    "  Two  tents,\n\n\tplease: a GREEN one,   and ... ",
    "I have a long story to tell. " * 100,
    "yes",
)


@exercise(
    hints=(
        "Each error above says what is wrong. `from_conn_string` is for a `with`.",
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
        with part("ask_once"):
            openings = Openings("ask_once", f"{folder}/once.db")
            for config, text in openings.questions():
                state = ask_once(openings.build, openings.file, text, config)
                openings.assert_remembered(state, config, text)
            _assert_closed(openings.saver, "")
            bug = openings.build_broken, openings.file, "Hello", thread("bug")
            for error in openings.ERRORS:
                with openings.assert_error(error) as states:
                    states.append(ask_once(*bug))
            _assert_closed(openings.saver, " after an error of the graph")
            openings.error = SystemExit("the process is told to end")
            with contextlib.suppress(SystemExit):
                ask_once(openings.build_broken, openings.file, "Hello", thread("exit"))
                raise AssertionError(
                    "The graph raised a SystemExit, and `ask_once` went on; expected that it comes "
                    "out: the process was told to end."
                )
            _assert_closed(openings.saver, " after a SystemExit in the graph")
            other = Openings("ask_once with another path", f"{folder}/once 2.db")
            config, text = next(other.questions())
            other.assert_remembered(ask_once(other.build, other.file, text, config), config, text)
        with part("open_for_long"):
            openings = Openings("the graph of open_for_long", f"{folder}/long.db")
            graph = open_for_long(openings.build, openings.file)
            assert hasattr(graph, "invoke"), (
                f"`open_for_long` returned {kind(graph)}; expected the graph. Is a `return` "
                "missing?"
            )
            openings.ask_from_threads(graph)
            kept = openings.saver
            other = Openings("the graph of open_for_long with another path", f"{folder}/2.db")
            other.ask_from_threads(open_for_long(other.build, other.file))
            # While it is open, others open its file and close it: it stays usable.
            _ask_beside(ask_once, ask_async, openings)
            openings.ask_again(graph)
            kept.conn.close()
            other.saver.conn.close()
        with part("ask_async"):
            openings = Openings("ask_async", f"{folder}/async.db")
            run_async(_ask_all(ask_async, openings))


def _ask_beside(ask_once: Any, ask_async: Any, openings: Openings) -> None:
    """Ask on a conversation of its own; whether that works, other parts say."""
    args = (openings.build, openings.file, "Hello", thread("beside"))
    with contextlib.suppress(Exception):
        ask_once(*args)
    with contextlib.suppress(Exception):
        run_async(ask_async, *args)


async def _ask_all(ask_async: Any, openings: Openings) -> None:
    build = openings.async_build()
    for config, text in openings.questions():
        asking = ask_async(build, openings.file, text, config)
        assert hasattr(asking, "__await__"), "`ask_async` is not an `async def`."
        state = await asking
        openings.assert_remembered(state, config, text)
    assert not openings.blocked, (
        "While `ask_async` ran the graph, the event loop it was called in stood still: nobody else "
        "is served meanwhile. Neither `invoke` nor waiting for another thread (`join`, `result`) "
        "lets the loop go on; `await ...ainvoke(...)` with `AsyncSqliteSaver` does."
    )
    await _assert_closed_async(openings.saver, "")
    for error in openings.ERRORS:
        with openings.assert_error(error) as states:
            states.append(
                await ask_async(openings.build_broken, openings.file, "Hello", thread("bug"))
            )
    await _assert_closed_async(openings.saver, " after an error of the graph")


def _assert_closed(saver: Any, when: str) -> None:
    with contextlib.suppress(sqlite3.ProgrammingError):  # so says a closed connection
        saver.conn.execute("SELECT 1")
        saver.conn.close()
        raise AssertionError(
            f"`ask_once` leaves the file open{when}. `with SqliteSaver.from_conn_string(file) as "
            "saver:` closes it at the end; `with sqlite3.connect(...)` only commits."
        )


async def _assert_closed_async(saver: Any, when: str) -> None:
    with contextlib.suppress(ValueError, sqlite3.ProgrammingError):  # so says a closed connection
        for statement in (saver.conn.execute("SELECT 1"), saver.conn.close()):
            if hasattr(statement, "__await__"):
                await statement
        raise AssertionError(
            f"`ask_async` leaves the file open{when}. Use `async with ... as saver:`."
        )


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
    said = {letter: ledgers.get(letter, ledgers.get(letter.lower())) for letter in ENDS}
    assert_sorted({k: steps for k, steps in said.items() if not isinstance(steps, set)}, "ledgers")
    real = real_ledgers()
    for letter, ((durability, ends, step), why) in ENDS.items():
        with part(f"{letter}: {durability}, {step} {'is killed' if ends == 'killed' else ends}"):
            given = said[letter]
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
    ),
    seconds=30,
)
def ex4(keep_last_two):
    """The last two questions stay, with all that belongs to them, and the system message."""
    pruning, legend = Pruning(keep_last_two), " (H is a question, A an answer, C a call, T its "
    legend += "result, S the system message.)"
    nothing = "a node that removes nothing"
    for name, (talk, gone) in CONVERSATIONS.items():
        with part(name, held_by="" if gone else nothing):
            pruning.assert_left(talk, gone, legend)
    with part("turn after turn"):
        config, expected = thread("long talk"), []
        for turn in range(1, 41):
            words = [f"H{turn}", *(f"C{turn}.{n} T{turn}.{n}" for n in range(turn % 4)), f"A{turn}"]
            said = talk_of(*" ".join(words).split())
            said = talk_of("S") + said if turn == 1 else said
            left = pruning.run(said[: 2 if turn == 1 else 1], config, said[2 if turn == 1 else 1 :])
            begins = [n for n, m in enumerate(expected) if m.type == "human"]
            start = begins[-1] if len(begins) > 1 else 0
            system = [m for m in expected[:start] if m.type == "system"]
            expected = [*system, *expected[start:], *said]
            assert pruning.are_alike(left, expected), (
                f"In turn {turn} of one conversation, your node at the beginning of each turn, the "
                f"thread holds {words_of(left)}; expected {words_of(expected)}."
            )
        assert not (refused := refusal(left)), f"The model refuses the thread: “{refused}”"
    with part("what stays is as it was, its ids too", nothing):
        pruning.run(CONVERSATIONS["three questions"][0], thread("as it was"))
        for now, before in pruning.changed:
            raise AssertionError(
                f"The right messages stay, and not as they were: {short(now)}; expected "
                f"{short(before)}. The id is {now.id!r}, and was {before.id!r}. Keep the ids."
            )


@exercise(
    hints=(
        "Each checkpoint holds all messages. What has to stay small?",
        "A node at the beginning of each turn can remove what is old: `RemoveMessage`.",
        "Two nodes, `prune` and `reply`: `prune` as above, with `max_tokens=6`; `reply` returns "
        "`{'messages': llm.invoke(state['messages'])}`. Compile with `checkpointer=saver`.",
    ),
    seconds=60,
)
def ex5(small_desk):
    """The storage grows evenly, the last two turns are known, and customers stay apart."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        lesson_model.scratch() as model,
        contextlib.closing(_connect(f"{folder}/db")) as connection,
    ):
        saver = SqliteSaver(connection)
        rule = model.when("looking for")
        rule.reply = lambda turn: Reply(_answer_to(turn.text))
        graph = _opened(small_desk, model, saver)
        sizes, unknown, mixed = [0], [], []
        for turn in range(1, 31):
            seen = _turn(graph, model, "ada", f"Turn {turn}. {LONG}")
            known = " ".join(seen[-1:])
            for n in range(max(1, turn - 2), turn):
                unknown += [(turn, n, "what was said")] * (f"Turn {n}. " not in known)
                unknown += [(turn, n, "what it had answered")] * (f"Answer {n}:" not in known)
            if turn % 10 == 0:
                sizes.append(stored_bytes(saver))
            if turn in (5, 14):  # another customer, in between
                seen = _turn(graph, model, "bert", "I am looking for a stove.")
                mixed += [text for text in seen if "Turn " in text]
        first, second, third = (after - before for before, after in pairwise(sizes))
        assert first > 0 and graph.checkpointer, (
            "Nothing was saved: give `saver` to `compile` or `create_agent` as `checkpointer`."
        )
        with part("the storage grows evenly"):
            held = len(graph.get_state(thread("ada")).values["messages"])
            likely = (
                f" The thread holds {held} messages, and each checkpoint all of them. (Giving the "
                "model fewer messages does not make the state smaller.)"
            )
            assert third <= 1.2 * max(second, first / 10), (
                f"Turns 1 to 10 added {first // 1000} kB to the storage, 11 to 20 "
                f"{second // 1000} kB, 21 to 30 {third // 1000} kB; expected at most a fifth more "
                f"in the last ten than in the ten before.{likely if held > 20 else ''}"
            )
        with part("the last two turns are known"):
            assert not unknown, (
                f"In turn {unknown[0][0]} the model was not told {unknown[0][2]} in turn "
                f"{unknown[0][1]}. The question of a turn must still see the two turns before it: "
                "two questions, two answers, and the new question."
            )
            for text in ("My name is Ada.", "I am looking for a stove."):
                graph.invoke({"messages": text}, thread("ada"))
            _assert_told(graph, "ada", "Ada", "Two turns after “My name is Ada.”")
        with part("each customer alone, on the saver"):
            assert not mixed, (
                "A second customer asked on a thread of her own, and the model was sent the first "
                f"one's words: {short(mixed[0])}. Is there a memory outside of the state?"
            )
            graph.invoke({"messages": "My name is Ada."}, thread("ada"))
            again = _opened(small_desk, model, SqliteSaver(_connect(f"{folder}/db")))
            _assert_told(again, "ada", "Ada", "After a restart, on the same file,")
            empty = _opened(small_desk, model, SqliteSaver(_connect(f"{folder}/empty")))
            told = empty.invoke({"messages": "What is my name?"}, thread("ada"))["messages"][-1]
            assert "Ada" not in told.text, (
                f"On an empty file the desk said {short(told.text)}: it remembers outside of "
                "`saver`. The next process, which has only the file, would not know it."
            )
        with part("an error of the model comes out"):
            for fault, (what, error) in MODEL_ERRORS.items():
                _assert_error(graph, model, fault, what, error)


# What a service answers, and what may be taken for worth another try.
MODEL_ERRORS = {
    "bad_key": ("The model's service refused the key (401)", AuthenticationError),
    "rate_limit": ("The model's service had too much to do (429)", RateLimitError),
    "server_error": ("The model's service failed (500)", InternalServerError),
    "disconnect": ("The connection to the model broke", APIConnectionError),
}
LONG = "I am looking for a tent. " * 80


def _connect(file: str) -> sqlite3.Connection:
    connection = sqlite3.connect(file, check_same_thread=False)
    connection.execute("PRAGMA synchronous=OFF")  # the check need not survive a power cut
    return connection


def _answer_to(text: str) -> str:
    """Return what the model says to the question of a turn."""
    turn = re.match(r"Turn (\d+)\.", text)
    return f"Answer {turn[1]}: we have one." if turn else "We have one."


def _opened(small_desk: Any, model: Any, saver: SqliteSaver) -> Any:
    # Without retries of the SDK, which would hide from the desk that its model fails for once.
    graph = small_desk(ChatOpenAI(model=model.name, max_retries=0), saver)
    assert isinstance(graph, Pregel), (
        f"`small_desk` returned {kind(graph)}; expected a compiled graph."
    )
    return graph


def _turn(graph: Any, model: Any, customer: str, text: str) -> list[str]:
    """Run one turn; return the words of each request in which the model was asked `text`."""
    before = len(model.requests)
    answer = graph.invoke({"messages": text}, thread(customer))["messages"][-1]
    assert answer.text == _answer_to(text), (
        f"The desk was asked {short(text)}, and the last message says {short(answer.text)}; "
        "expected the model's answer."
    )
    bodies = [request.body for request in model.requests[before:]]
    words = [" ".join(str(m.get("content")) for m in body["messages"]) for body in bodies]
    assert len(bodies) <= 2, (
        f"In one turn the model received {len(bodies)} requests; expected one for the customer's "
        "question, and at most one more for a summary. Every request is paid for."
    )
    asked = [said for said in words if text in said]
    assert len(asked) == 1, (
        f"In one turn the model was asked the customer's question {len(asked)} times; expected "
        "once."
    )
    return asked


def _assert_error(graph: Any, model: Any, fault: str, what: str, error: type[Exception]) -> None:
    before = len(model.requests)
    model.fail(fault)
    config = thread(f"cora, {fault}")
    state, raised = outcome(lambda: graph.invoke({"messages": "Hello?"}, config), error)
    asked = len(model.requests) - before
    again = f" The model was asked {asked} times: a second try hides it." if asked > 1 else ""
    assert raised, (
        f"{what}, and the desk said {short(state['messages'][-1].text)}; expected the error to "
        f"come out: it is not an answer.{again}"
    )


def _assert_told(graph: Any, customer: str, name: str, when: str) -> None:
    told = graph.invoke({"messages": "What is my name?"}, thread(customer))["messages"][-1].text
    assert name in told, (
        f"{when} the name was asked for, and the desk said {short(told)}; expected the name."
    )


@exercise(
    hints=(
        "Every conversation needs something that only one run can hold at a time.",
        "A dictionary of locks, one for each thread id; `with lock:` gives it back in any case.",
        "`locks = defaultdict(threading.Lock)`, and the whole `invoke` inside "
        "`with locks[thread_id]:`.",
    ),
    seconds=40,
)
def ex6(send):
    """Runs on one conversation queue, others do not, and a failure frees the queue."""
    desk = SlowDesk()
    graph, naive = desk.graph, "a `send` that never waits"
    states: list[tuple[str, Any]] = []
    with part("no message is lost"):
        for name, graphs in (("ada", (graph, graph)), ("order 7-b", (graph, desk.twin))):
            texts = [f" message  {n}\n" for n in range(8)]
            with ThreadPoolExecutor(8) as pool:
                runs = [
                    pool.submit(slowly(send), graphs[number % 2], name, text)
                    for number, text in enumerate(texts)
                ]
            states += [(text, run.result()) for text, run in zip(texts, runs, strict=True)]
            kept = graph.get_state(thread(name)).values.get("messages", [])
            assert kept, "Nothing was saved under the thread id I gave."
            met = f"{desk.most} runs were at work at the same time, and " if desk.most > 1 else ""
            assert len(kept) == 16 and desk.most == 1, (
                f"I sent 8 messages to one conversation at once; {met}of 16 messages, answers "
                f"included, {len(kept)} are there. "
                + (
                    "Do all of them get the same lock, even the first ones, and is `invoke` inside "
                    "it?"
                    if graphs[0] is graphs[1]
                    else "They came with two graph objects on one checkpointer, in turn: a "
                    "conversation is its thread id, whichever graph object comes with it."
                )
            )
    desk.read_seconds = 0.0  # only the runs above compete for a state that is read
    with part("who comes later waits, too"):
        desk.assert_second_waits(send)
        desk.assert_newcomer_waits(send)
        desk.assert_newcomer_waits_after_visits(send)
    with part("it returns the new state", naive):
        for text, state in states or [("", None)]:
            assert isinstance(state, dict) and "messages" in state, (
                f"`send` returned {kind(state)}; expected what `invoke` returns."
            )
            last = state["messages"][-1].text
            assert last == f"re: {text}", (
                f"`send` of {text!r} returned a state that ends with {last!r}; expected the state "
                f"at the end of its own run, which ends with {f're: {text}'!r}."
            )
    with part("other conversations do not wait", naive):
        assert not desk.stuck, (
            "A run was at work on a conversation, and a second one waited for it; then a message "
            "came on another conversation, and it had to wait, too. What does a run still hold "
            "while it waits for its conversation's lock? A guard is for the look-up alone."
        )
        desk.assert_all_meet(send)
    for title, text, error in (
        ("a failed run does not block", "KeyError", KeyError),
        ("a failed run does not block: a ValueError", "ValueError", ValueError),
        ("a failed run does not block: a lost connection", "ConnectionError", ConnectionError),
        ("a failed run does not block: an error of the shop's own", "SoldOutError", SoldOutError),
        ("a run that exits does not block", "SystemExit", SystemExit),
    ):
        what = f"a run that raised {with_article(text)}"
        with part(title, naive):
            name = f"conversation of {text}"
            state, raised = outcome(functools.partial(send, graph, name, text), error)
            assert raised, (
                f"A run raised a {error.__name__}, and `send` returned {kind(state)}; expected "
                "the error to come out."
            )
            assert desk.runs[text] == 1, (
                f"`send` was called once, and {what} was started {desk.runs[text]} times; expected "
                "once: what it did before the error is done again."
            )
            after = threading.Thread(target=send, args=(graph, name, "hello"), daemon=True)
            after.start()
            after.join(timeout=4.0)
            assert not after.is_alive(), (
                f"After {what}, the next one on the same conversation waits forever: the lock was "
                "never given back. `with lock:` does that, whatever happens."
            )
