"""retry.*, fallback.*, timeouts.read, errors.model*, errors.traced, odd.*, context.window."""

from __future__ import annotations

import itertools
import json
import math
import re
import sys
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from langchain.agents.middleware import ModelFallbackMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableWithFallbacks
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
from agent_checklist.provoke.streaming import LONG, cut_in
from agent_checklist.subject import MAX_TURN_SECONDS, Turn, error_name

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
STILL_SECONDS = 1.0  # that a model is silent, where the event loop waits for it
MAX_MODELS = 4  # that work in a turn, and fail one after the other
NOT_ASKED = "The model was not asked."


async def _fail(
    case: Case,
    one: Sent,
    thread: str,
    word: str,
    times: int | None = None,
    seconds: float = MAX_TURN_SECONDS,
    **how: Any,
) -> tuple[Turn, list[Sent]]:
    """Let the model fail in a plain turn, from the first request of a kind on.

    Returns:
        The turn, and what was sent from then on: nothing where the fault was not met.
    """
    subject, window = case.subject, case.subject.model.context_window
    since = len(subject.guard.sent)
    subject.fail_at(lambda sent: sent.kind == one.kind, word, times, **how)
    turn = await subject.hello(thread, seconds=seconds)
    subject.clear_faults()
    subject.model.context_window = window
    sent = subject.guard.sent[since:]
    return turn, list(itertools.dropwhile(lambda each: each.kind != one.kind, sent))


def _at_work(case: Case) -> dict[str, Sent]:
    """Return the models of a plain turn by what they are called: "The model", if it is one."""
    models = case.subject.facts.at_work[:MAX_MODELS]
    names = [str(one.body.get("model")) for one in models]
    if len(models) == 1:
        return {"The model": models[0]}
    called = {}
    for name, one in zip(names, models, strict=True):
        _, has_tools, is_formed = one.kind
        way = "in a given form" if is_formed else "with tools" if has_tools else "in free text"
        called[name if names.count(name) == 1 else f"{name} (asked {way}, {one.host})"] = one
    return called


def _must(case: Case, holds: object, saw: str, turn: Turn) -> None:
    """Fail unless the claim holds, with a turn as the evidence, which shows the last one."""
    if not holds:
        case.subject.turns.sort(key=lambda one: one is turn)
        case.must(False, saw)


async def wait(case: Case) -> None:
    """Tell the client of each model to wait, turn after turn."""
    turns: list[tuple[str, Turn]] = []
    for name, one in _at_work(case).items():
        for _ in range(3):
            thread = f"t-wait-{len(turns)}"
            turn, _ = await _fail(case, one, thread, "rate_limit", 1, retry_after=0.15)
            turns.append((name, turn))
    requests = [one for _, turn in turns for one in turn.requests]
    with case.before():
        met = turns and all(any(one.fault for one in turn.requests) for _, turn in turns)
        case.need(met, NOT_ASKED)
    with case.judging("retry.answers"):
        for name, turn in turns:
            raised = f"the turn raised {error_name(turn.error)}." if turn.error else ""
            saw = f"{name} said “wait a moment” (429), and {raised or 'no answer came.'}"
            _must(case, _asked_again(turn) and not turn.error, saw, turn)
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
    """Let each model be down, then say hello."""
    played = []
    for number, (name, one) in enumerate(_at_work(case).items()):
        thread = f"t-outage-{number}"
        played.append((name, *await _fail(case, one, thread, "server_error", retry_after=0.01)))
    with case.before():
        case.need(any(sent for *_, sent in played), NOT_ASKED)
    with case.judging("retry.storm"):
        counts = []
        for name, turn, sent in played:
            tries = defaultdict(list)
            for one in sent:
                tries[_question(one)].append(one)
            most = max(tries.values(), key=len, default=[])
            counts.append(len(most))
            rounds = sum(one.retry_count == 0 for one in most)
            in_client = max((one.retry_count for one in most), default=0)
            is_storm = rounds > 1 and in_client and len(most) > 4
            saw = f"{name} was down, and one question was sent {len(most)} times"
            how = f"the client tries {in_client + 1} times, and another layer starts it {rounds}"
            _must(case, not is_storm, f"{saw}: {how} times.", turn)
            _must(case, len(most) <= MAX_TRIES, f"{saw}.", turn)
        _need_all(case, played)
        case.passed(f"It was sent {' and '.join(map(str, counts))} times.")
    with case.judging("errors.model"):
        for name, turn, sent in reversed(played):  # what the last one left behind comes first
            if sent:
                await case.goes_on(f"{name} was down. After that", turn.thread, is_outside=True)
        _need_all(case, played)


def _need_all(case: Case, played: list[tuple]) -> None:
    """Go on only where each model met its fault."""
    for name, *_, sent in played:
        case.need(sent, f"{name} was not asked this time.")


def _question(sent: Sent) -> str:
    return json.dumps([sent.body.get("model"), sent.body.get("messages")])


async def refuse(case: Case) -> None:
    """Refuse a request of each model as wrong."""
    subject, played = case.subject, []
    for number, (name, one) in enumerate(_at_work(case).items()):
        logged, printed = len(subject.own_records(30)), len(subject.printed())
        turn, sent = await _fail(case, one, f"t-refused-{number}", "http", status=400)
        is_traced = turn.error or len(subject.own_records(30)) > logged
        words = subject.printed()[printed:]
        is_printed = any(word in words for word in ("Error", "error", "400", "fail"))
        played.append((name, turn, is_traced, is_printed, sent))
    with case.before():
        case.need(any(sent for *_, sent in played), NOT_ASKED)
    with case.judging("retry.refused"):
        for name, turn, *_, sent in played:
            most = max(Counter(map(_question, sent)).values(), default=0)
            saw = f"{name} refused a request as wrong (400): it was sent {most} times."
            _must(case, most < 2, saw, turn)
        _need_all(case, played)
    with case.judging("errors.traced"):
        for name, turn, is_traced, is_printed, sent in played:
            saw = f"{name} refused a request as wrong (400): nothing was raised, and nothing was "
            _must(case, is_traced or is_printed or not sent, f"{saw}logged.", turn)
        _need_all(case, played)
        case.passed("" if all(is_traced for *_, is_traced, _, _ in played) else "It was printed.")


async def fall_back(case: Case) -> None:
    """Let each model be down, one after the other, and look at who is asked then."""
    subject, facts = case.subject, case.subject.facts
    with case.before():
        case.skip_if(subject.settings.fallback is False, "pyproject declares fallback = false.")
        steps = [[subject.call(facts.look)]] if facts.look else []
        since = len(subject.guard.sent)
        await subject.say(subject.plan(*steps), "t-usual")
        chats = [one for one in subject.guard.sent[since:] if one.path != "/embeddings"]
        usual = {(one.model, _wanted(one)) for one in chats}
        at_work = list(dict.fromkeys(one.model for one in chats))
        case.need(at_work, NOT_ASKED)
        played = [await _without(case, model, steps, usual) for model in at_work[:MAX_MODELS]]
        case.need(any(one.is_met for one in played), NOT_ASKED)
        helped = [one for one in played if one.others and (one.pairs or len(at_work) == 1)]
        alone = [one for one in played if one not in helped]
        if not helped:
            _judge_without_another(case, alone)
    several = len(at_work) > 1
    with case.judging("fallback.answers"):
        for one in helped:
            who, turn = one.name if several else "The first model", one.turn
            saw = f"another one was asked, and the turn raised {error_name(turn.error)}."
            refused = " Hand all messages on to the second model." if ends_refused(turn) else ""
            _must(case, not turn.error, f"{who} was down, {saw}{refused}", turn)
            why = "The second model's answer did not arrive."
            case.need(turn.answered or one.pairs or not facts.look, why)
            saw = f"{who} was down, and the second one's answer did not arrive."
            _must(case, turn.answered, saw, turn)
        for one in alone:
            case.need(one.is_met, f"{one.name} was not asked this time.")
            saw = f"{one.name} was down, and no other model was asked in its place"
            _must(case, not subject.settings.fallback, f"{saw}.", one.turn)
            case.need(False, f"{saw}, as one is for {helped[0].name}. Is it meant to be?")
    with case.judging("fallback.tools"):
        pairs = [pair for one in helped for pair in one.pairs]
        case.need(pairs, "The second model was asked something else.")
        offered = [(_tools(one), other) for one, other in pairs]
        case.skip_if(not any(tools for tools, _ in offered), "The first model is offered no tools.")
        for tools, other in offered:
            missing = sorted(tools - _tools(other))
            who = f"The second model ({other.body.get('model')})"
            case.must(not missing, f"{who} is not offered {', '.join(missing[:4])}.")


@dataclass
class Outage:
    """A turn in which one model was down.

    Attributes:
        name: The model.
        is_met: Whether it was asked.
        turn: The turn.
        others: What was sent to other models from then on.
        pairs: A request of it and the one that another model was sent in its place.
    """

    name: str
    is_met: bool
    turn: Turn
    others: list[Sent]
    pairs: list[tuple[Sent, Sent]]


async def _without(case: Case, model: str, steps: list, usual: set[tuple[str, str]]) -> Outage:
    """Play a turn in which a model is down.

    Args:
        case: The probe.
        model: The model.
        steps: The calls of the turn.
        usual: The models, and what they may answer with, in such a turn without a fault.
    """
    subject, at_work = case.subject, {model for model, _ in usual}

    def down(sent: Sent) -> None:
        if sent.model == model and not len(subject.model.state.faults):
            subject.model.fail("server_error", retry_after=0.01)

    since = len(subject.guard.sent)
    subject.guard.on_request = down
    turn = await subject.say(subject.plan(*steps), f"t-without {model}")
    subject.clear_faults()
    sent = list(itertools.dropwhile(lambda one: one.model != model, subject.guard.sent[since:]))
    first = {_last_words(one): one for one in sent if one.model == model}
    others = [one for one in sent if one.model != model]

    def stands_in(one: Sent, other: Sent) -> bool:
        """Whether a model is asked what it is not asked in a turn without a fault."""
        is_new = (other.model, _wanted(other)) not in usual
        return other.model not in at_work or (is_new and _wanted(other) == _wanted(one))

    same = [(first[key], one) for one in others if (key := _last_words(one)) in first]
    pairs = [pair for pair in same if stands_in(*pair)]
    name = str(sent[0].body.get("model")) if sent else model
    return Outage(name, bool(sent), turn, others, pairs)


def _last_words(sent: Sent) -> str:
    """Return what a model is asked about: the second may have a prompt of its own."""
    return json.dumps((sent.body.get("messages") or [sent.body.get("input")])[-1])


def _wanted(sent: Sent) -> str:
    """Return what a model may answer with: tools, or a schema."""
    form = sent.body.get("response_format") or sent.body.get("text")
    return json.dumps([sorted(_tools(sent)), form])


def _tools(sent: Sent) -> set[str]:
    return {str((t.get("function") or t).get("name")) for t in sent.body.get("tools") or ()}


def _judge_without_another(case: Case, alone: list[Outage]) -> None:
    """Judge turns in which no model stood in for the one that was down."""
    unasked = [one for one in alone if one.is_met and not one.others]
    slips = [one for one in unasked if _slipped(one.turn.error)]
    unused = "there is a second model" if case.subject.settings.fallback else ""
    unused = unused or _fallbacks({one.name for one in unasked})
    if slips or (unused and unasked):
        with case.judging("fallback.answers"):
            for one in slips:
                broke = f"what handles that broke: {error_name(one.turn.error)}."
                _must(case, False, f"The model was down, and {broke}", one.turn)
            case.must(False, f"The model was down, {unused}, and no other model was asked.")
        case.skip_if(True, "No second model was asked: see fallback.answers.")
    why = "Several models work in a turn; none was seen to stand in for another."
    case.need(unasked or not case.subject.settings.fallback, why)
    case.skip_if(not unasked, why)
    case.skip_if(
        True,
        "There is no second model. If there should be one, declare it in [tool.agent_checklist] of "
        "pyproject.toml: fallback = true.",
    )


def _slipped(error: BaseException | None) -> bool:
    """Whether what handles a model's error broke by itself."""
    trail: list[BaseException] = []
    while error is not None and len(trail) < 12:
        trail.append(error)
        error = error.__cause__ or error.__context__
    of_model = [one for one in trail if type(one).__module__.startswith("openai")]
    return bool(of_model) and type(trail[0]) in SLIPS and trail[0].__cause__ is None


def _fallbacks(down: set[str]) -> str:
    """Return which models should have stood in for those that were down, in words.

    Only a chat model counts: tools may have a fallback, too.
    """
    for one in living(RunnableWithFallbacks, ModelFallbackMiddleware):
        if isinstance(one, ModelFallbackMiddleware):
            return f"there is {type(one).__name__}"
        first, others = _models_in(one.runnable), _models_in(one.fallbacks)
        if others and (not first or first & down):
            return f"there is a fallback (with_fallbacks: {', '.join(sorted(others))})"
    return ""


def _models_in(part: Any) -> set[str]:
    """Return the names of the chat models in a runnable."""
    if isinstance(part, BaseChatModel):
        return {str(getattr(part, "model_name", getattr(part, "model", None)))}
    if isinstance(part, list | tuple):
        return {name for one in part for name in _models_in(one)}
    parts = [getattr(part, name, None) for name in ("bound", "steps", "runnable", "fallbacks")]
    return _models_in([one for one in parts if isinstance(one, list | Runnable)])


async def silence(case: Case) -> None:
    """Let the model say nothing at all whose client waits longest."""
    subject = case.subject
    with case.judging("timeouts.read"):
        at_work = _at_work(case)
        case.need(at_work, NOT_ASKED)
        name = max(at_work, key=lambda name: at_work[name].read_timeout or math.inf)
        kind, since = at_work[name].kind, len(subject.guard.sent)

        def asked() -> list[Sent]:
            return [one for one in subject.guard.sent[since:] if one.kind == kind]

        end = subject.model.state.ended.set

        def is_there(sent: Sent) -> bool:
            if subject.guard.on_loop and sent.kind == kind:  # nothing here runs meanwhile
                threading.Timer(STILL_SECONDS, end).start()
            return sent.kind == kind

        subject.fail_at(is_there, "timeout", None, seconds=40.0)
        task = await case.begin(subject.plan(), "t-silent", asked)
        try:
            case.need(asked(), NOT_ASKED)
            wait = asked()[0].read_timeout
            if wait is not None and wait <= MAX_READ_SECONDS:
                case.passed(f"The client waits {wait:g} s.")
            why = "The event loop stands still while the model is silent: see loop.free."
            case.need(not subject.guard.on_loop, why)
            waits = "for ever" if wait is None else f"for {wait:g} s"
            saw = f"{name} said nothing, and its client would wait {waits}."
            case.must(await ends_in_time(task, MAX_READ_SECONDS), saw)
            case.passed("The client has no timeout, but something else ends the turn.")
        finally:
            end()
            task.cancel()


async def fail_model(case: Case) -> None:
    """Let each model fail in several ways, each on a thread of its own."""
    subject, unseen = case.subject, ""
    met: dict[str, list[str]] = {}  # model: failures
    shown: list[tuple[str, str, str, Turn]] = []  # model, failure, what the user read, its turn
    with case.judging("errors.model_text"):
        for name, one in _at_work(case).items():
            met[name] = []
            for what, word, how in FAILURES:
                subject.streams = word == "disconnect"  # it breaks in the middle of an answer
                thread = f"t-failure-{len(subject.turns)}"
                turn, _ = await _fail(case, one, thread, word, seconds=MAX_FAILURE_SECONDS, **how)
                if not any(one.fault or one.status == 400 for one in turn.requests):
                    continue  # such as behind a circuit breaker that the failure before has opened
                met[name].append(what)
                if words := _of_provider(turn.told):
                    shown.append((name, what, words, turn))
                if turn.error and not unseen:
                    raised = f"the turn raised {error_name(turn.error)}"
                    unseen = f"With {what} {raised}: what your server makes of that is not seen."
        last = [one for one in shown if one[0] == shown[-1][0]]  # behind it fewest others failed
        for name, _, words, turn in last:
            failures = "; ".join(what for each, what, *_ in shown if each == name)
            saw = f"{name} failed ({failures}), and the user is shown: “{words}”."
            _must(case, False, saw, turn)
        case.need(met and all(met.values()), NOT_ASKED)
        case.need(not unseen or subject.level == "turn", unseen)
        case.passed(f"Met: {'; '.join(dict.fromkeys(sum(met.values(), [])))}.")


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
        case.must(not cut_in(turn), "An answer was cut by its length, and taken for whole.")
        is_seen = turn.error or turn.final.strip() or turn.interrupts
        case.need(is_seen, "What became of the answer was not seen.")
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
