"""Cutting a request into clauses: what each asks for, and in which mood."""

from __future__ import annotations

import re

from lesson_model.behaviour.english.patterns import QUOTED
from lesson_model.behaviour.english.words import stem, stems_of

__all__ = ("Clause", "split_clauses")

FREE_TEXT = re.compile(
    r"\b(?:saying|says|because|body:)\b([^\n]*)"
    r"|\b(?:tell|inform|remind) (?!me\b|us\b)\w+ (?:that|to|about)\b([^\n]*)",
    re.I,
)
CUT = re.compile(
    r"(?P<stop>(?-i:(?<![A-Z][a-z]\.))(?<=[.!?])\s+|\s*[\n;]\s*)(?!\w+:\s)"
    r"|(?P<then>,?\s*\b(?:and then|then|after that|finally)\b,?\s*)"
    r"|(?P<join>(?:,?\s+(?:and|but|just)\s+(?:also\s+)?|,\s+(?-i:(?![A-Z]{2}\b)))(?!\w+\s?[:=]))",
    re.I,
)
NEGATED = re.compile(
    r"\W*(?:please )?(?:do not|don['’]?t|never|not|without|i (?:do not|don['’]?t) want)\b", re.I
)
LEAD = re.compile(  # politeness before the request itself; "want" asks for a thing
    r"\W*(?:(?:please|kindly|(?:can|could|would|will) you|let['’]?s|now|first|also|next|just|hi"
    r"|hello|hey|ok|so|and|i wonder|(?:tell|show) (?:me|us)|(?P<want>(?:can|could) (?:i|we) get"
    r"|give me|make|i(?:['’]?d like| would like| want| need))(?: you)?(?: to| an?)?)\b[\s,:!]*)+",
    re.I,
)
MUSING = re.compile(
    r"\W*(?:what (?:would|will|could|might) happen|what happens|what if|imagin|suppos|if i\b|why\b"
    r"|how (?:do|would|can|could|should|does) (?:i|we|you|one|it|the)\b|should (?:i|we)\b|explain\b"
    r"|what(?:['’]s| is| are) (?:the (?:difference|meaning|point)|an?)\b|(?:can|may) (?:i|we)\b)",
    re.I,
)
QUESTION = frozenset(
    """what whats who whom whose where when why how which is are was were am do does did has have
    had will would should may can could""".split()
)
STATEMENT = re.compile(
    r"\W*(?:thanks?|i|i['’](?:m|ve|d|ll)|my|we|our|it|it['’]s|this|he|she|they|there|you)\b"
    r"|\W*(?:the|a|an)\s[^?]{2,60}?\b(?:was|were|is|are|has|had)\b[^?]*$",
    re.I,
)
REFERENCE = re.compile(
    r"\b(?:the|that) (?:result|output|answer|sum|product|number)\b"
    r"|(?<!is )\b(?:it|its|that|this|them|him|her)\b(?! (?:is|was|has|the|i|you|my|we)\b|['’])",
    re.I,
)
FIRST = re.compile(r"[^\W\d_]+")


class Clause:
    """A part of the request that asks for one thing.

    Attributes:
        text: Its words.
        bare: The same with quoted and free text blanked out: what tells the tool.
        link: How it follows the clause before: "stop", "then" or "join".
        stems: The stems of its words.
        polite: Whether something like 'please' or 'can you' stands before the request.
        head: The stem of the first word after that.
        mood: One of want, musing, question, statement, command.
        reference: The words that point back to something: 'it', 'the result'.
        points_back: Whether it needs to know what came of an earlier clause.
    """

    def __init__(self, text: str, bare: str, link: str = "stop") -> None:
        self.text, self.bare, self.link, self.stems = text, bare, link, stems_of(bare)
        lead = LEAD.match(bare)
        self.polite = lead is not None
        request = bare[lead.end() :] if lead else bare
        found = FIRST.search(request)
        first = found.group().lower() if found else ""
        self.head = stem(first)
        if lead and lead.group("want"):
            self.mood = "want"
        elif MUSING.match(bare):
            self.mood = "musing"
        elif first in QUESTION:
            self.mood = "question"
        else:
            self.mood = "statement" if STATEMENT.match(request) else "command"
        back = REFERENCE.search(bare)
        self.reference = back.group() if back else ""
        self.points_back = bool(back) or bare.lower().startswith("if ")

    def joined(self, other: Clause) -> Clause:
        """Return both clauses as one."""
        return Clause(f"{self.text} and {other.text}", f"{self.bare} and {other.bare}", self.link)


def _blank(match: re.Match) -> str:
    """Return the match with its last group, or all of it, blanked out."""
    start, end = (place - match.start() for place in match.span(match.lastindex or 0))
    return match.group()[:start] + "·" * (end - start) + match.group()[end:]


def split_clauses(text: str) -> list[Clause]:
    """Return the clauses of a request that are not negated, in order."""
    bare = FREE_TEXT.sub(_blank, QUOTED.sub(_blank, text))
    found, start, link = [], 0, "stop"
    for cut in (*CUT.finditer(bare), None):
        end = cut.start() if cut else len(text)
        piece = bare[start:end].strip()
        if cut and cut.lastgroup == "join" and piece.lower().startswith("if "):
            continue  # a condition belongs to what follows it
        if piece and not NEGATED.match(piece):
            found.append(Clause(text[start:end].strip(), piece, link))
        if cut:
            start, link = cut.end(), cut.lastgroup
    return found
