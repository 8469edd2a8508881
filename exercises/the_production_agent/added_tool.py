"""What the check of exercise 8.8 does with a tool that was added to the service's graph."""

from __future__ import annotations

from typing import Any

from langchain_core.tools import BaseTool

import lesson_model
from exercises.core.descriptions import kind, short
from exercises.the_production_agent.service_graph import Conversation
from production_agent.context import LeaseLost

NAME = "cancel_order"
Answers = tuple[BaseTool, dict, Any]


def assert_fits(cancel_order: Any, risk: Any) -> None:
    """Assert that there is a tool, and a sentence for whoever decides about it."""
    assert isinstance(cancel_order, BaseTool), (
        f"`cancel_order` is {kind(cancel_order)}; expected a tool: keep the line `@tool`."
    )
    seen = sorted(cancel_order.tool_call_schema.model_fields)
    assert (cancel_order.name, seen) == (NAME, ["order"]), (
        f"The model sees `{cancel_order.name}` with {seen}; expected `{NAME}` with ['order']."
    )
    assert isinstance(risk, dict), f"`risk` is {kind(risk)}; expected a dictionary."
    why = risk.get(NAME)
    assert isinstance(why, str) and why.strip() and len(risk) == 1, (
        f"`risk` is {short(risk)}; expected one entry, {NAME!r} and a sentence for the person who "
        "decides."
    )


async def _ask(conversation: Conversation, *orders: str) -> list[dict]:
    """Let the model propose to cancel orders; return the calls a person is asked about."""
    calls = [
        {"name": NAME, "args": {"order": order}, "id": f"call-{number}-{order}"}
        for number, order in enumerate(orders)
    ]
    state = await conversation.propose(*calls)
    asked = state.get("__interrupt__")
    shown = [call["args"]["order"] for call in asked[0].value["calls"]] if asked else []
    assert shown == list(orders), (
        f"The model proposed to cancel {' and '.join(orders)}; a person was asked about "
        f"{' and '.join(shown) or 'nothing'}."
    )
    assert not conversation.ledger.rows, (
        f"Nobody has decided yet, and this was written: {conversation.ledger.effects}."
    )
    return asked[0].value["calls"]


def _assert_effects(conversation: Conversation, orders: list[str], when: str) -> None:
    if conversation.failures.errors:
        raise conversation.failures.errors[0]
    expected = [(NAME, {"order": order}) for order in orders]
    found = conversation.ledger.effects
    assert sorted(found, key=str) == sorted(expected, key=str), (
        f"{when}: the effects are {found or 'none'}; expected {expected or 'none'}."
    )


def _result(state: dict, call: str) -> Any:
    """Return the answer to a tool call."""
    found = [m for m in state["messages"] if getattr(m, "tool_call_id", None) == call]
    assert found, "The call has no `ToolMessage`."
    return found[-1]


async def assert_one_effect(answers: Answers, order: str) -> None:
    """Assert that an approved call writes one row, and tells the model so."""
    with lesson_model.scratch():
        conversation = Conversation(*answers, thread=f"customer-of-{order}")
        (call,) = await _ask(conversation, order)
        state = await conversation.decide({"call": call["id"], "type": "approve"})
        _assert_effects(conversation, [order], f"Order {order} was approved")
        told = _result(state, call["id"])
        assert told.status != "error" and str(told.content).strip() not in ("", "null", "None"), (
            f"After the yes the model was told {short(told.content)}; expected a sentence."
        )


async def assert_no_effect_after_no(answers: Answers, order: str) -> None:
    """Assert that a rejected call writes nothing, and that the next turn works."""
    with lesson_model.scratch() as model:
        model.when("hello").says("Good morning!")
        conversation = Conversation(*answers, thread="customer-2")
        (call,) = await _ask(conversation, order)
        await conversation.decide({"call": call["id"], "type": "reject", "reason": "sold"})
        _assert_effects(conversation, [], "The person said no")
        state = await conversation.say("hello")
        assert state["messages"][-1].text == "Good morning!", "The next turn has no answer."


async def assert_two_effects(answers: Answers, orders: tuple[str, str], third: str) -> None:
    """Assert that two calls of a message are two effects, and one of the next turn a third."""
    with lesson_model.scratch():
        conversation = Conversation(*answers, thread="customer-3")
        calls = await _ask(conversation, *orders)
        await conversation.decide(*({"call": c["id"], "type": "approve"} for c in calls))
        _assert_effects(conversation, list(orders), "Two calls of one message were approved")
        # A provider's ids of calls are unique in a message, not in a thread.
        call = {"name": NAME, "args": {"order": third}, "id": calls[0]["id"]}
        state = await conversation.propose(call)
        assert state.get("__interrupt__"), "In the next turn of the thread nobody was asked."
        await conversation.decide({"call": call["id"], "type": "approve"})
        done = [*orders, third]
        _assert_effects(conversation, done, "In the next turn a call with the same id was approved")


async def assert_same_key(answers: Answers, order: str) -> None:
    """Assert that a call which runs again after a crash is the same effect."""
    with lesson_model.scratch():
        conversation = Conversation(*answers, thread="customer-4")
        (call,) = await _ask(conversation, order)
        conversation.ledger.dies = True
        try:
            await conversation.decide({"call": call["id"], "type": "approve"})
        except LeaseLost:
            pass
        else:
            if conversation.failures.errors:
                raise conversation.failures.errors[0]
            raise AssertionError(
                "The process died inside `effect`, and the tool went on: it has to await "
                "`effect`, and to let that error out."
                if conversation.ledger.rows
                else "The call was approved, and nothing was written down with `effect`."
            )
        await conversation.go_on()
        assert len(conversation.ledger.rows) == 1, (
            "The call ran, the process died after the row was written, and another run went on: "
            f"{len(conversation.ledger.rows)} effects; expected 1. Their keys: "
            f"{short([*conversation.ledger.rows])}."
        )
        _assert_effects(conversation, [order], "The call ran again")


async def assert_refused(answers: Answers, order: str) -> None:
    """Assert that a call against the policy is not even asked about."""
    with lesson_model.scratch():
        conversation = Conversation(*answers, thread="customer-5")
        call = {"name": NAME, "args": {"order": order}, "id": "call-0"}
        state = await conversation.propose(call)
        asked = state.get("__interrupt__")
        assert not asked, f"Order {order} has left, and a person was asked to cancel it."
        assert _result(state, "call-0").status == "error", "The model was told that it was done."
        _assert_effects(conversation, [], f"Order {order} has left")


async def assert_edit_refused(answers: Answers, order: str, edited: str) -> None:
    """Assert that the policy holds for what a person writes in place of the model's call."""
    with lesson_model.scratch():
        conversation = Conversation(*answers, thread="customer-6")
        (call,) = await _ask(conversation, order)
        edit = {"call": call["id"], "type": "edit", "args": {"order": edited}}
        state = await conversation.decide(edit)
        _assert_effects(conversation, [], f"A person edited the order to {edited}, which has left")
        assert _result(state, call["id"]).status == "error", "The model was told that it was done."
