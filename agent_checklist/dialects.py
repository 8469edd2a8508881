"""How an interrupt is answered: known forms, and the forms that the agent's source speaks of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

__all__ = ("Gate", "Pair", "answer_to", "pairs_from", "unclear_answers")

GOOD = ("approve", "approved", "accept", "accepted", "yes", "y", "ok", "okay", "confirm",
        "confirmed", "allow", "allowed", "proceed", "continue", "send", "true", "go", "execute",
        "authorize", "authorized", "granted", "pass")  # fmt: skip
BAD = ("reject", "rejected", "deny", "denied", "no", "n", "cancel", "cancelled", "canceled",
       "decline", "declined", "refuse", "ignore", "abort", "discard", "stop", "false", "block",
       "disapprove", "skip")  # fmt: skip
KEYS = ("type", "action", "decision", "approved", "approve", "status", "response", "answer",
        "choice", "accepted", "confirmed", "confirm", "allow", "verdict", "review_action",
        "human_response", "value", "result", "ok", "feedback")  # fmt: skip
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
        known: Whether the form of its question is a known one.
        value: What it shows, as a text.
    """

    tool: str
    kind: str = "graph"
    pair: Pair | None = None
    approved: str = ""
    stops: bool = False
    runs: bool = False
    known: bool = False
    value: str = ""
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
        return {"decisions": [
            {"type": "approve"} if yes(str(one)) else {"type": "reject"}
            for one in value["action_requests"]
        ]}  # fmt: skip
    if gate and gate.pair is not None:
        return gate.pair.yes if yes(str(value)) else gate.pair.no
    if isinstance(value, list) and value and isinstance(value[0], dict) and is_known(value):
        return [
            {"type": "accept", "args": None} if yes(str(one)) else {"type": "ignore", "args": None}
            for one in value
        ]
    if isinstance(value, dict) and isinstance(value.get("calls"), list):
        return {"decisions": [
            {"call": one.get("id") if isinstance(one, dict) else None,
             "type": "approve" if yes(str(one)) else "reject"} for one in value["calls"]
        ]}  # fmt: skip
    return yes(str(value))


def pairs_from(value: Any, sources: Iterable[str]) -> list[Pair]:
    """Return pairs of answers to try, the likeliest first.

    Args:
        value: What the interrupt shows.
        sources: The source of the files that call `interrupt`.
    """
    text = "\n".join(sources)
    quoted = set(re.findall(r"""["']([A-Za-z_]\w{0,30})["']""", text))
    words = {word.lower() for word in quoted}
    hints = set(re.findall(r"[a-z]+", str(value).lower()))
    read = re.findall(r"""(?:\.get\(\s*|\[\s*)["'](\w+)["']""", text)
    keys = [key for key in dict.fromkeys([*KEYS, *read]) if key in quoted]
    keys.sort(key=lambda key: key not in KEYS)
    good = sorted((w for w in GOOD if w in words), key=lambda w: w not in hints)
    bad = sorted((w for w in BAD if w in words), key=lambda w: w not in hints)
    pairs: list[Pair] = []
    one_good = good or [w for w in GOOD if w in hints] or ["approve"]
    one_bad = bad or [w for w in BAD if w in hints] or ["reject"]
    pairs_of_words = [(g, one_bad[0]) for g in one_good[:3]] + [
        (one_good[0], b) for b in one_bad[1:2]
    ]
    known = (
        [[{"type": "accept", "args": None}], [{"type": "ignore", "args": None}]],
        [{"type": "accept", "args": None}, {"type": "ignore", "args": None}],
    )
    if is_known(value):
        pairs += [Pair(*known[0]), Pair(*known[1])]
        pairs += [Pair([{"type": "accept", "args": None}], [{"type": "response", "args": "No."}])]
    if isinstance(value, dict) and isinstance(value.get("calls"), list):
        ids = [one.get("id") for one in value["calls"] if isinstance(one, dict)]
        pairs.append(Pair(*(
            {"decisions": [{"call": each, "type": word} for each in ids]}
            for word in ("approve", "reject")
        )))  # fmt: skip
    strings = [Pair(g, b) for g, b in pairs_of_words]
    dicts = [Pair({key: True}, {key: False}) for key in keys if key not in ("type", "action")]
    dicts += [Pair({key: g}, {key: b}) for key in keys for g, b in pairs_of_words[:2]]
    dicts.sort(key=lambda pair: next(iter(pair.yes)) not in KEYS[:6])
    if good or bad:
        pairs += strings[:1] + dicts[:8] + [Pair(True, False)] + strings[1:] + dicts[8:]
    else:
        pairs += [Pair(True, False), *dicts, *strings]
    pairs.append(Pair({"decisions": [{"type": "approve"}]}, {"decisions": [{"type": "reject"}]}))
    return pairs[:MAX_PAIRS]


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
        key: "maybe" if isinstance(value, str) else [{"type": "maybe"}]
        if isinstance(value, list) else None
        for key, value in yes.items()
    }  # fmt: skip
    return [unclear, {}]
