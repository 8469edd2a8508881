"""Checks of lesson 5, loop prevention."""

from __future__ import annotations

import inspect
import time
from typing import Any

from langchain.agents.middleware import AgentMiddleware

import lesson_model
from exercises.core.descriptions import kind, short
from exercises.core.exercise import exercise, part
from exercises.loop_prevention import looping_desk as parts
from exercises.loop_prevention.looping_desk import ask, call

__all__ = ("ex1", "ex2", "ex3", "ex4", "ex5", "ex6")

IN, OUT = 2e-6, 8e-6  # dollars for a token, the lesson's PRICE, which `given` guards
PREDICTED = {
    "A": ("desk, limit 15", "The model has the first step, the tools the second, and so on."),
    "B": ("desk, limit 16", "Who has the sixteenth step, the model or the tools?"),
    "C": ("guarded, limit 16", "In its picture, how many boxes does one whole round pass?"),
    "D": ("fan, limit 3", "What runs at the same time is one superstep, however much it is."),
}


@exercise(
    hints=(
        "Write the supersteps down in a row: model, tools, model, tools ...",
        "The model has the steps 1, 3, 5 ... In `guarded`, count the nodes of one whole round.",
        "A round of `guarded` has four nodes: two hooks, the model, the tools. All workers of "
        "`fan` share one superstep.",
    )
)
def ex1(calls_made):
    """The number of model calls that fit in a limit is predicted."""
    assert isinstance(calls_made, dict), (
        f"`calls_made` is {kind(calls_made)}; expected a dict: {{'A': ..., ...}}."
    )
    with lesson_model.scratch() as model:
        parts.teach(model)
        counted = dict(parts.predicted_runs(model))
    for letter, (what, why) in PREDICTED.items():
        with part(f"{letter}: {what}"):
            given = calls_made.get(letter, calls_made.get(letter.lower()))
            assert given is not None, f"{letter} is missing in `calls_made`. Add {letter!r}."
            assert isinstance(given, int), f"{letter} is {kind(given)}; expected a whole number."
            assert given == counted[letter], (
                f"{letter}: you predicted {given}. We ran it, and counted something else. {why}"
            )


@exercise(
    hints=(
        "Which message tells you that the customer has spoken? What comes after it is the turn.",
        "Only an `AIMessage` makes calls, and it has a *list* of them: put the lists together.",
        "Go through the messages: at a `HumanMessage` begin a new list, at an `AIMessage` add its "
        "`tool_calls`.",
    )
)
def ex2(calls_this_turn):
    """Exactly the tool calls of the current turn are listed."""
    for title, why, messages, expected in parts.counted():
        with part(title):
            before = [message.model_copy(deep=True) for message in messages]
            got = calls_this_turn(messages)
            assert messages == before, "The messages were changed: make a list of your own."
            assert not isinstance(got, int), (
                f"{title}: it returned {kind(got)}; expected the list of the calls themselves. "
                "Its length is the number."
            )
            assert isinstance(got, list | tuple), f"It returned {kind(got)}; expected a list."
            odd = next((item for item in got if not isinstance(item, dict)), None)
            assert odd is None, f"{title}: the list holds {kind(odd)}; expected the calls."
            assert len(got) == len(expected), (
                f"{title}: it lists {len(got)}; expected {len(expected)}. Remember: {why}."
            )
            assert list(got) == expected, f"{title}: these are not the calls in their order."


@exercise(
    hints=(
        "`remaining_steps` counts what is left after the step that is running now.",
        "Saying 'tools' costs more than one step: after the tools comes the agent, and that one "
        "may have to turn off to `stop`.",
        "tools + agent + stop are three, and one step of the limit must be left over: go on only "
        "with `remaining_steps >= 4`. And look at the open calls first: without any, it is END.",
    )
)
def ex3(route):
    """The route turns off in time, whatever the limit."""
    limits = (3, 4, 5, 6, 15, 16)
    with lesson_model.scratch() as model:
        parts.teach(model)
        graph = parts.desk(route)
        runs = {limit: ask(model, graph, parts.LOST, f"{limit}", limit) for limit in limits}
        with part("it ends in words at every limit"):
            for limit, run in runs.items():
                assert run.error is None and run.words, (
                    f"With recursion_limit={limit} the run {run.ending}. {parts.too_late(run)}"
                )
        with part("the next turn works at every limit"):
            for limit, run in runs.items():
                hello = ask(model, graph, "Hello", f"{limit}", 60)
                assert hello.words == parts.GREETING, (
                    f"After recursion_limit={limit}, “Hello” {hello.ending}. The turn before "
                    f"{run.ending}."
                )
        with part("it looks as long as it can"):
            for limit in (15, 16):
                assert runs[limit].model_calls >= 6, (
                    f"With recursion_limit={limit} the model was asked "
                    f"{runs[limit].model_calls} time(s); there is room for 7."
                )
        with part("an answer is left alone"):
            hello = ask(model, graph, "Hello", "new", 3)
            assert hello.words == parts.GREETING, (
                f"“Hello” with recursion_limit=3 {hello.ending}; expected the model's greeting. "
                "It has no open calls: there is nothing to stop."
            )
            short_run = ask(model, graph, parts.SHORT, "new", 16)
            assert short_run.words == parts.FOUND_NOTHING, (
                f"A question that needs three rounds, with recursion_limit=16, {short_run.ending}; "
                "expected the model's own answer."
            )


@exercise(
    hints=(
        "What belongs to a turn must begin anew when the customer speaks.",
        "Either count the model's messages since the last `HumanMessage`, or set `rounds` back to "
        "0 in a node of its own, between START and the agent.",
        "In the route: the rounds are the messages with `type == 'ai'` after the last one with "
        "`type == 'human'`. Look at the open calls first: an answer in words needs no stop.",
    )
)
def ex4(talking_desk):
    """A turn is stopped after its rounds, and no turn pays for an earlier one."""
    with lesson_model.scratch() as model:
        parts.teach(model)
        graph = talking_desk(4)
        assert hasattr(graph, "invoke") and hasattr(graph, "get_state"), (
            f"`talking_desk` returned {kind(graph)}; expected a compiled graph: "
            "`return build(...)`, or `return graph.compile(checkpointer=InMemorySaver())`."
        )
        assert graph.checkpointer, "The desk has no checkpointer, so it remembers no thread."
        with part("a polite customer"):
            for turn in range(1, 10):
                hello = ask(model, graph, "Hello", "polite")
                assert hello.words == parts.GREETING, (
                    f"talking_desk(4), “Hello” number {turn}: it {hello.ending}; expected "
                    f"{parts.GREETING!r}. Does something still count over the whole thread?"
                )
        with part("turn after turn with tools"):
            for turn in range(1, 5):
                short_run = ask(model, graph, parts.SHORT, "short")
                assert short_run.words == parts.FOUND_NOTHING, (
                    f"talking_desk(4), turn {turn} of a thread in which each turn needs three "
                    f"rounds: it {short_run.ending}; expected {parts.FOUND_NOTHING!r}."
                )
        with part("a loop is stopped, each time"):
            for limit in (3, 5):
                looping = talking_desk(limit)
                for turn in ("first", "second"):
                    run = ask(model, looping, parts.LOST)
                    what = f"talking_desk({limit}), the {turn} turn that loops"
                    assert run.error is None and run.words, f"{what}: it {run.ending}."
                    assert run.model_calls == limit, (
                        f"{what}: the model was asked {run.model_calls} time(s); expected {limit}."
                    )
        with part("the turn after the stop"):
            hello = ask(model, looping, "Hello")
            assert hello.words == parts.GREETING, (
                f"After the stop, “Hello” {hello.ending}; expected {parts.GREETING!r}."
            )


@exercise(
    hints=(
        "What makes two calls the same? Look at a call: it has more than a name.",
        "Compare name and arguments, never the `id`, which is new for each call. Dictionaries "
        "can be compared with `==`, but they cannot be put into a set.",
        "Make a list of pairs `(call['name'], call['args'])`, and see whether `.count(pair)` is 3 "
        "or more for any of them.",
    )
)
def ex5(in_circles):
    """Repeated calls are seen wherever they stand, and progress is not taken for them."""
    for title, steps, expected, why in parts.REPEATED:
        with part(title):
            got = in_circles(
                [call(name, f"call_{n}", **args) for n, (name, args) in enumerate(steps)]
            )
            assert got is not None, "`in_circles` returned None; expected True or False."
            assert bool(got) is expected, (
                f"{title}: it returned {short(got)}; expected {expected}. {why}".rstrip()
            )


@exercise(
    given=("PRICE", "used", "dollars", "TurnState", "TurnLimits"),
    hints=(
        "What must be known before each call of the model? What the turn has used, and when it "
        "began.",
        "`before_agent` returns `{'started': time.monotonic()}`, and later it is in the state. The "
        "messages of the turn are those after the last one with `type == 'human'`.",
        "In `before_model`: `sent, written = used(turn)`; if `sent + written`, "
        "`dollars(sent, written)` or the time has reached its limit, return `{'jump_to': 'end', "
        "'messages': [AIMessage('...')]}`; above the method `@hook_config(can_jump_to=['end'])`.",
    ),
    seconds=30,
)
def ex6(Budget):
    """Tokens, money and time are limited, for each turn and each customer."""
    assert inspect.isclass(Budget) and issubclass(Budget, AgentMiddleware), (
        f"`Budget` is {kind(Budget)}; expected the class, a `TurnLimits`."
    )
    much = {"tokens": 10**9, "dollars": 10.0**9, "seconds": 10.0**9}
    with lesson_model.scratch() as model:
        parts.teach(model)
        costs = parts.costs_of_a_loop(model)
        with part("a turn that stays within"):
            run = ask(model, parts.agent_with(Budget(**much)), parts.SHORT)
            assert run.words == parts.FOUND_NOTHING, (
                f"A question that needs three calls, with a huge budget: it {run.ending}; "
                "expected the model's own answer."
            )
        # Each budget lies between what a plausible mistake would count after the fifth call and
        # what is right, so the mistake goes on for a call too many.
        tokens = parts.between([s for s, _ in costs], [s + w for s, w in costs])
        with part("tokens"):
            agent = parts.agent_with(Budget(**{**much, "tokens": tokens}))
            _stopped(ask(model, agent, parts.LOST), costs, f"{tokens} tokens", Budget)
            hello = ask(model, agent, "Hello")
            assert hello.words == parts.GREETING, (
                f"After the stop, “Hello” {hello.ending}; expected {parts.GREETING!r}. The budget "
                "is for one turn: count the messages since the customer last spoke."
            )
        price = [s * IN + w * OUT for s, w in costs]
        money = parts.between([(s + w) * IN for s, w in costs], price)
        with part("money"):
            agent = parts.agent_with(Budget(**{**much, "dollars": money}))
            _stopped(ask(model, agent, parts.LOST), costs, f"${money:.6f}", Budget)
        with part("time"):
            agent = parts.agent_with(Budget(**{**much, "seconds": 0.3}), lambda: time.sleep(0.1))
            run = ask(model, agent, parts.LOST)
            _in_words(run, "0.3 seconds, and a tool that takes 0.1 s,", Budget)
            assert run.model_calls <= 5, (
                f"With 0.3 seconds, and a tool that takes 0.1 s, the model was asked "
                f"{run.model_calls} times; expected 4."
            )
            # A busy machine may take 0.3 s to get to the model, though hardly time after time; a
            # clock that is never set back is late always.
            replies = (ask(model, agent, "Hello") for _ in range(20))
            assert any((hello := reply).words == parts.GREETING for reply in replies), (
                f"After the stop, “Hello” {hello.ending}; expected {parts.GREETING!r}. When does "
                "the clock of a turn begin?"
            )
        with part("two customers at once"):
            run = parts.run_beside_another_customer(model, Budget(**{**much, "seconds": 0.3}))
            assert run.error is None and run.words, (
                f"With 0.3 seconds, and another customer who says hello while the tool works, the "
                f"run {run.ending}. (Is the beginning kept on `self`? That belongs to everybody.)"
            )


def _in_words(run: parts.Run, what: str, budget: Any) -> None:
    cure = ""
    if budget.before_model is AgentMiddleware.before_model:
        cure = " It has no `before_model`, which runs where all calls are answered."
    elif not getattr(budget.before_model, "__can_jump_to__", None):
        cure = " Say that the hook may jump: `@hook_config(can_jump_to=['end'])`."
    assert run.error is None and run.words, (
        f"With a budget of {what} the run {run.ending}; expected your words.{cure}"
    )


def _stopped(run: parts.Run, costs: list[tuple[int, int]], what: str, budget: Any) -> None:
    """Assert that a looping run was stopped, in words, after the fifth call."""
    _in_words(run, what, budget)
    sent, written = costs[run.model_calls - 1] if run.model_calls else (0, 0)
    assert run.model_calls == 5, (
        f"With a budget of {what}, it was stopped after {run.model_calls} calls ({sent} tokens "
        f"sent, {written} written); expected 5 calls ({costs[4][0]} and {costs[4][1]})."
    )
