"""Checks of lesson 4, retry and fallback."""

from __future__ import annotations

import itertools
import re

import openai
from langchain_core.exceptions import ModelAuthenticationError, ModelRateLimitError
from langchain_openai import ChatOpenAI

from exercises.core.descriptions import kind, short
from exercises.core.exercise import exercise, part
from exercises.retry_and_fallback import services
from exercises.retry_and_fallback.services import (
    ANSWER,
    Service,
    answer_of,
    asked,
    failed_turn,
    found_by,
    slow_run,
    told,
    turns_of,
)
from lab.herd import CAP, stampede

__all__ = ("ex1", "ex2", "ex3", "ex4", "ex5", "ex6", "ex7")


@exercise(
    hints=(
        "Two layers stand around the default desk. Which of them tries a 400 again?",
        "The SDK sends 1 request for 400 and 401, and 3 for 429 and 500. The policy retries all.",
        "Multiply the two. The careful desk has only one layer, and it asks `is_transient`.",
    )
)
def ex1(requests):
    """The predicted numbers are those the wire sees."""
    assert isinstance(requests, dict), f"`requests` is {kind(requests)}; expected a dictionary."
    for name in ("default", "careful"):
        with part(f"the {name} desk"):
            assert name in requests, (
                f"`requests` has no {name!r}: its keys are {list(requests)}; expected 'default' "
                "and 'careful'."
            )
            said = requests[name]
            assert isinstance(said, dict), f"`requests[{name!r}]` is {kind(said)}; expected a dict."
            lines = [
                services.miscounted(said, n, careful=name == "careful")
                for n in (400, 401, 429, 500)
            ]
            assert not any(lines), "\n".join(filter(None, lines))


@exercise(
    hints=(
        "From which retry on is `2 * 2 ** (retry - 1)` above 30? What does `min` do to it then?",
        "First the cap, then the random number.",
        "Full jitter: `random.uniform(0, min(30.0, 2.0 * 2 ** (retry - 1)))`.",
    ),
)
def ex2(wait):
    """Waits double up to the cap, and are spread at every retry."""
    # So many that an average is hardly ever off: of 200, it was in one of 10,000 right answers.
    waits = {retry: [wait(retry) for _ in range(1000)] for retry in (1, 2, 3, 4, 5, 6, 8, 12, 60)}
    broken = "`wait_capped_last`"
    for retry, drawn in waits.items():
        odd = [kind(x) for x in drawn if not (isinstance(x, int | float) and x >= 0)]
        assert not odd, f"`wait({retry})` returned {odd[0]}; expected seconds, 0 or more."
    with part("never more than 30 s", broken):
        longest = max(waits, key=lambda retry: max(waits[retry]))
        assert max(waits[longest]) <= CAP + 1e-9, (
            f"`wait({longest})` was {max(waits[longest]):.1f} s; expected 30 s at most. Draw from "
            "a range that ends at the cap."
        )
    with part("about 2 s at first, doubling up to the cap", broken):
        services.assert_doubling(waits)
    with part("spread out at every retry"):
        services.assert_spread(waits)
        peak = stampede(wait, outage=0).peak
        assert peak < 400, (  # a fifth of 1.5 s holds no more than 333 in 100 ms, or a few more
            f"{peak} of 1,000 clients came back within the same 100 ms. Draw from all numbers of "
            "the range (`random.uniform`), not from a few."
        )


@exercise(
    hints=(
        "When does LangGraph know that a node failed? When an exception leaves it.",
        "Without `try` the policy sees the error. But which errors does it retry by default?",
        "`quick._replace(max_attempts=4, retry_on=is_transient)` for the node, and no `try` in it.",
    ),
    given=("Shelf",),
)
def ex3(build_finder):
    """The node runs again for what is transient, and for nothing else."""
    busy = ConnectionError("busy")
    with part("busy twice, then well"):
        service = Service(busy, busy)
        found, error, slept = found_by(build_finder, service)
        assert error is None and isinstance(found, dict) and found.get("status") == "shipped", (
            f"The service was asked {service.calls} time(s), and it ended with "
            f"{short(error or found)}; expected 3 calls, 'shipped'. A policy sees an error only if "
            "it leaves the node."
        )
        assert service.orders == {"K-31"}, (
            f"The graph was asked about K-31, and the service about {service.orders}."
        )
        assert len(slept) == 2, (
            f"The service was asked {service.calls} times, with {len(slept)} wait(s) between; "
            "expected a wait before each retry. Who tries again without waiting?"
        )
        assert 0.005 <= slept[0] <= 0.02 and slept[1] <= 0.1, (
            f"It waited {[round(s, 2) for s in slept]} s; expected about [0.01, 0.02]. A "
            "`RetryPolicy` starts at 0.5 s and adds up to a second of jitter, if nobody says more."
        )
    with part("a timeout and a rate limit are transient, too"):
        says = "waits at the depot"
        slow = TimeoutError("too slow")
        slow.__cause__ = KeyError("late")  # what is raised counts, not what it was raised from
        service = Service(slow, ModelRateLimitError("slow down"), says=says)
        found, error, _ = found_by(build_finder, service)
        assert error is None and service.calls == 3, (
            f"After a TimeoutError and a rate limit it ended with {short(error or found)} in "
            f"{service.calls} call(s); expected 3. `is_transient` says what is worth another try."
        )
        assert found.get("status") == says, (
            f"The service said {says!r}, and the status is {short(found.get('status'))}."
        )
    with part("busy for ever"):
        service = Service(busy, for_ever=True)
        found, error, _ = found_by(build_finder, service)
        likely = " Does a second layer try again, too? Two layers multiply."
        if service.calls == 5:
            likely = " `max_attempts` counts the first call, too."
        assert service.calls == 4, (
            f"The service was asked {service.calls} time(s); expected 4."
            f"{likely if service.calls > 4 else ''}"
        )
        assert isinstance(error, ConnectionError), (
            f"Four failures ended with {short(error or found)}; expected the ConnectionError: what "
            "cannot be cured is raised, for others to handle."
        )
    with part("the same graph, asked again and again"):
        service = Service(busy, busy, None, busy, busy, busy, None, *[busy] * 4, busy)
        graph = build_finder(service)
        for expected in (3, 4, 4, 2):
            before = service.calls
            found_by(build_finder, service, graph)
            assert service.calls - before == expected, (
                f"One graph, several questions: for one of them the service was asked "
                f"{service.calls - before} times; expected {expected}. Attempts are counted from 1 "
                "each time."
            )
    with part("two questions at the same time"):
        calls = services.found_side_by_side(build_finder)
        assert calls == (4, 4), (
            "The service is busy for ever; while one question is tried again, somebody else asks "
            f"about the same order. The service was asked {calls[0]} and {calls[1]} times; "
            "expected 4 and 4: each run counts its own."
        )
    stay = (KeyError("order"), ValueError("bug"), AssertionError("bug"))
    bugs = {type(bug).__name__: bug for bug in (*stay, ModelAuthenticationError("key"))}
    bugs["ValueError"].__cause__ = bugs["AssertionError"].__context__ = busy
    bugs["a used-up quota"] = ModelRateLimitError("bill")
    bugs["a used-up quota"].code = "insufficient_quota"
    for name, bug in bugs.items():
        with part(f"{name} is raised at once"):
            service = Service(bug, for_ever=True)
            found, error, _ = found_by(build_finder, service)
            likely = ""
            if service.calls > 1:
                likely = " `is_transient` knows; ask it about this very error."
            elif error is None:
                likely = " Who makes a state of it? Let it out of the graph as it is."
            assert service.calls == 1 and type(error) is type(bug), (
                f"{name!r} stays, however often you try. The service was asked {service.calls} "
                f"time(s), and the run ended with {short(error or found)}; expected one call, and "
                f"that error out of the graph.{likely}"
            )


@exercise(
    hints=(
        "Who sets `failures` back to 0? Follow a turn that ends well, and one that gives up.",
        "Two returns lead to END. What does each of them leave in the thread?",
        "Both updates that go to END need `'failures': 0`.",
    ),
    given=("Turn",),
)
def ex4(build_desk):
    """The counter belongs to a turn, the thread goes on."""
    busy, broken = ConnectionError("busy"), "`build_desk_that_remembers`"
    with part("pauses before retries", broken):
        turns = turns_of(build_desk, Service(busy, busy), 1)
        assert turns == [("shipped", 3, [1, 2])], told(turns, [("shipped", 3, [1, 2])])
    with part("a new turn after a success"):
        turns = turns_of(build_desk, Service(busy, busy), 2)
        assert turns[1] == ("shipped", 1, []), (
            f"In turn 1 the service was busy twice, in turn 2 it was well. {told(turns)} Expected "
            "no pause in turn 2: who sets the counter back?"
        )
    with part("gives up after four calls", broken):
        (answer, calls, pauses), *_ = turns_of(build_desk, Service(busy, for_ever=True), 1)
        assert (calls, pauses) == (4, [1, 2, 3]) and answer, (
            f"Busy for ever: {calls} call(s), pauses {pauses}, answer {short(answer)}; expected "
            "4 calls, pauses [1, 2, 3] and a sentence."
        )
    with part("a new turn after giving up"):
        turns = turns_of(build_desk, Service(*[busy] * 5), 2)
        assert turns[1] == ("shipped", 2, [1]), (
            f"Turn 1 gave up; in turn 2 the service was busy once. {told(turns)} Expected "
            "2 calls and the pause [1] in turn 2."
        )
    with part("turn after turn on one thread"):
        counts, errors = (2, 0, 3, 4, 1, 4, 4, 0, 3, 1), []
        for count in counts:
            errors += [busy] * count + ([None] if count < 4 else [])
        turns = turns_of(build_desk, Service(*errors), len(counts))
        for number, (count, (answer, calls, pauses)) in enumerate(zip(counts, turns, strict=True)):
            expected = (min(count + 1, 4), list(range(1, min(count, 3) + 1)))
            assert (calls, pauses) == expected and (answer == "shipped") == (count < 4), (
                f"One thread; in turn {number + 1} the service is busy {count} time(s). "
                f"{told([(answer, calls, pauses)], first=number + 1)} Expected {expected[0]} "
                f"call(s), the pauses {expected[1]}, and "
                f"{'shipped' if count < 4 else 'a sentence that says sorry'}."
            )
    with part("two customers, the same order, at the same time", broken):
        first, second = services.turns_side_by_side(build_desk)
        assert first == ("shipped", [1, 2]) and second == ("shipped", []), (
            f"While the first customer's turn pauses, a second one asks on another thread, and the "
            f"service answers. The first got {first}, expected ('shipped', [1, 2]); the second got "
            f"{second}, expected ('shipped', []). Where is the counter kept?"
        )
    with part("a subclass of ConnectionError is tried again", broken):
        service = Service(ConnectionResetError("cut"))
        answer, error = answer_of(build_desk, service)
        assert (answer, service.calls) == ("shipped", 2), (
            f"The service raised a ConnectionResetError, which is a ConnectionError; it was asked "
            f"{service.calls} time(s), and the run ended with {short(error or answer)}; expected "
            "2 calls and 'shipped'. `except ConnectionError` catches the subclasses, too."
        )
    with part("an empty answer is an answer", broken):
        service = Service(says="")
        answer_of(build_desk, service)
        assert service.calls == 1, (
            f"The service answered with '', and raised nothing; it was asked {service.calls} "
            "times; expected one call: only a ConnectionError is worth another try."
        )
    # A `RetryPolicy` retries an AssertionError unless it is told otherwise, and none of the others.
    others = (KeyError("order"), ValueError("bug"), AssertionError("bug"))
    others += (TimeoutError("slow"), FileNotFoundError("list"))
    for bug in others:
        with part(f"{type(bug).__name__} is raised at once", broken):
            service = Service(bug, for_ever=True)
            answer, error = answer_of(build_desk, service)
            assert type(error) is type(bug) and service.calls == 1, (
                f"The service raises {type(bug).__name__}; it was asked "
                f"{service.calls} time(s), and the run ended with {short(error or answer)}. Only a "
                "ConnectionError is worth another try; expected 1 call and that error."
            )
    with part("the thread remembers", broken):
        desk, thread = build_desk(Service(), [].append), {"configurable": {"thread_id": "check"}}
        assert getattr(desk, "checkpointer", None), (
            "The graph has no checkpointer and forgets everything; expected one, as in the desk "
            "above. Compile it with `checkpointer=InMemorySaver()`."
        )
        desk.invoke({"order": "T-7"}, thread)
        kept = desk.get_state(thread).values
        assert kept.get("order") == "T-7", (
            f"After a question about order T-7 the thread holds {short(kept)}; expected the order "
            "'T-7' in it."
        )


@exercise(
    hints=(
        "Note at the start when it has to end: `time.monotonic() + budget`.",
        "In the `except`: raise if the error is not transient, or if the wait ends too late.",
        "The wait is `max(random.uniform(0, longest), retry_after(error))`; `longest` doubles.",
    ),
    seconds=30,
)
def ex5(ask):
    """One layer: transient errors only, as the server says, within the budget."""
    passing = {
        "two failures, then an answer": (("server_error", 2, {}), [500, 500, 200]),
        "a dropped connection": (("disconnect", 1, {}), [200, 200]),  # it has no response
    }
    once, thrice = "one call, without a second try", "three tries, whatever fails"
    never_waits = False
    for title, (fault, statuses) in passing.items():
        reply, error, seen, slept = asked(ask, 10, fault)
        never_waits = never_waits or (len(seen) > 1 and not slept)
        with part(title, thrice):
            assert error is None and seen == statuses and getattr(reply, "text", reply) == ANSWER, (
                f"The wire saw {seen}, and `ask` ended with {short(error or reply)}; expected "
                f"{statuses} and the answer, {ANSWER!r}."
            )
    with part("one question, one answer", (once, thrice)):
        for budget in (10, 0):
            reply, error, seen, _ = asked(ask, budget, None)
            assert error is None and getattr(reply, "text", reply) == ANSWER and seen == [200], (
                f"The model is well, the budget {budget} s: the wire saw {seen}, and `ask` ended "
                f"with {short(error or reply)}; expected one request and the answer, {ANSWER!r}."
            )
    with part("a bug is raised at once", once):
        error, _, ends = slow_run(ask, 10, 0.1, KeyError("bug"))
        assert isinstance(error, KeyError) and len(ends) == 1, (
            f"The call raised a KeyError; it was made {len(ends)} time(s), and `ask` ended with "
            f"{short(error)}; expected one call and that error."
        )
    with part("what stays is raised at once", once):
        for word in ("bad_key", "quota"):
            reply, error, seen, _ = asked(ask, 10, (word, None, {}))
            assert len(seen) == 1 and isinstance(error, openai.APIStatusError), (
                f"After {word!r} `ask` sent {len(seen)} requests and ended with "
                f"{short(error or reply)}; expected 1 request and the model's own error. "
                "`is_transient` knows."
            )

    def assert_waits() -> None:
        """Go on only where waits are seen: without them, an answer may ask for ever."""
        assert not never_waits, (
            "It asked again, and no wait was seen before that. Wait with `time.sleep`."
        )

    with part("Retry-After"):
        assert_waits()
        reply, error, seen, slept = asked(ask, 20, ("rate_limit", 1, {"retry_after": 3}))
        assert error is None and abs(sum(slept) - 3) < 1e-6, (
            f"Told to come back in 3 s, it waited {sum(slept):.2f} s and ended with "
            f"{short(error or reply)}; expected 3 s, the longer one of that and the random wait. "
            "`retry_after(error)` says how long."
        )
        waits = services.told_to_wait_a_little(ask)
        assert max(waits, default=0) > 0.02, (
            f"Told to come back in 0.01 s, it waited {[round(w, 3) for w in waits[:6]]} s, and so "
            "on; expected the random wait where that is longer. The server's word is the least."
        )
        services.assert_server_heard(ask)
    with part("the budget", once):
        assert_waits()
        reply, error, seen, slept = asked(ask, 5, ("rate_limit", None, {"retry_after": 30}))
        assert isinstance(error, openai.RateLimitError) and not slept, (
            f"Told to come back in 30 s, with a budget of 5 s, it slept {sum(slept):.1f} s, sent "
            f"{len(seen)} request(s) and ended with {short(error or reply)}; expected the error at "
            "once."
        )
    down = ConnectionError("down")
    with part("the waits"):
        assert_waits()
        # Six retries wait 6.3 s at most: none of them is cut off by the budget.
        services.assert_waits([slow_run(ask, 7, 0.001, down) for _ in range(60)], 7)
    with part("until the budget is used up"):
        assert_waits()
        for takes in (0.001, 0.3, 1.0):
            services.assert_within_budget([slow_run(ask, 5, takes, down) for _ in range(8)], 5)


@exercise(
    hints=(
        "The main model's failure is an exception that comes out of `handler(request)`.",
        "`TRANSIENT` names the classes that are worth asking somebody else; catch no more.",
        "In the `except`: `return handler(request.override(model=spare))`.",
    ),
)
def ex6(fall_back):
    """The spare answers when the main model is down, and only then."""
    main = ChatOpenAI(model="main-model", max_retries=0)
    hot = ChatOpenAI(model="main-model", temperature=3, max_retries=0)
    mute = ChatOpenAI(model="main-model", max_retries=0, http_client=services.silent_client())
    alone, always = "a call without a spare", "a spare that is asked after any error"
    spent = " The main model's quota is used up; another provider has its own."
    twice = (
        " The main model was asked twice. `request.override(model=spare)` leaves `request` as it "
        "is, and returns another one: hand that to `handler`."
    )
    cases = (  # what happens, the fault and how often, the statuses, what is raised in the end
        ("the main model is well", main, "", 1, (200,), None),
        ("the main model is overloaded", main, "overloaded", 1, (503, 200), None),
        ("the main model's rate limit", main, "rate_limit", 1, (429, 200), None),
        ("a dropped connection", main, "disconnect", 1, ("dropped", 200), None),
        ("the main model says nothing in time", mute, "timeout", 1, ("silent", 200), None),
        ("the quota is used up", main, "quota", 1, (429, 200), None),
        ("a wrong request is raised", hot, "", 1, (400,), "OpenAIInvalidRequestError"),
        ("a wrong key is raised", main, "bad_key", 1, (401,), "OpenAIAuthenticationError"),
        ("both are down", main, "overloaded", 2, (503, 503), "OpenAIAPIError"),
    )
    unlike: list[list[str]] = []  # what each request of the spare's differs in
    for title, llm, fault, times, statuses, raised in cases:
        thoughtless = alone if raised else (alone, always)
        with part(title, thoughtless if len(statuses) == 1 else always):
            reply, error, seen, lost = services.answered(fall_back, llm, fault, times)
            pairs = zip(("main-model", "spare-model"), statuses, strict=False)
            expected = [f"{name} {status}" for name, status in pairs]
            ended = type(error).__name__ == raised if raised else bool(reply)
            assert any("main-model" in request for request in seen), (
                f"The wire saw {seen}; expected {expected}. The main model was not asked: each "
                "request begins with it, whatever happened to the one before. Is something kept "
                "from one request to the next?"
            )
            assert seen == expected and ended, (
                f"The wire saw {seen}, and it ended with {short(error or reply)}; expected "
                f"{expected} and {raised or 'an answer'}."
                + (" Return what `handler` returns." if isinstance(error, AttributeError) else "")
                + (spent if fault == "quota" and len(seen) == 1 else "")
                + (twice if len(seen) == 2 and "main-model" in seen[1] else "")
            )
            unlike += [lost] * (len(seen) == 2)
    with part("the spare is sent the same request, tools and all", always):
        assert unlike, "The spare was not asked; expected the main model's request, after it."
        lost = dict.fromkeys(itertools.chain(*unlike))
        assert not lost, (
            "The spare was not sent the main model's request; it differs in "
            f"{', '.join(lost)}. `request.override(model=spare)` keeps everything else."
        )
    for bug in (KeyError("bug"), AttributeError("bug")):
        with part(f"{type(bug).__name__} is raised", alone):
            error, models = services.answered_after_bug(fall_back, bug)
            assert type(error) is type(bug) and models == ["main-model"], (
                f"Code inside the handler has a bug ({type(bug).__name__}). Asked were {models}, "
                f"and it ended with {short(error)}; expected the main model only, and that error."
            )


@exercise(
    hints=(
        "What does the provider want after an assistant message with tool calls?",
        "`state['messages'][-1]` may be the message with the open calls. Each wants a ToolMessage.",
        "`ToolMessage('...', tool_call_id=call['id'], status='error')` for each, then an answer.",
    ),
)
def ex7(close_the_turn):
    """User, log and state each hold what they need, and nothing else."""
    failures = {where: failed_turn(close_the_turn, where) for where in ("model", "tools")}
    later = {where: failed_turn(close_the_turn, where, True) for where in ("model", "tools")}
    again = failed_turn(close_the_turn, "model")
    for where, seen in failures.items():
        with part(f"a sentence for the user ({where})"):
            likely = ""
            if isinstance(seen.error, TypeError):
                likely = " LangGraph passes the error to a parameter annotated with `NodeError`."
            assert seen.error is None, (
                f"The node {where} failed, and the run ended with {short(seen.error)}; expected "
                f"that the handler returns an update.{likely}"
            )
            assert seen.said, (
                f"The run ended, and the thread holds {seen.types}; expected a message to the "
                "user, of type 'ai', as the last one."
            )
            for name, text in seen.kept:
                leaks = [word for word in services.SECRETS if word in text]
                leaks += re.findall(r"\w+Error\b|Traceback", text)
                assert not leaks, (
                    f"The thread now holds {', '.join(leaks)}, as the `{name}` of a message: "
                    f"{short(text)}. It belongs to nobody but the log, and what is a secret not "
                    "even there."
                )
        with part(f"a line for the log ({where})"):
            assert seen.log, "Nothing was logged as a warning or an error."
            assert not seen.elsewhere, (
                f"A line went to the logger {seen.elsewhere[0]!r}; expected `log`, as in "
                "`log.error(...)`: its handlers see no other logger's lines."
            )
            log = "\n".join(seen.log)
            assert seen.name in log and where in log, (
                f"The log says {short(log)}; expected the node ({where}) and the error's "
                f"class ({seen.name})."
            )
            for line in (log, *seen.fields):
                leaks = [word for word in services.SECRETS if word in line]
                assert not leaks, (
                    f"The log holds {', '.join(leaks)}, from the text of the error: {short(line)}. "
                    "Log the error's class, not its words."
                )
            leaks = [word for word in services.CUSTOMERS_WORDS if word in log]
            leaks = ["the arguments of a call" if "{" in word else repr(word) for word in leaks]
            assert not leaks, (
                f"The log holds {' and '.join(dict.fromkeys(leaks))}, which the customer or the "
                f"model said: {short(log)}. Reference, node and class are enough."
            )
            assert services.words(seen.said) & services.words(log) - services.words(again.said), (
                f"The user reads {short(seen.said)}, the log {short(log)}; expected a "
                "reference in both, of four characters at least, a new one each time. After "
                f"another failure the user read {short(again.said)}."
            )
            if where == "model":
                first, *others = services.failures_of_one_desk(close_the_turn)
                old = [shared for shared in others if first and not first - shared]
                assert not old, (
                    "Two turns of a desk failed, and then one of them once more, from its "
                    "checkpoint; user and log share the same words again: "
                    f"{', '.join(sorted(first))}. Expected a new reference each time."
                )
            assert len(seen.log) == 1, (
                f"One failure of the node {where}, and {len(seen.log)} lines were logged: "
                f"{short(seen.log)}; expected one line."
            )
        with part(f"the thread goes on ({where})"):
            services.assert_goes_on(seen)
        with part(f"a thread with an earlier turn goes on ({where})"):
            services.assert_goes_on(later[where], "The turn before had a call that was answered. ")
    with part("the tools ran, then the model failed"):
        services.assert_goes_on(
            failed_turn(close_the_turn, "model", after_tools=True),
            "The model made two calls, both tools ran, then the model failed. ",
        )
