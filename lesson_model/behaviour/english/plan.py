"""The tool calls a request needs, in their order: which at once, which only after a result."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from lesson_model.behaviour.english.arguments import NUMBER, fill
from lesson_model.behaviour.english.choose_tool import after_name, choose, find_searcher
from lesson_model.behaviour.english.clauses import Clause, split_clauses
from lesson_model.behaviour.english.words import focus, is_free_text, stems_of
from lesson_model.behaviour.results import went_well
from lesson_model.behaviour.schema import fits, kind_of, resolve
from lesson_model.behaviour.schema_values import valid_value
from lesson_model.behaviour.turn import Tool, Turn
from lesson_model.reply import Call

__all__ = ("Plan", "find_tool", "make_plan")

NOT_FOR_TOOLS = re.compile(
    r"\b(?:without|don['’]?t|do not|no|what|which|how|describe|list)\b[^.?!]{0,30}"
    r"\b(?:tools?|arguments|parameters)\b|\byour (?:tools|name)\b|\bwhat can you do\b"
    r"|\b(?:are|is|about) you\b|\byourself\b|\bdo you (?:like|think|feel)\b",
    re.I,
)
FOLLOW_UP = re.compile(r"\W*(?:and|what about|how about|same|also|now|or|then)\b", re.I)
PENDING = re.compile(r"To call (\S+) I need: ")
POLITE = re.compile(r"(?:\s+and)?\s+(?:please|for (?:me|us)|now)\b", re.I)
THAT = re.compile(r"\bthat (.+)", re.I | re.S)
COMPOSED = {"body", "content", "subject", "message"}  # words in a parameter's name
MAX_SUBJECT_WORDS = 8


@dataclass
class Step:
    """One call that is needed; whether it waits for the results of those before it."""

    tool: Tool
    clause: Clause
    waits: bool


class Plan(NamedTuple):
    """What to do now: calls to make, or a question for what is missing to make one."""

    calls: tuple[Call, ...] = ()
    question: str = ""


def make_plan(turn: Turn) -> Plan:
    """Return the calls that the user's words need and that were not made yet."""
    text = focus(turn.text)
    if not turn.tools or NOT_FOR_TOOLS.search(text):
        return Plan()
    if turn.results and not went_well(turn.results[-1]):
        return Plan()
    steps = _read_steps(turn, text)
    if not steps and not turn.made:
        return _complete_pending_call(turn) or _repeat_request(turn, text) or _search(turn, text)
    made, calls = Counter(name for name, _ in turn.made), []
    for i, step in enumerate(_open_steps(steps, made)):
        if i and (step.waits or not turn.parallel):
            break
        arguments = _fill_arguments(step, turn, text)
        missing = [p for p in step.tool.required if p not in arguments]
        composed = _compose(step, steps[: steps.index(step)], turn, arguments, missing)
        arguments |= composed
        missing = [p for p in missing if p not in composed]
        if missing:
            return Plan(tuple(calls), "" if calls else _ask(step.tool, missing))
        call = Call(step.tool.name, arguments)
        if call not in calls and (call.name, arguments) not in turn.made:
            calls.append(call)
    return Plan(tuple(calls))


def find_tool(tools: list[Tool], text: str) -> Tool:
    """Return the tool for a call that must be made: named, else the one the words fill best."""
    text = focus(text)
    if named := next(filter(None, (choose(tools, clause) for clause in split_clauses(text))), None):
        return named

    def rank(tool: Tool) -> tuple[bool, int]:
        filled = fill(tool.schema, text, tool.name).keys() & set(tool.required)
        return len(filled) == len(set(tool.required)), len(filled)

    return max(tools, key=rank)


def _ask(tool: Tool, missing: list[str]) -> str:
    return f"To call {tool.name} I need: {', '.join(missing)}."


def _open_steps(steps: list[Step], made: Counter) -> list[Step]:
    """Return the steps that were not carried out yet."""
    left = []
    for step in steps:
        made[step.tool.name] -= 1
        if made[step.tool.name] < 0:
            left.append(step)
    return left


def _read_steps(turn: Turn, text: str) -> list[Step]:
    """Return the calls a text asks for; a clause that asks for none belongs to its neighbour."""
    steps: list[Step] = []
    # A class offered as a tool is the shape of the final answer, where a call is demanded.
    offered = [t for t in turn.tools if not (turn.must_call and t.name[:1].isupper())] or turn.tools
    opening: Clause | None = None
    for clause in split_clauses(text):
        if tool := choose(offered, clause):
            waits = bool(steps and (clause.link == "then" or clause.points_back))
            joined = opening.joined(clause) if opening and clause.link == "join" else clause
            steps.append(Step(tool, joined, waits))
            opening = None
        elif steps and clause.link != "stop" and (another := _repeat_step(steps[-1], clause)):
            steps.append(another)
        elif not steps:
            opening = clause
        elif clause.link == "join":
            steps[-1].clause = steps[-1].clause.joined(clause)
    return steps


def _repeat_step(step: Step, clause: Clause) -> Step | None:
    """Return the same call for one more value, where a clause is no more: '... and Rome'."""
    tool, text = step.tool, clause.text
    kinds = {p: kind_of(resolve(tool.properties.get(p, {}), tool.schema)) for p in tool.required}
    if not kinds or "array" in kinds.values() or len(text) > 80 or clause.points_back:
        return None
    things = [p for p, kind in kinds.items() if kind == "string" and not is_free_text(p)]
    short = len(text.split()) <= 3
    # "the shed" and "los angeles" are as bare as the place before them.
    bare = short and text.islower() and step.clause.text[1:].islower() and stems_of(text)
    clause = Clause(f"in {text}", f"in {text}", clause.link) if bare else clause
    found = fill(tool.schema, clause.text, tool.name, strict=not bare).keys()
    one = short and len(things) == 1 and things[0] in found
    if one or (kinds.keys() <= found and (things or "'" in text or '"' in text)):
        return Step(tool, clause, clause.link == "then")
    return None


def _fill_arguments(step: Step, turn: Turn, text: str) -> dict:
    """Return the arguments of a step: from its clause, else from the rest of what was said."""
    own, tool, pointing = step.clause.text, step.tool, step.clause.reference
    results = [r.content for r in reversed(turn.results or turn.earlier_results)]
    number = NUMBER.search(results[0]) if results and pointing else None
    if number and len(NUMBER.findall(own)) < sum(_is_numeric(tool, p) for p in tool.required):
        own = own.replace(pointing, number.group(), 1)
    arguments = fill(tool.schema, own, tool.name) | _argument_after_name(step)
    sources = results if step.waits or pointing else []
    sources = [*sources, text, *(reversed(turn.said_before) if pointing else ())]
    for source in sources:
        if set(tool.required) <= arguments.keys():
            break
        strict = step.waits or bool(pointing)
        for name, value in fill(tool.schema, source, tool.name, strict).items():
            if name not in arguments and value not in arguments.values():
                arguments[name] = value
    return arguments


def _compose(
    step: Step, before: list[Step], turn: Turn, arguments: dict, missing: list[str]
) -> dict:
    """Return the free texts of a call that is plainly asked for, from a result or the request."""
    texts = [p for p in missing if {*p.lower().split("_")} & COMPOSED]
    if not texts or not (turn.results or arguments.keys() & set(step.tool.required)):
        return {}
    request = (before[-1] if before else step).clause.text.strip(" .!?,")
    told = THAT.search(step.clause.text)
    body = told.group(1) if told else turn.results[-1].content if turn.results else request
    subject = " ".join(request.split()[:MAX_SUBJECT_WORDS])
    composed = {}
    for name in texts:
        text = subject if "subject" in name.lower() else body.strip()
        schema = step.tool.properties.get(name, {})
        composed[name] = valid_value(schema, step.tool.schema, text_for=lambda _, text=text: text)
    return composed


def _argument_after_name(step: Step) -> dict:
    """Return the one argument of a tool that is run by its name: 'the risky action on server 7'."""
    tool = step.tool
    rest = after_name(tool, step.clause.text)
    if rest is None or len(tool.required) != 1 or _is_numeric(tool, tool.required[0]):
        return {}
    label = re.escape(tool.required[0]).replace("_", "[ _]")
    pattern = rf"\W*(?:(?:on|for|with|against)\b|[:(=])\s*(?:the )?(?:{label}\b\s*[:=]?\s*)?(.+)"
    found = re.match(pattern, POLITE.sub("", rest), re.I | re.S)
    value = found.group(1).strip(" .?!,;()\"'“”`") if found else ""
    schema = tool.properties.get(tool.required[0], {})
    return {tool.required[0]: value} if value and fits(value, schema, tool.schema) else {}


def _is_numeric(tool: Tool, parameter: str) -> bool:
    schema = resolve(tool.properties.get(parameter, {}), tool.schema)
    return kind_of(schema) in ("integer", "number")


def _complete_pending_call(turn: Turn) -> Plan | None:
    """Return the call that waited for the user's answer to 'To call x I need: y.'"""
    pending = PENDING.match(turn.answered_before)
    tool = turn.tool(pending.group(1)) if pending else None
    if tool is None or not turn.said_before:
        return None
    arguments = fill(tool.schema, turn.text, tool.name)
    arguments |= fill(tool.schema, turn.said_before[-1], tool.name)
    missing = [p for p in tool.required if p not in arguments]
    if len(missing) == 1 and not _is_numeric(tool, missing[0]) and len(turn.text) < 400:
        arguments[missing[0]] = turn.text.strip(" .!")
    elif missing:
        return Plan(question=_ask(tool, missing))
    return Plan((Call(tool.name, arguments),))


def _repeat_request(turn: Turn, text: str) -> Plan | None:
    """Return the last call with the values that are new: 'And in Rome?'"""
    opening = FOLLOW_UP.match(text)
    if not opening or len(text.split()) > 9 or not turn.said_before:
        return None
    before = focus(turn.said_before[-1])
    asked = [(s.tool.name, _fill_arguments(s, turn, before)) for s in _read_steps(turn, before)]
    name, arguments = (turn.earlier_calls or asked or [("", {})])[-1]
    tool = turn.tool(name)
    if tool is None:
        return None
    rest = text[opening.end() :]
    new = fill(tool.schema, rest, strict=True) or fill(tool.schema, rest.lower())
    new = {p: v for p, v in new.items() if not (is_free_text(p) and p not in tool.required)}
    return Plan((Call(name, {**arguments, **new}),)) if new else None


def _search(turn: Turn, text: str) -> Plan:
    """Return a search for a factual question, where there is a tool to search with."""
    tool = find_searcher(turn.tools, text)
    return Plan((Call(tool.name, fill(tool.schema, text, tool.name)),)) if tool else Plan()
