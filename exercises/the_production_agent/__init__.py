"""Checks of lesson 8, the production agent."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

from langchain.messages import AIMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.pregel import Pregel
from openai import AuthenticationError

import agent_checklist as checklist
import lesson_model
from exercises.core.descriptions import assert_sorted, kind, short
from exercises.core.exercise import exercise, outcome, part, run_async, trying
from exercises.core.waiting_model import MAX_HOLD_SECONDS
from exercises.the_production_agent import added_tool as added
from exercises.the_production_agent import log_file, turns
from exercises.the_production_agent.desk import SPARE, State, refund, track_parcel
from exercises.the_production_agent.turns import judge, run_alone

__all__ = ("ex1", "ex2", "ex3", "ex4", "ex5", "ex6", "ex7", "ex8", "ex9")


@exercise(
    hints=(
        "Ask what was *seen*: by a customer, by the owner, by the provider, in the log.",
        "A fault that is shown to a user and a fault that is written to a file are two lines.",
        "A, B, D: lessons 3, 2 and 3. C, E, F: three lines of lesson 4. G: lesson 6.",
    )
)
def ex1(line):
    """Each story gets the line of the checklist that would have prevented it."""
    assert isinstance(line, dict), f"`line` is {kind(line)}; expected a dict: {{'A': ..., ...}}."
    assert_sorted(line, "line")
    for letter, (story, right, why) in turns.STORIES.items():
        with part(f"{letter}: {story}"):
            given = line.get(letter, line.get(letter.lower()))
            assert given not in (None, ...), f"{letter} is missing in `line`. Add {letter!r}."
            assert given in checklist.LINES, (
                f"{letter}: {short(given)} is no line of the checklist; they stand above."
            )
            assert given == right, f"{letter}: you chose {given!r}. Think again: {why}."


@exercise(
    hints=(
        "Which call holds everything up while the model writes? And which saver is compiled in?",
        "`await llm.ainvoke(...)`; and `response_metadata` of a torn answer lacks something.",
        'Raise unless `reply.response_metadata.get("finish_reason")`; '
        "`graph.compile(checkpointer=saver)`, with nothing after it.",
    ),
)
def ex2(ask_async, finish_safely):
    """Words come early, torn answers are none, conversations outlive the process."""
    first_week = "`ask` and `finish` of the first week"
    with part("an answer of the model", first_week), lesson_model.scratch() as model:
        model.when("hello").says("Good morning!")
        for words in ("Hello!", "Where is parcel P-3?"):
            before = len(model.requests)
            reply = run_alone(turns.asked, ask_async, words)
            assert isinstance(reply, AIMessage), (
                f"`ask_async` returned {kind(reply)}; expected the model's message."
            )
            expected = "the text 'Good morning!'" if words == "Hello!" else "a tool call"
            found = reply.text == "Good morning!" if words == "Hello!" else reply.tool_calls
            assert found, f"To {words!r} the model answered with {expected}; got {short(reply)}."
            made = len(model.requests) - before
            assert made == 1, f"The model was asked {made} times; expected once."
            sent = len(model.requests[before].body["messages"])
            assert sent == turns.TALK + 1, (
                f"`ask_async` was given {turns.TALK + 1} messages, and the model was sent {sent}."
            )
    with part("the event loop goes on"), lesson_model.scratch() as model:
        assert not run_alone(turns.stands_still, ask_async, model), (
            f"While the model wrote, it waited {MAX_HOLD_SECONDS} s for another task of the event "
            "loop, which wants to run every 10 ms and could not. What waits without `await` stops "
            "the event loop."
        )
    with part("a torn answer is a ConnectionError"):
        for where, (calls, after) in turns.TORN.items():
            with lesson_model.scratch() as model:
                if calls:
                    model.when("").calls("refund", order="T-7", amount=480)
                else:
                    model.when("").says("Hang it in the shade. Not in the sun.")
                model.fail("truncate", after=after)
                raised = run_alone(turns.raised_in_turn, ask_async)
                assert len(model.requests) == 1, (
                    f"The answer broke off, and the model was asked {len(model.requests)} times; "
                    "expected once: `ask` does not retry."
                )
                assert raised is not None, (
                    f"The answer broke off {where}, and nothing was raised. What a torn answer "
                    "lacks is neither words nor calls: look at its `response_metadata`."
                )
                assert isinstance(raised, ConnectionError), (
                    f"The answer broke off {where}, and a {type(raised).__name__} was raised; "
                    "expected a ConnectionError."
                )
    with part("another error stays what it is", first_week), lesson_model.scratch() as model:
        model.fail("bad_key", times=None)
        raised = run_alone(turns.raised_in_turn, ask_async)
        assert isinstance(raised, AuthenticationError), (
            f"The key was refused with 401, and what came out is {kind(raised)}; expected the "
            "AuthenticationError itself."
        )
        for error, meaning in (
            (KeyError("bug"), ""),
            (asyncio.CancelledError(), ", as when the user leaves"),
        ):
            raised, name = run_alone(turns.raised_by, ask_async, error), type(error).__name__
            assert isinstance(raised, type(error)), (
                f"A {name} was raised while the model was asked{meaning}, and what came out is "
                f"{kind(raised)}; expected the {name} itself."
            )
    with part("a graph with that saver"):
        graph = StateGraph(State).add_node("x", lambda state: {}).add_edge(START, "x")
        saver = InMemorySaver()
        compiled = finish_safely(graph, saver)
        assert isinstance(compiled, Pregel), (
            f"`finish_safely` returned {kind(compiled)}; expected the compiled graph."
        )
        assert compiled.checkpointer is saver, (
            "The graph was not compiled with the saver it was given, so no restart finds anything."
        )
        other = InMemorySaver()
        assert finish_safely(graph, other).checkpointer is other, (
            "A second graph got the saver of the first one."
        )
    judge("streaming", "persistence", ask=ask_async, finish=finish_safely)


@exercise(
    hints=(
        "Go through *all* calls of the last message, and sort them: run, or answered by you.",
        "Inside the loop: `interrupt(...)` for a risky call. A no becomes a `ToolMessage` with the "
        "call's id. What may run becomes `run(call, state)`.",
        'At the end: `Command(update={"messages": answers}, goto=go_on or "agent")`.',
    ),
)
def ex3(approve_each):
    """Each risky call is asked for, and every call gets its answer."""
    look, pay = ("track_parcel", {"parcel": "P-31"}), ("refund", {"order": "K-3", "amount": 95})
    small = ("refund", {"order": "K-4", "amount": 20})
    no, yes = {"type": "reject"}, {"type": "approve"}
    odd_questions: list[str] = []

    def gate(*args: Any) -> turns.Gated:
        try:
            return run_alone(turns.gate, approve_each, *args)
        except turns.OddQuestionError as error:
            odd_questions.append(str(error))
            raise

    with part("a harmless call beside a rejected one runs"):
        seen = gate([look, pay], lambda asked: no)
        assert [one["tool"] for one in seen.asked] == ["refund"], (
            f"Asked about: {[one['tool'] for one in seen.asked]}; expected the refund alone. "
            "Looking where a parcel is needs nobody."
        )
        assert seen.ran == ["looked for P-31"], (
            f"The refund was rejected; these calls ran: {seen.ran}; expected the look alone, once."
        )
    with part("the owner sees what would happen"):
        seen = gate([pay, look], lambda asked: no)
        assert seen.asked, "Nobody was asked."
        assert seen.asked[0].get("args") == pay[1], (
            f"The question holds {short(seen.asked[0])}; expected the call's arguments as 'args'."
        )
        why = seen.asked[0].get("why")
        assert isinstance(why, str) and why.strip(), (
            f"The question is {short(seen.asked[0])}; expected a 'why' in it, from `RISKY`."
        )
    with part("one of two is approved"):
        seen = gate([pay, look, small], lambda asked: yes if asked["args"] == small[1] else no)
        assert [one["args"] for one in seen.asked] == [pay[1], small[1]], (
            f"Asked about {short([one['args'] for one in seen.asked])}; expected one question for "
            "each of the two refunds."
        )
        assert sorted(seen.ran) == ["looked for P-31", "paid K-4: 20"], (
            f"K-4 was approved, K-3 rejected; these calls ran: {seen.ran}; expected the look and "
            "K-4, each once."
        )
    with part("nothing risky", "a node that asks nobody"):
        seen = gate([look, ("track_parcel", {"parcel": "P-32"})], lambda asked: yes)
        assert not seen.asked and sorted(seen.ran) == ["looked for P-31", "looked for P-32"], (
            f"Two looks: asked about {seen.asked}, ran {seen.ran}; expected no question and both."
        )
    with part("another risky tool"):
        close = ("close_account", {"customer": "K-9"})
        for answer, ran in ((yes, ["closed K-9"]), (no, [])):
            seen = gate([close], lambda asked, answer=answer: answer)
            assert [one["tool"] for one in seen.asked] == ["close_account"], (
                f"`close_account` is in `RISKY` now, and was called on two threads; asked about: "
                f"{[one['tool'] for one in seen.asked]}. What is approved on one thread is not "
                "approved on another."
            )
            assert seen.ran == ran, f"The answer was {answer}; ran: {seen.ran}, expected {ran}."
        seen = gate([close], lambda asked: no, "")
        assert [one["tool"] for one in seen.asked] == ["close_account"] and not seen.ran, (
            "`close_account` is in `RISKY` with the reason '', and was called; asked about: "
            f"{[one['tool'] for one in seen.asked]}; ran: {seen.ran}. A tool is risky if its name "
            "is in `RISKY`, whatever the reason."
        )
    with part("many calls in one message"):
        looks = [("track_parcel", {"parcel": f"P-{n}"}) for n in range(40, 52)]
        seen = gate([*looks, pay], lambda asked: yes)
        assert len(seen.asked) == 1 and len(seen.ran) == 13, (
            f"Twelve looks and a refund in one message: {len(seen.asked)} question(s), and "
            f"{len(seen.ran)} of 13 calls ran after the approval; expected one question, and all."
        )
    with part("two customers wait"):
        ran = run_alone(turns.two_customers, approve_each)
        assert ran == ["paid B-2: 50"], (
            f"A-1 (40 euros) was rejected, B-2 (50 euros) approved, on two threads that waited at "
            f"the same time; these ran: {ran}."
        )
    with part("any other answer is a no"):
        strange = ({"type": "approved?"}, {"type": "edit", "args": {}}, {"type": "Approve"})
        calls = [("refund", {"order": f"S-{n}", "amount": 90}) for n in range(len(strange))]
        answers = {f"S-{n}": answer for n, answer in enumerate(strange)}
        seen = gate(calls, lambda asked: answers[asked["args"]["order"]])
        assert not seen.ran, (
            f"Three refunds were answered with {', '.join(map(str, strange))}; these ran: "
            f"{seen.ran}. Only {{'type': 'approve'}} is a yes."
        )
    with part("the same refund twice in one message"):
        answers = iter((yes, no, no, yes))
        for first in ("first", "second"):
            seen = gate([pay, pay], lambda asked: next(answers))
            assert seen.ran == ["paid K-3: 95"], (
                f"One message made the same refund twice, and the {first} one was approved; these "
                f"ran: {seen.ran}; expected one. A decision belongs to a call, not to its "
                "arguments."
            )
    if not odd_questions:
        judge("approval", "rejection", approve=approve_each)
        return
    # The checklist answers as the owner does, and trips over what a question of another shape makes
    # of it.
    for name in ("approval", "rejection"):
        with part(name):
            raise AssertionError(odd_questions[0])


@exercise(
    hints=(
        "The waits and the retries are arguments of `ChatOpenAI`; the loop is only over models.",
        "`ChatOpenAI(model=name, timeout=seconds, max_retries=1).bind_tools(TOOLS)`. In the loop: "
        "catch, look whether it is worth another model, else `raise`.",
        "A `ModelError` says it itself: `error.is_retryable`. For the last model there is no next "
        "one, so do not catch there at all.",
    ),
)
def ex4(connect_two, answer_from):
    """One layer retries, the spare stands in for a model that is down, and for nothing else."""
    with part("two models, with tools"), lesson_model.scratch() as model:
        run_alone(turns.asked_each, connect_two)
        names = [request.body["model"] for request in model.requests]
        assert names == [model.name, SPARE], (
            f"They ask for {names}; expected {[model.name, SPARE]}."
        )
        for request in model.requests:
            sent = {one["function"]["name"] for one in request.body.get("tools") or []}
            assert sent >= {"track_parcel", "refund"}, (
                f"{request.body['model']!r} was sent the tools {sorted(sent)}; expected "
                "'track_parcel' and 'refund': `.bind_tools(TOOLS)` for both models."
            )
    with part("no model is waited for too long"), lesson_model.scratch() as model:
        model.fail("timeout", times=None, seconds=3.0)
        for name, (left, after) in run_alone(turns.patience, connect_two, 1.0, model).items():
            assert left, f"{name!r} was silent for 3 s, `seconds` was 1, and it was waited for."
            assert after > 0.9, (
                f"{name!r} was silent, `seconds` was 1, and it was given up after {after:.1f} s; "
                "expected 1 s: each try may be silent for `seconds`, and each call of "
                "`connect_two` makes models of its own."
            )
    judge("retry", "fallback", "timeouts", connect=connect_two, answer=answer_from)
    with part("the next model for one that is down"):
        for error in turns.DOWN:
            turns.assert_asked(answer_from, [error, "The second one."], 2)
        turns.assert_asked(answer_from, ["The first one.", "The second one."], 1)
    with part("any other error is raised"):
        for error in turns.BUGS:
            turns.assert_asked(answer_from, [error, "The second one."], 1)
    with part("the last model's error is raised"):
        turns.assert_asked(answer_from, [turns.DOWN[0], turns.DOWN[1]], 2)
        turns.assert_asked(answer_from, [turns.DOWN[-1], turns.BUGS[3]], 2)
        turns.assert_asked(answer_from, [turns.DOWN[0], ConnectionError("torn, too")], 2)
    with part("one more try for each"), lesson_model.scratch() as model:
        model.fail("server_error", times=None, retry_after=0.01)
        run_alone(turns.turn, connect_two, answer_from)
        names = [request.body["model"] for request in model.requests]
        assert names == [model.name] * 2 + [SPARE] * 2, (
            f"Both models were down. {len(names)} requests were sent, in this order: "
            f"{', '.join(names)}; expected two to the first model, then two to the spare."
        )
    with part("a wrong key is no reason to ask the spare"), lesson_model.scratch() as model:
        model.fail("bad_key", times=None)
        run_alone(turns.turn, connect_two, answer_from)
        assert len(model.requests) == 1, (
            f"The key was refused with 401, and {len(model.requests)} requests were sent; expected "
            "one. No retry and no other model cures a wrong key."
        )
    with part("the spare for a torn answer"), lesson_model.scratch() as model:
        model.when("").says("Hang it in the shade, in the wind.")
        model.fail("truncate", after=3)
        result = run_alone(turns.turn, connect_two, answer_from)
        assert result["messages"][-1].text == "Hang it in the shade, in the wind.", (
            "`ask` raised a ConnectionError because the first model's answer was torn, and the "
            f"user got {short(result['messages'][-1].text)}; expected the spare's answer."
        )


@exercise(
    hints=(
        "Which messages belong to this turn? Those after the last question.",
        "Go through `reversed(messages)` until a human message, and count the model's.",
        "An answer of the model is a message whose `type` is 'ai', however many calls it makes.",
    ),
)
def ex5(limit_rounds):
    """The rounds of a turn are limited, and those of a thread are not."""
    for what, cases in turns.ROUNDS.items():
        calls_for = {rounds >= 8 for rounds, *_ in cases}
        always = "words" if all(calls_for) else "" if any(calls_for) else "None"
        with part(what, held_by=always and f"a function that always returns {always}"):
            for rounds, calls, earlier in cases:
                turns.assert_limited(limit_rounds, rounds, calls, earlier)
                if earlier:
                    turns.assert_limited(limit_rounds, rounds, calls, earlier, cut_off=True)
    judge("limits", limit=lambda messages: limit_rounds(list(messages)))


@exercise(
    hints=(
        "Of an error, what do you need in the log to find it again, and what does the user need?",
        "`type(error).__name__` for the log, a reference for both. In `tell_user` the exception is "
        "`error.error`.",
        'For instance `log.error("tool failed", extra={"reference": ..., "thread_id": thread_id(), '
        '"error": type(error).__name__})`, and `uuid.uuid4()` makes a reference.',
    ),
)
def ex6(tell_model, tell_user, note_turn):
    """The log can be searched, the user can complain, and nobody learns too much."""
    told_by = {"tool_failed": tell_model, "model_failed": tell_user, "note": note_turn}
    _, taken = outcome(lambda: turns.fail(KeyError(), turns.THREADS[0], told_by))
    assert not isinstance(taken, turns.TakenFieldError), taken
    judge("errors", "logging", **told_by)
    noted: list[turns.Failure] = []
    for what, faults in (
        ("a tool fails", (ValueError(turns.DETAIL), KeyError(turns.DETAIL))),
        ("a model fails", (None, None)),
    ):
        with part(f"{what}: one line, with a reference"):
            told: list[str] = []
            for fault, thread, earlier in zip(faults, turns.THREADS, EARLIER, strict=True):
                seen = turns.fail(fault, thread, told_by, earlier if fault else 0)
                noted += [seen] if fault else []
                needed = type(fault).__name__ if fault else "AuthenticationError"
                turns.assert_logged(seen, what, thread, needed, told)
            turns.assert_new_after_restart(faults[0], told_by)
    with part("note_turn: thread and number"):
        for seen, earlier, thread in zip(noted, EARLIER, turns.THREADS, strict=False):
            turns.assert_own_logger(seen)
            notes = [line for level, line in seen.lines if level == "INFO"]
            assert len(notes) == 2, (
                f"The model was asked 2 times, and {len(notes)} lines of level INFO were logged; "
                "expected one each time."
            )
            for line, count in zip(notes, (2 * earlier + 1, 2 * earlier + 4), strict=True):
                assert thread in line, (
                    f"The line {short(line)} does not name the thread, {thread!r}."
                )
                assert str(count) in turns.words(line), (
                    f"There were {count} messages; {short(line)} does not say so."
                )
        assert noted, "No turn came to its end, so nothing was noted."


EARLIER = (8, 21)  # questions and answers in the threads on which a tool fails


@exercise(
    hints=(
        "Three questions for each offered tool: is it known, is its name free, does it need a "
        "person?",
        "Begin with `tools = list(own)`, and compare with the names that are in it by now.",
        '`known.get(one.name)`: None stays out; "run" may run; anything else is asked for.',
    ),
)
def ex7(admit):
    """Only known tools come in, none takes another's place, and what is not "run" is asked for."""
    own = [track_parcel, refund]
    level, order, remove, same = (
        turns.offered(name) for name in ("stock_level", "order_restock", "delete_stock", "refund")
    )
    twice, price = turns.offered("stock_level"), turns.offered("price_of")

    def admitted(offered: list, known: dict, own: list = own) -> tuple[list, set]:
        lists = list(own), list(offered), dict(known)
        given = admit(*lists)
        two = isinstance(given, tuple | list) and len(given) == 2 and isinstance(given[0], list)
        assert two, (
            f"`admit` returned a {type(given).__name__}; expected two: a list of tools, and a set."
        )
        kept = [*map(id, lists[0] + lists[1])] == [*map(id, [*own, *offered])]
        unchanged = kept and lists[2] == known
        assert unchanged, (
            "`admit` changed a list or the dictionary it was given; the next call would find "
            "others in it."
        )
        # What needs a person among your own tools is not this function's business.
        return list(given[0]), set(given[1]) - {one.name for one in own}

    admitted([], {})
    known = {"stock_level": "run", "order_restock": "ask"}
    with part("known tools come in"):
        for offered, asked in (([level, order], {"order_restock"}), ([order], {"order_restock"})):
            tools, ask_for = admitted(offered, known)
            assert _same(tools, [*own, *offered]), (
                f"Admitted: {_names(tools)}; expected {_names([*own, *offered])}."
            )
            assert ask_for == asked, f"Asked for: {sorted(ask_for)}; expected {sorted(asked)}."
    with part("an unknown tool stays out"):
        capitals = turns.offered("Order_Restock")
        for unknown in (remove, price, capitals, turns.offered("count", readOnlyHint=True)):
            tools, ask_for = admitted([level, unknown], known)
            assert _same(tools, [*own, level]), (
                f"`{unknown.name}` is not in `known`. Admitted: {_names(tools)}."
            )
            assert not ask_for, (
                f"Nothing the server offers and you admit needs a person; got {sorted(ask_for)}."
            )
    with part("a known tool that is not offered"):
        tools, ask_for = admitted([price], {"price_of": "run", "order_restock": "ask"})
        assert _same(tools, [*own, price]) and not ask_for, (
            f"Only `price_of` is offered, and it may run. Admitted: {_names(tools)}; asked for: "
            f"{sorted(ask_for)}."
        )
    with part("your own tool keeps its place"):
        tools, _ = admitted([twice, order], known, [track_parcel, level])
        assert _same(tools, [track_parcel, level, order]), (
            "`stock_level` is one of your own, and the server's came in. Admitted: "
            f"{_names(tools)}."
        )
        for mine, word in ((own, "run"), ([refund], "ask"), ([track_parcel, level, refund], "run")):
            known_too = {"refund": word, "order_restock": "run"}
            tools, _ = admitted([same, order], known_too, mine)
            assert _same(tools, [*mine, order]), (
                "The server offers a `refund` of its own, and it came in: the model cannot tell "
                f"which is which. Admitted: {_names(tools)}."
            )
            beside, without = (
                set(admit([*mine], given, dict(known_too))[1]) for given in ([same, order], [order])
            )
            assert beside == without, (
                f"The server's `refund` did not come in, and with it you ask for {sorted(beside)}, "
                f"without it for {sorted(without)}; expected the same: of the offered tools only "
                "those that are in count."
            )
    with part("of two with the same name, one"):
        tools, _ = admitted([level, order, twice], known)
        assert _same(tools, [*own, level, order]), (
            f"Two servers offer `stock_level`. Admitted: {_names(tools)}; of the two, "
            f"{tools.count(level)} of the first server and {tools.count(twice)} of the second "
            "came in; expected the first alone."
        )
    with part("a word that is not 'run' needs a person"):
        harmless = turns.offered("order_restock", readOnlyHint=True)
        _, ask_for = admitted([level, harmless], known)
        assert ask_for == {"order_restock"}, (
            "Your list says 'ask' for `order_restock`, and the server says that it only reads. "
            f"Asked for: {sorted(ask_for)}; expected 'order_restock': your list counts, not the "
            "server's words."
        )
        for word in ("Run?", "", "RUN", "run ", "running", "allow"):
            _, ask_for = admitted([level, order], {"stock_level": word, "order_restock": "run"})
            assert ask_for == {"stock_level"}, (
                f"Your list says {word!r} for `stock_level`, which is not 'run'. Asked for: "
                f"{sorted(ask_for)}."
            )


def _same(tools: list, expected: list) -> bool:
    """Return whether these are the tools, each once, in any order."""
    return sorted(map(id, tools)) == sorted(map(id, expected))


def _names(tools: list) -> list[str]:
    return [getattr(one, "name", short(one)) for one in tools]


@exercise(
    hints=(
        "Read `refund` and `pay_back` again: which line acts, and what makes it act once?",
        "Inside the tool: `runtime.context.effect(...)`, awaited, with a key of the thread, the "
        "message and the call. `risk` has the tool's name as its key.",
        "`effect_key(runtime.context.thread, runtime.state['messages'][-1].id, "
        "runtime.tool_call_id)`; and `args.get('order') not in waiting` is the policy.",
    ),
)
def ex8(cancel_order, risk, refuse_cancel):
    """The tool asks, acts once, and its policy holds for edits, too."""
    added.assert_fits(cancel_order, risk)
    with part("the policy"):
        for waiting in ({"K-31", "K-32"}, {"T-7"}, set()):
            before = set(waiting)
            for order in ("K-31", "T-7", "T-9", "k-31", "K-3", "K-311"):
                why = refuse_cancel({"order": order}, waiting)
                allowed = order in before
                assert why is None or isinstance(why, str), (
                    f"`refuse_cancel` returned {kind(why)}; expected a sentence or None."
                )
                assert (why is None) == allowed and (allowed or why.strip()), (
                    f"{sorted(before) or 'No orders'} wait in the store room, and order {order} is "
                    f"to be cancelled: you returned {why!r}; expected "
                    f"{'None' if allowed else 'a sentence that says why not'}."
                )
            for args in ({}, {"order": ""}, {"order": None}):
                why = refuse_cancel(dict(args), waiting)
                assert isinstance(why, str) and why.strip(), (
                    f"The arguments are {args}, which is no order that waits: you returned "
                    f"{why!r}; expected a sentence that says why not."
                )
            assert waiting == before, f"The set `waiting` was changed to {sorted(waiting)}."
    waiting = {"K-31", "K-32", "K-33"}
    answers = cancel_order, risk, functools.partial(_refusal, refuse_cancel, waiting)
    with part("a person is asked, and a yes is one effect"):
        run_async(added.assert_one_effect, answers, "K-31")
    with part("a no, and the conversation goes on"):
        run_async(added.assert_no_effect_after_no, answers, "K-31")
    with part("two calls in one message, a third in the next turn"):
        run_async(added.assert_two_effects, answers, ("K-31", "K-32"), "K-33")
    with part("two calls in one message, a third in the next turn, all for the same order"):
        run_async(added.assert_two_effects, answers, ("K-33", "K-33"), "K-33")
    with part("the process dies, and the call runs again"):
        run_async(added.assert_same_key, answers, "K-32")
    with part("an order that has left"):
        run_async(added.assert_refused, answers, "T-7")
    with part("an edit to an order that has left"):
        run_async(added.assert_edit_refused, answers, "K-31", "T-7")


def _refusal(refuse_cancel, waiting: set[str], args: dict) -> str | None:
    return refuse_cancel(args, set(waiting))


@exercise(
    hints=(
        "Two steps: which run is it, and which lines belong to it?",
        "Parse each line with `json.loads` and skip what is no object. The line with this "
        "`reference` names the `run`.",
        "Keep the lines whose `run` is that one, and sort by `time`: its text sorts like the time.",
    ),
)
def ex9(run_behind):
    """The lines of one run, and nobody else's."""
    for title, logs in log_file.cases():
        with part(title, "" if any(wanted for *_, wanted in logs) else "an empty list"):
            for text, reference, wanted in logs:
                with trying(f"a log with {title}"):
                    found = run_behind(text, reference)
                _assert_found(found, reference, wanted)


def _assert_found(found, reference: str, wanted: list[dict]) -> None:
    assert isinstance(found, list), f"`run_behind` returned {kind(found)}; expected a list."
    odd = [one for one in found if not isinstance(one, dict)]
    assert not odd, f"The list holds {short(odd[0])}; expected dictionaries."
    names = [f"{one.get('event')} of {one.get('run')}" for one in found]
    expected = [f"{one['event']} of {one['run']}" for one in wanted]
    order = sorted(names) == sorted(expected) and names != expected
    assert found == wanted, (
        f"For reference {reference!r} you returned {names or 'no line'}; expected "
        f"{expected or 'no line'}.{' The lines are right, their order is not.' if order else ''}"
    )
