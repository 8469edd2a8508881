"""Pending interrupts: read from the checkpointer, and what they are answered with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.tools import BaseTool
from langgraph.checkpoint.serde.types import RESUME
from langgraph.pregel import Pregel
from langgraph.types import Interrupt, PregelTask, StateSnapshot
from pydantic import BaseModel

from course_utils.approval.call import DECISIONS, Call, Decision, as_json
from course_utils.private_apis import is_async_only, take_back_answer

__all__ = ("Question", "check", "read")


@dataclass
class Question:
    """One pending interrupt: the calls it asks about, and where its answer is kept."""

    id: str
    kind: str
    """batched and per_call: the middleware's; own: our convention; other: anything else."""
    calls: tuple[Call, ...]
    place: tuple[Mapping[str, Any], str]
    """Config of the checkpoint, and id of the task, that wait."""
    answers: list[Any]
    """What this task was answered before it asked this."""
    is_spoiled: bool
    """An answer to this question is recorded, and the task failed with it."""

    @property
    def key(self) -> str:
        """The id, and what is asked: the same id with other arguments is another question."""
        return f"{self.id} {self.calls}"

    def answer(self, decisions: list[Decision]) -> Any:
        """Return what the interrupt is resumed with."""
        if self.kind == "batched":
            pairs = zip(self.calls, decisions, strict=True)
            return {"decisions": [_for_middleware(*pair) for pair in pairs]}
        (call,), (decision,) = self.calls, decisions
        if self.kind == "per_call":
            return _for_middleware(call, decision)
        if self.kind == "other":
            return decision.type == "approve"
        extra = {
            "approve": {},
            "edit": {"args": decision.args},
            "reject": {"reason": decision.reason},
            "respond": {"message": decision.reason},
        }
        return {"type": decision.type, **extra[decision.type]}

    def take_back(self, graph: Pregel) -> None:
        """Forget a recorded answer with which the task failed, so that another one counts.

        LangGraph replays a recorded answer for ever: without this, a rejection after a failed
        approval would approve.
        """
        take_back_answer(graph, *self.place, self.answers)


def check(graph: Pregel, config: Mapping[str, Any]) -> None:
    """Make sure that a button can resume this graph.

    Raises:
        ValueError: It cannot, or the config names no thread.
    """
    saver = graph.checkpointer
    if not saver:
        raise ValueError(
            "This graph has no checkpointer, so nothing can wait. Compile it with one."
        )
    if type(saver).__name__.startswith("Async"):
        raise ValueError(
            f"{type(saver).__name__} works only with await, and a button cannot await. Compile the "
            "graph with the sync saver of the same database for the panel."
        )
    if not config.get("configurable", {}).get("thread_id"):
        raise ValueError(
            'The config names no thread. Pass {"configurable": {"thread_id": "..."}}, the one the '
            "graph was invoked with."
        )
    for name, node in graph.nodes.items():
        if is_async_only(node.bound):
            raise ValueError(
                f"The node {name} is async only, and a button cannot await. Write it with def."
            )


def read(graph: Pregel, state: StateSnapshot) -> list[Question]:
    """Return every pending interrupt of a state read with `subgraphs=True`, in the tasks' order."""
    tools = _tools(graph)
    return [
        _question(graph, snapshot, task, interrupt, tools)
        for snapshot, task in _waiting(state)
        for interrupt in task.interrupts
    ]


def _waiting(state: StateSnapshot) -> Iterator[tuple[StateSnapshot, PregelTask]]:
    """Yield the innermost tasks that wait, each with the state it belongs to."""
    for task in state.tasks:
        if task.interrupts and isinstance(task.state, StateSnapshot):
            yield from _waiting(task.state)
        elif task.interrupts:
            yield state, task


def _question(
    graph: Pregel,
    state: StateSnapshot,
    task: PregelTask,
    interrupt: Interrupt,
    tools: Mapping[str, BaseTool],
) -> Question:
    saved = graph.checkpointer.get_tuple(state.config)
    answers = next(
        (
            value
            for owner, kind, value in saved.pending_writes
            if (owner, kind) == (task.id, RESUME)
        ),
        [],
    )
    spoiled = bool(answers) and task.error is not None
    kind, calls = _calls(interrupt, tools)
    return Question(
        interrupt.id,
        kind,
        calls,
        (state.config, task.id),
        answers[:-1] if spoiled else list(answers),
        spoiled,
    )


def _calls(interrupt: Interrupt, tools: Mapping[str, BaseTool]) -> tuple[str, tuple[Call, ...]]:
    """Return which kind of payload this is, and the calls in it."""
    value = interrupt.value
    if not isinstance(value, dict):
        return "other", (Call("", {}, str(value), ("approve", "reject")),)
    if "action_requests" in value and "review_configs" in value:
        pairs = zip(value["action_requests"], value["review_configs"], strict=True)
        return "batched", tuple(
            _call(action["name"], action, tuple(review["allowed_decisions"]), tools)
            for action, review in pairs
        )
    if value.get("type") == "tool_approval":
        return "per_call", (_call(value["name"], value, _allowed(interrupt), tools),)
    if isinstance(value.get("tool"), str) and isinstance(value.get("args"), dict):
        allowed = tuple(value.get("allowed", DECISIONS[:3]))
        why = {"description": value.get("why", "")}
        return "own", (_call(value["tool"], {**why, "args": value["args"]}, allowed, tools),)
    return "other", (Call("", {}, as_json(value), ("approve", "reject")),)


def _allowed(interrupt: Interrupt) -> tuple[str, ...]:
    """Return the decisions that a middleware's interrupt names in its schema alone."""
    schema = interrupt.response_schema
    if "discriminator" in schema:
        return tuple(schema["discriminator"]["mapping"])
    return (schema["properties"]["type"]["const"],)


def _call(
    name: str, request: Mapping[str, Any], allowed: tuple[str, ...], tools: Mapping[str, BaseTool]
) -> Call:
    why = request.get("description", "")
    if why.startswith("Tool execution requires approval\n\nTool: "):
        why = ""  # the middleware's own words: the name and the arguments once more
    schema = tools[name].tool_call_schema if name in tools else None
    return Call(
        name,
        dict(request["args"]),
        why,
        tuple(word for word in DECISIONS if word in allowed),
        schema if isinstance(schema, type) and issubclass(schema, BaseModel) else None,
    )


def _tools(graph: Pregel) -> dict[str, BaseTool]:
    """Return the tools of the graph's tool nodes."""
    found: dict[str, BaseTool] = {}
    for node in graph.nodes.values():
        found |= getattr(node.bound, "tools_by_name", {})
    return found


def _for_middleware(call: Call, decision: Decision) -> dict[str, Any]:
    if decision.type == "edit":
        # The same tool, always: a person who reviews a refund cannot turn it into a deletion.
        return {"type": "edit", "edited_action": {"name": call.tool, "args": decision.args}}
    says = decision.type in ("reject", "respond") and decision.reason
    return {"type": decision.type, **({"message": decision.reason} if says else {})}
