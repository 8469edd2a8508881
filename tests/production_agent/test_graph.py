"""The agent alone: whatever the model does, the turn ends and the thread can go on."""

from __future__ import annotations

from collections.abc import Callable

import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph

from production_agent.graph import build, recursion_limit, unanswered
from production_agent.settings import Unusable, read
from production_agent.tools import Context

REFUND = "Please refund 480 euros for order T-7."
GOES_ON = "Hello again."


class Talk:
    """A thread, turn by turn."""

    def __init__(self, url: str, **settings: str) -> None:
        names = {
            k if k.startswith("OPENAI_") else f"PRODUCTION_AGENT_{k}": v
            for k, v in settings.items()
        }
        self.settings = read({"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "sk-lesson", **names})
        self.graph = build(self.settings, InMemorySaver())
        self.config = {
            "configurable": {"thread_id": "1"},
            "recursion_limit": recursion_limit(self.settings),
        }
        self.shown: list = []

    async def say(self, text: str) -> str:
        """Run a turn as the service does, and return the last message."""
        before = (await self.graph.aget_state(self.config)).values.get("messages", [])
        turn = {"messages": [*unanswered(before, {}), HumanMessage(text)]}
        context = Context("1", "run", "ann", None)
        options = {"context": context, "stream_mode": "custom"}
        self.shown = [part async for part in self.graph.astream(turn, self.config, **options)]
        return (await self.messages())[-1].text

    async def messages(self) -> list:
        """Return what is stored."""
        return (await self.graph.aget_state(self.config)).values["messages"]


@pytest.fixture
def talk(model) -> Callable[..., Talk]:
    """Return a function that begins a thread; in the end no request was one the model refused."""
    return lambda **settings: Talk(model.url, MODEL_RETRIES="0", **settings)


def bad_requests(model) -> int:
    return sum(request.status == 400 for request in model.requests)


async def test_a_model_that_never_stops_is_stopped_in_words(talk: Callable, model) -> None:
    model.when("keep looking").always_calls("track_parcel", parcel="P-3")
    one = talk(MODEL_CALLS="3")
    assert (await one.say("Keep looking!")).startswith("I stopped after 3 tool calls")
    assert len(model.requests) == 3
    assert await one.say(GOES_ON) and bad_requests(model) == 0


async def test_tool_calls_have_a_budget_for_a_turn_not_for_a_thread(talk: Callable, model) -> None:
    one = talk(TOOL_CALLS="1")
    for _ in range(3):
        assert "delivered" in await one.say("Where is parcel P-3?")
    assert "I stopped after 0" in await one.say("Track parcel P-3 and track parcel P-4.")
    assert "delivered" in await one.say("Where is parcel P-3?")
    assert bad_requests(model) == 0


@pytest.mark.parametrize("fault", ["bad_arguments", "unknown_tool", "wrong_types"])
async def test_a_call_that_is_none_is_answered_and_asks_nobody(
    talk: Callable, model, fault: str
) -> None:
    one = talk()
    model.fail(fault)
    await one.say(REFUND)
    state = await one.graph.aget_state(one.config)
    answers = [message for message in state.values["messages"] if message.type == "tool"]
    assert [answer.status for answer in answers] == ["error"]
    # The model is told, and may then ask properly.
    asked = [call["args"] for one in state.interrupts for call in one.value["calls"]]
    assert asked in ([], [{"order": "T-7", "amount": 480}])
    assert await one.say(GOES_ON) and bad_requests(model) == 0


@pytest.mark.parametrize("fault", ["empty", "content_filter"])
async def test_no_answer_is_one_in_words(talk: Callable, model, fault: str) -> None:
    one = talk()
    model.fail(fault)
    assert await one.say("Hello!") == "I have no answer to that. Please ask in other words."
    assert await one.say(GOES_ON) and bad_requests(model) == 0


@pytest.mark.parametrize(
    "fault", ["server_error", "rate_limit", "timeout", "disconnect", "truncate", "garbage", "stall"]
)
async def test_another_model_answers_where_one_cannot(talk: Callable, model, fault: str) -> None:
    seconds = "0.5" if fault in ("timeout", "stall") else "60"
    one = talk(OPENAI_MODEL="first", OPENAI_FALLBACK_MODEL="second", MODEL_SECONDS=seconds)
    model.fail(fault)
    assert "delivered" in await one.say("Where is parcel P-3?")
    assert [request.body["model"] for request in model.requests] == ["first", "second", "first"]
    assert ("discard", {}) in one.shown


@pytest.mark.parametrize(("status", "asked"), [(400, 1), (401, 1), (404, 2)])
async def test_a_wrong_request_is_not_sent_elsewhere(
    talk: Callable, model, status: int, asked: int
) -> None:
    one = talk(OPENAI_FALLBACK_MODEL="second")
    model.fail("http", status=status, times=2)
    with pytest.raises(openai.APIStatusError):
        await one.say("Hello!")
    assert len(model.requests) == asked
    model.reset()
    assert await one.say(GOES_ON)


async def test_only_the_client_retries_and_it_waits_as_told(talk: Callable, model) -> None:
    one = talk()
    one = Talk(model.url, MODEL_RETRIES="2")
    model.fail("rate_limit", times=2, retry_after=0.1)
    assert await one.say("Hello!")
    assert [request.status for request in model.requests] == [429, 429, 200]
    assert not any(request.remarks for request in model.requests)


async def test_a_tool_that_fails_says_so_without_details(
    talk: Callable, model, monkeypatch: pytest.MonkeyPatch
) -> None:
    from production_agent.tools import TOOLS  # noqa: PLC0415

    async def broken(parcel: str) -> str:
        raise ConnectionError("db-internal-7 refused billing_rw")

    monkeypatch.setattr(TOOLS["track_parcel"], "coroutine", broken)
    one = talk()
    await one.say("Where is parcel P-3?")
    (answer,) = [message for message in await one.messages() if message.type == "tool"]
    assert answer.status == "error" and answer.text.startswith("The tool failed (reference ")
    assert "db-internal" not in str(await one.messages())
    assert bad_requests(model) == 0


def test_a_risky_name_that_is_no_tools_is_told(
    talk: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    from production_agent.tools import RISKY  # noqa: PLC0415

    monkeypatch.setitem(RISKY, "refunds", "Money leaves the shop.")
    with pytest.raises(Unusable, match="names refunds, which is no tool"):
        talk()


async def test_a_long_thread_is_sent_in_whole_turns(talk: Callable, model) -> None:
    one = talk(HISTORY_TOKENS="100")
    for number in range(8):
        await one.say(f"Where is parcel P-3? This is question number {number}.")
    sent = model.requests[-1].body["messages"]
    assert [message["role"] for message in sent[:2]] == ["system", "user"]
    assert len(sent) < 12 and len(await one.messages()) == 32
    assert bad_requests(model) == 0


async def test_a_thread_without_the_newest_state_keys_goes_on(talk: Callable, model) -> None:
    """A key that is added to the state is missing in the threads of yesterday."""
    one = talk()
    first = StateGraph(MessagesState)  # the state of the first version
    first.add_node("agent", lambda state: {"messages": [AIMessage("Hello.")]})
    first.add_edge(START, "agent")
    first = first.compile(checkpointer=one.graph.checkpointer)
    await first.ainvoke({"messages": [HumanMessage("Hello!")]}, one.config)
    try:
        assert "delivered" in await one.say("Where is parcel P-3?")
    except KeyError as error:
        pytest.fail(f"The state's new key {error} needs a default: read it with state.get().")
