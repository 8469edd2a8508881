"""An answer that never ends is stopped, whatever it is doing."""

from __future__ import annotations

import asyncio
import contextvars
import re
import signal
import socket
import threading
import time

import pytest
from langgraph.graph import START, StateGraph
from typing_extensions import TypedDict

from exercises.core.exercise import exercise, part, run_async
from exercises.core.time_limit import TimeUp, run_limited

HINTS = ("vague", "clearer", "telling")
LIMIT = 0.3  # seconds; an answer here would run for ever


@pytest.fixture(autouse=True)
def _no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_PROGRESS", "off")


class _State(TypedDict):
    x: int


def loop() -> None:
    while True:
        pass


def swallow_exceptions() -> None:
    while True:
        try:
            time.sleep(1)
        except Exception:
            pass


def bare_except() -> None:
    while True:
        try:
            time.sleep(100)
        except:  # noqa: E722
            pass


def nested_bare_excepts() -> None:
    while True:
        try:
            while True:
                try:
                    time.sleep(100)
                except:  # noqa: E722
                    time.sleep(0.01)
        except BaseException:
            continue


def sleep() -> None:
    time.sleep(1000)


def accept() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.accept()


def lock() -> None:
    waiting = threading.Lock()
    waiting.acquire()
    waiting.acquire()


def regex() -> None:
    re.match(r"(a+)+$", "a" * 60 + "b")


def loop_in_asyncio() -> None:
    async def main() -> None:
        while True:
            await asyncio.sleep(0)

    asyncio.run(main())


def sleep_in_asyncio() -> None:
    asyncio.run(asyncio.sleep(1000))


def graph_with_sleeping_nodes() -> None:
    def node(state):
        time.sleep(3)  # a thread cannot be stopped: it must end some time

    graph = StateGraph(_State).add_node("a", node).add_node("b", node)
    graph.add_edge(START, "a").add_edge(START, "b").compile().invoke({"x": 1})


def graph_without_end() -> None:
    graph = StateGraph(_State).add_node("a", lambda state: {"x": 1})
    graph = graph.add_edge(START, "a").add_edge("a", "a").compile()
    graph.invoke({"x": 1}, {"recursion_limit": 10**9})


ENDLESS = (
    loop,
    swallow_exceptions,
    bare_except,
    nested_bare_excepts,
    sleep,
    accept,
    lock,
    regex,
    loop_in_asyncio,
    sleep_in_asyncio,
    graph_with_sleeping_nodes,
    graph_without_end,
)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer signals on this system")
@pytest.mark.parametrize("hang", ENDLESS, ids=lambda f: f.__name__)
def test_stopped_in_the_main_thread(hang) -> None:
    """The alarm ends it; nothing of the alarm is left behind."""
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(TimeUp):
        run_limited(hang, LIMIT)
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


@pytest.mark.parametrize(
    "hang",
    [loop, swallow_exceptions, sleep, accept, lock, graph_without_end],
    ids=lambda f: f.__name__,
)
def test_stopped_in_another_thread(hang) -> None:
    """Without signals the answer is told to stop, or left behind."""
    caught: list[BaseException] = []

    def work() -> None:
        try:
            run_limited(hang, LIMIT)
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(60)
    assert [type(error) for error in caught] == [TimeUp]


def test_values_and_errors_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends in time is not touched, with signals and without."""
    for alarm in (True, False):
        if not alarm:
            monkeypatch.delattr(signal, "setitimer", raising=False)
        assert run_limited(lambda: 5, 10) == 5
        with pytest.raises(ZeroDivisionError):
            run_limited(lambda: 1 / 0, 10)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer signals on this system")
def test_another_timer_goes_on() -> None:
    """A timer and a handler that were there before are there afterwards."""
    handler = signal.signal(signal.SIGALRM, lambda *_: None)
    mine = signal.getsignal(signal.SIGALRM)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1000, 7)
        run_limited(lambda: None, 5)
        left, interval = signal.getitimer(signal.ITIMER_REAL)
        assert 900 < left <= 1000 and interval == 7
        assert signal.getsignal(signal.SIGALRM) is mine
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)


def test_finally_blocks_run() -> None:
    """An answer that does not resist can clean up."""
    done = []

    def work() -> None:
        try:
            time.sleep(1000)
        finally:
            done.append(1)

    with pytest.raises(TimeUp):
        run_limited(work, LIMIT)
    assert done == [1]


def test_the_part_that_hung_is_named() -> None:
    """The parts before it keep their verdict."""

    @exercise(hints=HINTS, seconds=LIMIT)
    def ex(f):
        with part("easy"):
            assert True
        with part("hard"):
            f()
        with part("never reached"):
            assert True

    result = ex(sleep)
    assert result.status == "timed_out" and "“hard”" in result.message
    assert [(p.title, p.status) for p in result.parts] == [
        ("easy", "passed"),
        ("hard", "timed_out"),
    ]


async def _sleeps() -> None:
    await asyncio.sleep(1000)


async def _loops() -> None:
    while True:
        await asyncio.sleep(0)


async def _blocks() -> None:
    time.sleep(3)  # a thread cannot be stopped: it must end some time


async def _ignores_cancelling() -> None:
    while True:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            pass


@pytest.mark.parametrize(
    "hang", [_sleeps, _loops, _blocks, _ignores_cancelling], ids=lambda f: f.__name__
)
def test_async_answer_is_stopped(hang) -> None:
    """The limit holds for what runs in the loop of another thread."""

    @exercise(hints=HINTS, seconds=LIMIT)
    def ex(f):
        run_async(f)

    assert ex(hang).status == "timed_out"


def test_run_async_in_a_running_loop() -> None:
    """It works where a loop is running, as in a notebook, and keeps context variables."""
    name = contextvars.ContextVar("name", default="")

    async def answer(x: int) -> tuple[int, str]:
        await asyncio.sleep(0)
        return x + 1, name.get()

    async def notebook() -> list:
        name.set("mine")
        return [run_async(answer, 1), run_async(answer(2)), run_async(answer, x=3)]

    assert asyncio.run(notebook()) == [(2, "mine"), (3, "mine"), (4, "mine")]


def test_timeout_error_of_the_answer_is_its_own() -> None:
    """Only our limit is our limit."""

    async def answer() -> None:
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        run_limited(lambda: run_async(answer), 30)
