"""The desk that the checks of lesson 3 open: tools that keep book, graphs that ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain.messages import AIMessage, AnyMessage, ToolCall, ToolMessage
from langchain.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.pregel import Pregel
from langgraph.types import Command, Interrupt, Send, interrupt
from openai import BadRequestError

import lesson_model
from exercises.core.descriptions import kind, short

__all__ = ("Cases", "Shop", "pending", "resume", "thread")


def thread(name: str) -> dict[str, Any]:
    """Return the config of a thread."""
    return {"configurable": {"thread_id": name}}


def pending(graph: Pregel, name: str) -> list[Interrupt]:
    """Return the questions that wait on a thread, always in the same order."""
    return sorted(graph.get_state(thread(name)).interrupts, key=lambda asked: str(asked.value))


def resume(graph: Pregel, name: str, question: Interrupt, answer: Any) -> dict[str, Any]:
    """Answer one question by its id."""
    return graph.invoke(Command(resume={question.id: answer}), thread(name))


class Cases:
    """Refunds by a student's graph, which is built anew for every step, as after a restart.

    Attributes:
        paid: What `pay` was called with, in order.
    """

    def __init__(self, build_refunds: Callable[..., Any]) -> None:
        self.build_refunds, self.saver = build_refunds, InMemorySaver()
        self.mails: list[str] = []
        self.paid: list[tuple[str, int]] = []

    def ask(self, order: str) -> int:
        """Open a case and return how many questions then wait."""
        self._graph().invoke({"order": order, "amount": 30}, thread(order))
        return len(pending(self._graph(), order))

    def answer(self, order: str, word: str) -> Any:
        """Answer a case and return its outcome."""
        return self._graph().invoke(Command(resume=word), thread(order)).get("outcome")

    def mails_about(self, order: str) -> int:
        """Return how many mails speak of an order."""
        return sum(order in text for text in self.mails)

    def _graph(self) -> Pregel:
        def pay(order: str, amount: int) -> None:
            self.paid.append((order, amount))

        graph = self.build_refunds(self.mails.append, pay, self.saver)
        assert hasattr(graph, "invoke"), (
            f"`build_refunds` returned {kind(graph)}; expected the compiled graph. "
            "Is `return graph.compile(checkpointer=saver)` there?"
        )
        assert graph.checkpointer is self.saver, (
            "The graph has no checkpointer, so it cannot keep a question. Compile it with "
            "`checkpointer=saver`."
        )
        return graph


class Shop:
    """A desk with two tools.

    Attributes:
        model: The lesson model, on a clean slate.
        ran: What the tools did, in words, in order.
    """

    def __init__(self, model: lesson_model.LessonModel) -> None:
        self.model = model
        self.ran: list[str] = []
        self.tools = {t.name: t for t in self._tools()}
        self.llm = ChatOpenAI(model=model.name, max_retries=0).bind_tools([*self.tools.values()])

    def with_gate(self, gate: Callable[..., Any]) -> Pregel:
        """Return the lesson's first agent: a node `gate` between model and tools."""
        graph = StateGraph(MessagesState).add_node("agent", self._agent).add_node("gate", gate)
        graph.add_node("tools", ToolNode([*self.tools.values()])).add_edge(START, "agent")
        graph.add_conditional_edges("agent", tools_condition, {"tools": "gate", END: END})
        return graph.add_edge("tools", "agent").compile(checkpointer=InMemorySaver())

    def with_calls(self, handle: Callable[..., Any] | None = None) -> Pregel:
        """Return the lesson's second agent: a node run for each call, which `handle` decides."""

        def do_call(call: ToolCall) -> dict[str, Any]:
            message = (handle or _ask)(call, {"refund"}, self.tools[call["name"]].invoke)
            if not isinstance(message, ToolMessage):
                raise NotAMessage(call, message)
            return {"messages": [message]}

        def each_call(state: MessagesState) -> list[Send] | str:
            return [Send("do_call", call) for call in state["messages"][-1].tool_calls] or END

        graph = StateGraph(MessagesState).add_node("agent", self._agent).add_node(do_call)
        graph.add_edge(START, "agent").add_edge("do_call", "agent")
        graph.add_conditional_edges("agent", each_call, ["do_call", END])
        return graph.compile(checkpointer=InMemorySaver())

    def ask(self, graph: Pregel, name: str, text: str) -> list[Interrupt]:
        """Say `text` on a thread and return the questions that then wait."""
        self.reply(graph, name, {"messages": text})
        return pending(graph, name)

    def ask_once(self, graph: Pregel, name: str, text: str) -> Interrupt:
        """Say `text` on a thread and return the one question that then waits.

        Raises:
            AssertionError: None waits, or several.
        """
        waiting = self.ask(graph, name, text)
        assert len(waiting) == 1, (
            f"The customer wrote {text!r}, and {len(waiting)} questions wait; expected one. "
            "Does the gate call `interrupt`?"
        )
        return waiting[0]

    def reply(self, graph: Pregel, name: str, given: Any) -> str:
        """Run a turn on a thread and return the model's last words, "" if it said none.

        Raises:
            AssertionError: The model refused the thread.
        """
        try:
            messages = graph.invoke(given, thread(name))["messages"]
        except BadRequestError as error:
            messages = graph.get_state(thread(name)).values["messages"]
            names = ", ".join(call["name"] for call in _unanswered(messages)) or "none"
            raise AssertionError(
                f"The thread is dead: the model refused it with {error.status_code}. It holds tool "
                f"calls that no `ToolMessage` with their `tool_call_id` answers: {names}."
            ) from None
        last = messages[-1]
        return last.text if isinstance(last, AIMessage) and not last.tool_calls else ""

    def says_hello(self, graph: Pregel, name: str) -> None:
        """Say hello on a thread.

        Raises:
            AssertionError: Nobody answers.
        """
        assert self.reply(graph, name, {"messages": "Hello!"}), "Nobody answered the hello."

    def told(self, words: str) -> bool:
        """Say whether the model was sent these words at its last request."""
        return words in str(self.model.requests[-1].body["messages"])

    def _agent(self, state: MessagesState) -> dict[str, Any]:
        return {"messages": [self.llm.invoke(state["messages"])]}

    def _tools(self) -> list[Any]:
        @tool
        def track_parcel(parcel: str) -> str:
            """Say where a parcel is, by its number."""
            self.ran.append(f"parcel {parcel}")
            return f"Parcel {parcel} is on its way."

        @tool
        def refund(order: str, amount: int) -> str:
            """Refund an order: send its amount in euros back to the customer."""
            self.ran.append(f"refund {order}")
            return f"Sent {amount} euros back for {order}."

        return [track_parcel, refund]


class NotAMessage(AssertionError):
    """A handled call came back as something else than a `ToolMessage`."""

    def __init__(self, call: ToolCall, value: Any) -> None:
        likely = " Is a `return` missing?" if value is None else ""
        if isinstance(value, str):
            likely = " The tool's words alone do not say which call they answer."
        if isinstance(value, dict):
            likely = " The message itself: `do_call` puts it into the state."
        super().__init__(
            f"`ask_and_run` returned {kind(value)} for {call['name']}({short(call['args'])}); "
            f"expected a `ToolMessage` with the call's id.{likely}"
        )


def _ask(call: ToolCall, risky: set[str], run: Callable[..., Any]) -> ToolMessage:
    """Handle a call soundly, where another part of the desk is the student's."""
    if call["name"] in risky:
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        if decision != {"type": "approve"}:
            return ToolMessage("rejected", tool_call_id=call["id"], status="error")
    return run(call)


def _unanswered(messages: list[AnyMessage]) -> list[ToolCall]:
    answered = {m.tool_call_id for m in messages if isinstance(m, ToolMessage)}
    made = [call for m in messages if isinstance(m, AIMessage) for call in m.tool_calls]
    return [call for call in made if call["id"] not in answered]
