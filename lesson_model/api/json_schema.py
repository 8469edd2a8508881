"""Whether a JSON schema is one: the keywords that decide what an argument looks like."""

from __future__ import annotations

from lesson_model.api.fields import is_kind

__all__ = ("find_flaw",)

TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
ONE = ("items", "not")  # keywords that hold a schema,
NAMED = ("properties", "$defs", "definitions")  # schemas by name,
LISTED = ("anyOf", "oneOf", "allOf", "prefixItems")  # a list of schemas,
PLAIN = {  # or a value
    "$ref": "a string",
    "description": "a string",
    "enum": "an array",
    "format": "a string",
    "pattern": "a string",
    "required": "an array",
    "title": "a string",
}


def find_flaw(schema: object) -> str | None:
    """Return what is wrong with a schema, in words, or None."""
    if not isinstance(schema, dict):
        return f"{schema!r} is not of type 'object'."
    types = schema.get("type", [])
    for name in types if isinstance(types, list) else [types]:
        if name not in TYPES:
            return f"{name!r} is not one of {list(TYPES)}."
    for name, kind in PLAIN.items():
        if name in schema and not is_kind(schema[name], kind):
            return f"{schema[name]!r} ({name}) is not {kind}."
    if not all(isinstance(name, str) for name in schema.get("required", ())):
        return f"{schema['required']!r} (required) is not a list of names."
    inner = [schema[name] for name in ONE if name in schema]
    for names, kind in ((NAMED, "an object"), (LISTED, "an array")):
        for name in names:
            if name in schema and not is_kind(schema[name], kind):
                return f"{schema[name]!r} ({name}) is not {kind}."
            held = schema.get(name, ())
            inner += held.values() if isinstance(held, dict) else held
    return next((found for found in map(find_flaw, inner) if found), None)
