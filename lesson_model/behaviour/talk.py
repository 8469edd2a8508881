"""Talk without tools: things said earlier, small talk, sums, long texts, and an honest way out."""

from __future__ import annotations

import operator
import re
from itertools import cycle

from lesson_model.behaviour.english import NUMBER, focus, stem, stems_of
from lesson_model.behaviour.turn import Turn

__all__ = ("talk",)

SUMMARY = re.compile(
    r"\bsummar\w+\b.*\b(?:conversation|chat|so far|above)\b|<messages>", re.I | re.S
)
TRANSCRIPT = re.compile(
    r"^\s*(?:human|user)\s*:\s*(.+)$|<message type=\"human\">\s*([^<]+)", re.I | re.M
)
SUMMARIZED = re.compile(r"(?:[^.:]*\b(?:to date|so far)[:.]\s*)*(?:The user said:\s*)?")
NAME = re.compile(
    r"\b(?:my|user(?:['’]s)?) name(?:['’]s| is|:)\s+(?:now\s+)?([^\W\d_][\w'’-]*)"
    r"|\b(?:I am|I['’]m|call me)\s+(?-i:([A-ZÀ-ÞŁŚŠŽĐČĆ][\w'’-]*))(?=\s*(?:[.,;!\n]|$|and\b))",
    re.I,
)
WHO_AM_I = re.compile(r"\bmy name\b|\bwho am i\b", re.I)
WHAT_DID_I = re.compile(r"\bwhat did (?:i|we)\b|\bmy (?:first|last) (?:question|message)", re.I)
ABOUT_ME = re.compile(
    r"\W*(?:what|where|who|when|which|how|do|did|am|is)\b.*\b(?:i|my|the)\b", re.I
)
TOLD = ("i am ", "i'm ", "i like ", "i love ", "i live ", "my ", "we ")
CONTEXT = re.compile(r"\b(?:context|documents?|sources?)\b[^:\n]{0,40}:\s*(.+)", re.I | re.S)
ASKED = re.compile(r"\bquestion\b[^:\n]{0,20}:\s*([^\n]+)", re.I)
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
OPERATORS = {stem("add"): operator.add, stem("subtract"): operator.sub,
             stem("multiply"): operator.mul, stem("divide"): operator.truediv}  # fmt: skip
ECHO = re.compile(
    r"\W*(?:please )?(?:say|repeat|reply|answer)(?: after me| with| exactly| just| only)*:?\s+"
    r"[\"'“‘]?([^\"”’\n]{1,200}?)[\"'”’]?(?: in (?:one|a single) word)?[.!]?\s*$",
    re.I,
)
SMALL_TALK = {  # how a short message begins -> the answer
    "how are you": "I am fine, thank you. How can I help you?",
    "hi": "Hello! How can I help you today?",
    "hello": "Hello! How can I help you today?",
    "hey": "Hello! How can I help you today?",
    "good morning": "Good morning! How can I help you today?",
    "thanks": "You're welcome!",
    "thank you": "You're welcome!",
    "bye": "Goodbye!",
    "goodbye": "Goodbye!",
    "tell me a joke": "Why did the agent take so long? It kept looking for an edge to END.",
}
SIGN = re.compile(r"[^\w' ]+")
WRITE = re.compile(
    r"\W*(?:please |can you |could you )?(?:write|compose|explain|describe|tell me|give me"
    r"|summari[sz]e)\b(?:[^.?!\n]*?\b(?:about|on|of)\b)?\s*(?:\d+ words )?([^.?!\n]*)",
    re.I,
)
SENTENCES = (
    "Here is what the lesson model has to say about {topic}.",
    "At first, {topic} looks simple, and a few words seem enough.",
    "Then the details come in, one token after another, and streaming is worth watching.",
    "Somebody asks a second question about {topic}, and the story takes a turn.",
    "In the end it all fits together, and {topic} makes sense.",
    "These words are the same in every run.",
)


def talk(turn: Turn) -> str:
    """Return an answer to words that need no tool."""
    text = focus(turn.text)
    if not text:
        return "(lesson model) I see no words from a user in this request."
    steps = (_summarize, _recall, _answer_from_context, _calculate, _repeat, _chat, _write_text)
    return next(filter(None, (step(turn, text) for step in steps)), "") or _admit_ignorance(turn)


def _admit_ignorance(turn: Turn) -> str:
    """Return what the lesson model is, and what it could do with this request's tools."""
    names = ", ".join(tool.name for tool in turn.tools)
    tools = f" I was offered these tools: {names}." if names else ""
    return (
        "(lesson model) I am a small offline stand-in for a chat model, ignorant of the world, and "
        f"I have no answer to this.{tools}"
        ' A lesson adds an answer with model.when("some words").says("...").'
    )


def _summarize(turn: Turn, text: str) -> str:
    if not SUMMARY.search(text):
        return ""
    said = [(a or b).strip() for a, b in TRANSCRIPT.findall(turn.text)] or turn.said_before
    if not said:
        return "There is nothing to summarize yet."
    # A summary of a summary keeps what was said, not how it was announced.
    said = [s[SUMMARIZED.match(s).end() :] for s in map(focus, said)]
    listed = " ".join(f"{focus(s, 400).strip(' .?!')}." for s in said)
    return f"Summary of the conversation so far. The user said: {listed}"


def _find_name(passages: list[str]) -> str:
    """Return the name the user gave, the newest one."""
    found = [m for passage in passages for m in NAME.finditer(focus(passage))]
    return (found[-1].group(1) or found[-1].group(2)) if found else ""


def _recall(turn: Turn, text: str) -> str:
    """Return an answer from what the user said earlier, or acknowledge what they say now."""
    told_now = _find_name([text])
    if told_now:
        return f"Nice to meet you, {told_now}! I remember that while the message is sent along."
    if WHO_AM_I.search(text):
        name = _find_name([turn.instructions, *turn.said_before])
        return f"Your name is {name}." if name else "I don't know your name: you have not told me."
    if turn.said_before and WHAT_DID_I.search(text):
        return f'You said: "{turn.said_before[0 if "first" in text else -1]}"'
    if ABOUT_ME.match(text):
        told = (s for said in turn.said_before for s in SENTENCE_END.split(focus(said)))
        told = [s for s in told if not s.rstrip().endswith("?")]
        return (best := _find_nearest(told[::-1], stems_of(text))) and f'You told me: "{best}"'
    told = text.lower().startswith(TOLD) and not text.endswith("?")
    return "Noted. I remember that while the message is sent along." if told else ""


def _find_nearest(sentences: list[str], wanted: frozenset[str]) -> str:
    """Return the sentence that has most words in common with what is wanted, "" if none has."""
    best = max(sentences, key=lambda s: len(stems_of(s) & wanted), default="")
    return best.strip() if stems_of(best) & wanted else ""


def _answer_from_context(turn: Turn, text: str) -> str:
    """Return the sentence of a given context that has most in common with the question."""
    asked = ASKED.search(text)
    context = CONTEXT.search(turn.instructions) or (CONTEXT.search(text) if asked else None)
    if not context:
        return ""
    body = focus(context.group(1)).replace(asked.group() if asked else "\0", " ")
    best = _find_nearest(SENTENCE_END.split(body), stems_of(asked.group(1) if asked else text))
    return best or "I don't know: the context I was given does not say."


def _calculate(turn: Turn, text: str) -> str:
    """Return the value of a sum of two numbers."""
    numbers = [float(n.replace(",", "")) for n in NUMBER.findall(text)] if len(text) < 80 else []
    signs = [calculate for word, calculate in OPERATORS.items() if word in stems_of(text)]
    return f"{signs[0](*numbers):.12g}" if len(numbers) == 2 and numbers[1] and signs else ""


def _repeat(turn: Turn, text: str) -> str:
    found = ECHO.match(text) if len(text) < 300 else None
    return found.group(1).strip() if found else ""


def _chat(turn: Turn, text: str) -> str:
    opening = " ".join(SIGN.sub(" ", text.lower()).split()[:4]) + " "
    short = len(text.split()) <= 12
    answers = (a for start, a in SMALL_TALK.items() if short and opening.startswith(f"{start} "))
    return next(answers, "")


def _write_text(turn: Turn, text: str) -> str:
    """Return as many words about the topic as are asked for."""
    found = WRITE.match(text)
    if not found:
        return ""
    number = re.search(r"\b(\d{1,4})[- ]words?\b", text)
    count = min(int(number.group(1)), 2000) if number else 80
    topic = found.group(1).strip()[:80] or "the topic"
    written: list[str] = []
    for sentence in cycle(SENTENCES):
        if len(written) >= count:
            break
        written += sentence.format(topic=topic).split()
    return " ".join(written[:count])
