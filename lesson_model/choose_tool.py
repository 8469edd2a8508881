"""Which of the offered tools a clause is about, if any."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from lesson_model.clauses import Clause
from lesson_model.turn import Tool
from lesson_model.words import EFFECT, PURE, grow, stem, verbs_of, words

__all__ = ("changes_something", "choose", "is_free_text", "searcher")

ENOUGH = 2.0
RISKY = re.compile(r"\b(?:risky|dangerous|destructive|sensitive|irreversible)\b", re.I)
HAND_OVER = re.compile(
    r"^(?:transfer|hand_?off|hand_?over|delegate|route|assign|escalate|ask|call)_(?:to_|back_to_)?"
    r"(?=\w*(?:expert|agent|assistant|team|specialist|desk|supervisor))",
    re.I,
)
A_THING = re.compile(r"\b(?:a|an|some|another)\s+(?!few\b|couple\b)[^\W\d_]{3,}", re.I)
GENERIC = words("item product thing object resource action task operation record entry command")
LOOKING = verbs_of("get")
SEARCHED = words(
    "search web internet google wikipedia tavily duckduckgo bing knowledge base online engine doc"
)
NOUNS_TOO = words("order book charge email mail message text post plan note ship open")
ASKED_TO = re.compile(
    r"^\W*(?:(?:please|kindly|can you|could you|would you|will you|i want to|i need to)\s+)+"
    r"(?!know|see|hear|learn|have|tell|give|make|help|let|use|say|look|the\b|what|where|how|when)"
    r"([a-z]{4,})\b",
    re.I,
)
PATHS = words("path file filename directory folder")
PATH = re.compile(
    r"(?<![\w@:/-])(?:\.{0,2}/)?(?:[\w-]+/)*[\w-]+\.[A-Za-z]\w{0,4}\b|(?<![\w:/])/[\w-]+/"
)
PLAIN_WORD = re.compile(r"[a-z]+")
FREE_TEXT = re.compile(
    r"query|question|text|message|input|prompt|body|content|task|topic|subject|description|reason"
    r"|request|keyword|term|note|comment|summary|thought|title|search|^q$|instruction|details",
    re.I,
)
FACTUAL = re.compile(
    r"^\W*(?:who|what|when|where|which|how (?:many|much|old|often|long|do|does|is|are|tall|far"
    r"|big))"
    r"\b|^\W*(?:tell me|i want to know|find out|look)\b.*\b(?:about|who|what|when|where)\b",
    re.I,
)
PERSONAL = re.compile(r"\b(?:my|your|yours|you|yourself|i|me|we|us)\b", re.I)


@dataclass(frozen=True)
class Profile:
    """What a tool is about, from its name, docstring and parameters."""

    verbs: frozenset[str]
    names: frozenset[str]
    words: frozenset[str]
    parameters: frozenset[str]
    options: tuple[str, ...]
    effect: bool
    pure: bool
    risky: bool
    opaque: bool


def is_free_text(name: str) -> bool:
    """Whether a parameter of this name takes the user's own words."""
    return bool(FREE_TEXT.search(name))


def _profile(tool: Tool) -> Profile:
    options = (p.get("enum") or () for p in tool.properties.values())
    return _read_profile(
        tool.name,
        re.split(r"\n\s*\n|\bArgs:|\bReturns:", tool.description.strip())[0],
        tuple(tool.properties),
        tuple(str(o) for values in options for o in values),
    )


@lru_cache(maxsize=1024)
def _read_profile(
    name: str, description: str, parameters: tuple[str, ...], options: tuple[str, ...]
) -> Profile:
    name = HAND_OVER.sub("", name)
    parts = [words(p) for p in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_]+", name)]
    ordered = [w for part in parts for w in part]
    first_words = re.findall(r"[^\W\d_]+", description)[:5]
    opening = [w for part in first_words if not part.endswith("ing") for w in words(part)]
    # The verb leads the name (send_email), or the docstring, or ends the name (weather_lookup).
    candidates = [*ordered[:1], *opening, *ordered[1:]]
    if name.split("_")[0].endswith("ing"):
        candidates = candidates[1:]  # opening_hours opens nothing,
    elif ordered[:1] and ordered[0] in NOUNS_TOO:
        candidates = [*opening, *ordered]  # order_status orders nothing
    verb = next((w for w in candidates if verbs_of(w)), "")
    unknown = _unknown_verb(ordered, description) if verb not in ordered[:1] else ""
    verbs = (verbs_of(verb) | {verb, unknown} - {""}).union(
        *(verbs_of(w) for o in options for w in words(o))
    )
    return Profile(
        verbs,
        frozenset(ordered) - {verb, unknown},
        words(description) - {verb, unknown},
        frozenset().union(*map(words, parameters)),
        tuple(o.lower() for o in options),
        bool(unknown) or any(verb in group for group in EFFECT),
        any(verb in group for group in PURE),
        bool(RISKY.search(f"{name.replace('_', ' ')} {description}")),
        not unknown
        and not verbs_of(next(iter(ordered), ""))
        and not grow(frozenset(ordered)) & words(description),
    )


def _unknown_verb(name: list[str], description: str) -> str:
    """Return the verb of a tool whose name and docstring begin alike: freeze_card, "Freeze ..."."""
    opening = re.match(r"\W*([^\W\d_]+)", description)
    first = stem(opening.group(1)) if opening else ""
    return first if len(first) > 2 and name and name[0].startswith(first) else ""


def _score(tool: Tool, clause: Clause) -> float:
    """Return how well a tool fits a clause; below ENOUGH it does not."""
    if not PLAIN_WORD.fullmatch(tool.name) and re.search(
        rf"(?<!\w){re.escape(tool.name)}(?!\w)", clause.text
    ):
        return 100.0
    about = _profile(tool)
    stems, kin = clause.stems, grow(clause.stems)
    if clause.effect_head and not (about.verbs & clause.effect_head or about.risky):
        return 0.0
    leads = clause.head in about.verbs
    verb = 3.0 if leads else 2.0 if about.verbs & stems else 0.0
    if verb and about.names and about.verbs & LOOKING:
        verb = 0.5  # "get" and "show" tell little
    thing = (
        3.0 * len(about.names & stems)
        + 2.0 * len((about.names & kin) - stems)
        + (2.5 if about.opaque else 1.0) * len(about.words & stems - about.names)
        + (1.5 if about.opaque else 0.5) * len(((about.words & kin) - stems) - about.names)
        + 0.75 * len(about.parameters & stems - about.names - about.words)
        + 2.0 * ("url" in about.parameters and "://" in clause.text)
        + 2.0 * (bool(about.parameters & PATHS) and bool(PATH.search(clause.bare)))
        + 1.5 * sum(o in clause.bare.lower() for o in about.options if len(o) > 2)
    )
    if about.risky:
        return 3.0 + thing if clause.wants_effect and clause.effect_head else thing - 1
    if about.effect:
        if not thing and not about.names & GENERIC and A_THING.search(clause.bare):
            return 0.0  # "book a flight" is not for book_hotel
        wanted = clause.wants_effect or (leads and clause.mood == "fragment")
        asked = wanted and (verb or (clause.mood == "wish" and thing >= 3))
        return verb + thing if asked else 0.0
    if about.pure:
        return verb + thing
    asked_to = ASKED_TO.match(clause.bare)
    if asked_to and not verbs_of(word := stem(asked_to.group(1))):
        if word not in about.names | about.words | about.verbs:
            return 0.0  # "please pack order 7" is not for get_order_status
    specific = verb and (thing or not about.names)
    return verb + thing if specific else thing


def changes_something(tool: Tool) -> bool:
    """Whether a tool has an effect, as far as its name and docstring tell."""
    return _profile(tool).effect or _profile(tool).risky


def choose(tools: list[Tool], clause: Clause) -> Tool | None:
    """Return the tool a clause asks for, or None."""
    if clause.mood in ("musing", "statement"):
        return None
    scores = [(_score(tool, clause), -i) for i, tool in enumerate(tools)]
    best, index = max(scores, default=(0.0, 0))
    return tools[-index] if best >= ENOUGH else None


def searcher(tools: list[Tool], text: str) -> Tool | None:
    """Return a tool that takes a plain query, where the text is a factual question."""
    if not FACTUAL.search(text) or PERSONAL.search(text.split(" me ", 1)[-1]):
        return None
    for tool in tools:
        looks_up = {"search", "find", "retriev"} & (_profile(tool).verbs | _profile(tool).words)
        about = _profile(tool)
        if about.names - SEARCHED and not (about.names | about.words) & grow(words(text)):
            continue  # a search for something else
        if looks_up and len(tool.required) == 1 and is_free_text(tool.required[0]):
            return tool
    return None
