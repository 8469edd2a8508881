"""Answers in a shape somebody else fixed: forced calls, JSON schemas, JSON mode, routers."""

from __future__ import annotations

import json
import re

from lesson_model.behaviour.english import (
    fill,
    find_tool,
    focus,
    stems_in_order,
    stems_of,
    synonyms_of,
)
from lesson_model.behaviour.schema import resolve
from lesson_model.behaviour.schema_values import valid_value
from lesson_model.behaviour.turn import Turn, text_of
from lesson_model.reply import Call

__all__ = ("forced_call", "json_answer")

END = re.compile(r"finish|end|done|stop|complete|__end__|none", re.I)
CALM = ("neutral", "general", "other", "unknown", "medium")


def forced_call(turn: Turn) -> Call:
    """Return the call that tool_choice demands."""
    made = {name for name, _ in turn.made}
    fresh = [tool for tool in turn.tools if tool.name not in made] or turn.tools
    # A class offered as a tool is the shape of the final answer: it comes last.
    shapes = [tool for tool in fresh if tool.name[:1].isupper()]
    tool = (shapes or fresh)[0] if turn.results else find_tool(fresh, turn.text)
    return Call(tool.name, complete(tool.schema, turn, tool.name))


def json_answer(turn: Turn) -> str:
    """Return the JSON text that response_format demands."""
    if turn.response_format["type"] == "json_schema":
        schema = turn.response_format["json_schema"].get("schema") or {}
        return json.dumps(complete(schema, turn), ensure_ascii=False)
    asked = focus(turn.instructions) + focus(turn.text)
    keys = re.findall(r"[{,]\s*[\"'](\w+)[\"']\s*:|[\"'`]([A-Za-z_]\w*)[\"'`]", asked)
    keys = [a or b for a, b in keys] or ["answer"]
    schema = {
        "type": "object",
        "properties": {key: {"type": "string"} for key in keys},
        "required": keys,
    }
    return json.dumps(complete(schema, turn), ensure_ascii=False)


def complete(schema: dict, turn: Turn, name: str = "") -> object:
    """Return a valid value for a schema: from the words said, the rest made up.

    Args:
        schema: The JSON schema of the arguments or the answer.
        turn: The turn whose results and words are looked through, the newest first.
        name: The tool's name, whose words are no values.
    """
    flat = resolve(schema, schema)
    properties = flat.get("properties") or {}
    if "type" not in schema and not schema.keys() & {"$ref", "anyOf", "oneOf", "allOf"}:
        schema = {"type": "object", **schema}  # what a tool without a type means
    found: dict = {}
    sources = [result.content for result in reversed(turn.results)]
    sources += [turn.text, *reversed(turn.said_before)]
    for source in sources:
        for key, value in fill(flat, focus(source), name).items():
            known = value in (*found.values(), *properties)
            if key not in found and not known:
                found[key] = value
        if set(flat.get("required") or properties) <= found.keys():
            break
    about = " ".join(turn.text.split()[:12]).rstrip(".?! ") or "an empty message"
    return valid_value(
        schema,
        found=found | _route(flat, turn),
        text_for=lambda member: f"{(member or 'text').replace('_', ' ')} for: {about}",
        choose=lambda options: _best_option(options, turn),
        words=" ".join(map(focus, sources)),
    )


def _best_option(options: list, turn: Turn) -> object:
    """Return the option nearest in meaning; of yes and no, whether the parts are related."""
    if {str(o).lower() for o in options} == {"yes", "no"}:
        document, _, question = turn.text.lower().partition("question")
        related = stems_of(question) & stems_of(document) - stems_of("document user retrieved")
        return next(o for o in options if str(o).lower() == ("yes" if related else "no"))
    said = stems_of(focus(turn.text))
    scores = [
        (len(synonyms_of(stems_of(str(option))) & said), str(option).lower() in CALM, -i)
        for i, option in enumerate(options)
    ]
    return options[-max(scores)[2]]


def _route(schema: dict, turn: Turn) -> dict:
    """Return the next worker of a team, or the end, where the schema is a router's.

    It is the worker whose trade the user names first, of those who have not spoken yet.
    """
    for key, raw in (schema.get("properties") or {}).items():
        options = resolve(raw, schema).get("enum") or ()
        end = next((o for o in options if END.fullmatch(str(o))), None)
        if end is None:
            continue
        spoken = {
            message.get("name") or text_of(message.get("content")).partition(":")[0].strip("[]")
            for message in turn.messages[turn.start + 1 :]
        }
        left = [option for option in options if option != end and option not in spoken]
        trades = {option: synonyms_of(stems_of(str(option))) for option in left}
        said = stems_in_order(focus(turn.text))
        return {key: next((o for stem in said for o in left if stem in trades[o]), end)}
    return {}
