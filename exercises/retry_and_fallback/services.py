"""What the checks of lesson 4 use: a clock that skips waits, services that fail, an open log."""

from __future__ import annotations

import contextlib
import functools
import itertools
import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import openai
from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, wrap_model_call
from langchain.messages import AIMessage, ToolMessage
from langchain.tools import tool
from langchain_core.exceptions import ModelAPIError, ModelRateLimitError
from langchain_core.runnables import RunnableLambda
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import RetryPolicy

import lesson_model
from exercises.core.clock import skip_waits
from exercises.core.descriptions import short
from exercises.core.exercise import outcome
from exercises.core.functions import functions_of
from lab.herd import CAP

ANSWER = "Within thirty days."
QUESTION = {"messages": "Can I send a tent back?"}
LONG_TALK = {
    "messages": [
        ("user", "I am Ann, and my order is K-31."),
        ("ai", "Thank you, Ann."),
        ("user", "Can I send a tent back?"),
    ]
}
COMPILED = "expected a graph, compiled."
TWO_CALLS = "Please count the green tents and find parcel 5."
TWO_COUNTS = "Please count the green tents and count the red tents."
FIRST_RETRY = (
    "Either this error was not taken for a transient one (a ConnectionError is: `is_transient` "
    "knows), or the clock did not start again with this question."
)
GOES_ON = (
    "It goes on until a wait would end too late, after any number of tries. Clock and waits begin "
    "again with each question."
)
QUICK = RetryPolicy(initial_interval=0.01, jitter=False)
# In the texts of errors. None of them can stand in a hexadecimal reference.
SECRETS = ("wombat", "tent-db", "billing", "sk-lesson")
# Of `TWO_CALLS`, and of the calls that the model makes of it. None of them is in a tool's name.
CUSTOMERS_WORDS = ("Please count", "green", "parcel 5", "{'parcel'", '{"parcel"')


class Service:
    """A service that raises `errors`, one a call (None: it answers), and then answers `says`."""

    def __init__(
        self, *errors: Exception | None, for_ever: bool = False, says: str = "shipped"
    ) -> None:
        self.says = says
        again = itertools.repeat(errors[-1]) if for_ever else ()
        self.errors, self.calls = itertools.chain(errors, again), 0
        self.orders: set[str] = set()

    def __call__(self, order: str) -> str:
        """Return the status of an order, or raise the next error."""
        self.calls += 1
        self.orders.add(order)
        if (error := next(self.errors, None)) is not None:
            raise error
        return self.says


class RateLimitedError(openai.RateLimitError, ModelRateLimitError):
    """A model's 429."""


class ServerFailedError(openai.InternalServerError, ModelAPIError):
    """A model's 500."""


_FIELDS = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class Log(logging.Handler):
    """Keeps what is logged anywhere, formatted as a file would show it, tracebacks included."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []
        self.names: list[str] = []
        self.fields: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        self.lines.append(self.format(record))
        self.names.append(record.name)
        self.fields += [f"{k}={v!r}" for k, v in vars(record).items() if k not in _FIELDS]

    @contextlib.contextmanager
    def listening(self) -> Iterator[list[str]]:
        """Keep what is logged inside; yield the lines so far."""
        del self.lines[:]
        logging.root.addHandler(self)
        try:
            yield self.lines
        finally:
            logging.root.removeHandler(self)


@tool
def find_parcel(parcel: int) -> str:
    """Find a parcel by its number."""
    raise ConnectionError("tent-db refused user=billing password=" + "wombat")


@tool
def count_tents(color: str) -> str:
    """Count the tents of a color in the store."""
    return f"12 {color} tents"


def miscounted(said: dict, status: int, careful: bool) -> str:
    """Send the requests; return a sentence if their number is not the one that was said."""
    guess = said.get(status, said.get(str(status)))
    if guess is None:
        return f"{status} is missing in {short(said)}."
    if careful:
        policy = QUICK._replace(retry_on=lambda error: error.is_retryable)
        seen = sent(status, ChatOpenAI(max_retries=0), retry_policy=policy)
        why = "Only the policy retries, and only what `is_transient` allows"
    else:
        sdk, seen = sent(status, ChatOpenAI()), sent(status, ChatOpenAI(), retry_policy=QUICK)
        why = f"The SDK sends {sdk}, and the policy runs the node {seen // sdk} times"
    return "" if guess == seen else f"{status}: you said {guess!r}, the wire saw {seen}. {why}."


def sent(status: int, llm: Any, **options: Any) -> int:
    """Return how many requests a node that asks `llm` sends for one question."""

    def answer(state: MessagesState) -> dict:
        return {"messages": [llm.invoke(state["messages"])]}

    desk = StateGraph(MessagesState).add_node(answer, **options).add_edge(START, "answer").compile()
    with lesson_model.scratch() as model:
        model.fail("http", times=None, status=status, retry_after=0.01)
        outcome(lambda: desk.invoke(QUESTION))
        return len(model.requests)


def found_by(
    build_finder: Any, service: Service, graph: Any = None
) -> tuple[Any, Exception | None, list[float]]:
    """Return what the student's graph finds, what it raises, and the seconds slept."""
    graph = graph or build_finder(service)
    assert hasattr(graph, "invoke"), f"`build_finder` returned a {type(graph).__name__}; {COMPILED}"
    with skip_waits(build_finder) as slept:
        found, error = outcome(lambda: graph.invoke({"order": "K-31"}))
    return found, error, slept


def found_side_by_side(build_finder: Any) -> tuple[int, int]:
    """Ask one graph twice about an order; the second question comes while the first is retried.

    Returns:
        How often the service was asked for each question, when it is busy for ever.
    """
    calls, running = {"first": 0, "second": 0}, ["first"]

    def service(order: str) -> str:
        calls[running[0]] += 1
        if running == ["first"] and calls["first"] == 2:
            running[0] = "second"
            other = threading.Thread(target=outcome, args=(ask,))
            other.start()
            other.join()
            running[0] = "first"
        raise ConnectionError("busy")

    def ask() -> Any:
        return graph.invoke({"order": "K-31"})

    graph = build_finder(service)
    with skip_waits(build_finder):
        outcome(ask)
    return calls["first"], calls["second"]


def turns_of(build_desk: Any, service: Service, count: int) -> list[tuple[Any, int, list]]:
    """Return answer, calls and pauses of each turn of one thread."""
    pauses: list = []
    desk, turns = build_desk(service, pauses.append), []
    assert hasattr(desk, "invoke"), f"`build_desk` returned a {type(desk).__name__}; {COMPILED}"
    thread = {"configurable": {"thread_id": "check"}, "recursion_limit": 40}
    for number in range(1, count + 1):
        before = service.calls, len(pauses)
        state, error = outcome(lambda: desk.invoke({"order": "T-7"}, thread), ConnectionError)
        calls = service.calls - before[0]
        assert error is None, (
            f"In turn {number} the service was busy, and the desk raised {short(error)} after "
            f"{calls} call(s); expected that a ConnectionError is tried again, and after the "
            "fourth call a sentence that says sorry, not the error."
        )
        turns.append((state.get("answer"), calls, pauses[before[1] :]))
    return turns


def answer_of(build_desk: Any, service: Service) -> tuple[Any, Exception | None]:
    """Return the answer of a desk's first turn, or what it raised."""
    thread = {"configurable": {"thread_id": "check"}, "recursion_limit": 40}
    desk = build_desk(service, lambda number: None)
    return outcome(lambda: desk.invoke({"order": "T-7"}, thread).get("answer"))


def turns_side_by_side(build_desk: Any) -> list[tuple[Any, list[int]]]:
    """Let another customer ask about the same order while the first one's turn pauses.

    Returns:
        Answer and pauses of the first customer's turn, and of the second one's.
    """
    busy, pauses = ConnectionError("busy"), []
    service = Service(busy, None, busy)

    def pause(number: int) -> None:
        pauses.append(("second" if inside else "first", number))
        if pauses == [("first", 1)]:
            inside.append(True)
            other = threading.Thread(target=turn, args=("second",))
            other.start()
            other.join()
            inside.clear()

    def turn(name: str) -> None:
        thread = {"configurable": {"thread_id": name}, "recursion_limit": 40}
        answers[name] = outcome(lambda: desk.invoke({"order": "K-31"}, thread).get("answer"))[0]

    inside: list[bool] = []
    answers: dict[str, Any] = {}
    desk = build_desk(service, pause)
    turn("first")
    return [
        (answers.get(name), [number for who, number in pauses if who == name])
        for name in ("first", "second")
    ]


def told(turns: list, expected: list | None = None, first: int = 1) -> str:
    """Tell answer, calls and pauses of each turn, the number of the first one being `first`."""
    lines = [
        f"Turn {number}: {short(answer)} after {calls} call(s) and the pauses {pauses}."
        for number, (answer, calls, pauses) in enumerate(turns, first)
    ]
    return " ".join(lines) + (f" Expected {told(expected)}" if expected else "")


def slow_run(
    ask: Any, budget: float, takes: float, *errors: Exception
) -> tuple[Any, list[float], list[float]]:
    """Let each call of the model take `takes` seconds and raise the next error, the last for ever.

    Returns:
        What `ask` raised or else returned, the waits, and when each call ended.
    """
    ended: list[float] = []
    with skip_waits(ask) as slept:

        def fail(_: Any) -> None:
            time.sleep(takes)
            ended.append(sum(slept))
            raise errors[min(len(ended), len(errors)) - 1]

        reply, raised = outcome(lambda: ask(RunnableLambda(fail), "Can I send it back?", budget))
        ends, starts = ended, [end - takes for end in ended]
        waits = [start - end for start, end in zip(starts[1:], ends, strict=False)]
        return raised or reply, waits, ends


def asked(ask: Any, budget: float, fault: tuple[str, int | None, dict] | None) -> tuple:
    """Return reply, error, statuses on the wire and seconds slept, waits being skipped.

    A request that asks something else has its words in place of a status.
    """
    word, times, details = fault or ("", 0, {})
    question = f"Can I send a tent back after {budget:g} days?"
    with lesson_model.scratch() as model, skip_waits(ask) as slept:
        model.when("send a tent back").says(ANSWER)
        if fault:
            model.fail(word, times=times, **details)
        llm = ChatOpenAI(max_retries=0, timeout=20)
        reply, error = outcome(lambda: ask(llm, question, budget))
        sent = [(r.status, r.body["messages"][-1]["content"]) for r in model.requests]
    seen = [status if words == question else f"{words!r} asked" for status, words in sent]
    return reply, error, seen, slept


def refused_with(status: int, seconds: float | None = None) -> openai.APIStatusError:
    """Return a model's 429 or 500 with its response, which asks to wait for some seconds."""
    request = httpx.Request("POST", "http://127.0.0.1/v1/chat/completions")
    headers = {} if seconds is None else {"Retry-After": f"{seconds:g}"}
    response = httpx.Response(status, headers=headers, request=request)
    kind = RateLimitedError if status == 429 else ServerFailedError
    return kind("later", response=response, body=None)


def assert_server_heard(ask: Any) -> None:
    """Refuse a long wait cut short, or one the server asked for that counts for later waits."""
    down = refused_with(500)
    errors = (refused_with(429, 3), down, refused_with(429, 1), down, refused_with(429, 90), down)
    ended, waits, _ = slow_run(ask, 130, 0.001, *errors)
    bounds = ((3.0, 3.0), (0.0, 0.2), (1.0, 1.0), (0.0, 0.8))  # least and longest, in seconds
    assert all(
        least - 1e-6 <= wait <= longest + 1e-6
        for wait, (least, longest) in zip(waits, bounds, strict=False)
    ), (
        "Told to come back in 3 s, then told nothing, then 1 s, then nothing, it waited "
        f"{[round(wait, 2) for wait in waits[:4]]} s; expected 3, up to 0.2, 1, up to 0.8. What "
        "the server says counts for the next wait alone."
    )
    assert len(waits) < 4 or [round(wait, 6) for wait in waits[4:5]] == [90], (
        f"After four retries it was told to come back in 90 s, with a budget of 130 s; it waited "
        f"{', '.join(f'{wait:.2f}' for wait in waits[4:5]) or 0} s and ended with {short(ended)}; "
        "expected a wait of 90 s: only the budget is a limit, not the number of tries."
    )


def told_to_wait_a_little(ask: Any) -> list[float]:
    """Return the waits of several runs in which the server asks for less than the backoff."""
    waits: list[float] = []
    for _ in range(4):
        waits += asked(ask, 30, ("rate_limit", 3, {"retry_after": 0.01}))[3]
    return waits


def failures_of_one_desk(handler: Any) -> list[set[str]]:
    """Let a desk fail twice on one thread, then the first time again, from its checkpoint.

    Returns:
        The words user and log share, each time.
    """
    graph, thread = StateGraph(MessagesState), {"configurable": {"thread_id": "twice"}}

    def ask_model(state: MessagesState) -> dict:
        raise ConnectionError("tent-db")

    graph.add_node("model", ask_model, error_handler=handler).add_edge(START, "model")
    desk, shared = graph.compile(checkpointer=InMemorySaver()), []
    for number in range(3):
        asked, config = {"messages": "Hello?"}, thread
        if number == 2:
            *_, before = (s for s in desk.get_state_history(thread) if s.next == ("model",))
            asked, config = None, before.config
        with Log().listening() as lines:
            result, _ = outcome(functools.partial(desk.invoke, asked, config))
        said = result["messages"][-1].text if result else ""
        shared.append(words(said) & words("\n".join(lines)))
    return shared


def answered(fall_back: Any, main: Any, fault: str = "", times: int = 1) -> tuple:
    """Let an agent answer the last of several messages.

    Returns:
        Its answer, its error, model and status of each request, and what two requests differ in.
    """

    @wrap_model_call
    def settings(request: Any, handler: Any) -> Any:
        return handler(request.override(model_settings={"user": "Ann"}, tool_choice="auto"))

    agent = create_agent(
        main,
        [count_tents],
        system_prompt="Be brief.",
        middleware=[settings, middleware_of(fall_back)],
    )
    with lesson_model.scratch() as model:
        if fault:
            model.fail(fault, times=times, seconds=0)
        reply, error = outcome(lambda: agent.invoke(LONG_TALK)["messages"][-1].text)
        bodies = [{**r.body, "model": ""} for r in model.requests]
        lost = []
        if len(bodies) == 2:
            first, second = bodies
            lost = [key for key in {**first, **second} if first.get(key) != second.get(key)]
        seen = [f"{r.body['model']} {name_of(r, fault)}" for r in model.requests]
        return reply, error, seen, lost


def middleware_of(fall_back: Any) -> AgentMiddleware:
    """Return a function as a middleware; one that was decorated is left as it is."""
    return fall_back if isinstance(fall_back, AgentMiddleware) else wrap_model_call(fall_back)


def name_of(request: Any, fault: str) -> str:
    """Return what a request met: a status, a broken connection, or silence."""
    met = {"disconnect": "dropped", "timeout": "silent"}
    return met.get(fault, str(request.status)) if request.fault else str(request.status)


def silent_client() -> httpx.Client:
    """Return a client whose requests arrive, and whose time is always over before the answer."""

    class Silent(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            super().handle_request(request).close()
            raise httpx.ReadTimeout("no answer in time", request=request)

    return httpx.Client(transport=Silent())


def answered_after_bug(fall_back: Any, bug: Exception) -> tuple[Exception | None, list[str]]:
    """Let code between `fall_back` and the model have a bug.

    Returns:
        What the agent raised, and the models that were asked then.
    """
    asked_models: list[str] = []

    @wrap_model_call
    def buggy(request: Any, handler: Any) -> Any:
        asked_models.append(request.model.model_name)
        raise bug

    main = ChatOpenAI(model="main-model", max_retries=0)
    agent = create_agent(main, middleware=[middleware_of(fall_back), buggy])
    _, error = outcome(lambda: agent.invoke(QUESTION))
    return error, asked_models


def log_of(handler: Any) -> str:
    """Return the name of the reader's `log` and a dot, with which its children's begin."""
    logs = [function.__globals__.get("log") for function in functions_of(handler)]
    return next((f"{log.name}." for log in logs if isinstance(log, logging.Logger)), "desk.")


def words(text: str) -> set[str]:
    """Return the words of four letters or digits and more."""
    return set(re.findall(r"[\w-]{4,}", text))


def failed_turn(
    handler: Any, where: str, earlier: bool = False, after_tools: bool = False
) -> SimpleNamespace:
    """Let the node `where` of a desk fail once, `handler` being its error handler.

    Args:
        handler: The student's.
        where: The node, model or tools.
        earlier: Whether the thread has a turn behind it.
        after_tools: Whether the model fails only when two tools of the turn have run.

    Returns:
        The error's class, what the run raised, each field of the messages that the turn added to
        the thread, its message types, the ids of the answered calls, the ids of all that the model
        made, what the user reads, the lines of the log, their own fields, the loggers other than
        `log`; what the next turns raised, and the last one's HTTP status.
    """
    graph, thread = StateGraph(MessagesState), {"configurable": {"thread_id": "check"}}
    tools, listener = [count_tents, find_parcel], Log()
    made: list[str] = []

    def ask_model(state: MessagesState) -> dict:
        if after_tools and isinstance(state["messages"][-1], ToolMessage):
            model.fail("bad_key")
        reply = ChatOpenAI(max_retries=0).bind_tools(tools).invoke(state["messages"])
        made.extend(call["id"] for call in reply.tool_calls)
        return {"messages": [reply]}

    def route(state: MessagesState) -> str:
        return "tools" if state["messages"][-1].tool_calls else END

    graph.add_node("model", ask_model, error_handler=handler)
    graph.add_node("tools", ToolNode(tools, handle_tool_errors=False), error_handler=handler)
    graph.add_edge(START, "model").add_conditional_edges("model", route, ["tools", END])
    desk = graph.add_edge("tools", "model").compile(checkpointer=InMemorySaver())
    with lesson_model.scratch() as model, listener.listening() as lines:
        if earlier:  # a turn that ended well, with a call that was answered
            desk.invoke({"messages": "Please count the green tents."}, thread)
        del lines[:], listener.names[:], listener.fields[:]
        before = len(desk.get_state(thread).values.get("messages", []))
        if where == "model" and not after_tools:
            model.fail("bad_key")
        question = TWO_COUNTS if after_tools else TWO_CALLS
        _, error = outcome(lambda: desk.invoke({"messages": question}, thread))
        messages, log, next_error = desk.get_state(thread).values["messages"], list(lines), None
        fields = list(listener.fields)
        elsewhere = [name for name in listener.names if not f"{name}.".startswith(log_of(handler))]
        for _ in range(2):
            _, raised = outcome(lambda: desk.invoke({"messages": "Hello?"}, thread))
            next_error, next_status = next_error or raised, model.requests[-1].status
    last = messages[-1]
    return SimpleNamespace(
        name="OpenAIAuthenticationError" if where == "model" else "ConnectionError",
        error=error,
        kept=[
            (name, str(value))
            for message in messages[before + 1 :]
            for name, value in message.model_dump().items()
        ],
        types=[message.type for message in messages],
        answered=[m.tool_call_id for m in messages if isinstance(m, ToolMessage)],
        made=made,
        said=last.text if isinstance(last, AIMessage) else "",
        log=log,
        fields=fields,
        elsewhere=elsewhere,
        next_error=next_error,
        next_status=next_status,
    )


def assert_goes_on(seen: SimpleNamespace, before: str = "") -> None:
    """Refuse a failed turn that raised, left a call open or answered twice, or ended the thread."""
    assert seen.error is None, f"The run ended with {short(seen.error)}."
    twice = len(seen.answered) - len(set(seen.answered))
    assert not twice, (
        f"{before}Now the thread holds {seen.types}: {twice} call(s) are answered twice. Answer "
        "each open call, no other: one with a ToolMessage is not open."
    )
    calls = len(set(seen.made) & set(seen.answered))
    assert seen.next_error is not None or calls == len(set(seen.made)), (
        f"{before}The model made {len(set(seen.made))} call(s), and the thread holds {seen.types}, "
        f"with answers to {calls}; expected a ToolMessage for each, behind the message that calls."
    )
    assert seen.next_error is None and seen.next_status == 200, (
        f"{before}The thread holds {seen.types}, and the next question met "
        f"{short(seen.next_error or seen.next_status)}. Is every open call answered, each by a "
        "ToolMessage with its id, before anything else is said?"
    )


def assert_doubling(waits: dict[int, list[float]]) -> None:
    """Refuse waits that do not begin at about 2 s and double up to near 30 s."""
    average = {retry: sum(drawn) / len(drawn) for retry, drawn in waits.items()}
    # The longest of a thousand draws is a little shorter than the longest there may be.
    assert 1.4 <= max(waits[1]) <= 4 and average[1] >= 0.5, (
        f"`wait(1)` was between {min(waits[1]):.1f} and {max(waits[1]):.1f} s, {average[1]:.1f} s "
        "on average; expected that the longest is about 2 s (from 1.5 to 4) before retry 1."
    )
    factors = {retry: average[retry + 1] / average[retry] for retry in (1, 2, 3)}
    retry = max(factors, key=lambda retry: abs(factors[retry] - 2))  # the farthest off
    assert 1.5 < factors[retry] < 2.7, (
        f"On average `wait({retry})` was {average[retry]:.1f} s and `wait({retry + 1})` "
        f"{average[retry + 1]:.1f} s, {factors[retry]:.1f} times as long; expected about twice."
    )
    assert average[8] > 10 and average[60] > 10, (
        f"`wait(8)` is {average[8]:.1f} s and `wait(60)` is {average[60]:.1f} s on average; "
        "expected more than 10 s near the cap."
    )


def assert_spread(waits: dict[int, list[float]]) -> None:
    """Refuse waits before one retry that lie close together, or many of them at one number."""
    for retry, drawn in waits.items():
        # The shortest backoff that is right: it begins at 1.5 s, and a fifth fits below the cap.
        spread, backoff = max(drawn) - min(drawn), min(CAP / 1.2, 1.5 * 2 ** (retry - 1))
        # A fifth, less what a thousand draws leave out at both ends.
        assert spread >= 0.19 * backoff, (
            f"{len(drawn)} calls of `wait({retry})` lie between {min(drawn):.1f} and "
            f"{max(drawn):.1f} s; expected that shortest and longest are a fifth of the backoff "
            f"apart, {backoff / 5:.1f} s or more. What is left of the random part there?"
        )
        (wait, times), *others = Counter(round(seconds, 2) for seconds in drawn).most_common()
        likely = "Is anything cut off behind the random part?"
        if others and others[0][1] > 0.1 * len(drawn):
            likely = "Draw from all numbers of the range (`random.uniform`), not from a few."
        assert times < 0.3 * len(drawn), (
            f"{times} of {len(drawn)} calls of `wait({retry})` are {wait:.2f} s; expected numbers "
            f"spread over the range. {likely}"
        )


def assert_within_budget(runs: list[tuple], budget: float) -> None:
    """Refuse runs against a model that is down for ever, if they end too late or too early."""
    for error, waits, ends in runs:
        assert ends, f"A budget of {budget:g} s, and the model was never asked."
        likely = (
            "Before you wait, look whether this very wait would end too late, counted from the "
            "start of `ask`."
        )
        if ends[0] >= 0.1:
            likely = "The model's own time counts, too."
        late = max((w + e - budget for w, e in zip(waits, ends, strict=False)), default=0)
        assert late <= 0.01, (
            f"A budget of {budget:g} s, and a model that takes {ends[0]:g} s to fail: a wait ended "
            f"{budget + late:.2f} s after the start. {likely}"
        )
        longest = 0.1 * 2 ** len(waits)
        bounds = [0.1 * 2**number for number in range(len(waits))]
        likely = GOES_ON
        if not waits:
            likely = FIRST_RETRY
        elif any(wait > bound + 1e-6 for wait, bound in zip(waits, bounds, strict=True)):
            likely = "Its waits were longer than they may be: the first is 0.1 s at most."
        assert ends[-1] + longest >= budget - 0.01, (
            f"A budget of {budget:g} s: it gave up after {ends[-1]:.1f} s and {len(ends)} calls, "
            f"when the next wait was {longest:g} s at most. {likely}"
        )
        assert isinstance(error, ConnectionError), (
            f"The budget was used up, and it ended with {short(error)}; expected the last error."
        )


def assert_waits(runs: list[tuple], budget: float) -> None:
    """Refuse waits that are not drawn anew from 0 to 0.1 s, 0.2 s and so on."""
    for number in range(6):
        drawn = [waits[number] for _, waits, _ in runs if len(waits) > number]
        bound = 0.1 * 2**number
        likely = GOES_ON if number else FIRST_RETRY
        assert drawn, (
            f"A model that is down for ever, and a budget of {budget:g} s: there was no retry "
            f"{number + 1}, and it ended with {short(runs[0][0])}. {likely}"
        )
        assert max(drawn) <= bound + 1e-6, (
            f"It waited {max(drawn):.2f} s before retry {number + 1}; expected "
            f"{bound:.1f} s at most."
        )
        middle = sum(drawn) / len(drawn)
        assert max(drawn) - min(drawn) > bound / 5 and bound / 5 < middle < 0.8 * bound, (
            f"{len(drawn)} waits before retry {number + 1} lie between {min(drawn):.2f} and "
            f"{max(drawn):.2f} s; expected numbers drawn from all between 0 and {bound:.1f} s."
        )
        assert max(drawn) > 0.75 * bound, (
            f"The longest of {len(drawn)} waits before retry {number + 1} was {max(drawn):.2f} s; "
            f"expected numbers drawn from all between 0 and {bound:.1f} s: only the budget is a "
            "limit."
        )
