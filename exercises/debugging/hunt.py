"""What the checks of lesson 6 are made of: the graphs of the hunt, and a late checkpointer."""

from __future__ import annotations

import copy
import functools
import itertools
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
from exercises.core.threads import thread

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
    "D": "a name with `_V2` is asked before one without, however old it is",
    "E": "a name with `_V2` is asked before one without: here it says no",
    "F": "key and project say where to, not whether",
    "G": "hiding inputs does not stop the sending of names, times and outputs",
}


LETTERS = {
    "Where is my parcel?": "Your parcel is on its way.",
    "Both PARCELS are late again.": "Your parcel is on its way.",
    "I want my money back.": "Your money is on its way.",
    "My parcel is lost, I want my MONEY.": "Your money is on its way.",
    "Money for the parcel, please!": "Your money is on its way.",
    "Do you sell boats?": "A colleague will write to you.",
    "": "A colleague will write to you.",
    "Good morning!\nWhere is my parcel?": "Your parcel is on its way.",
    "My parcel came.\nIt is empty: I want my money back.": "Your money is on its way.",
}
# Conversations, one letter a message, and limits to try.
CONVERSATIONS = {
    "no result without its call": [("hctah", (3, 4)), ("hctahct", range(3, 7))],
    "as much as fits": [
        ("haha", range(1, 6)),
        ("hahahahaha", range(1, 12)),
        ("hctah", (5,)),
        ("hahctaha", range(1, 9)),  # no older turn in place of one that is too long
    ],
    "a long turn stays whole": [("hahctctct", range(1, 10)), ("hct", (1, 2)), ("hhacctta", (3, 7))],
    "a short conversation": [("h", (1, 3)), ("hah", (10,))],
    "a long conversation": [("hcta" * 9, range(1, 41))],
    "not begun by a human": [("ah", (1, 2, 3)), ("aha", (3, 9)), ("aahaha", range(2, 8))],
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


def clue(given: Any, fault: str, evidence: Any, what: str) -> None:
    """Judge a pair of a fault's name and its evidence.

    Args:
        given: The student's pair.
        fault: The fault's name.
        evidence: What proves it.
        what: Words for the evidence that do not give it away.
    """
    assert isinstance(given, (tuple, list)) and len(given) == 2, (
        f"The clue is {kind(given)}; expected a pair: (what is wrong, evidence)."
    )
    named, shown = given
    assert named in FAULTS, f"{named!r} is none of the five faults: {', '.join(FAULTS)}."
    same = type(shown) is type(evidence) and shown == evidence
    assert named == fault, (
        f"“{named}” is not what is wrong with this graph. "
        + (f"The evidence, {short(shown)}, is right." if same else f"And as evidence you gave "
           f"{short(shown)}; expected {what}.")
    )  # fmt: skip
    assert same, f"The fault is right. You gave {short(shown)} as evidence; expected {what}."


class FarSaver(InMemorySaver):
    """A checkpointer across a network: whoever is shown a chunk looks before its checkpoint came.

    What the graph saves is on its way until the reader of the stream has had a look and gives
    control back to the graph, so the result does not depend on how fast a machine is. A run with
    `durability="sync"` or `"exit"` waits for its checkpoints; there nothing is late.
    """

    def __init__(self, near: bool = False) -> None:
        super().__init__()
        self._near = near  # every run waits for its checkpoints
        self._late = False
        self._on_their_way: list[Callable[[], Any]] = []
        self._lock = threading.Lock()

    def put(self, config: Any, checkpoint: Any, metadata: Any, new_versions: Any) -> Any:
        """Save a checkpoint; those of nodes are late."""
        save = functools.partial(super().put, config, checkpoint, metadata, new_versions)
        if metadata["step"] > 0:
            return self._send(save)
        return save()

    def put_writes(self, *args: Any, **more: Any) -> None:
        """Save what a node wrote, late: `get_state` shows that, too."""
        self._send(functools.partial(super().put_writes, *args, **more))

    def _send(self, save: Callable[[], Any]) -> Any:
        with self._lock:
            if not self._late:
                return save()
            self._on_their_way.append(save)

    def _arrive(self, late: bool) -> None:
        """Save what is on its way; say whether what follows is late, too."""
        with self._lock:
            for save in self._on_their_way:
                save()
            self._on_their_way.clear()
            self._late = late

    def watch(self, graph: Any) -> Any:
        """Return the graph; from now on its streams say when their reader has had a look."""
        stream = graph.stream

        def watched(*args: Any, durability: Any = None, **more: Any) -> Any:
            if self._near and durability != "exit":
                durability = "sync"
            late = durability in (None, "async")
            self._arrive(late)
            try:
                for chunk in stream(*args, durability=durability, **more):
                    yield chunk
                    self._arrive(late)
            finally:
                self._arrive(False)

        graph.stream = watched
        return graph


class CardRefusedError(Exception):
    """An error of the shop's own."""


class StopHereError(BaseException):
    """What ends a run from outside, as a cancellation does."""


class _Basket(TypedDict):
    total: float
    log: Annotated[list[str], operator.add]


class _Tour(_Basket):
    place: int  # how many nodes the basket has been through


def basket_of(total: float) -> dict[str, Any]:
    """Return a basket before its first node."""
    return {"total": total, "log": [], "place": 0}


def _add(name: str, amount: Any, places: list[int], ran: list[str]) -> Callable[[_Tour], Any]:
    def node(basket: _Tour) -> dict | None:
        ran.append(name)
        if amount in ("None", "{}"):
            return None if amount == "None" else {}
        total = {} if amount is None else {"total": basket["total"] + amount}
        place = next(place for place in places if place >= basket["place"])
        return {**total, "log": [name], "place": place + 1}

    return node


def _step(name: str, ran: list[str], write: Callable[[_Basket], dict]) -> tuple[str, Any]:
    """Return a name and a node that notes its run in `ran`, and writes what `write` says."""

    def node(state: _Basket) -> dict:
        ran.append(name)
        return {"log": [name], **write(state)}

    return name, node


def build_doubler(ran: list[str]) -> Any:
    """Compile pick, then twice double and post; `ran` gets the name of each node that runs."""

    def double(state: _Basket) -> dict:
        return {"total": state["total"] * 2, "log": [f"double {state['total']:g}"]}

    def once_more(state: _Basket) -> str:
        return "double" if state["log"].count("post") < 2 else "__end__"

    steps = ("pick", lambda _: {"total": 10.0}), ("double", double), ("post", lambda _: {})
    builder = StateGraph(_Basket).add_edge(START, "pick")
    builder.add_sequence([_step(name, ran, write) for name, write in steps])
    builder.add_conditional_edges("post", once_more, ["double", "__end__"])
    return builder.compile(checkpointer=InMemorySaver())


def build_row(names: list[str], ran: list[str]) -> Any:
    """Compile nodes that run one after the other; each adds 1, and `ran` gets its name."""
    builder = StateGraph(_Basket).add_sequence(
        [_step(name, ran, lambda state: {"total": state["total"] + 1}) for name in names]
    )
    return builder.add_edge(START, names[0]).compile(checkpointer=InMemorySaver())


def why_not_run(graph: Any, config: Any, node: str) -> str:
    """Say what would have run next after the newest change of a thread; "" if there is none."""
    changed = next(
        (s for s in graph.get_state_history(config) if s.metadata.get("source") == "update"), None
    )
    if changed is None or node in changed.next:
        return ""
    return (
        f" After your `update_state` the next to run is {', '.join(changed.next) or 'nothing'}; "
        f"expected {node}. Give it the old checkpoint's config and `change` alone."
    )


def build_pair(ran: list[str]) -> Any:
    """Compile pick, then left and right side by side, then post; `ran` gets who runs."""

    def side(name: str) -> Callable[[_Basket], dict]:
        return lambda state: {"log": [f"{name} {state['total']:g}"]}

    builder = StateGraph(_Basket).add_node(*_step("pick", ran, lambda _: {"total": 10.0}))
    builder.add_node(*_step("post", ran, lambda _: {})).add_edge(START, "pick")
    for name in ("left", "right"):
        builder.add_node(*_step(name, ran, side(name))).add_edge("pick", name)
    builder.add_edge(["left", "right"], "post")
    return builder.compile(checkpointer=InMemorySaver())


def checkpoints(graph: Any, config: Any) -> dict[str, Any]:
    """Return the values of each checkpoint of a thread, by the checkpoint's id."""
    return {
        saved.config["configurable"]["checkpoint_id"]: saved.values
        for saved in graph.get_state_history(config)
    }


def build_basket(saver: FarSaver, steps: list[tuple[str, Any]], ran: list[str]) -> Any:
    """Compile nodes that run in this order; `ran` gets the name of each that runs.

    Each adds its amount, or leaves the total alone (None), or returns None or {} ("None", "{}").
    Only a node that writes something may stand there twice: the next one is found by what it wrote.
    """
    builder = StateGraph(_Tour)
    names = [name for name, _ in steps]
    builder.add_edge(START, names[0])

    def go_on(basket: _Tour) -> str:
        done = basket["place"]
        return names[done] if done < len(names) else "__end__"

    for name, amount in dict(steps).items():
        places = [place for place, other in enumerate(names) if other == name]
        builder.add_node(name, _add(name, amount, places, ran))
        if len(places) > 1:
            builder.add_conditional_edges(name, go_on, [*dict(steps), "__end__"])
        else:
            builder.add_edge(name, [*names, "__end__"][places[0] + 1])
    return saver.watch(builder.compile(checkpointer=saver))


def build_clerk(schema: Any, found: list[str]) -> Any:
    """Compile graph A, with three notes of its own."""
    builder = StateGraph(schema)
    names = ("check_payment", "check_stock", "check_address")
    notes = zip(names, found, strict=True)
    builder.add_sequence([(name, _note(text)) for name, text in notes])
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


def pay_out(
    ask: Any, decision: bool, amount: float, error: BaseException | None = None
) -> tuple[Any, list[float]]:
    """Run graph C with a node and answer its question.

    Returns:
        The status, and each amount the bank was told to pay; it raises `error` where one is given.
    """
    paid: list[float] = []
    cashier = _cashier(ask, paid, error)
    _wait_for_owner(cashier, amount, paid)
    last = cashier.invoke(Command(resume=decision), thread(f"refund-{amount:g}"))
    assert "__interrupt__" not in last, "After the owner's answer the owner was asked again."
    return last.get("status"), paid


def pay_two(
    ask: Any, amounts: tuple[float, float], decision: bool
) -> tuple[tuple[Any, Any], list[float]]:
    """Let two refunds wait; decide the first one, and say yes to the second."""
    paid: list[float] = []
    cashier = _cashier(ask, paid)
    for name, amount in zip(("first", "second"), amounts, strict=True):
        _wait_for_owner(cashier, amount, paid, name)
    first = cashier.invoke(Command(resume=decision), thread("first"))
    second = cashier.invoke(Command(resume=True), thread("second"))
    return (first.get("status"), second.get("status")), paid


def pay_again(ask: Any, amount: float, decisions: tuple[bool, ...]) -> tuple[list, list[float]]:
    """Ask for the same refund again and again on one thread; return statuses and payments."""
    paid: list[float] = []
    cashier, statuses = _cashier(ask, paid), []
    for decision in decisions:
        _wait_for_owner(cashier, amount, paid, "again")
        last = cashier.invoke(Command(resume=decision), thread("again"))
        statuses.append(last.get("status"))
    return statuses, paid


def _cashier(ask: Any, paid: list[float], error: BaseException | None = None) -> Any:
    def pay(amount: float) -> None:
        paid.append(amount)
        if error is not None:
            raise error

    builder = StateGraph(_Refund).add_node("ask", lambda refund: ask(refund, pay))
    return builder.add_edge(START, "ask").compile(checkpointer=InMemorySaver())


def _wait_for_owner(cashier: Any, amount: float, paid: list[float], name: str = "") -> None:
    before, config = len(paid), thread(name or f"refund-{amount:g}")
    status = cashier.get_state(config).values.get("status")
    first = cashier.invoke({"amount": amount}, config)
    assert len(paid) == before, "The bank was told to pay before the owner was asked."
    assert first.get("__interrupt__"), (
        f"Nobody was asked: {amount:g} euros, "
        + (f"on a thread with the status {status!r}" if status else "on a new thread")
        + f", and the run ended with status {short(first.get('status'))}. "
        + (
            "Ask about each refund, whatever was decided before."
            if first.get("status") in ("paid", "refused")
            else "An interrupt is an exception on its way out; let it pass."
        )
    )


class _Chat(TypedDict):
    question: str
    order: str
    answer: str


def build_memory(remember: Any) -> Any:
    """Compile graph E; its answers speak of an order nobody asked about."""
    builder = StateGraph(_Chat).add_node("remember", remember).add_edge(START, "remember")
    builder.add_node("answer_about", lambda state: {"answer": "Ask as you did about T-99."})
    builder.add_edge("remember", "answer_about")
    return builder.compile(checkpointer=InMemorySaver())


def update_of(remember: Any, state: dict[str, Any]) -> dict[str, Any]:
    """Return what a node writes, as a dictionary."""
    update = remember(state)
    if isinstance(update, Command):
        update = update.update
    assert update is None or isinstance(update, dict), (
        f"It returned {kind(update)}; expected a dictionary of what changes."
    )
    return update or {}


def log_line(
    one_line: Any,
    msg: str,
    level: int = logging.INFO,
    args: tuple[Any, ...] = (),
    error: Exception | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """Return what a formatter makes of a record; the record is left as it was.

    A field that has the name of one of the arguments here is given with a `~` before it.
    """
    told = (type(error), error, None) if error else fields.pop("~exc_info", None)
    stack = fields.pop("stack_info", None)
    fields = {name.lstrip("~"): value for name, value in fields.items()}
    record = logging.getLogger("shop").makeRecord(
        "shop", level, "shop.py", 7, msg, args, told, "pay", fields, stack
    )
    before = {**vars(record), **copy.deepcopy(fields)}
    text = one_line(record)
    assert isinstance(text, str), f"`one_line` returned {kind(text)}; expected text."
    assert len(text.strip().splitlines()) == 1, f"The text has several lines: {short(text)}."
    try:
        line = json.loads(text)
    except ValueError:
        line = None
    assert isinstance(line, dict), f"{short(text)} is not a JSON object. Use `json.dumps`."
    after = vars(record)
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    changed += [name for name in after if name not in before and name not in changed]
    assert not changed, (
        f"`one_line` changed the record: {', '.join(changed)}. Other handlers get it, too."
        + (
            " (`logging.Formatter.format` writes there.)"
            if set(changed) <= {"message", "asctime", "exc_text"}
            else ""
        )
    )
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


def whole_turns(text: str, limit: int) -> str:
    """Return the last whole turns of a conversation that fit, at least one."""
    starts = [at for at, letter in enumerate(text) if letter == "h"]
    return text[next((at for at in starts if len(text) - at <= limit), starts[-1]) :]


def kept(keep: Any, text: str, limit: int) -> str:
    """Return what a function keeps of a conversation, as letters."""
    given = _conversation(text)
    before = copy.deepcopy(given)
    found = keep(given, limit)
    assert isinstance(found, list | tuple), (
        f"`keep_turns` returned {kind(found)}; expected a list of messages."
    )
    assert list(found) == before[len(before) - len(found) :], (
        f"Of the conversation {text!r} (human, answer, call, tool's result) with limit {limit} "
        f"`keep_turns` returned {short([getattr(m, 'type', m) for m in found])}; "
        "expected the end of the conversation, without gaps, each message as it was."
    )
    return text[len(text) - len(found) :]


def assert_list_kept(keep: Any) -> None:
    """Refuse a function that changes the list it is given, or returns that very list."""
    for text, limits in itertools.chain(*CONVERSATIONS.values()):
        for limit in limits:
            given = _conversation(text)
            before = copy.deepcopy(given)
            found = keep(given, limit)
            assert given == before, (
                f"`keep_turns` changed the list it was given: {len(before)} messages became "
                f"{len(given)}. That list is the state; return a new one."
            )
            assert found is not given, (
                f"With limit {limit} `keep_turns` returned the very list it was given. That list "
                "is the state; return a new one."
            )


def _conversation(text: str) -> list[Any]:
    """Return messages, one a letter: h(uman), a(i), c(all of a tool) and t(ool's result)."""
    messages: list[Any] = []
    open_calls: list[str] = []
    for number, letter in enumerate(text):
        if letter == "c":
            open_calls.append(f"call-{number}")
            call = {"name": "f", "args": {}, "id": open_calls[-1]}
            messages.append(AIMessage("", tool_calls=[call], id=str(number)))
        elif letter == "t":
            result = ToolMessage("result", tool_call_id=open_calls.pop(0), id=str(number))
            messages.append(result)
        else:
            make = HumanMessage if letter == "h" else AIMessage
            messages.append(make(f"message {number}", id=str(number)))
    return messages
