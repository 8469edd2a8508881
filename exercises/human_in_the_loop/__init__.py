"""Checks of lesson 3, human in the loop."""

from __future__ import annotations

import contextlib
import functools
import itertools
import sqlite3
import tempfile
import uuid
from typing import Any

from langgraph.types import Command
from openai import BadRequestError, InternalServerError

import lesson_model
from exercises.core.descriptions import kind, short
from exercises.core.exercise import exercise, outcome, part, trying
from exercises.core.processes import fresh_processes
from exercises.core.threads import thread
from exercises.human_in_the_loop.desk import (
    GREETING,
    TWO_ROUNDS,
    Cases,
    Shop,
    assert_asked_by_name,
    assert_returned_as_it_is,
    assert_shown,
    pending,
    resume,
    step_of_a_case,
)
from exercises.human_in_the_loop.expectations import (
    TABLE,
    names_the_right_letters,
    refuses_the_rest,
    says,
    takes_clear_answers,
)
from exercises.human_in_the_loop.payments import BankClosedError, Payments, call_elsewhere

__all__ = ("ex1", "ex2", "ex3", "ex4", "ex5", "ex6", "ex7")

# Neither the lesson's own orders and amounts nor their shape.
PARCEL = "Where is parcel R-22?"
PLEASE = "Please refund 75 euros for order K-31."
BOTH = "Where is parcel R-22? And please refund 75 euros for order K-31."
THREE = "Where is parcel R-22? Refund order K-31 (75 euros) and refund order K-32 (12 euros)."
CLOSE = "Please close the account of customer Ann."
MANY = "Where is parcel R-22? Where is parcel R-23? And please refund 33 euros for order B-9."
REASON = "the seams were cut"
LONG_REASON = (
    "it came back without its bag and without four of its twelve pegs, the customer says that it "
    "was like this when it came, and the photo she sent us in May shows the bag and all of the "
    "pegs: ask her for the bag and the four pegs before anything is paid"
)
TWO_PARAGRAPHS = LONG_REASON.replace(": ask", ".\n\nAsk")
BOTH_RISKY = "Close the account of customer Ann and refund order K-31 (75 euros)."
FOUR = f"Where is parcel R-22? {BOTH_RISKY} Where is parcel R-23?"
CALLS_OF_FOUR = (
    {"tool": "track_parcel", "args": {"parcel": "R-22"}},
    {"tool": "track_parcel", "args": {"parcel": "R-23"}},
    {"tool": "close_account", "args": {"customer": "Ann"}},
    {"tool": "refund", "args": {"order": "K-31", "amount": 75}},
)
ODD_DECISIONS = (
    *({"type": "later"}, {"type": "approved"}, {"type": "approve later"}, {"type": ""}),
    *({"approve": True}, {"approved": True}, {}),
    *({"type": "reject"}, {"type": "reject", "reason": "do not approve"}, {"reason": "approve"}),
    *({"type": "later", "reason": "the boss is out"}, {"approved": False, "reason": "too much"}),
    *(True, 1, "yes", "approve", ["approve"], [{"type": "approve"}]),
)
KEYS_THAT_LOOK_ALIKE = ("two", "Two", " two", f"{'two' * 30} 1", f"{'two' * 30} 2")
# Only the answer "approve" pays: not its parts, its relatives, nor its looks.
WORDS_OF_NO = ("reject", "maybe", "approved", "app", "do not approve", "no", "yes")
WORDS_OF_NO += ("Approve", "APPROVE", " approve\n")
APPROVED = (
    ("approved: the refund is paid", PLEASE, ["refund K-31"]),
    (
        "approved: several calls run, each once",
        THREE,
        ["parcel R-22", "refund K-31", "refund K-32"],
    ),
)
REJECTED = (
    ("rejected", PLEASE, REASON),
    ("rejected without a reason", PLEASE, ""),
    ("two calls, rejected together", BOTH, "he is not the owner"),
    ("three calls, rejected together", MANY, "that was 40 days ago"),
    ("another tool, rejected", CLOSE, "an invoice is open"),
    ("words and a call, rejected", TWO_ROUNDS, LONG_REASON),
)


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
    step = functools.partial(step_of_a_case, build_refunds)
    broken = "`build_twice`"
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        # Split off before the answer runs for the first time: they remember nothing of it.
        fresh_processes(step, step) as (asking, answering),
    ):
        cases, first, second = Cases(build_refunds), f"{uuid.uuid4()}", f"{uuid.uuid4()}"
        with part("the customer has a mail while the colleague thinks", broken):
            waiting = cases.ask(first, "K-31", 75)
            assert waiting == 1, f"{waiting} questions wait on the thread; expected one."
            assert len(cases.mails) == 1, (
                f"Before anybody has answered, {len(cases.mails)} mails were sent; expected one. "
                "It goes out before the question, so that nobody waits in the dark."
            )
        with part("no second mail comes with the answer"):
            del cases.mails[:]
            result = cases.answer(first, "approve")
            assert not cases.mails, (
                f"With the answer, {len(cases.mails)} more mail(s) were sent; expected none. The "
                "graph was built again in between, as after a restart. The node that asks starts "
                "from its first line again: what else stands in it?"
            )
        with part("approved: paid once", broken):
            paid = cases.paid
            assert paid == [("K-31", 75)], f"`pay` was called with {paid}; expected ('K-31', 75)."
            assert result == "paid", f"The outcome was {result!r}; expected 'paid'."
        with part("anything else: nothing is paid", broken):
            for word in WORDS_OF_NO:
                cases, name = Cases(build_refunds), f"{uuid.uuid4()}"
                cases.ask(name, "K-32", 12)
                result = cases.answer(name, word)
                assert not cases.paid, (
                    f"The answer was {word!r}, and `pay` was called; expected that only 'approve', "
                    "letter by letter, pays."
                )
                assert result == "not paid", f"The outcome was {result!r}; expected 'not paid'."
        with part("an error of `pay` comes out", broken):
            for error in (
                *(ConnectionError("the bank does not answer"), KeyError("account")),
                BankClosedError("come back on Monday"),
            ):
                cases, name = Cases(build_refunds, error=error), f"{uuid.uuid4()}"
                cases.ask(name, "K-34", 20)
                result, raised = outcome(
                    functools.partial(cases.answer, name, "approve"), type(error)
                )
                assert raised is not None, (
                    f"`pay` raised a {type(error).__name__}, and the outcome was {result!r}; "
                    "expected the error to come out: nobody knows whether the money has moved."
                )
                assert len(cases.paid) == 1, (
                    f"`pay` raised a {type(error).__name__} and was called {len(cases.paid)} "
                    "times; expected once: the money may have left at the first call."
                )
        with part("every customer gets a mail"):
            cases = Cases(build_refunds)
            for name, order in ((first, "B-7"), (second, "B-8")):
                cases.ask(f"again {name}", order, 30)
            assert len(cases.mails) == 2, (
                f"Two more customers asked, one after the other, and {len(cases.mails)} mail(s) "
                "were sent; expected 2."
            )
            for name in (second, first):
                cases.answer(f"again {name}", "approve")
            scene = "Two cases wait at the same time; B-8 is approved first, then B-7."
            assert len(cases.mails) == 2, (
                f"{scene} {len(cases.mails)} mails were sent in all; expected 2."
            )
            assert cases.paid == [("B-8", 30), ("B-7", 30)], (
                f"{scene} `pay` was called with {cases.paid}; expected ('B-8', 30) and ('B-7', 30)."
            )
        with part("the next case on the same thread"):
            # One graph serves them all, as in a service: what it remembers of a case is there.
            cases, name = Cases(build_refunds, is_rebuilt=False), f"{uuid.uuid4()}"
            # Each answer after itself and after the other one: what the case before left behind.
            words = ("approve", "approve", "reject", "reject", "approve")
            for number, word in enumerate(words):
                right = "paid" if word == "approve" else "not paid"
                del cases.mails[:], cases.paid[:]
                waiting = cases.ask(name, "B-9", 40)
                before = len(cases.mails)
                assert (waiting, before) == (1, 1), (
                    "One thread opens case after case for the same order. For one of them "
                    f"{before} mail(s) were sent and {waiting} question(s) wait; expected one "
                    "mail, one question. Each case gets its own."
                )
                said = cases.answer(name, word)
                money = [("B-9", 40)] if right == "paid" else []
                assert (len(cases.mails), cases.paid, said) == (1, money, right), (
                    "One thread opens case after case for the same order, and the answers are "
                    f"{', '.join(words[: number + 1])}. With the last of them: {len(cases.mails)} "
                    f"mail(s), paid {cases.paid}, outcome {said!r}; expected 1, {money}, {right!r}."
                )
        with part("a week later, in another process"):
            file, name = f"{folder}/cases.sqlite", f"{uuid.uuid4()}"
            mails, paid, waiting = asking.ask(file, name, ("L-5", 60))
            assert (mails, paid, waiting) == (1, [], 1), (
                f"One process asks: {mails} mail(s), paid {paid}, {waiting} question(s) wait; "
                "expected 1 mail, nothing paid, 1 question."
            )
            mails, paid, result = answering.ask(file, name, ("approve",))
            assert mails == 0, (
                f"One process asked and mailed; another process brought the answer, and mailed "
                f"again ({mails} more). What the first one kept in a variable, the second one has "
                "never seen: only the checkpointer is shared."
            )
            assert paid == [("L-5", 60)] and result == "paid", (
                f"The answer came in another process: paid {paid}, outcome {result!r}; expected "
                "('L-5', 60), 'paid'."
            )


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
        shop.two_rounds()
        graph, numbers = shop.with_gate(kind_gate), itertools.count()
        for title, text, expected in APPROVED:
            with part(title, held_by="`usual_gate`"):
                name = f"yes {next(numbers)}"
                del shop.ran[:]
                shop.ask(graph, name, text)
                assert not shop.ran, f"Nobody has answered, and {shop.ran} ran."
                words = shop.decide_all(graph, name, {"approved": True})
                assert sorted(shop.ran) == sorted(expected), (
                    f"After {{'approved': True}} the tools ran {shop.ran}; expected {expected}."
                )
                assert words, "The tools ran after the approval, and nobody told the customer."
                shop.goes_on(graph, name)
        for title, text, reason in REJECTED:
            no = {"approved": False, "reason": reason} if reason else {"approved": False}
            name = f"no {next(numbers)}"
            with part(title):
                del shop.ran[:]
                shop.ask(graph, name, text)
                asked = len(model.requests)
                words = shop.decide_all(graph, name, no)
                assert not shop.ran, f"After {no} the tools ran: {shop.ran}."
                assert words, "After the no, the turn did not end with words for the customer."
                sent = model.requests[asked:]
                assert sent, (
                    f"After {no} the model was not asked again: the customer read {short(words)}, "
                    "which are not the model's words. Does the graph go on at 'agent'?"
                )
                shop.assert_nothing_ran_unseen(graph, name)
                assert not reason or reason in str(sent[0].body["messages"]), (
                    f"The answer was {no}, and the model was not sent this reason. It reads the "
                    "messages of the thread: write it into one."
                )
                shop.assert_calls_kept(graph, name, text)
                shop.assert_marked_as_rejected(graph, name, reason)
                shop.goes_on(graph, name)
        with part("one thread, turned down again and again, then approved"):
            del shop.ran[:]
            for text, answer in ((PLEASE, False), (BOTH, False), (PLEASE, True)):
                shop.ask(graph, "again", text)
                shop.decide_all(graph, "again", {"approved": answer, "reason": REASON})
            assert shop.ran == ["refund K-31"], (
                f"On one thread two requests were turned down and a third one was approved; the "
                f"tools ran {shop.ran}, expected ['refund K-31']."
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
        deaf = "a question whose answer does not count"
        never = (deaf, "a call that is never asked about")
        with part("a harmless call runs without a question", never):
            waiting = shop.ask(graph, "three", THREE)
            needless = [asked for asked in waiting if "R-22" in str(asked.value)]
            waiting = [asked for asked in waiting if asked not in needless]
            for asked in needless:  # no other part is about it
                resume(graph, "three", asked, {"type": "approve"})
            assert not needless, "A human was asked about track_parcel, which is not in `risky`."
            assert "parcel R-22" in shop.ran, "track_parcel is not in `risky`, and it did not run."
        with part("each risky call asks a question of its own", deaf):
            expected = [
                {"tool": "refund", "args": {"order": order, "amount": amount}}
                for order, amount in (("K-31", 75), ("K-32", 12))
            ]
            assert_shown(waiting, expected)
            assert shop.ran == ["parcel R-22"], f"Nobody has answered, and {shop.ran} ran."
        with part("an approval runs this call, once, and no other", deaf):
            for asked in [asked for asked in waiting if "K-32" in str(asked.value)]:
                resume(graph, "three", asked, {"type": "approve"})
            assert shop.ran == ["parcel R-22", "refund K-32"], (
                f"Only K-32 was approved. The tools ran {shop.ran}; expected parcel R-22, refund "
                "K-32."
            )
        no, words, failed = {"type": "reject", "reason": TWO_PARAGRAPHS}, "", None
        with part("a rejected call does not run"):
            asked = next((asked for asked in waiting if "K-31" in str(asked.value)), None)
            assert asked, "No question about K-31 waits."
            words, failed = outcome(
                lambda: shop.reply(graph, "three", Command(resume={asked.id: no}))
            )
            assert "refund K-31" not in shop.ran, "K-31 was rejected, and it ran."
        with part("the model knows why a call was rejected"):
            if failed is not None:
                raise failed
            shop.assert_told(graph, "three", no)
            assert words, "Both are decided, and nobody told the customer."
            shop.assert_calls_kept(graph, "three", THREE)
        with part("then hello: the thread lives", (*never, "a constant answer")):
            shop.goes_on(graph, "three")
        with part("`risky` says what is risky: other tools, or none", deaf):
            for number, risky in enumerate((("close_account",), ("track_parcel",), ())):
                del shop.ran[:]
                other, name = shop.with_calls(ask_and_run, risky), f"other {number}"
                waiting = shop.ask(other, name, FOUR)
                calls = [call for call in CALLS_OF_FOUR if call["tool"] in risky]
                assert_shown(waiting, calls, f"With risky={set(risky)}, these questions wait")
                assert len(shop.ran) == 4 - len(calls), (
                    f"With risky={set(risky)}, before any answer, the tools ran {shop.ran}; "
                    f"expected the {4 - len(calls)} calls that are not in it."
                )
                yes = {asked.id: {"type": "approve"} for asked in waiting}
                if yes:
                    shop.reply(other, name, Command(resume=yes))
                assert len(shop.ran) == len(set(shop.ran)) == 4, (
                    f"With risky={set(risky)}, and all approved, the tools ran {shop.ran}; "
                    "expected each of the four calls, once."
                )
                shop.goes_on(other, name)
        with part("a name is in `risky` as it is written, or it is not", deaf):
            assert_asked_by_name(ask_and_run)
        with part("what the tool returned comes back as it is", never):
            assert_returned_as_it_is(ask_and_run)
        with part("two customers at the same time"):
            del shop.ran[:]
            questions = {name: shop.ask(graph, name, PLEASE) for name in ("Ann", "Bob")}
            for name, no in (("Bob", {"type": "reject", "reason": "Bob"}), ("Ann", None)):
                answer = no or {"type": "approve"}
                assert questions[name], f"A risky call, and no question waited on {name}'s thread."
                for asked in questions[name]:
                    shop.reply(graph, name, Command(resume={asked.id: answer}))
                expected = [] if no else ["refund K-31"]
                assert shop.ran == expected, (
                    f"Two threads wait with the same call. After {answer} to {name}'s question the "
                    f"tools ran {shop.ran}; expected {expected}."
                )
        with part("what is not an approval is a no"):
            for number, odd in enumerate(ODD_DECISIONS):
                shop.ran.clear()
                with trying(f"the answer {odd!r}"):
                    waiting = shop.ask(graph, f"odd {number}", PLEASE)
                    for asked in waiting:
                        shop.reply(graph, f"odd {number}", Command(resume={asked.id: odd}))
                assert waiting or not shop.ran, (
                    "On another thread the same refund came again, and it ran without a question. "
                    "Does an earlier approval still count?"
                )
                assert not shop.ran, f"The answer {odd!r} is not an approval, and the refund ran."
                shop.assert_told(graph, f"odd {number}", odd)
                shop.assert_calls_kept(graph, f"odd {number}", PLEASE)
            shop.goes_on(graph, "odd 0")
        with part("an error of the tool comes out, and it has run once", never):
            for error, text in ((KeyError("account"), PLEASE), (KeyError("scan"), PARCEL)):
                shop.assert_one_failure(ask_and_run, error, text)


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
        tools = ("refund", "close_account")
        graph = shop.with_calls(risky=tools)
        shop.two_calls_and_words()

        def buggy(*_: Any) -> None:
            raise KeyError("bug")

        desk = shop.with_calls(buggy)

        def thread_of(name: str) -> tuple[Any, ...]:
            """Return all that the checkpointer holds of a thread."""
            return tuple(
                (at.config["configurable"]["checkpoint_id"], at.values, at.next, at.interrupts)
                for at in graph.get_state_history(thread(name))
            )

        def messages(name: str) -> list[Any]:
            return graph.get_state(thread(name)).values.get("messages", [])

        def said(name: str, text: str) -> str:
            config, asked = thread(name), len(model.requests)
            waited = " and ".join(str(one.value["tool"]) for one in pending(graph, name))
            try:
                words = say(graph, text, config)
            except BadRequestError as error:
                scene = f"The customer wrote {text!r} on a thread on which nothing waited."
                if waited:
                    scene = (
                        f"`say` ran the graph, with {text!r}, though a decision about {waited} was "
                        "pending."
                    )
                raise shop.dead(graph, name, error, scene) from None
            assert isinstance(words, str), f"`say` returned {kind(words)}; expected text."
            assert config == thread(name), f"`say` changed the config to {config}."
            asked = len(model.requests) - asked
            most = 2 if "parcel" in text else 1  # before the tool and after it
            assert asked <= most or not waited, (
                f"A decision about {waited} was pending, and the model was asked {asked} times; "
                "expected a sentence for the customer, and nothing else: a pending decision is "
                "left alone."
            )
            assert asked <= most, (
                f"The customer wrote once ({text!r}), and the model was asked {asked} times; "
                f"expected {most} at most: run the graph once."
            )
            return words

        def left_alone(name: str, text: str, tools: tuple[str, ...]) -> None:
            before, handled = thread_of(name), shop.handled
            words = said(name, text)
            assert thread_of(name) == before, (
                f"Questions about {' and '.join(tools)} wait on the thread, and after `say` its "
                "checkpoints are not what they were. Neither `invoke` nor `update_state`: a "
                "pending decision is left alone."
            )
            assert shop.handled == handled, (
                f"Questions about {' and '.join(tools)} wait on the thread, and `say` ran the "
                "graph: the node that asks began again from its first line, and what stands there "
                "happens once more. The state already holds the questions."
            )
            names(words, tools)

        def open_question(name: str, text: str) -> None:
            """Let a decision be pending on a thread, whatever became of it before."""
            if not pending(graph, name):
                shop.ask(graph, name, text)

        def names(words: str, right: tuple[str, ...], scene: str = "") -> None:
            scene = scene or f"A decision about {' and '.join(right)} waits"
            every = (*tools, "track_parcel")
            wrong = [name for name in every if name in words and name not in right]
            assert any(name in words for name in right) and not wrong, (
                f"{scene}, and the customer was told {words!r}; expected a sentence with the "
                "waiting tool's name, and no other tool's."
            )

        bare = "`graph.invoke`, and no look at what waits"
        with part("nothing is pending: the reply comes back", bare):
            talks = model.when("lost").says("I will look.").calls("track_parcel", parcel="R-22")
            talks.then_says("It is not lost.")
            for text in ("Where is parcel R-22?", "Hello!", "Hello!", "Is my parcel lost?"):
                words = said("chat", text)
                assert messages("chat"), "The graph has not run: the thread is empty."
                reply = messages("chat")[-1].text
                assert words == reply, f"`say` returned {words!r}; the reply was {reply!r}."
                assert [m.text for m in messages("chat") if m.type == "human"][-1] == text
            count = sum(m.type == "human" for m in messages("chat"))
            assert count == 4, f"The customer wrote 4 times; the thread holds {count} messages."
        with part("the run ends with a question: the customer is told"):
            words = said("wait", PLEASE)
            assert pending(graph, "wait"), (
                "After `say` no decision is pending. Was the message sent at all?"
            )
            scene = "Nothing waited before `say`; its own run ended with a question"
            names(words, ("refund",), scene)
            names(said("other", CLOSE), ("close_account",), scene)
        with part("a message while a decision is pending"):
            open_question("wait", PLEASE)
            open_question("other", CLOSE)
            left_alone("wait", "Hello? Is anybody there?", ("refund",))
            left_alone("other", "Never mind.", ("close_account",))
            assert said("third", "Hello!") == GREETING, (
                "While others wait, a third customer, whom nobody is deciding about, says hello. "
                f"Expected {GREETING!r}."
            )
        with part("then the decision counts, and the talk goes on"):
            for asked in pending(graph, "wait"):
                shop.reply(graph, "wait", Command(resume={asked.id: {"type": "approve"}}))
            refunds = [one for one in shop.ran if one.startswith("refund")]
            assert refunds == ["refund K-31"], (
                f"The refund was approved once, and these ran: {refunds}; expected ['refund K-31']."
            )
            for _ in range(2):
                words = said("wait", "Hello!")
                assert words == GREETING, (
                    f"The decision is made, nothing is pending; the customer said hello and was "
                    f"told {words!r}. Expected {GREETING!r}."
                )
        with part("questions that `say` has not seen come"):
            # Another process asked, or the page was opened again: only the thread knows.
            shop.ask(graph, "elsewhere", BOTH_RISKY)
            left_alone("elsewhere", "Hello?", tools)
            first, second = pending(graph, "elsewhere")
            resume(graph, "elsewhere", first, {"type": "approve"})
            left = (str(second.value["tool"]),)
            left_alone("elsewhere", "And now?", left)
            resume(graph, "elsewhere", second, {"type": "reject"})
            assert said("elsewhere", "Hello!") == GREETING, "Both are decided; expected a greeting."
        with part("after a crash the customer is not locked out", bare):
            model.fail("server_error")
            with contextlib.suppress(InternalServerError):
                graph.invoke({"messages": "Hello!"}, thread("crash"))
            words = said("crash", PARCEL)
            last = messages("crash")[-1]
            human = [m.text for m in messages("crash") if m.type == "human"]
            assert human[-1] == PARCEL, (
                f"The model failed once, and then the customer wrote {PARCEL!r}. The thread holds "
                f"these words of hers: {human}; expected what she wrote now among them. `say` "
                f"returned {words!r}. Nobody is asked anything here: only `interrupts` says that "
                "a decision is pending."
            )
            assert last.type == "ai" and words == last.text, (
                f"The model failed once, and then `say` returned {words!r}. Nobody is asked "
                "anything on this thread: after a crash `state.next` is set, `interrupts` is not."
            )
            with contextlib.suppress(KeyError):
                desk.invoke({"messages": PLEASE}, thread("broken off"))
            words, error = outcome(lambda: say(desk, "Hello!", thread("broken off")), Exception)
            assert error or "refund" not in str(words), (
                "A tool raised a KeyError, and its call has no answer; nobody is asked anything. "
                f"`say` returned {words!r}; expected that the graph runs, whatever comes of it: "
                "only `interrupts` says that a decision is pending."
            )
        with part("an error of the graph is raised", bare):
            model.fail("server_error")
            words, error = outcome(lambda: said("broken", "Hello!"), InternalServerError)
            assert error, (
                f"The model failed while `say` ran the graph, and `say` returned {words!r}; "
                "expected that the error comes out: it is nobody's reply."
            )
            words, error = outcome(lambda: say(desk, PLEASE, thread("buggy")), KeyError)
            assert error, (
                f"A node of the graph raised a KeyError, and `say` returned {words!r}; "
                "expected that the error comes out."
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
        with part(title, held_by=f"a policy that always says {calls[0][0]!r}"):
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
    # Split off before the answer runs for the first time: they remember nothing of it.
    action = functools.partial(call_elsewhere, pay_once)
    with fresh_processes(*[action] * 4) as (one, two, three, four):
        payments, first = Payments(pay_once), None
        with part("it pays, and returns the receipt"):
            receipt = payments.call("one")
            assert payments.paid == ["one"], f"`pay` ran {len(payments.paid)} times; expected once."
            first = payments.receipts[-1]
            assert receipt == first, f"`pay` returned {first!r}, and `pay_once` {receipt!r}."
        with part("the same key again: the same receipt, no money"):
            for number in (2, 3):
                again = payments.call("one")
                assert payments.paid == ["one"], f"Call {number} with the same key paid again."
                assert again == first, f"Call {number} returned {again!r}; expected {first!r}."
        with part("another key: another payment"):
            other = Payments(pay_once)
            for name in KEYS_THAT_LOOK_ALIKE:
                receipt, count = other.call(name), len(other.receipts)
                assert other.paid[-1:] == [name], (
                    f"A new key, {other.key(name)!r}, and nothing was paid for it."
                )
                assert receipt == other.receipts[-1] and count == len(other.paid), (
                    f"Another key: `pay` returned {other.receipts[-1]!r}, `pay_once` {receipt!r}."
                )
            other.call_while_another_writes("while another one writes")
        with part("two at the same moment"):
            Payments(pay_once).call_while_paying()
        with part("after a payment that failed"):
            Payments(pay_once).call_after_failure(ConnectionError("the bank does not answer"))
            Payments(pay_once).call_after_failure(ValueError("no such account"))
            # The bank of the payment may be a database, too.
            Payments(pay_once).call_after_failure(sqlite3.IntegrityError("no such account"))
            Payments(pay_once).call_after_failure(sqlite3.OperationalError("database is locked"))
            Payments(pay_once).call_after_failure(BankClosedError("come back on Monday"))
            Payments(pay_once).call_and_stop()
        with part("money has moved, and its receipt cannot be written: do not wait for it"):
            Payments(pay_once).call_when_the_receipt_is_lost()
        with part("from another process"):
            Payments(pay_once).call_from(one, two)
        with part("a process dies while it pays: do not wait for its receipt"):
            Payments(pay_once).call_after_death(three, four)
