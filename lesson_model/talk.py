"""Talk without tools: what was said earlier, sums, long texts, and an honest way out."""

from __future__ import annotations

import re
from itertools import cycle

from lesson_model.arithmetic import calculate
from lesson_model.turn import Turn
from lesson_model.words import focus, words

__all__ = ("honest", "talk")

END = r"(?=\s*(?:[.,;!?\n]|$|\band\b|\bbut\b))"
FACTS = (
    ("name", re.compile(r"\b[Mm]y name(?:['’]s| is)\s+(?:now\s+)?([^\W\d_][\w'’-]*(?:\s+[A-ZÀ-Þ][\w'’-]*)?)")),
    ("name", re.compile(r"\b(?:I am|I['’]m|i am|i['’]m|[Cc]all me|[Tt]his is)\s+([A-ZÀ-Þ][\w'’-]+)" + END)),
    ("name", re.compile(r"\b[Uu]ser(?:['’]s)?(?:\s+\w+)?\s+name(?:\s+is|:)\s+([A-ZÀ-Þ][\w'’-]*)")),
    ("home", re.compile(r"\b(?:I|i|[Uu]ser) lives? in\s+([^.,;!?\n]+?)" + END)),
    ("home", re.compile(r"\b(?:I am|I['’]m|i am|i['’]m) from\s+([^.,;!?\n]+?)" + END)),
    ("job", re.compile(r"\b(?:I|i) work (?:as|at|for)\s+([^.,;!?\n]+?)" + END)),
)  # fmt: skip
FAVOURITE = re.compile(r"\bmy favou?rite ([\w ]{2,40}?) (?:is|are)\s+([^.,;!?\n]+)", re.I)
MINE = re.compile(r"\bmy ([\w ]{2,40}?) (?:is|are)(?: called| named)?\s+([^.,;!?\n]+)", re.I)
NOTED = re.compile(
    r"\bremember (?:that |this:? ?)?(?:the |my )?([\w ]{2,40}?) is\s+([^.,;!?\n]+)", re.I
)
ASKED_MINE = re.compile(
    r"\bwhat(?:['’]s| is| was| are)?\s+(?:again\s+)?(my|the)\s+([\w ]{2,40}?)(?:\s+(?:again|called|named))?\s*\??\s*$",
    re.I,
)
WHO_AM_I = re.compile(
    r"\bwhat(?:['’]s| is| was)?\s+my name\b|\bwho am i\b|\b(?:know|remember|recall|tell me) (?:my name|me|who i am)\b"
    r"|\bmy name\b.*\?|\bintroduced? myself\b",
    re.I,
)
WHAT_DID_I = re.compile(
    r"\bwhat did (?:i|we) (?:just )?(?:ask|say|tell|talk|want)|\bwhat (?:was|were) my (?:first|last|previous)"
    r"|\bearlier in (?:this|our) conversation|\bmy (?:first|last|previous) (?:question|message)",
    re.I,
)
SUMMARY = re.compile(
    r"\bsummar\w+\b.*\b(?:conversation|chat|so far|above|messages|history|discussion)\b"
    r"|\b(?:conversation|chat|message) history\b|\bextracted? (?:the )?.*context\b|<messages>",
    re.I | re.S,
)
ECHO = re.compile(
    r"^\W*(?:please\s+)?(?:say|repeat|echo|reply|respond|answer)(?:\s+(?:after me|with|only|exactly|just|the words?|this|back))*"
    r"\s*:?\s*[\"'“‘]?([^\"”’\n]{1,200}?)[\"'”’]?(?:\s+(?:in (?:one|a single) word|and nothing else|only))?[.!]?\s*$",
    re.I,
)
WRITE = re.compile(
    r"\b(?:write|compose|draft|explain|describe|discuss|elaborate|analy[sz]e|generate|create|tell me|give me|summari[sz]e)\b"
    r"(?=.*\b(?:words?|story|stories|essay|report|poem|haiku|paragraphs?|article|text|about|what|how|why|limerick|song|letter|blog)\b)"
    r"|^[^.?!]{0,40}\b(?:explain|describe|discuss)\b",
    re.I | re.S,
)
LEADING = re.compile(
    r"^\W*(?:please\s+|can you\s+|could you\s+)?(?:write|compose|draft|explain|describe|discuss|elaborate|analy[sz]e|generate|create"
    r"|tell|give|summari[sz]e)\s*(?:me|us)?\s*(?:(?:a|an|the|some|in|one|two|three|very|short|long|brief|detailed|funny|\d+|words?"
    r"|word|story|essay|report|poem|haiku|paragraphs?|article|text|limerick|song|letter|blog|post|summary|of|on|about|what|how|why"
    r"|to|is|are)\b[\s,:-]*)*",
    re.I,
)
CONTEXT = re.compile(
    r"\b(?:context|documents?|passages?|sources?|text)\b[^:\n]{0,40}:\s*(.+)", re.I | re.S
)
QUESTION = re.compile(r"\bquestion\b[^:\n]{0,20}:\s*([^\n]+)", re.I)
OF_ME = re.compile(
    r"^\W*(?:and |so )?(?:what|where|who|when|which|how|do|did|am|is)\b.*\b(?:i|my|me|mine)\b", re.I
)
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
    r"\bwhat can you\b|\b(?:what|which)\b[^.?!]*\b(?:tools?|functions|arguments|parameters|capabilities)\b"
    r"|\bhow does\b[^.?!]*\btool\b|\byour tools\b",
    re.I,
)
SENTENCES = (
    "Here is what the lesson model has to say about {topic}.",
    "At first, {topic} looks simple, and a few words seem enough.",
    "Then the details come in, one token after another, which is what makes streaming worth watching.",
    "Somebody asks a second question about {topic}, and the story takes a turn.",
    "In the end it all fits together, and {topic} makes sense.",
    "These words are the same in every run.",
)  # fmt: skip


def talk(turn: Turn) -> str:
    """Return an answer to words that need no tool."""
    text = focus(turn.text)
    if not text:
        return "(lesson model) I see no words from a user in this request."
    for step in (_about_tools, _memory, _summary, _from_context, _arithmetic, _echo, _joke,
                 _long_text, _small_talk):  # fmt: skip
        if answer := step(turn, text):
            return answer
    return honest(turn)


def honest(turn: Turn) -> str:
    """Return what the lesson model is, and what it could do with this request's tools."""
    what = "(lesson model) I am a small offline stand-in for a chat model, without knowledge of the world"
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


def _memory(turn: Turn, text: str) -> str:
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
    if new and len(text) < 2000 and not SUMMARY.search(text):
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


def _summary(turn: Turn, text: str) -> str:
    if not SUMMARY.search(text):
        return ""
    inside = re.findall(r"^\s*(?:human|user)\s*:\s*(.+)$", turn.text, re.I | re.M)
    if not inside:
        inside = re.findall(r"<message type=\"human\">\s*(.+?)\s*</message>", turn.text, re.S)
    said = inside or turn.said_before
    if not said:
        return "There is nothing to summarize yet."
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
