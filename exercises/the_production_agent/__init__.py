"""Checks of lesson 8, the production agent."""

from __future__ import annotations

from langchain.messages import AIMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.pregel import Pregel

import agent_checklist as checklist
import lesson_model
from exercises.core.descriptions import kind, short
from exercises.core.exercise import exercise, part
from exercises.the_production_agent import faults as parts
from exercises.the_production_agent.desk import SPARE, State, refund, track_parcel
from exercises.the_production_agent.faults import judge, run_alone

__all__ = ("ex1", "ex2", "ex3", "ex4", "ex5", "ex6", "ex7")


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
    for letter, (story, right, why) in parts.STORIES.items():
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
    with part("an answer of the model"), lesson_model.scratch() as model:
        model.when("").says("Good morning!")
        reply = run_alone(parts.greeted, ask_async)
        assert isinstance(reply, AIMessage) and reply.text == "Good morning!", (
            f"`ask_async` returned {kind(reply)}; expected the model's message, unchanged."
        )
        assert len(model.requests) == 1, (
            f"The model was asked {len(model.requests)} times; expected once."
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
    judge("approval", "rejection", approve=approve_each)
    asked: list = []
    with part("a harmless call beside a rejected one runs"):
        asked, tools, _ = run_alone(parts.gate, approve_each, {"type": "reject"})
        assert [one["tool"] for one in asked] == ["refund"], (
            f"Asked about: {[one['tool'] for one in asked]}; expected the refund alone. Looking "
            "where a parcel is needs nobody."
        )
        assert any("Friday" in message.text for message in tools), (
            "The refund was rejected, and the parcel was not looked for either."
        )
    with part("the owner sees what would happen"):
        assert asked, "Nobody was asked."
        assert asked[0].get("args") == {"order": "T-7", "amount": 480}, (
            f"The question holds {short(asked[0])}; expected the call's arguments as 'args'."
        )
    for strange in ({"type": "approved?"}, {"type": "edit", "args": {}}):
        with part(f"the answer {strange} is a no"):
            *_, done = run_alone(parts.gate, approve_each, strange)
            assert not done, f"The answer was {strange}, and {done[0]} euros were paid."


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
        run_alone(parts.asked_each, connect_two)
        names = [request.body["model"] for request in model.requests]
        assert names == [model.name, SPARE], (
            f"They ask for {names}; expected {[model.name, SPARE]}."
        )
        assert all(request.body.get("tools") for request in model.requests), (
            "A model was sent no tools: `.bind_tools(TOOLS)` is missing, or not for both."
        )
    judge("retry", "fallback", "timeouts", connect=connect_two, answer=answer_from)
    with part("one more try for each"), lesson_model.scratch() as model:
        model.fail("server_error", times=None, retry_after=0.01)
        run_alone(parts.turn, connect_two, answer_from)
        names = [request.body["model"] for request in model.requests]
        assert names == [model.name] * 2 + [SPARE] * 2, (
            f"Both models were down. {len(names)} requests were sent: {names.count(model.name)} to "
            f"the first model, {names.count(SPARE)} to the spare; expected two and two."
        )
    with part("a wrong key is no reason to ask the spare"), lesson_model.scratch() as model:
        model.fail("bad_key", times=None)
        run_alone(parts.turn, connect_two, answer_from)
        assert len(model.requests) == 1, (
            f"The key was refused with 401, and {len(model.requests)} requests were sent; expected "
            "one. No retry and no other model cures a wrong key."
        )
    with part("the spare for a torn answer"), lesson_model.scratch() as model:
        model.when("").says("Hang it in the shade, in the wind.")
        model.fail("truncate", after=3)
        result = run_alone(parts.turn, connect_two, answer_from)
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
    for rounds, calls, earlier, what in (
        (0, 1, 0, "a question"),
        (7, 1, 0, "7 rounds"),
        (8, 1, 0, "8 rounds"),
        (12, 1, 0, "12 rounds"),
        (0, 1, 9, "the next question after 9 rounds"),
        (4, 3, 0, "4 rounds with 3 calls each"),
        (3, 1, 8, "3 rounds, after a turn of 8"),
    ):
        with part(what):
            said = limit_rounds(
                parts.talk(earlier, 1)[:-1] * bool(earlier) + parts.talk(rounds, calls)
            )
            if rounds < 8:
                assert said is None, (
                    f"After {what} `limit_rounds` returned {short(said)}; expected None. Count "
                    "what the model has answered since the last question of the user."
                )
            else:
                assert isinstance(said, str) and said.strip(), (
                    f"After {what} `limit_rounds` returned {kind(said)}; expected a sentence for "
                    "the user."
                )
    judge("limits", limit=limit_rounds)


@exercise(
    hints=(
        "Of an error, what do you need in the log to find it again, and what does the user need?",
        "`type(error).__name__` for the log, a reference for both. In `tell_user` the exception is "
        "`error.error`.",
        'For instance `log.error("ref=%s thread=%s error=%s", reference, thread_id(), name)`, and '
        "`uuid.uuid4().hex[:8]` makes a reference.",
    ),
)
def ex6(tell_model, tell_user, note_turn):
    """The log can be searched, the user can complain, and nobody learns too much."""
    judge("errors", "logging", tool_failed=tell_model, model_failed=tell_user, note=note_turn)
    for what, fault, needed in (
        ("a tool fails", "tool", "ValueError"),
        ("a model fails", "key", "AuthenticationError"),
    ):
        with part(f"{what}: one line, with a reference"):
            lines, words = parts.fail_once(fault, tell_model, tell_user, note_turn)
            errors = [line for level, line in lines if level == "ERROR"]
            assert len(errors) == 1, (
                f"When {what}, {len(errors)} lines of level ERROR were logged; expected one."
            )
            (line,) = errors
            assert parts.THREAD in line, f"The line {short(line)} does not name the thread."
            assert needed in line, f"The line {short(line)} does not name the error's class."
            assert parts.DETAIL not in line and "Incorrect" not in line, (
                f"The line {short(line)} holds the error's text."
            )
            _, second = parts.fail_once(fault, tell_model, tell_user, note_turn)
            # What both say, and say differently the next time, is the reference.
            shared = set(parts.words(words)) & set(parts.words(line))
            assert shared - set(parts.words(second)), (
                f"Told: {short(words)}. Logged: {short(line)}. No reference stands in both."
            )
    with part("note_turn: thread and number"):
        lines, _ = parts.fail_once("tool", tell_model, tell_user, note_turn)
        notes = [line for level, line in lines if level == "INFO"]
        assert notes, "`note_turn` logged nothing at level INFO."
        assert parts.THREAD in notes[0], f"{short(notes[0])} does not name the thread."
        assert "1" in parts.words(notes[0].replace("=", " ")), (
            f"Before the first answer there is 1 message; {short(notes[0])} does not say so."
        )


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
        parts.offered(name) for name in ("stock_level", "order_restock", "delete_stock", "refund")
    )
    twice = parts.offered("stock_level")

    def admitted(offered: list, known: dict) -> tuple[list, set]:
        given = admit(list(own), list(offered), dict(known))
        two = isinstance(given, tuple | list) and len(given) == 2 and isinstance(given[0], list)
        assert two, (
            f"`admit` returned a {type(given).__name__}; expected two: a list of tools, and a set."
        )
        return list(given[0]), set(given[1])

    admitted([], {})
    known = {"stock_level": "run", "order_restock": "ask"}
    with part("known tools come in"):
        tools, ask_for = admitted([level, order], known)
        assert _same(tools, [*own, level, order]), (
            f"Admitted: {_names(tools)}; expected {_names([*own, level, order])}."
        )
        assert ask_for == {"order_restock"}, (
            f"Asked for: {sorted(ask_for)}; expected ['order_restock']."
        )
    with part("an unknown tool stays out"):
        tools, ask_for = admitted([level, remove], known)
        assert _same(tools, [*own, level]), (
            f"`delete_stock` is not in `known`. Admitted: {_names(tools)}."
        )
        assert not ask_for, f"Nothing that was admitted needs a person; got {sorted(ask_for)}."
    with part("your own tool keeps its place"):
        tools, ask_for = admitted([same], {"refund": "run"})
        assert _same(tools, own), (
            "The server offers a `refund` of its own, and it came in: the model cannot tell which "
            f"is which. Admitted: {_names(tools)}."
        )
    with part("of two with the same name, one"):
        tools, _ = admitted([level, twice], known)
        assert _same(tools, [*own, level]), (
            f"Two servers offer `stock_level`. Admitted: {_names(tools)}; expected the first alone."
        )
    with part("a word that is not 'run' needs a person"):
        _, ask_for = admitted([level, order], {"stock_level": "Run?", "order_restock": ""})
        assert ask_for == {"stock_level", "order_restock"}, (
            f"The list says 'Run?' and '': nobody knows what that means. Asked for: "
            f"{sorted(ask_for)}."
        )
    with part("your lists are left as they are"):
        before, offered = list(own), [level, order]
        admit(before, offered, known)
        assert _same(before, own) and _same(offered, [level, order]), (
            "`admit` changed the list it was given; the next call would find other tools in it."
        )


def _same(tools: list, expected: list) -> bool:
    return [*map(id, tools)] == [*map(id, expected)]


def _names(tools: list) -> list[str]:
    return [getattr(one, "name", short(one)) for one in tools]
