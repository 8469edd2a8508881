"""Checks of lesson 0, start here."""

from __future__ import annotations

import re
from typing import Any

from langchain.agents import create_agent
from langchain.messages import AIMessage, HumanMessage, ToolMessage
from langchain.tools import tool
from langchain_core.tools import BaseTool
from langchain_openai import ChatOpenAI

import lesson_model
from exercises.core.exercise import exercise, part

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
        agent.invoke({"messages": "How many tents do we have?"})
        seen = len(model.requests)
    answer = requests_for_one_question
    assert not isinstance(answer, str | bool), f"{answer!r} is not a number; expected such as 7."
    assert answer == seen, (
        f"You said {answer}. I asked such a question just now, and the model received {seen} "
        f"requests. {'What happens after the tool has run?' if answer == 1 else ''}".rstrip()
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
    assert isinstance(opening_hours, BaseTool), (
        f"`opening_hours` is a {type(opening_hours).__name__}; expected a tool. "
        "Is the line `@tool` above the function missing?"
    )
    name, described = opening_hours.name, opening_hours.description
    with part("the model sees what it is for"):
        words = f"{name} {described}".lower().replace("_", " ")
        assert re.search(r"\b(open|opens|opening|hours)\b", words), (
            f"All the model sees is the name {name!r} and the description {described!r}. Neither "
            "speaks of opening hours: how would it know when to call the tool?"
        )
    with part("the model sees what to give it"):
        parameters = list(opening_hours.args)
        assert len(parameters) == 1, f"It takes {parameters}; expected one parameter, for the day."
        words = f"{parameters[0]} {described}".lower().replace("_", " ")
        assert re.search(r"day|\bdate\b|\bwhen\b", words), (
            f"The parameter is called {parameters[0]!r}, and the description {described!r} does "
            "not mention a day: what would the model put there?"
        )
    for day, hours in (("Saturday", "10 to 16"), ("Sunday", "closed"), ("Monday", "9 to 18")):
        with part(f"the hours on {day}"):
            spelling = _choices(opening_hours).get(day.lower(), day)
            result = opening_hours.invoke(dict.fromkeys(opening_hours.args, spelling))
            assert hours in str(result), (
                f"For {spelling!r} the tool returned {result!r}; expected {hours!r}, as in HOURS. "
                "A model may write a day with a capital letter."
            )


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
    """The question reaches the model, and its answer comes back."""

    @tool
    def count_tents() -> str:
        """Count the tents in the store."""
        return "twelve"

    question, expected = "How many tents do we have?", "We have twelve tents."
    with lesson_model.scratch() as model:
        model.when("").calls("count_tents").then_says(expected)
        answer = ask(create_agent(ChatOpenAI(model=model.name), [count_tents]), question)
    assert answer is not None, "`ask` returned None; expected the answer. Is a `return` missing?"
    assert isinstance(answer, str), (
        f"`ask` returned a {type(answer).__name__}; expected the answer's text, a string."
    )
    likely = {
        question: " That is the question: the list starts with it.",
        "twelve": " That is the tool's result; the answer comes after it.",
        "": " That is the text of the tool call; the answer comes later.",
    }.get(answer, "")
    assert answer == expected, f"`ask` returned {answer!r}; expected {expected!r}.{likely}"


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
    calls = [{"name": name, "args": {}, "id": name} for name in ("weigh", "measure")]
    cases: list[tuple[str, list[Any], list[tuple[str, str]]]] = [
        (
            "a question and an answer",
            [HumanMessage("Hi"), AIMessage("Hello")],
            [("human", "Hi"), ("ai", "Hello")],
        ),
        (
            "one call and its result",
            [
                AIMessage("", tool_calls=calls[:1]),
                ToolMessage("3 kg", tool_call_id="weigh"),
            ],
            [("call", "weigh"), ("tool", "3 kg")],
        ),
        (
            "text and two calls in one message",
            [AIMessage("One moment.", tool_calls=calls)],
            [("ai", "One moment."), ("call", "weigh"), ("call", "measure")],
        ),
        ("an empty thread", [], []),
    ]
    for name, messages, expected in cases:
        with part(name):
            answer = transcript(messages)
            assert answer is not None, (
                "`transcript` returned None; expected a list. Is a `return` missing?"
            )
            pairs = [tuple(pair) for pair in answer]
            assert pairs == expected, (
                f"For {name} it returned {pairs}; expected {expected}. {_likely(pairs, expected)}"
            )


def _likely(pairs: list[tuple], expected: list[tuple]) -> str:
    if any(pair[-1] == "" for pair in pairs):
        return "Leave empty text out."
    if sum(p[0] == "call" for p in pairs) < sum(p[0] == "call" for p in expected):
        return "One message may hold several calls, and text as well."
    if sorted(map(str, pairs)) == sorted(map(str, expected)):
        return "The order is not that of the messages; text comes before calls."
    return ""
