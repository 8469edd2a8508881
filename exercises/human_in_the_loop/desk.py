"""The desk that the checks of lesson 3 open: tools that keep book, graphs that ask."""

from __future__ import annotations

import contextlib
import copy
import re
import sqlite3
from collections.abc import Callable
from typing import Any

from langchain.messages import AIMessage, AnyMessage, ToolCall, ToolMessage
from langchain.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.pregel import Pregel
from langgraph.types import Command, Interrupt, Send, interrupt
from openai import BadRequestError
from typing_extensions import TypedDict

import lesson_model
from exercises.core.descriptions import kind, short
from exercises.core.exercise import outcome
from exercises.core.threads import thread
from lesson_model import Call, Reply

__all__ = ("GREETING", "TWO_ROUNDS", "Cases", "Shop", "assert_shown", "pending", "resume")
__all__ += ("assert_asked_by_name", "assert_returned_as_it_is", "step_of_a_case")

TWO_ROUNDS = "What about my last order?"
REJECTED = re.compile(r"\breject|\b(not|no)\b|n['’]t\b", re.I)  # what the exercise asks for
# Other words that say so, too: exercise 3.3 names none.
A_NO = re.compile(
    REJECTED.pattern
    + r"|\b(un|dis)approv|without|against|\bdisa|\b(den[iy]|declin|refus|forb|turn(ed)? down|cancel"
    r"|block|veto|stop|skip|fail|abort|withh|prevent|never|nobody|nothing|cannot|only|unauth|overrul)",
    re.I,
)
LOOKED_UP = re.compile(r"Parcel \S+ (arrives|is on its way)")  # by the lesson's tool, or the shop's
GREETING = "Hello! How can I help you today?"  # the lesson model's


def pending(graph: Pregel, name: str) -> list[Interrupt]:
    """Return the questions that wait on a thread, always in the same order."""
    return sorted(graph.get_state(thread(name)).interrupts, key=lambda asked: str(asked.value))


def resume(graph: Pregel, name: str, question: Interrupt, answer: Any) -> dict[str, Any]:
    """Answer one question by its id."""
    return graph.invoke(Command(resume={question.id: answer}), thread(name))


class Cases:
    """Refunds by a student's graph.

    Args:
        build_refunds: The student's.
        saver: The checkpointer; None for one in memory.
        error: What `pay` raises, if anything.
        is_rebuilt: Whether the graph is built again for every step, as after a restart.

    Attributes:
        mails: The texts that were mailed, in order.
        paid: What `pay` was called with, in order.
    """

    def __init__(
        self,
        build_refunds: Callable[..., Any],
        saver: Any = None,
        error: Exception | None = None,
        is_rebuilt: bool = True,
    ) -> None:
        self.build_refunds, self.saver = build_refunds, saver or InMemorySaver()
        self.error, self.is_rebuilt = error, is_rebuilt
        self._built: Pregel | None = None
        self.mails: list[str] = []
        self.paid: list[tuple[str, int]] = []

    def ask(self, name: str, order: str, amount: int) -> int:
        """Open a case on a thread and return how many questions then wait."""
        self._graph().invoke({"order": order, "amount": amount}, thread(name))
        return len(pending(self._graph(), name))

    def answer(self, name: str, word: Any) -> Any:
        """Answer a case and return its outcome."""
        result = self._graph().invoke(Command(resume=word), thread(name))
        return result.get("outcome") if isinstance(result, dict) else result

    def _graph(self) -> Pregel:
        if self._built is None or self.is_rebuilt:
            self._built = self._build()
        return self._built

    def _build(self) -> Pregel:
        def mail(text: str) -> None:
            self.mails.append(text)

        def pay(order: str, amount: int) -> None:
            self.paid.append((order, amount))
            if self.error is not None:
                raise self.error

        graph = self.build_refunds(mail, pay, self.saver)
        assert hasattr(graph, "invoke"), (
            f"`build_refunds` returned {kind(graph)}; expected the compiled graph. "
            "Is `return graph.compile(checkpointer=saver)` there?"
        )
        assert graph.checkpointer is self.saver, (
            f"The graph's checkpointer is {_class_of(graph.checkpointer)}; expected the `saver` "
            "that `build_refunds` is given. Compile it with `checkpointer=saver`."
        )
        return graph


def step_of_a_case(
    build_refunds: Callable[..., Any], file: str, name: str, given: tuple[str, ...]
) -> tuple[int, list[tuple[str, int]], Any]:
    """Ask (order and amount are given) or answer (a word is given) a case whose thread is a file.

    Returns:
        How many mails were sent, what was paid, and the outcome, or how many questions wait.
    """
    with contextlib.closing(sqlite3.connect(file, check_same_thread=False)) as database:
        database.execute("PRAGMA synchronous=OFF")  # matters after a power cut only
        cases = Cases(build_refunds, SqliteSaver(database))
        said = cases.ask(name, *given) if len(given) == 2 else cases.answer(name, *given)
        return len(cases.mails), cases.paid, said


def _class_of(value: Any) -> str:
    if value is None:
        return "None"
    return f"another one, of the class {type(value).__name__}"


class Shop:
    """A desk with three tools.

    Attributes:
        model: The lesson model, on a clean slate.
        ran: What the tools did, in words, in order.
        handled: How often the node that handles a call began.
    """

    def __init__(self, model: lesson_model.LessonModel) -> None:
        self.model = model
        self.ran: list[str] = []
        self.handled = 0
        self.tools = {t.name: t for t in self._tools()}
        self.llm = ChatOpenAI(model=model.name, max_retries=0).bind_tools([*self.tools.values()])

    def with_gate(self, gate: Callable[..., Any]) -> Pregel:
        """Return the lesson's first agent: a node `gate` between model and tools."""
        graph = StateGraph(MessagesState).add_node("agent", self._agent).add_node("gate", gate)
        graph.add_node("tools", ToolNode([*self.tools.values()])).add_edge(START, "agent")
        graph.add_conditional_edges("agent", tools_condition, {"tools": "gate", END: END})
        return graph.add_edge("tools", "agent").compile(checkpointer=InMemorySaver())

    def with_calls(
        self,
        handle: Callable[..., Any] | None = None,
        risky: tuple[str, ...] = ("refund",),
        run: Callable[[ToolCall], ToolMessage] | None = None,
    ) -> Pregel:
        """Return the lesson's second agent: a node run for each call, which `handle` decides.

        Args:
            handle: The answer; None for a sound one.
            risky: The tools that need an approval.
            run: Runs a call; None for the shop's own tools.
        """

        def do_call(call: ToolCall) -> dict[str, Any]:
            self.handled += 1
            before = copy.deepcopy(call)
            carry_out = run or self.tools[call["name"]].invoke
            message = (handle or _ask)(call, set(risky), carry_out)
            if not isinstance(message, ToolMessage):
                raise NotAMessage(call, message)
            assert message.tool_call_id == before["id"], (
                f"The call {before['id']!r} was answered by a `ToolMessage` with "
                f"tool_call_id={message.tool_call_id!r}; expected the call's own id."
            )
            assert call == before, f"The call was changed, from {short(before)} to {short(call)}."
            return {"messages": [message]}

        def each_call(state: MessagesState) -> list[Send] | str:
            calls = getattr(state["messages"][-1], "tool_calls", [])
            return [Send("do_call", call) for call in calls] or END

        graph = StateGraph(MessagesState).add_node("agent", self._agent).add_node(do_call)
        graph.add_edge(START, "agent").add_edge("do_call", "agent")
        graph.add_conditional_edges("agent", each_call, ["do_call", END])
        return graph.compile(checkpointer=InMemorySaver())

    def two_rounds(self) -> None:
        """Teach the model a question after which it says something beside its call."""
        rule = self.model.when("my last order").says("One moment, I look it up.")
        rule.calls("track_parcel", parcel="R-24").calls("refund", order="K-33", amount=8)

    def two_calls_and_words(self) -> None:
        """Teach the model to look something up, with a word, when it refunds 75 euros."""
        calls = (
            Call("refund", {"order": "K-31", "amount": 75}),
            Call("track_parcel", {"parcel": "R-31"}),
        )
        self.model.when("refund 75 euros").reply = lambda turn: (
            Reply("The money is back.") if turn.results else Reply("I will look.", calls)
        )

    def ask(self, graph: Pregel, name: str, text: str) -> list[Interrupt]:
        """Say `text` on a thread and return the questions that then wait."""
        self.reply(graph, name, {"messages": text})
        return pending(graph, name)

    def decide_all(self, graph: Pregel, name: str, answer: Any) -> str:
        """Give the same answer to whatever is asked, until nothing is; return the last words.

        Raises:
            AssertionError: Nothing is asked, or there is no end of it.
        """
        waiting = pending(graph, name)
        assert waiting, (
            f"The customer wrote {self._last_words(graph, name)!r}, the model made tool calls, and "
            "no question waits. Does the gate call `interrupt`?"
        )
        words = ""
        for _ in range(10):
            if not waiting:
                return words
            words = self.reply(graph, name, Command(resume={waiting[0].id: answer}))
            waiting = pending(graph, name)
        messages = graph.get_state(thread(name)).values["messages"]
        raise AssertionError(
            f"After ten answers {answer} it still asks. The thread holds {told_types(messages)}: a "
            "call that is in it, with a `ToolMessage` that says no, is not made again."
        )

    def reply(self, graph: Pregel, name: str, given: Any) -> str:
        """Run a turn on a thread and return the model's last words, "" if it said none.

        Raises:
            AssertionError: The model refused the thread.
        """
        try:
            messages = graph.invoke(given, thread(name))["messages"]
        except BadRequestError as error:
            raise self.dead(graph, name, error) from None
        last = messages[-1]
        return last.text if isinstance(last, AIMessage) and not last.tool_calls else ""

    def dead(
        self, graph: Pregel, name: str, error: BadRequestError, scene: str = ""
    ) -> AssertionError:
        """Return what to say of a thread that the model has refused.

        Args:
            graph: The desk.
            name: Of the thread.
            error: What the model's service raised.
            scene: What was tried.
        """
        messages = graph.get_state(thread(name)).values["messages"]
        names = [call["name"] for call in _unanswered(messages)]
        why = f"No `ToolMessage` answers these calls: {names}. " if names else ""
        said = str((error.body or {}).get("message", ""))[:110]
        return AssertionError(
            f"{scene} The thread is dead: the model refused it with {error.status_code}. {why}The "
            f"thread holds {told_types(messages)}. The model's words: {said} ...".strip()
        )

    def goes_on(self, graph: Pregel, name: str) -> None:
        """Say hello on a thread, twice.

        Raises:
            AssertionError: Nobody answers, or something else happens.
        """
        for _ in range(2):
            ran, asked = len(self.ran), len(self.model.requests)
            words = self.reply(graph, name, {"messages": "Hello!"})
            assert words == GREETING, (
                f"The next turn on the thread, “Hello!”, ended with the words {words!r}; expected "
                f"the model's {GREETING!r}."
            )
            assert not pending(graph, name), "The customer said hello, and a question waits."
            assert self.ran[ran:] == [], f"The customer said hello, and {self.ran[ran:]} ran."
            asked = len(self.model.requests) - asked
            assert asked == 1, f"For one hello the model was asked {asked} times; expected once."

    def assert_calls_kept(self, graph: Pregel, name: str, text: str) -> None:
        """Refuse a thread in which a call is gone or not answered once, or words were added."""
        messages = graph.get_state(thread(name)).values["messages"]
        made = [c["id"] for m in messages if isinstance(m, AIMessage) for c in m.tool_calls]
        answered = [m.tool_call_id for m in messages if isinstance(m, ToolMessage)]
        assert made and sorted(made) == sorted(answered), (
            f"{len(made)} tool call(s) stand in the thread, and {len(answered)} answer(s) to them; "
            f"expected one `ToolMessage` for each call. The thread holds {told_types(messages)}."
        )
        human = [m.text for m in messages if m.type == "human"]
        assert human.count(text) == 1 and set(human) <= {text, "Hello!"}, (
            f"The customer wrote {text!r}, and the thread holds these words of the customer: "
            f"{human}."
        )

    def assert_marked_as_rejected(self, graph: Pregel, name: str, reason: str) -> None:
        """Refuse answers to rejected calls without words, beside the reason, that say so."""
        for message in graph.get_state(thread(name)).values["messages"]:
            if message.type != "tool":
                continue
            words = message.text.replace(reason, "") if reason else message.text
            assert re.search(r"\w", words), (
                f"A call was rejected, and its `ToolMessage` says {short(message.text)}; expected "
                "words that say so, beside the reason. The model takes what it reads there for the "
                "tool's result."
            )
            assert message.status == "error" or REJECTED.search(words), (
                f"A call was rejected. Its `ToolMessage` says {short(message.text)}, with "
                f"status={message.status!r}; expected the word “rejected” or “not” beside the "
                'reason, or `status="error"`. The model, and whoever counts refusals, takes this '
                "for a call that worked."
            )

    def assert_nothing_ran_unseen(self, graph: Pregel, name: str) -> None:
        """Refuse a thread in which a rejected call has the result of a tool, even the lesson's."""
        for message in graph.get_state(thread(name)).values["messages"]:
            assert message.type != "tool" or not LOOKED_UP.match(message.text), (
                f"After the no a tool ran: a `ToolMessage` says {short(message.text)}; expected "
                "that nothing runs, no look-up either, and that each call is answered with the no."
            )

    def assert_told(self, graph: Pregel, name: str, answer: Any) -> None:
        """Demand that the model was sent, at its last request, that a call was not carried out.

        Args:
            graph: The desk.
            name: Of the thread.
            answer: What the colleague answered, with or without a reason.
        """
        sent = self.model.requests[-1].body["messages"]
        told = [str(m["content"]) for m in sent if m["role"] == "tool"]
        reason = answer.get("reason", "") if isinstance(answer, dict) else ""
        reason = _in_one_line(reason)
        assert reason in _in_one_line(str(sent)), (
            f"The answer was {answer}, and the model was told {told}; expected the whole reason, "
            "whatever else the answer holds."
        )
        lines = [_in_one_line(one) for one in told]
        text = next((one for one in reversed(lines) if reason in one), "")
        assert re.search(r"\w", text.replace(reason, "")) if reason else text.strip(), (
            f"The answer was {answer}, and the model was told {text!r}; expected words that say, "
            "beside the reason, that the call was not carried out."
        )
        messages = graph.get_state(thread(name)).values["messages"]
        marked = any(
            m.type == "tool" and m.status == "error" and reason in _in_one_line(m.text)
            for m in messages
        )
        assert marked or A_NO.search(text.replace(reason, "")), (
            f"The answer was {answer!r}, and the model was told {text!r}; expected words that say "
            'that it is a no (“rejected” or “not”), or `status="error"`.'
        )

    def assert_one_failure(self, handle: Callable[..., Any], error: Exception, text: str) -> None:
        """Demand that the error of a tool comes out, and that the tool is not run again.

        Args:
            handle: What handles a call.
            error: What each tool raises.
            text: What the customer says.
        """
        tries: list[str] = []

        def fail(call: ToolCall) -> ToolMessage:
            tries.append(call["name"])
            raise error

        def run() -> None:
            graph.invoke({"messages": text}, thread(name))
            for asked in pending(graph, name):
                resume(graph, name, asked, {"type": "approve"})

        graph, name = self.with_calls(handle, run=fail), f"failure {error}"
        _, raised = outcome(run)
        what = f"{tries[0] if tries else 'A tool'} raised `{error!r}`"
        assert tries, f"The customer said {text!r}, and no tool ran."
        assert len(tries) == 1, (
            f"{what}, and `ask_and_run` ran it {len(tries)} times; expected once: what it did "
            "before the error is done again."
        )
        assert raised is error, (
            f"{what}, and {'nothing came out' if raised is None else f'`{raised!r}` came out'}; "
            "expected that very error: it is a bug, and no answer for the model."
        )

    def _last_words(self, graph: Pregel, name: str) -> str:
        messages = graph.get_state(thread(name)).values.get("messages", [])
        return next((m.text for m in reversed(messages) if m.type == "human"), "")

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

        @tool
        def close_account(customer: str) -> str:
            """Close a customer's account and delete its data."""
            self.ran.append(f"closed {customer}")
            return f"The account of {customer} is closed."

        return [track_parcel, refund, close_account]


def assert_shown(
    waiting: list[Interrupt], expected: list[dict[str, Any]], scene: str = "These questions wait"
) -> None:
    """Refuse questions that are not these, whatever else they hold.

    Args:
        waiting: The questions.
        expected: The calls they have to show.
        scene: How the sentence begins.
    """
    shown = [asked.value for asked in waiting]
    seen = [value for value in shown if isinstance(value, dict)]
    seen = [{"tool": value.get("tool"), "args": value.get("args")} for value in seen]
    assert len(seen) == len(shown) and sorted(map(str, seen)) == sorted(map(str, expected)), (
        f"{scene}: {shown}; expected {expected}."
    )


RISKY_NAMES = {"refund", "closeAccount", "track_parcel_abroad"}
LIKE_RISKY_NAMES = (
    "refund_status",
    "get_refund",
    "Refund",
    "closeaccount",
    "track_parcel",
    "close",
)


class _OneCall(TypedDict):
    call: ToolCall
    message: Any


def _handle_one(handle: Callable[..., Any], run: Callable[[ToolCall], ToolMessage]) -> Pregel:
    """Return a graph that handles one call; each thread has its own."""

    def do_call(state: _OneCall) -> dict[str, Any]:
        message = handle(state["call"], set(RISKY_NAMES), run)
        if not isinstance(message, ToolMessage):
            raise NotAMessage(state["call"], message)
        return {"message": message}

    graph = StateGraph(_OneCall).add_node(do_call).add_edge(START, "do_call")
    return graph.compile(checkpointer=InMemorySaver())


def _call(name: str) -> dict[str, Any]:
    call = {"name": name, "args": {"order": "K-31"}, "id": f"call {name}", "type": "tool_call"}
    return {"call": call}


def assert_asked_by_name(handle: Callable[..., Any]) -> None:
    """Demand a question about the tools in `risky`, and about none whose name is like one."""
    ran: list[str] = []

    def run(call: ToolCall) -> ToolMessage:
        ran.append(call["name"])
        return ToolMessage("Done.", tool_call_id=call["id"])

    graph = _handle_one(handle, run)
    for name in ("refund", "closeAccount", *LIKE_RISKY_NAMES):
        graph.invoke(_call(name), thread(name))
        is_risky, is_asked = name in RISKY_NAMES, bool(pending(graph, name))
        expected = "a question, as it is" if is_risky else "that it runs, as it is not"
        assert (is_asked, name in ran) == (is_risky, not is_risky), (
            f"With risky={sorted(RISKY_NAMES)}, the tool {name!r} was "
            f"{'' if is_asked else 'not '}asked about and {'ran' if name in ran else 'did not run'}"
            f"; expected {expected} in it."
        )


def assert_returned_as_it_is(handle: Callable[..., Any]) -> None:
    """Demand that the message of a tool comes back whole, whether it was asked about or not."""

    def run(call: ToolCall) -> ToolMessage:
        return ToolMessage(
            "No line.", tool_call_id=call["id"], status="error", artifact=[call["id"]]
        )

    graph = _handle_one(handle, run)
    for name in ("refund", "track_parcel"):
        result = graph.invoke(_call(name), thread(name))
        for asked in pending(graph, name):
            result = resume(graph, name, asked, {"type": "approve"})
        message = result["message"]
        came = (message.text, message.status, message.artifact)
        right = ("No line.", "error", [f"call {name}"])
        assert came == right, (
            f"`run` returned a message with this text, status and artifact: {right}, and "
            f"`ask_and_run` one with {came}; expected the message as it is."
        )


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


def told_types(messages: list[AnyMessage]) -> str:
    """Return the types of messages, those with tool calls marked."""
    return "[{}]".format(
        ", ".join(
            f"{m.type} ({len(m.tool_calls)} calls)" if getattr(m, "tool_calls", None) else m.type
            for m in messages
        )
    )


def _in_one_line(text: str) -> str:
    """Return a text whose line breaks, as they are or as `repr` and JSON write them, are blanks."""
    return re.sub(r"(\\+n|\s)+", " ", text)


def _unanswered(messages: list[AnyMessage]) -> list[ToolCall]:
    answered = {m.tool_call_id for m in messages if isinstance(m, ToolMessage)}
    made = [call for m in messages if isinstance(m, AIMessage) for call in m.tool_calls]
    return [call for call in made if call["id"] not in answered]
