"""The desk of lesson 9 in its two versions, for exercise 9.2."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Literal

from langchain.messages import ToolMessage
from langchain.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.pregel import Pregel
from langgraph.types import Command, interrupt
from openai import BadRequestError

from exercises.core.descriptions import short
from exercises.day_two.versions import new_thread
from lesson_model import LessonModel

__all__ = ("Shop",)


Refund = tuple[str, int]
"""An order, and euros."""


class Euros(MessagesState):
    """The state of version 1."""

    approved: int


class Cents(MessagesState):
    """The state of version 2."""

    approved_cents: int


class Shop:
    """Both versions over one storage, the script that migrates, and what was paid."""

    def __init__(self, model: LessonModel, saver: Any, migrate: Callable[..., Any]) -> None:
        self.model, self.saver, self._migrate = model, saver, migrate
        self.paid: list[Refund] = []
        tools = self._tools()
        self.old = _build(model, Euros, "approve", _gate("approved", 1), tools, saver)
        self.new = _build(model, Cents, "ask_owner", _gate("approved_cents", 100), tools, saver)

    def _tools(self) -> list[Any]:
        @tool
        def track_parcel(parcel: str) -> str:
            """Say where a parcel is, by its number."""
            return f"Parcel {parcel} arrives on Monday."

        @tool
        def refund(order: str, amount: int) -> str:
            """Refund an order: send its amount in euros back to the customer."""
            self.paid.append((order, amount))
            return f"Refunded {amount} euros for order {order}."

        return [track_parcel, refund]

    def say(
        self, version: Pregel, config: dict[str, Any], said: str | Refund, **options: Any
    ) -> None:
        """Say something, or ask for a refund; "yes" and "no" answer the owner's question."""
        if isinstance(said, tuple):
            said = f"Please refund {said[1]} euros for order {said[0]}."
        given = Command(resume=said) if said in ("yes", "no") else {"messages": said}
        version.invoke(given, config, **options)

    def talk(self, version: Pregel, *turns: str | Refund) -> dict[str, Any]:
        """Say things on a new thread; return its config."""
        config = new_thread()
        for said in turns:
            self.say(version, config, said)
        return config

    def migrate(self, config: dict[str, Any]) -> None:
        """Migrate a thread, and demand that nobody was asked and nothing paid."""
        before, asked, paid = self.messages(config), len(self.model.requests), list(self.paid)
        with contextlib.suppress(BadRequestError):  # what the model says to an open call
            self._migrate(self.old, self.new, config)
        assert len(self.model.requests) == asked, (
            f"While it migrated, the model was asked {len(self.model.requests) - asked} time(s); "
            "expected none. A run with an input begins at START, one with `None` where the thread "
            "stands."
        )
        assert self.paid == paid, f"While it migrated, {self.paid[len(paid) :]} was paid."
        after = self.messages(config)
        assert after == before, (
            f"The thread had {len(before)} messages before and {len(after)} after, and they are "
            "not the same ones; expected no change."
        )

    def arrives(self, config: dict[str, Any], cents: int, when: str, *waiting: Refund) -> None:
        """Migrate a thread, and demand its account, and the question that waits, if one does."""
        self.migrate(config)
        if waiting:
            self.assert_waits(config, *waiting)
        else:
            self.assert_finished(config)
        self.assert_account(config, cents, when)

    def messages(self, config: dict[str, Any]) -> list[tuple[str, str, str]]:
        """Return the stored messages, as ids, kinds and words."""
        values = self.saver.get_tuple(config).checkpoint["channel_values"]
        return [(message.id, message.type, message.text) for message in values["messages"]]

    def assert_waits(
        self, config: dict[str, Any], *calls: Refund, after: str = "the script"
    ) -> str:
        """Demand that one question about these refunds waits under version 2; return its id."""
        state = self.new.get_state(config)
        assert len(state.interrupts) == 1, (
            f"The thread waited for the owner before; after {after} {len(state.interrupts)} "
            f"question(s) wait under version 2, and next is {state.next}; expected one question, "
            "and next ('ask_owner',)."
        )
        shown = [
            (asked["args"]["order"], asked["args"]["amount"]) for asked in state.interrupts[0].value
        ]
        assert shown == [*calls], f"The question that waits is about {shown}; expected {[*calls]}."
        return state.interrupts[0].id

    def assert_account(self, config: dict[str, Any], cents: int, when: str) -> None:
        """Demand what the account of a thread says."""
        account = self.new.get_state(config).values.get("approved_cents")
        assert account == cents, f"{when}: `approved_cents` is {account!r}; expected {cents}."

    def assert_finished(self, config: dict[str, Any]) -> None:
        """Demand that a thread is finished under version 2."""
        state = self.new.get_state(config)
        assert not state.next and not state.interrupts, (
            f"The thread was finished; under version 2 its next node is {state.next}; expected ()."
        )

    def decide(self, config: dict[str, Any], answer: str, *paid: Refund) -> None:
        """Answer under version 2; demand what is paid."""
        before = len(self.paid)
        self.say(self.new, config, answer)
        # The calls of one message run side by side: any order is right.
        assert sorted(self.paid[before:]) == sorted(paid), (
            f"After a {answer!r} under version 2, {self.paid[before:]} "
            f"was paid; expected {[*paid]}."
        )

    def goes_on(self, config: dict[str, Any]) -> None:
        """Demand that two more turns work under version 2."""
        for text, expected in (("Hello!", "ello"), ("Where is parcel R-5?", "R-5")):
            words = self.new.invoke({"messages": text}, config)["messages"][-1].text
            assert expected in words, (
                f"The next turn, {text!r}, was answered with "
                f"{short(words)}; expected an answer to it."
            )


def _gate(account: str, units: int) -> Callable[..., Any]:
    def gate(state: Any) -> Command[Literal["tools", "agent"]]:
        calls = state["messages"][-1].tool_calls
        risky = [call for call in calls if call["name"] == "refund"]
        shown = [{"tool": call["name"], "args": call["args"]} for call in risky]
        if risky and interrupt(shown) != "yes":
            no = [ToolMessage("The owner said no.", tool_call_id=call["id"]) for call in calls]
            return Command(goto="agent", update={"messages": no})
        euros = sum(call["args"]["amount"] for call in risky)
        return Command(goto="tools", update={account: state.get(account, 0) + euros * units})

    return gate


def _build(
    model: LessonModel, state: Any, name: str, gate: Any, tools: list[Any], saver: Any
) -> Pregel:
    llm = ChatOpenAI(model=model.name).bind_tools(tools)

    def agent(state: Any) -> dict:
        return {"messages": [llm.invoke(state["messages"])]}

    graph = StateGraph(state).add_node("agent", agent).add_node(name, gate)
    graph.add_node("tools", ToolNode(tools)).add_edge(START, "agent").add_edge("tools", "agent")
    graph.add_conditional_edges("agent", tools_condition, {"tools": name, END: END})
    return graph.compile(checkpointer=saver)
