"""approval.edit: a person changes a call that waits, so that it fits its tool's schema, or not."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langgraph.types import Interrupt

from agent_checklist.dialects import BY_ID, Gate
from agent_checklist.effects import Effect, gives_text
from agent_checklist.provoke.case import Case, same, stands_in, values_of
from agent_checklist.source import answers_read_in
from agent_checklist.subject import Tool, Turn, error_name
from agent_checklist.workspace import python_files, shortened
from lesson_model.behaviour.schema import fits

__all__ = ("change",)

WORDS = "edit edited modify modified update updated change changed revise revised".split()
MISFITS = ("none of these", -7, 10**9)
MAX_CHANGES, MAX_MISFITS = 3, 2
Call = tuple[str, dict]


async def change(case: Case) -> None:
    """Change a call that waits: it runs so, and once; what does not fit does not run."""
    with case.judging("approval.edit"):
        case.by_code(case.gated())
        edit = await _offered(case)
        good = await _that_fits(edit)
        for nth, (key, args) in enumerate(_misfits(edit.tool.schema, edit.call[1])):
            await _that_does_not_fit(edit, key, args, good, f"t-misfit-{nth}")
        await _of_another_tool(edit)


@dataclass
class _Edit:
    """A tool whose calls a person may change.

    Attributes:
        call: What is proposed.
        code: What the agent's code reads of answers.
        is_sure: Whether the question says how; else it is tried.
        sent: The newest answer.
    """

    case: Case
    tool: Tool
    call: Call
    code: tuple
    is_sure: bool = False
    sent: Any = None

    async def answer(self, made: Call, thread: str) -> tuple[Turn, Turn, int]:
        """Let the call wait, and change it; return both turns, and where the effects begin."""
        subject, since = self.case.subject, self.case.mark()
        waiting = await subject.say(subject.plan([self.call]), thread)
        self.case.need(waiting.interrupts, "Nobody was asked this time.")
        one = waiting.interrupts[0]
        _, self.sent = edit_of(one, self.tool.gate, made, self.code)
        resume = subject.resume_with({one.id: copy.deepcopy(self.sent)})  # an agent may change it
        return waiting, await subject.run(resume, thread, waiting.plan), since

    def ran(self, since: int) -> list[Effect]:
        """Return the bodies that ran; of a tool that asks in its own, those that it wraps."""
        ran = [e for e in self.case.subject.recorder.ran(since) if e.tool == self.tool.name]
        if self.tool.gate.kind != "tool":
            return ran
        return [e for e in ran if e.outer and e.outer.tool == e.tool]


async def _offered(case: Case) -> _Edit:
    """Return a tool of whose calls it is known how they are changed; else nothing is judged."""
    sources = [text for _, text in python_files(Path.cwd()) if "interrupt" in text]
    code, found = answers_read_in(sources), []
    for tool in case.subject.facts.tools.values():
        if tool.gate and tool.gate.runs and tool.gate.kind != "breakpoint":
            edit = _Edit(case, tool, case.subject.call(tool.name, "first", 61), code)
            waiting = await case.wait_for(tool.name, f"t-offer-{tool.name}")
            case.need(waiting.interrupts, "Nobody was asked this time.")
            is_sure, answer = edit_of(waiting.interrupts[0], tool.gate, edit.call, code)
            if is_sure is not None:
                edit.is_sure = is_sure
                found.append((answer is None, not is_sure, len(found), edit))
    words = ", ".join(WORDS[::2])
    case.skip_if(not found, f"No question offers a person to change the call ({words}).")
    is_unknown, _, _, edit = min(found)
    why = "By its code a person may change a call, and it is not known how that is answered."
    case.need(not is_unknown, why)
    return edit


def edit_of(one: Interrupt, gate: Gate, call: Call, code: tuple) -> tuple[bool | None, Any]:
    """Return whether a question says how its call is changed, and such an answer.

    The first is None where no change is offered; the answer is None where it is not known.
    """
    shown = one.value[0] if isinstance(one.value, list) and one.value else one.value
    shown = shown if isinstance(shown, dict) else {}
    (name, args), (keys, compared, said) = call, code
    words = [word for word in WORDS if word in compared] or WORDS[:1] * (WORDS[0] in said)
    config = shown.get("config") or {} if "action_request" in shown else {}
    lists = config or shown.get("review_configs") or one.response_schema or shown.get("allowed")
    listed = json.dumps(lists, default=str)
    is_listed = any(f'"{word}"' in listed for word in ["edit", *words]) or config.get("allow_edit")
    if not (is_listed or (words and not lists)):
        return None, None
    is_sure, action = bool(is_listed), {"name": name, "args": args}
    decision = {"type": "edit", "edited_action": action}
    if "action_requests" in shown:
        return is_sure, {"decisions": [decision]}
    if shown.get("type") == "tool_approval":
        return is_sure, decision
    if config:
        answer = {"type": "edit", "args": {"action": name, "args": args}}
        return is_sure, [answer] if gate.pair and isinstance(gate.pair.yes, list) else answer
    if isinstance(calls := shown.get("calls"), list) and calls and isinstance(calls[0], dict):
        answer = {"call": calls[0].get("id"), "type": "edit", "args": args}
        return is_sure, {"decisions": [answer]}
    # What holds the arguments is not said. Where they arrive, it is known.
    yes = gate.pair.yes if gate.pair else None
    if not isinstance(yes, dict) or BY_ID in str(yes):
        return False, None
    word = next(iter(words), "edit")
    no = gate.pair.no if isinstance(gate.pair.no, dict) else {}
    own = {key: word if isinstance(part, str) and part != no.get(key) else part
           for key, part in yes.items() if key != "args"}  # fmt: skip
    holders = {**dict.fromkeys(["args", *keys], args), "edited_action": action, **own}
    known = (one.response_schema or {}).get("properties") or holders
    return False, {key: part for key, part in holders.items() if key in known}


async def _that_fits(edit: _Edit) -> Effect:
    """Change one argument within the tool's schema; return the run."""
    case, subject, (name, proposed) = edit.case, edit.case.subject, edit.call
    case.skip_if(not proposed, f"{name} takes no arguments.")
    changes, old = {}, set(values_of(edit.call))
    for nth in range(4):
        for key, value in subject.call(name, "other", 83, nth)[1].items():
            args = {**proposed, key: value}
            new = set(values_of((name, args)))
            if old - new and new - old:
                changes.setdefault(key, (args, new - old))
    case.need(changes, f"No argument of {name} can be changed: leave one of them undeclared.")
    for key, (args, new) in [*changes.items()][:MAX_CHANGES]:
        _, turn, since = await edit.answer((name, args), f"t-edit-{key}")
        turn = await subject.resume(turn, lambda t, new=new: any(stands_in(v, t) for v in new))
        if ran := edit.ran(since):
            break
    good = [effect for effect in ran if same(effect, (name, args))]
    saw = f"A person changed {proposed} to {args}, and"
    arrived = (call["args"] for one in turn.messages for call in getattr(one, "tool_calls", ()))
    if good or edit.is_sure or any(new <= {*values_of((name, each))} for each in arrived):
        how = "both ran" if good else "what was proposed ran"
        case.must(not any(same(effect, edit.call) for effect in ran), f"{saw} {how}.")
    ran = f"{ran[0].args} ran" if ran else "that was not seen to run"
    why = f"{saw} {ran}. It was answered with {shortened(edit.sent, 400)}."
    if edit.tool.gate.kind == "tool":
        why = f"{name} asks in its own body: with which values it goes on is not seen."
    case.need(good, why)
    case.must(len(good) == 1, f"{saw} that ran {len(good)} times.")
    case.must(not turn.error, f"{saw} then the turn raised {error_name(turn.error)}.")
    await case.goes_on("After a change", turn.thread)
    return good[0]


def _misfits(schema: dict, args: dict) -> Iterator[tuple[str, dict]]:
    """Yield arguments of which one does not fit the schema, or is missing, with its name."""
    parts = {key: dict(part) for key, part in (schema.get("properties") or {}).items()}
    wrong = []
    for value in MISFITS:
        for key, part in parts.items():
            part.pop("format", None)  # which validators may take for a remark
            is_alike = isinstance(args.get(key), str) == isinstance(value, str)
            wrong += [] if fits(value, part, schema) else [(not is_alike, key, value)]
    for _, key, value in sorted(wrong, key=lambda one: one[0])[:MAX_MISFITS]:
        yield key, {**args, key: value}
    for key in (schema.get("required") or ())[:1]:
        yield key, {one: part for one, part in args.items() if one != key}


async def _that_does_not_fit(edit: _Edit, key: str, args: dict, good: Effect, thread: str) -> None:
    """Change a call into what its schema forbids: the body may not run with it."""
    case, subject, none = edit.case, edit.case.subject, object()
    waiting, turn, since = await edit.answer((edit.tool.name, args), thread)
    ran, how = edit.ran(since), f"{key} = {args[key]!r}" if key in args else f"no {key}"
    met = [e for e in ran if e.args.get(key, none) == args.get(key, none)]
    met = [e for e in met if e.ended or key in args]  # a function may refuse to be called
    saw = f"A person changed a call to {how}, which its schema forbids, and"
    does_it = any(e.ended and _gives(e) == _gives(good) for e in met) and not edit.tool.stub
    case.must(not does_it, f"{saw} the body ran with it.")
    case.need(not met, f"{saw} it reached the body, which may check for itself.")
    fell_back = key in args and any(same(e, edit.call) for e in ran)
    case.must(not fell_back, f"{saw} what was proposed ran.")
    if turn.waits or (subject.level == "turn" and not turn.requests):  # refused: it waits still
        await subject.answer(turn if turn.waits else waiting, not edit.tool.gate.takes_no)
    await case.goes_on("After a change that does not fit", thread)


def _gives(effect: Effect) -> str:
    """Return what a body gave, without its arguments, numbers and ids."""
    text = gives_text(effect.result)
    for value in sorted(map(str, effect.args.values()), key=len, reverse=True):
        text = text.replace(value, "#") if value else text
    return re.sub(r"[\w-]*[\d_][\w-]*", "#", text)


async def _of_another_tool(edit: _Edit) -> None:
    """Put another risky tool in the call's place; in a graph alone a server may refuse that."""
    case, subject, name = edit.case, edit.case.subject, edit.tool.name
    tools = subject.facts.tools.values() if subject.level == "turn" else ()
    others = [tool.name for tool in tools if tool.name != name and (tool.gate or tool.risky)]
    for other in others[:1]:
        _, _, since = await edit.answer(subject.call(other), "t-edit-other")
        ran = any(effect.tool == other for effect in subject.recorder.ran(since))
        case.must(not ran, f"A person was asked about {name}, changed it to {other}, and that ran.")
