"""Agents that answer well, and agents that do not, for exercise 9.6."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from langchain.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langgraph.graph import START, MessagesState, StateGraph

__all__ = ("BACK", "CASES", "HELLO", "REGRESSIONS", "Clerk", "assert_shares")

FIND, PAY = ("find", {"order": "K-3"}), ("pay", {"order": "K-3", "euros": 45})
LOOK = ("find", {"order": "R-2"})
HELLO, WHERE, BACK = "Good morning", "Where is R-2", "Money back for K-3"
CASES = [
    {"ask": HELLO, "calls": [], "done": []},
    {"ask": WHERE, "calls": [LOOK], "done": []},
    {"ask": BACK, "calls": [FIND, PAY], "done": [("K-3", 45)]},
]
_GOOD = {case["ask"]: (case["calls"], case["done"]) for case in CASES}


def _but(ask: str, calls: list[Any], done: list[Any]) -> dict[str, Any]:
    return _GOOD | {ask: (calls, done)}


# What the agent does instead, and the case that has to turn red.
REGRESSIONS = {
    "it says that it pays, and does not": (_but(BACK, [FIND], []), BACK),
    "it does nothing at all": (_but(BACK, [], []), BACK),
    "it calls the tool, and no money moves": (_but(BACK, [FIND, PAY], []), BACK),
    "money moves without a call": (_but(WHERE, [LOOK], [("R-2", 45)]), WHERE),
    "it pays twice with one call": (_but(BACK, [FIND, PAY], [("K-3", 45)] * 2), BACK),
    "it calls twice, and one call fails": (_but(BACK, [FIND, PAY, PAY], [("K-3", 45)]), BACK),
    "another amount": (
        _but(BACK, [FIND, ("pay", {"order": "K-3", "euros": 54})], [("K-3", 54)]),
        BACK,
    ),
    "the right amount of another order": (_but(BACK, [FIND, PAY], [("K-4", 45)]), BACK),
    "another order in the call": (_but(WHERE, [("find", {"order": "R-20"})], []), WHERE),
    "the order in small letters": (_but(WHERE, [("find", {"order": "r-2"})], []), WHERE),
    "it pays first, and looks afterwards": (_but(BACK, [PAY, FIND], [("K-3", 45)]), BACK),
    "a look that nobody asked for": (_but(HELLO, [LOOK], []), HELLO),
    "another tool": (_but(WHERE, [("search", {"order": "R-2"})], []), WHERE),
}


class Clerk:
    """A scripted agent.

    Args:
        script: For each question, the calls it makes and what it does.
        done: The world it changes.
        bad_runs: For a question, the numbers of the runs in which it does nothing.
        raises: For a question, the error of every run, or of the runs in `bad_runs`.
    """

    def __init__(
        self,
        script: dict[str, Any] | None = None,
        done: list[Any] | None = None,
        bad_runs: dict[str, tuple[int, ...]] | None = None,
        raises: dict[str, BaseException] | None = None,
        one_message: bool = False,
    ) -> None:
        self.done, self.script = done or [], copy.deepcopy(script or _GOOD)
        self.bad_runs, self.raises, self.one_message = bad_runs or {}, raises or {}, one_message
        self.runs: list[str] = []
        self.inputs: list[int] = []
        self.threads: list[str | None] = []  # the thread of each run, where it was given one
        graph = StateGraph(MessagesState).add_node("clerk", self._answer).add_edge(START, "clerk")
        self.agent = graph.compile()

    def _answer(self, state: MessagesState, config: RunnableConfig) -> dict[str, Any]:
        ask = state["messages"][-1].text
        number = self.runs.count(ask)
        self.runs.append(ask)
        self.threads.append(config.get("configurable", {}).get("thread_id"))
        self.inputs.append(sum(isinstance(m, HumanMessage) for m in state["messages"]))
        calls, does = self.script[ask]
        bad = number in self.bad_runs.get(ask, ())
        if ask in self.raises and (bad or ask not in self.bad_runs):
            self.done += does
            raise self.raises[ask]
        if bad:
            return {"messages": [AIMessage("Done. You get 45 euros.")]}
        self.done += does
        return {"messages": [*_talk(calls, self.one_message), AIMessage("Done. You get 45 euros.")]}


def _talk(calls: list[Any], one_message: bool) -> list[Any]:
    """Return the calls and their results, all calls in one message or each in its own.

    A call that was made before is answered with an error.
    """
    made = [
        {"name": name, "args": dict(args), "id": f"call_{n}", "type": "tool_call"}
        for n, (name, args) in enumerate(calls)
    ]
    results = [
        ToolMessage(
            "Well.",
            tool_call_id=call["id"],
            name=call["name"],
            status="error" if calls[n] in calls[:n] else "success",
        )
        for n, call in enumerate(made)
    ]
    if one_message and made:
        return [AIMessage("", tool_calls=made), *results]
    pairs = zip(made, results, strict=True)
    return [m for call, result in pairs for m in (AIMessage("", tool_calls=[call]), result)]


def assert_shares(
    evaluate: Callable[..., Any],
    clerk: Clerk,
    times: int,
    expected: dict[str, float],
    what: str,
    cases: list[dict[str, Any]] = CASES,
) -> None:
    """Let the answer evaluate a clerk; compare the shares of the cases.

    Args:
        evaluate: The student's.
        clerk: The agent, and the world it changes.
        times: How often each case runs.
        expected: The share of a case, 1.0 where it is not named.
        what: Words for what the clerk does.
        cases: The cases.
    """
    given, held = copy.deepcopy(cases), list(clerk.done)
    shares = evaluate(clerk.agent, given, clerk.done, times)
    assert given == cases, "`cases` were changed; expected the same cases afterwards."
    assert clerk.done[: len(held)] == held, (
        f"`done` held {held} before, and {clerk.done} afterwards; expected what it held to stay."
    )
    assert isinstance(shares, dict), f"`evaluate` returned {shares!r}; expected a dict."
    asked = [case["ask"] for case in cases]
    assert sorted(shares) == sorted(asked), (
        f"It returned shares for {sorted(shares)}; expected one for each of {sorted(asked)}."
    )
    for ask, share in shares.items():
        wanted = expected.get(ask, 1.0)
        assert isinstance(share, (int, float)) and abs(share - wanted) < 1e-6, (
            f"{what}. The share of {ask!r} was {share!r}; expected {wanted}."
        )
