"""Finding the words that belong to a text parameter: an address, a date, a place, a message."""

from __future__ import annotations

import re

from lesson_model.choose_tool import is_free_text
from lesson_model.clauses import QUOTED
from lesson_model.patterns import (
    BARE_NUMBER,
    CODE,
    CURRENCIES,
    CURRENCY,
    DATE,
    EMAIL,
    KINDS,
    NAME,
    PATH,
    URL,
)
from lesson_model.words import EFFECT, LOOK, stem

__all__ = ("CODE", "EMAIL", "find_text", "name_parts", "names_in")

END = (
    r"(?=\s+(?:with|saying|and|on|at|in|for|from|to|because|please|now|right now|today|tomorrow"
    r"|again|first|by|as|like)\b|[.?!,;:]|$)"
)
PLACE = re.compile(
    rf"\b(?:in|at|near|for|to)\s+(?:the |my )?((?!the\b|me\b|it\b)[^\W\d_]+(?: [^\W\d_]+){{0,2}}?){END}"
)
OBJECT = re.compile(
    r"(?<![\w-])[a-z][a-z0-9]*(?:[-_][a-z0-9]+)+(?![\w-])|"
    rf"\b(?:of |the |an? |my |our |this )+(?P<thing>[\w'’-]+(?: (?!of\b)[\w'’-]+){{0,3}}?){END}"
    rf"|^\W*(?:please )?\w+ (?P<rest>[\w-]+){END}",
    re.I,
)
CALLED = re.compile(rf"\b(?:named|called|titled)\s+({NAME.pattern})")
SAID = re.compile(
    r"\b(?:saying|that says|because|(?:tell|inform|remind|let) (?!me\b|us\b)\w+(?: know)?"
    r"|remember|note|save|store)\s+(?:that |to )?(.+)|:\s+(.+)",
    re.I | re.S,
)
SEARCHED = re.compile(
    r"\b(?:search|look|find|research|google|query)(?:ing)?\b"
    r"(?:\s+(?:me|up|for|out|the web|the internet|the docs|online|on|about|into))*"
    r"\s+(.+?)(?:\s+(?:in|on) (?:the|our) (?:web|internet|docs|documentation))?[\s.?!]*$",
    re.I | re.S,
)
ABOUT = re.compile(rf"\b(?:about|regarding|on)\s+(.+?){END}", re.I)
SMALL = frozenset(
    """i what who when where why how which is are was were do does did has have can could will would
    please the a an and or if my your it in on at for to of from with then now also hi hello hey use
    called named titled compare tell give show next body subject extract return json""".split()
)
RECIPIENT = {"to", "recipient", "receiver", "cc"}
IDENTIFIED = {"id", "number", "no", "ref", "code", "sku", "phone", "account"}
PLACES = {"city", "location", "place", "country", "town", "region", "room"}


def name_parts(name: str) -> list[str]:
    """Return the words of a parameter's name: from_account, fromAccount -> from, account."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_")


def names_in(text: str) -> list[str]:
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


def _first(pattern: re.Pattern, text: str, taken: set[str]) -> str | None:
    for match in pattern.finditer(text):
        value = (match.group(match.lastindex or 0) or "").strip()
        if value and value not in taken:
            return value
    return None


def _labelled(parts: list[str], text: str) -> str | None:
    """Return what stands behind the parameter's own name: Subject: Hi; title 'Hi'."""
    label = r"[ _]?".join(map(re.escape, parts))
    found = re.search(
        rf"\b{label}\w*\s*(?:[=:]|is|named|called)?\s*({QUOTED.pattern})"
        rf"|\b{label}\s*[:=]\s*([^?!\n]+?)(?=,\s*\w+\s*[:=]|\.\s|[.?!]*$|\n)",
        text,
        re.I,
    )
    return (found.group(1) or found.group(2)).strip("\"'“”` ") if found else None


def _after_preposition(parts: list[str], text: str) -> str | None:
    """Return what follows the preposition a parameter is named for: from_account, recipient."""
    if {"from", "sender", "origin", "source", "departure"} & set(parts):
        prepositions = "from"
    elif RECIPIENT & set(parts):
        prepositions = "tell|inform|remind|notify|message|email|ask|to"
    elif {"destination", "target", "arrival"} & set(parts):
        prepositions = "to"
    else:
        return None
    for value in (NAME.pattern, rf"[\w-]+{END}"):
        for found in re.finditer(rf"\b(?i:{prepositions})\s+(?:the |my )?({value})", text):
            if found.group(1).lower() not in SMALL:
                return found.group(1)
    return None


def _identifier(parts: list[str], text: str, taken: set[str]) -> str | None:
    """Return what follows 'order' or '#', a code such as A-17, or a bare number."""
    things = [*(p for p in parts if p not in IDENTIFIED), *IDENTIFIED & set(parts)]
    for thing in things:
        pattern = rf"\b{thing}s?(?: id| number)?\s*(?:is\s+|[#:])?\s*([A-Za-z]*[-_]?\d[\w-]*)"
        if found := _first(re.compile(pattern, re.I), text, taken):
            return found
    rest = DATE.sub(" ", text)
    return _first(CODE, rest, taken) or _first(BARE_NUMBER, rest, taken)


def _own_words(parts: list[str], text: str) -> str | None:
    """Return the user's own words for a query, a message, a subject."""
    if {"query", "question", "q", "keyword", "term", "search", "input"} & set(parts):
        found = SEARCHED.search(text)
        return (found.group(1) if found else text).strip().rstrip("?.! ") or None
    if {"subject", "topic", "title"} & set(parts):
        found = ABOUT.search(text) or re.search(r":\s+(.+)", text)
        return found.group(1).rstrip(". ") if found else None
    if found := SAID.search(text):
        return (found.group(1) or found.group(2)).strip().rstrip(". ")
    found = ABOUT.search(text)
    return found.group(1) if found else None


def _thing(own: set[str], text: str, taken: set[str]) -> str | None:
    """Return the thing a sentence is about: what follows its article, or its verb."""
    for match in OBJECT.finditer(QUOTED.sub("·", text)):
        thing = (match.group("thing") or match.group("rest") or match.group()).split()
        while thing and (stem(thing[0]) in own or thing[0].lower() in SMALL):
            thing = thing[1:]
        while len(thing) > 1 and stem(thing[-1]) in own:
            thing = thing[:-1]
        if thing and " ".join(thing) not in taken:
            return " ".join(thing)
    return None


def find_text(
    name: str,
    text: str,
    taken: set[str],
    *,
    strict: bool = False,
    quotes: bool = True,
    own: tuple[str, ...] = (),
) -> str | None:
    """Return the words for a text parameter, or None.

    Args:
        name: The parameter's name.
        text: Where to look.
        taken: Values that other parameters of the call already took.
        strict: Accept only what is clearly of the right kind (a name, a code, a quotation).
        quotes: Whether a quotation may be this parameter's.
        own: The words of the tool's name: 'the kitchen light' for set_light is the kitchen.
    """
    parts = name_parts(name)
    if (found := _labelled(parts, text)) is not None:
        return found
    if RECIPIENT & set(parts) and (found := _first(EMAIL, text, taken)):
        return found
    for kinds, pattern in KINDS:
        if kinds & set(parts):
            if pattern is CURRENCY:
                found = _after_preposition(parts, text) or _first(pattern, text, taken)
                return found and CURRENCIES.get(found.lower().rstrip("s"), found)
            return _first(pattern, URL.sub(" ", text) if pattern is PATH else text, taken)
    if IDENTIFIED & set(parts) and (found := _identifier(parts, text, taken)):
        return found
    if {"id", "number"} & set(parts):
        return None
    if {"name", "title"} & set(parts) and (found := _first(CALLED, text, taken)):
        return found
    quoted = [m.group()[1:-1] for m in QUOTED.finditer(text)] if quotes else []
    if found := next((q for q in quoted if q and q not in taken), None):
        return found
    if is_free_text(name):
        return None if strict else _own_words(parts, text)
    if (found := _after_preposition(parts, text)) is not None and found not in taken:
        return found
    for found in names_in(text):
        if found.lower() not in (*own, *parts) and not any(found in value for value in taken):
            return found
    if found := _first(CODE, DATE.sub(" ", text), taken):
        return found
    if strict or RECIPIENT & set(parts):
        return None
    place = _first(PLACE, text, taken) if PLACES & set(parts) else None
    return place or _thing({stem(w) for w in (*parts, *own)}, text, taken)
