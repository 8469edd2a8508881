"""Answers in a shape somebody else fixed: forced calls, JSON schemas, JSON mode, routers."""

from __future__ import annotations

import json
import re

from lesson_model.behaviour.english.arguments import fill
from lesson_model.behaviour.english.choose_tool import choose
from lesson_model.behaviour.english.clauses import clauses
from lesson_model.behaviour.english.words import WORD, focus, grow, stem, words
from lesson_model.behaviour.reply import Call
from lesson_model.behaviour.schema import DEEPEST, kind_of, resolve
from lesson_model.behaviour.turn import Turn, text_of

__all__ = ("forced_call", "json_answer")

END = re.compile(r"finish|end|done|stop|complete|__end__|none", re.I)
CALM = ("neutral", "general", "other", "unknown", "medium")


def forced_call(turn: Turn) -> Call:
    """Return the call that tool_choice demands."""
    made = {name for name, _ in turn.made}
    fresh = [t for t in turn.tools if t.name not in made] or turn.tools
    chosen = () if turn.results else (choose(fresh, c) for c in clauses(focus(turn.text)))
    # A class name is a response format in the clothes of a tool: it comes last.
    shapes = [t for t in fresh if t.name[:1].isupper()] if turn.results else []
    tool = next(filter(None, chosen), None) or (shapes or fresh)[0]
    return Call(tool.name, _complete(tool.schema, turn, tool.name))


def json_answer(turn: Turn) -> str:
    """Return the JSON text that response_format demands."""
    if turn.response_format["type"] == "json_schema":
        schema = turn.response_format["json_schema"].get("schema") or {}
        return json.dumps(_complete(resolve(schema, schema), turn), ensure_ascii=False)
    asked = focus(turn.instructions) + focus(turn.text)
    keys = re.findall(r"[{,]\s*[\"'](\w+)[\"']\s*:|[\"'`]([A-Za-z_]\w*)[\"'`]", asked)
    keys = [a or b for a, b in keys] or ["answer"]
    schema = {"properties": {k: {"type": "string"} for k in keys}, "required": keys}
    return json.dumps(_complete(schema, turn), ensure_ascii=False)


def _complete(schema: dict, turn: Turn, name: str = "") -> dict:
    """Return a value for every required member: from the words, else a plain stand-in."""
    found = {}
    results = [r.content for r in reversed(turn.results)]
    for source in (*results, turn.text, *reversed(turn.said_before)):
        for key, value in fill(schema, focus(source), name).items():
            if key not in found and value not in (*found.values(), *schema["properties"]):
                found[key] = value
        if set(schema.get("required") or schema.get("properties") or ()) <= found.keys():
            break
    return _stand_ins(schema, found | _route(schema, turn), turn, schema)


def _stand_ins(schema: dict, found: dict, turn: Turn, root: dict, depth: int = 0) -> dict:
    """Return an object with what was found and stand-ins for the rest."""
    out: dict = {}
    for key, raw in (schema.get("properties") or {}).items():
        member = resolve(raw, root)
        if kind_of(member) == "object" and member.get("properties") and depth < DEEPEST:
            out[key] = _stand_ins(member, found.get(key) or {}, turn, root, depth + 1)
        elif key in found:
            out[key] = found[key]
        elif key not in (schema.get("required") or ()) and "default" in member:
            if member["default"] is not None:
                out[key] = member["default"]
        else:
            out[key] = None if member.get("nullable") else _stand_in(key, member, turn, root, depth)
    return out


def _stand_in(key: str, schema: dict, turn: Turn, root: dict, depth: int) -> object:
    kind = kind_of(schema)
    if kind == "enum":
        return _best_option(schema["enum"], turn)
    if kind in ("integer", "number"):
        low = schema.get("minimum", 1)
        return int(low) if kind == "integer" else float(low)
    if kind == "array":
        least = 0 if depth > DEEPEST else int(schema.get("minItems", 0))
        item = resolve(schema.get("items") or {}, root)
        return [_stand_in(key, item, turn, root, depth + 1) for _ in range(least)]
    if kind == "string":
        about = " ".join(turn.text.split()[:12]).rstrip(".?! ") or "an empty message"
        return f"{key.replace('_', ' ')} for: {about}"
    return {"boolean": False, "object": {}}.get(kind)


def _best_option(options: list, turn: Turn) -> object:
    """Return the option nearest in meaning; of yes and no, whether the parts have to do."""
    if {str(o).lower() for o in options} == {"yes", "no"}:
        document, _, question = turn.text.lower().partition("question")
        related = words(question) & words(document) - words("document user retrieved")
        return next(o for o in options if str(o).lower() == ("yes" if related else "no"))
    said = words(focus(turn.text))
    scores = [(len(grow(words(str(o))) & said), str(o).lower() in CALM, -i)
              for i, o in enumerate(options)]  # fmt: skip
    return options[-max(scores)[2]] if options else None


def _route(schema: dict, turn: Turn) -> dict:
    """Return the next worker of a team, or the end, where the schema is a router's.

    It is the one whose trade is spoken of first, of those who have not spoken yet.
    """
    for key, raw in (schema.get("properties") or {}).items():
        options = resolve(raw, schema).get("enum") or ()
        end = next((o for o in options if END.fullmatch(str(o))), None)
        if end is None:
            continue
        spoken = {m.get("name") or text_of(m.get("content")).partition(":")[0].strip("[]")
                  for m in turn.messages[turn.start + 1 :]}  # fmt: skip
        left = [o for o in options if o != end and o not in spoken]
        trades = {o: grow(words(str(o))) for o in left}
        said = (stem(w) for w in WORD.findall(focus(turn.text)))
        return {key: next((o for w in said for o in left if w in trades[o]), end)}
    return {}
