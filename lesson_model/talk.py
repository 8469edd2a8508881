"""Talk without tools: what was said earlier, sums, long texts, and an honest way out."""

from __future__ import annotations

import re
from itertools import cycle

from lesson_model.arithmetic import calculate
from lesson_model.memory import recall
from lesson_model.turn import Turn
from lesson_model.words import focus, words

__all__ = ("honest", "talk")

SUMMARY = re.compile(
    r"\bsummar\w+\b.*\b(?:conversation|chat|so far|above|messages|history|discussion)\b"
    r"|\b(?:conversation|chat|message) history\b|\bextracted? (?:the )?.*context\b|<messages>",
    re.I | re.S,
)
EARLIER_SUMMARY = re.compile(
    r"^\W*here is a summary of the conversation to date:\s*|summary of the conversation so far\.\s*"
    r"|the user said:\s*",
    re.I,
)
ECHO = re.compile(
    r"^\W*(?:please\s+)?(?:say|repeat|echo|reply|respond|answer)(?:\s+(?:after me|with|only"
    r"|exactly|just|the words?|this|back))*"
    r"\s*:?\s*[\"'“‘]?([^\"”’\n]{1,200}?)[\"'”’]?(?:\s+(?:in (?:one|a single) word"
    r"|and nothing else|only))?[.!]?\s*$",
    re.I,
)
WRITE = re.compile(
    r"\b(?:write|compose|draft|explain|describe|discuss|elaborate|analy[sz]e|generate|create"
    r"|tell me|give me|summari[sz]e)\b"
    r"(?=.*\b(?:words?|story|stories|essay|report|poem|haiku|paragraphs?|article|text|about"
    r"|what|how|why|limerick|song|letter|blog)\b)"
    r"|^[^.?!]{0,40}\b(?:explain|describe|discuss)\b",
    re.I | re.S,
)
LEADING = re.compile(
    r"^\W*(?:please\s+|can you\s+|could you\s+)?(?:write|compose|draft|explain|describe|discuss"
    r"|elaborate|analy[sz]e|generate|create"
    r"|tell|give|summari[sz]e)\s*(?:me|us)?\s*(?:(?:a|an|the|some|in|one|two|three|very|short"
    r"|long|brief|detailed|funny|\d+|words?"
    r"|word|story|essay|report|poem|haiku|paragraphs?|article|text|limerick|song|letter|blog"
    r"|post|summary|of|on|about|what|how|why"
    r"|to|is|are)\b[\s,:-]*)*",
    re.I,
)
CONTEXT = re.compile(
    r"\b(?:context|documents?|passages?|sources?|text)\b[^:\n]{0,40}:\s*(.+)", re.I | re.S
)
QUESTION = re.compile(r"\bquestion\b[^:\n]{0,20}:\s*([^\n]+)", re.I)
JOKE = re.compile(r"\bjokes?\b", re.I)
GREETING = re.compile(
    r"^\W*(?:hi|hello|hey|hiya|greetings|howdy|good (?:morning|evening|afternoon|day))\b", re.I
)
THANKS = re.compile(r"^\W*(?:many thanks|thanks|thank you|thx|cheers|great,? thanks)\b", re.I)
BYE = re.compile(r"^\W*(?:bye|goodbye|see you|good night|ciao)\b", re.I)
HOW_ARE_YOU = re.compile(r"\bhow are you\b|\bhow['’]s it going\b", re.I)
YOURSELF = re.compile(
    r"\bwho are you\b|\bwhat are you\b|\byour name\b|\bare you (?:a|an|real|human|chatgpt|gpt)\b",
    re.I,
)
CAPABLE = re.compile(
    r"\bwhat can you\b|\b(?:what|which)\b[^.?!]*\b(?:tools?|functions|arguments|parameters"
    r"|capabilities)\b"
    r"|\bhow does\b[^.?!]*\btool\b|\byour tools\b",
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
    steps = (
        _summary,
        _about_tools,
        recall,
        _from_context,
        _arithmetic,
        _echo,
        _joke,
        _long_text,
        _small_talk,
    )
    for step in steps:
        if answer := step(turn, text):
            return answer
    return honest(turn)


def honest(turn: Turn) -> str:
    """Return what the lesson model is, and what it could do with this request's tools."""
    what = "(lesson model) I am a small offline stand-in for a chat model, ignorant of the world"
    names = ", ".join(tool.name for tool in turn.tools)
    tools = f" I was offered these tools: {names}." if names else ""
    hint = ' A lesson adds an answer with model.when("some words").says("...").'
    return f"{what}, and I have no answer to this.{tools}{hint}"


def _about_tools(turn: Turn, text: str) -> str:
    if not turn.tools or not CAPABLE.search(text):
        return ""
    named = [t for t in turn.tools if re.search(rf"\b{re.escape(t.name)}\b", text)]
    lines = [
        f"- {t.name}({', '.join(t.properties)}): {t.description.strip().splitlines()[0]}"
        if t.description.strip()
        else f"- {t.name}({', '.join(t.properties)})"
        for t in named or turn.tools
    ]
    return "I can call:\n" + "\n".join(lines)


def _summary(turn: Turn, text: str) -> str:
    if not SUMMARY.search(text):
        return ""
    inside = re.findall(r"^\s*(?:human|user)\s*:\s*(.+)$", turn.text, re.I | re.M)
    if not inside:
        inside = re.findall(r"<message type=\"human\">\s*(.+?)\s*</message>", turn.text, re.S)
    said = inside or turn.said_before
    if not said:
        return "There is nothing to summarize yet."
    said = [EARLIER_SUMMARY.sub("", s) for s in said]
    listed = " ".join(f"{focus(s, 400).strip(' .?!')}." for s in said)
    return f"Summary of the conversation so far. The user said: {listed}"


def _from_context(turn: Turn, text: str) -> str:
    """Return the sentence of a given context that has most in common with the question."""
    asked = QUESTION.search(text)
    context = CONTEXT.search(turn.instructions) or CONTEXT.search(text)
    if not context or not (asked or CONTEXT.search(turn.instructions)):
        return ""
    wanted = words(asked.group(1) if asked else text)
    body = context.group(1).replace(asked.group(0), " ") if asked else context.group(1)
    sentences = re.split(r"(?<=[.!?])\s+|\n+", focus(body))
    best = max(sentences, key=lambda s: len(words(s) & wanted))
    if not words(best) & wanted:
        return "I don't know: the context I was given does not say."
    return best.strip()


def _arithmetic(turn: Turn, text: str) -> str:
    return calculate(text) if len(text) < 500 else ""


def _echo(turn: Turn, text: str) -> str:
    found = ECHO.match(text) if len(text) < 300 else None
    return (
        found.group(1).strip()
        if found and not re.match(r"(?:in|to|my|the)\b", found.group(1))
        else ""
    )


def _joke(turn: Turn, text: str) -> str:
    if not JOKE.search(text):
        return ""
    return "Why did the agent take so long? It kept looking for an edge to END."


def _long_text(turn: Turn, text: str) -> str:
    if not WRITE.search(text):
        return ""
    number = re.search(r"\b(\d{1,4})[- ]words?\b", text)
    count = min(int(number.group(1)), 2000) if number else 80
    request = re.split(r"(?<=[.!?])\s", text)
    asking = next((s for s in request if WRITE.search(s)), text)
    topic = LEADING.sub("", asking).strip(" .?!\n")[:80] or "the topic"
    topic = re.sub(r"\s+in (?:\w+ )?(?:\d+ words|\w+ paragraphs?|\w+ sentences?)$", "", topic)
    written: list[str] = []
    for sentence in cycle(SENTENCES):
        if len(written) >= count:
            break
        written += sentence.format(topic=topic).split()
    return " ".join(written[:count])


def _small_talk(turn: Turn, text: str) -> str:
    if YOURSELF.search(text):
        return honest(turn).replace(", and I have no answer to this", "")
    if len(text.split()) > 12:
        return ""
    if HOW_ARE_YOU.search(text):
        return "I am fine, thank you. How can I help you?"
    if GREETING.match(text):
        return "Hello! How can I help you today?"
    if THANKS.match(text):
        return "You're welcome!"
    return "Goodbye!" if BYE.match(text) else ""
