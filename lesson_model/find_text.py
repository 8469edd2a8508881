"""Finding the words that belong to a text parameter: an address, a date, a place, a message."""

from __future__ import annotations

import re

from lesson_model.choose_tool import is_free_text
from lesson_model.clauses import QUOTED
from lesson_model.patterns import (
    ABOUT,
    ADDRESSED,
    AFTER_VERB,
    CALLED,
    CODE,
    CURRENCY,
    CURRENCY_CODES,
    DATE,
    DETERMINER,
    EMAIL,
    ENDS,
    IDENTIFIER,
    IP,
    LANGUAGE,
    MEASURED,
    NAME,
    NAMED_PLACE,
    OBJECT,
    OF,
    PATH,
    PLACE,
    PLAIN_PLACE,
    PREPOSITION,
    REPOSITORY,
    SAID,
    SEARCHED,
    SMALL,
    TIME,
    URL,
    VERSION,
)
from lesson_model.words import stem, verbs_of

__all__ = ("find_text", "name_parts", "names_in")


def name_parts(name: str) -> list[str]:
    """Return the words of a parameter's name: from_account, fromAccount -> from, account."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_")


def quoted(text: str) -> list[str]:
    """Return the quoted passages."""
    return [m.group()[1:-1] for m in QUOTED.finditer(text) if len(m.group()) > 2]


def names_in(text: str) -> list[str]:
    """Return the proper names, sentence openings left out."""
    found = []
    for match in NAME.finditer(DATE.sub(" ", QUOTED.sub(" ", text))):
        pieces = match.group().split()
        if match.start() == 0 and len(pieces) == 1 and DETERMINER.match(text, match.end()):
            continue  # "Scale the service": a verb, whatever it means
        if match.start() == 0 and len(pieces) > 1 and PREPOSITION.match(text, match.end()):
            pieces = pieces[1:]  # "Reach Sam Reed at ..."
        while pieces and (
            re.split("['’]", pieces[0])[0].lower() in SMALL
            or (match.start() == 0 and verbs_of(stem(pieces[0])))
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


def _named(parts: list[str], text: str) -> str | None:
    """Return what stands behind the parameter's own name: Subject: Hi; titled 'Hi'."""
    name = r"[ _]?".join(map(re.escape, parts))
    for pattern in (
        rf"\b{name}\s*(?:[=:]|is|named|called)?\s*(?:\"([^\"]+)\"|“([^”]+)”"
        rf"|(?<!\w)'(.+?)'(?!\w)|`([^`]+)`)",
        rf"\b{name}\s*[:=]\s*([^.?!\n]+?(?=,\s*\w+[:=])|[^.?!\n]*[^.?!\n\s])",
    ):
        if found := re.search(pattern, text, re.I):
            return next(g for g in found.groups() if g).strip()
    return None


def _role(parts: list[str], text: str) -> str | None:
    """Return what follows the preposition a parameter is named for: from_account, destination."""
    if {"from", "sender", "origin", "source", "departure", "start"} & set(parts):
        prepositions = "from"
    elif {"to", "destination", "target", "recipient", "arrival", "end", "into"} & set(parts):
        prepositions = "to|into"
    else:
        return None
    if {"to", "recipient", "receiver"} & set(parts):
        prepositions = f"(?:{ADDRESSED})|{prepositions}"
    for found in re.finditer(rf"\b(?:{prepositions})\s+(?:the\s+|my\s+)?", text, re.I):
        tail = text[found.end() :]
        if (name := NAME.match(tail)) and name.group().lower() not in SMALL:
            return name.group()
        if plain := re.match(rf"([\w-]+(?:\s+[\w-]+)?){ENDS}", tail):
            return plain.group(1)
    return None


def _code(parts: list[str], text: str, taken: set[str]) -> str | None:
    """Return an identifier: what follows 'order', '#17', 'A-17', or a bare number."""
    things = [p for p in parts if p not in ("id", "number", "no", "code", "ref", "key", "num")]
    for thing in (*things, "number", "id"):
        pattern = re.compile(
            rf"\b{re.escape(thing)}s?(?:\s+(?:id|number|no\.?|with id))?\s*(?:is\s+|[#:])?\s*"
            r"([A-Za-z]*[-_]?\d[\w-]*)",
            re.I,
        )
        if found := _first(pattern, text, taken):
            return found
    bare = MEASURED.sub(" ", text)
    return _first(CODE, bare, taken) or _first(re.compile(r"(?<![\w.-])\d+(?![\w.])"), bare, taken)


def _currency(parts: list[str], text: str, taken: set[str]) -> str | None:
    names = "|".join(n for n in CURRENCY if n.isalpha())
    any_currency = rf"(?:\b(?:{CURRENCY_CODES})\b|(?i:\b(?:{names})s?\b)|[$€£])"
    target = {"to", "target", "into"} & set(parts)
    found = re.search(rf"\b(?:to|into|in)\s+({any_currency})", text) if target else None
    value = found.group(1) if found else _first(re.compile(any_currency), text, taken)
    return CURRENCY.get(value.lower().rstrip("s"), value) if value else None


def _special(parts: list[str], text: str, taken: set[str]) -> tuple[bool, str | None]:
    """Return (whether the parameter is of a special kind, what was found)."""
    kinds = set(parts)
    if {"email", "mail"} & kinds or (kinds & {"to", "recipient", "cc"} and EMAIL.search(text)):
        return True, _first(EMAIL, text, taken)
    if {"ip", "host"} & kinds and (found := _first(IP, text, taken)):
        return True, found
    if {"repo", "repository"} & kinds and (found := _first(REPOSITORY, text, taken)):
        return True, found
    if "version" in kinds:
        return True, _first(VERSION, text, taken)
    if {"url", "link", "uri", "website", "webpage"} & kinds:
        return True, _first(URL, text, taken)
    if {"date", "day", "when", "deadline", "due"} & kinds:
        return True, _first(DATE, text, taken)
    if {"time", "hour"} & kinds:
        return True, _first(TIME, text, taken) or _first(DATE, text, taken)
    if {"path", "file", "filename", "filepath", "dir", "directory", "folder"} & kinds:
        return True, _first(PATH, EMAIL.sub(" ", URL.sub(" ", text)), taken)
    if {
        "id",
        "number",
        "no",
        "ref",
        "reference",
        "sku",
        "code",
    } & kinds and "language" not in kinds:
        return True, _code(parts, text, taken)
    if "currency" in kinds:
        return True, _currency(parts, text, taken)
    if {"language", "lang"} & kinds:
        return True, _first(LANGUAGE, text, taken)
    if {"expression", "formula", "equation", "expr"} & kinds:
        return True, _first(re.compile(r"[\d(][\d\s+\-*/().^%×÷]*[\d)]"), text, taken)
    if {"street"} & kinds:
        return True, _first(re.compile(rf"\b\d+\s+{NAME.pattern}"), text, taken)
    return False, None


def _own_words(parts: list[str], text: str) -> str | None:
    """Return the user's own words for a query, a message, a subject."""
    if {"query", "question", "q", "keyword", "keywords", "term", "search", "input"} & set(parts):
        if found := SEARCHED.search(text):
            return found.group(1).strip()
        if found := re.search(r"\b(?:about|on)\s+(.+?)[\s.?!]*$", text, re.I):
            if not text.rstrip().endswith("?"):
                return found.group(1)
        return text.strip().rstrip("?.! ") or None
    if "topic" in parts and (
        found := re.search(r"\b(?:about|on)\s+(.+?)(?=\s+with\b|[.?!,]|$)", text)
    ):
        return found.group(1)
    if {"subject", "topic", "title"} & set(parts) and (found := ABOUT.search(text)):
        return found.group(1)
    if {"subject", "title"} & set(parts):
        return None
    for pattern in (SAID, re.compile(r"\b(?:because|since|as)\s+(.+)", re.I)):
        if (found := pattern.search(text)) and ("reason" in parts) == (pattern is not SAID):
            return found.group(1).strip().rstrip(". ")
    if found := re.search(
        r"\b(?:remember|note|save|store)\s+(?:that\s+|this:?\s+)?(.+)", text, re.I | re.S
    ):
        return found.group(1).strip().rstrip(". ")
    if found := re.search(r":\s+(.+)", text, re.S):
        return found.group(1).strip().strip("\"'“”`")
    if found := ABOUT.search(text):
        return found.group(1)
    return None


def find_text(
    name: str,
    text: str,
    taken: set[str],
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
    if len(text) > 12 and text.isupper():
        found = find_text(name, text.lower(), taken, strict, quotes, own)
        return found and found.upper()
    if (found := _named(parts, text)) is not None:
        return found
    if {"name", "title"} & set(parts) and (called := CALLED.search(text)):
        return next(filter(None, called.groups()))
    special, found = _special(parts, text, taken)
    if special:
        return found
    free = is_free_text(name)
    if quotes:
        for passage in quoted(text):
            if passage not in taken:
                return passage
    if free:
        return None if strict else _own_words(parts, text)
    if (found := _role(parts, text)) is not None and found not in taken:
        return found
    if found := _first(CODE, text, taken):
        return found
    if PLACE & set(parts) and (found := _first(NAMED_PLACE, text, taken)):
        return found
    for found in names_in(text):
        if found.lower() in own or found.lower() in parts:
            continue
        if not any(found in value for value in taken):
            return found
    if strict or {"to", "recipient", "cc"} & set(parts):
        return None
    place = _first(PLAIN_PLACE, text, taken) if PLACE & set(parts) else None
    return place or _object({stem(w) for w in (*parts, *own)}, text, taken)


def _object(own: set[str], text: str, taken: set[str]) -> str | None:
    """Return the thing a sentence is about: what follows its article, or its verb."""
    words = QUOTED.sub(" ", text)
    for pattern in (IDENTIFIER, OF, OBJECT, AFTER_VERB):
        if found := _first(pattern, words, taken):
            thing = found.split()
            while thing and (stem(thing[0]) in own or thing[0].lower() in SMALL):
                thing = thing[1:]
            while len(thing) > 1 and stem(thing[-1]) in own - PLACE:
                thing = thing[:-1]
            if thing:
                return " ".join(thing)
    return None
