"""The tool calls a request needs, in their order: which at once, which only after a result."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from lesson_model.arguments import NUMBER, fill
from lesson_model.choose_tool import changes_something, choose, is_free_text, searcher
from lesson_model.clauses import QUOTED, Clause, clauses, refers
from lesson_model.patterns import DETERMINER, NAME, PLACE
from lesson_model.reply import Call
from lesson_model.results import went_well
from lesson_model.schema import kind_of, resolve
from lesson_model.turn import Tool, Turn
from lesson_model.words import focus, words

__all__ = ("Plan", "make_plan")

NO_TOOLS = re.compile(
    r"\b(?:without|don['’]?t|do not|never|no need (?:to|for))\s+(?:\w+\s+){0,2}?(?:tools?"
    r"|functions?)\b"
    r"|\bno tools?\b",
    re.I,
)
ABOUT_TOOLS = re.compile(
    r"\b(?:what|which|how many)\b[^.?!]*\b(?:tools?|functions|arguments|parameters|capabilities)\b"
    r"|\bwhat can you do\b|\bhow does\b[^.?!]*\b(?:tool|function|work)\b|\byour tools\b"
    r"|\b(?:are|is) you\b|\b(?:describe|explain|list)\b[^.?!]*\btools?\b",
    re.I,
)
FOLLOW_UP = re.compile(r"^\W*(?:and|what about|how about|same|also|now|or|then)\b", re.I)
PENDING = re.compile(r"^To call (\S+) I need: ")
CONDITION = re.compile(r"^\W*if\s+([^,]+)", re.I)


@dataclass
class Step:
    """One call that is needed."""

    tool: Tool
    clause: Clause
    waits: bool


@dataclass
class Plan:
    """What to do now.

    Attributes:
        calls: Calls to make now.
        missing: (tool, parameters) that the words do not give; the user has to be asked.
    """

    calls: tuple[Call, ...] = ()
    missing: list[tuple[str, list[str]]] = field(default_factory=list)


def make_plan(turn: Turn) -> Plan:
    """Return the calls that the user's words need and that were not made yet."""
    text = focus(turn.text)
    if not turn.tools or NO_TOOLS.search(text) or ABOUT_TOOLS.search(text):
        return Plan()
    if turn.results and not went_well(turn.results[-1]):
        return Plan()
    steps = _steps(turn, text)
    if not steps and not turn.made:
        return _answered_question(turn) or _follow_up(turn, text) or _looked_up(turn, text)
    made = Counter(name for name, _ in turn.made)
    left = []
    for step in steps:
        if made[step.tool.name]:
            made[step.tool.name] -= 1
        else:
            left.append(step)
    plan, waited = Plan(), False
    for i, step in enumerate(left):
        if i and not turn.parallel:
            break
        waited = waited or bool(i and step.waits)
        if waited and not _stands_alone(step):
            continue
        if not _condition_holds(step, turn):
            continue
        arguments = _arguments(step, turn, text)
        missing = [p for p in step.tool.required if p not in arguments]
        if missing and i:
            waited = True
            continue
        if missing:
            plan.missing.append((step.tool.name, missing))
            break
        call = Call(step.tool.name, arguments)
        if call not in plan.calls:
            plan.calls += (call,)
    return plan


def _steps(turn: Turn, text: str) -> list[Step]:
    """Return the calls a text asks for; a clause that asks for none belongs to its neighbour."""
    steps: list[Step] = []
    # A class offered as a tool is the shape of the final answer, where a call is demanded.
    shapes = [t for t in turn.tools if turn.must_call and t.name[:1].isupper()]
    offered = [t for t in turn.tools if t not in shapes] or turn.tools
    waiting_words: Clause | None = None
    for clause in clauses(text):
        tool = choose(offered, clause)
        if tool is not None:
            if waiting_words and clause.link == "join":
                clause = waiting_words.joined(clause)
            waits = bool(steps) and (clause.link == "then" or bool(refers(clause)))
            waits = waits or bool(steps and CONDITION.match(clause.text))
            steps.append(Step(tool, clause, waits))
            waiting_words = None
        elif not steps:
            waiting_words = clause
        elif clause.link != "stop" and (another := _another(steps[-1], clause)):
            steps.append(another)
        elif clause.link == "join":
            steps[-1].clause = steps[-1].clause.joined(clause)
    return steps


def _stands_alone(step: Step) -> bool:
    """Whether a step may go ahead while one before it waits: a new sentence that only looks."""
    return not step.waits and step.clause.link == "stop" and not changes_something(step.tool)


def _another(step: Step, clause: Clause) -> Step | None:
    """Return the same call once more where a bare rest asks for it: '... and Rome'."""
    tool, text = step.tool, clause.text
    kinds = {p: kind_of(resolve(tool.properties.get(p, {}), tool.schema)) for p in tool.required}
    if not kinds or "array" in kinds.values() or len(text) > 80:
        return None
    things = [p for p, kind in kinds.items() if kind == "string" and not is_free_text(p)]
    if not things and kinds.values() == {"string"} and not QUOTED.search(text):
        return None
    short = len(text.split()) <= 3
    if (
        PLACE & set(things)
        and short
        and words(clause.bare)
        and not NAME.search(step.clause.text[1:])
    ):
        return Step(tool, Clause(f"in {text}", f"in {clause.bare}"), clause.link == "then")
    of_its_own = short and [*kinds] == things[:1] and DETERMINER.match(f" {text}")
    found = fill(tool.schema, text, tool.name, strict=not of_its_own).keys()
    enough = kinds.keys() <= found or (short and len(things) == 1 and things[0] in found)
    return Step(tool, clause, clause.link == "then") if enough else None


def _arguments(step: Step, turn: Turn, text: str) -> dict:
    """Return the arguments of a step: from its clause, else from the rest of what was said."""
    words_now = step.clause.text
    pointing = refers(step.clause)
    if number := _last_number(turn):
        numeric = [p for p in step.tool.required if _is_numeric(step.tool, p)]
        given = len(NUMBER.findall(words_now))
        if numeric and pointing and given < len(numeric):
            start, end = _same_place(pointing, step.clause)
            words_now = f"{words_now[:start]}{number}{words_now[end:]}"
        elif numeric and turn.results and given == len(numeric) - 1:
            words_now = f"{number} {words_now}"
    arguments = fill(step.tool.schema, words_now, step.tool.name)
    sources = [(r.content, True) for r in reversed(turn.results) if step.waits or pointing]
    sources.append((text, step.waits or bool(pointing)))
    if pointing:
        sources += [(said, True) for said in reversed(turn.said_before)]
    for source, strict in sources:
        missing = [p for p in step.tool.properties if p not in arguments]
        if not set(missing) & set(step.tool.required):
            break
        found = fill(step.tool.schema, focus(source), step.tool.name, strict)
        used = list(arguments.values())
        arguments |= {p: found[p] for p in missing if p in found and found[p] not in used}
    return {p: arguments[p] for p in step.tool.properties if p in arguments} or arguments


def _same_place(found: re.Match, clause: Clause) -> tuple[int, int]:
    start = clause.text.find(found.group())
    return (start, start + len(found.group())) if start >= 0 else (0, 0)


def _is_numeric(tool: Tool, parameter: str) -> bool:
    schema = resolve(tool.properties.get(parameter, {}), tool.schema)
    return kind_of(schema) in ("integer", "number")


def _last_number(turn: Turn) -> str | None:
    """Return the number in the newest tool result, of this turn or of an earlier one."""
    contents = [r.content for r in reversed(turn.results)] or [turn.earlier_result]
    found = NUMBER.search(contents[0] or "")
    return found.group() if found else None


def _condition_holds(step: Step, turn: Turn) -> bool:
    """Whether the results so far say what an 'if' clause wants to see."""
    condition = CONDITION.match(step.clause.text)
    if not condition or not turn.results:
        return True
    wanted = words(condition.group(1))
    seen = words(" ".join(r.content for r in turn.results))
    negated = bool(re.search(r"\bnot\b|n['’]t\b", condition.group(1)))
    return bool(wanted & seen) != negated


def _answered_question(turn: Turn) -> Plan | None:
    """Return the call that waited for the user's answer to 'To call x I need: y.'"""
    pending = PENDING.match(turn.answered_before)
    tool = turn.tool(pending.group(1)) if pending else None
    if tool is None or not turn.said_before:
        return None
    arguments = fill(tool.schema, turn.said_before[-1], tool.name)
    answers = fill(tool.schema, turn.text, tool.name)
    arguments |= {p: v for p, v in answers.items() if p not in arguments}
    missing = [p for p in tool.required if p not in arguments]
    if len(missing) == 1 and not _is_numeric(tool, missing[0]) and len(turn.text) < 400:
        arguments[missing[0]] = turn.text.strip(" .!")
        missing = []
    if missing:
        return Plan(missing=[(tool.name, missing)])
    return Plan((Call(tool.name, arguments),))


def _follow_up(turn: Turn, text: str) -> Plan | None:
    """Return the last call again with what is new: 'And in Rome?'"""
    if not FOLLOW_UP.match(text) or len(text.split()) > 9 or not turn.earlier_calls:
        return None
    name, arguments = turn.earlier_calls[0]
    tool = turn.tool(name)
    if tool is None or re.search(r"\b(?:you|your|yours)\b", text, re.I):
        return None
    rest = text[FOLLOW_UP.match(text).end() :]
    new = fill(tool.schema, rest, strict=True)
    first = re.match(r"\s*(?:for |with )?([\w-]{3,})\b", rest)
    if new and first and words(first.group(1)):
        same = [p for p in arguments if p not in new and isinstance(arguments[p], str)]
        if len(same) == 1 and not is_free_text(same[0]):
            new[same[0]] = first.group(1)  # "and billing to 3 replicas?"
    new = new or fill(tool.schema, rest.lower())
    new = {p: v for p, v in new.items() if not (is_free_text(p) and p not in tool.required)}
    return Plan((Call(name, {**arguments, **new}),)) if new else None


def _looked_up(turn: Turn, text: str) -> Plan:
    """Return a search for a factual question, where there is a tool to search with."""
    tool = searcher(turn.tools, text)
    if tool is None:
        return Plan()
    arguments = fill(tool.schema, text, tool.name)
    return Plan((Call(tool.name, arguments),)) if arguments else Plan()
