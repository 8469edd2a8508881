"""Checks of lesson 1, streaming."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import html
import itertools
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from langchain.agents import create_agent
from langchain.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer
from openai import AuthenticationError, DefaultAsyncHttpxClient

import lesson_model
from course_utils.private_apis import fresh_async_clients
from exercises.core.descriptions import assert_sorted, contrast, kind, short, with_article
from exercises.core.exercise import exercise, part, run_async, watch_output
from exercises.core.threads import thread
from exercises.core.waiting import wait_until
from exercises.core.waiting_model import MAX_HOLD_SECONDS, QUIET_SECONDS, WaitingModel
from lesson_model import Call, Reply
from lesson_model.api.tokens import prompt_tokens, tokenize
from lesson_model.state import State

__all__ = ("ex1", "ex2", "ex3", "ex4", "ex5", "ex6")

ADVICE = (
    "Shake the sand out first. Then wash the tent by hand, in cold water, with a soft brush and no "
    "soap at all. Hang it in the shade until it is dry on both sides, the seams as well, and only "
    "then fold it. A tent that is put away damp smells of the cellar for a long long time."
)
SHORT = "Dry it in the shade. Wax the seams. Let it rest for a night. Then fold it up."
PARAGRAPHS = (
    "Brush the sand off first, and wipe the cloth with cold water.\n\nIs it dry (< 9 % damp)? Then "
    'fold the tent along its seams! Peg by peg, the rest goes into "Peg & Pole\'s" long long bag'
)
REPAIR = (
    "Dry the tent and clean the edges of the hole. Cut a round patch, larger than the hole, and "
    "press it on the inside of the tent. Then seal the edges of the patch, and let the tent dry."
)
RUSSIAN_REPAIR = (  # a character is not a byte
    "Высушите палатку и очистите края дыры. Вырежьте круглую заплату, которая больше дыры, и "
    "прижмите её изнутри. Потом промажьте края заплаты и дайте палатке высохнуть."
)
HAMMERING = " Hammering 12 pegs at the lake. "  # neither trimmed nor written otherwise
WHO_WAITS = {
    "A": ("a chat window", "messages", "a person reads along"),
    "B": ("a nightly job", "invoke", "nobody watches it"),
    "C": ("step 3 of 7", "updates", "it shows a line for each finished node, not words"),
    "D": ("the back end of a chat", "messages", "a person sits behind it and reads along"),
    "E": ("a JSON function", "invoke", "half of a JSON text is of no use to a program"),
    "F": ("a phone assistant", "messages", "it speaks as soon as the first sentence is there"),
    "G": ("a yes or no", "invoke", "the next node needs the whole answer, which is one word"),
}


@contextlib.contextmanager
def waiting_model(shown: Callable[[], int], *replies: Reply) -> Iterator[WaitingModel]:
    """Run with a model that gives these replies, one a round, and waits in the last one."""
    with lesson_model.scratch() as model:
        model.state = state = WaitingModel(shown)
        rounds, made = {}, 0
        for reply in replies:
            rounds[made] = reply
            made += len(reply.calls)
        rule = model.when("")
        rule.reply = lambda turn: rounds.get(len(turn.made), replies[-1])
        state.hold(replies[-1].text, len(replies), sum(len(reply.text) for reply in replies[:-1]))
        yield state


class HoldingModel(State):
    """A slate on which the model holds still, in the middle of an answer, until its reader leaves.

    However long a busy machine takes to leave, the answer is not over before. Once a reader has
    enough, the model is so slow that whoever leaves is waiting for the next token: what arrives at
    the moment of a cancellation makes the `asyncio.wait_for` of Python 3.11, with which
    langchain-openai waits, forget the cancellation.

    Attributes:
        enough: After how many tokens of an answer its reader has enough.
        brake: After how many tokens of an answer it holds; None: never.
    """

    SECONDS = 0.04  # between two tokens
    LEAVE_SECONDS = 0.5  # between two tokens, once there are enough
    HOLD_SECONDS = 5.0  # for readers that never leave

    def __init__(self) -> None:
        super().__init__()
        self.enough = 0
        self.brake: int | None = None
        self._request, self._token = 0, 0

    def was_read_past_the_brake(self) -> bool:
        """Say whether somebody waited until the model had written more than it should have."""
        return self.brake is not None and self._token > self.brake

    @property
    def per_token(self) -> float:
        """Seconds before the next token; the server asks before it sends each of them."""
        request = len(self.log.requests())
        self._token = self._token + 1 if request == self._request else 1
        self._request = request
        if self.brake is None:
            return 0.0
        if self._token == self.brake:
            return self.HOLD_SECONDS
        leaves = self.enough < self._token < self.brake
        return self.LEAVE_SECONDS if leaves else self.SECONDS

    @per_token.setter
    def per_token(self, seconds: float) -> None:
        """Take no pace."""


def _asked(request: Any) -> list[str]:
    """Return what the customer says in a request."""
    return [m["content"] for m in request.body["messages"] if m["role"] == "user"]


def _chat_model() -> ChatOpenAI:
    """Return a model with an async client of its own: the shared one fails in a second loop."""
    return ChatOpenAI(http_async_client=DefaultAsyncHttpxClient())


# Threads of executors, whose errors come out elsewhere, and of the lesson model.
WAITING_FOR_WORK = ("ThreadPool", "asyncio_", "process_request", "lesson-model")
SHOW_SECONDS = 0.3
MAX_END_SECONDS = 2  # a thread has to end once it has told of its end


def _error_of(answer: Callable[[], Any]) -> BaseException | None:
    """Return the error that comes out of an answer, or of a thread the answer has started."""
    errors: list[BaseException] = []
    over, before = threading.Event(), set(threading.enumerate())

    def run() -> None:
        try:
            answer()
        except BaseException as error:
            errors.append(error)
        over.set()

    def note(args: Any) -> None:  # the answer may wait forever for a thread that has died
        errors.append(args.exc_value)
        over.set()

    hook, threading.excepthook = threading.excepthook, note
    try:
        with fresh_async_clients():
            threading.Thread(target=run, daemon=True).start()
            over.wait()
            for thread in set(threading.enumerate()) - before:
                # It may have told the answer of its end, and die of its error only then.
                if not errors and not any(name in thread.name for name in WAITING_FOR_WORK):
                    thread.join(MAX_END_SECONDS)
    finally:
        threading.excepthook = hook
    return errors[0] if errors else None


def _assert_errors(run: Callable[[Any], Any], what: str) -> None:
    """Demand that an error of the model and those of a tool come out of an answer.

    Args:
        run: Runs the answer with an agent.
        what: The answer's name.
    """

    @tool
    def broken_scales(kind: str) -> str:
        """Weigh a tent on the broken scales."""
        runs.append(kind)
        raise raised

    # A RuntimeError may also be the generator's own, and is not to be dropped for that.
    for raised in (None, KeyError("scales"), RuntimeError("the scales are broken")):
        runs: list[str] = []
        with lesson_model.scratch() as model, fresh_async_clients():
            rule = model.when("")
            if raised:
                rule.calls("broken_scales", kind="dome")
            else:
                rule.says(ADVICE)
                model.fail("disconnect", after=12)
            agent = create_agent(_chat_model(), [broken_scales])
            error = _error_of(functools.partial(run, agent))
            asked = len(model.requests)
            is_streamed = all(request.body.get("stream") for request in model.requests)
        happened = "The connection to the model broke in the middle of its answer"
        if raised:
            happened = f"A tool raised {with_article(type(raised).__name__)}"
        cure = "run the agent once, whether it works or not."
        if not raised and not is_streamed:
            cure = (
                "take the words from a stream. The model was not asked for one, and then its "
                "client asks again by itself."
            )
        too_often = f"{happened}, and the model received {asked} requests; expected 1: {cure}"
        assert asked <= 1, too_often  # first: it is why the error of one of them is lost
        assert error is not None, (
            f"{happened}, and `{what}` ended as if all were well; expected that the error comes "
            "out: half an answer is no answer, and somebody has to learn of the bug."
        )
        assert asked == 1, too_often


def _assert_asked(state: State, question: str, requests: int, cure: str = "") -> None:
    """Compare the requests the model received with those of one run that asks `question`.

    Args:
        state: The model's slate.
        question: What it should have been asked.
        requests: How many requests are right.
        cure: What to do about more of them.
    """
    seen = state.log.requests()
    assert seen, "The model was never asked."
    assert _asked(seen[0]) == [question], (
        f"I asked {question!r}, and the model was sent {_asked(seen[0])}; expected this question."
    )
    cure = cure or (
        "Run the agent once and take all from one stream: every run is paid for, and its tools "
        "work again."
    )
    assert len(seen) <= requests, (
        f"For one question the model received {len(seen)} requests; expected {requests}. {cure}"
    )
    assert len(seen) == requests, (
        f"The model received {len(seen)} of the {requests} requests of a run: the stream was left "
        "before its end."
    )


@exercise(
    hints=(
        "For each case ask: is there a person who watches, and what do they want to see?",
        "A program that parses or decides needs the whole answer. A person wants words, or steps.",
        "Nobody watches in B, E and G. Steps are enough in C. In D, look past the back end.",
    )
)
def ex1(best):
    """Each case gets the mode that serves whoever waits for it."""
    assert isinstance(best, dict), f"`best` is {kind(best)}; expected a dict: {{'A': ..., ...}}."
    assert not {"invoke", "updates", "messages"} & set(best), (
        f"The keys of `best` are {list(best)}; expected the letters of the cases, and a mode for "
        "each of them: {'A': ..., 'B': ...}."
    )
    assert_sorted(best, "best")
    for letter, (case, right, why) in WHO_WAITS.items():
        with part(f"{letter}: {case}"):
            given = best.get(letter, best.get(letter.lower()))
            assert given not in (None, ...), f"it is missing in `best`. Add {letter!r}."
            assert given in ("invoke", "updates", "messages"), (
                f"you chose {given!r}; expected 'invoke', 'updates' or 'messages'."
            )
            assert given == right, f"you chose {given!r}. Think again: {why}."


@exercise(
    hints=(
        "When does `desk.invoke(...)` return? Nothing can be shown before that line is done.",
        "`desk.stream(...)` has a mode that sends the words while the model writes them.",
        "`for token, where in desk.stream({...}, stream_mode='messages')`, and `show(token.text)`.",
    ),
    seconds=30,
)
def ex2(answer):
    """The words are shown while the model writes them."""
    question, shown = " My tent  has a hole!\n", []
    begun: list[str] = []
    overtaken: list[bool] = []
    returned: list[bool] = []

    def show_slowly(text: str) -> None:
        begun.append(text)
        if len(begun) == 1:  # does another one overtake it?
            wait_until(lambda: len(begun) > 1, SHOW_SECONDS)
            overtaken.append(len(begun) > 1)
        if text and "".join(map(str, [*shown, text])).strip() == ADVICE:  # is it waited for?
            wait_until(lambda: bool(returned), SHOW_SECONDS)
        shown.append(text)

    with waiting_model(lambda: _length(shown), Reply(ADVICE)) as state:
        state.is_quiet = True
        answer(question, show_slowly)
        seen, is_late = list(shown), len(begun) > len(shown)
        returned.append(True)
    assert overtaken != [True], (
        "A second piece was shown while the first call of `show` was still at work; expected one "
        "piece after the other, or they overtake each other: let one thread show them all."
    )
    assert seen or is_late, (
        "When `answer` returned, nothing had been shown; expected that it returns when the last "
        "piece has been shown. (A misspelt mode gives no chunks at all.)"
    )
    odd = next((text for text in seen if not isinstance(text, str)), None)
    assert odd is None, f"`show` was given {kind(odd)}; expected text. A token's text is `.text`."
    _assert_asked(state, question, 1)
    assert state.log.requests()[0].body.get("tools"), (
        "The model was asked without any tool, and `desk` has one: ask the desk, not a model of "
        "your own. It would know nothing of parcels."
    )
    assert not is_late, (
        "When `answer` returned, the last call of `show` was still at work; expected that it "
        "returns when the last piece has been shown: wait for whatever shows it."
    )
    text = "".join(seen)
    _assert_words(text, ADVICE, f"{_silence_before_end(text, ADVICE)}`show` was given")
    assert not state.in_vain, f"{state.in_vain}. Which line holds words back?"
    shown.clear()
    with waiting_model(lambda: _length(shown), Reply(SHORT)) as state:
        error = _error_of(lambda: answer(question, shown.append))
    if error is not None and not _is_of_closed_loop(error):
        raise error
    assert not state.in_vain, (
        f"An answer of {len(SHORT)} characters: {state.in_vain[0].lower()}{state.in_vain[1:]}. "
        "A short answer comes piece by piece, too."
    )
    shown.clear()
    with lesson_model.scratch() as model:
        model.when("").says(PARAGRAPHS)
        error = _error_of(lambda: answer(question, shown.append))
    if error is None:
        _assert_text("".join(shown), PARAGRAPHS, "At the second question `show` was given")
    elif not _is_of_closed_loop(error):
        raise error
    with lesson_model.scratch() as model:
        model.when("").says(ADVICE)
        # An async client of `desk` is bound to the loop of its first run. It finds its connection
        # dead, and asks again on a new one, before anything is shown: that has to break as well.
        model.fail("disconnect", times=3, after=12)
        before: list[int] = []  # for each piece that is shown, the requests before it

        def show(text: str) -> None:
            before.append(len(model.requests))
            shown.append(text)

        error = _error_of(lambda: answer(question, show))
        asked = len(model.requests) - (before[0] - 1 if before else 0)
    assert error is not None, (
        "The connection to the model broke in the middle of its answer, and `answer` ended as if "
        "all were well; expected that the error comes out: half an answer is no answer."
    )
    assert asked <= 1, (  # none: it was lost on the dead connection before it was sent
        f"The connection to the model broke in the middle of its answer, and the model received "
        f"{asked} requests; expected 1: its beginning has been shown already."
    )


def _is_of_closed_loop(error: BaseException) -> bool:
    """Say whether the async client of `desk` was used in a second loop, which it cannot be."""
    causes: list[BaseException | None] = [error]
    while causes[-1]:
        causes.append(causes[-1].__cause__ or causes[-1].__context__)
    return any("loop" in str(cause) for cause in causes if isinstance(cause, RuntimeError))


def _silence_before_end(text: str, expected: str) -> str:
    """Return a sentence about the model's silence, if all is there but what it said then."""
    missing = expected.removeprefix(text.strip())
    if missing == expected or len(tokenize(missing)) > 2:  # a reader may be one token behind
        return ""
    return f"Before its last token the model was quiet for {QUIET_SECONDS:g} s. "


def _is_told_again(text: str, expected: str) -> bool:
    """Return whether a text begins with its first word, then with that and the next, and so on."""
    beginnings = {expected[:length] for length in range(3, 12)}
    return any(text.startswith(b * 2) and text.count(b) > expected.count(b) + 2 for b in beginnings)


def _without_repeats(text: str) -> tuple[str, str]:
    """Return a text whose tokens come once each, and one where none follows its like."""
    pieces = tokenize(text)
    in_a_row = (piece for piece, _ in itertools.groupby(pieces))
    return "".join(dict.fromkeys(pieces)), "".join(in_a_row)


def _assert_words(text: str, expected: str, what: str) -> None:
    """Compare the words that were shown with those expected, and name the likely cause.

    Raises:
        AssertionError: They differ by more than white space at the ends.
    """
    likely = ""
    if "Message" in text or re.match(r"\s*[\[({][\])}\[({'\"]", text):
        likely = " These are Python objects, not words: a token's words are in `.text`."
    elif text.count(expected) > 1:
        likely = " The answer is there more than once."
    elif text.replace("\n", "").strip() == expected:
        likely = " There are line breaks between the pieces: print with `end=''`."
    elif html.unescape(text).strip() == expected:
        likely = " Characters such as & were replaced: show the words as they are."
    elif " ".join(text.split()) == expected:
        likely = " There are extra spaces between the pieces: the tokens bring their own."
    elif _is_told_again(text.lstrip(), expected):
        likely = " Each piece repeats what came before it: pass on the new words only."
    elif text.strip() in _without_repeats(expected):
        likely = " A piece like an earlier one is missing: the same word may come again."
    elif expected in text:
        others = [part.strip() for part in text.split(expected, 1) if part.strip()]
        likely = f" Something else was shown as well: {' and '.join(map(short, others))}."
    elif text and expected.startswith(text.strip()):
        likely = " The end is missing."
    shown, wanted = contrast(text.strip(), expected)
    assert text.strip() == expected, f"{what} `{shown}`; expected `{wanted}`.{likely}"


def _assert_text(text: str, expected: str, what: str) -> None:
    """Compare words as `_assert_words` does; any white space may stand between two paragraphs."""
    if "\n" in expected:
        if text.split() == expected.split():
            return
        likely = (
            "White space is missing: a piece may be nothing but a line break, and two words need "
            "it between them."
        )
        if len(text.split()) > len(expected.split()):
            likely = (
                "White space stands between the pieces: `print` adds a line break to each, unless "
                "you say `end=''`."
            )
        assert "".join(text.split()) != "".join(expected.split()), (
            f"{what} {text!r}; expected {expected!r}. {likely}"
        )
    _assert_words(text, expected, what)


def _length(texts: list[Any]) -> int:
    return sum(len(text) for text in list(texts) if isinstance(text, str))


@exercise(
    hints=(
        "Print `token.text` in mode 'messages' first, and look at what is too much.",
        "Tool results come through the same stream, as whole messages of another class.",
        "Only `AIMessageChunk`s are the model's words; print with `end=''`.",
    ),
    seconds=30,
)
def ex3(print_reply):
    """Only the model's words are printed, piece by piece, with and without tools."""
    runs: list[str] = []
    late: list[str] = []  # of each run, what had been shown when somebody gave up
    count, weigh = Call("count_tents", {"color": "green"}), Call("weigh_tent", {"kind": "dome"})
    last = "There are twelve green tents left, and the tents are dry. Shall I put one aside?"
    talks = (
        ("  How do I  wash a tent?\n", Reply(PARAGRAPHS)),  # first: without tools, no other cause
        ("Any green tents?", Reply("", (count,)), Reply(last)),
        ("How many, how heavy?", Reply("I will look.", (count, weigh)), Reply(last)),
        (
            "Which tents are light?",
            Reply("", (weigh,)),
            Reply("One more thing, a one-off.", (count,)),
            Reply("", (weigh,)),
            Reply(REPAIR),
        ),
    )
    printed: list[tuple[str, list[str], list[Call]]] = []  # what it was, and had to be
    with part("all of the model's words"):
        for question, *replies in talks:
            runs.clear()
            with (
                watch_output() as seen,
                waiting_model(lambda s=seen: len(s.text), *replies) as state,
            ):
                in_front = _WordsInFront(replies, lambda s=seen: s.text)
                tools = _silent_tools(runs, in_front)
                print_reply(create_agent(_chat_model(), tools), question)
            late.append(in_front.in_vain)
            if state.in_vain:
                late[-1] = (
                    f"{state.in_vain}: the words were printed too late. Print each piece as it "
                    "arrives: mode 'messages' has the pieces, other modes have whole messages."
                )
            spoken = [reply.text for reply in replies if reply.text]
            calls = [call for reply in replies for call in reply.calls]
            printed.append((seen.text, spoken, calls))
            if not _holds(seen.text, spoken):
                _assert_printed(*printed[-1])
            _assert_asked(state, question, len(replies))
            assert len(runs) == len(calls), (
                f"The tools ran {len(runs)} times for one question. Run the agent once."
            )
    unknown, whatever = "The first run came to no end.", "a loop that prints whatever comes"
    with part("and nothing else"):
        assert printed, unknown
        for each in printed:
            _assert_printed(*each)
    with part("each piece as it arrives", held_by=whatever):
        assert late, unknown
        assert not any(late), next(filter(None, late))
    with part("an error comes out", held_by=(whatever, "an answer that prints nothing")):
        _assert_errors(lambda agent: print_reply(agent, "How heavy is it?"), "print_reply")


class _WordsInFront:
    """Lets a tool wait until the words in front of its call have been shown.

    A reader may keep an unfinished word back, and nothing else.

    Args:
        replies: What the model says, one reply a round.
        shown: Returns what the reader has seen.
    """

    def __init__(self, replies: list[Reply], shown: Callable[[], str]) -> None:
        self._replies, self._shown = replies, shown
        self.in_vain = ""
        """What had been shown when a tool gave up."""

    def wait(self, calls: int) -> None:
        """Wait in a tool call that has so many calls before it."""
        made = list(itertools.accumulate(len(reply.calls) for reply in self._replies))
        this = next((number for number, count in enumerate(made) if calls < count), None)
        if this is None:
            return  # a second run: another sentence says so
        text = next((r.text for r in reversed(self._replies[: this + 1]) if r.text), "")
        whole = "".join("".join(reply.text.split()) for reply in self._replies[: this + 1])
        left = whole

        def is_seen() -> bool:
            nonlocal left
            seen = "".join(self._shown().split())
            left = whole[len(seen) :]
            if not whole.startswith(seen):
                return True  # other words: another sentence says so
            return bool(self.in_vain) or left in ("", *text.split()[-1:])

        if not wait_until(is_seen, MAX_HOLD_SECONDS):
            self.in_vain = (
                f"The model said {text!r} and called a tool. The tool waited {MAX_HOLD_SECONDS} s "
                f"for these words, and {left!r} had not come out of your function: pass each piece "
                "on when it arrives, not when the next one does."
            )


def _silent_tools(runs: list[str], in_front: _WordsInFront) -> list[Any]:
    """Return two tools, which note their runs in a list."""

    @tool
    def count_tents(color: str) -> str:
        """Count the tents of a color in the store."""
        in_front.wait(len(runs))
        runs.append(color)
        return f"stock={{'{color}': 12}}"

    @tool
    def weigh_tent(kind: str) -> str:
        """Weigh a tent of a kind."""
        in_front.wait(len(runs))
        runs.append(kind)
        return f"weight={{'{kind}': 3}}"

    return [count_tents, weigh_tent]


def _holds(text: str, spoken: list[str]) -> bool:
    """Return whether the words stand in a text, in order, whatever stands between them."""
    rest = "".join(text.split())
    for words in spoken:
        _, found, rest = rest.partition("".join(words.split()))
        if not found:
            return False
    return True


def _assert_printed(text: str, spoken: list[str], calls: list[Call]) -> None:
    """Compare what was printed with what the model said; white space between messages is free."""
    said, rest = [], text.strip()
    for one in spoken[:-1]:
        if not rest.startswith(one):
            break
        said.append(one)
        rest = rest.removeprefix(one).lstrip()
    if rest == spoken[-1] and said == spoken[:-1]:
        return
    why = "The model made a tool call first, and said it then."
    if not calls:
        why = (
            "Not one piece got as far as your `print`, and no tool was called: look at the mode, "
            "and at what your code compares."
        )
    assert text.strip(), f"Nothing was printed; expected {short(' '.join(spoken))}. {why}"
    likely = ""
    if "Message" not in text:
        arguments = [str(value) for call in calls for value in call.arguments.values()]
        if "stock=" in text or "weight=" in text:
            likely = (
                "The result of a tool is in it, which is not for customers: it comes through the "
                "same stream, as a message of another class."
            )
        elif any(f'": "{value}"' in text or f"': '{value}'" in text for value in arguments):
            likely = "The arguments of a tool call are in it: they are not in `token.text`."
        elif missing := next((one for one in spoken[:-1] if one not in text), ""):
            likely = f"The model said {missing!r} beside a tool call: these are its words, too."
        elif len(spoken) > 1 and spoken[-1] not in text and text.strip() == "".join(spoken[:-1]):
            likely = "The answer after the tool calls is missing."
    if likely:
        raise AssertionError(
            f"You printed {short(text)}; expected {short(' '.join(spoken))}. {likely}"
        )
    _assert_text(text, "".join(spoken), "You printed")


@exercise(
    hints=(
        "One run can stream several modes: give `stream_mode` a list.",
        "What a tool writes with `get_stream_writer()` arrives in mode 'custom'.",
        "With `version='v2'` look at `part['type']`: 'custom' is progress; in 'messages' keep the "
        "tokens with text that come from the node 'model'.",
    ),
    seconds=30,
)
def ex4(progress_and_words):
    """Progress and words come from one run, in the order and at the moment they arrive."""
    pitch, fetch = Call("pitch_tent", {"place": "lake"}), Call("fetch_water", {"liters": 2})
    stands = "Your tent stands at the lake, and the kettle is on the fire at the lake."
    plans = (
        ("Pitch a tent at the lake", [Reply("", (pitch,)), Reply(stands)]),
        ("  How do I  wash a tent?\n", [Reply(PARAGRAPHS)]),
        (
            "Pitch it, then fetch water",
            [Reply("Right away.", (pitch,)), Reply("A one-off.", (fetch, pitch)), Reply(REPAIR)],
        ),
    )
    runs = [_Run(*plan) for plan in plans]
    for run in runs:  # one that came too late is enough: the others need not wait for it
        is_patient = not any(one.was_late() for one in runs)
        run.listen(progress_and_words, is_patient, is_quiet=run is runs[0])
    with part("progress"):
        for run in runs:
            expected = run.of("progress", run.expected)
            given = run.of("progress", run.events)
            assert given == expected, (
                f"For {run.question!r} the progress was {given}; expected {expected}, the tools' "
                f"reports as they are, and nothing else.{run.names()}"
            )
    with part("words"):
        for run in runs:
            odd = [text for text in run.of("words", run.events) if not isinstance(text, str)]
            assert not odd, (
                f"A piece of words is {kind(odd[0])}; expected text. A token's text is `.text`."
            )
            words = "".join(run.of("words", run.events))
            assert words, f"For {run.question!r} no words came.{run.names()}"
            assert "pitched" not in words, (
                f"The words were {short(words)}. The result of a tool is among them: it comes "
                "through the same stream, as a message of another class."
            )
            said = "".join(run.of("words", run.expected))
            silence = _silence_before_end(words, said) if run is runs[0] else ""
            _assert_text(words, said, f"{silence}The words were")
    with part("as they arrive"):
        for run in runs:
            _assert_asked(run.state, run.question, len(run.replies))
            assert run.worked == sum(len(reply.calls) for reply in run.replies), (
                f"The tools worked {run.worked} times for one question. Run the agent once."
            )
            assert not run.waited_in_vain, (
                f"A tool reported its progress and waited {MAX_HOLD_SECONDS} s, and the report had "
                "not come out of your generator: yield each one as it arrives."
            )
            assert not run.state.in_vain, (
                f"{run.state.in_vain}: the words came out of your generator too late. Yield each "
                "piece as it arrives."
            )
            order, expected = (
                [name for name, _ in itertools.groupby(name for name, _ in events)]
                for events in (run.events, run.expected)
            )
            assert order == expected, (
                f"For {run.question!r} the order was {order}; expected {expected}."
            )
            assert not run.in_front.in_vain, run.in_front.in_vain
    with part("errors come out"):
        _assert_errors(
            lambda agent: list(progress_and_words(agent, "How heavy is it?")), "progress_and_words"
        )


class _Run:
    """One run of an answer of exercise 4, and what has to come out of it."""

    def __init__(self, question: str, replies: list[Reply]) -> None:
        self.question, self.replies = question, replies
        self.state: WaitingModel | None = None
        self.events: list[tuple[Any, Any]] = []
        self.expected: list[tuple[str, str]] = []
        self.worked, self.waited_in_vain = 0, False
        self.in_front = _WordsInFront(replies, self._words)
        for reply in replies:
            self.expected += [("words", reply.text)] if reply.text else []
            for call in reply.calls:
                reports = ["unpacking", HAMMERING, "unpacking"]
                self.expected += [("progress", r) for r in reports if call.name == "pitch_tent"]

    def _words(self) -> str:
        words = self.of("words", self.events)
        return "".join(text for text in words if isinstance(text, str))

    @staticmethod
    def of(name: str, events: list[tuple[Any, Any]]) -> list[Any]:
        """Return what the pairs of a name hold."""
        return [value for one, value in events if one == name]

    def names(self) -> str:
        """Say which other names the pairs have, if they have."""
        seen = dict.fromkeys(name for name, _ in self.events)
        others = [short(name) for name in seen if name not in ("progress", "words")]
        if not others:
            return ""
        return f" Your pairs are named {', '.join(others)}; expected 'progress' and 'words'."

    def was_late(self) -> bool:
        """Say whether something was waited for in vain."""
        in_vain = self.state and self.state.in_vain
        return bool(in_vain or self.waited_in_vain or self.in_front.in_vain)

    def listen(self, progress_and_words: Any, is_patient: bool, is_quiet: bool) -> None:
        """Let the answer run, and note what comes out.

        Args:
            progress_and_words: The answer.
            is_patient: Whether model and tools wait until what they say has come out.
            is_quiet: Whether the model is quiet for a while before its last token.
        """

        def wait_for_words() -> None:
            if is_patient:
                self.in_front.wait(self.worked)

        @tool
        def pitch_tent(place: str) -> str:
            """Pitch a tent at a place."""
            wait_for_words()
            self.worked += 1
            report, before = get_stream_writer(), len(self.of("progress", self.events))
            report("unpacking")
            if is_patient:
                self._wait(before + 1)
            report(HAMMERING)
            report("unpacking")
            return f"pitched at the {place}"

        @tool
        def fetch_water(liters: int) -> str:
            """Fetch water."""
            wait_for_words()
            self.worked += 1
            return f"pitched {liters} liters"

        def shown() -> int:
            return _length(self.of("words", self.events)) if is_patient else sys.maxsize

        with waiting_model(shown, *self.replies) as self.state:
            self.state.is_quiet = is_quiet
            agent = create_agent(_chat_model(), [pitch_tent, fetch_water])
            run = progress_and_words(agent, self.question)
            assert not hasattr(run, "__aiter__"), (
                "`progress_and_words` is an async generator; expected a plain `def` with `yield`: "
                "it is read by a plain `for`."
            )
            assert hasattr(run, "__iter__"), (
                f"`progress_and_words` returned {kind(run)}; expected a generator: use `yield`."
            )
            for event in run:
                assert isinstance(event, tuple | list) and len(event) == 2, (
                    f"The generator gave {short(event)}; expected pairs such as ('words', 'Your')."
                )
                if event[1] != "":
                    self.events.append(tuple(event))

    def _wait(self, count: int) -> None:
        """Wait in a tool until so many reports came out: no clock decides what is "live"."""
        self.waited_in_vain |= not wait_until(
            lambda: self.waited_in_vain or len(self.of("progress", self.events)) >= count,
            MAX_HOLD_SECONDS,
        )


@exercise(
    hints=(
        "A sync stream cannot be stopped. `astream` can, if it is closed when you leave it.",
        "`async with aclosing(agent.astream(...)) as tokens:` and `break` inside the loop.",
        "To go on from a thread as it stands, give `None` as the input: `ainvoke(None, ...)`.",
    ),
    seconds=40,
)
def ex5(read_some, read_on):
    """The model stops when the reader has enough, and the thread goes on from there."""
    talks = [
        _Talk("wash-17", "How do I  wash a tent?\n", ADVICE, 20),
        _Talk("hole-4", "Что делать с дырой?", RUSSIAN_REPAIR, 45),
        _Talk("c-2207", "And the pegs?", ADVICE, 1),
        _Talk("ann", "Is there more to know?", ADVICE, 130),
    ]
    lost: list[Any] = []
    with lesson_model.scratch() as model:
        model.state = state = HoldingModel()
        for talk in talks:
            model.when(talk.question[:9]).says(talk.answer)
        model.when("hello").says("Good morning!")
        agent = create_agent(ChatOpenAI(model=model.name), checkpointer=InMemorySaver())
        _keep_streams(agent)

        async def stop_and_go_on() -> None:
            hello = {"messages": "Hello!"}
            await create_agent(ChatOpenAI(), checkpointer=agent.checkpointer).ainvoke(
                hello, talks[1].thread
            )
            for talk in talks:  # all customers stop before one goes on
                before = len(model.requests)
                state.enough = len(tokenize(talk.answer[: talk.enough]))
                state.brake = state.enough + _Talk.MAX_MORE_TOKENS
                talk.seen = await read_some(agent, talk.question, talk.thread, talk.enough)
                talk.asked = len(model.requests) - before
                if talk.asked:  # until it has noticed that nobody listens
                    talk.request = model.requests[before]
                    talk.read_past = state.was_read_past_the_brake()
                    await asyncio.to_thread(talk.request.wait, 2 * HoldingModel.HOLD_SECONDS)
                    talk.left = talk.request.aborted  # now: the end of this loop stops everything
                talk.halfway = await agent.aget_state(talk.thread)
                if not talk.stopped() or talk.read_past:
                    break
            state.brake = None
            for talk in talks[: len([t for t in talks if t.asked])]:
                if talk is talks[2]:
                    model.fail("bad_key")
                    with contextlib.suppress(AuthenticationError):
                        lost.append(await read_on(agent, talk.thread))
                before = len(model.requests)
                talk.whole = await read_on(agent, talk.thread)
                talk.asked_again = len(model.requests) - before
                talk.after = await agent.aget_state(talk.thread)

        run_async(stop_and_go_on())
    with part("read_some reads the beginning"):
        for talk in (t for t in talks if t.request or t is talks[0]):
            talk.assert_beginning()
    with part("read_some stops the model"):
        for talk in (t for t in talks if t.request or t is talks[0]):
            talk.assert_stopped()
    with part("read_on returns the whole answer"):
        for talk in (t for t in talks if t.after):
            assert talk.whole == talk.answer, (
                f"`read_on` returned {short(talk.whole)}; expected the whole answer, "
                f"{short(talk.answer)}." + _whose(talk, talks)
            )
            assert talk.asked_again <= 1, (
                f"`read_on` sent the model {talk.asked_again} requests; expected one."
            )
        assert not lost, (
            f"The model's service refused the key (401), and `read_on` returned {short(lost[0])}; "
            "expected that the error comes out: it is no answer."
        )
    with part("the question stands once in the thread"):
        for talk in (t for t in talks if t.after):
            held = _types(talk.after)
            expected = ["human", "ai"] * (2 if talk is talks[1] else 1)
            likely = (
                "To go on, give the agent no new message, and save none: the question is in the "
                "thread already."
            )
            if held and held == expected[2:]:
                likely = "What the thread held before the question is gone: leave it there."
            assert held == expected, f"The thread holds {held}; expected {expected}. {likely}"


def _whose(talk: _Talk, talks: list[_Talk]) -> str:
    """Say so if a customer was given another one's answer."""
    if all(other.answer != talk.whole for other in talks):
        return ""
    return " That is the answer to another customer, who had stopped as well."


def _keep_streams(agent: Any) -> None:
    """Hold on to every stream an agent opens, as a page or a log may: then only closing ends it."""
    streams, opened = [], agent.astream

    def astream(*args: Any, **options: Any) -> Any:
        streams.append(opened(*args, **options))
        return streams[-1]

    agent.astream = astream


@dataclass
class _Talk:
    """One customer who stops and goes on, and what was seen of it."""

    MAX_MORE_TOKENS: ClassVar[int] = 6  # "a word or two more are fine"
    name: str
    question: str
    answer: str
    enough: int
    seen: Any = None
    request: Any = None
    halfway: Any = None
    whole: Any = None
    after: Any = None
    left: bool = False
    read_past: bool = False
    asked: int = 0
    asked_again: int = 0

    @property
    def thread(self) -> dict[str, Any]:
        return thread(self.name)

    def stopped(self) -> bool:
        """Say whether the model was left in the middle, and the thread stands before it."""
        return self.left and bool(self.halfway.next)

    def assert_beginning(self) -> None:
        seen, enough = self.seen, self.enough
        assert isinstance(seen, str), f"`read_some` returned {kind(seen)}; expected text."
        assert self.answer.startswith(seen) and len(seen) >= enough, (
            f"`read_some` returned {short(seen)}; expected the first {enough} characters or a few "
            f"more of {short(self.answer)}."
        )
        assert len(seen) <= enough + 25, (
            f"`read_some` was asked for {enough} characters, or a word or two more, and returned "
            f"{len(seen)}."
        )

    def assert_stopped(self) -> None:
        assert self.request is not None, "The model was never asked."
        assert self.asked == 1, f"`read_some` sent the model {self.asked} requests; expected one."
        assert _asked(self.request)[-1] == self.question, (
            f"The customer wrote {self.question!r}, and the model was sent "
            f"{_asked(self.request)[-1]!r}; expected the question as it is."
        )
        assert not self.read_past, (
            f"{self.enough} characters were enough, and `read_some` waited until the model had "
            f"written {self.MAX_MORE_TOKENS} tokens more than those. Every token is paid for, also "
            "those that are cut off afterwards: stop as soon as there are enough characters. (Only "
            "an async stream can be stopped: leaving a sync one waits for the node.)"
        )
        assert self.left, (
            "`read_some` returned, and its request to the model was not aborted: the model wrote "
            "its answer to the end. Only an async stream can be stopped: close it (`aclosing`, "
            "`aclose`). I hold on to your stream, as a page may, so it is not enough to leave the "
            "loop, or to cancel a task that waits for something else than the stream."
        )
        assert self.halfway.next, (
            "The request was aborted, and nothing is left to run in the thread: `state.next` is "
            f"{self.halfway.next}, and it holds {_types(self.halfway)}; expected that `next` names "
            "the model's node. Either the run was not cancelled, or something was saved in the "
            "thread afterwards."
        )


@exercise(
    hints=(
        "Three things are in the chunks: text, usage_metadata, and response_metadata.",
        "Usage comes only with `stream_usage=True`, in a chunk without text.",
        "Complete means `finish_reason` came and is 'stop'. 'length' ran out; none at all was cut.",
    ),
    seconds=30,
)
def ex6(show_with_receipt):
    """The receipt counts the tokens, and calls only a finished answer complete."""
    with part("a whole answer"):
        for question, answer in (("How do I  wash a tent?\n", ADVICE), ("A hole!", REPAIR)):
            _assert_receipt(show_with_receipt, question, answer)
    with part("a stream cut in the middle"):
        for after in (6, 20):  # after a full stop, and in the middle of a sentence
            receipt = _spoilt_receipt(show_with_receipt, "truncate", after)
            assert receipt["complete"] is False, (
                f"The stream was cut, and the receipt has complete={receipt['complete']!r}; "
                "expected False. No `finish_reason` came."
            )
            assert receipt["tokens"] is None, (
                f"The stream was cut, and the receipt has tokens={receipt['tokens']!r}; expected "
                "None: the count comes at the end, so nobody knows it."
            )
    with part("an answer that ran out of tokens"):
        receipt = _spoilt_receipt(show_with_receipt, "length", 6)
        assert receipt["complete"] is False, (
            f"The model stopped because of its token limit (finish_reason 'length'), and the "
            f"receipt has complete={receipt['complete']!r}; expected False."
        )
    with part("an answer that a filter stopped"):
        receipt = _spoilt_receipt(show_with_receipt, "content_filter", 6)
        assert receipt["complete"] is False, (
            "A filter stopped the model (finish_reason 'content_filter'), and the receipt has "
            f"complete={receipt['complete']!r}; expected False."
        )
    with part("another whole answer"):
        scene = "After spoilt answers a whole one came. "
        _assert_receipt(show_with_receipt, "How do I wash a tent?", ADVICE, scene)


def _assert_receipt(show_with_receipt: Any, question: str, answer: str, scene: str = "") -> None:
    """Check the words, the moment they came, and the receipt of a whole answer."""
    shown: list[str] = []
    with waiting_model(lambda: _length(shown), Reply(answer)) as state:
        receipt = _receipt(show_with_receipt, question, shown)
    _assert_words("".join(shown), answer, "`show` was given")
    cure = "Take words, count and finish_reason from one stream: each request is paid for."
    _assert_asked(state, question, 1, cure)
    assert not state.in_vain, f"{state.in_vain}. Which line holds words back?"
    assert receipt["complete"] is True, (
        f"{scene}The model was done, and the receipt has complete={receipt['complete']!r}; "
        "expected True."
    )
    body = state.log.requests()[0].body
    used = prompt_tokens(body) + len(tokenize(answer))
    likely = " The count comes in a chunk of its own, after the one with `finish_reason`."
    if not (body.get("stream_options") or {}).get("include_usage"):
        likely = " Nobody asked for the count: `stream_usage=True`."
    elif receipt["tokens"] == len(tokenize(answer)):
        likely = " That is the answer alone; 'total_tokens' has the question, too."
    elif receipt["tokens"] == prompt_tokens(body):
        likely = " That is the question alone; 'total_tokens' has the answer, too."
    elif receipt["tokens"]:
        likely = ""
    assert receipt["tokens"] == used, (
        f"{scene}The receipt has tokens={receipt['tokens']!r}; the model counted {used}, question "
        f"included.{likely}"
    )


def _spoilt_receipt(show_with_receipt: Any, fault: str, after: int) -> dict:
    """Return the receipt of an answer that a fault ends."""
    with lesson_model.scratch() as model:
        model.when("").says(ADVICE)
        model.fail(fault, after=after)
        receipt = _receipt(show_with_receipt, "How do I wash a tent?", [])
        assert len(model.requests) == 1, (
            f"For one question the model received {len(model.requests)} requests; expected one."
        )
    return receipt


def _receipt(show_with_receipt: Any, question: str, shown: list[str]) -> dict:
    receipt = show_with_receipt(question, shown.append)
    assert isinstance(receipt, dict) and {"tokens", "complete"} <= set(receipt), (
        f"`show_with_receipt` returned {short(receipt)}; expected a dictionary with 'tokens' and "
        "'complete'."
    )
    odd = next((text for text in shown if not isinstance(text, str)), None)
    assert odd is None, f"`show` was given {kind(odd)}; expected text. A token's text is `.text`."
    return receipt


def _types(state: Any) -> list[str]:
    return [message.type for message in state.values.get("messages", [])]
