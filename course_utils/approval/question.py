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

Tools = Mapping[str, BaseTool]


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
    earlier: list[Any]
    """Answers to what the task asked before."""
    has_failed_answer: bool
    """Whether an answer is recorded with which the task failed."""

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
        names = {"edit": "args", "reject": "reason", "respond": "message"}
        value = decision.args if decision.type == "edit" else decision.reason
        more = {names[decision.type]: value} if decision.type in names else {}
        return {"type": decision.type, **more}

    def take_back(self, graph: Pregel) -> None:
        """Remove a recorded answer with which the task failed, so that the next one counts."""
        take_back_answer(graph, self.config, self.task, self.earlier)


def require_resumable(graph: Pregel, config: Mapping[str, Any]) -> None:
    """Raise ValueError if a button cannot resume this graph, or the config names no thread."""
    if not graph.checkpointer:
        raise ValueError("This graph has no checkpointer, so nothing waits. Compile it with one.")
    saver = type(graph.checkpointer).__name__
    if saver.startswith("Async"):
        raise ValueError(
            f"{saver} works only with await, and a button cannot await. Compile the graph with the "
            "sync saver of the same database for the panel."
        )
    if not config.get("configurable", {}).get("thread_id"):
        cure = 'Pass {"configurable": {"thread_id": "..."}}, the one the graph was invoked with.'
        raise ValueError(f"The config names no thread. {cure}")
    for name, node in graph.nodes.items():
        if is_async_only(node.bound):
            fact = f"The node {name} is async only, and a button cannot await"
            raise ValueError(f"{fact}. Write it with def.")


def read_questions(graph: Pregel, state: StateSnapshot) -> list[Question]:
    """Return the pending interrupts of a state read with `subgraphs=True`, in task order."""
    tools = _find_tools(graph)
    questions = []
    for snapshot, task in _waiting_tasks(state):
        saved = graph.checkpointer.get_tuple(snapshot.config)
        writes = {(owner, kind): value for owner, kind, value in saved.pending_writes}
        earlier = list(writes.get((task.id, RESUME), []))
        has_failed_answer = bool(earlier) and task.error is not None
        if has_failed_answer:
            earlier.pop()
        answers = snapshot.config, task.id, earlier, has_failed_answer
        questions += (Question(i.id, *_read_calls(i, tools), *answers) for i in task.interrupts)
    return questions


def _waiting_tasks(state: StateSnapshot) -> Iterator[tuple[StateSnapshot, PregelTask]]:
    """Yield the innermost tasks that wait, each with the state it belongs to."""
    for task in state.tasks:
        if task.interrupts and isinstance(task.state, StateSnapshot):
            yield from _waiting_tasks(task.state)
        elif task.interrupts:
            yield state, task


def _read_calls(interrupt: Interrupt, tools: Tools) -> tuple[str, tuple[Call, ...]]:
    """Return the kind of an interrupt's payload, and the calls in it."""
    value = interrupt.value
    if not isinstance(value, dict):
        return "other", (Call("", {}, str(value), ("approve", "reject")),)
    if "action_requests" in value and "review_configs" in value:
        allowed = {c["action_name"]: c["allowed_decisions"] for c in value["review_configs"]}
        return "batched", tuple(
            _make_call(action["name"], action, allowed[action["name"]], tools, position)
            for position, action in enumerate(value["action_requests"])
        )
    if value.get("type") == "tool_approval":
        return "per_call", (_make_call(value["name"], value, _allowed_per_call(interrupt), tools),)
    if isinstance(value.get("tool"), str) and isinstance(value.get("args"), dict):
        allowed = value.get("allowed", DECISIONS[:3])
        request = {"description": value.get("why", ""), "args": value["args"]}
        return "own", (_make_call(value["tool"], request, allowed, tools),)
    return "other", (Call("", {}, as_json(value), ("approve", "reject")),)


def _allowed_per_call(interrupt: Interrupt) -> tuple[str, ...]:
    """Return the allowed decisions, which this mode names only in the schema of the answer."""
    schema = interrupt.response_schema
    if "discriminator" in schema:
        return tuple(schema["discriminator"]["mapping"])
    return (schema["properties"]["type"]["const"],)


def _make_call(
    name: str, request: Mapping[str, Any], allowed: Iterable[str], tools: Tools, position: int = 0
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
    """Return the tools of the graph's tool nodes, by name."""
    nodes = [getattr(node.bound, "tools_by_name", {}) for node in graph.nodes.values()]
    return {name: tool for tools in nodes for name, tool in tools.items()}


def _for_middleware(call: Call, decision: Decision) -> dict[str, Any]:
    """Return a decision in the format of HumanInTheLoopMiddleware."""
    if decision.type == "edit":
        # The same tool, always: a person who reviews a refund cannot turn it into a deletion.
        return {"type": "edit", "edited_action": {"name": call.tool, "args": decision.args}}
    if decision.type in ("reject", "respond") and decision.reason:
        return {"type": decision.type, "message": decision.reason}
    return {"type": decision.type}
