"""The scripted model: a probe says what it calls and then says; it understands no language.

A mark in the user's words tells which plan a request belongs to. Structured output and forced
calls follow the request's own schema.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from lesson_model.behaviour.schema import fits
from lesson_model.behaviour.schema_values import valid_value
from lesson_model.behaviour.turn import Tool, Turn, text_of
from lesson_model.reply import Call, Reply

__all__ = ("Plan", "Stage", "arguments_for")

END = re.compile(r"^_*(finish|finished|end|done|stop|complete|completed|final|none)_*$", re.I)
CLOSING = {"done", "finish", "final", "end", "respond", "response", "answer", "submit", "complete"}
YES = ("yes", "true", "relevant", "approve", "approved", "pass", "grounded", "useful", "safe")
MAX_OPTIONS = 8  # of a router, that are tried
MAX_ISSUES = 4  # of one step, where the agent never shows the model that it was made


@dataclass
class Plan:
    """What the model does in one turn.

    Attributes:
        mark: Stands in the user's words.
        steps: Messages of calls, one after the other: (tool, arguments).
        say: What it says in the end.
        route: Tools to call first, where the wanted one is not offered.
        choice: Which option of a router it takes.
        forever: It repeats the first step without end, and goes the same way at each router.
        contrary: It finds nothing good enough.
        changed: What it calls instead when it is asked the same a second time.
        numbered: Each of its last words has a number of its own.
    """

    mark: str
    steps: list[list[tuple[str, dict]]] = field(default_factory=list)
    say: str = ""
    route: tuple[str, ...] = ()
    choice: int = 0
    forever: bool = False
    contrary: bool = False
    changed: list[tuple[str, dict]] = field(default_factory=list)
    numbered: bool = False
    issued: Counter = field(default_factory=Counter)
    asked: Counter = field(default_factory=Counter)


@dataclass
class Seen:
    """What a request offered."""

    tools: tuple[str, ...]
    forced: bool
    shape: str
    options: int
    """How many ways a router in it may go."""
    graded: bool
    """It asked whether something is good enough."""
    routed: bool
    """It asked who works next, or whether that was all."""
    spoken: str = ""
    """The plan's last words, where they were the answer."""


class Stage:
    """Stands where the lesson model keeps its rules; knows the declared arguments of tools."""

    def __init__(self, arguments: dict[str, dict]) -> None:
        self.arguments = arguments
        self.plans: dict[str, Plan] = {}
        self.seen: list[Seen] = []
        self.schemas: dict[str, dict] = {}
        self.emitted: list[tuple[str, list[Call]]] = []
        self.newest: Plan | None = None

    def add(self, plan: Plan) -> Plan:
        """Play a plan from now on."""
        self.plans[plan.mark] = self.newest = plan
        return plan

    def reply(self, turn: Turn) -> Reply:
        """Return what the model says to a request."""
        plan = self._plan_of(turn)
        offered = {tool.name: tool for tool in turn.tools}
        self.schemas |= {tool.name: tool.schema for tool in turn.tools}
        seen = _seen_in(turn)
        self.seen.append(seen)
        if plan is None:
            return Reply("Hello.")
        calls = self._calls(plan, turn, offered)
        if calls:
            self.emitted.append((plan.mark, calls))
            return Reply(calls=tuple(calls))
        if turn.must_call and offered:
            tool = _closing_tool(turn, plan)
            return Reply(calls=(Call(tool.name, self._shaped(tool.schema, plan, tool.name)),))
        if turn.response_format.get("type") == "json_schema":
            schema = turn.response_format["json_schema"].get("schema") or {}
            return Reply(json.dumps(self._shaped(schema, plan, seen.shape)))
        if turn.response_format.get("type") == "json_object":
            return Reply(json.dumps({"answer": plan.say}))
        seen.spoken = f"{plan.say} ({len(self.seen)})" if plan.numbered else plan.say
        return Reply(seen.spoken)

    def _plan_of(self, turn: Turn) -> Plan | None:
        said = "\n".join(text_of(message.get("content")) for message in turn.messages)
        found = [(said.rfind(mark), mark) for mark in self.plans if mark in said]
        return self.plans[max(found)[1]] if found else self.newest

    def _calls(self, plan: Plan, turn: Turn, offered: dict[str, Tool]) -> list[Call]:
        """Return the calls that come next in the plan, or none."""
        made = Counter(_made(turn, plan.mark))
        if plan.forever:
            calls = [Call(*call) for step in plan.steps[:1] for call in step if call[0] in offered]
            ways = [name for name in plan.route if name in offered and not calls]
            return calls + [self._on_the_way(offered[name], plan) for name in ways[:1]]
        for number, step in enumerate(plan.steps):
            need = Counter(name for name, _ in step)
            if all(made[name] >= count for name, count in need.items()):
                made -= need
                continue
            if plan.issued[number] >= MAX_ISSUES:
                continue
            left = []
            for name, arguments in step:
                if made[name] > 0:
                    made[name] -= 1
                elif name in offered:
                    left.append(Call(name, arguments))
            if left:
                plan.issued[number] += 1
                if plan.issued[number] > 1 and plan.changed:
                    left = [Call(*call) for call in plan.changed]
                return left if turn.parallel else left[:1]
            for name in plan.route:
                if name in offered and not made[name] and plan.issued[name] < MAX_ISSUES:
                    plan.issued[name] += 1
                    return [self._on_the_way(offered[name], plan)]
            break
        return []

    def _on_the_way(self, tool: Tool, plan: Plan) -> Call:
        made = arguments_for(tool.schema, plan.mark)
        return Call(tool.name, {**made, **self.arguments.get(tool.name, {})})

    def _shaped(self, schema: dict, plan: Plan, key: str) -> Any:
        """Return a value of a schema: routers take the plan's choice, then the end."""
        number = plan.asked[key]
        plan.asked[key] += 1
        pending = any(plan.issued[at] == 0 for at in range(len(plan.steps)))

        def choose(options: list) -> object:
            ends = [option for option in options if END.match(str(option))]
            going = [option for option in options if option not in ends] or options
            good = [option for option in going if str(option).lower() in YES]
            if good:
                worse = [option for option in going if option not in good]
                return worse[-1] if plan.contrary and worse else good[0]
            if plan.forever:
                return going[plan.choice % len(going)]
            if ends and number and not (pending and number < 3):
                return ends[0]
            return going[(plan.choice + (number if ends else 0)) % len(going)]

        def text_for(name: str) -> str:
            return f"{plan.say} ({plan.mark})"

        found = {}
        for name, part in (schema.get("properties") or {}).items():
            if part.get("type") == "boolean":
                found[name] = not plan.contrary
            elif _is_yes_or_no(part):
                found[name] = "no" if plan.contrary else "yes"
        return valid_value(_with_items(schema), found=found, text_for=text_for, choose=choose)


def arguments_for(schema: dict, word: str, number: int = 41, nth: int = 0) -> dict:
    """Return arguments that are valid, and whose values can be found again.

    Args:
        schema: The tool's parameters.
        word: Stands in each text.
        number: Each number, where its bounds allow.
        nth: 1, 2, ... give other values where the schema leaves a choice, but no free text.
    """
    found: dict[str, Any] = {}
    for at, (name, part) in enumerate((schema.get("properties") or {}).items()):
        kinds = [part, *(part.get("anyOf") or ())]
        types = {kind.get("type") for kind in kinds}
        is_fixed = any(k.get("enum") or k.get("const") or k.get("format") for k in kinds)
        if not is_fixed and "string" in types:
            found[name] = f"{name}-{word}"
        elif not is_fixed and types & {"integer", "number"}:
            found[name] = number + at
        if nth and not (name in found and fits(found[name], part, schema)):
            several = {"type": "array", "items": part, "minItems": nth + 1}
            found[name] = valid_value(several, schema)[nth]
    value = valid_value(
        _with_items(schema) or {"type": "object"},
        found=found,
        text_for=lambda name: f"{name or 'text'}-{word}",
    )
    return value if isinstance(value, dict) else {}


def _with_items(schema: Any) -> Any:
    """Return a schema whose arrays hold an item, as a model's do."""
    if isinstance(schema, list):
        return [_with_items(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _with_items(value) for key, value in schema.items()}
    if made.get("type") == "array" and made.get("maxItems", 1) and "items" in made:
        made.setdefault("minItems", 1)
    return made


def _made(turn: Turn, mark: str) -> Iterable[str]:
    """Yield the tools called since the user spoke of this plan."""
    start = 0
    for index, message in enumerate(turn.messages):
        if message["role"] in ("user", "system", "developer"):
            if mark in text_of(message.get("content")) or (message["role"] == "user" and not start):
                start = index
    for message in turn.messages[start:]:
        for call in message.get("tool_calls") or ():
            yield (call.get("function") or {}).get("name", "")


def _is_yes_or_no(part: dict) -> bool:
    about = str(part.get("description", "")).lower()
    return part.get("type") == "string" and bool(re.search(r"\byes\b.*\bno\b", about))


def _seen_in(turn: Turn) -> Seen:
    """Return what a request offers, and what the fields that it wants to be filled ask for."""
    schemas = [tool.schema for tool in turn.tools] if turn.must_call else []
    shape = ",".join(tool.name for tool in turn.tools) if turn.must_call else ""
    if turn.response_format.get("type") == "json_schema":
        wanted = turn.response_format["json_schema"]
        schemas.append(wanted.get("schema") or {})
        shape = str(wanted.get("name", "json"))
    parts = [part for schema in schemas for part in (schema.get("properties") or {}).values()]
    enums = [part.get("enum") or () for part in parts]
    ways = [[option for option in options if not END.match(str(option))] for options in enums]
    routers = [len(going) for going in ways if not _has_a_yes(going)]
    return Seen(
        tools=tuple(tool.name for tool in turn.tools),
        forced=turn.must_call,
        shape=shape,
        options=min(max(routers, default=1) or 1, MAX_OPTIONS),
        graded=any(one.get("type") == "boolean" or _is_yes_or_no(one) for one in parts)
        or any(map(_has_a_yes, enums)),
        routed=any(
            0 < len(going) < len(options) for going, options in zip(ways, enums, strict=True)
        ),
    )


def _has_a_yes(options: Iterable) -> bool:
    return any(str(option).lower() in YES for option in options)


def _closing_tool(turn: Turn, plan: Plan) -> Tool:
    """Return the tool that ends a turn in which the model must call one."""
    wanted = {name for step in plan.steps for name, _ in step}
    closing = [
        tool
        for tool in turn.tools
        if CLOSING & {word.lower() for word in re.findall(r"[A-Z]?[a-z]+", tool.name)}
    ]
    shapes = [tool for tool in turn.tools if tool.name[:1].isupper()]
    others = [tool for tool in turn.tools if tool.name not in wanted]
    likely = list(dict.fromkeys([tool.name for tool in (*closing, *shapes, *others, *turn.tools)]))
    number = plan.asked["a closing tool"]  # where the first does not end the turn, another may
    plan.asked["a closing tool"] += 1
    return turn.tool(likely[(number // 3) % len(likely)])
