"""A provider that is not to be trusted: what it sends harms no thread, and another one is asked."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from production_agent.model import CUT_CALL, NOT_JSON, PART_BYTES, Packed, _Capped, is_cut_off
from tests.production_agent.scripted_model import ScriptedModel, call, chunk, finish, word
from tests.production_agent.test_graph import Talk

PARCEL = call(0, "c", "track_parcel", {"parcel": "P-3"})
USAGE = {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10}


@pytest.fixture
def scripted() -> Iterator[ScriptedModel]:
    """A model that sends what the test tells it to."""
    model = ScriptedModel()
    yield model
    model.stop()


@pytest.mark.parametrize("given", ["same", "", "a\0b", "__remove_all__"])
async def test_messages_have_ids_of_our_own(scripted: ScriptedModel, given: str) -> None:
    def script(body: dict) -> Iterator[dict]:
        is_first = body["messages"][-1]["role"] == "user"
        first = PARCEL if is_first else word(f"Answer to {len(body['messages'])}.")
        first["choices"][0]["delta"]["id"] = given
        yield first
        yield finish("tool_calls" if is_first else "stop")

    scripted.script = script
    talk = Talk(scripted.url, MODEL_RETRIES="0")
    for text in ("One.", "Two."):
        await talk.say(text)
    messages = await talk.messages()
    assert [one.type for one in messages] == ["human", "ai", "tool", "ai"] * 2
    ids = [one.id for one in messages]
    assert len({*ids}) == len(ids) and given not in ids and "\0" not in str(ids)
    told = {data["message"] for event, data in talk.shown if event == "token"}
    assert told == {messages[-1].id}  # the reader is told the same id


def answers(first: Callable[[dict], Iterator[dict | bytes]]) -> Callable[[dict], Iterator]:
    """Return a script: the first model answers like this, the second one well."""

    def script(body: dict) -> Iterator[dict | bytes]:
        if body["model"] == "second":
            return iter([word("Second."), finish()])
        return first(body)

    return script


def data(*lines: object) -> Callable[[dict], Iterator[dict | bytes]]:
    """Return a script that sends these lines: bytes, chunks, or what is no chunk."""
    sent = [
        line if isinstance(line, bytes) else f"data: {json.dumps(line)}\n\n".encode()
        for line in lines
    ]
    return lambda body: iter(sent)


HUNDREDS = [
    {"index": n, "id": f"c{n}", "function": {"name": "track_parcel", "arguments": "{}"}}
    for n in range(300)
]
OVERLOADED = {"error": {"message": "overloaded", "type": "server_error", "code": "503"}}


@pytest.mark.parametrize(
    "script",
    [
        data(OVERLOADED),
        data(word("Half "), OVERLOADED),
        data(b"data: \xff\xfe\n\n"),
        data(b"<html>Please log in.</html>"),
        data(b'{"choices": [{"message": {"role": "assistant", "content": "Whole."}}]}'),
        data(None, finish()),
        data([], finish()),
        data({"choices": [{"index": 0, "delta": None, "finish_reason": "stop"}]}),
        data(word("Half "), chunk({"role": "user", "content": "is yours"}), finish()),
        data(chunk({"role": "user", "content": "I am you."}), finish()),
        data(chunk({"tool_calls": HUNDREDS}), finish("tool_calls")),
        data(*(chunk({"tool_calls": [one]}) for one in HUNDREDS), finish("tool_calls")),
    ],
)
async def test_another_model_is_asked_when_the_first_sends_no_answer(
    scripted: ScriptedModel, script: Callable
) -> None:
    scripted.script = answers(script)
    talk = Talk(scripted.url, OPENAI_FALLBACK_MODEL="second", MODEL_RETRIES="0")
    assert await talk.say("Hello!") == "Second."
    assert len(scripted.bodies) == 2


@pytest.mark.parametrize("status", [408, 409, 429, 500])
async def test_another_model_is_asked_when_the_first_is_busy(
    scripted: ScriptedModel, status: int
) -> None:
    scripted.script = answers(data(OVERLOADED))
    scripted.head = lambda body: (200 if body["model"] == "second" else status, {})
    talk = Talk(scripted.url, OPENAI_FALLBACK_MODEL="second", MODEL_RETRIES="0")
    assert await talk.say("Hello!") == "Second."


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": "5", "completion_tokens": "5", "total_tokens": "10"},
        {"prompt_tokens": 1e308, "completion_tokens": 1e308, "total_tokens": 1e308},
        {"prompt_tokens": 10**400, "completion_tokens": 5, "total_tokens": 5},
        {"prompt_tokens": [], "completion_tokens": {}, "total_tokens": True},
    ],
)
async def test_an_answer_outlives_its_count_of_tokens(scripted: ScriptedModel, usage: dict) -> None:
    last = {**finish(), "choices": [], "usage": usage}
    scripted.script = answers(data(word("First."), finish(), last))
    talk = Talk(scripted.url, OPENAI_FALLBACK_MODEL="second", MODEL_RETRIES="0")
    assert await talk.say("Hello!") in ("First.", "Second.")


@pytest.mark.parametrize(
    ("number", "is_taken"),
    [(1 - 2**53, True), (2**53 - 1, True), (2**53, False), (-(2**53), False)],
)
async def test_a_number_that_a_browser_would_round_is_no_argument(
    scripted: ScriptedModel, number: int, is_taken: bool
) -> None:
    def script(body: dict) -> Iterator[dict]:
        if body["messages"][-1]["role"] == "user":
            yield call(0, "c", "track_parcel", {"parcel": [number]})
        else:
            yield word("Done.")
        yield finish()

    scripted.script = script
    talk = Talk(scripted.url, MODEL_RETRIES="0")
    await talk.say("Hello!")
    asked = (await talk.messages())[1]
    assert [len(asked.tool_calls), len(asked.invalid_tool_calls)] == [is_taken, not is_taken]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["\ud83d", "\ude00 done"], "\U0001f600 done"),
        (["Half ", "\ud83d", " done"], "Half ? done"),
    ],
    ids=["two halves", "one half"],
)
async def test_a_letter_in_two_pieces_is_whole(
    scripted: ScriptedModel, pieces: list[str], text: str
) -> None:
    scripted.script = lambda body: iter([*map(word, pieces), finish()])
    talk = Talk(scripted.url, MODEL_RETRIES="0")
    assert await talk.say("Hello!") == text


@pytest.mark.parametrize(
    ("arguments", "reason", "told"),
    [('{"parcel": "P-', "tool_calls", NOT_JSON), ('{"parcel": "P-3"}', "length", CUT_CALL)],
    ids=["no JSON", "cut off"],
)
async def test_a_call_that_cannot_run_says_why_and_spoils_no_later_request(
    scripted: ScriptedModel, arguments: str, reason: str, told: str
) -> None:
    def script(body: dict) -> Iterator[dict]:
        if body["messages"][-1]["role"] == "user":
            yield from [call(0, "c", "track_parcel", arguments), finish(reason)]
        else:
            yield from [word("Sorry."), finish()]

    scripted.script = script
    talk = Talk(scripted.url, MODEL_RETRIES="0")
    assert await talk.say("Where is parcel P-3?") == "Sorry."
    *_, asked, answer = scripted.bodies[-1]["messages"]
    assert answer["content"] == told
    (sent,) = asked["tool_calls"]  # a strict server refuses what is no JSON object
    assert json.loads(sent["function"]["arguments"]) == {"not_json": arguments}


@pytest.mark.parametrize("reason", ["tool_calls", "function_call"])
async def test_an_answer_whose_calls_are_lost_is_cut_off(
    scripted: ScriptedModel, reason: str
) -> None:
    scripted.script = lambda body: iter([word("I will look."), finish(reason)])
    talk = Talk(scripted.url, MODEL_RETRIES="0")
    await talk.say("Hello!")
    assert is_cut_off((await talk.messages())[-1])


async def test_of_all_streams_one_part_is_handled_in_a_round_of_the_loop() -> None:
    """So a request, a stop or a lease waits for one part, and not for one of each stream."""
    turn, loop = asyncio.Lock(), asyncio.get_running_loop()
    handled, rounds = [], [0]

    async def pieces_of_two() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * (2 * PART_BYTES)

    async def read() -> None:
        async for _ in _Capped(pieces_of_two(), 10**9, turn):
            handled.append(rounds[0])

    def count() -> None:
        rounds[0] += 1
        loop.call_soon(count)

    count()
    await asyncio.gather(*(read() for _ in range(20)))
    assert len(handled) == 20 * 10 and max(Counter(handled).values()) == 1


async def test_a_packed_answer_is_not_unpacked(scripted: ScriptedModel) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = packer.compress(b"data: " + b"a" * 30_000_000) + packer.flush()
    scripted.script = lambda body: iter([packed])
    scripted.head = lambda body: (200, {"content-encoding": "gzip"})
    talk = Talk(scripted.url, MODEL_RETRIES="0")
    with pytest.raises(Packed):
        await talk.say("Hello!")
    asked = {name.lower(): value for name, value in scripted.headers.items()}
    assert asked["accept-encoding"] == "identity"


@pytest.mark.parametrize("second", ["length", "stop"])
async def test_an_answer_that_was_cut_off_once_stays_cut_off(
    scripted: ScriptedModel, second: str
) -> None:
    scripted.script = lambda body: iter([word("Half"), finish("length"), finish(second)])
    talk = Talk(scripted.url, MODEL_RETRIES="0")
    await talk.say("Hello!")
    assert (await talk.messages())[-1].response_metadata == {"finish_reason": "length"}
