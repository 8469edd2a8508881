"""Answers in a shape somebody else fixed: forced calls, JSON schemas, JSON mode, routers."""

from __future__ import annotations

import json
import re

from lesson_model.arguments import fill
from lesson_model.choose_tool import choose
from lesson_model.clauses import Clause, clauses
from lesson_model.find_text import names_in
from lesson_model.reply import Call
from lesson_model.schema import DEEPEST, kind_of, resolve
from lesson_model.turn import Tool, Turn, text_of
from lesson_model.words import focus, grow, stem, words

__all__ = ("complete", "forced_call", "json_answer")

ENDS = re.compile(r"finish|end|done|stop|complete|__end__|final\w*|none", re.I)
URGENT = re.compile(r"\b(?:urgent|urgently|asap|immediately|emergency)\b", re.I)


def forced_call(turn: Turn) -> Call:
    """Return the call that tool_choice demands."""
    made = {name for name, _ in turn.made}
    fresh = [t for t in turn.tools if t.name not in made] or turn.tools
    clause = Clause(focus(turn.text), focus(turn.text))
    tool = None if turn.results else choose(fresh, clause) or _chosen_by_clause(fresh, turn)
    if tool is None:
        # A class name is a response format in the clothes of a tool: it comes last.
        shapes = [t for t in fresh if t.name[:1].isupper()]
        tool = (shapes if turn.results and shapes else fresh)[0]
    return Call(tool.name, complete(tool.schema, turn, tool.name))


def _chosen_by_clause(tools: list[Tool], turn: Turn) -> Tool | None:
    found = (choose(tools, clause) for clause in clauses(focus(turn.text)))
    return next((tool for tool in found if tool), None)


def json_answer(turn: Turn) -> str:
    """Return the JSON text that response_format demands."""
    if turn.response_format["type"] == "json_schema":
        schema = turn.response_format["json_schema"].get("schema") or {}
        return json.dumps(complete(resolve(schema, schema), turn), ensure_ascii=False)
    text = focus(turn.text)
    wanted = text if re.search(r"json", text, re.I) else focus(turn.instructions) + text
    keys = re.findall(r"[{,]\s*[\"'](\w+)[\"']\s*:", wanted)
    keys = keys or re.findall(r"(?<!\w)[\"'`]([A-Za-z_]\w*)[\"'`]", wanted)
    if not keys and (listed := re.search(r"\b(?:keys?|fields?)\b:?\s+([^.:\n]+)", wanted)):
        keys = [k for k in re.findall(r"\w+", listed.group(1)) if k not in ("and", "the")]
    keys = list(dict.fromkeys(keys)) or ["answer"]
    schema = {"type": "object", "properties": {k: {"type": "string"} for k in keys},
              "required": keys}  # fmt: skip
    text = re.sub(rf"[\"'`](?:{'|'.join(map(re.escape, keys))})[\"'`]", " ", text)
    return json.dumps(complete(schema, turn, text=text), ensure_ascii=False)


def complete(schema: dict, turn: Turn, name: str = "", text: str | None = None) -> dict:
    """Return a value for every required member: from the words, else a plain stand-in."""
    found = {}
    own = turn.text if text is None else text
    sources = [*(r.content for r in reversed(turn.results)), own, *reversed(turn.said_before)]
    for i, source in enumerate(sources):
        for key, value in fill(schema, focus(source), name).items():
            if key not in found and (i == 0 or value not in found.values()):
                found[key] = value
        if set(schema.get("required") or schema.get("properties") or ()) <= found.keys():
            break
    if (route := _route(schema, turn)) is not None:
        found |= route
    return _stand_ins(schema, found, turn, schema)


def _stand_ins(schema: dict, found: dict, turn: Turn, root: dict, depth: int = 0) -> dict:
    """Return an object with what was found and stand-ins for the rest."""
    required = set(schema.get("required") or ())
    out: dict = {}
    if depth > DEEPEST:
        return out
    for key, raw in (schema.get("properties") or {}).items():
        member = resolve(raw, root)
        if key in found and not isinstance(found[key], dict):
            out[key] = found[key]
        elif kind_of(member) == "object" and member.get("properties"):
            out[key] = _stand_ins(member, found.get(key) or {}, turn, root, depth + 1)
        elif key in found:
            out[key] = found[key]
        elif key not in required and "default" in member:
            if member["default"] is not None:
                out[key] = member["default"]
        elif member.get("nullable"):
            out[key] = None
        else:
            out[key] = _stand_in(key, member, turn, root, depth)
    return out


def _stand_in(key: str, schema: dict, turn: Turn, root: dict, depth: int) -> object:
    kind = kind_of(schema)
    if kind == "enum":
        return _best_option(key, schema["enum"], turn)
    if kind == "boolean":
        return bool(URGENT.search(turn.text)) if "urgent" in key else False
    if kind in ("integer", "number"):
        low = schema.get("minimum", 0 if kind == "number" else 1)
        return int(low) if kind == "integer" else float(low)
    if kind == "array" and depth > DEEPEST:
        return []
    if kind == "array":
        item = resolve(schema.get("items") or {}, root)
        return [_stand_in(key, item, turn, root, depth + 1)] * int(schema.get("minItems", 0))
    if kind == "object":
        return _stand_ins(schema, {}, turn, root, depth + 1) if schema.get("properties") else {}
    if kind == "null":
        return None
    if re.search(r"name|author|person|who", key) and (names := names_in(turn.text)):
        return names[0]
    about = " ".join(turn.text.split()[:12]).rstrip(".?! ") or "an empty message"
    return f"{key.replace('_', ' ')} for: {about}"


def _best_option(key: str, options: list, turn: Turn) -> object:
    """Return the option nearest in meaning; of yes and no, whether the parts have to do."""
    low = [str(o).lower() for o in options]
    if set(low) == {"yes", "no"}:
        return options[low.index("yes" if _parts_agree(turn.text) else "no")]
    said = words(focus(turn.text))
    scores = [(len(grow(words(str(o))) & said), -i) for i, o in enumerate(options)]
    best, index = max(scores, default=(0, 0))
    if best:
        return options[-index]
    calm = [
        o for o in options if str(o).lower() in ("neutral", "general", "other", "unknown", "medium")
    ]
    return next(iter(calm or options), None)


def _parts_agree(text: str) -> bool:
    """Whether a document and a question in one prompt speak of the same things."""
    question = re.search(r"question\W+(.+?)(?:\n|$)", text, re.I | re.S)
    if not question:
        return not re.search(r"\b(?:not|no|never)\b|n't\b", text, re.I)
    rest = text[: question.start()] + text[question.end() :]
    return bool(words(question.group(1)) & words(rest) - words("document question user retrieved"))


def _route(schema: dict, turn: Turn) -> dict | None:
    """Return the next worker of a team, or the end, where the schema is a router's."""
    for key, raw in (schema.get("properties") or {}).items():
        options = resolve(raw, schema).get("enum") or ()
        ends = [o for o in options if ENDS.fullmatch(str(o))]
        if not ends or len(ends) == len(options):
            continue
        spoken = _speakers(turn)
        left = [o for o in options if o not in ends and str(o) not in spoken]
        fitting = [o for o in left if _fitness(str(o), turn) > 0]
        first = min(fitting, key=lambda o: _place(str(o), turn), default=ends[0])
        return {key: first}
    return None


def _speakers(turn: Turn) -> set[str]:
    """Return who has spoken since the request: by message name, or as 'name: ...'."""
    since = turn.messages[turn.start + 1 :]
    names = {m.get("name") for m in since if m.get("name")}
    opened = (re.match(r"\[?(\w+)\]?:", text_of(m.get("content"))) for m in since)
    return names | {m.group(1) for m in opened if m}


def _place(worker: str, turn: Turn) -> tuple[int, float]:
    """Return where in the request a worker's trade is first spoken of; sorts before fitness."""
    kin = grow(words(worker))
    said = [stem(w) for w in re.findall(r"[^\W\d_]+", focus(turn.text))]
    place = next((i for i, w in enumerate(said) if w in kin), len(said))
    return place, -_fitness(worker, turn)


def _fitness(worker: str, turn: Turn) -> float:
    """Return how well a worker's name, and the line that describes it, fit the request."""
    said = words(focus(turn.text))
    own = words(worker)
    lines = turn.instructions.splitlines()
    line = next((x for x in lines if re.search(rf"\b{re.escape(worker)}\b\W*[:=(–-]", x)), "")
    about = words(line) - own
    return 2 * len(grow(own) & said) + len(about & said) + 0.5 * len((grow(about) & said) - about)
