"""retry.*, fallback.*, timeouts.read, errors.model*, errors.traced, odd.*, context.window."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict

from langchain.agents.middleware import ModelFallbackMiddleware
from langchain_core.runnables import RunnableWithFallbacks
from openai import OpenAIError

from agent_checklist.effects import living
from agent_checklist.guard import Sent
from agent_checklist.provoke.case import (
    MAX_READ_SECONDS,
    Case,
    ends_in_time,
    ends_refused,
    is_refused,
    spoilt,
)
from agent_checklist.provoke.streaming import LONG, is_cut
from agent_checklist.subject import Turn, error_name

__all__ = ("fail_model", "fall_back", "odd", "outage", "outgrow", "refuse", "silence", "wait")

FAILURES = (  # what it is, the fault, and its details; the quick ones first
    ("a wrong key, 401", "bad_key", {}),
    ("a conversation that is too long, 400", "", {}),
    ("an outage, 500", "server_error", {"retry_after": 0.01}),
    ("too many requests, 429", "rate_limit", {"retry_after": 0.01}),
    ("a cut connection", "disconnect", {"after": 2}),
)
ERROR_WORDS = (
    *("Error code:", "Incorrect API key", "Traceback (most recent", "maximum context length"),
    *("The server had an error", "Rate limit reached", "peer closed connection"),
)
MAX_FAILURE_SECONDS = 5.0
SLIPS = (AttributeError, TypeError, ValueError, KeyError, NameError, IndexError)
MAX_TRIES = 10  # of one request, in one layer
MAX_TURNS = 20  # to outgrow a window
NOT_ASKED = "The model was not asked."


async def wait(case: Case) -> None:
    """Tell the client to wait, turn after turn."""
    subject, turns = case.subject, []
    for number in range(3):
        plan = subject.plan()
        subject.model.fail("rate_limit", retry_after=0.15)
        turns.append(await subject.say(plan, f"t-wait-{number}"))
        subject.clear_faults()
    requests = [one for turn in turns for one in turn.requests]
    with case.before():
        met = all(any(one.fault for one in turn.requests) for turn in turns)
        case.need(met, NOT_ASKED)
    with case.judging("retry.answers"):
        bad = next((turn for turn in turns if turn.error or not _asked_again(turn)), None)
        if bad:
            raised = f"the turn raised {error_name(bad.error)}." if bad.error else "no answer came."
            case.must(False, f"The model said “wait a moment” (429), and {raised}")
    with case.judging("retry.waits"):
        early = any("Retry-After" in remark for one in requests for remark in one.remarks)
        saw = "The model said how long to wait (Retry-After), and was asked again before that."
        case.must(not early, saw)
        case.need(any(one.status == 200 for one in requests), "The model was not asked again.")


def _asked_again(turn: Turn) -> bool:
    """Whether the model was asked again after the fault, and answered."""
    met = [number for number, one in enumerate(turn.requests) if one.fault]
    return any(one.status == 200 for one in turn.requests[met[-1] :])


async def outage(case: Case) -> None:
    """Let the model be down, then say hello."""
    subject = case.subject
    subject.model.fail("server_error", times=None, retry_after=0.01)
    since = len(subject.guard.sent)
    await subject.hello("t-outage")
    tries = defaultdict(list)
    for one in subject.guard.sent[since:]:
        tries[_question(one)].append(one)
    with case.before():
        case.need(tries, NOT_ASKED)
    with case.judging("retry.storm"):
        most = max(tries.values(), key=len)
        rounds = sum(one.retry_count == 0 for one in most)
        in_client = max(one.retry_count for one in most)
        saw = f"One question to a model that is down was sent {len(most)} times"
        case.must(
            not (rounds > 1 and in_client and len(most) > 4),
            f"{saw}: the client tries {in_client + 1} times, and another layer starts it {rounds} "
            "times.",
        )
        case.must(len(most) <= MAX_TRIES, f"{saw}.")
        case.passed(f"It was sent {len(most)} times.")
    with case.judging("errors.model"):
        await case.goes_on("After the model was down", "t-outage", is_outside=True)


def _question(sent: Sent) -> str:
    return json.dumps([sent.body.get("model"), sent.body.get("messages")])


async def refuse(case: Case) -> None:
    """Refuse a request as wrong."""
    subject = case.subject
    subject.model.fail("http", times=None, status=400)
    since = len(subject.guard.sent)
    turn = await subject.hello("t-refused")
    asked = Counter(map(_question, subject.guard.sent[since:]))
    with case.before():
        case.need(asked, NOT_ASKED)
    with case.judging("retry.refused"):
        most = max(asked.values())
        case.must(most == 1, f"A request that was refused as wrong (400) was sent {most} times.")
    with case.judging("errors.traced"):
        if turn.error or subject.own_records(30):
            case.passed()
        printed = subject.printed()
        traced = any(word in printed for word in ("Error", "error", "400", "fail"))
        saw = "The model refused a request as wrong (400): nothing was raised, and nothing was "
        case.must(traced, f"{saw}logged.")
        case.passed("It was printed.")


async def fall_back(case: Case) -> None:
    """Let the first model be down, and look at who is asked then."""
    subject, facts = case.subject, case.subject.facts

    def down(sent: Sent) -> None:
        if sent.model == facts.first_model and not len(subject.model.state.faults):
            subject.model.fail("server_error", retry_after=0.01)

    with case.before():
        case.skip_if(subject.settings.fallback is False, "pyproject declares fallback = false.")
        steps = [[subject.call(facts.look)]] if facts.look else []
        since = len(subject.guard.sent)
        await subject.say(subject.plan(*steps), "t-usual")
        usual = {(one.model, _wanted(one)) for one in subject.guard.sent[since:]}
        at_work = {model for model, _ in usual}
        since = len(subject.guard.sent)
        subject.guard.on_request = down
        turn = await subject.say(subject.plan(*steps), "t-fallback")
        subject.guard.on_request = None
        sent = subject.guard.sent[since:]
        others = [one for one in sent if one.model != facts.first_model]
        first = {_last_words(one): one for one in sent if one.model == facts.first_model}
        case.need(first, "The first model was not asked.")
        if not others:
            _judge_without_another(case, turn)

        def stands_in(one: Sent, other: Sent) -> bool:
            """Whether a model is asked what it is not asked in a turn without a fault."""
            is_new = (other.model, _wanted(other)) not in usual
            return other.model not in at_work or (is_new and _wanted(other) == _wanted(one))

        same = [(first[key], one) for one in others if (key := _last_words(one)) in first]
        pairs = [pair for pair in same if stands_in(*pair)]
        why = "Several models work in a turn; none was seen to stand in for another."
        several = not pairs and len(at_work) != 1
        case.need(not (several and subject.settings.fallback), why)
        case.skip_if(several, why)
    with case.judging("fallback.answers"):
        saw = f"another one was asked, and the turn raised {error_name(turn.error)}."
        refused = " Hand all messages on to the second model." if ends_refused(turn) else ""
        case.must(not turn.error, f"The first model was down, {saw}{refused}")
        why = "The second model's answer did not arrive."
        case.need(turn.answered or pairs or not facts.look, why)
        saw = "The first model was down, and the second one's answer did not arrive."
        case.must(turn.answered, saw)
    with case.judging("fallback.tools"):
        case.need(pairs, "The second model was asked something else.")
        offered = [(_tools(one), _tools(other)) for one, other in pairs]
        case.skip_if(not any(one for one, _ in offered), "The first model is offered no tools.")
        missing = sorted({name for one, other in offered for name in one - other})
        case.must(not missing, f"The second model is not offered {', '.join(missing[:4])}.")


def _last_words(sent: Sent) -> str:
    """Return what a model is asked about: the second may have a prompt of its own."""
    return json.dumps((sent.body.get("messages") or [sent.body.get("input")])[-1])


def _wanted(sent: Sent) -> str:
    """Return what a model may answer with: tools, or a schema."""
    form = sent.body.get("response_format") or sent.body.get("text")
    return json.dumps([sorted(_tools(sent)), form])


def _tools(sent: Sent) -> set[str]:
    return {str((t.get("function") or t).get("name")) for t in sent.body.get("tools") or ()}


def _judge_without_another(case: Case, turn: Turn) -> None:
    """Judge a turn in which only the first model was asked."""
    subject, error, trail = case.subject, turn.error, []
    while error is not None and len(trail) < 12:
        trail.append(error)
        error = error.__cause__ or error.__context__
    of_model = [one for one in trail if type(one).__module__.startswith("openai")]
    slipped = of_model and type(trail[0]) in SLIPS and trail[0].__cause__ is None
    unused = subject.settings.fallback or living(RunnableWithFallbacks, ModelFallbackMiddleware)
    if slipped or unused:
        with case.judging("fallback.answers"):
            broke = "The model was down, and what handles that broke"
            case.must(not slipped, f"{broke}: {error_name(turn.error)}.")
            saw = "The model was down, there is a fallback, and no other model was asked."
            case.must(False, saw)
        case.skip_if(True, "No second model was asked: see fallback.answers.")
    case.skip_if(
        True,
        "There is no second model. If there should be one, declare it in [tool.agent_checklist] of "
        "pyproject.toml: fallback = true.",
    )


async def silence(case: Case) -> None:
    """Let the model say nothing at all."""
    subject = case.subject
    with case.judging("timeouts.read"):
        subject.model.fail("timeout", times=None, seconds=40.0)
        since = len(subject.guard.sent)
        task = await case.begin(subject.plan(), "t-silent", lambda: len(subject.guard.sent) > since)
        try:
            case.need(len(subject.guard.sent) > since, NOT_ASKED)
            wait = subject.guard.sent[since].read_timeout
            if wait is not None and wait <= MAX_READ_SECONDS:
                case.passed(f"The client waits {wait:g} s.")
            waits = "for ever" if wait is None else f"for {wait:g} s"
            saw = f"The model said nothing, and its client would wait {waits}."
            case.must(await ends_in_time(task, MAX_READ_SECONDS), saw)
            case.passed("The client has no timeout, but something else ends the turn.")
        finally:
            subject.model.state.ended.set()
            task.cancel()


async def fail_model(case: Case) -> None:
    """Let the model fail in several ways, each on a thread of its own."""
    subject, unseen = case.subject, ""
    met: list[str] = []
    shown: list[tuple[str, str, Turn]] = []  # failure, what the user read of it, its turn
    window = subject.model.context_window
    with case.judging("errors.model_text"):
        for number, (what, word, how) in enumerate(FAILURES):
            if word:
                subject.model.fail(word, times=None, **how)
            subject.model.context_window = window if word else 1
            subject.streams = word == "disconnect"  # it breaks in the middle of an answer
            turn = await subject.hello(f"t-failure-{number}", seconds=MAX_FAILURE_SECONDS)
            subject.clear_faults()
            if not any(one.fault or one.status == 400 for one in turn.requests):
                continue  # such as behind a circuit breaker that the failure before has opened
            met.append(what)
            if words := _of_provider(turn.told):
                shown.append((what, words, turn))
            if turn.error and not unseen:
                unseen = f"With {what} the turn raised {error_name(turn.error)}: what your server "
        case.need(met, NOT_ASKED)
        if shown:
            _, words, first = shown[0]
            subject.turns.sort(key=lambda turn: turn is first)  # the evidence shows the last
            failures = "; ".join(what for what, *_ in shown)
            case.must(False, f"The model failed ({failures}), and the user is shown: “{words}”.")
        case.need(not unseen or subject.level == "turn", f"{unseen}makes of that is not seen.")
        case.passed(f"Met: {'; '.join(met)}.")


def _of_provider(told: str) -> str:
    """Return the text of a provider or its client in what the user was told."""
    kinds = [OpenAIError]
    kinds += [sys.modules[name].HTTPError for name in ("httpx", "httpx2") if name in sys.modules]
    for kind in kinds:
        kinds += kind.__subclasses__()
    names = {rf"\b{kind.__name__}\b" for kind in kinds}
    found = re.search("|".join([*map(re.escape, ERROR_WORDS), *names]), told)
    return told[found.start() : found.start() + 90] if found else ""


async def odd(case: Case) -> None:
    """Let the model give odd answers."""
    subject = case.subject
    for fault, claim in (("bad_arguments", "odd.arguments"), ("unknown_tool", "odd.unknown_tool")):
        with case.judging(claim):
            tool, since = case.usable(), len(subject.model.requests)
            thread, plan = f"t-{fault}", subject.plan([subject.call(tool)])
            plan.issued[0] = 2  # it is not asked for ever
            if fault == "unknown_tool":  # arguments that no tool takes, once
                plan.changed, plan.issued[0] = [(tool, {"no_such_argument": "lost"})], 3
            subject.fail_call(fault, tool)
            turn = await subject.say(plan, thread)
            subject.clear_faults()
            await subject.resume(turn, True)
            requests = subject.model.requests[since:]
            case.need(any(one.fault == fault for one in requests), f"{tool} was not offered.")
            await case.goes_on("After such a call", thread)
    with case.before():
        case.free_text()
    with case.judging("odd.cut"):
        subject.streams = True
        subject.fail_answer("length", after=4)
        turn = await subject.say(subject.plan(say=LONG), "t-cut")
        subject.clear_faults()
        case.need(spoilt(turn, "length"), "The fault was not met.")
        saw = "An answer was cut by its length, and taken for whole."
        case.must(not is_cut(turn.final), saw)
    with case.judging("odd.empty"):
        subject.fail_answer("empty")
        turn = await subject.hello("t-empty")
        case.need(spoilt(turn, "empty"), "The fault was not met.")
        is_seen = turn.messages or subject.facts.answer_in or not isinstance(turn.values, dict)
        case.need(is_seen, "It is not known which field of the state holds the answer.")
        saw = "The model said nothing, and the user got no word."
        case.must(turn.error or turn.final.strip(), saw)


async def outgrow(case: Case) -> None:
    """Add turns until the declared context window is outgrown."""
    subject = case.subject
    with case.judging("context.window"):
        window = subject.settings.context_window
        case.skip_if(not window, "pyproject declares no context_window.")
        subject.model.context_window = window
        words = "word " * (window // 12)
        for number in range(1, MAX_TURNS + 1):
            turn = await subject.say(subject.plan(), "t-window", text=words)
            saw = f"After {number} turns the model refuses the thread: it outgrew the context "
            case.must(not (turn.error or is_refused(turn)), f"{saw}window.")
