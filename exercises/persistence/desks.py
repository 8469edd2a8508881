"""Desks that are restarted or asked by many at once, for exercises 2.1 and 2.6."""

from __future__ import annotations

import contextlib
import copy
import itertools
import pickle
import sqlite3
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import CodeType, FrameType
from typing import Any

from langchain.agents import create_agent
from langchain.messages import AIMessage, HumanMessage
from langchain_core.runnables import RunnableConfig
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import StateSnapshot
from openai import AuthenticationError

from exercises.core.descriptions import kind, short
from exercises.core.exercise import outcome
from exercises.core.functions import functions_of
from exercises.core.waiting import wait_until
from lab import child
from lab.child import pack

__all__ = ("CUSTOMERS", "SlowDesk", "SoldOutError", "Visits", "slowly")

# Who they log in as, and the name they give, if any. No part of an id tells them apart: neither its
# first or last letters (were it forty), its length, its digits, its punctuation, its letters of one
# alphabet, its letters without their case, what is not a blank, nor what stands before or after a
# dash or an @.
CUSTOMERS = {
    "customer-1042": "Greta",
    "customer-1024": "Emil",
    "shop-1042": "Ines",
    "customer-1042@shop.example": "",
    "customer.1042": "",
    "anna": "Paul",
    "Anna": "",
    "anna ": "",
    "a customer of the tent shop in the old town, Игорь": "Mara",
    "a customer of the tent shop in the old town, Ольга": "",
}
ASKED = "What is my name?"


class SoldOutError(Exception):
    """An error of the shop's own, which no answer can have thought of."""


FAILURES: dict[str, BaseException] = {
    "KeyError": KeyError("bug"),
    "ValueError": ValueError("a wrong amount"),
    "ConnectionError": ConnectionError("the store does not answer"),
    "SoldOutError": SoldOutError("no tent is left"),
    "SystemExit": SystemExit("the process is told to end"),
}


def _open(file: str, model_name: str) -> Any:
    connection = sqlite3.connect(file, check_same_thread=False)
    return create_agent(ChatOpenAI(model=model_name), checkpointer=SqliteSaver(connection))


def open_server(file: str, model_name: str, packed: bytes) -> Callable[[dict | None], Any]:
    """Open the desk in a new process, with an answer as it was before it had been called."""
    reply, agent = pickle.loads(packed), _open(file, model_name)
    return lambda request: request and reply(agent, request)


class Visits:
    """Customers who visit the desk's pages, before and after a restart.

    Args:
        reply: The answer.
        model: The lesson model.
        file: Where the desk saves.
    """

    def __init__(self, reply: Any, model: Any, file: str) -> None:
        self._model, self._file = model, file
        self._agent = _open(file, model.name)
        # As it is before its first call: what it notes from now on dies with this process.
        self._twin, self._packed = reply, b""
        with contextlib.suppress(Exception):  # it holds what cannot be copied, such as a lock
            self._twin = copy.deepcopy(reply)
        with contextlib.suppress(pickle.PicklingError, TypeError, AttributeError):
            self._packed = pack(reply)
        self._reply: Callable[[dict], Any] = lambda request: reply(self._agent, request)
        self._sent: dict[str, list[str]] = defaultdict(list)
        self._heard: dict[str, list[str]] = {}
        self._server: Any = None

    def __enter__(self) -> Visits:
        return self

    def __exit__(self, *_: object) -> None:
        self._agent.checkpointer.conn.close()
        if self._server:
            self._server.kill()

    def restart(self) -> None:
        """Answer in a new process from now on.

        An answer that cannot be sent there is taken as it was before its first call.
        """
        twin, reply = self._twin, None
        if self._packed:
            self._server = child.start(open_server, self._file, self._model.name, self._packed)
            with contextlib.suppress(RuntimeError):
                self._server.ask(None)
                reply = self._server.ask
        self._reply = reply or (lambda request: twin(self._agent, request))

    def ask(self, customer: str, page: str, text: str) -> str:
        """Return the answer to one request.

        Raises:
            AssertionError: It is no answer, or the model was asked something else, or twice.
        """
        request = {"customer": customer, "page": page, "text": text}
        kept, before = dict(request), len(self._model.requests)
        try:
            answer = self._reply(request)
        except RuntimeError as error:
            if not self._server:
                raise
            raise AssertionError(f"After a restart `reply` raised `{error}`.") from None
        assert request == kept, f"`reply` changed the request to {short(request)}."
        assert isinstance(answer, str), (
            f"`reply` returned {kind(answer)}; expected the text of the last message."
        )
        seen = self._model.requests[before:]
        assert len(seen) == 1, f"For one request the model was asked {len(seen)} times."
        said = [m["content"] for m in seen[0].body["messages"] if m["role"] == "user"]
        assert said[-1] == text, (
            f"The customer wrote {short(text)}, and the model was sent {short(said[-1])}; expected "
            "the customer's words as they are."
        )
        assert answer not in (text, *self._sent[customer]), (
            f"`reply` returned {short(answer)}: the customer's words. The answer is the last "
            "message."
        )
        self._sent[customer].append(text)
        for words in self._sent[customer]:
            written = self._sent[customer].count(words)
            if said.count(words) > written:  # hers, or somebody else's
                self._assert_alone(customer, said)
            assert said.count(words) <= written, (
                f"The customer wrote {words!r} {written} time(s), and the model was sent it "
                f"{said.count(words)} times. The thread holds what was said before: give the agent "
                "the new text only, or the thread grows by all that is old at each request."
            )
        self._heard[customer] = said
        return answer

    def assert_known(self, customer: str, page: str, name: str) -> None:
        """Demand that a customer is called by the name she gave."""
        answer = self.ask(customer, page, ASKED)
        if name in answer:
            return
        when = " before the process was restarted" if self._server else ""
        likely = "Does the thread id depend on the page, or is it new at each request?"
        if self._server:
            likely = (
                "The new process found another thread for the same customer: what it is made of "
                "must be the same in every process."
            )
        elif others := [other for other in CUSTOMERS.values() if other and other in answer]:
            likely = f"{others[0]} is somebody else: they share a thread."
        raise AssertionError(
            f"The customer {customer!r} gave the name {name} on /tents{when}, asked for it on "
            f"{page}, and was told {short(answer)}. {likely}"
        )

    def assert_error(self, customer: str) -> None:
        """Demand that an error of the desk comes out."""
        self._model.fail("bad_key")
        before = len(self._model.requests)
        request = {"customer": customer, "page": "/tents", "text": "Hello?"}
        answer, error = outcome(lambda: self._reply(request), AuthenticationError)
        asked = len(self._model.requests) - before
        again = f" The model was asked {asked} times: a second try hides it." if asked > 1 else ""
        assert error is not None, (
            f"The model's service refused the request (401), and `reply` returned {short(answer)}; "
            "expected the error to come out: it is not an answer, and somebody has to learn of "
            f"it.{again}"
        )

    def assert_alone(self, customer: str) -> None:
        """Demand that the model was sent nothing of anybody else."""
        self._assert_alone(customer, self._heard[customer])

    def _assert_alone(self, customer: str, heard: list[str]) -> None:
        others = [text for text in heard if text not in self._sent[customer]]
        who = [repr(other) for other, sent in self._sent.items() if others and others[0] in sent]
        assert not others, (
            f"When the customer {customer!r} asked, the model was also sent {others[0]!r}, which "
            f"{'the customer ' + who[0] if who else 'somebody else'} had said. They share a thread."
        )


class SlowDesk:
    """A graph that answers slowly enough for two runs to meet.

    Attributes:
        graph: On a saver in memory.
        twin: Another graph object on that saver. In both, the text "meet" waits for 40 runs,
            "hold ..." until it is let go, and the names in `FAILURES` raise these errors.
        most: How many runs of one conversation were at work at the same time, at most.
        runs: How often the graph ran with a text.
        read_seconds: How long `get_state` takes, so that runs come before it where they can.
        stuck: Whether a run had to wait because one of another conversation did.
    """

    MEETING = 40
    LATER = 5  # runs that are sent after one, and answered: time enough for it to begin
    CROWD = 5  # conversations at work with a run that waits: more than `notify(2)` wakes twice
    OTHERS = 130  # more than a cache holds that is as large as `lru_cache` makes it
    MAX_WAIT_SECONDS = 4.0
    STUCK_SECONDS = 2.0  # in which none of many comes on
    MAX_HOLD_SECONDS = 20.0
    MAX_STEPS = 200
    VISITING_CPU_SECONDS = 1.0
    MAX_VISITING_SECONDS = 5.0  # for answers that sleep
    QUEUE_SECONDS = 2.2  # longer than those wait who give up after "a second or two"

    def __init__(self) -> None:
        self.most = 0
        self.runs: Counter[str] = Counter()
        self.read_seconds = 0.05
        self.stuck = False
        self._long_enough = self.MAX_WAIT_SECONDS
        self._inside: dict[str, int] = defaultdict(int)
        self._guard = threading.Lock()
        self._all = threading.Barrier(self.MEETING)
        self._entered: dict[str, threading.Event] = {}
        self._let_go: dict[str, threading.Event] = {}
        saver = InMemorySaver()
        self.graph, self.twin = self._open(saver), self._open(saver)

    def _open(self, saver: InMemorySaver) -> Any:
        builder = StateGraph(MessagesState).add_node("answer", self._answer)
        graph = builder.add_edge(START, "answer").compile(checkpointer=saver)
        read = graph.get_state

        def read_late(*args: Any, **options: Any) -> Any:
            # Who reads while the conversation is free reads what came meanwhile.
            time.sleep(self.read_seconds)
            return read(*args, **options)

        graph.get_state = read_late
        return graph

    def _answer(self, state: MessagesState, config: RunnableConfig) -> dict:
        text, conversation = state["messages"][-1].text, config["configurable"]["thread_id"]
        with self._guard:
            self._inside[conversation] += 1
            self.most = max(self.most, self._inside[conversation])
            self.runs[text] += 1
        try:
            if text == "meet":
                self._all.wait()
            if text in FAILURES:
                raise FAILURES[text]
            if text in self._entered:
                self._entered[text].set()
                self._let_go[text].wait(self.MAX_HOLD_SECONDS)
            elif "message" in text:
                time.sleep(0.005)
            return {"messages": [AIMessage(f"re: {text}")]}
        finally:
            with self._guard:
                self._inside[conversation] -= 1

    @contextlib.contextmanager
    def _held(self, *texts: str) -> Iterator[None]:
        """Hold the runs with these texts in the graph until they are let go, at the latest here."""
        for text in texts:
            self._entered[text], self._let_go[text] = threading.Event(), threading.Event()
        try:
            yield
        finally:
            for text in texts:
                self._let_go[text].set()

    def assert_newcomer_waits(self, send: Any) -> None:
        """Demand that a run waits for one that has itself waited before.

        The second run comes with the other graph object, while the first is held inside. While it
        waits, a run comes on another conversation: `stuck` notes whether that waits, too. On some
        more conversations runs are at work, and others have waited for longer: whoever wakes the
        second run must not wake these in its place.
        """
        crowd = [f"hold, crowd {number}" for number in range(self.CROWD)]
        with (
            ThreadPoolExecutor(3 + 2 * len(crowd)) as pool,
            ThreadPoolExecutor(self.MEETING) as visitors,
            self._held("hold 1", "hold 2", "hold 3", *crowd),
        ):
            runs = [pool.submit(send, self.graph, "fred", "hold 1")]
            assert self._entered["hold 1"].wait(self.MAX_WAIT_SECONDS), (
                "`send` did not run the graph."
            )
            others = [
                visitors.submit(send, self.graph, f"other {number}", "brief")
                for number in range(self.OTHERS)
            ]
            if self._are_stuck(others, lambda: sum(other.done() for other in others)):
                visitors.shutdown(wait=False, cancel_futures=True)
                return  # other conversations wait for this one: another part says so
            for text in crowd:
                runs.append(pool.submit(send, self.graph, text, text))
                self.stuck |= not wait_until(self._entered[text].is_set, self.MAX_WAIT_SECONDS)
                if self.stuck:  # let go of whoever makes them wait
                    for name in crowd:
                        self._let_go[name].set()
                    break
                runs.append(pool.submit(send, self.graph, text, "brief"))
            runs.append(pool.submit(send, self.twin, "fred", "hold 2"))
            wait_until(self._entered["hold 2"].is_set, self.QUEUE_SECONDS)
            late = visitors.submit(send, self.graph, "somebody else", "brief")
            self.stuck |= bool(wait([late], timeout=self.MAX_WAIT_SECONDS).not_done)
            early = self._entered["hold 2"].is_set()
            self._let_go["hold 1"].set()
            runs[0].result()
            assert not early, (
                "A run was at work on a conversation; then others came, on "
                f"{self.OTHERS} conversations of their own, and then a second run on the first "
                "conversation, with another graph object on the same checkpointer, which began "
                f"within {self.QUEUE_SECONDS} s: it did not get the same lock, or did not wait "
                "for it. Does the lock depend on the graph object? Is a lock given up while it "
                "is in use? Is there a time after which nobody waits?"
            )
            assert wait_until(self._entered["hold 2"].is_set, self.MAX_WAIT_SECONDS), (
                "A second run waited for the first, and did not begin after it, while runs on "
                f"{len(crowd)} other conversations were at work and others waited for those. "
                "Does it hear that the first is over? (`notify()` wakes one of all who wait, "
                "whatever for; `notify_all()` wakes them all.)"
            )
            runs.append(pool.submit(send, self.graph, "fred", "hold 3"))
            assert not self._begins("hold 3", send), (
                "A run waited, and began when the first was over. While it was at work, a "
                "third message came, and its run began at once: it did not get the same lock. "
                "Is the lock removed or replaced after a run?"
            )
        for run in runs:
            run.result()

    def assert_second_waits(self, send: Any) -> None:
        """Demand that two runs of a conversation are never at work at once, wherever they meet.

        The first run stops after one step, on another conversation after two, and so on, until it
        is in the graph. While it stands there a second one comes, which gets as far as it can.
        """
        for steps in range(1, self.MAX_STEPS):
            if not self._meets_a_second(send, steps):
                return

    def _meets_a_second(self, send: Any, steps: int) -> bool:
        """Let a second run meet one that has taken some steps; return whether it took so many."""
        name, first, second = f"gil {steps}", f"first {steps}", f"second {steps}"
        taken, stands, go_on = itertools.count(1), threading.Event(), threading.Event()

        def stop() -> None:
            if next(taken) == steps:
                stands.set()
                self._entered[first].set()
                go_on.wait(self.MAX_HOLD_SECONDS)

        with ThreadPoolExecutor(2) as pool, self._held(first, second):
            try:
                runs = [pool.submit(stepwise(send, stop), self.graph, name, first)]
                self._entered[first].wait(self.MAX_WAIT_SECONDS)
                if stands.is_set():
                    self._entered[first].clear()
                    begun = time.monotonic()
                    runs.append(pool.submit(send, self.graph, name, second))
                    if wait_until(self._entered[second].is_set, self._long_enough):
                        # The first has less to do than the second had, on the same busy machine.
                        took = time.monotonic() - begun
                        self._long_enough = 0.02 + 4 * took
                        go_on.set()
                        assert not wait_until(self._entered[first].is_set, self._long_enough), (
                            "A run on a new conversation was about to begin; then a second run on "
                            "the same conversation came, and both were at work at once: each had "
                            "a lock of its own. Between the look for a lock and the making of one "
                            "somebody else may make it. `defaultdict` and `setdefault` look and "
                            "make in one step; a lock around both steps does it, too."
                        )
            finally:
                go_on.set()
        for run in runs:
            run.result()
        return stands.is_set()

    def _begins(self, text: str, send: Any) -> bool:
        """Say whether a run that was sent is in the graph once others, sent later, are answered.

        These come one after the other, on conversations of their own: what keeps a run back for so
        long is no busy machine.
        """
        for number in range(self.LATER):
            args = (self.graph, f"later than {text}, {number}", "brief")
            later = threading.Thread(target=send, args=args, daemon=True)
            later.start()
            answered = wait_until(lambda one=later: not one.is_alive(), 0.5)
            if not answered or self._entered[text].is_set():
                break
        return self._entered[text].is_set()

    def _are_stuck(self, runs: list[Future], count: Callable[[], int]) -> bool:
        """Wait for runs; return whether one does not end, and `count()` has long been the same."""

        def has_moved() -> bool:
            return count() != before or all(run.done() for run in runs)

        before = -1
        while wait_until(has_moved, self.STUCK_SECONDS):
            if all(run.done() for run in runs):
                return False
            before = count()
        return True

    def assert_newcomer_waits_after_visits(self, send: Any) -> None:
        """Demand that a run waits for one that was about to begin while others came and went.

        Between any two steps of the first run, until it is in the graph, many others come, each on
        a conversation of their own: what such a visit clears away must not be a lock that is free
        only because its run has not taken it yet.
        """
        visits: list[threading.Thread] = []
        graph, began = _QuickGraph(self.graph), (time.process_time(), time.monotonic())
        came: list[int] = []
        stuck: list[int] = []  # how many had come when they had to wait for the first run

        def were_enough() -> bool:
            """Say whether the locks are slow: not whether the machine is."""
            cpu, clock = time.process_time() - began[0], time.monotonic() - began[1]
            return cpu > self.VISITING_CPU_SECONDS or clock > self.MAX_VISITING_SECONDS

        def come_and_go() -> None:
            for number in range(self.OTHERS):
                send(graph, f"other {number}", "brief")
                came.append(number)

        def go_on(looks: int) -> bool:
            before = len(came)
            for _ in range(looks):
                visits[-1].join(0.01)
                if len(came) > before or not visits[-1].is_alive():
                    break
            return len(came) > before

        def visit() -> None:
            if self._entered["begin 1"].is_set():
                return
            if not visits or not visits[-1].is_alive():
                if were_enough():
                    return
                visits.append(threading.Thread(target=come_and_go, daemon=True))
                visits[-1].start()
                stuck.clear()
            # Does the first run still hold what they wait for?
            looks = 2 if stuck == [len(came)] else 20
            while visits[-1].is_alive() and go_on(looks) and not were_enough():
                looks = 20
            stuck[:] = [len(came)]

        with ThreadPoolExecutor(2) as pool, self._held("begin 1", "begin 2"):
            first = stepwise(send, visit, repeat=False)
            runs = [pool.submit(first, self.graph, "gus", "begin 1")]
            self._entered["begin 1"].wait(self.MAX_HOLD_SECONDS)
            runs.append(pool.submit(send, self.graph, "gus", "begin 2"))
            assert not self._begins("begin 2", send), (
                "A run was about to begin on a conversation, had its lock and had not taken it "
                "yet; others came and went, on conversations of their own. Then a second run "
                "came on the first conversation, and both were at work at once. A free lock "
                "may have somebody who is about to take it: do not clear free locks away."
            )
        for run in runs:
            run.result()

    def assert_all_meet(self, send: Any) -> None:
        """Demand that many conversations can be at work at the same time."""
        alike = ("customer {}", "Customer {}", " customer {}", "customer {} ")
        names = [alike[n % len(alike)].format(n // len(alike)) for n in range(self.MEETING)]
        with ThreadPoolExecutor(self.MEETING) as pool:
            runs = [pool.submit(send, self.graph, name, "meet") for name in names]
            if self._are_stuck(runs, lambda: self._all.n_waiting):
                self._all.abort()
            errors = [run.exception() for run in runs]
        if any(isinstance(error, threading.BrokenBarrierError) for error in errors):
            raise AssertionError(
                f"{self.MEETING} customers asked at the same time, each on a conversation of her "
                "own, and some had to wait for others. Every conversation needs its own lock: its "
                "thread id as it is, capitals and blanks included; no lock is shared by several, "
                "and nothing limits how many run at once."
            )
        if other := next((error for error in errors if error), None):
            raise other


class _QuickGraph:
    """Stands in for a graph where its answer does not matter: it answers at once."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph

    def __getattr__(self, name: str) -> Any:
        return getattr(self._graph, name)

    def invoke(self, *_: Any, **__: Any) -> dict:
        """Return the state after a turn."""
        return {"messages": [HumanMessage("brief"), AIMessage("re: brief")]}

    def get_state(self, config: Any, **_: Any) -> StateSnapshot:
        """Return the same, as it is read."""
        return StateSnapshot(self.invoke(), (), config, None, None, None, (), ())


def slowly(send: Any) -> Callable[..., Any]:
    """Return an answer that pauses between its steps, so that threads meet wherever they can."""
    return stepwise(send, lambda: time.sleep(0.0002))


def stepwise(send: Any, between: Callable[[], None], repeat: bool = True) -> Callable[..., Any]:
    """Return an answer that calls `between()` between its steps.

    The steps are those of Python (opcodes): what is one of them, such as a look-up in a
    `defaultdict`, is not interrupted. Lambdas run as they are.

    Args:
        send: The answer.
        between: What happens between two steps.
        repeat: Whether it happens each time round a loop, or at each place once.
    """
    been: set[tuple[CodeType, int]] = set()
    files = {function.__code__.co_filename for function in functions_of(send)}

    def pause(frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        if code.co_filename not in files or code.co_name == "<lambda>":
            return None
        frame.f_trace_opcodes = True
        place = code, frame.f_lasti
        if event == "opcode" and (repeat or place not in been):
            been.add(place)
            between()
        return pause

    def run(*args: Any) -> Any:
        before = sys.gettrace()
        sys.settrace(pause)
        try:
            return send(*args)
        finally:
            sys.settrace(before)

    return run
