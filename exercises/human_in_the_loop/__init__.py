"""Checks of lesson 3, human in the loop."""

from __future__ import annotations

import contextlib
from typing import Any

from langgraph.types import Command
from openai import InternalServerError

import lesson_model
from exercises.core.descriptions import kind
from exercises.core.exercise import exercise, part
from exercises.human_in_the_loop.bank import Bank
from exercises.human_in_the_loop.desk import Cases, Shop, pending, resume, thread
from exercises.human_in_the_loop.expectations import (
    TABLE,
    names_the_right_letters,
    refuses_the_rest,
    says,
    takes_clear_answers,
)

__all__ = ("ex1", "ex2", "ex3", "ex4", "ex5", "ex6", "ex7")

PLEASE = "Please refund 480 euros for order T-7."
BOTH = "Where is parcel P-3? And please refund 480 euros for order T-7."
THREE = "Where is parcel P-3? Refund order T-7 (480 euros) and refund order T-8 (20 euros)."
REASON = "the seams were cut"


@exercise(
    hints=(
        "Which lines run twice, and which one does not have to stand among them?",
        "A node that has finished does not run again. The mail can have a node of its own.",
        "Two nodes: `tell` mails and returns {}, `handle` asks and pays. Edges: START to 'tell', "
        "'tell' to 'handle'.",
    )
)
def ex1(build_refunds):
    """The mail goes out once, before the answer; money goes out once, after an approval."""
    cases = Cases(build_refunds)
    with part("the customer has a mail while the colleague thinks"):
        waiting = cases.ask("T-1")
        assert waiting == 1, f"{waiting} questions wait on the thread; expected one."
        assert cases.mails_about("T-1") == 1, (
            f"Before anybody has answered, {cases.mails_about('T-1')} mails about T-1 were sent; "
            "expected one. It goes out before the question, so that nobody waits in the dark."
        )
    with part("no second mail comes with the answer"):
        outcome = cases.answer("T-1", "approve")
        assert cases.mails_about("T-1") == 1, (
            f"After the answer, {cases.mails_about('T-1')} mails about T-1 were sent; expected "
            "one. The graph was built anew in between, as after a restart. The node that asks "
            "starts from its first line again: what else stands in it?"
        )
    with part("approved: paid once"):
        paid = cases.paid
        assert paid == [("T-1", 30)], f"`pay` was called with {paid}; expected [('T-1', 30)]."
        assert outcome == "paid", f"The outcome was {outcome!r}; expected 'paid'."
    with part("anything else: nothing is paid"):
        for order, word in (("T-2", "reject"), ("T-3", "maybe")):
            cases.ask(order)
            outcome = cases.answer(order, word)
            assert cases.paid == paid[:1], f"The answer was {word!r}, and `pay` was called."
            assert outcome == "not paid", f"The outcome was {outcome!r}; expected 'not paid'."
    with part("every customer gets a mail"):
        cases.ask("T-4")
        cases.answer("T-4", "reject")
        told = cases.mails_about("T-4")
        assert told, "A later customer got no mail. Does something remember that one was sent?"


@exercise(
    hints=(
        'Where does a "no" send the graph, and what is in the thread then?',
        "Each call in `state['messages'][-1].tool_calls` needs a ToolMessage with its id.",
        "`Command(goto='agent', update={'messages': [ToolMessage(text, tool_call_id=call['id'], "
        "status='error') for call in calls]})`, with the reason in the text.",
    )
)
def ex2(kind_gate):
    """After a rejection nothing runs, the model knows why, and the thread lives."""
    with lesson_model.scratch() as model:
        shop = Shop(model)
        graph = shop.with_gate(kind_gate)
        with part("approved: the refund is paid"):
            asked = shop.ask_once(graph, "yes", PLEASE)
            words = shop.reply(graph, "yes", Command(resume={asked.id: {"approved": True}}))
            assert shop.ran == ["refund T-7"], (
                f"After {{'approved': True}} the tools ran {shop.ran}; expected ['refund T-7']."
            )
            assert words, "The refund was paid, and nobody told the customer."
        told_why = {"approved": False, "reason": REASON}
        for name, text, no in (
            ("rejected", PLEASE, told_why),
            ("rejected without a reason", PLEASE, {"approved": False}),
            ("two calls, rejected together", BOTH, told_why),
        ):
            with part(name):
                shop.ran.clear()
                asked = shop.ask_once(graph, name, text)
                words = shop.reply(graph, name, Command(resume={asked.id: no}))
                assert not shop.ran, f"After {no} the tools ran: {shop.ran}."
                assert words, "Nobody told the customer. Does the graph go on at 'agent'?"
            with part(f"{name}, then hello"):
                shop.says_hello(graph, name)
        with part("the model knows the reason"):
            asked = shop.ask_once(graph, "reason", PLEASE)
            shop.reply(graph, "reason", Command(resume={asked.id: told_why}))
            shop.says_hello(graph, "reason")
            assert shop.told(REASON), (
                f"The answer was {told_why}, and the model was never sent this reason. It reads "
                "the messages of the thread: write it into one."
            )


@exercise(
    hints=(
        "Two kinds of calls, and of the risky ones two kinds of answers. Which of them run?",
        "Compare for the one answer that means yes; everything that is left is a no.",
        "If the name is in `risky`, interrupt. Unless the decision is a dict with type 'approve', "
        "`return ToolMessage(text, tool_call_id=call['id'], status='error')`. Else `run(call)`.",
    )
)
def ex3(ask_and_run):
    """Each risky call is shown and decided by itself; only an approval runs it."""
    with lesson_model.scratch() as model:
        shop = Shop(model)
        graph, waiting = shop.with_calls(ask_and_run), []
        with part("a harmless call runs without a question"):
            waiting = shop.ask(graph, "three", THREE)
            assert "parcel P-3" in shop.ran, "track_parcel is not in `risky`, and it did not run."
            assert not any("P-3" in str(asked.value) for asked in waiting), (
                "A human was asked about track_parcel, which is not in `risky`."
            )
        with part("each risky call asks a question of its own"):
            shown = [asked.value for asked in waiting]
            expected = [
                {"tool": "refund", "args": {"order": order, "amount": amount}}
                for order, amount in (("T-7", 480), ("T-8", 20))
            ]
            seen = [value for value in shown if isinstance(value, dict)]
            seen = [{"tool": value.get("tool"), "args": value.get("args")} for value in seen]
            assert sorted(map(str, seen)) == sorted(map(str, expected)), (
                f"The model asked for two refunds, and these questions wait: {shown}; expected "
                f"{expected}."
            )
            assert shop.ran == ["parcel P-3"], f"Nobody has answered, and {shop.ran} ran."
        with part("an approval runs this call, once, and no other"):
            for asked in [asked for asked in waiting if "T-8" in str(asked.value)]:
                resume(graph, "three", asked, {"type": "approve"})
            assert shop.ran == ["parcel P-3", "refund T-8"], (
                f"Only T-8 was approved. The tools ran {shop.ran}; expected parcel P-3, refund T-8."
            )
        with part("a rejected call does not run, and the model knows why"):
            asked = next((asked for asked in waiting if "T-7" in str(asked.value)), None)
            assert asked, "No question about T-7 waits."
            no = {"type": "reject", "reason": REASON}
            words = shop.reply(graph, "three", Command(resume={asked.id: no}))
            assert "refund T-7" not in shop.ran, "T-7 was rejected, and it ran."
            assert shop.told(REASON), f"The reason {REASON!r} did not reach the model."
            assert words, "Both are decided, and nobody told the customer."
        with part("then hello: the thread lives"):
            shop.says_hello(graph, "three")
        with part("what is not an approval is a no"):
            for number, odd in enumerate(
                ({"type": "later"}, {"type": "approved"}, {"approve": True}, {}, True, "yes", ["x"])
            ):
                shop.ran.clear()
                for asked in shop.ask(graph, f"odd {number}", PLEASE):
                    shop.reply(graph, f"odd {number}", Command(resume={asked.id: odd}))
                assert not shop.ran, f"The answer {odd!r} is not an approval, and the refund ran."
                shop.says_hello(graph, f"odd {number}")


@exercise(
    hints=(
        'Say `bool("no")` to Python. And which of the six never come as far as the `if`?',
        "Pydantic reads 'yes' and 1 as True, unless the field is strict; and a default makes a "
        "missing answer valid.",
        "A, B and C pay. `class YesOrNo(BaseModel):` with one line, `approved: StrictBool`.",
    )
)
def ex4(pays, YesOrNo):
    """The right letters; and a schema that takes True and False, and nothing else."""
    with part("which answers pay"):
        names_the_right_letters(pays)
    with part("a clear yes and a clear no"):
        takes_clear_answers(YesOrNo)
    with part("everything else is refused, and the question stays"):
        refuses_the_rest(YesOrNo)


@exercise(
    hints=(
        "Before the run: is somebody being asked? After it: is somebody being asked now?",
        "`graph.get_state(config).interrupts` is empty when no decision is pending.",
        "If it is empty: `graph.invoke({'messages': text}, config)`. Then read the state (again): "
        "interrupts -> the sentence with the tools' names, else the last message's text.",
    )
)
def ex5(say):
    """A pending decision is left alone, whatever the customer writes."""
    with lesson_model.scratch() as model:
        shop = Shop(model)
        graph, waiting = shop.with_calls(), []

        def messages(name: str) -> list[Any]:
            return graph.get_state(thread(name)).values.get("messages", [])

        def said(name: str, text: str) -> str:
            words = say(graph, text, thread(name))
            assert isinstance(words, str), f"`say` returned {kind(words)}; expected text."
            return words

        with part("nothing is pending: the reply comes back"):
            words = said("chat", "Where is parcel P-3?")
            assert messages("chat"), "The graph has not run: the thread is empty."
            reply = messages("chat")[-1].text
            assert words == reply, f"`say` returned {words!r}; the reply was {reply!r}."
        with part("the run ends with a question: the customer is told"):
            words = said("wait", PLEASE)
            waiting = pending(graph, "wait")
            assert waiting, "After `say` no decision is pending. Was the message sent at all?"
            assert "refund" in words, (
                f"A decision about refund is pending, and the customer was told {words!r}; "
                "expected a sentence with the tool's name. Look at the state after the run, too."
            )
        with part("a message while a decision is pending"):
            before = messages("wait")
            words = said("wait", "Hello? Is anybody there?")
            assert "refund" in words, f"The customer was told {words!r}; expected the tool's name."
            assert pending(graph, "wait") == waiting != [] and messages("wait") == before, (
                "The pending decision is gone: the message was sent to the graph, which starts "
                "the thread over. Look before you invoke."
            )
        with part("then the decision counts, and the talk goes on"):
            for asked in waiting:
                shop.reply(graph, "wait", Command(resume={asked.id: {"type": "approve"}}))
            assert shop.ran[1:] == ["refund T-7"], f"After the approval, {shop.ran[1:]} ran."
            assert "refund" not in said("wait", "Hello!"), "Nothing is pending any more."
        with part("after a crash the customer is not locked out"):
            model.fail("server_error")
            with contextlib.suppress(InternalServerError):
                graph.invoke({"messages": "Hello!"}, thread("crash"))
            words = said("crash", "Hello!")
            last = messages("crash")[-1]
            assert last.type == "ai" and words == last.text, (
                f"The model failed once, and then `say` returned {words!r}. Nobody is asked "
                "anything on this thread: after a crash `state.next` is set, `interrupts` is not."
            )


@exercise(
    hints=(
        "Begin with the end: what is returned when no line above has said yes?",
        "A negative amount is smaller than 20, True is a number in Python, '480' is not.",
        "`type(amount) is int and amount > 0` with `amount = call['args'].get('amount')`; then 20, "
        "500; the last line of the function is `return 'refuse'`.",
    )
)
def ex6(policy):
    """Every call gets its tier; what is not in the list, or strange, is refused."""
    for title, calls in TABLE.items():
        with part(title):
            for right, name, args in calls:
                says(policy, name, args, right)


@exercise(
    hints=(
        "What can happen only once, however many ask for it at the same moment?",
        "Insert the key before you pay, and commit. The one whose insert fails does not pay.",
        "insert; on IntegrityError select and return the receipt; else pay in `try`: on an error "
        "delete the row and raise; then update the row with the receipt. Commit after each.",
    ),
    seconds=30,
)
def ex7(pay_once):
    """One payment for each key, whoever calls, and when."""
    bank, first = Bank(pay_once), "receipt 1 for one"
    with part("it pays, and returns the receipt"):
        receipt = bank.call("one")
        assert bank.paid == ["one"], f"`pay` ran {len(bank.paid)} times; expected once."
        assert receipt == first, f"`pay` returned {first!r}, and `pay_once` {receipt!r}."
    with part("the same key again: the same receipt, no money"):
        again = bank.call("one")
        assert bank.paid == ["one"], "The second call with the same key paid again."
        assert again == first, f"The second call returned {again!r}; expected {first!r}."
    with part("another key: another payment"):
        other = Bank(pay_once)
        other.call("one")
        other.call("two")
        assert other.paid == ["one", "two"], f"Two keys, and paid was {other.paid}."
    with part("two at the same moment"):
        Bank(pay_once).call_while_paying()
    with part("after a payment that failed"):
        Bank(pay_once).call_after_failure()
