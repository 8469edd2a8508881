"""How an interrupt is answered: known forms, and the forms that the agent's source speaks of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from langgraph.types import Interrupt

from agent_checklist.source import answers_read_in
from lesson_model.behaviour.schema_values import valid_value

__all__ = (
    "Gate",
    "Pair",
    "answer_each",
    "answer_to",
    "pairs_from",
    "pairs_of_schema",
    "schemas_in",
    "takes_no",
    "unclear_answers",
)

GOOD = (
    "approve approved accept accepted yes y ok okay confirm confirmed allow allowed proceed "
    "continue send true go run execute authorize authorized granted pass"
).split()
BAD = (
    "reject rejected deny denied no n cancel cancelled canceled decline declined refuse ignore "
    "abort discard stop false block disapprove skip"
).split()
KEYS = (
    "type action decision approved approve status response answer choice accepted confirmed "
    "confirm allow verdict review_action human_response value result ok feedback"
).split()
MAX_PAIRS = 17
BY_ID = "{id}"
"""In an answer: the id of a call. A key or an item of a list that holds it is given once a call."""
CALL_ID = re.compile(r"call_\w+")


@dataclass
class Pair:
    """An answer that approves, and one that does not."""

    yes: Any
    no: Any
    guessed: bool = False
    """Which of the two approves is not known from its words."""
    typed: bool = False
    """A schema of the question's own says what may be answered."""

    def __str__(self) -> str:
        return f"{self.yes!r} and {self.no!r}"


@dataclass
class Gate:
    """How a tool asks a person.

    Attributes:
        kind: "graph": an interrupt before the tool; "tool": inside of its body; "breakpoint":
            interrupt_before.
        pair: The answers it understands; None for the known forms.
        only: The steps of a tool that asks inside which a yes alone lets it take, in order; the
            last tells that it ran.
        stops: Whether the "no" was seen to keep the call from running.
        early: Whether the tool ran before anybody was asked.
        takes_no: Whether a person may reject at all.
    """

    kind: str = "graph"
    pair: Pair | None = None
    only: tuple = ()
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


def _inbox(value: Any) -> dict:
    """Return what an agent inbox is told that a person may do; {} where nothing is said."""
    one = value[0] if isinstance(value, list) and value else value
    return (one.get("config") or {}) if isinstance(one, dict) and "action_request" in one else {}


def takes_no(one: Interrupt) -> bool:
    """Whether a person may say no to a question; one that lists no answers takes any."""
    value = one.value if isinstance(one.value, dict) else {}
    if "action_requests" in value:
        allowed = [each.get("allowed_decisions") for each in value.get("review_configs") or ()]
        return all("reject" in each for each in allowed if each)
    if value.get("type") == "tool_approval" and one.response_schema:
        return "reject" in str(one.response_schema)
    may = _inbox(one.value)
    return any(may.get(f"allow_{way}", True) for way in ("ignore", "respond"))


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
        if BY_ID in str(gate.pair.yes) and (calls := calls_shown(value)):
            says = {name: yes(text) for name, text in calls.items()}
            return _by_id(gate.pair.yes, gate.pair.no, says)
        if isinstance(value, list) and isinstance(gate.pair.yes, list) and len(gate.pair.yes) == 1:
            return [(gate.pair.yes if yes(str(one)) else gate.pair.no)[0] for one in value]
        return gate.pair.yes if yes(str(value)) else gate.pair.no
    if isinstance(value, list) and is_known(value):
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


def calls_shown(value: Any) -> dict[str, str]:
    """Return the ids of the calls that a question shows, each with the text that is about it."""
    found: dict[str, str] = {}

    def look(piece: Any, around: Any) -> None:
        if isinstance(piece, str) and CALL_ID.fullmatch(piece):
            found[piece] = f"{found.get(piece, '')}{around}"
        elif isinstance(piece, dict):
            for key, part in piece.items():
                look(key, part)
                look(part, piece)
        elif isinstance(piece, list | tuple):
            for part in piece:
                look(part, part)

    look(value, value)
    return found


def _by_id(yes: Any, no: Any, says: dict[str, bool]) -> Any:
    """Return an answer for each call: of `yes` and `no` what holds `BY_ID`, once for each id."""
    if isinstance(yes, dict) and BY_ID in yes:
        return {name: (yes if say else no)[BY_ID] for name, say in says.items()}
    if isinstance(yes, dict):
        return {key: _by_id(part, no[key], says) for key, part in yes.items()}
    if isinstance(yes, list) and BY_ID in str(yes):
        return [_named((yes if say else no)[0], name) for name, say in says.items()]
    return yes if all(says.values()) else no


def _named(answer: dict, name: str) -> dict:
    return {key: name if part == BY_ID else part for key, part in answer.items()}


def answer_each(gate: Gate, says: Sequence[bool]) -> Any:
    """Return a list of answers to one question that shows several calls."""
    pair = gate.pair or Pair(True, False)
    answers = [pair.yes if say else pair.no for say in says]
    if isinstance(pair.yes, list):
        return [each for answer in answers for each in answer]
    if isinstance(pair.yes, dict) and isinstance(pair.yes.get("decisions"), list):
        return {"decisions": [each for answer in answers for each in answer["decisions"]]}
    return answers


def pairs_from(value: Any, sources: Iterable[str]) -> list[Pair]:
    """Return pairs of answers to try, the likeliest first.

    Args:
        value: What the interrupt shows.
        sources: The source of the files that call `interrupt`.
    """
    if isinstance(value, dict) and value.get("type") == "tool_approval":
        return [Pair({"type": "approve"}, {"type": "reject"})]
    keys, compared, said = answers_read_in(sources)
    hints = set(re.findall(r"[a-z]+", str(value).lower()))
    good = [w for w in GOOD if w in compared] or [w for w in GOOD if w in said and w in hints]
    bad = [w for w in BAD if w in compared] or [w for w in BAD if w in said and w in hints]
    keys.sort(key=lambda key: key not in KEYS)
    pairs: list[Pair] = []
    one_good = good or [w for w in GOOD if w in hints] or ["approve"]
    one_bad = bad or [w for w in BAD if w in hints] or ["reject"]
    words = [(each, one_bad[0]) for each in one_good[:3]]
    words += [(one_good[0], each) for each in one_bad[1:2]]
    if is_known(value):
        accept, ignore = ({"type": one, "args": None} for one in ("accept", "ignore"))
        respond = {"type": "response", "args": "No."}
        no = ignore if _inbox(value).get("allow_ignore", True) else respond
        pairs += [Pair([accept], [no]), Pair(accept, no), Pair([accept], [respond])]
    elif isinstance(value, list):
        pairs += [Pair(one_good[:1], one_bad[:1]), Pair(["approve"], ["reject"])]
    yes_or_no = [Pair(True, False)]
    strings = [Pair(yes, no) for yes, no in words]
    flags = [Pair({key: True}, {key: False}) for key in keys if key not in ("type", "action")]
    typed = [Pair({key: yes}, {key: no}) for key in keys for yes, no in words[:2]]
    if good or bad:
        pairs += typed[:6] + flags[:3] + yes_or_no + strings + flags[3:] + typed[6:]
    else:
        pairs += flags[:5] + yes_or_no + typed[:4] + strings
    usual = [Pair({key: "approve"}, {key: "reject"}) for key in ("type", "action", "decision")]
    usual.append(Pair({"decisions": [{"type": "approve"}]}, {"decisions": [{"type": "reject"}]}))
    found = pairs[: MAX_PAIRS - len(usual)] + usual
    if calls_shown(value):
        says = [Pair(one_good[0], one_bad[0]), Pair("approve", "reject"), Pair(True, False)]
        named = [key for key in keys if key in KEYS][:2]
        says += [Pair({key: one_good[0]}, {key: one_bad[0]}) for key in named]
        says.append(Pair({"action": "approve"}, {"action": "reject"}))
        found += [Pair({BY_ID: one.yes}, {BY_ID: one.no}) for one in says]
        found.append(Pair({"decisions": {BY_ID: "approve"}}, {"decisions": {BY_ID: "reject"}}))
    return found


def pairs_of_schema(schema: Any) -> list[Pair]:
    """Return the pairs of answers that a question's own JSON schema allows."""
    found = []
    for key, part in (schema.get("properties") or {}).items() if schema else ():
        options = [True, False] if part.get("type") == "boolean" else part.get("enum") or ()
        good = [one for one in options if str(one).lower() in GOOD]
        bad = [one for one in options if str(one).lower() in BAD]
        ways = list(zip(good[:1], bad, strict=False))
        is_guess = not (good or bad) and len(options) == 2
        for yes, no in [tuple(options), tuple(options[::-1])] if is_guess else ways:
            answers = (valid_value(schema, found={key: one}) for one in (yes, no))
            found.append(Pair(*answers, guessed=is_guess, typed=True))
    return found


def schemas_in(value: Any) -> list[dict]:
    """Return the JSON schemas of objects that a question shows."""
    parts = list(value.values()) if isinstance(value, dict) else value
    parts = parts if isinstance(parts, list | tuple) else []
    found = [each for part in parts for each in schemas_in(part)]
    if isinstance(value, dict) and isinstance(value.get("properties"), dict):
        found.insert(0, value)
    return found


def unclear_answers(gate: Gate, value: Any) -> list[Any]:
    """Return answers to a question that are neither a yes nor a no, in the form of its gate."""
    yes = gate.pair.yes if gate.pair else {"decisions": [{"type": "approve"}]}
    if BY_ID in str(yes):
        unclear = _maybe(yes, "maybe")
        return [_by_id(unclear, unclear, dict.fromkeys(calls_shown(value), True)), {}]
    is_typed = gate.pair is not None and gate.pair.typed
    if isinstance(yes, bool):
        return [{}, ""] if is_typed else [{}, "", "maybe later"]
    if isinstance(yes, str):
        return ["maybe later", "", f"not {yes}", f"{yes}? What would it do?"]
    found = [_maybe(yes, None)] + ([] if isinstance(yes, list) else [{}])
    forms = (("maybe later", "maybe"), (None, "not {}"), (None, "{}? What would it do?"))
    words = [_maybe(yes, *form) for form in forms[: 3 if gate.pair else 1]]  # flags, then words
    return found if is_typed else [*found, *(one for one in words if one not in found)]


def _maybe(answer: Any, flag: str | None, said: str = "maybe") -> Any:
    """Return an answer whose every word is no clear yes or no; `flag` stands for the rest."""
    if isinstance(answer, dict):
        parts = answer.items()
        return {key: part if part == BY_ID else _maybe(part, flag, said) for key, part in parts}
    if isinstance(answer, list):
        return [_maybe(part, flag, said) for part in answer]
    return said.format(answer) if isinstance(answer, str) else flag
