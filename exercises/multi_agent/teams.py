"""What the checks of lesson 7 share: small teams, and what a run of them came to."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import itertools
import operator
import re
import threading
from collections.abc import Callable, Iterator
from typing import Annotated, Any

from langchain.agents import create_agent
from langchain.agents.middleware import wrap_model_call
from langchain.messages import AIMessage, AIMessageChunk
from langchain.tools import tool
from langchain_core.language_models import BaseChatModel
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.pregel import Pregel
from langgraph.types import Send, interrupt
from openai import BadRequestError
from typing_extensions import TypedDict

from exercises.core.descriptions import kind, short
from exercises.core.exercise import outcome, run_async
from exercises.core.threads import thread
from exercises.core.waiting_model import WaitingModel
from exercises.multi_agent.sentences import admits_ignorance, claims_success

RAW = "RAW LOG: belt 4, all well"  # what a tool returns; no model writes it
FOUND = "It came nine days late, and nobody had told the customer why."
# A piece of nothing but white space, and two equal pieces in a row: both are part of a text.
TOLD = 'The archive says:\n\nnine days (> 3), because "Pole & Peg\'s" belt stood still in May.'
FINAL = "Dear customer, we are so so sorry that your tent came late."
FIRST = "One moment please, I will let somebody look for your order."
BREAK = "Break the door."  # a task at which a tool raises


@tool
def read_log(order: str) -> str:
    """Read the log of an order, by its number."""
    return RAW


def worker_tool(name: str, worker: Pregel) -> Any:
    """Return a tool that gives its task to a worker."""

    def ask(task: str) -> str:
        if task == BREAK:
            raise ConnectionError("the cellar does not answer")
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


SPEAKERS = ("lead", "scout", "cellar")  # three agents, each inside a tool of the one before
REQUESTS = 6  # two for each of the speakers
SAID = {1: FIRST, 4: TOLD, 5: FOUND, 6: FINAL}  # in which request the model writes what


def waiting_model(shown: Callable[[], int]) -> WaitingModel:
    """Return a slate on which a speaking team's model waits for its reader in each of its texts.

    Args:
        shown: Returns how many characters the reader has seen.
    """
    state, before = WaitingModel(shown), 0
    for request, text in SAID.items():
        state.hold(text, request, before)
        before += len(text)
    return state


def teach_to_break(model: Any) -> None:
    """Let the lead of a speaking team give a task at which the scout's tool breaks."""
    _, scout, cellar = SPEAKERS
    model.when("break it").calls(scout, task="Fetch the key")
    model.when("fetch the key").calls(cellar, task=BREAK)


def speaking_team(model: Any) -> Pregel:
    """Return a team three deep; each agent says something."""
    llm = ChatOpenAI(model=model.name, max_retries=0)
    lead, scout, cellar = SPEAKERS
    model.when("carry").says(FIRST).calls(scout, task="Find out").then_says(FINAL)
    model.when("find out").calls(cellar, task="Open the log of T-7").then_says(FOUND)
    model.when("open the log").calls("read_log", order="T-7").then_says(TOLD)

    def agent(name: str, one: Any) -> Pregel:
        return create_agent(llm, [one], name=name)

    inner = worker_tool(cellar, agent(cellar, read_log))
    return agent(lead, worker_tool(scout, agent(scout, inner)))


# What two agents write at the same time, word by word: as many words, none of them in both.
AT_ONCE = {"hall": "Nobody saw this tent since Monday", "yard": "Rain fell on my belt again"}


class SideBySide(BaseChatModel):
    """A model that writes each of its words while another one writes one."""

    text: str
    both: Any
    """A barrier for the two models."""

    @property
    def _llm_type(self) -> str:
        return "side by side"

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        for word in re.findall(r"\S+ ?", self.text):
            with contextlib.suppress(threading.BrokenBarrierError):  # it writes alone, then
                self.both.wait(timeout=3)
            yield ChatGenerationChunk(message=AIMessageChunk(word))
        yield ChatGenerationChunk(message=AIMessageChunk("", chunk_position="last"))

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(self.text))])


def _ask(agent: Pregel, state: MessagesState) -> None:
    agent.invoke(state)


def two_at_once() -> Pregel:
    """Return a team of two agents that write at the same time."""
    both, graph = threading.Barrier(len(AT_ONCE)), StateGraph(MessagesState)
    for name, text in AT_ONCE.items():
        agent = create_agent(SideBySide(text=text, both=both), name=name)
        graph.add_node(f"ask {name}", functools.partial(_ask, agent))
        graph.add_edge(START, f"ask {name}")
    return graph.compile()


class Desks:
    """Two desks; the front one makes prepared calls, a student's handoff among them.

    Attributes:
        model: The lesson model, on a clean slate.
        note: What the front desk's model writes for the refunds desk.
        paid: The orders the refunds desk has paid back.
    """

    PLEASE = "Please refund 480 euros for order T-7."

    def __init__(self, model: Any, handoff: Any, note: str) -> None:
        self.model, self.handoff, self.note = model, _synchronous(handoff), note
        self.others: list[str] = []  # ids of the calls beside the handoff
        self.made, self.paid = 0, []
        self.answered: set[str] = set()  # ids of the calls whose answers the thread holds
        model.when("refund 480").calls("pay_back", order="T-7").then_says(FINAL)
        model.when("hello").says("Good morning!")

    def open(self, before: int, after: int, earlier: bool, twice: bool) -> Pregel:
        """Return the two desks; the front one calls other tools beside the handoff, or it twice."""

        @tool
        def track_parcel(parcel: str) -> str:
            """Say where a parcel is, by its number."""
            return f"Parcel {parcel} arrives on Friday."

        @tool
        def pay_back(order: str) -> str:
            """Pay an order back."""
            self.paid.append(order)
            return "Paid."

        @wrap_model_call
        def prepared(request: Any, handler: Callable[[Any], Any]) -> Any:
            asked = [message.type for message in request.messages].copy()
            words = [m.text for m in request.messages if m.type == "human"][-1]
            since = len(asked) - 1 - asked[::-1].index("human")
            looked = len(asked) - since > 1
            if self.PLEASE not in words or (looked and not earlier) or len(asked) - since > 3:
                return handler(request)
            if earlier and not looked:
                look = self._call("track_parcel", parcel="P-1")
                return AIMessage("Let me see.", tool_calls=[look])
            others = [self._call("track_parcel", parcel=f"P-{n}") for n in range(before + after)]
            self.others += [call["id"] for call in others]
            mine = self._call(self.handoff.name, note=self.note)
            again = [self._call(self.handoff.name, note=self.note)] * twice
            calls = [*others[:before], mine, *others[before:], *again]
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
            messages = graph.invoke({"messages": text}, thread(name))["messages"]
            self.answered = {m.tool_call_id for m in messages if m.type == "tool"}
            return messages[-1].text
        except BadRequestError as error:
            messages = graph.get_state(thread(name)).values["messages"]
            made = [c["id"] for m in messages for c in getattr(m, "tool_calls", [])]
            given = [m.tool_call_id for m in messages if m.type == "tool"]
            missing = len(set(made) - set(given))
            fact = f"{missing} of {len(made)} calls of the thread have no answer"
            if not missing:
                fact = "an answer stands in it without its call, or not right behind it"
            if gone := self.answered - set(given):
                fact = (
                    f"{len(gone)} answer(s) that stood in it are gone: a message with the id of "
                    "an older one takes its place"
                )
            if len(given) > len(set(given)):
                fact = "a call is answered twice"
            raise AssertionError(
                f"After {text!r} the thread is dead ({error.status_code}): {fact}."
            ) from None

    def hand_over(
        self, before: int = 0, after: int = 0, earlier: bool = False, twice: bool = False
    ) -> None:
        """Hand over twice on one thread, and say hello after each time.

        Raises:
            AssertionError: Something is missing at the refunds desk, or the thread is dead.
        """
        graph = self.open(before, after, earlier, twice)
        self.say(graph, "call 2207", "Hello, this is Mrs Jung.")
        for turn in (1, 2):
            asked = len(self.model.requests)
            reply = self.say(graph, "call 2207", self.PLEASE)
            seen = self.at_refunds(asked)
            assert seen, (
                "The refunds desk was not reached. The tool has to return a `Command` with "
                "`goto='refunds'` and `graph=Command.PARENT`."
            )
            for what, sentence in (
                ("the note", self.note),
                ("what the customer wants", self.PLEASE),
                ("what was said before", "this is Mrs Jung"),
            ):
                said = [m for m in seen if sentence in str(m.get("content"))]
                called = any(sentence in str(m.get("tool_calls")) for m in seen)
                fact = f"sees {what} only in a call's arguments" if called else f"lacks {what}"
                assert said, (
                    f"The refunds desk {fact}: {sentence!r}; expected it in a message's text."
                )
            doubled = [m for m in seen if m["role"] == "user" and self.PLEASE in str(m)]
            assert len(doubled) == turn, (
                f"The customer has said {self.PLEASE!r} {turn} time(s), and the refunds desk sees "
                f"it {len(doubled)} times. Take the messages along as they are: by their ids they "
                "are known."
            )
            heard = [m["content"] for m in seen if m["role"] == "user"][-1]
            assert len(self.paid) == turn, (
                f"The refunds desk was asked {turn} time(s) and has paid {len(self.paid)} times. "
                f"The last thing it heard from the customer: {short(heard)}."
                + (" A human message with no name is the customer's." if self.note in heard else "")
            )
            assert reply == FINAL, (
                f"The customer's turn ended with {short(reply)}; expected the refunds desk's "
                f"answer, {FINAL!r}."
            )
            self.assert_no_claim(graph)
            for _ in range(2):
                reply = self.say(graph, "call 2207", "Hello?")
                assert reply, "“Hello?” in the next turn was answered with nothing."

    def assert_no_claim(self, graph: Pregel) -> None:
        """Assert that no answer to another call says that the call has worked."""
        for message in graph.get_state(thread("call 2207")).values["messages"]:
            if message.type != "tool" or message.tool_call_id not in self.others:
                continue
            text = message.text.replace(self.note, "")
            assert not claims_success(text), (
                f"The answer to another call of the message is {message.text!r}. Nobody knows "
                "whether that call ran, and its result is not there: say that it is not known."
            )

    def at_refunds(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the messages of the refunds desk's first request after so many."""
        for request in self.model.requests[since:]:
            offered = [t["function"]["name"] for t in request.body.get("tools", [])]
            if "pay_back" in offered:
                return request.body["messages"]
        return []

    def _call(self, name: str, **arguments: Any) -> dict[str, Any]:
        self.made += 1
        return {"name": name, "args": arguments, "id": f"call_{self.made}x", "type": "tool_call"}


def _synchronous(handoff: Any) -> Any:
    """Return a tool that can be invoked, also where only its coroutine was written."""
    if getattr(handoff, "coroutine", None) is None or getattr(handoff, "func", None) is not None:
        return handoff

    @functools.wraps(handoff.coroutine)
    def func(*args: Any, **more: Any) -> Any:
        return run_async(handoff.coroutine, *args, **more)

    return handoff.model_copy(update={"func": func})


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


QUESTIONS = {"T-7": 4, "T-8": 1, "K-31": 2, "T-12": 1}  # how often each worker asks
MANY = {"K-40": 41}  # a worker of a later turn; others ask once
# What the workers ask, one after the other. The first question names the order, except for two
# orders, which ask in the same words.
NEXT = ("And the postage of {}?", "In cash for {}?", "A letter to {}?")


BROKEN = "X-0"  # its worker raises after its first answer, and would work the next time
DOWN = "X-1"  # its worker raises before it asks
POLITE = "K-6"  # its worker asks with a dictionary
TWO_AT_ONCE = "K-77"  # its worker asks two questions at the same time


def questions_of(order: str) -> list[Any]:
    """Return what the worker for an order asks."""
    if order == POLITE:
        return [{"tool": "pay", "args": {"order": order}}]
    first = "Which colour?" if order in ("K-31", "T-12") else f"Pay for {order}?"
    count = (QUESTIONS | MANY).get(order, 1)
    more = [text.format(order) for text in itertools.islice(itertools.cycle(NEXT), count - 1)]
    return [first, *more]


def decided(question: Any) -> Any:
    """Return the answer to a question; one of them is False."""
    if isinstance(question, dict):
        return f"pay {question['args']['order']}"
    if "T-8" in question:
        return "no"
    if "postage" in question:
        return False
    return "green" if "colour" in question else "yes"


def settled(order: str) -> str:
    """Return the note of a worker whose questions were all answered."""
    return f"{order}: {' '.join(str(decided(question)) for question in questions_of(order))}"


class Asking:
    """Workers that ask, some of them several times; it keeps book of what they and others do.

    Attributes:
        visits: The order of each worker that started.
        asked: Each question that was decided.
    """

    def __init__(self) -> None:
        self.visits: list[str] = []
        self.asked: list[Any] = []
        self._raised = False
        inner = StateGraph(Notes).add_node("ask", self._ask).add_edge(START, "ask").compile()
        beside = StateGraph(Notes).add_node("ask", self._ask).add_edge(START, "ask")
        beside.add_node("ask too", self._ask).add_edge(START, "ask too")
        two = beside.compile()

        def work(order: str) -> dict[str, Any]:
            self.visits.append(order)
            if order == DOWN:
                raise ConnectionError("the archive is down")
            asking = two if order == TWO_AT_ONCE else inner
            return {"notes": asking.invoke({"orders": [order], "notes": []})["notes"]}

        self.graph = fan(work)

    def decide(self, question: Any) -> Any:
        """Decide a question."""
        self.asked.append(question)
        return decided(question)

    def _ask(self, state: Notes) -> dict[str, Any]:
        (order,) = state["orders"]
        words = [str(interrupt(question)) for question in questions_of(order)]
        if order == BROKEN and not self._raised:
            self._raised = True
            raise ZeroDivisionError("a bug in the worker")
        return {"notes": [f"{order}: {' '.join(words)}"]}


ORDERS = ["T-7", "K-31", "T-900"]


def run(graph: Pregel, given: Any, name: str, at_once: int = 1) -> dict[str, Any]:
    """Run a graph on a thread, so many nodes at once, whether they are synchronous or not."""
    return run_async(graph.ainvoke, given, thread(name) | {"max_concurrency": at_once})


def looked_up(
    asked: list[str], errors: dict[str, BaseException] | None = None, at_once: int = 1
) -> Any:
    """Return a `look_up` that notes what it is asked, and raises the error of an order.

    Args:
        asked: What it is asked is appended here.
        errors: What it raises, for which order.
        at_once: So many calls end at the same time, where each has a thread.
    """
    all_begun = threading.Barrier(at_once)

    def look_up(order: str) -> str:
        asked.append(order)
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # in a thread of its own, so that the others can begin
            with contextlib.suppress(threading.BrokenBarrierError):  # one after the other, then
                all_begun.wait(timeout=2)
        if error := (errors or {}).get(order):
            raise error
        return f"{order} is late"

    return look_up


def survey(
    careful: Any, look_up: Callable[[str], str], orders: list[str], at_once: int = 1
) -> tuple[Pregel, dict[str, Any]]:
    """Run a student's node for some orders, so many at once; return the graph and its result.

    What calls of the node share is seen where they meet in `look_up`, not wherever threads meet.
    """
    node = careful(look_up)
    assert callable(node), f"`careful(look_up)` returned {kind(node)}; expected the node."

    async def checked(order: str) -> Any:
        got = await asyncio.to_thread(node, order)
        if inspect.isawaitable(got):
            got = await got
        assert isinstance(got, dict) and isinstance(got.get("notes"), list), (
            f"The node returned {short(got)} for {order}; expected {{'notes': [one note]}}."
        )
        return got

    graph = fan(checked)
    return graph, run(graph, {"orders": orders, "notes": []}, "survey", at_once)


def assert_survives(
    careful: Any, orders: list[str], errors: dict[str, Exception], at_once: int = 1
) -> None:
    """Assert that each order has its note, in order, whichever of them fail, so many at once."""
    asked: list[str] = []
    names = ", ".join(f"{type(error).__name__} for {order}" for order, error in errors.items())
    what = f"`look_up` raised {names}" + ", at the same time" * (at_once > 1)
    try:
        look_up = looked_up(asked, errors, at_once)
        notes = survey(careful, look_up, orders, at_once)[1]["notes"]
    except tuple(type(error) for error in errors.values()):
        raise AssertionError(f"{what}, and so did the whole run: no note is left.") from None
    assert len(notes) == len(orders), (
        f"{what}. The notes are {short(notes)}; expected {len(orders)}, one for each order."
    )
    for order, note in zip(orders, notes, strict=True):
        if order not in errors:
            assert note == f"{order} is late", (
                f"{what}. The note on {order} is {short(note)}; expected '{order} is late'."
            )
            continue
        others = [one for one in orders if one != order and one in str(note)]
        assert isinstance(note, str) and order in note and not others, (
            f"{what}. The note on {order} is {short(note)}; expected a sentence with this order's "
            "number, so that the reader knows what is missing."
            + " Calls of the node run side by side: keep nothing outside the node."
            * bool(others)
        )
        assert len(note.split()) > 2 or "unknown" in note.lower(), (
            f"{what}. The note on {order} is {short(note)}; expected a sentence that says that it "
            "is not known."
        )
        assert admits_ignorance(note.replace(order, "")), (
            f"{what}. The note on {order} is {short(note)}; expected a sentence that says that "
            "this is not known. Whoever reads it must not take it for a result."
        )
        leaked = [words for words in errors[order].args if words in note]
        assert not leaked, (
            f"{what}. The note on {order} is {short(note)}: the words of the exception are for "
            "your log, not for a customer."
        )
    assert sorted(asked) == sorted(orders), (
        f"{what}, and was called {len(asked)} times for {len(orders)} orders; expected once for "
        "each: what looks up may also pay."
    )


def assert_others_kept(careful: Any, error: Exception) -> None:
    """Assert that an error for one order does not end the run: the others have their notes."""
    look_up = looked_up([], {"T-8": error})
    result, raised = outcome(lambda: survey(careful, look_up, ["T-7", "T-8", "T-9"])[1])
    what = f"`look_up` raised {type(error).__name__} for T-8"
    assert raised is None, (
        f"{what}, and the run ended with {short(raised)}: the notes on T-7 and T-9 are lost."
    )
    notes = result["notes"]
    kept = [note for note in notes if note in ("T-7 is late", "T-9 is late")]
    assert kept == ["T-7 is late", "T-9 is late"], (
        f"{what}. The notes are {short(notes)}; expected those on T-7 and T-9 among them."
    )


def assert_lets_through(careful: Any, error: BaseException) -> None:
    """Assert that what is no `Exception` comes out of the node."""

    node = careful(looked_up([], {"T-7": error}))
    assert callable(node), f"`careful(look_up)` returned {kind(node)}; expected the node."

    async def called() -> Any:
        try:
            got = node("T-7")
            return await got if inspect.isawaitable(got) else got
        except type(error) as raised:  # not past the event loop, which would take it for its own
            return raised

    name, result = type(error).__name__, run_async(called)
    assert isinstance(result, type(error)), (
        f"`look_up` raised {name}, which is no `Exception` but ends a run, and the node returned "
        f"{short(result)}; expected the {name} to come out."
    )


def assert_asks_again(careful: Any) -> None:
    """Assert that an order is looked up in each run, whatever came of it in an earlier one."""
    asked: list[str] = []
    errors: dict[str, BaseException] = {"K-12": ConnectionError("archive-3.shop.internal")}
    graph, _ = survey(careful, looked_up(asked, errors), ["K-12", "K-13"])
    errors.clear()
    notes = run(graph, {"orders": ["K-12", "K-13"], "notes": []}, "the next day")["notes"]
    assert notes == ["K-12 is late", "K-13 is late"], (
        "`look_up` failed for K-12 in one run, and for nothing in the next. The notes of the next "
        f"one are {short(notes)}; expected ['K-12 is late', 'K-13 is late']."
    )
    assert sorted(asked) == ["K-12", "K-12", "K-13", "K-13"], (
        f"Two runs about K-12 and K-13 looked up {sorted(asked)}; expected each once in each run: "
        "what was late yesterday may be there today."
    )
