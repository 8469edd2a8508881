"""Finding the words that belong to a text parameter: an address, a date, a place, a message."""

from __future__ import annotations

import re

from lesson_model.behaviour.english.patterns import (
    CODE,
    DATE,
    EMAIL,
    KINDS,
    NAME,
    PATH,
    QUOTED,
    URL,
)
from lesson_model.behaviour.english.words import EFFECT, LOOK, is_free_text, stem

__all__ = ("find_text", "find_names")

END = (
    r"(?=\s+(?:with|saying|and|on|at|in|for|from|to|because|please|now|right now|today|tomorrow"
    r"|again|first|by|as|like)\b|[.?!,;:]|$)"
)
PLAIN = rf"(?:[\w-]+|[^\W\d_]+(?: (?!to\b)[^\W\d_]+){{1,2}}?){END}"
THING = re.compile(  # checkout-service; the billing service; restart billing
    r"(?<![\w-])[a-z][a-z0-9]*(?:[-_][a-z0-9]+)+(?![\w-])|"
    rf"\b(?:of |the |an? |my |our |this )+([\w'’-]+(?: (?!of\b)[\w'’-]+){{0,3}}?){END}"
    rf"|^\W*(?:please )?\w+ ([\w-]+){END}",
    re.I,
)
SAID = re.compile(
    r"\b(?:saying|that says|because|(?:tell|inform|remind|let) (?!me\b|us\b)\w+(?: know)?"
    r"|remember|note|save)\s+(?:that |to )?(.+)|:\s+(.+)",
    re.I | re.S,
)
SEARCHED = re.compile(
    r"\b(?:search|look|find|research|google|query)(?:ing)?\b"
    r"(?:\s+(?:me|up|for|out|the web|the internet|the docs|online|on|about|into))*"
    r"\s+(?:the\s+)?(.+?)"
    r"(?:\s+(?:in|on) (?:the|our) (?:web|internet|docs|documentation))?[\s.?!]*$",
    re.I | re.S,
)
POLITE_END = re.compile(r"(?:,? (?:and )?(?:please|for (?:me|us)|now|thanks?))+$", re.I)
PRONOUNS = ("it", "this", "that", "them", "him", "her")
ABOUT = re.compile(rf"\b(?:about|regarding)\s+(.+?){END}", re.I)
SMALL = frozenset(
    """i what who when where why how which is are was were do does did has have can could will would
    please the a an and or if my your it in on at for to of from with then now also hi hello hey use
    called named titled compare tell give show next body subject extract return json me""".split()
)
RECIPIENT = {"to", "recipient", "receiver", "cc"}
IDENTIFIED = {"id", "number", "no", "ref", "code", "sku", "phone", "account"}
PREPOSITIONS = (  # words in a parameter's name -> what stands before its value
    ({"from", "sender", "origin", "source", "departure"}, "from"),
    (RECIPIENT, "tell|inform|remind|notify|message|email|ask|to"),
    ({"destination", "target", "arrival"}, "to"),
    ({"city", "location", "place", "country", "town", "region", "room"}, "in|at|near|for"),
)


def find_names(text: str) -> list[str]:
    """Return the proper names, sentence openings left out."""
    found = []
    for match in NAME.finditer(DATE.sub("·", QUOTED.sub("·", text))):
        pieces = match.group().split()
        while pieces and (
            re.split("['’]", pieces[0])[0].lower() in SMALL
            or (match.start() == 0 and stem(pieces[0]) in EFFECT | LOOK)
        ):
            pieces = pieces[1:]
        if pieces:
            found.append(" ".join(pieces).removesuffix("'s").removesuffix("’s"))
    return found


def _find_first(pattern: re.Pattern, text: str, taken: set[str]) -> str | None:
    """Return the first match, or its first group, that no other parameter took."""
    for match in pattern.finditer(text):
        value = (match.group(match.lastindex or 0) or "").strip()
        if value and value not in taken:
            return value
    return None


def _find_labelled(parts: list[str], text: str) -> str | None:
    """Return what stands behind the parameter's own name: Subject: Hi; titled 'Hi'."""
    label = r"[ _]?".join(map(re.escape, parts))
    pattern = (
        rf"\b{label}\w*\s*(?:[=:]|is|named|called)?\s*({QUOTED.pattern})"
        rf"|\b{label}\s*[:=]\s*([^?!\n]+?)(?=,\s*\w+\s*[:=]|\.\s|[.?!]*$|\n)"
    )
    found = re.search(pattern, text, re.I)
    return found and (found.group(1) or found.group(2)).strip("\"'“”` ")


def _find_after_preposition(kind: set[str], text: str, taken: set[str], strict: bool) -> str | None:
    """Return what follows the preposition a parameter is named for: from_account, recipient."""
    prepositions = next((p for kinds, p in PREPOSITIONS if kinds & kind), None)
    for value in (NAME.pattern, PLAIN)[: 1 if strict else 2] if prepositions else ():
        pattern = re.compile(rf"\b(?i:{prepositions})\s+(?:the |my )?({value})")
        if found := _find_first(pattern, text, taken | SMALL):
            return found
    return None


def _find_identifier(parts: list[str], text: str, taken: set[str]) -> str | None:
    """Return what follows 'order' or '#', a code such as A-17, or a bare number."""
    for thing in map(re.escape, sorted(filter(None, parts), key=lambda p: p in IDENTIFIED)):
        pattern = rf"\b{thing}s?(?: id| number)?\s*(?:is\s+|[#:])?\s*([A-Za-z]*[-_]?\d[\w-]*)"
        if found := _find_first(re.compile(pattern, re.I), text, taken):
            return found
    rest = DATE.sub(" ", text)
    bare = r"(?<![\w.$€£-])\d+(?![\w.]|\s*(?:dollar|euro|usd|eur|%|day|night))"
    return _find_first(CODE, rest, taken) or _find_first(re.compile(bare, re.I), rest, taken)


def _find_own_words(parts: list[str], text: str) -> str | None:
    """Return the user's own words for a query, a message, a subject."""
    if {"query", "question", "q", "keyword", "term", "search", "input"} & set(parts):
        found = SEARCHED.search(text)
        asked = (found.group(1) if found else text).strip().rstrip("?.! ")
        return POLITE_END.sub("", asked).rstrip("?.! ") or None
    subject = {"subject", "topic", "title"} & set(parts)
    found = (ABOUT.search(text) if subject else None) or SAID.search(text) or ABOUT.search(text)
    if not found and "topic" in parts:
        found = SEARCHED.search(POLITE_END.sub("", text.rstrip("?.! ")))
    said = found.group(found.lastindex).strip().rstrip(". ") if found else ""
    return None if said.lower() in PRONOUNS else said or None


def _find_thing(own: set[str], text: str, taken: set[str]) -> str | None:
    """Return the thing a sentence is about: what follows its article, or its verb."""
    for match in THING.finditer(QUOTED.sub("·", text)):
        thing = match.group(match.lastindex or 0).split()
        while thing and (stem(thing[0]) in own or thing[0].lower() in SMALL):
            thing = thing[1:]
        while len(thing) > 1 and stem(thing[-1]) in own:
            thing = thing[:-1]
        if thing and " ".join(thing) not in taken:
            return " ".join(thing)
    return None


def find_text(
    name: str, text: str, taken: set[str], *, strict: bool = False, quotes: bool = True,
    own: list[str] | tuple = (),
) -> str | None:  # fmt: skip
    """Return the words for a text parameter, or None.

    Args:
        name: The parameter's name.
        text: Where to look.
        taken: Values that other parameters of the call already took.
        strict: Accept only what is clearly of the right kind (a name, a code, a quotation).
        quotes: Whether a quotation may be this parameter's.
        own: The words of the tool's name: 'the kitchen light' for set_light is the kitchen.
    """
    parts = name.lower().split("_")
    kind = set(parts)
    if (found := _find_labelled(parts, text)) is not None:
        return found
    if kind & RECIPIENT and (found := _find_first(EMAIL, text, taken)):
        return found
    if pattern := next((p for kinds, p in KINDS if kinds & kind), None):
        return _find_first(pattern, URL.sub(" ", text) if pattern is PATH else text, taken)
    if kind & IDENTIFIED and (found := _find_identifier(parts, text, taken)):
        return found
    if kind & {"id", "number"}:
        return None
    quoted = [m.group()[1:-1] for m in QUOTED.finditer(text)] if quotes else []
    if found := next((q for q in quoted if q and q not in taken), None):
        return found
    if is_free_text(name):
        return None if strict else _find_own_words(parts, text)
    if found := _find_after_preposition(kind, text, taken, strict):
        return found
    for found in find_names(text):
        if found.lower() not in (*own, *parts) and not any(found in value for value in taken):
            return found
    if found := _find_first(CODE, DATE.sub(" ", text), taken):
        return found
    if strict or kind & RECIPIENT:
        return None
    return _find_thing({stem(w) for w in (*parts, *own)}, text, taken)
