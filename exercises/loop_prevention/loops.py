"""What the checks of lesson 5 share: a desk that loops, cases without one, what a run came to."""

from __future__ import annotations

import contextlib
import itertools
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import ModelCallLimitMiddleware
from langchain.agents.middleware.model_call_limit import ModelCallLimitExceededError
from langchain.agents.middleware.tool_call_limit import ToolCallLimitExceededError
from langchain.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain.tools import tool
from langchain_core.runnables.config import set_config_context
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphRecursionError
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.managed import RemainingSteps
from langgraph.prebuilt import ToolNode
from langgraph.types import Send
from openai import OpenAIError

from exercises.core.descriptions import contrast, short
from exercises.core.exercise import trying
from lesson_model import Call, Reply

LOST = "Where is parcel P-9?"  # the model never stops asking the tool
SHORT = "Look twice for parcel P-9."  # two calls of the tool, one after the other, and an answer
MANY = "Find the parcels P-1, P-2, P-3, P-4, P-5."  # five calls in one message, then an answer
TALKATIVE = "Go through the depots in turn."  # it never stops, two calls and words at a time
LIMIT_ERRORS = (
    GraphRecursionError,
    ModelCallLimitExceededError,
    ToolCallLimitExceededError,
    OpenAIError,
)
GREETING = "Good morning! What can I do for you?"
FOUND_NOTHING = "I looked twice, and it is not there."


@tool
def find_parcel(parcel: str) -> str:
    """Look for a parcel in the depots, by its number."""
    return f"Parcel {parcel} is not in this depot. Please look again."


def teach(model: Any) -> None:
    """Tell the lesson model how to loop, how to stop by itself, and how to greet."""
    model.when("hello").says(GREETING)
    model.when("look twice").calls("find_parcel").calls("find_parcel").then_says(FOUND_NOTHING)
    model.when("where is parcel").always_calls("find_parcel")
    two = model.when("depots in turn")  # words and two calls in each of its answers, for ever
    two.reply = lambda turn: Reply(
        "I look in both.", tuple(Call("find_parcel", {"parcel": f"P-{n}"}) for n in (1, 2))
    )
    # `MANY` needs no rule: the lesson model finds five parcels in it.


def call(name: str, id: str = "1", **arguments: Any) -> dict[str, Any]:
    """Return a tool call as it stands in an `AIMessage`."""
    return {"name": name, "args": arguments, "id": id, "type": "tool_call"}


class Desk(MessagesState):
    """The state of the lesson's desk."""

    rounds: int
    remaining_steps: RemainingSteps


def desk(route: Callable[[Desk], str]) -> Any:
    """Build the lesson's desk around a route."""
    llm = ChatOpenAI().bind_tools([find_parcel])

    def agent(state: Desk) -> dict[str, Any]:
        return {"messages": llm.invoke(state["messages"]), "rounds": state.get("rounds", 0) + 1}

    def stop(state: Desk) -> dict[str, Any]:
        calls = state["messages"][-1].tool_calls
        closed = [ToolMessage("Not carried out: stopped.", tool_call_id=c["id"]) for c in calls]
        return {"messages": [*closed, AIMessage("I have looked long enough.")]}

    graph = StateGraph(Desk).add_node(agent).add_node(stop)
    graph.add_node("tools", ToolNode([find_parcel]))
    graph.add_edge(START, "agent").add_edge("tools", "agent").add_edge("stop", END)
    graph.add_conditional_edges("agent", route, ["tools", "stop", END])
    return graph.compile(checkpointer=InMemorySaver())


@dataclass(frozen=True)
class Run:
    """What one turn came to.

    Attributes:
        model_calls: How often the model was asked.
        error: What the run raised, None if nothing.
        messages: The thread afterwards.
    """

    model_calls: int
    error: Exception | None
    messages: list[Any]

    @property
    def words(self) -> str:
        """The text the turn ends with; empty if it does not end in words of the desk."""
        last = self.messages[-1] if self.messages else None
        return last.text if isinstance(last, AIMessage) and not last.tool_calls else ""

    @property
    def ending(self) -> str:
        """How the turn ended, for a sentence such as "it ..."."""
        if isinstance(self.error, GraphRecursionError):
            return "ended with a GraphRecursionError"
        if self.error is not None:
            return f"raised {type(self.error).__name__}: {short(str(self.error))}"
        if self.words:
            return f"ended with the words {self.words!r}"
        last = self.messages[-1] if self.messages else None
        if getattr(last, "tool_calls", None):
            return "ended with a tool call that nobody answered"
        return f"ended with a message of type {getattr(last, 'type', None)!r}, not with words"


def too_late(run: Run) -> str:
    """Say what probably made a route turn off too late."""
    if run.error is None:
        return "END leaves the call open: only `stop` answers it."
    last = run.messages[-1] if run.messages else None
    if isinstance(last, AIMessage) and not last.tool_calls:
        return "`stop` did run, but with the last step of the limit: turn off earlier."
    return "Too few steps were left for `stop`: turn off earlier."


def ask(model: Any, graph: Any, question: str, thread: str = "1", limit: int = 60) -> Run:
    """Ask a question and note what came of it, a refused request and a used-up limit included.

    Raises:
        AssertionError: A route names no node.
        Exception: Whatever else goes wrong in the answer's own code.
    """
    config = {"configurable": {"thread_id": thread}, "recursion_limit": limit}
    before, error = len(model.requests), None
    try:
        with trying(f"the question {question!r}, whose turn has to end in words"):
            graph.invoke({"messages": question}, config)
    except LIMIT_ERRORS as raised:
        error = raised
    except KeyError as raised:
        if "langgraph" not in traceback.extract_tb(raised.__traceback__)[-1].filename:
            raise
        raise AssertionError(
            f"A route returned {raised.args[0]!r}, and there is no such node. Return the name of a "
            "node, or END."
        ) from None
    messages = graph.get_state(config).values.get("messages", [])
    return Run(len(model.requests) - before, error, messages)


def assert_greets(model: Any, graph: Any, when: str, why: str = "", thread: str = "1") -> None:
    """Demand the model's greeting of a thread on which the customer says hello."""
    hello = ask(model, graph, "Hello", thread)
    assert hello.words == GREETING, f"{when}, “Hello” {hello.ending}; expected {GREETING!r}.{why}"


def predicted_runs(model: Any) -> Iterator[tuple[str, int]]:
    """Run what exercise 5.1 asks about; yield letter and count."""
    for letter, limit, middleware in (
        ("A", 15, []),
        ("B", 16, []),
        ("C", 16, [ModelCallLimitMiddleware(run_limit=100)]),
    ):
        agent = create_agent(
            ChatOpenAI(), [find_parcel], middleware=middleware, checkpointer=InMemorySaver()
        )
        yield letter, ask(model, agent, LOST, limit=limit).model_calls
    worked: list[int] = []
    fan = StateGraph(MessagesState)
    fan.add_node("plan", lambda _: {}).add_edge(START, "plan")
    fan.add_node("worker", lambda number: worked.append(number))
    fan.add_conditional_edges("plan", lambda _: [Send("worker", n) for n in range(500)])
    fan.compile().invoke({"messages": []}, {"recursion_limit": 3})
    yield "D", len(worked)


def calls_of(messages: list[Any]) -> list[dict[str, Any]]:
    """Return all calls that messages make."""
    return [c for message in messages for c in getattr(message, "tool_calls", [])]


def counted() -> Iterator[tuple[str, str, range, list[Any], list[dict[str, Any]]]]:
    """Yield threads to count calls in.

    Title, what to remember, where so many calls are listed, messages, the turn's calls.
    """
    more, one_only = range(1, 99), range(1, 2)
    hundred = [call("find_parcel", f"call_{n}", parcel=f"P-{n}") for n in range(100)]
    results = [ToolMessage("not here", tool_call_id=c["id"]) for c in hundred[:5]]
    three = [HumanMessage("Find P-0 to P-2"), AIMessage("", tool_calls=hundred[:3]), *results[:3]]
    three.append(AIMessage("Not found."))
    two = [HumanMessage("And P-3, and P-4?")]
    two += [AIMessage("I'll look.", tool_calls=hundred[3:4]), results[3]]
    two += [AIMessage("", tool_calls=hundred[4:5]), results[4]]
    all_at_once = [HumanMessage("Find them all"), AIMessage("", tool_calls=hundred)]
    lost = [call("find_parcel", f"lost_{n}", parcel="P-9") for n in range(9)]
    again: list[Any] = [HumanMessage("Where is P-9?")]
    for one in lost:
        again += [AIMessage("", tool_calls=[one]), ToolMessage("no", tool_call_id=one["id"])]
    other = [
        call("order_status", "a", order="K-31"),
        call("weigh", "b", parcel="R-22"),
        call("weigh", "c", parcel="R-23"),
        call("label", "d", parcel="R-22"),
        call("order_status", "e", order="K-31"),
    ]
    photo = {"type": "image", "base64": "aGVsbG8=", "mime_type": "image/png"}
    mixed = [SystemMessage("Be brief."), HumanMessage([photo])]  # the customer speaks by a picture
    for of_message in (other[:1], other[1:3], other[3:]):
        mixed.append(AIMessage("", tool_calls=of_message))
        mixed += [ToolMessage("done", tool_call_id=c["id"], status="error") for c in of_message]
    why = "an answer is not a call; each has an empty list"
    yield "21 plain chats", why, more, [HumanMessage("Hello"), AIMessage(GREETING)] * 21, []
    why = "one message may hold many calls, and a call counts before it has an answer, too"
    yield "100 calls in one message", why, range(100), all_at_once, hundred
    why = "a call may come with words, and its result is no call"
    yield "two calls, one after the other", why, more, two, hundred[3:5]
    why = "calls before the customer's last message belong to another turn"
    yield "two calls, after a turn with three", why, range(3, 99), [*three, *two], hundred[3:5]
    why = "the customer has just spoken, so this turn has no calls yet"
    yield (
        "a new question after a turn with three",
        why,
        more,
        [*three, HumanMessage("And P-3?")],
        [],
    )
    why = "the customer has asked the same again; without ids two such messages are equal"
    yield "the same question again, after a turn with three", why, more, [*three, three[0]], []
    why = "a repeated call is a call, and costs as much as the first"
    yield "the same call nine times", why, range(1, 9), again, lost
    why = "each message has a list of its own, and some hold several"
    yield "three messages with one, two and two calls", why, range(1, 5), mixed, other
    why = "a turn begins where the customer has spoken, be it with a photo and no words"
    yield "the third turn of a thread", why, range(6, 99), [*three, *two, *mixed[1:]], other
    why = "only a message of the customer begins a turn, not a system message"
    noted = [*two[:3], SystemMessage("The customer is called Ann."), *two[3:]]
    yield "a system message in the middle of a turn", why, one_only, [*three, *noted], hundred[3:5]
    why = "some models count their ids from 1 in each message: an id that comes again is a new call"
    counting = [
        call("find_parcel", id, parcel=f"P-{n}") for n, id in enumerate(("1", "2", "1", "1"))
    ]
    same: list[Any] = [HumanMessage("Find P-0 and P-1."), AIMessage("", tool_calls=counting[:2])]
    same += [ToolMessage("here", tool_call_id=id) for id in ("1", "2")]
    same += [AIMessage("Both are here."), HumanMessage("And P-2 and P-3?")]
    for one in counting[2:]:
        same += [AIMessage("", tool_calls=[one]), ToolMessage("here", tool_call_id="1")]
    yield "ids that come again", why, one_only, same, counting[2:]


def other_calls(got: list[Any], expected: list[dict[str, Any]]) -> str:
    """Say in what a list of calls differs from the one that was expected, as long as it."""
    if ids(got) != ids(expected):
        pairs = enumerate(zip(ids(got), ids(expected), strict=True), 1)
        number, (one, other) = next((n, pair) for n, pair in pairs if pair[0] != pair[1])
        return (
            f"Of {len(got)} calls, number {number} has the id {short(one)}; expected {other!r}, in "
            "the order of the messages."
        )
    if all(one in got for one in expected):
        return "It lists the right calls in another order; expected the order of the messages."
    pairs = zip(got, expected, strict=True)
    one, other = next(contrast(*pair) for pair in pairs if pair[0] != pair[1])
    return f"It lists {one}; expected the call as it stands in the message's `tool_calls`: {other}."


def change(calls: list[Any], before: list[dict[str, Any]]) -> str:
    """Say what was changed in a list of calls."""
    if len(calls) != len(before):
        return f"there were {len(before)} of them, and now {len(calls)}"
    now, was = next(pair for pair in zip(calls, before, strict=True) if pair[0] != pair[1])
    if lost := [key for key in was if not isinstance(now, dict) or key not in now]:
        return f"one has lost {', '.join(map(repr, lost))}"
    key = next(key for key in now if key not in was or now[key] != was[key])
    old, new = contrast(was.get(key), now[key])
    return f"{key!r} of one was {old}, and is {new} now"


def ids(calls: list[dict[str, Any]]) -> list[Any]:
    """Return the ids of calls."""
    return [c.get("id") for c in calls]


def calls_made_by(route: Callable[[Desk], str], limit: int) -> int:
    """Return how often a model that never stops is asked, as the route decides."""
    return calls_in_turns(route, (limit,))[0]


def _goes_on(route: Callable[[Desk], Any], state: dict[str, Any], limit: int, step: int) -> bool:
    """Say whether a route chooses the tools; LangGraph also takes a list with one name."""
    config = {"recursion_limit": limit, "metadata": {"langgraph_step": step}, "configurable": {}}
    with set_config_context(config) as context:
        chosen = context.run(route, state)
    return (list(chosen) if isinstance(chosen, list | tuple) else [chosen]) == ["tools"]


def calls_in_turns(
    route: Callable[[Desk], str], limits: tuple[int, ...], broken_off_after: int = 1000
) -> tuple[int, ...]:
    """Let customers have their steps in turns; return how often the model was asked for each.

    No graph is run: each step only counts, so that every limit can be tried. What `get_config()`
    returns is there, as in a graph. A customer whose turn never ends counts with the whole limit.

    Args:
        route: The student's.
        limits: The limit of each customer's run.
        broken_off_after: Rounds after which nobody asks the route any more.
    """
    threads: list[list[Any]] = [[HumanMessage(LOST)] for _ in limits]
    counts = [0] * len(limits)  # of those whose turn has ended
    for rounds in range(1, min(broken_off_after, max(limits)) + 1):
        step = 2 * rounds - 1  # the model has every second step
        for number, (limit, messages) in enumerate(zip(limits, threads, strict=True)):
            if counts[number] or step >= limit:
                continue
            names = [f"{number} {rounds} {n}" for n in (1, 2)]
            calls = [call("find_parcel", name, parcel=f"P-{name[-1]}") for name in names]
            messages.append(AIMessage("I look again.", tool_calls=calls))
            state = {"messages": [*messages], "rounds": rounds, "remaining_steps": limit - step}
            if not _goes_on(route, state, limit, step):
                counts[number] = rounds
            messages += [ToolMessage("not here", tool_call_id=name) for name in names]
    return tuple(count or limit for count, limit in zip(counts, limits, strict=True))


def break_off(model: Any, graph: Any, thread: str, rounds: int) -> None:
    """Let a turn that loops end with an error when the model is asked after some rounds."""
    config = {"configurable": {"thread_id": thread}, "recursion_limit": 60}
    before, failing = len(model.requests), False
    with contextlib.suppress(*LIMIT_ERRORS):
        for _ in graph.stream({"messages": LOST}, config):
            if not failing and len(model.requests) - before == rounds:
                model.fail("bad_key")
                failing = True


A, B = ("find_parcel", {"parcel": "P-9"}), ("order_status", {"order": "T-7"})
SEARCH = {"text": "tent", "page": 1}
REPEATED = (  # title, calls, whether they go in circles, what to remember
    (
        "the same call three times",
        [A, A, A],
        True,
        "Three times is enough, and an `id` is no argument.",
    ),
    ("the same call twice", [A, A], False, "Twice may be a second try."),
    ("A, B, A, B, A", [A, B, A, B, A], True, "One stands there three times."),
    ("A, B, A, B", [A, B, A, B], False, "No call stands there three times yet."),
    ("three, then others", [B, A, A, A, B], True, "One stands there three times."),
    (
        "nine pages of a search",
        [("search", {"text": "tent", "page": n}) for n in range(9)],
        False,
        "The same tool with other arguments is progress.",
    ),
    (
        "three tools with the same arguments",
        [(name, A[1]) for name in ("find_parcel", "weigh_parcel", "label_parcel")],
        False,
        "The tools differ.",
    ),
    (
        "arguments in another order",
        [("search", SEARCH), ("search", dict(reversed(SEARCH.items()))), ("search", SEARCH)],
        True,
        "{'a': 1, 'b': 2} and {'b': 2, 'a': 1} are the same arguments.",
    ),
    (
        "arguments that are lists",
        [("pack", {"items": ["tent", "pegs"]})] * 3,
        True,
        "One stands there three times.",
    ),
    (
        "the same list in another order",
        [("pack", {"items": items}) for items in (["tent", "peg"], ["peg", "tent"]) * 2][:3]
        + [("route", {"via": {"stops": stops}}) for stops in ([1, 2], [2, 1], [1, 2])],
        False,
        "Only the keys may stand in any order: ['a', 'b'] and ['b', 'a'] are other arguments.",
    ),
    ("no calls", [], False, "There is nothing in it."),
    ("the same call four times, and nine", [A, A, A, A] + [B] * 9, True, "More than three, too."),
    (
        "the same call in 39, at the beginning, in the middle and at the end",
        [A if n in (0, 19, 38) else ("search", {"page": n}) for n in range(39)],
        True,
        "One stands there three times, however far apart.",
    ),
    (
        "arguments that look alike",
        [("search", {"page": page}) for page in (1, "1", 1)]
        + [("search", {"text": text}) for text in ("P-9", "p-9", "P-9", " P-9")]
        + [("search", {"text": text}) for text in ("red tent", "red  tent", "red tent")],
        False,
        "1 and '1' are other arguments, and so are 'P-9' and 'p-9', or one and two blanks.",
    ),
    (
        "one argument more",
        [("search", {"text": "tent"}), ("search", SEARCH), ("search", {"text": "tent"})],
        False,
        "Calls with other arguments are other calls.",
    ),
    (
        "dictionaries in arguments",
        [("pack", {"box": {"items": ["tent"], "to": {"city": "Rome"}}})] * 3,
        True,
        "One stands there three times.",
    ),
    (
        "nested arguments in another order",
        [
            ("pack", {"box": {"to": {"city": "Rome", "zip": "00100"}, "size": 2}, "day": "Monday"}),
            ("pack", {"day": "Monday", "box": {"size": 2, "to": {"zip": "00100", "city": "Rome"}}}),
            ("pack", {"box": {"size": 2, "to": {"city": "Rome", "zip": "00100"}}, "day": "Monday"}),
        ],
        True,
        "The order of keys says nothing, at any depth.",
    ),
    (
        "dictionaries in a list, in another order",
        [
            ("pack", {"items": [{"name": "tent", "count": 1}, {"name": "peg", "count": 9}]}),
            ("pack", {"items": [{"count": 1, "name": "tent"}, {"count": 9, "name": "peg"}]}),
            ("pack", {"items": [{"name": "tent", "count": 1}, {"count": 9, "name": "peg"}]}),
        ],
        True,
        "The order of keys says nothing, at any depth.",
    ),
    (
        "the same words, divided otherwise",
        [
            ("route", {"from": "Rome", "to": "Pisa to Bari to Oslo"}),
            ("route", {"from": "Rome to Pisa", "to": "Bari to Oslo"}),
            ("route", {"from": "Rome to Pisa to Bari", "to": "Oslo"}),
            ("search", {"text": "a", "with": "red tent bag"}),
            ("search", {"text": "a red", "with": "tent bag"}),
            ("search", {"text": "a red tent", "with": "bag"}),
        ],
        False,
        "The arguments differ.",
    ),
    (
        "no arguments",
        [("list_orders", {}), ("list_parcels", {}), ("list_orders", {}), ("list_orders", {})],
        True,
        "A call without arguments may be repeated, too.",
    ),
)
ORDERS = [
    letters
    for count in range(1, 7)
    for letters in itertools.product("ABC" if count < 5 else "AB", repeat=count)
]  # of calls: each order of up to six


def costs_of_a_loop(model: Any) -> list[tuple[int, int]]:
    """Return what was sent and written after each call of the model in a loop."""
    sent, written = zip(*costs_of(ask(model, agent_with(None), LOST, limit=21)), strict=True)
    return list(zip(accumulate(sent), accumulate(written), strict=True))


def between(mistaken: list[float], right: list[float]) -> Any:
    """Return a budget that is used up after five calls, and mistakenly not yet."""
    middle = (max(mistaken[4], right[3]) + right[4]) / 2
    return int(middle) if isinstance(right[4], int) else middle


def agent_with(budget: Any, work: Callable[[], None] = lambda: None) -> Any:
    """Return an agent with a middleware (None: without) and a tool that works for a while."""

    @tool
    def find_parcel(parcel: str) -> str:
        """Look for a parcel in the depots, by its number."""
        work()
        return f"Parcel {parcel} is not in this depot. Please look again."

    middleware = [budget] if budget else []
    return create_agent(
        ChatOpenAI(), [find_parcel], middleware=middleware, checkpointer=InMemorySaver()
    )


def open_calls(run: Run) -> int:
    """Return how many tool calls of the thread have no answer."""
    answered = {m.tool_call_id for m in run.messages if isinstance(m, ToolMessage)}
    made = [c["id"] for m in run.messages if isinstance(m, AIMessage) for c in m.tool_calls]
    return sum(id not in answered for id in made)


def costs_of(run: Run) -> list[tuple[int, int]]:
    """Return what each call of the model in the last turn sent and wrote, in tokens."""
    start = max(n for n, message in enumerate(run.messages) if message.type == "human")
    usage = [m.usage_metadata for m in run.messages[start:] if isinstance(m, AIMessage)]
    return [(u["input_tokens"], u["output_tokens"]) for u in usage if u]


def spent_in_turn(run: Run) -> list[int]:
    """Return the tokens the last turn had used after each call of the model."""
    return list(accumulate(sent + written for sent, written in costs_of(run)))


def run_beside_another_customer(
    model: Any, budget: Any, move: Callable[[float], None], first: str = ""
) -> Run:
    """Run a loop; each time its tool works, another customer says hello to the same agent.

    Args:
        model: The lesson model.
        budget: The middleware.
        move: Moves the clock; the tool takes 0.14 s.
        first: What the first customer says before, in a turn of its own.
    """

    def hello() -> None:
        with contextlib.suppress(Exception):  # what is wrong there is wrong here, too
            ask(model, agent, "Hello", "another customer")

    def work() -> None:
        move(0.14)
        # In a thread of its own: inside the tool's it would count as a part of this run.
        other = threading.Thread(target=hello)
        other.start()
        other.join()

    agent = agent_with(budget, work)
    if first:
        ask(model, agent, first)
    return ask(model, agent, LOST)
