"""Read pending interrupts from the checkpointer, and make the values that resume them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.tools import BaseTool
from langgraph.checkpoint.serde.types import RESUME
from langgraph.pregel import Pregel
from langgraph.types import Interrupt, PregelTask, StateSnapshot
from pydantic import BaseModel

from course_utils.approval.call import DECISIONS, Call, Decision, as_json
from course_utils.private_apis import is_async_only, take_back_answer

__all__ = ("Question", "read_questions", "require_resumable")


@dataclass
class Question:
    """One pending interrupt: the calls it asks about, and the task that waits."""

    id: str
    kind: str
    """batched or per_call (HumanInTheLoopMiddleware), own (our convention) or other."""
    calls: tuple[Call, ...]
    config: Mapping[str, Any]
    """Configuration of the checkpoint that waits."""
    task: str
    """Id of the task that waits."""
    earlier: list[Any]
    """Answers to what this task asked before."""
    has_failed_answer: bool
    """Whether an answer to this question is recorded, with which the task failed."""

    @property
    def key(self) -> str:
        """The id and the calls: the same id with other arguments is another question."""
        return f"{self.id} {self.calls}"

    def make_answer(self, decided: Iterable[tuple[Call, Decision]]) -> Any:
        """Return the value that resumes the interrupt.

        Args:
            decided: Each call of this question with its decision, in any order.
        """
        if self.kind == "batched":
            # The middleware knows a decision's call by its position alone.
            ordered = sorted(decided, key=lambda pair: pair[0].position)
            return {"decisions": [_for_middleware(*pair) for pair in ordered]}
        ((call, decision),) = decided
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
        """Remove a recorded answer with which the task failed, so that the next one counts."""
        take_back_answer(graph, self.config, self.task, self.earlier)


def require_resumable(graph: Pregel, config: Mapping[str, Any]) -> None:
    """Check that a button can resume this graph.

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


def read_questions(graph: Pregel, state: StateSnapshot) -> list[Question]:
    """Return the pending interrupts of a state read with `subgraphs=True`, in task order."""
    tools = _find_tools(graph)
    return [
        _make_question(graph, snapshot, task, interrupt, tools)
        for snapshot, task in _waiting_tasks(state)
        for interrupt in task.interrupts
    ]


def _waiting_tasks(state: StateSnapshot) -> Iterator[tuple[StateSnapshot, PregelTask]]:
    """Yield the innermost tasks that wait, each with the state it belongs to."""
    for task in state.tasks:
        if task.interrupts and isinstance(task.state, StateSnapshot):
            yield from _waiting_tasks(task.state)
        elif task.interrupts:
            yield state, task


def _make_question(
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
    has_failed_answer = bool(answers) and task.error is not None
    kind, calls = _read_calls(interrupt, tools)
    return Question(
        interrupt.id,
        kind,
        calls,
        state.config,
        task.id,
        answers[:-1] if has_failed_answer else list(answers),
        has_failed_answer,
    )


def _read_calls(
    interrupt: Interrupt, tools: Mapping[str, BaseTool]
) -> tuple[str, tuple[Call, ...]]:
    """Return the kind of an interrupt's payload, and the calls in it."""
    value = interrupt.value
    if not isinstance(value, dict):
        return "other", (Call("", {}, str(value), ("approve", "reject")),)
    if "action_requests" in value and "review_configs" in value:
        pairs = zip(value["action_requests"], value["review_configs"], strict=True)
        return "batched", tuple(
            _make_call(action["name"], action, review["allowed_decisions"], tools, position)
            for position, (action, review) in enumerate(pairs)
        )
    if value.get("type") == "tool_approval":
        return "per_call", (_make_call(value["name"], value, _allowed_per_call(interrupt), tools),)
    if isinstance(value.get("tool"), str) and isinstance(value.get("args"), dict):
        allowed = tuple(value.get("allowed", DECISIONS[:3]))
        why = {"description": value.get("why", "")}
        return "own", (_make_call(value["tool"], {**why, "args": value["args"]}, allowed, tools),)
    return "other", (Call("", {}, as_json(value), ("approve", "reject")),)


def _allowed_per_call(interrupt: Interrupt) -> tuple[str, ...]:
    """Return the allowed decisions, which this mode names only in the schema of the answer."""
    schema = interrupt.response_schema
    if "discriminator" in schema:
        return tuple(schema["discriminator"]["mapping"])
    return (schema["properties"]["type"]["const"],)


def _make_call(
    name: str,
    request: Mapping[str, Any],
    allowed: Iterable[str],
    tools: Mapping[str, BaseTool],
    position: int = 0,
) -> Call:
    why = request.get("description", "")
    if why.startswith("Tool execution requires approval\n\nTool: "):
        why = ""  # the middleware's default text only repeats the name and the arguments
    schema = tools[name].tool_call_schema if name in tools else None
    return Call(
        name,
        dict(request["args"]),
        why,
        tuple(word for word in DECISIONS if word in allowed),
        position,
        schema if isinstance(schema, type) and issubclass(schema, BaseModel) else None,
    )


def _find_tools(graph: Pregel) -> dict[str, BaseTool]:
    """Return the tools of the graph's tool nodes."""
    found: dict[str, BaseTool] = {}
    for node in graph.nodes.values():
        found |= getattr(node.bound, "tools_by_name", {})
    return found


def _for_middleware(call: Call, decision: Decision) -> dict[str, Any]:
    """Return a decision in the format of HumanInTheLoopMiddleware."""
    if decision.type == "edit":
        # The same tool, always: a person who reviews a refund cannot turn it into a deletion.
        return {"type": "edit", "edited_action": {"name": call.tool, "args": decision.args}}
    if decision.type in ("reject", "respond") and decision.reason:
        return {"type": decision.type, "message": decision.reason}
    return {"type": decision.type}
