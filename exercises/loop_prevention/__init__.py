"""Checks of lesson 5, loop prevention."""

from __future__ import annotations

import copy
import functools
import inspect
from itertools import accumulate
from typing import Any

from langchain.agents.middleware import AgentMiddleware

import lesson_model
from exercises.core.clock import movable_clock
from exercises.core.descriptions import assert_sorted, kind, short
from exercises.core.exercise import exercise, part, trying
from exercises.loop_prevention import loops
from exercises.loop_prevention.loops import ask, call

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
    said = {letter: calls_made.get(letter, calls_made.get(letter.lower())) for letter in PREDICTED}
    assert_sorted(said, "calls_made")
    with lesson_model.scratch() as model:
        loops.teach(model)
        counted = dict(loops.predicted_runs(model))
    for letter, (what, why) in PREDICTED.items():
        with part(f"{letter}: {what}"):
            given = said[letter]
            assert given is not None, f"{letter} is missing in `calls_made`. Add {letter!r}."
            is_number = isinstance(given, int) and not isinstance(given, bool)
            assert is_number, f"{letter} is {kind(given)}; expected a whole number."
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
    for title, why, fits, before, expected in loops.counted():
        with part(title, held_by="" if expected else "an empty list"):
            # A copy for each: the threads share messages, and one may be changed.
            messages = [message.model_copy(deep=True) for message in before]
            got = calls_this_turn(messages)
            assert messages == before, "The messages were changed: make a list of your own."
            assert not isinstance(got, int), (
                f"It returned {kind(got)}; expected the list of the calls themselves. Its length "
                "is the number."
            )
            assert isinstance(got, list | tuple), f"It returned {kind(got)}; expected a list."
            odd = next((item for item in got if not isinstance(item, dict)), None)
            assert odd is None, f"The list holds {kind(odd)}; expected the calls."
            got = list(got)
            many = f"{len(got)} call{'s' * (len(got) != 1)}"
            assert got == expected or got != loops.calls_of(before), (
                f"It lists the {many} of the whole thread; expected the {len(expected)} made since "
                "the customer last spoke."
            )
            assert len(got) == len(expected), f"It lists {many}; expected {len(expected)}." + (
                f" Remember: {why}." if len(got) in fits else ""
            )
            assert got == expected, loops.other_calls(got, expected)
            again = list(calls_this_turn(messages))
            assert again == expected and messages == before, (
                f"Called a second time with the same messages, it lists {len(again)} call(s); "
                f"expected {len(expected)} again. What does it keep between two calls?"
            )


@exercise(
    hints=(
        "`remaining_steps` counts what is left after the step that is running now.",
        "Saying 'tools' costs more than one step: after the tools comes the agent, and that one "
        "may have to turn off to `stop`.",
        "tools + agent + stop are three, and one step of the limit must be left over: go on only "
        "with `remaining_steps >= 4`. And look at the open calls first: without any, it is END.",
    ),
    seconds=60,
)
def ex3(route):
    """The route turns off in time, whatever the limit."""
    limits = (3, 4, 5, 6, 15, 16)
    with lesson_model.scratch() as model:
        loops.teach(model)
        graph = loops.desk(route)
        # A long run comes first: what a route keeps of a short one shows nothing later.
        with trying("a run with recursion_limit=250"):
            first = loops.calls_made_by(route, 250)
        runs = {}
        for limit in limits:  # with 4 and 16 the messages that call hold words, too
            question = loops.TALKATIVE if limit in (4, 16) else loops.LOST
            runs[limit] = ask(model, graph, question, f"{limit}", limit)
        with part("it ends in words at every limit", held_by="a route that stops at once"):
            for limit, run in runs.items():
                assert run.error is None and run.words, (
                    f"With recursion_limit={limit} the run {run.ending}. {loops.too_late(run)}"
                )
        with part("the next turn works at every limit"):
            for limit, run in runs.items():
                for _ in range(2):
                    hello = ask(model, graph, "Hello", f"{limit}", 60)
                    assert hello.words == loops.GREETING, (
                        f"After recursion_limit={limit}, “Hello” {hello.ending}. The turn before "
                        f"{run.ending}."
                    )
        with part("it looks as long as it can, and no longer"):
            right_before = " In an earlier run it was right. What does the route keep between runs?"
            steps = (
                " `remaining_steps` counts steps: all calls of a message are one step, however "
                "many messages they add."
            )
            for limit in (250, 60, 100, *range(3, 41), 250, 16, 3, 15):
                calls, room = loops.calls_made_by(route, limit), (limit - 1) // 2
                assert calls == room, (
                    f"With recursion_limit={limit}, and a model whose messages hold words and two "
                    f"calls each, the model was asked {calls} time(s); there is room for {room}."
                    + (right_before if calls != first == room else steps)
                )
            assert first == 124, (
                f"In the first of all runs, with recursion_limit=250, the model was asked {first} "
                "time(s); there is room for 124. What does the route keep between two calls?"
            )
            for limits in ((15, 15), (15, 8), (7, 30)):
                counts = loops.calls_in_turns(route, limits)
                room = tuple((limit - 1) // 2 for limit in limits)
                assert counts == room, (
                    f"Two customers at once, with recursion_limit={limits[0]} and {limits[1]}: the "
                    f"model was asked {counts[0]} and {counts[1]} time(s); there is room for "
                    f"{room[0]} and {room[1]}. What does the route keep between two calls?"
                )
            loops.calls_in_turns(route, (15,), broken_off_after=2)
            calls = loops.calls_made_by(route, 15)
            assert calls == 7, (
                "A turn broke off after two rounds. In the next one, with recursion_limit=15, the "
                f"model was asked {calls} time(s); there is room for 7. What does the route keep?"
            )
            later = [ask(model, graph, loops.LOST, "15", limit).model_calls for limit in (9, 10)]
            assert later == [4, 4], (
                f"On a thread with earlier turns, with recursion_limit=9 and 10, the model was "
                f"asked {later} times; there is room for [4, 4].{steps}"
            )
        with part("an answer is left alone", held_by="a route that never stops"):
            hello = ask(model, graph, "Hello", "new", 3)
            assert hello.words == loops.GREETING, (
                f"“Hello” with recursion_limit=3 {hello.ending}; expected the model's greeting. "
                "It has no open calls: there is nothing to stop."
            )
            for limit in (16, 8, 7):
                short_run = ask(model, graph, loops.SHORT, "new", limit)
                assert short_run.words == loops.FOUND_NOTHING, (
                    f"A question that needs three rounds, with recursion_limit={limit}, "
                    f"{short_run.ending}; expected the model's own answer."
                )


@exercise(
    hints=(
        "What belongs to a turn must begin anew when the customer speaks.",
        "Either count the model's messages since the last `HumanMessage`, or set `rounds` back to "
        "0 in a node of its own, between START and the agent.",
        "In the route: the rounds are the messages with `type == 'ai'` after the last one with "
        "`type == 'human'`. Look at the open calls first: an answer in words needs no stop.",
    ),
    seconds=60,
)
def ex4(talking_desk):
    """A turn is stopped after its rounds, and no turn pays for an earlier one."""
    with lesson_model.scratch() as model:
        loops.teach(model)
        graph = talking_desk(4)
        assert hasattr(graph, "invoke") and hasattr(graph, "get_state"), (
            f"`talking_desk` returned {kind(graph)}; expected a compiled graph: "
            "`return build(...)`, or `return graph.compile(checkpointer=InMemorySaver())`."
        )
        assert graph.checkpointer, "The desk has no checkpointer, so it remembers no thread."
        never, looped = "a desk that never stops", []

        def stops(
            graph: Any, thread: str, limit: int, what: str, question: str = loops.LOST
        ) -> None:
            steps = 20 + 6 * limit  # ample; a desk that never stops is refused soon
            run = ask(model, graph, question, thread, steps)
            looped.append(run)
            assert run.error is None and run.words, (
                f"{what}, with recursion_limit={steps}: it {run.ending} after {run.model_calls} "
                f"call(s) of the model; expected words, after {limit}."
            )
            assert run.model_calls == limit, (
                f"{what}: the model was asked {run.model_calls} time(s); expected {limit}."
            )

        with part("a polite customer", never):
            polite = talking_desk(1)
            for turn in range(1, 12):
                hello = ask(model, polite, "Hello", "polite")
                likely = "Does something still count over the whole thread?"
                if turn == 1:
                    likely = "An answer in words ends the turn, also the last one allowed."
                assert hello.words == loops.GREETING, (
                    f"talking_desk(1), “Hello” number {turn}: it {hello.ending}; expected "
                    f"{loops.GREETING!r}. {likely}"
                )
        with part("turn after turn with tools", never):
            for turn in range(1, 4):
                short_run = ask(model, graph, loops.SHORT, "short")
                assert short_run.words == loops.FOUND_NOTHING, (
                    f"talking_desk(4), turn {turn} of a thread in which each turn needs three "
                    f"rounds: it {short_run.ending}; expected {loops.FOUND_NOTHING!r}."
                )
            last = ask(model, talking_desk(3), loops.SHORT, "last")
            assert last.words == loops.FOUND_NOTHING, (
                f"talking_desk(3), “{loops.SHORT}”, to which the model's third answer is words: it "
                f"{last.ending}; expected {loops.FOUND_NOTHING!r}."
            )
            many = ask(model, graph, loops.MANY, "many")
            assert many.error is None and many.model_calls == 2 and many.words, (
                f"talking_desk(4), one round with five tool calls, then the answer: it "
                f"{many.ending} after {many.model_calls} call(s) of the model; expected 2, and the "
                "model's words. A round is one answer of the model, whatever calls it holds."
            )
        with part("a loop is stopped, each time"):
            for limit in (1, 2, 5, 12):
                looping, what = talking_desk(limit), f"talking_desk({limit})"
                stops(looping, "1", limit, f"{what}, the first turn that loops")
                if limit == 5:
                    stops(looping, "1", limit, f"{what}, the second turn that loops")
                    ask(model, looping, "Hello", "1")
                    ask(model, looping, loops.SHORT, "1")
                    stops(looping, "1", limit, f"{what}, a later turn that loops")
                    why = f"{what}, a loop in which each answer holds words and two calls"
                    stops(looping, "1", limit, why, loops.TALKATIVE)
        with part("the turn after the stop"):
            assert looped and looped[-1].error is None and looped[-1].words, (
                "There was no stop: the turn before was to be ended in words."
            )
            for _ in range(2):
                loops.assert_greets(model, looping, "After the stop")
        with part("two customers at once"):
            both = talking_desk(5)
            config = {"configurable": {"thread_id": "Ann"}, "recursion_limit": 60}
            before, others = len(model.requests), 0
            # Between two steps of Ann's turn, Bob says hello or has a turn that loops.
            try:
                for number, _ in enumerate(both.stream({"messages": loops.LOST}, config)):
                    start = len(model.requests)
                    if number == 1:
                        stops(both, "Bob", 5, "While Ann's turn goes on, Bob's turn loops")
                    else:
                        when = "While Ann's turn goes on, Bob greets"
                        loops.assert_greets(model, both, when, thread="Bob")
                    others += len(model.requests) - start
            except loops.LIMIT_ERRORS as error:
                raise AssertionError(
                    "talking_desk(5): while Ann's turn looped, Bob used the same desk on a thread "
                    f"of his own. Ann's turn ended with {type(error).__name__}; expected words, "
                    "after 5 calls of the model. What do the two share?"
                ) from None
            asked = len(model.requests) - before - others
            assert asked == 5, (
                f"talking_desk(5): while Ann's turn looped, Bob used the same desk on a thread of "
                f"his own. For Ann the model was asked {asked} time(s); expected 5."
            )
        with part("the turn after a turn that broke off"):
            for limit, rounds in ((5, 4), (3, 1)):
                broken = talking_desk(limit)
                for _ in range(2):
                    loops.break_off(model, broken, "broken", rounds)
                what = (
                    f"talking_desk({limit}), the turn after two that broke off after {rounds} "
                    "round(s), as the model refused the key"
                )
                stops(broken, "broken", limit, what)
        with part("a checkpointer of its own", never):
            for limit, other in ((12, looping), (4, talking_desk(4))):
                kept = other.get_state({"configurable": {"thread_id": "short"}}).values
                assert not kept.get("messages"), (
                    f"Two desks were built, talking_desk(4) and talking_desk({limit}), and the "
                    "second one knows the threads of the first."
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

    def judged(title: str, steps: list[Any], expected: bool, why: str) -> None:
        calls = [call(name, f"call_{n}", **args) for n, (name, args) in enumerate(steps)]
        before = copy.deepcopy(calls)
        for time_ in ("", "Asked a second time, "):
            got = in_circles(calls)
            assert got is not None, "`in_circles` returned None; expected True or False."
            assert calls == before, (
                f"The calls were changed: {loops.change(calls, before)}. They stand in the thread; "
                "make a list of your own."
            )
            assert bool(got) is expected, (
                f"{time_}it returned {short(got)} for {title}; expected {expected}. {why}".rstrip()
            )

    for title, steps, expected, why in loops.REPEATED:
        with part(title, held_by=f"a function that always says {expected}"):
            shown = [f"{name}({args})" for name, args in steps]
            shown[4:] = [f"... ({len(steps)} calls)"] if len(steps) > 5 else shown[4:]
            judged(", ".join(shown) or "no calls", steps, expected, why)
    with part("every order of a few calls"):
        for letters in loops.ORDERS:
            times = max(letters.count(letter) for letter in letters)
            steps = [("search", {"text": letter}) for letter in letters]
            judged(" ".join(letters), steps, times >= 3, f"One call stands there {times} time(s).")


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
    seconds=60,
)
def ex6(Budget):
    """Tokens, money and time are limited, for each turn and each customer."""
    assert inspect.isclass(Budget) and issubclass(Budget, AgentMiddleware), (
        f"`Budget` is {kind(Budget)}; expected the class, a `TurnLimits`."
    )
    much = {"tokens": 10**9, "dollars": 10.0**9, "seconds": 10.0**9}
    with lesson_model.scratch() as model:
        loops.teach(model)
        costs = loops.costs_of_a_loop(model)
        with part("a turn that stays within", held_by="a `Budget` that stops nothing"):
            run = ask(model, loops.agent_with(Budget(**much)), loops.SHORT)
            assert run.words == loops.FOUND_NOTHING, (
                f"A question that needs three calls, with a huge budget: it {run.ending}; "
                "expected the model's own answer."
            )
        # Each budget lies between what a plausible mistake would count after the fifth call and
        # what is right, so the mistake goes on for a call too many.
        tokens = loops.between([s for s, _ in costs], [s + w for s, w in costs])
        with part("tokens"):
            agent = loops.agent_with(Budget(**{**much, "tokens": tokens}))
            _stopped(ask(model, agent, loops.LOST), costs, tokens, Budget)
            _greets_after_a_stop(model, agent)
            for calls, left in ((1, -1), (1, 0), (2, -1), (2, 0)):
                budget = sum(costs[calls - 1]) + left
                run = ask(model, loops.agent_with(Budget(**{**much, "tokens": budget})), loops.LOST)
                _in_words(run, f"{budget} tokens", Budget)
                assert run.model_calls == calls, (
                    f"With a budget of {budget} tokens, which call {calls} uses up, it was "
                    f"stopped after {run.model_calls} calls; expected {calls}."
                )
        price = [s * IN + w * OUT for s, w in costs]
        money = loops.between([(s + w) * IN for s, w in costs], price)
        with part("money"):
            agent = loops.agent_with(Budget(**{**much, "dollars": money}))
            _stopped(ask(model, agent, loops.LOST), costs, money, Budget)
            _greets_after_a_stop(model, agent)
            (sent, written), *_ = costs
            exact = (sent * 1e6 * IN + written * 1e6 * OUT) / 1e6  # as `dollars` counts
            run = ask(model, loops.agent_with(Budget(**{**much, "dollars": exact})), loops.LOST)
            _in_words(run, f"${exact:.6f}", Budget)
            assert run.model_calls == 1, (
                f"With a budget of ${exact:.6f}, which the first call uses up exactly, it was "
                f"stopped after {run.model_calls} calls; expected 1: as soon as it *has* used them."
            )
        with part("time"), movable_clock(Budget) as move:
            agent = loops.agent_with(Budget(**{**much, "seconds": 250}), lambda: move(100))
            run = ask(model, agent, loops.LOST)
            what = "250 seconds, and a tool that takes 100 s"
            _in_words(run, what, Budget)
            assert run.model_calls == 3, (
                f"With {what}, the model was asked {run.model_calls} times; expected 3: after "
                "three runs of the tool 300 s have passed."
            )
            clock = " When does the clock of a turn begin?"
            loops.assert_greets(model, agent, "After the stop", clock)
            for before in ("a turn that ended well", "a turn that broke off with an error"):
                if before != "a turn that ended well":
                    loops.break_off(model, agent, "1", 1)
                move(300)
                loops.assert_greets(model, agent, f"300 s after {before}", clock)
        with part("parts of a second"), movable_clock(Budget, stands=True) as move:
            quarters = (0.0, 0.25, 0.25, 0.25)  # a turn begins at each quarter of a second
            for seconds, takes, calls, starts in (
                (0.3, 0.14, 3, quarters),
                (0.9, 0.35, 3, (0.25,)),
                (1.5, 0.7, 3, (0.25,)),
            ):
                for later in starts:
                    move(later)
                    work = functools.partial(move, takes)
                    agent = loops.agent_with(Budget(**{**much, "seconds": seconds}), work)
                    run = ask(model, agent, loops.LOST, limit=20)
                    what = f"{seconds} seconds, and a tool that takes {takes} s"
                    passed = f"{takes * calls:g} s have passed after {calls} runs of the tool"
                    _in_words(run, f"{what} ({passed})", Budget)
                    assert run.model_calls == calls, (
                        f"With {what}, the model was asked {run.model_calls} times; expected "
                        f"{calls}, as {takes * calls:g} s have passed then."
                    )
                    move(-takes * calls)
        # A clock that stands: how long the hello takes on a busy machine counts for nobody.
        with part("two customers at once"), movable_clock(Budget, stands=True) as move:
            budget = Budget(**{**much, "seconds": 0.3})
            before = _held_by(budget)
            run = loops.run_beside_another_customer(model, budget, move)
            assert run.error is None and run.words, (
                f"With 0.3 seconds, and another customer who says hello while the tool works, the "
                f"run {run.ending}.{_kept_on_self(budget, before)}"
            )
            tokens = sum(costs[5])
            budget = Budget(**{**much, "tokens": tokens})
            kept = _held_by(budget)
            run = loops.run_beside_another_customer(model, budget, move, loops.SHORT)
            _in_words(run, f"{tokens} tokens, while another customer says hello", Budget)
            *before, spent = [0, *loops.spent_in_turn(run)]
            assert before and before[-1] < tokens <= spent, (
                f"With a budget of {tokens} tokens, and another customer who says hello while the "
                f"tool works, the turn was stopped when it had used {spent} tokens; expected the "
                f"first call at which it has used {tokens}.{_kept_on_self(budget, kept)}"
            )


def _held_by(budget: Any) -> dict[str, str]:
    """Return the names and the values, as text, of what a middleware holds."""
    return {name: repr(value) for name, value in vars(budget).items()}


def _kept_on_self(budget: Any, before: dict[str, str]) -> str:
    """Name what a run has set on a middleware, which all customers share."""
    kept = [
        f"`self.{name}`" for name, value in _held_by(budget).items() if before.get(name) != value
    ]
    return f" The run has set {', '.join(kept)}: `self` belongs to everybody." if kept else ""


def _in_words(run: loops.Run, what: str, budget: Any, used: str = "", expected: str = "") -> None:
    cure = ""
    if budget.before_model is AgentMiddleware.before_model:
        cure = " It has no `before_model`, which runs where all calls are answered."
    elif not getattr(budget.before_model, "__can_jump_to__", None) and _jumps(budget.before_model):
        cure = " Say that the hook may jump: `@hook_config(can_jump_to=['end'])`."
    assert run.error is None and run.words, (
        f"With a budget of {what}, the run {run.ending}{used}; expected your words{expected}.{cure}"
    )
    assert not (left := loops.open_calls(run)), (
        f"With a budget of {what}, the thread holds {left} tool call(s) that no `ToolMessage` "
        "answers: stop where all calls are answered, before the model is asked."
    )


def _jumps(hook: Any) -> bool:
    """Return whether a hook's own code speaks of a jump; one that returns None lacks another."""
    code = getattr(hook, "__code__", None)
    return code is not None and "jump_to" in str(code.co_consts)


def _greets_after_a_stop(model: Any, agent: Any) -> None:
    """Assert that the turns after one that was stopped begin at 0."""
    why = " The budget is for one turn: count the messages since the customer last spoke."
    for _ in range(2):
        loops.assert_greets(model, agent, "After the stop", why)


def _stopped(run: loops.Run, costs: list[tuple[int, int]], limit: int | float, budget: Any) -> None:
    """Assert that a looping run was stopped, in words, after the fifth call.

    Args:
        run: The run.
        costs: What has been sent and written after each call.
        limit: What the budget allows, in tokens or in dollars (a float).
        budget: The class `Budget`.
    """
    what = f"${limit:.6f}" if isinstance(limit, float) else f"{limit} tokens"
    calls = loops.costs_of(run)
    sent, written = sum(sent for sent, _ in calls), sum(written for _, written in calls)
    used = f" after {run.model_calls} calls ({sent} tokens sent, {written} written)"
    expected = f" after 5 calls ({costs[4][0]} and {costs[4][1]})"
    _in_words(run, what, budget, used, expected)
    assert run.model_calls == 5, (
        f"With a budget of {what}, it was stopped{used}; expected it{expected}."
        f"{_miscounted(calls, limit)}"
    )


def _miscounted(calls: list[tuple[int, int]], limit: int | float) -> str:
    """Say which count stops a run exactly where it was stopped, too late.

    Args:
        calls: What each call of the model sent and wrote.
        limit: What the budget allows, in tokens or in dollars (a float).
    """
    if len(calls) < 6:
        return ""
    sent, written = (list(accumulate(column)) for column in zip(*calls, strict=True))
    alone = [one for one, _ in calls]

    def stops(first: list[int], second: list[int]) -> bool:
        spent = [
            s * IN + w * OUT if isinstance(limit, float) else s + w
            for s, w in zip(first, second, strict=True)
        ]
        return max(spent[:-1]) < limit <= spent[-1]

    if stops(alone, written) or stops(alone, [one for _, one in calls]):
        return (
            f" Each call is paid for: {len(calls)} calls sent {sent[-1]} tokens in all; you "
            f"counted {alone[-1]}, which the last of them sent."
        )
    if isinstance(limit, float) and stops(written, sent):
        return " `used` returns what was sent, then what was written."
    return ""
