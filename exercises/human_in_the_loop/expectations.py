"""What the checks of lesson 3 ask a schema and a policy, and what has to come back."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.pregel import Pregel
from langgraph.types import Interrupt, interrupt
from pydantic import ValidationError
from typing_extensions import TypedDict

from exercises.core.descriptions import kind
from exercises.core.threads import thread
from exercises.human_in_the_loop.desk import pending, resume

__all__ = ("TABLE", "names_the_right_letters", "refuses_the_rest", "says", "takes_clear_answers")

SIX = {
    "A": (True, "True is a yes"),
    "B": (True, 'the gate asks `if answer["approved"]`, and a text that is not empty is true'),
    "C": (True, 'the gate asks `if answer["approved"]`, and a text that is not empty is true'),
    "D": (False, "0 is false in Python"),
    "E": (False, "the key is misspelt, so the gate stumbles with a KeyError before it pays"),
    "F": (False, "an empty dictionary answers no question at all"),
}
NO_DECISION = (
    *({"approved": "false"}, {"approved": "no"}, {"approved": "yes"}, {"approved": 0}),
    *({"approved": 1}, {"approved": None}, {"aproved": True}, {}, True, "yes"),
    *({"approved": "true"}, {"approved": 1.0}, {"approved": ""}, {"approved": [True]}),
    *({"Approved": True}, {"type": "approve"}, [True], False, "true", 1),
)
TABLE = {
    "look": [
        *(("run", "track_parcel", {"parcel": number}) for number in ("R-22", "P-3", "480", 7)),
        ("run", "track_parcel", {}),
    ],
    "small refunds": [
        *(("run", "refund", amount) for amount in range(1, 21)),
        ("run", "refund", {"amount": 12}),
        ("run", "refund", {"order": None, "amount": 20}),
    ],
    "larger refunds": [
        *(("ask", "refund", amount) for amount in range(21, 501)),
        ("ask", "refund", {"amount": 90}),
        ("ask", "refund", {"order": 7, "amount": 500}),
    ],
    "too large": [("refuse", "refund", amount) for amount in (501, 502, 1000, 9000, 10**30)],
    "not in the list": [
        ("refuse", "delete_customer", {"name": "Ann"}),
        ("refuse", "track_order", {"parcel": "P-3"}),
        ("refuse", "track_parcels", {"parcel": "P-3"}),
        *(("refuse", name, 5) for name in ("refunds", "Refund", "", "transfer", "refund_all")),
        *(("refuse", name, 5) for name in ("refund ", "track_parcel_refund", "partial_refund")),
        *(
            ("refuse", name, 5)
            for name in ("shop.refund", "shop__refund", "shop/refund", "refund_")
        ),
        ("refuse", "shop.track_parcel", {"parcel": "P-3"}),
        ("refuse", "shop__track_parcel", {"parcel": "P-3"}),
        ("refuse", "Track_Parcel", {"parcel": "P-3"}),
    ],
    "strange amounts": [
        *(("refuse", "refund", amount) for amount in (0, -1, -480, "480", "5", "all", 19.5, None)),
        *(("refuse", "refund", amount) for amount in (True, False, float("nan"), float("inf"))),
        *(("refuse", "refund", amount) for amount in (float("-inf"), [20], {"euros": 20}, "")),
        ("refuse", "refund", {"order": "T-7"}),
        ("refuse", "refund", {"order": "T-7", "amounts": 20}),
        ("refuse", "refund", {}),
    ],
}


def names_the_right_letters(pays: Any) -> None:
    """Make sure that these are the answers with which the usual gate pays."""
    assert isinstance(pays, set | frozenset | list | tuple | str), (
        f"`pays` is {kind(pays)}; expected a set of letters such as {{'A', 'F'}}."
    )
    for letter, (right, why) in SIX.items():
        assert (letter in pays) == right, (
            f"You said that {letter} {'pays' if letter in pays else 'does not pay'}. Not so: {why}."
        )
    unknown = [letter for letter in pays if letter not in SIX]
    assert not unknown, f"{unknown[0]!r} is no answer of the list; they are A to F."


def says(policy: Callable[..., Any], name: str, args: Any, right: str) -> None:
    """Make sure that a policy says what is right about a call.

    Args:
        policy: The student's.
        name: Of the tool.
        args: All of its arguments, or only the amount of a refund.
        right: What it has to say.
    """
    if not isinstance(args, dict) or "euros" in args:
        args = {"order": "K-31", "amount": args}
    call = {"name": name, "args": args, "id": "call_1", "type": "tool_call"}
    before = copy.deepcopy(call)
    try:
        said = policy(call)
    except Exception as error:
        raise AssertionError(
            f"For {name}({args}) it raised {type(error).__name__}: {error}. A policy "
            f"that raises is a crash in the middle of a turn; expected {right!r}."
        ) from None
    why = ""
    if isinstance(args.get("amount"), bool):
        why = f" For Python a bool is an int: `isinstance({args['amount']}, int)` is true."
    assert said == right, f"For {name}({args}) it said {said!r}; expected {right!r}.{why}"
    assert repr(call) == repr(before), f"The call was changed, from {before} to {call}."


class _Heard(TypedDict):
    heard: Any


def _hear(schema: type, name: str, answer: Any) -> tuple[Any, Pregel, Interrupt]:
    """Ask with a schema, answer, and return what was heard."""
    assert isinstance(schema, type), f"`YesOrNo` is {kind(schema)}; expected a class."

    def gate(state: _Heard) -> dict[str, Any]:
        answer = interrupt("May I?", response_schema=schema)
        return {"heard": getattr(answer, "approved", answer)}

    graph = StateGraph(_Heard).add_node(gate).add_edge(START, "gate")
    graph = graph.compile(checkpointer=InMemorySaver())
    graph.invoke({"heard": None}, thread(name))
    (asked,) = pending(graph, name)
    try:
        return resume(graph, name, asked, answer)["heard"], graph, asked
    except ValidationError as error:
        return error, graph, asked


def takes_clear_answers(schema: type) -> None:
    """Make sure that true is read as true, and false as false."""
    for value in (True, False):
        heard, _, _ = _hear(schema, "clear", {"approved": value})
        if isinstance(heard, ValidationError):
            words = heard.errors()[0]["msg"]
            raise AssertionError(f"{{'approved': {value}}} was refused: {words}.")
        assert heard is value, f"{{'approved': {value}}} was read as {heard!r}."


def refuses_the_rest(schema: type) -> None:
    """Make sure that what is not clear is refused, and that the question can be answered then."""
    for odd in NO_DECISION:
        heard, graph, asked = _hear(schema, "odd", odd)
        assert isinstance(heard, ValidationError), (
            f"The answer {odd!r} was taken, as approved={heard!r}; expected that it is refused. "
            "Only true and false are clear, and none may be missing."
        )
        try:
            again = resume(graph, "odd", asked, {"approved": True})["heard"]
        except ValidationError:
            continue  # said above: it takes no clear answer
        assert again is True, f"After {odd!r} was refused, a clear yes was read as {again!r}."
