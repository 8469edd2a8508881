"""What the lesson model does with prompts students might write."""

from __future__ import annotations

import copy
import time
from collections import Counter
from functools import partial

import pytest
from pydantic import BaseModel

from lesson_model.behaviour.decide import decide
from lesson_model.behaviour.english.find_text import find_text
from lesson_model.behaviour.rules import Rules
from tests.lesson_model import prompts
from tests.lesson_model.prompts import toolbox as t
from tests.lesson_model.prompts.case import Case, after, chat, judge

LONG = {
    "words": "lorem ipsum dolor sit amet " * 8_000,
    "one word": "a" * 200_000,
    "numbers": "1 " * 100_000,
    "codes": "A-1-" * 50_000,
    "dots": "a.b/" * 50_000,
    "names": "Ada Bob " * 25_000,
    "quotes": "'\" " * 66_000,
    "sums": "1+" * 100_000,
    "brackets": "(" * 200_000,
    "addresses": "a@b." * 50_000,
    "keys": '{"a": ' * 30_000,
    "facts": "my is " * 33_000,
    "lines": "\n" * 200_000,
}


class Node(BaseModel):
    """A tree."""

    text: str
    children: list[Node]


def verdicts(name):
    return [judge(case, decide(case.body(), Rules())) for case in getattr(prompts, name)]


@pytest.mark.parametrize("name", ["DEVELOP", "HELD_OUT", "FRESH", "ORDINARY", "SECOND_LOOK"])
def test_prompts(name):
    seen = Counter(verdicts(name))
    assert seen["wrong call"] == 0
    assert seen[""] >= 0.9 * seen.total(), seen


@pytest.mark.parametrize("name", ["UNSEEN", "VARIATIONS", "LAST_LOOK"])
def test_harder_prompts_seldom_lead_to_a_wrong_call(name):
    seen = Counter(verdicts(name))
    assert seen["wrong call"] <= 0.05 * seen.total()
    assert seen[""] >= 0.75 * seen.total(), seen


@pytest.mark.parametrize("case", prompts.PROMISED, ids=lambda case: case.name)
def test_promised_prompts_all_work(case):
    reply = decide(case.body(), Rules())
    assert not judge(case, reply), reply


@pytest.mark.parametrize("number", ["+55 (12) 3923-5555", "(416) 363-8888", "555-0192"])
@pytest.mark.parametrize("name", ["phone", "identifier"])
def test_a_phone_number_is_taken_whole(name, number):
    assert find_text(name, f"My phone number is {number}.", set()) == number


def test_the_sets_are_as_large_as_they_say():
    assert len(prompts.DEVELOP) >= 130
    assert min(map(len, (prompts.HELD_OUT, prompts.FRESH, prompts.UNSEEN))) >= 40
    assert max(Counter(map(repr, prompts.ALL)).values()) == 1


def test_a_reply_depends_on_the_request_alone_and_leaves_it_alone():
    for case in prompts.ALL[::7]:
        body = case.body()
        before = copy.deepcopy(body)
        assert decide(body, Rules()) == decide(body, Rules())
        assert body == before


def test_a_summary_keeps_what_the_user_said():
    told = "Human: My name is Ada.\nAI: Hello.\nHuman: What is my name?\nAI: Ada."
    prompt = f"Extract the context.\n<messages>\nMessages to summarize:\n{told}\n</messages>"
    summary = decide(Case(chat(prompt)).body(), Rules()).text
    assert "My name is Ada" in summary
    again = chat(f"Here is a summary of the conversation to date:\n\n{summary}", "ok", "Who am I?")
    assert "Ada" in decide(Case(again).body(), Rules()).text


def test_the_note_on_an_edited_call_is_not_repeated():
    note = "Note: a human replaced this call.\n\nTool response:\nRefunded 5.0"
    edited = after("Refund order 1, 9 dollars", [("refund_order", {"order_id": "1"}, note)])
    assert (
        decide(Case(edited, t.SUPPORT).body(), Rules()).text == "Here is what I found: Refunded 5.0"
    )


def test_an_honest_answer_names_what_could_be_done():
    reply = decide(Case(chat("blorp fizz"), t.OPS).body(), Rules())
    assert reply.text.startswith("(lesson model)")
    for tool in t.OPS:
        assert tool.__name__ in reply.text
    assert "model.when(" in reply.text


@pytest.mark.parametrize("prompt", ["", "   ", "?", "\x00", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 🏴‍☠️", "(", "{}", "1/0", "'"])
@pytest.mark.parametrize("extra", [{}, {"tool_choice": "required"}])
def test_odd_prompts_are_answered(prompt, extra):
    reply = decide(Case(chat(prompt), t.SUPPORT, extra=extra).body(), Rules())
    assert reply.text or reply.calls


def test_a_request_without_a_user_is_answered():
    body = {"messages": [{"role": "system", "content": "You are kind."}]}
    assert decide(body, Rules()).text


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"$ref": "#"},
        Node.model_json_schema(),
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"enum": []}, "b": {"anyOf": []}},
         "required": ["a", "b"]},
        {"type": "object", "properties": {"a": {"$ref": "#/no/where"}}, "required": ["a"]},
    ],
)  # fmt: skip
def test_odd_schemas_are_filled(schema):
    tool = {"type": "function", "function": {"name": "grow_tree", "parameters": schema}}
    shape = {"type": "json_schema", "json_schema": {"name": "tree", "schema": schema}}
    for extra in ({}, {"tool_choice": "required"}, {"response_format": shape}):
        reply = decide(
            Case(chat("grow a tree, and one more"), (tool,), extra=extra).body(), Rules()
        )
        assert reply.text or reply.calls


def test_odd_parameter_names_are_filled():
    names = ("order_id", "foo(_id", "c++_no", "_id", "", "[x")
    schema = {"properties": {n: {"type": "string"} for n in names}, "required": ["order_id"]}
    tool = {"type": "function", "function": {"name": "get_order", "parameters": schema}}
    calls = decide(Case(chat("Get order 5, foo( and c++ 3"), (tool,)).body(), Rules()).calls
    assert calls[0].arguments["order_id"] == "5"


def seconds(action):
    """Return the processor's seconds that an action takes."""
    start = time.process_time()
    action()
    return time.process_time() - start


def unit():
    """Return the seconds of a fixed piece of work: on a slow machine all of them are more."""
    return min(seconds(lambda: sum(number * number for number in range(100_000))) for _ in range(3))


@pytest.mark.parametrize("name", LONG)
def test_long_prompts_cost_little(name):
    bodies = [
        Case(chat("hi", "hello", LONG[name]), t.SUPPORT + t.FILES, extra=extra).body()
        for extra in ({}, {"tool_choice": "required"}, {"response_format": {"type": "json_object"}})
    ]
    bodies.append(Case(chat(LONG[name], "hello", "What is my name?")).body())
    for body in bodies:
        assert seconds(partial(decide, body, Rules())) < 30 * unit()


@pytest.mark.parametrize(
    ("prompt", "tools", "most"),
    [("Hello!", (), 0.009), ("What's the weather in Paris?", t.OPS, 0.06)],
)
def test_a_short_request_is_decided_quickly(prompt, tools, most):
    body, rules = Case(chat(prompt), tools).body(), Rules()
    decide(body, rules)
    rounds = [seconds(lambda: [decide(body, rules) for _ in range(100)]) for _ in range(5)]
    assert min(rounds) / 100 < most * unit()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Lisbon", "get_weather"),  # of two tools, the one whose parameters are all there
        ("7 and 8", "add"),
        ("why?", "get_time"),  # nothing to fill: the tool that needs nothing
        ("Restart Lisbon", "restart_server"),  # asked for
    ],
)
def test_a_call_that_must_be_made_goes_to_the_tool_the_words_fill(text, name):
    tools = (t.add, t.get_weather, t.restart_server, t.get_time)
    reply = decide(Case(chat(text), tools, extra={"tool_choice": "required"}).body(), Rules())
    assert [call.name for call in reply.calls] == [name]
