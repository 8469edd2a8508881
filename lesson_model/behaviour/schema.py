"""Reading a JSON schema: references followed, 'or null' put aside, the type it asks for."""

from __future__ import annotations

__all__ = ("DEEPEST", "as_kind", "kind_of", "resolve")

DEEPEST = 16  # levels of a schema that refers to itself


def resolve(schema: dict, root: dict, depth: int = 0) -> dict:
    """Return a schema with its reference followed and its 'or null' put aside."""
    if depth > DEEPEST:
        return {}
    if "$ref" in schema:
        target = root
        for step in schema["$ref"].lstrip("#/").split("/"):
            target = target.get(step, {}) if isinstance(target, dict) else {}
        return resolve(
            {**target, **{k: v for k, v in schema.items() if k != "$ref"}}, root, depth + 1
        )
    for key in ("anyOf", "oneOf", "allOf"):
        if options := [s for s in schema.get(key) or () if s.get("type") != "null"]:
            rest = {k: v for k, v in schema.items() if k != key}
            merged = {**resolve(options[0], root, depth + 1), **rest}
            return {**merged, "nullable": True} if len(options) < len(schema[key]) else merged
    if isinstance(schema.get("type"), list):
        kinds = [t for t in schema["type"] if t != "null"]
        nullable = len(kinds) < len(schema["type"])
        return {**schema, "type": (kinds or ["null"])[0], "nullable": nullable}
    return schema


def kind_of(schema: dict) -> str:
    """Return the JSON type a resolved schema asks for."""
    if "enum" in schema:
        return "enum"
    return schema.get("type") or ("object" if "properties" in schema else "string")


def as_kind(value: str, schema: dict, root: dict) -> object:
    """Return a word as the type its schema asks for; the word itself where it does not fit."""
    kind = kind_of(resolve(schema, root))
    try:
        if kind == "integer":
            return int(float(value.replace(",", "")))
        if kind == "number":
            return float(value.replace(",", ""))
    except (ValueError, OverflowError):
        return value
    return value.lower() in ("true", "yes", "on", "1") if kind == "boolean" else value
