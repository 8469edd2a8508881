"""Looks at an agent before anything is provoked: how to ask it, its tools, and how it asks back."""

from __future__ import annotations

import math
import re
import time
import traceback
from fnmatch import fnmatchcase
from pathlib import Path

from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.tools import BaseTool
from langgraph.types import Command

from agent_checklist.dialects import (
    Gate,
    Pair,
    pairs_from,
    pairs_of_schema,
    schemas_in,
    takes_no,
)
from agent_checklist.effects import Effect, changed_files, file_states, gives_text, living
from agent_checklist.guard import Sent
from agent_checklist.source import (
    RISKY,
    asking_functions,
    changes_before_asking,
    function_of,
    leaves_ways_open,
    words_behind,
)
from agent_checklist.subject import Facts, Subject, Tool, Turn, error_name, left_open, open_in
from agent_checklist.workspace import Settings, place, python_files, shortened
from lesson_model.behaviour.schema_values import valid_value

__all__ = ("scout",)

MAX_TOOLS = 12
MAX_GATES = 3
LARGE = 7000  # above what some ask about
MAX_BODY_SECONDS = 4.0
SCOUT_SECONDS = 24.0
RISKY_VERBS = set(
    "refund delete pay send transfer cancel drop remove book purchase buy execute deploy restart "
    "write update submit publish charge withdraw issue place run post merge approve reset "
    "terminate shutdown modify create schedule".split()
)
MAY_ASK = (
    "By its code it may ask a person. Name a factory that gives it a test double, or, where the "
    "arguments are what it refuses, declare `arguments` that it accepts in pyproject.toml."
)
REFUSED = "the model refuses with 400 what is sent behind a call of it"
PASSED_ON = ("transfer_to", "handoff", "hand_off", "delegate")


async def scout(subject: Subject) -> Facts:
    """Return what can be known of an agent without provoking anything."""
    facts = subject.facts
    facts.end = time.monotonic() + SCOUT_SECONDS
    await subject.start()
    facts.has_saver = _class_of_saver(subject)
    own = subject.own_saver is not None and not isinstance(subject.own_saver, bool)
    facts.brings_saver = own or subject.served or subject.level == "turn"
    await _find_input(subject)
    if facts.problem:
        return facts
    chats = [one for one in subject.guard.sent if one.path != "/embeddings"]
    facts.models = list(dict.fromkeys(str(s.body.get("model")) for s in chats))
    await _find_tools(subject)
    await _try_larger_numbers(subject)
    await _remembers(subject)  # on the router's way that was found
    asking = [tool for tool in facts.tools.values() if tool.gate]
    for tool in asking[:MAX_GATES]:
        if time.monotonic() < facts.end and not tool.gate.early:
            await _learn_gate(subject, tool)
    for tool in asking:
        tool.gate.tried = tool.gate.tried[:6]
        if tool.question:
            tool.gate = None
    facts.gates = [] if facts.act else facts.gates or _gates_in_code(facts)
    facts.beyond = _why_no_more(subject)
    facts.grades = any(seen.graded for seen in subject.stage.seen)
    facts.routes = any(seen.routed for seen in subject.stage.seen)
    facts.refused = subject.guard.refused
    facts.stands_still = subject.guard.on_loop
    return facts


def _class_of_saver(subject: Subject) -> str:
    own = subject.own_saver
    if own is None or own is subject.saver or isinstance(own, bool):
        return ""
    return type(own).__name__


async def _find_input(subject: Subject) -> None:
    """Find the way of asking in which the user's words reach the model."""
    facts, first = subject.facts, None
    for way in range(len(list(subject.inputs("hello"))[:7])):
        plan = subject.plan(numbered=True)
        sent, seen = len(subject.guard.sent), len(subject.stage.seen)
        turn = await subject.say(plan, f"scout-{way}", text="Hello.", way=way)
        first = first or turn
        if turn.sent(plan.mark) and not turn.error:
            facts.input = way
            answer = _note_models(subject, turn, sent, seen)
            facts.stops_at = _asked_by(turn)
            values = turn.values if isinstance(turn.values, dict) else {}
            texts = {name: text for name, text in values.items() if isinstance(text, str)}
            facts.answer_in = tuple(name for name, text in texts.items() if answer in text)
            return
    facts.problem = _why_not(subject, first)
    if facts.schema and facts.schema.get("properties"):
        facts.proposed = valid_value(facts.schema, text_for=lambda name: "{text}")
        if "messages" in facts.proposed:
            facts.proposed["messages"] = [["user", "{text}"]]


OF_OPENAI = "core|openai|classic|community|text_splitters|deepseek|xai|openrouter"
PROVIDER = re.compile(rf"[/\\](langchain_(?!(?:{OF_OPENAI})\b)\w+)[/\\]")


def _other_provider(error: BaseException | None) -> str:
    """Return the package of another provider's model that raised, if one did."""
    while error is not None:
        for frame in traceback.extract_tb(error.__traceback__):
            if "site-packages" in frame.filename and (found := PROVIDER.search(frame.filename)):
                return found[1]
        error = error.__cause__ or error.__context__
    return ""


def _asked_by(turn: Turn) -> str:
    """Return what a person is asked at the end of a turn."""
    if turn.interrupts:
        return f"“{shortened(turn.interrupts[0].value, 120)}”"
    return f"a breakpoint before {', '.join(turn.breakpoint)}" if turn.breakpoint else ""


def _why_no_more(subject: Subject) -> str:
    """Return why the agent was not reached as far as its answer and its tools."""
    facts, graph = subject.facts, subject.graph
    if facts.stops_at:
        return (
            f"A plain turn stops at a question to a person ({facts.stops_at}). What comes behind "
            "it is not seen, and questions about anything but a tool call are not judged."
        )
    if facts.tools or facts.answers_in_text or graph is None:
        return ""
    rest = [one for one in graph.nodes if one not in subject.nodes and not one.startswith("__")]
    if not rest:
        return ""
    return f"A plain turn did not reach {', '.join(rest[:4])}: what happens there is not seen."


def _note_open(facts: Facts, turn: Turn) -> None:
    """Note the calls that a turn leaves open though it came to its end."""
    if not (turn.error or turn.waits or turn.stopped):
        facts.leaves_open |= left_open(turn.messages)


def _why_not(subject: Subject, turn: Turn | None) -> str:
    """Return why no way of asking reaches the model."""
    declare = (
        " If the input is not right, declare `input` in [tool.agent_checklist] of pyproject.toml."
    )
    declare = "" if subject.level == "turn" else declare
    hosts = ", ".join(subject.guard.refused[:3])
    if turn is None:
        return f"It is not known how this graph is asked.{declare}"
    raised = ""
    if turn.error:
        words = shortened(" ".join(str(turn.error).split()), 600)
        where = place(turn.error, Path.cwd())
        raised = f"A plain turn raised {type(turn.error).__name__}: {words}{where}."
    other = "models of other providers than OpenAI's protocol cannot be judged."
    if provider := _other_provider(turn.error):
        return f"It asks a model through {provider}; {other} {raised}"
    if hosts:
        return f"It wanted the network ({hosts}), which the checklist refuses; {other} {raised}"
    if turn.requests:
        return raised or ("The user's words did not reach the model." + declare)
    if raised:
        return raised + declare
    if turn.waits:
        return (
            f"A plain turn stops at a question to a person ({_asked_by(turn)}) before a model is "
            "asked, so there is nothing to provoke."
        )
    return "It asked no model in a plain turn, so there is nothing to provoke."


def _note_models(subject: Subject, turn: Turn, sent: int, seen: int) -> str:
    """Note which models work in a plain turn; return the answer, and note its request.

    Args:
        subject: The agent.
        turn: The turn; each text that the model said in it has a number.
        sent, seen: How many requests came before it.
    """
    facts, said = subject.facts, [one.spoken for one in subject.stage.seen[seen:]]
    shown = turn.final + str([one.value for one in turn.interrupts])
    spoken = [at for at, text in enumerate(said) if text]
    facts.answers_in_text = bool(spoken)
    facts.answer_at = [0, *spoken, *(at for at in spoken if said[at] in shown)][-1]
    at_work: dict[tuple, Sent] = {}
    for one in subject.guard.sent[sent:]:
        longest = at_work.setdefault(one.kind, one)
        if one.read_timeout is None or one.read_timeout > (longest.read_timeout or math.inf):
            at_work[one.kind] = one
    facts.at_work = [one for one in at_work.values() if one.path != "/embeddings"]
    return (said[facts.answer_at] if spoken else "") or turn.plan.say


async def _remembers(subject: Subject) -> None:
    """See whether a second turn sends what was said in the first."""
    facts = subject.facts
    sent, seen = len(subject.guard.sent), len(subject.stage.seen)
    plan = subject.plan(numbered=True)
    first = await subject.say(plan, "scout-memory", text="My name is Zora-75.")
    if facts.choice and first.requests:  # a plain turn goes this way, and not the first one's
        _note_models(subject, first, sent, seen)
    _note_open(facts, first)
    subject.streams = True  # once, so that what this imports is known before the probes fork
    turn = await subject.hello("scout-memory")
    subject.streams = False
    if not (first.error or first.waits):
        refused = [one for one in turn.requests if one.status == 400]
        facts.leaves_open.update(*map(open_in, refused))
    facts.remembers = turn.sent("Zora-75")


async def _find_tools(subject: Subject) -> None:
    """Call each tool that is offered, and see what comes of it."""
    facts, stage = subject.facts, subject.stage
    routes: dict[str, tuple[tuple[str, ...], int]] = {}
    shapes: set[str] = set()

    def collect(route: tuple[str, ...], choice: int) -> None:
        for seen in stage.seen:
            if seen.forced and len(seen.tools) == 1:
                shapes.update(seen.tools)
            for name in seen.tools:
                routes.setdefault(name, (route, choice))

    options = max((seen.options for seen in stage.seen), default=1)
    collect((), 0)
    at_first = len(routes)
    for choice in range(1, options):
        before = len(routes)
        await subject.say(subject.plan(choice=choice), f"scout-choice-{choice}")
        collect((), choice)
        if len(routes) > before and not at_first and not facts.choice:
            facts.choice = choice
    plain = {one.name for one in living(BaseTool)}
    for name in routes:
        if name not in plain:
            _wrap(subject, name)
    while left := [one for one in routes if one not in facts.tools and one not in shapes]:
        name = left[0]
        route, choice = routes[name]
        tool = Tool(name, stage.schemas.get(name, {}), route, choice)
        tool.risky = _declared(name, subject.settings)
        facts.tools[name] = tool
        await _try_tool(subject, tool)
        collect((*route, name), choice)
        if len(facts.tools) == MAX_TOOLS or time.monotonic() > facts.end:
            break
    for name, tool in facts.tools.items():
        tool.beside = {each for seen in stage.seen if name in seen.tools for each in seen.tools}


async def _try_larger_numbers(subject: Subject) -> None:
    """Where the code asks a person and no call led to that, see whether a larger number does."""
    facts = subject.facts
    if any(tool.gate for tool in facts.tools.values()):
        return
    facts.gates = _gates_in_code(facts)
    untried = [t for t in facts.tools.values() if t.ran and not (t.risky or t.failure)]
    untried.sort(key=lambda tool: ([*facts.gates, tool.name].index(tool.name), tool.name))
    for tool in untried if facts.gates else ():
        (_, small), (_, large) = (subject.call(tool.name, "w", n) for n in (41, LARGE))
        tool.fixed = {key: value for key, value in large.items() if value != small[key]}
        if tool.fixed:
            if (await _asked(subject, tool, "large")).waits:
                await _try_tool(subject, tool)
            tool.fixed = tool.fixed if tool.gate else {}
            return


def _wrap(subject: Subject, name: str) -> bool:
    """Wrap plain functions of this name; return whether there are any."""
    if not subject.recorder.wrap_functions(name):
        return False
    subject.facts.functions.append(name)
    return True


def _declared(name: str, settings: Settings) -> bool:
    return name in RISKY or any(fnmatchcase(name, pattern) for pattern in settings.risky)


async def _try_tool(subject: Subject, tool: Tool) -> None:
    facts, guard = subject.facts, subject.guard
    for attempt in range(2):
        refused, raised = len(guard.refused), subject.raised
        recorded, written = len(subject.recorder.effects), len(guard.writes)
        files = file_states()
        plan = subject.plan([subject.call(tool.name)])
        began = time.monotonic()
        turn = await subject.say(plan, f"scout-{tool.name}-{attempt}")
        took = time.monotonic() - began
        _note_open(facts, turn)
        mine = [e for e in subject.recorder.effects[recorded:] if e.tool == tool.name]
        if turn.waits:
            inside = any(effect.interrupted for effect in mine)
            kind = "tool" if inside else "graph" if turn.interrupts else "breakpoint"
            value = turn.interrupts[0].value if turn.interrupts else ""
            shown = [str(arg) for arg in plan.steps[0][0][1].values() if str(arg) in str(value)]
            if inside or not mine or tool.name in str(value) or len(shown) > 1:
                tool.gate = Gate(kind, early=bool(mine) and not inside)
            tool.ran = any(not effect.interrupted for effect in mine)
            by = f"the body of {tool.name}" if inside else "a node"
            if guard.writes[written:]:
                facts.early = f"{guard.writes[-1]} was written before anybody was asked, by {by}"
            elif changed := list(changed_files(files)):
                facts.early = f"{changed[0].name} was changed before anybody was asked, by {by}"
            elif inside and (name := changes_before_asking(function_of(mine[0].by))):
                facts.early = f"Before it asks, {name} is called by {by}"
            return
        if subject.raised > raised:
            facts.swallowed = tool.name
        if not mine and attempt == 0 and _wrap(subject, tool.name):
            continue
        tool.ran = bool(mine)
        failed = next((effect.error for effect in mine if effect.error), None)
        offline = len(guard.refused) > refused or "The checklist allows no network" in str(failed)
        if mine and (failed or offline or took > MAX_BODY_SECONDS):
            if attempt == 0 and tool.name not in subject.recorder.stubs:
                tool.stub = subject.recorder.stubs[tool.name] = f"The result of {tool.name}."
                tool.failure = "took too long"
                if subject.raised > raised:
                    tool.failure = "asked a person, and an `except` around it swallowed that"
                elif offline:
                    tool.failure = "wanted the network"
                elif failed:
                    where = place(failed, Path.cwd())
                    tool.failure = f"raised {error_name(failed)}{where} for made-up arguments"
                words = words_behind(mine[0].by, tool.name)
                if not words or "interrupt" in words:
                    tool.may_ask = f"{tool.name} {tool.failure}; its body was replaced. {MAY_ASK}"
                continue
        if turn.requests and turn.requests[-1].status == 400:
            tool.ends = REFUSED
        elif turn.error:
            tool.ends = f"a turn that calls it raised {error_name(turn.error)}"
        leads = any(isinstance(one.result, Command) and one.result.goto for one in mine)
        leads = leads or tool.name.startswith(PASSED_ON)
        tool.plain = bool(mine) and not (failed or leads or tool.ends)
        return


def _gates_in_code(facts: Facts) -> list[str]:
    """Return the tools that a person is asked about by the code, the surest first."""
    named = [name for one in living(HumanInTheLoopMiddleware) for name in one.interrupt_on]
    made = {one.name: one for one in living(BaseTool)}
    seen = [tool.name for tool in facts.tools.values() if not tool.question]
    seen.sort(key=lambda name: not sounds_risky(name))
    asking = asking_functions(text for _, text in python_files(Path.cwd()) if "interrupt" in text)
    names = [*seen, *sorted(made.keys() - facts.tools.keys())] if asking else []
    inside = [name for name in names if "interrupt" in words_behind(made.get(name), name)]
    named += [name for name in inside if name in seen]
    spoken = [name for name in seen if re.search(rf"\b{re.escape(name)}\b", asking)]
    spoken += seen if "tool_calls" in asking else []
    return list(dict.fromkeys([*named, *spoken, *inside]))


async def _learn_gate(subject: Subject, tool: Tool) -> None:
    """Find the answers that a tool's question understands."""
    gate = tool.gate
    if gate.kind == "breakpoint":
        effects = await _answered(subject, tool, "breakpoint", True)
        tool.ran = gate.runs = bool(effects)
        return
    turn = await _asked(subject, tool, "form")
    if not turn.interrupts:
        return
    value = turn.interrupts[0].value
    middleware = isinstance(value, dict) and "action_requests" in value
    has_calls = isinstance(value, dict) and isinstance(value.get("calls"), list)
    gate.takes_no = takes_no(turn.interrupts[0])
    settings = subject.settings
    pairs: list[Pair | None] = [None] if middleware or has_calls else []
    if not middleware:
        sources = [text for _, text in python_files(Path.cwd()) if "interrupt" in text]
        pairs += pairs_of_schema(turn.interrupts[0].response_schema)
        pairs += [pair for one in schemas_in(value) for pair in pairs_of_schema(one)]
        pairs += pairs_from(value, sources)
    if settings.approve is not None:
        pairs.insert(0, Pair(settings.approve, settings.reject))
    if gate.kind == "tool":
        await _learn_steps(subject, tool, [pair for pair in pairs if not (pair and pair.guessed)])
        return
    ran = None
    for number, pair in enumerate(pairs):
        if time.monotonic() > subject.facts.end:
            break
        gate.pair = pair
        gate.tried.append(str(pair) if pair else "an answer for each call")
        refused = await _answered(subject, tool, f"no-{number}", False)
        effects = await _answered(subject, tool, f"yes-{number}", True)
        if not effects:
            continue
        if not refused or not gate.takes_no:
            gate.runs = gate.stops = tool.ran = True
            return
        if pair and pair.guessed:  # both words let it run: they are about something else
            gate.runs = ran is not None
            continue
        ran = ran or pair
        gate.runs = tool.ran = True
    if gate.runs:
        gate.pair = ran
    elif tool.name not in subject.facts.functions and _wrap(subject, tool.name):
        await _learn_gate(subject, tool)  # its function may be called past the tool


async def _learn_steps(subject: Subject, tool: Tool, pairs: list[Pair | None]) -> None:
    """Learn which steps of its own body only a yes lets a tool take.

    Where an unclear answer or a no does so, too, no way may be left: else no yes was understood.
    """
    subject.recorder.follow()
    gate, codes, seen, unclear = tool.gate, subject.recorder.codes, {}, {}  # steps in their order
    as_unclear, as_no = [], []  # pairs whose yes does what these do, each with its steps

    async def steps(pair: Pair | None, yes: bool) -> dict:
        gate.pair = pair
        effects = await _answered(subject, tool, f"steps-{len(subject.turns)}", yes) or []
        found = {step: None for one in effects for step in one.steps}
        seen.update(found)
        is_over = any(one.ended for one in effects)
        tool.question |= yes and is_over and _echoes(gives_text(effects[-1].result), pair)
        return found if is_over or not yes else {}

    for is_form in (True, False) if None not in pairs else ():
        unclear |= await steps(Pair({"maybe": "later"}, "maybe later"), is_form)
    for pair in pairs:
        if time.monotonic() > subject.facts.end or tool.question:
            return
        gate.tried.append(str(pair) if pair else "an answer for each call")
        no, yes = await steps(pair, False), await steps(pair, True)
        only = [step for step in yes if step not in no]
        if only:  # and again, where it asks again: there may be chance in it
            no, again = await steps(pair, False), await steps(pair, True) or yes
            only = [step for step in only if step in again and step not in no]
        if only and only[-1] not in unclear:
            as_unclear, as_no = [(pair, only)], []
            break
        if yes:
            clear = [step for step in yes if step not in unclear]
            (as_unclear if only else as_no).append((pair, only or clear or list(yes)))
    else:
        as_unclear = [] if leaves_ways_open(codes, seen, True) else as_unclear
        as_no = [one for one in as_no if one[1][-1] not in unclear] or as_no
        is_vague = as_unclear or len({tuple(steps) for _, steps in as_no}) > 1
        as_no = [] if is_vague or leaves_ways_open(codes, seen, False) else as_no
    for pair, only in [*as_unclear, *as_no][:1]:
        gate.pair, gate.stops, gate.runs = pair, bool(as_unclear), True
        gate.only, tool.ran = tuple(only if gate.stops else only[-1:]), True


async def _asked(subject: Subject, tool: Tool, where: str) -> Turn:
    """Return a turn in which the tool's question waits."""
    plan = subject.plan([subject.call(tool.name)])
    return await subject.say(plan, f"scout-{tool.name}-{where}")


async def _answered(subject: Subject, tool: Tool, where: str, yes: bool) -> list[Effect] | None:
    """Return what the tool did once its question was answered; None where it did not ask."""
    turn = await _asked(subject, tool, where)
    count = len(subject.recorder.effects)
    await subject.resume(turn, yes)
    return [e for e in subject.recorder.ran(count) if e.tool == tool.name] if turn.waits else None


def _echoes(result: str, pair: Pair | None) -> bool:
    """Whether a tool hands on a person's words, instead of doing what they allow."""
    yes = pair.yes if pair else ""
    said = yes.values() if isinstance(yes, dict) else [yes]
    words = {str(one).lower() for one in said if isinstance(one, str | bool)}
    return result.strip(" .'\"").lower() in words - {""}


def sounds_risky(name: str) -> bool:
    """Whether a tool's name begins with a verb that changes something: a proposal, no verdict."""
    return not name.startswith(PASSED_ON) and name.lower().split("_")[0] in RISKY_VERBS
