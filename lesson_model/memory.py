"""Remembering what the user said: only what this request's messages hold."""

from __future__ import annotations

import re

from lesson_model.turn import Turn
from lesson_model.words import focus, words

__all__ = ("recall",)

END = r"(?=\s*(?:[.,;!?\n]|$|\band\b|\bbut\b))"
FACTS = (
    (
        "name",
        re.compile(
            r"\b[Mm]y name(?:['’]s| is)\s+(?:now\s+)?([^\W\d_][\w'’-]*(?:\s+[A-ZÀ-Þ][\w'’-]*)?)"
        ),
    ),
    (
        "name",
        re.compile(
            r"\b(?:I am|I['’]m|i am|i['’]m|[Cc]all me|[Tt]his is)\s+([A-ZÀ-Þ][\w'’-]+)" + END
        ),
    ),
    ("name", re.compile(r"\b[Uu]ser(?:['’]s)?(?:\s+\w+)?\s+name(?:\s+is|:)\s+([A-ZÀ-Þ][\w'’-]*)")),
    ("home", re.compile(r"\b(?:I|i|[Uu]ser) lives? in\s+([^.,;!?\n]+?)" + END)),
    ("home", re.compile(r"\b(?:I am|I['’]m|i am|i['’]m) from\s+([^.,;!?\n]+?)" + END)),
    ("job", re.compile(r"\b(?:I|i) work (?:as|at|for)\s+([^.,;!?\n]+?)" + END)),
)
FAVOURITE = re.compile(r"\bmy favou?rite ([\w ]{2,40}?) (?:is|are)\s+([^.,;!?\n]+)", re.I)
MINE = re.compile(r"\bmy ([\w ]{2,40}?) (?:is|are)(?: called| named)?\s+([^.,;!?\n]+)", re.I)
NOTED = re.compile(
    r"\bremember (?:that |this:? ?)?(?:the |my )?([\w ]{2,40}?) is\s+([^.,;!?\n]+)", re.I
)
ASKED_MINE = re.compile(
    r"\bwhat(?:['’]s| is| was| are)?\s+(?:again\s+)?(my|the)\s+([\w ]{2,40}?)(?:\s+(?:again"
    r"|called|named))?\s*\??\s*$",
    re.I,
)
WHO_AM_I = re.compile(
    r"\bwhat(?:['’]s| is| was)?\s+my name\b|\bwho am i\b|\b(?:know|remember|recall"
    r"|tell me) (?:my name|me|who i am)\b"
    r"|\bmy name\b.*\?|\bintroduced? myself\b",
    re.I,
)
WHAT_DID_I = re.compile(
    r"\bwhat did (?:i|we) (?:just )?(?:ask|say|tell|talk|want)|\bwhat (?:was|were) my (?:first"
    r"|last|previous)"
    r"|\bearlier in (?:this|our) conversation|\bmy (?:first|last|previous) (?:question|message)",
    re.I,
)
STATEMENT = re.compile(r"^\W*(?:i (?!want|need|would|wonder)|i['’]m |my |we |our )", re.I)
OF_ME = re.compile(
    r"^\W*(?:and |so )?(?:what|where|who|when|which|how|do|did|am|is)\b.*\b(?:i|my|me|mine)\b", re.I
)


def _facts(passages: list[str]) -> dict[str, str]:
    """Return what the user told about themselves; what was said later wins."""
    facts: dict[str, str] = {}
    for passage in map(focus, passages):
        found = [(m.start(), key, m.group(1)) for key, rx in FACTS for m in rx.finditer(passage)]
        for pattern in (MINE, FAVOURITE, NOTED):
            for m in pattern.finditer(passage):
                key = re.sub(r"^favorite", "favourite", m.group(1).lower())
                key = f"favourite {key}" if pattern is FAVOURITE else key
                found.append((m.start(), key, m.group(2).strip()))
        facts.update({key: value.strip() for _, key, value in sorted(found)})
    return facts


def recall(turn: Turn, text: str) -> str:
    """Return an answer from what the user said earlier, or a nod to what they say now."""
    facts = _facts([turn.instructions, *turn.said_before])
    if WHO_AM_I.search(text):
        if "name" in facts:
            return f"Your name is {facts['name']}."
        return "I don't know your name: nothing in this conversation tells me."
    if re.search(r"\bwhere (?:do i live|am i from)\b", text, re.I):
        return (
            f"You live in {facts['home']}."
            if "home" in facts
            else "You have not told me where you live."
        )
    if WHAT_DID_I.search(text):
        if not turn.said_before:
            return "Nothing yet: this is the first message I can see."
        first = re.search(r"\bfirst\b", text, re.I)
        return f'You said: "{turn.said_before[0 if first else -1]}"'
    if asked := ASKED_MINE.search(text):
        key = re.sub(r"^favorite", "favourite", asked.group(2).lower())
        if key in facts:
            return f"{'Your' if asked.group(1).lower() == 'my' else 'The'} {key} is {facts[key]}."
        if asked.group(1).lower() == "my" and not _said_about(turn, text):
            return f"You have not told me your {key}."
    if said := _said_about(turn, text):
        return said
    new = _facts([turn.text]) if not text.rstrip().endswith("?") else {}
    told = STATEMENT.match(text) and not text.rstrip().endswith("?")
    if (new or told) and len(text) < 2000:
        hello = f"Nice to meet you, {new['name']}! " if "name" in new else "Noted. "
        return hello + "I will remember that for as long as this conversation is sent along."
    return ""


def _said_about(turn: Turn, text: str) -> str:
    """Return the user's own earlier words for a question about themselves."""
    if not OF_ME.search(text):
        return ""
    wanted = words(text)
    told = (s for said in turn.said_before for s in re.split(r"(?<=[.!?])\s+", focus(said)))
    statements = [s for s in told if s and not s.rstrip().endswith("?")]
    best = max(reversed(statements), key=lambda s: len(words(s) & wanted), default="")
    return f'You told me: "{best.strip()}"' if words(best) & wanted else ""
