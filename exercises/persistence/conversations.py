"""Conversations to prune, for exercise 2.4."""

from __future__ import annotations

import itertools
from typing import Any

from langchain.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from openai import BadRequestError

import lesson_model

__all__ = ("CONVERSATIONS", "Pruning", "refusal", "talk_of", "words_of")


def talk_of(*words: str) -> list[AnyMessage]:
    """Make messages of words: S is a system message, H human, A ai, C a call, T its result.

    What stands behind a `/` is in the id only: the customer may say the same words again.
    """
    messages: list[AnyMessage] = []
    for word in words:
        if word[0] == "S":
            messages.append(SystemMessage(word, id=word))
        elif word[0] == "H":
            messages.append(HumanMessage(word.partition("/")[0], id=word))
        elif word[0] == "T":
            messages.append(ToolMessage(word, tool_call_id=f"call_{word[1:]}", id=word))
        else:
            made = [part for part in word.split("+") if part[0] == "C"]
            calls = [{"name": "look", "args": {}, "id": f"call_{part[1:]}"} for part in made]
            messages.append(AIMessage("" if calls else word, tool_calls=calls, id=word))
    return messages


# A name for each conversation, its messages, and how many of them have to go.
CONVERSATIONS = {
    "four questions": (talk_of("H1", "A1", "H2", "A2", "H3", "A3", "H4"), 4),
    "three questions": (talk_of("H1", "A1", "H2", "A2", "H3"), 2),
    "calls and their results": (
        talk_of("H1", "A1", "H2", "C1+C2", "T1", "T2", "C3", "T3", "A2", "H3", "C4", "T4", "A3"),
        2,
    ),
    "results just before the cut": (
        talk_of("H1", "C1", "T1", "A1", "H2", "C2", "T2", "A2", "H3"),
        4,
    ),
    "a question without an answer": (talk_of("H1", "A1", "H2", "H3"), 2),
    "the same question again": (
        talk_of("H1/1", "A1", "H2/1", "A2", "H1/2", "A3", "H2/2", "A4", "H2/3"),
        6,
    ),
    "one question, three times": (talk_of("H1/1", "A1", "H1/2", "A2", "H1/3"), 2),
    "a system message": (talk_of("S", "H1", "A1", "H2", "A2", "H3", "A3"), 2),
    "a system message between two turns that stay": (
        talk_of("S1", "H1", "A1", "H2", "A2", "S2", "H3", "A3"),
        2,
    ),
    "a short conversation": (talk_of("S", "A0", "H1", "C1", "T1", "A1"), 0),
    "one question": (talk_of("A0", "H1", "A1"), 0),
    "two questions": (talk_of("H1", "C1", "T1", "A1", "H2", "A2"), 0),
    "nothing said yet": ([], 0),
}


def words_of(messages: list[AnyMessage]) -> str:
    """Return a word for each message, as `talk_of` takes it, whatever its id is."""
    words = []
    for message in messages:
        calls = getattr(message, "tool_calls", [])
        named = "+".join("C" + str(call["id"]).removeprefix("call_") for call in calls)
        words.append(message.text or named or f"an empty {message.type} message")
    return " ".join(words) or "nothing"


def refusal(messages: list[Any]) -> str:
    """Return what the model says against these messages, "" if it takes them."""
    with lesson_model.scratch() as model:
        try:
            ChatOpenAI(model=model.name).invoke([*messages, HumanMessage("And now?")])
        except BadRequestError as error:
            return str((error.body or {}).get("message", error))
    return ""


class Pruning:
    """An answer as a node at the beginning of each turn, on a checkpointer.

    Args:
        node: The answer.

    Attributes:
        changed: Messages that stayed, and what they were.
    """

    def __init__(self, node: Any) -> None:
        self.changed: list[tuple[AnyMessage, AnyMessage]] = []
        self._given: list[AnyMessage] = []
        self._replies: list[AnyMessage] = []
        self._update: Any = None
        self._names = itertools.count()
        builder = StateGraph(MessagesState)
        builder.add_sequence([("see", self._see), ("keep", node), ("reply", self._reply)])
        builder.add_edge(START, "see")
        self._graph = builder.compile(checkpointer=InMemorySaver())

    def _see(self, state: MessagesState) -> dict:
        self._given = state["messages"]  # the very list the node is given next
        self._before = list(self._given), [m.model_copy(deep=True) for m in self._given]
        return {}

    def _reply(self, state: MessagesState) -> dict:
        return {"messages": self._replies} if self._replies else {}

    def run(
        self, said: list[AnyMessage], thread: dict, replies: list[AnyMessage] = ()
    ) -> list[AnyMessage]:
        """Run one turn; return the messages the checkpointer holds afterwards.

        Raises:
            AssertionError: The node changed the messages it was given.
        """
        self._replies, self._update = list(replies), None
        try:
            for update in self._graph.stream(
                {"messages": said}, thread, stream_mode="updates", durability="sync"
            ):
                self._update = update.get("keep", self._update)
        except Exception:
            self._assert_input_kept()  # if it was changed, the error comes of that
            raise
        self._assert_input_kept()
        return self._graph.get_state(thread).values.get("messages", [])

    def _assert_input_kept(self) -> None:
        objects, copies = self._before
        assert self._given == objects == copies, (
            f"Your node was given {words_of(copies)}, and made {words_of(self._given)} of that "
            "list itself. A node returns what is to change; its input belongs to the graph."
        )

    def assert_left(self, talk: list[AnyMessage], gone: int, legend: str) -> None:
        """Compare what is left of a conversation with what should be.

        Args:
            talk: Its messages.
            gone: How many have to go, a system message at the beginning not counted.
            legend: What the words mean, if that has to be told.
        """
        begins = 1 if talk and talk[0].type == "system" else 0
        right = talk[:begins] + talk[begins + gone :]
        thread = {"configurable": {"thread_id": f"talk {next(self._names)}"}}
        left = self.run(talk, thread)
        assert self.are_alike(left, right), (
            f"Of {words_of(talk)} the thread keeps {words_of(left)}; expected "
            f"{words_of(right)}.{legend}{self._likely(talk, left, right)}"
        )

    def are_alike(self, left: list[AnyMessage], right: list[AnyMessage]) -> bool:
        """Return whether the right messages are left; note those that are not as they were."""
        alike = [m.type for m in left] == [m.type for m in right]
        if alike := (alike and words_of(left) == words_of(right)):
            self.changed += [(m, n) for m, n in zip(left, right, strict=True) if m != n]
        return alike

    def _likely(self, talk: list[Any], left: list[Any], right: list[Any]) -> str:
        """Say what the observation proves about the cause."""
        returned = (self._update or {}).get("messages") or []
        returned = returned if isinstance(returned, list) else [returned]
        system = [message for message in talk if message.type == "system"]
        if left == talk and not returned:
            return " Your node returned no change."
        if left == talk and not any(m.type == "remove" for m in returned):
            return (
                " What a node returns is added to the messages, or replaces those with the same "
                "id. `RemoveMessage` removes."
            )
        if system and system[0] not in left:
            return " The system message is gone."
        if system and left[0] != system[0]:
            return " The system message is no longer at the beginning."
        if refused := refusal(left):
            return f" The model refuses that: “{refused}”"
        if missing := [m for m in right if m not in left]:
            return f" The first that is missing: {words_of(missing[:1])}."
        if extra := [m for m in left if m not in right]:
            return f" The first that is too much: {words_of(extra[:1])}."
        return " The order is another one."
