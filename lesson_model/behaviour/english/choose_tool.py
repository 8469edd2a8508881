"""Which of the offered tools a clause is about, if any."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from lesson_model.behaviour.english.clauses import Clause
from lesson_model.behaviour.english.patterns import PATH, URL
from lesson_model.behaviour.english.words import (
    EFFECT,
    GROUPS,
    LOOK,
    is_free_text,
    stem,
    stems_of,
    synonyms_of,
)
from lesson_model.behaviour.turn import Tool

__all__ = ("after_name", "choose", "find_searcher")

MIN_SCORE = 2.0
NAME_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_]+")
RUN = "run|execute|perform|do|call|use|invoke|trigger|carry out"
ANOTHER_THING = re.compile(r"\b(?:a|an|some) [^\W\d_]{3,}", re.I)
ADDRESSED = (("path", PATH), ("file", PATH), ("directory", PATH), ("url", URL))
SEARCHED = stems_of(
    "search web internet google wikipedia tavily knowledge base online engine doc company"
)
FACTUAL = re.compile(r"\W*(?:who|what|when|where|which|how|tell me about|why)\b", re.I)
PERSONAL = re.compile(r"\b(?:you|your|i am|me|mine|if)\b|s my\b", re.I)


class Profile(NamedTuple):
    """What a tool is about, from its name, its docstring and its parameters, in stems."""

    verbs: frozenset[str]
    names: frozenset[str]
    about: frozenset[str]
    parameters: frozenset[str]
    options: frozenset[str]
    effect: bool


def _profile(tool: Tool) -> Profile:
    return _read_profile(
        tool.name,
        tool.description.strip().split("\n\n")[0].split("Args:")[0],
        " ".join(tool.properties).replace("_", " "),
        " ".join(str(o) for p in tool.properties.values() for o in p.get("enum") or ()),
    )


@lru_cache(maxsize=1024)
def _read_profile(name: str, description: str, parameters: str, options: str) -> Profile:
    """Read a tool; its verb opens the docstring, or else the name, or ends it (weather_lookup)."""
    names = [stem(part) for part in NAME_PARTS.findall(name)]
    opening = [stem(w) for w in NAME_PARTS.findall(description.removeprefix("Tell "))[:4]]
    known = [w for w in (*opening[:1], *names[:1], *opening, *names) if w in EFFECT | LOOK]
    alike = names[:1] == opening[:1]  # freeze_card, "Freeze a card": a verb, whatever it means
    verb = names[0] if alike and names else next(iter(known), "")
    own, about = stems_of(" ".join(NAME_PARTS.findall(name))), stems_of(description)
    if about and not synonyms_of(own) & synonyms_of(about):
        own = about  # a name that says nothing: xyz_tool
    return Profile(
        next((group for group in GROUPS if verb in group), frozenset({verb} - {""})),
        own - {verb},
        about - {verb},
        stems_of(parameters),
        stems_of(options),
        bool(verb) and verb not in LOOK | CALCULATING,
    )


CALCULATING = synonyms_of(
    stems_of(
        "math add subtract multiply divide convert translate count reverse summarize compare sum"
    )
)


def _score(tool: Tool, clause: Clause) -> float:
    """Return how well a tool fits a clause; below MIN_SCORE it does not."""
    if ("_" in tool.name and tool.name in clause.text) or after_name(tool, clause.bare) is not None:
        return 100.0
    tool_is, said = _profile(tool), clause.stems
    action = synonyms_of(frozenset((clause.head,)))
    leads = clause.head in tool_is.verbs or (
        bool(action & tool_is.names) and (clause.mood == "want" or clause.head not in tool_is.names)
    )
    verb_like = clause.head in EFFECT - LOOK or (clause.polite and clause.head in said - LOOK)
    if verb_like and not leads and clause.head not in tool_is.names | tool_is.about:
        return 0.0
    kin = synonyms_of(said - tool_is.verbs) - said
    thing = (
        3.0 * len(tool_is.names & said)
        + 2.0 * len(tool_is.names & kin)
        + 1.0 * len(tool_is.about & said - tool_is.names)
        + 0.5 * len(tool_is.about & kin - tool_is.names)
        + 0.75 * len(tool_is.parameters & said - tool_is.names - tool_is.about)
        + 1.5 * len(tool_is.options & said)
        + 1.5 * any(p.search(clause.bare) for n, p in ADDRESSED if n in tool_is.parameters)
    )
    verb = 3.0 if leads else 2.0 if tool_is.verbs & said else 0.0
    if tool_is.effect:
        asked = verb if clause.mood == "want" else leads and clause.mood == "command"
        if clause.head in LOOK and not tool_is.names & said:
            return 0.0  # "open notes.md" does not create a file
        if not asked or (not thing and tool_is.names and ANOTHER_THING.search(clause.bare)):
            return 0.0  # "book a flight" is not for book_hotel
        return verb + thing
    if tool_is.verbs & LOOK and tool_is.names - tool_is.verbs:
        verb = 0.5 if verb else 0.0  # "get" and "show" tell little
    return verb + thing


def after_name(tool: Tool, text: str) -> str | None:
    """Return what follows an order to run a tool by its name, None where there is no such order.

    `risky_action` is run by "Run the risky action on server 7"; what follows is "on server 7".
    """
    parts = NAME_PARTS.findall(tool.name)
    if len(parts) < 2:
        return None
    name = r"[\s_-]*".join(map(re.escape, parts))
    found = re.search(
        rf"\b(?:{RUN})\s+(?:the |an? |your )?{name}\b(?: tool)?(.*)", text, re.I | re.S
    )
    return found and found.group(1)


def choose(tools: list[Tool], clause: Clause) -> Tool | None:
    """Return the tool a clause asks for, or None."""
    if clause.mood in ("musing", "statement"):
        return None
    scores = [(_score(tool, clause), -i) for i, tool in enumerate(tools)]
    best, index = max(scores, default=(0.0, 0))
    return tools[-index] if best >= MIN_SCORE else None


def find_searcher(tools: list[Tool], text: str) -> Tool | None:
    """Return a tool that takes a plain query, where the text is a factual question."""
    if not FACTUAL.match(text) or PERSONAL.search(text.removeprefix("Tell me")):
        return None
    for tool in tools:
        tool_is = _profile(tool)
        searches = {"search", "find", "retriev"} & (tool_is.verbs | tool_is.about)
        elsewhere = tool_is.names - SEARCHED and not tool_is.names & synonyms_of(stems_of(text))
        if searches and not elsewhere and len(tool.required) == 1:
            if is_free_text(tool.required[0]):
                return tool
    return None
