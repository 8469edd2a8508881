"""Checks of lesson 1, streaming."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

from langchain.agents import create_agent
from langchain.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer

import lesson_model
from exercises.core.descriptions import assert_words, kind, short
from exercises.core.exercise import exercise, part, run_async, watch_output

__all__ = ("ex1", "ex2", "ex3", "ex4", "ex5", "ex6")

ADVICE = (
    "Shake the sand out first. Then wash the tent by hand, in cold water, with a soft brush and no "
    "soap at all. Hang it in the shade until it is dry on both sides, the seams as well, and only "
    "then fold it. A tent that is put away damp smells of the cellar by spring."
)
PACE = {"first": 0.05, "per_token": 0.03}  # two seconds in all
WHO_WAITS = {
    "A": ("a chat window", "messages", "a person reads along"),
    "B": ("a nightly job", "invoke", "nobody watches it"),
    "C": ("step 3 of 7", "updates", "it shows a line for each finished node, not words"),
    "D": ("the back end of a chat", "messages", "a person sits behind it and reads along"),
    "E": ("a JSON function", "invoke", "half of a JSON text is of no use to a program"),
    "F": ("a phone assistant", "messages", "it speaks as soon as the first sentence is there"),
    "G": ("a yes or no", "invoke", "the next node needs the whole answer, which is one word"),
}


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
    """The first words are shown in the first half of the time."""
    shown: list[tuple[float, str]] = []
    with lesson_model.scratch() as model:
        model.when("").says(ADVICE)
        model.pace(**PACE)
        start = time.monotonic()
        answer("How do I wash a tent?", lambda text: shown.append((time.monotonic() - start, text)))
        total, requests = time.monotonic() - start, len(model.requests)
    assert shown, "`answer` never called `show(text)`. (A misspelt mode gives no chunks at all.)"
    odd = next((text for _, text in shown if not isinstance(text, str)), None)
    assert odd is None, f"`show` was given {kind(odd)}; expected text. A token's text is `.text`."
    pieces = [(seconds, text) for seconds, text in shown if text]
    assert_words("".join(text for _, text in pieces), ADVICE, "`show` was given")
    assert requests == 1, (
        f"The model was asked {requests} times for one question; expected once. "
        "Every run of the agent is paid for: take everything from one stream."
    )
    assert len(pieces) > 5, (
        f"The answer was shown in {len(pieces)} piece(s); expected a piece for each token. "
        "The default mode gives whole messages; which one gives the words?"
    )
    early = pieces[0][0] / total
    assert early < 0.5, (  # on an idle machine 3% or 100%
        f"The first piece was shown after {early:.0%} of the time; expected less than 50%. "
        "The answer was complete before you showed any of it: which line waits for all of it?"
    )


@exercise(
    hints=(
        "Print `token.text` in mode 'messages' first, and look at what is too much.",
        "Tool results come through the same stream, as whole messages of another class.",
        "Only `AIMessageChunk`s are the model's words; print with `end=''`.",
    ),
    seconds=20,
)
def ex3(print_reply):
    """Only the model's words are printed, piece by piece."""

    @tool
    def count_tents(color: str) -> str:
        """Count the tents of a color in the store."""
        return f"stock={{'{color}': 12}}"

    reply = "There are twelve green tents left. Shall I put one aside for you until Friday?"
    with lesson_model.scratch() as model, watch_output() as seen:
        model.when("").calls("count_tents", color="green").then_says(reply)
        model.pace(per_token=0.005)
        print_reply(create_agent(ChatOpenAI(model=model.name), [count_tents]), "Any green tents?")
    assert seen.text, "Nothing was printed."
    assert "stock=" not in seen.text or "Message" in seen.text, (
        f"You printed {short(seen.text)}. That begins with the result of the tool, which is not "
        "for customers: it comes through the same stream, as a message of another class."
    )
    assert_words(seen.text, reply, "You printed")
    assert sum(bool(text.strip()) for _, text in seen.writes) > 3, (
        "The words were printed in one go, at the end; expected a piece as each one arrives."
    )


@exercise(
    hints=(
        "One run can stream several modes: give `stream_mode` a list.",
        "What a tool writes with `get_stream_writer()` arrives in mode 'custom'.",
        "With `version='v2'` look at `part['type']`: 'custom' is progress; in 'messages' keep the "
        "tokens with text that come from the node 'model'.",
    ),
    seconds=20,
)
def ex4(progress_and_words):
    """Progress and words come from one run, in the order and at the moment they arrive."""
    shown, waited_in_vain = threading.Event(), []

    @tool
    def pitch_tent(place: str) -> str:
        """Pitch a tent at a place."""
        report = get_stream_writer()
        report("unpacking")
        # The tool goes on when the first report has been seen: no clock decides what is "live".
        if not shown.wait(timeout=3):
            waited_in_vain.append(place)
        report("hammering pegs")
        return "pitched"

    reply = "Your tent stands at the lake, and the kettle is on."
    with lesson_model.scratch() as model:
        model.when("").calls("pitch_tent", place="lake").then_says(reply)
        agent = create_agent(ChatOpenAI(model=model.name), [pitch_tent])
        events: list[tuple[str, Any]] = []
        run = progress_and_words(agent, "Pitch a tent at the lake")
        assert hasattr(run, "__iter__"), (
            f"`progress_and_words` returned {kind(run)}; expected a generator: use `yield`."
        )
        for event in run:
            assert isinstance(event, tuple | list) and len(event) == 2, (
                f"The generator gave {short(event)}; expected pairs such as ('words', 'Your')."
            )
            if event[1] != "":
                events.append(tuple(event))
                shown.set()
        requests = len(model.requests)
    kinds = list(dict.fromkeys(name for name, _ in events))
    with part("progress"):
        assert "progress" in kinds, (
            f"No progress came, only {kinds}. Reports of a tool arrive in mode 'custom'."
        )
        progress = [text for name, text in events if name == "progress"]
        assert progress == ["unpacking", "hammering pegs"], (
            f"The progress was {progress}; expected the tool's two reports and nothing else."
        )
    with part("words"):
        words = [text for name, text in events if name == "words"]
        assert words, f"No words came, only {kinds}. They arrive in mode 'messages'."
        assert all(isinstance(text, str) for text in words), (
            f"A piece of words is {kind(words[0])}; expected text. A token's text is `.text`."
        )
        assert_words("".join(words), reply, "The words were")
        assert len(words) > 3, "The words came in one piece."
    with part("as they arrive"):
        assert requests == 2, (
            f"The model was asked {requests} times; one run asks it twice. Do not run the agent "
            "once for each mode: the tool would work twice, too."
        )
        assert not waited_in_vain, (
            "The tool was still working, and its first report had not come out of your generator. "
            "Something collects everything before the first `yield`."
        )
        assert events[0][0] == "progress" and set(kinds) == {"progress", "words"}, (
            f"The kinds came in the order {kinds}; expected 'progress', then 'words'."
        )


@exercise(
    hints=(
        "A sync stream cannot be stopped. `astream` can, if it is closed when you leave it.",
        "`async with aclosing(agent.astream(...)) as tokens:` and `break` inside the loop.",
        "To go on from a thread as it stands, give `None` as the input: `ainvoke(None, ...)`.",
    ),
    seconds=30,
)
def ex5(read_some, read_on):
    """The model stops when the reader has enough, and the thread goes on from there."""
    thread = {"configurable": {"thread_id": "check"}}
    with lesson_model.scratch() as model:
        model.when("").says(ADVICE)
        model.pace(first=0.05, per_token=0.08)  # five seconds: on a busy machine leaving takes one
        agent = create_agent(ChatOpenAI(model=model.name), checkpointer=InMemorySaver())

        async def stop_and_go_on() -> tuple[str, Any, Any, str, Any]:
            seen = await read_some(agent, "How do I wash a tent?", thread, 20)
            first = model.requests[0] if model.requests else None
            halfway = await agent.aget_state(thread)
            if first is not None:  # until it has noticed that nobody listens, or has finished
                await asyncio.to_thread(first.wait)
            model.pace()
            whole = await read_on(agent, thread)
            return seen, first, halfway, whole, await agent.aget_state(thread)

        seen, first, halfway, whole, after = run_async(stop_and_go_on())
    with part("read_some shows the beginning"):
        assert isinstance(seen, str), f"`read_some` returned {kind(seen)}; expected text."
        assert ADVICE.startswith(seen) and len(seen) >= 20, (
            f"`read_some` returned {short(seen)}; expected the first 20 characters or a few more "
            f"of {short(ADVICE)}."
        )
        assert len(seen) < 60, f"`read_some` read {len(seen)} characters; 20 were enough."
    with part("read_some stops the model"):
        assert first is not None, "The model was never asked."
        assert first.aborted and halfway.next, (
            "You stopped reading, but the model wrote its answer to the end, and the thread "
            f"holds {_types(halfway)}. Leaving a sync stream does not stop its node; an async "
            "stream stops when it is closed (`aclosing`)."
        )
    with part("read_on returns the whole answer"):
        assert whole == ADVICE, (
            f"`read_on` returned {short(whole)}; expected the whole answer, {short(ADVICE)}."
        )
    with part("the question stands once in the thread"):
        assert _types(after) == ["human", "ai"], (
            f"The thread holds {_types(after)}; expected one question and one answer. "
            "To go on, give the agent no new message: the question is in the thread already."
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
    with lesson_model.scratch() as model:
        question = "How do I wash a tent?"
        model.when("").says(ADVICE)
        used = ChatOpenAI().invoke(question).usage_metadata["total_tokens"]
        with part("a whole answer"):
            shown, receipt = _receipt(show_with_receipt, question)
            assert_words("".join(shown), ADVICE, "`show` was given")
            assert len(shown) > 5, "The words were shown in one go; expected piece by piece."
            assert receipt["complete"] is True, "The model was done; `complete` is not True."
            assert receipt["tokens"] == used, (
                f"The receipt has tokens={receipt['tokens']!r}; the model counted {used}, question "
                "included. Ask for it (`stream_usage=True`) and take 'total_tokens'."
            )
        with part("a stream cut in the middle"):
            model.fail("truncate", after=6)
            _, receipt = _receipt(show_with_receipt, question)
            assert receipt["complete"] is False, (
                f"The stream was cut, and the receipt has complete={receipt['complete']!r}; "
                "expected False. No `finish_reason` came."
            )
        with part("an answer that ran out of tokens"):
            model.fail("length", after=6)
            _, receipt = _receipt(show_with_receipt, question)
            assert receipt["complete"] is False, (
                f"The model stopped because of its token limit (finish_reason 'length'), and the "
                f"receipt has complete={receipt['complete']!r}; expected False."
            )


def _receipt(show_with_receipt: Any, question: str) -> tuple[list[str], dict]:
    shown: list[str] = []
    receipt = show_with_receipt(question, shown.append)
    assert isinstance(receipt, dict) and {"tokens", "complete"} <= set(receipt), (
        f"`show_with_receipt` returned {short(receipt)}; expected a dictionary with 'tokens' and "
        "'complete'."
    )
    return list(filter(None, shown)), receipt


def _types(state: Any) -> list[str]:
    return [message.type for message in state.values.get("messages", [])]
