"""Checks of lesson 0, start here."""

from __future__ import annotations

import contextlib
import copy
import inspect
import re
from collections.abc import Iterator
from typing import Any

from httpx import Limits
from langchain.agents import create_agent
from langchain.messages import AIMessage, HumanMessage, ToolMessage
from langchain.tools import tool
from langchain_core.tools import BaseTool
from langchain_openai import ChatOpenAI
from langgraph.errors import GraphRecursionError
from openai import AuthenticationError, DefaultAsyncHttpxClient

import lesson_model
from exercises.core.descriptions import kind, short
from exercises.core.exercise import exercise, outcome, part, trying
from exercises.core.functions import functions_of

__all__ = ("ex1", "ex2", "ex3", "ex4")


@exercise(
    hints=(
        "The model cannot run a tool. What does it send back instead of an answer?",
        "First it says which tool to call. Who tells it the result, and how?",
        "One request to get the call, one more to turn the result into an answer.",
    )
)
def ex1(requests_for_one_question):
    """One request for the call, one for the answer."""

    @tool
    def count_tents() -> str:
        """Count the tents in the store."""
        return "twelve"

    with lesson_model.scratch() as model:
        model.when("").calls("count_tents").then_says("We have twelve tents.")
        agent = create_agent(ChatOpenAI(model=model.name), [count_tents])
        thread = agent.invoke({"messages": "How many tents do we have?"})["messages"]
        seen = len(model.requests)
    answer = requests_for_one_question
    assert isinstance(answer, int | float) and not isinstance(answer, bool), (
        f"You gave {kind(answer)}; expected a number, such as 7."
    )
    likely = "Count for one question, from its first request on."
    if answer == 1:
        likely = "What happens after the tool has run?"
    elif answer == seen + 1:
        likely = "Your program runs the tool: that is no request to the model."
    elif answer == len(thread):
        likely = f"{answer} is the number of messages in the thread; who wrote each of them?"
    assert answer == seen, (
        f"You said {answer}. I asked such a question just now, and the model received {seen} "
        f"requests. {likely}"
    )


@exercise(
    hints=(
        "What would you call the tool, if the name had to explain it?",
        "The docstring becomes the tool's description; the parameter's name is shown, too.",
        "`@tool`, then `def opening_hours(day: str) -> str:` with a docstring that says 'opening "
        "hours' and 'day'.",
    )
)
def ex2(opening_hours):
    """Name, description and parameter say what the tool is for, and it knows the hours."""
    assert isinstance(opening_hours, BaseTool) or callable(opening_hours), (
        f"`opening_hours` is {kind(opening_hours)}; expected a tool."
    )
    chosen = _as_tool(opening_hours)
    name, described = chosen.name, chosen.description
    with part("the model sees what it is for"):
        words = f"{name} {described}".lower().replace("_", " ")
        assert OPENING.search(words), (
            f"All the model sees is the name {name!r} and the description {described!r}. Neither "
            "speaks of opening hours: how would it know when to call the tool?"
        )
    with part("the model sees what to give it"):
        parameters = list(chosen.args)
        assert len(parameters) == 1, f"It takes {parameters}; expected one parameter, for the day."
        about = str(chosen.args[parameters[0]].get("description", ""))
        words = f"{parameters[0]} {described} {about}".lower().replace("_", " ")
        assert re.search(r"day|\bdate\b|\bwhen\b", words), (
            f"The parameter is called {parameters[0]!r}, and the description {described!r} does "
            "not mention a day: what would the model put there?"
        )
    kept = _hours_of(opening_hours, chosen)
    for day, hours in (("Saturday", "10 to 16"), ("Sunday", "closed"), ("Monday", "9 to 18")):
        with part(f"the hours on {day}"):
            before = dict(kept)
            _assert_hours(opening_hours, chosen, day, hours)
            assert kept == before, (
                f"The tool was asked for {day}, and `HOURS` became {short(kept)}: looking a day up "
                "must not change it. (`setdefault` writes.)"
            )
    with part("the hours when they change"), _other_hours(kept):
        for day, hours in (("saturday", "8 to 12"), ("Wednesday", "13 to 17")):
            _assert_hours(opening_hours, chosen, day, hours, " I had put that into `HOURS` before.")
        is_text = all(schema.get("type") == "string" for schema in chosen.args.values())
        if is_text and not _choices(chosen):
            why = " `HOURS` has that very day: compare whole names, not parts of them."
            _assert_hours(opening_hours, chosen, "Easter Sunday", "7 to 11", why)


# "open the dictionary" says nothing about a shop.
OPENING = re.compile(
    r"\bhours?\b|\bopening\b|\bclos(es?|ed|ing)\b"
    r"|\bopens?\b(?! (up )?(the |a |an |this |our )?(dict|file|table|value|entr|constant|list))"
)
HOURS = ("10 to 16", "closed", "9 to 18", "8 to 12", "13 to 17", "7 to 11")


def _as_tool(answer: Any) -> BaseTool:
    """Return an answer as the tool `create_agent` makes of it; it takes plain functions, too."""
    if isinstance(answer, BaseTool):
        return answer
    assert inspect.getdoc(answer), (
        "`opening_hours` is a function without a docstring, so the model is told nothing about it. "
        "Say what it is for, and put `@tool` above it."
    )
    return tool(answer)


def _assert_hours(answer: Any, chosen: BaseTool, day: str, hours: str, why: str = "") -> None:
    """Let a desk call the tool for a day, and compare what came back."""
    spelling = _choices(chosen).get(day.lower(), day)
    result = _called_by_a_desk(answer, chosen, spelling)
    others = [text for text in HOURS if text != hours and text in result]
    if hours in result and not others:
        return
    if hours in result:
        why = f" Say nothing of other days, such as {others[0]!r}."
    elif day != day.lower() and hours in _called_by_a_desk(answer, chosen, day.lower()):
        why = f" For {day.lower()!r} it is right: the model may write a day with a capital letter."
    elif not why and day == "Monday":
        why = " Days that are not in `HOURS` have the hours '9 to 18', as in `f`."
    raise AssertionError(
        f"For {spelling!r} the tool returned {short(result)}; expected {hours!r}.{why}"
    )


def _called_by_a_desk(answer: Any, chosen: BaseTool, day: str) -> str:
    """Return the tool's result when an agent calls it."""
    assert getattr(chosen, "func", chosen) is not None, (
        "The desk runs without async, and your tool can only be awaited; expected one that is "
        "called: write `def`, not `async def`."
    )
    with lesson_model.scratch() as model:
        arguments = dict.fromkeys(chosen.args, day)
        model.when("").calls(chosen.name, **arguments).then_says("Here you are.")
        desk = create_agent(ChatOpenAI(model=model.name), [answer])
        messages = desk.invoke({"messages": f"And on {day}?"})["messages"]
    return next((m.text for m in messages if isinstance(m, ToolMessage)), "")


def _hours_of(answer: Any, chosen: BaseTool) -> dict:
    """Return the reader's `HOURS`, an empty dictionary where there is none."""
    sources = [part for one in (answer, chosen) for part in (one, *type(one).__mro__)]
    spaces = [f.__globals__ for source in sources for f in functions_of(source)]
    hours = next((space["HOURS"] for space in spaces if "HOURS" in space), None)
    return hours if isinstance(hours, dict) else {}


@contextlib.contextmanager
def _other_hours(hours: dict) -> Iterator[None]:
    """Put other hours into the reader's `HOURS` for a while."""
    before = dict(hours)
    spelt = {str(day).lower(): day for day in hours}
    try:
        hours[spelt.get("saturday", "saturday")] = "8 to 12"
        hours[spelt.get("wednesday", "wednesday")] = "13 to 17"
        hours["easter sunday"] = "7 to 11"
        yield
    finally:
        hours.clear()
        hours.update(before)


def _choices(chosen: BaseTool) -> dict[str, str]:
    """Return how a tool wants days to be spelt, if it lists them."""
    listed = [choice for schema in chosen.args.values() for choice in schema.get("enum", ())]
    return {str(choice).lower(): choice for choice in listed}


@exercise(
    hints=(
        "What is the one key of the agent's state?",
        "`reply['messages']` begins with the question. Where is the answer?",
        "`agent.invoke({'messages': question})`, and the text of the last message.",
    )
)
def ex3(ask):
    """The question reaches the model, and its answer comes back, however many tools it takes."""

    @tool
    def count_tents(color: str) -> str:
        """Count the tents of a color in the store."""
        return f"{color}: twelve"

    @tool
    def weigh_tent(color: str) -> str:
        """Weigh a tent."""
        return f"{color}: 3 kg"

    @tool
    def broken_scales(color: str) -> str:
        """Weigh a tent on the broken scales."""
        raise bug

    bug = KeyError("scales")

    tools = [count_tents, weigh_tent, broken_scales]
    answers = (
        "We have twelve green tents.",
        "Good morning! How can I help?",
        "It weighs three kilos.",
        "Twelve, of 3 kg.",
        "All fifteen are there.",
        "Did you say something?",
    )
    with lesson_model.scratch() as model:
        model.when("green").calls("count_tents", color="green").then_says(answers[0])
        model.when("heavy").says("I'll look.").calls("weigh_tent", color="red").then_says(
            answers[2]
        )
        blue = model.when("blue").calls("count_tents", color="blue")
        blue.calls("weigh_tent", color="blue").then_says(answers[3])
        model.when("hello").says(answers[1])
        yellow = model.when("yellow").then_says(answers[4])
        for _ in range(15):
            yellow.calls("count_tents", color="yellow")
        model.when(r"^\s*$").says(answers[5])
        model.when("nothing").says("")
        model.when("broken").calls("broken_scales", color="red")
        for question, expected, requests in (
            ("How many green tents do we have?", answers[0], 2),
            ("  Hello,  is anybody\n\tthere? ", answers[1], 1),
            ("How heavy is a tent?", answers[2], 2),
            ("How many blue tents, and what do they weigh?", answers[3], 3),
            ("Count the yellow tents in each of the fifteen depots.", answers[4], 16),
            ("", answers[5], 1),
            (" \n", answers[5], 1),
        ):
            before = len(model.requests)
            _assert_answer(_asked(ask, _agent(tools), question), question, expected)
            seen = model.requests[before:]
            asked = [m["content"] for m in seen[0].body["messages"] if m["role"] == "user"]
            assert asked == [question], (
                f"I asked {question!r}, and the model was sent {asked}; expected this one question."
            )
            assert len(seen) == requests, (
                f"For {question!r} the model received {len(seen)} requests; expected {requests}. "
                "Run the agent once."
            )
        agent, question = _agent(tools), "Is a white tent left?"
        for expected in ("There is one left.", "No, there is none."):
            model.when("white").says(expected)
            before = len(model.requests)
            answer = _asked(ask, agent, question)
            assert len(model.requests) > before, (
                f"I asked {question!r} a second time, and the model was not asked; `ask` returned "
                f"{short(answer)}. Keep no answers: tomorrow another one is right."
            )
            _assert_answer(answer, question, expected)
        before = len(model.requests)
        outcome(lambda: ask(_agent(tools), "Say nothing."))
        runs = len(model.requests) - before
        assert runs <= 1, (
            f"The model's answer was empty, and the model received {runs} requests; expected 1. "
            "Run the agent once, whatever it says."
        )
        before = len(model.requests)
        error = _raised_by(ask, _agent(tools), "Use the broken scales.", "A tool raised a KeyError")
        assert error is bug, (
            f"A tool raised `{bug!r}`, and `ask` raised `{short(error)}`; expected that very "
            "error: whoever looks for the bug needs it as it is."
        )
        runs = len(model.requests) - before
        assert runs == 1, (
            f"A tool raised a KeyError, and the model received {runs} requests; expected 1. "
            "Run the agent once, whether it works or not: all that its tools did before the "
            "error would be done again."
        )
        model.fail("bad_key")
        what = "The model's service refused the key (401)"
        error = _raised_by(ask, _agent(tools), "Hello again!", what)
        assert isinstance(error, AuthenticationError), (
            f"{what}, and `ask` raised `{short(error)}`; expected the AuthenticationError itself."
        )


def _asked(ask: Any, agent: Any, question: str) -> Any:
    """Return what `ask` returns; an error is told with the question it came of."""
    try:
        with trying(f"the question {question!r}"):
            return ask(agent, question)
    except GraphRecursionError as error:
        raise AssertionError(
            f"I asked {question!r}, which takes many steps, and the run ended with a "
            f"GraphRecursionError: {short(str(error))}. Leave `recursion_limit` as it is."
        ) from None


def _raised_by(ask: Any, agent: Any, question: str, what: str) -> Exception:
    """Return what `ask` raises; `what` says what happened in the agent."""
    answer, error = outcome(lambda: ask(agent, question))
    assert error is not None, (
        f"{what}, and `ask` returned {kind(answer)}; expected the error to come out. Do not catch "
        "it: nobody would learn of the bug."
    )
    return error


def _agent(tools: list[BaseTool]) -> Any:
    """Return an agent with an async client of its own: the shared one fails in a second loop.

    It keeps no connection either, so the agent can be asked again from another loop.
    """
    client = DefaultAsyncHttpxClient(limits=Limits(max_keepalive_connections=0))
    return create_agent(ChatOpenAI(http_async_client=client), tools)


def _assert_answer(answer: Any, question: str, expected: str) -> None:
    assert answer is not None, "`ask` returned None; expected the answer. Is a `return` missing?"
    assert isinstance(answer, str), (
        f"`ask` returned {kind(answer)}; expected the answer's text, a string."
    )
    likely = ""
    if answer == question:
        likely = " That is the question: the list starts with it."
    elif answer in ("green: twelve", "red: 3 kg", "blue: twelve", "blue: 3 kg"):
        likely = " That is the tool's result; the answer comes after it."
    elif answer in ("", "I'll look."):
        likely = " That is the text of a tool call; the answer comes later."
    elif not question.strip():
        likely = " The agent gets every question, an empty one, too."
    elif expected in answer:
        likely = " Other messages are in it as well; the answer is the last one."
    assert answer == expected, (
        f"I asked {question!r}, and `ask` returned {short(answer)}; expected {expected!r}.{likely}"
    )


@exercise(
    hints=(
        "Go through the messages once. What can a message hold? Look at `.type` and `.text`.",
        "Only a message of the model has `.tool_calls`, a list; it may hold none, one or more.",
        "For each message: if it has text, add `(message.type, message.text)`; then one "
        "`('call', call['name'])` for each of its tool calls.",
    )
)
def ex4(transcript):
    """Every message is read: text, calls, or both."""
    for name, messages, expected in _threads():
        with part(name, held_by="" if expected else "an empty list"):
            kept = copy.deepcopy(messages)
            answer = transcript(messages)
            assert answer is not None, (
                "`transcript` returned None; expected a list. Is a `return` missing?"
            )
            assert isinstance(answer, list | tuple), (
                f"`transcript` returned {kind(answer)}; expected a list: `list(...)` makes one."
            )
            odd = [
                pair for pair in answer if not (isinstance(pair, list | tuple) and len(pair) == 2)
            ]
            assert not odd, f"The list holds {kind(odd[0])}; expected pairs of two texts."
            pairs = [tuple(pair) for pair in answer]
            assert pairs == expected, (
                f"For {name} it returned {_listed(pairs)}; expected {_listed(expected)}. "
                f"{_likely(pairs, expected)}"
            ).rstrip()
            _assert_unchanged(messages, kept)


QUESTION = f"Which tent is this?\n{'It has a green door and a blue roof. ' * 20}\n"
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def _assert_unchanged(messages: list[Any], kept: list[Any]) -> None:
    """Compare a thread after it was read with a copy made before."""
    assert len(messages) == len(kept), (
        f"The list you were given held {len(kept)} messages, and afterwards {len(messages)}: "
        "reading must not change it."
    )
    for number, (message, before) in enumerate(zip(messages, kept, strict=True), start=1):
        old, new = before.model_dump(), message.model_dump()
        changed = [name for name in old if new.get(name) != old[name]]
        assert not changed, (
            f"Message {number} had {changed[0]}={short(old[changed[0]])}, and afterwards "
            f"{short(new.get(changed[0]))}: reading must not change a message."
        )


def _threads() -> list[tuple[str, list[Any], list[tuple[str, str]]]]:
    """Return a name for each thread, its messages, and what happened in it."""

    def call(*names: str) -> list[dict[str, Any]]:
        return [
            {"name": name, "args": {"item": n}, "id": f"id-{name}" if n == 0 else f"id-{name}-{n}"}
            for n, name in enumerate(names)
        ]

    return [
        (
            "a question and an answer",
            [HumanMessage("Hi"), AIMessage("Hello")],
            [("human", "Hi"), ("ai", "Hello")],
        ),
        (
            "one call and its result",
            [AIMessage("", tool_calls=call("weigh")), ToolMessage("3 kg", tool_call_id="id-weigh")],
            [("call", "weigh"), ("tool", "3 kg")],
        ),
        (
            "text and two calls in one message",
            [AIMessage("One moment.", tool_calls=call("weigh", "measure"))],
            [("ai", "One moment."), ("call", "weigh"), ("call", "measure")],
        ),
        (
            "several rounds",
            [
                HumanMessage("Weigh it"),
                AIMessage("", tool_calls=call("weigh")),
                ToolMessage("", tool_call_id="id-weigh"),
                AIMessage("Again.", tool_calls=call("weigh")),
                ToolMessage("4 kg", tool_call_id="id-weigh"),
                AIMessage("4 kg"),
                HumanMessage("Weigh it"),
                AIMessage("4 kg"),
            ],
            [
                ("human", "Weigh it"),
                ("call", "weigh"),
                ("ai", "Again."),
                ("call", "weigh"),
                ("tool", "4 kg"),
                ("ai", "4 kg"),
                ("human", "Weigh it"),
                ("ai", "4 kg"),
            ],
        ),
        (
            "five calls",
            [AIMessage("", tool_calls=call(*"abcde")), AIMessage("")],
            [("call", letter) for letter in "abcde"],
        ),
        (
            "one tool twice in a message",
            [
                AIMessage("", tool_calls=call("weigh", "weigh", "measure", "weigh")),
                ToolMessage("3 kg", tool_call_id="id-weigh"),
                ToolMessage("3 kg", tool_call_id="id-weigh-1"),
            ],
            [
                ("call", "weigh"),
                ("call", "weigh"),
                ("call", "measure"),
                ("call", "weigh"),
                ("tool", "3 kg"),
                ("tool", "3 kg"),
            ],
        ),
        (
            "content in blocks",
            [
                HumanMessage([{"type": "text", "text": QUESTION}, PICTURE]),
                AIMessage([{"type": "text", "text": "One moment."}], tool_calls=call("look")),
                ToolMessage([{"type": "text", "text": "a dome"}], tool_call_id="id-look"),
                AIMessage([{"type": "text", "text": "A "}, {"type": "text", "text": "dome."}]),
                HumanMessage([PICTURE]),
            ],
            [
                ("human", QUESTION),
                ("ai", "One moment."),
                ("call", "look"),
                ("tool", "a dome"),
                ("ai", "A dome."),
            ],
        ),
        ("an empty thread", [], []),
    ]


def _listed(pairs: list[tuple]) -> str:
    """Return pairs as a list shows them, the middle of long texts left out."""
    return f"[{', '.join(f'({short(first)}, {short(second)})' for first, second in pairs)}]"


def _likely(pairs: list[tuple], expected: list[tuple]) -> str:
    if any(isinstance(pair[-1], list) for pair in pairs):
        return "The content of a message may be a list of blocks; `.text` is the text in them."
    if any(text != text.strip() and (kind, text.strip()) in pairs for kind, text in expected):
        return "White space belongs to the text: leave it as it is."
    if any(pair[-1] == "" for pair in pairs):
        return "Leave empty text out."
    if sorted(map(str, pairs)) == sorted(map(str, expected)):
        return "The order is not that of the messages; text comes before calls."
    if len(pairs) < len(expected) and all(pair in pairs for pair in expected):
        return "What happened twice is listed twice."
    if sum(p[0] == "call" for p in pairs) < sum(p[0] == "call" for p in expected):
        return "Calls are missing: a message may hold several, and text as well."
    if missing := [pair for pair in expected if pair not in pairs]:
        return f"The first that is missing: {_listed(missing[:1])[1:-1]}."
    if extra := [pair for pair in pairs if pair not in expected]:
        return f"The first that is too much: {_listed(extra[:1])[1:-1]}."
    return f"It has {len(pairs)} pairs, and {len(expected)} things happened."
