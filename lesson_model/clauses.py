"""Cutting a request into clauses: what each asks for, and in which mood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from lesson_model.words import EFFECT, stem, verbs_of, words

__all__ = ("Clause", "clauses", "refers")

QUOTED = re.compile(r"\"[^\"\n]*\"|“[^”\n]*”|`[^`\n]*`|(?<!\w)'[^'\n]*(?:'\w[^'\n]*)*'(?!\w)")
FREE_TEXT = re.compile(
    r"\b(?:saying|that says|telling \w+)\b([^\n]*)|\b(?:because|since)\b([^.!?\n]*)"
    r"|\b(?:tell|inform|remind) (?!me\b|us\b)\w+ (?:that|to|about)\b([^\n]*)",
    re.I,
)
CUT = re.compile(
    r"(?P<stop>(?<=[.!?])(?<!\bDr\.)(?<!\bMr\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\bSt\.)(?<!\bProf\.)[\"']?\s+|\s*\n\s*|\s*;\s*)"
    r"|(?P<then>,?\s*\b(?:and then|then|after that|afterwards|and finally|finally)\b,?\s*)"
    r"|(?P<join>\s+\+\s+(?=[A-Za-z])|\s*,?\s+(?:and|as well as|but|just)\s+(?:also\s+)?"
    r"|,\s+(?-i:(?![A-Z]{2}\b))(?:and\s+)?)",
    re.I,
)
NEGATED = re.compile(
    r"^\W*(?:please\s+)?(?:do not|don['’]?t|never|not|without|no need to|instead of|rather than"
    r"|i (?:do not|don['’]?t|never) want|you (?:must not|mustn['’]?t|should not|shouldn['’]?t))\b",
    re.I,
)
LEAD = re.compile(
    r"^\W*(?:(?:(?:please|kindly|can you|could you|would you|will you|can we|i want(?: you)? to"
    r"|i['’]?d like(?: you)? to|i would like(?: you)? to|i need(?: you)? to|i wonder|you should"
    r"|let['’]?s|let us|now|first(?:ly)?|second(?:ly)?|also|next|finally|just|hi|hello|hey"
    r"|ok(?:ay)?"
    r"|so|and|go ahead and|help me(?: to)?|try to|quickly|immediately)\b|if [^,]{3,60},)[\s,:!]*)+",
    re.I,
)
MAILING = re.compile(
    r"^\W*(?:write|compose|draft|shoot|drop)\s+(?:\w+\s+){0,2}(?:e-?mail|mail|message)\b", re.I
)
IF = re.compile(r"^\W*(?:if|unless|in case|provided)\b[^,]*$", re.I)
SHOW_ME = re.compile(r"^\W*(?:tell|give|send) (?:me|us)\b", re.I)
WISH = re.compile(
    r"^\W*i(?:['’]d like| would like| need| want| must have)\s+(?!to\b|you\b)|^\W*(?:can|could"
    r"|may) (?:i|we) (?:please )?(?:get|have)\b",
    re.I,
)
LIGHT_VERB = re.compile(
    r"^\W*(?:(?:please|can you|could you)\s+)?(?:make|do|give|put|place|file|take)\s+(?!nothing\b)",
    re.I,
)
MUSING = re.compile(
    r"^\W*(?:what (?:would|will|could|might) happen|what happens|what if|suppos|imagin|hypothetic"
    r"|how (?:do|would|can|could|should|does) (?:i|we|you|one|it)\b|should (?:i|we)\b"
    r"|would it\b|if (?:i|we|you) (?:want|were|had|would|could|did)"
    r"|is it \w+ (?:to|if|that)\b|is it a good|have you ever|define\b"
    r"|what(?:['’]s| is| are) (?:the (?:difference|meaning|point|purpose)|an?)\b"
    r"|what does\b.*\bmean"
    r"|(?:can|may) (?:i|we) (?!please|get|have)|are you able|do you know how|why\b"
    r"|explain\b|when should)",
    re.I,
)
QUESTION = re.compile(
    r"^\W*(?:what|who|whom|whose|where|when|why|how|which|is|are|was|were|am|do|does|did|has|have"
    r"|had|will|would|should|shall|may|might|can|could)(?:['’]?(?:s|re|ll|d))?\b",
    re.I,
)
STATEMENT = re.compile(
    r"^\W*(?:i|i['’](?:m|ve|d|ll)|my|we|our|it|it['’]s|this|he|she|they|there|you|yesterday|nobody"
    r"|somebody|someone)\b|^[^?]*\b(?:we|i) (?:are|am|were|was|had)\b[^?]*$"
    r"|^\W*(?:the|this|that|a|an)\s+[^?]{2,60}?\b(?:was|were|is|are|has|had|looks?|seems?)\b[^?]*$",
    re.I,
)
REFERENCE = re.compile(
    r"\b(?:the|this|that) (?:result|output|answer|sum|product|total|number|value|outcome)\b"
    r"|(?<!is )(?<!will )(?<!does )(?<!did )(?<!was )\b(?:it|that|this|them|him|her)\b"
    r"(?! (?:is|was|has|the|i|you|my|we)\b|['’])",
    re.I,
)


@dataclass(frozen=True)
class Clause:
    """A part of the request that asks for one thing.

    Attributes:
        text: Its words.
        bare: The same with quoted and free text blanked out: what tells the tool.
        link: How it follows the clause before: "stop", "then" or "join".
    """

    text: str
    bare: str
    link: str = "stop"

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of its words."""
        return words(self.bare)

    @cached_property
    def head(self) -> str:
        """The stem of the first word after 'please', 'can you' and the like."""
        rest = self.bare[led.end() :] if (led := LEAD.match(self.bare)) else self.bare
        if MAILING.match(rest):
            return "send"
        if "please " in (low := rest.lower()) and not verbs_of(_first(rest)):
            later = _first(rest[low.index("please ") + 7 :])
            return later if verbs_of(later) else _first(rest)
        return _first(rest)

    @cached_property
    def mood(self) -> str:
        """One of command, wish, musing, question, statement, fragment."""
        if MUSING.search(self.bare):
            return "musing"
        if LIGHT_VERB.match(SHOW_ME.sub("show", self.bare)):
            return "wish"
        if WISH.search(self.bare):
            return "wish"
        polite = LEAD.match(self.bare)
        rest = self.bare[polite.end() :] if polite else self.bare
        if verbs_of(self.head) and not QUESTION.match(rest):
            return "command"
        if QUESTION.match(rest):
            return "question"
        if STATEMENT.match(rest):
            return "statement"
        return "command" if re.search(r"\bplease\b", self.bare, re.I) else "fragment"

    @property
    def wants_effect(self) -> bool:
        """Whether it may be about changing something."""
        return self.mood in ("command", "wish")

    @cached_property
    def effect_head(self) -> frozenset[str]:
        """The verbs its first word stands for, if that has an effect."""
        return frozenset().union(*(group for group in EFFECT if self.head in group))

    def joined(self, other: Clause) -> Clause:
        """Return both clauses as one."""
        return Clause(f"{self.text} and {other.text}", f"{self.bare} and {other.bare}", self.link)


def _first(text: str) -> str:
    found = re.search(r"[^\W\d_]+", SHOW_ME.sub("show", text))
    return stem(found.group()) if found else ""


def _blank(match: re.Match) -> str:
    """Return the match with its last group, or all of it, blanked out."""
    start, end = match.span(match.lastindex or 0)
    blanked = "·" * (end - start)
    return match.string[match.start() : start] + blanked + match.string[end : match.end()]


def refers(clause: Clause) -> re.Match | None:
    """Return the place where a clause points back to something: 'it', 'the result'."""
    return REFERENCE.search(clause.bare)


def clauses(text: str) -> list[Clause]:
    """Return the clauses of a request that are not negated, in order."""
    bare = FREE_TEXT.sub(_blank, QUOTED.sub(_blank, text))
    found, start, link = [], 0, "stop"
    for cut in (*CUT.finditer(bare), None):
        end = cut.start() if cut else len(text)
        if cut and cut.lastgroup == "join" and IF.match(bare[start:end]):
            continue  # a condition belongs to what follows it
        if text[start:end].strip() and not NEGATED.match(bare[start:end]):
            found.append(Clause(text[start:end].strip(), bare[start:end].strip(), link))
        if cut:
            start, link = cut.end(), cut.lastgroup or "stop"
    return found
