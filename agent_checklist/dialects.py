"""How an interrupt is answered: known forms, and the forms that the agent's source speaks of."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

__all__ = ("Gate", "Pair", "answer_to", "pairs_from", "unclear_answers")

GOOD = (
    "approve approved accept accepted yes y ok okay confirm confirmed allow allowed proceed "
    "continue send true go execute authorize authorized granted pass"
).split()
BAD = (
    "reject rejected deny denied no n cancel cancelled canceled decline declined refuse ignore "
    "abort discard stop false block disapprove skip"
).split()
KEYS = (
    "type action decision approved approve status response answer choice accepted confirmed "
    "confirm allow verdict review_action human_response value result ok feedback"
).split()
MAX_PAIRS = 16


@dataclass
class Pair:
    """An answer that approves, and one that does not."""

    yes: Any
    no: Any

    def __str__(self) -> str:
        return f"{self.yes!r} and {self.no!r}"


@dataclass
class Gate:
    """How a tool asks a person.

    Attributes:
        tool: The tool.
        kind: "graph": an interrupt before the tool; "tool": inside of its body; "breakpoint":
            interrupt_before.
        pair: The answers it understands; None for the known forms.
        approved: What a tool that asks inside returns once approved, without its arguments.
        stops: Whether the "no" was seen to keep the call from running.
        early: Whether the tool ran before anybody was asked.
        takes_no: Whether a person may reject at all.
    """

    tool: str
    kind: str = "graph"
    pair: Pair | None = None
    approved: str = ""
    stops: bool = False
    runs: bool = False
    early: bool = False
    takes_no: bool = True
    tried: list[str] = field(default_factory=list)


def is_known(value: Any) -> bool:
    """Whether the form of a question says how it is answered."""
    one = value[0] if isinstance(value, list) and value else value
    if not isinstance(one, dict):
        return False
    return "action_requests" in one or "action_request" in one


def answer_to(value: Any, yes: Callable[[str], bool], gate: Gate | None) -> Any:
    """Return what answers a question.

    Args:
        value: The interrupt's value.
        yes: Asked with the text of each call that is shown.
        gate: How the agent's questions were answered before.
    """
    if isinstance(value, dict) and "action_requests" in value:
        return {
            "decisions": [
                {"type": "approve"} if yes(str(one)) else {"type": "reject"}
                for one in value["action_requests"]
            ]
        }
    if gate and gate.pair is not None:
        return gate.pair.yes if yes(str(value)) else gate.pair.no
    if isinstance(value, list) and value and isinstance(value[0], dict) and is_known(value):
        return [
            {"type": "accept", "args": None} if yes(str(one)) else {"type": "ignore", "args": None}
            for one in value
        ]
    if isinstance(value, dict) and isinstance(value.get("calls"), list):
        return {
            "decisions": [
                {
                    "call": one.get("id") if isinstance(one, dict) else None,
                    "type": "approve" if yes(str(one)) else "reject",
                }
                for one in value["calls"]
            ]
        }
    return yes(str(value))


def pairs_from(value: Any, sources: Iterable[str]) -> list[Pair]:
    """Return pairs of answers to try, the likeliest first.

    Args:
        value: What the interrupt shows.
        sources: The source of the files that call `interrupt`.
    """
    keys, compared, said = _answers_read_in(sources)
    hints = set(re.findall(r"[a-z]+", str(value).lower()))
    good = [w for w in GOOD if w in compared] or [w for w in GOOD if w in said and w in hints]
    bad = [w for w in BAD if w in compared] or [w for w in BAD if w in said and w in hints]
    keys.sort(key=lambda key: key not in KEYS)
    pairs: list[Pair] = []
    one_good = good or [w for w in GOOD if w in hints] or ["approve"]
    one_bad = bad or [w for w in BAD if w in hints] or ["reject"]
    words = [(each, one_bad[0]) for each in one_good[:3]]
    words += [(one_good[0], each) for each in one_bad[1:2]]
    known = (
        [[{"type": "accept", "args": None}], [{"type": "ignore", "args": None}]],
        [{"type": "accept", "args": None}, {"type": "ignore", "args": None}],
    )
    if is_known(value):
        pairs += [Pair(*known[0]), Pair(*known[1])]
        pairs += [Pair([{"type": "accept", "args": None}], [{"type": "response", "args": "No."}])]
    yes_or_no = [Pair(True, False)]
    strings = [Pair(yes, no) for yes, no in words]
    flags = [Pair({key: True}, {key: False}) for key in keys if key not in ("type", "action")]
    typed = [Pair({key: yes}, {key: no}) for key in keys for yes, no in words[:2]]
    if keys and (good or bad):
        pairs += typed[:6] + flags[:3] + strings + yes_or_no + flags[3:] + typed[6:]
    elif keys:
        pairs += flags[:5] + yes_or_no + typed[:4] + strings
    elif good or bad:
        pairs += [*strings, *yes_or_no]
    else:
        pairs += yes_or_no + strings
    usual = [Pair({key: "approve"}, {key: "reject"}) for key in ("type", "action", "decision")]
    usual.append(Pair({"decisions": [{"type": "approve"}]}, {"decisions": [{"type": "reject"}]}))
    return pairs[: MAX_PAIRS - len(usual)] + usual


def _answers_read_in(sources: Iterable[str]) -> tuple[list[str], set[str], set[str]]:
    """Return what functions that call `interrupt` read of the answer.

    Returns:
        The keys that are read, the words that are compared with, all words that are said.
    """
    keys: list[str] = []
    compared: set[str] = set()
    said: set[str] = set()
    for source in sources:
        try:
            nodes = list(ast.walk(ast.parse(source)))
        except SyntaxError:
            continue
        said |= _words_of(nodes)
        functions = [one for one in nodes if isinstance(one, FUNCTIONS)]
        asking = [one for one in functions if any(map(_is_interrupt, ast.walk(one)))]
        called = {getattr(n.func, "id", "") for one in asking for n in ast.walk(one) if _calls(n)}
        for one in [*asking, *(each for each in functions if each.name in called)]:
            for node in ast.walk(one):
                if isinstance(node, ast.Compare | ast.MatchValue):
                    compared |= _words_of(ast.walk(node))
                elif isinstance(node, ast.Subscript):
                    keys += _words_of([node.slice], lower=False)
                elif _calls(node) and getattr(node.func, "attr", "") == "get":
                    keys += _words_of(node.args[:1], lower=False)
    not_of_answers = {"messages", "name", "args", "id", "tool_calls", "content", "configurable"}
    return [key for key in dict.fromkeys(keys) if key not in not_of_answers], compared, said


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _words_of(nodes: Iterable[ast.AST], lower: bool = True) -> set[str]:
    """Return the texts among nodes."""
    constants = (node.value for node in nodes if isinstance(node, ast.Constant))
    texts = {value for value in constants if isinstance(value, str)}
    return {text.lower() for text in texts} if lower else texts


def _calls(node: ast.AST) -> bool:
    return isinstance(node, ast.Call)


def _is_interrupt(node: ast.AST) -> bool:
    return _calls(node) and "interrupt" in (
        getattr(node.func, "id", ""),
        getattr(node.func, "attr", ""),
    )


def unclear_answers(gate: Gate) -> list[Any]:
    """Return answers that are neither a yes nor a no, in the form that the gate understands."""
    yes = gate.pair.yes if gate.pair else {"decisions": [{"type": "approve"}]}
    if isinstance(yes, bool):
        return [{}, ""]
    if isinstance(yes, str):
        return ["maybe later", ""]
    if isinstance(yes, list):
        return [[{"type": "maybe", "args": None}]]
    unclear = {
        key: "maybe"
        if isinstance(value, str)
        else [{"type": "maybe"}]
        if isinstance(value, list)
        else None
        for key, value in yes.items()
    }
    return [unclear, {}]
