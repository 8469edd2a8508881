"""JSON schemas: references followed, the type one asks for, and whether a value fits."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from fractions import Fraction
from uuid import UUID

__all__ = ("MAX_DEPTH", "as_kind", "fits", "kind_of", "resolve", "target_of")

MAX_DEPTH = 16  # levels of a schema that refers to itself
TYPES: dict[str, Callable[[object], bool]] = {
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: is_number(value) and value == int(value),
    "null": lambda value: value is None,
    "number": lambda value: is_number(value),
    "object": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
}
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
URI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s\"<>]+", re.I)
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
TIME = re.compile(r"\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)?")
DURATION = re.compile(
    r"P(?!$)(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?)"
)
BYTE = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
IPV4 = re.compile(rf"{BYTE}(?:\.{BYTE}){{3}}")
HOSTNAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")


def target_of(reference: str, root: dict) -> dict:
    """Return the schema a `$ref` points to, {} where it points nowhere."""
    target: object = root
    for step in reference.lstrip("#/").split("/") if reference.strip("#/") else ():
        step = step.replace("~1", "/").replace("~0", "~")
        target = target.get(step, {}) if isinstance(target, dict) else {}
    return target if isinstance(target, dict) else {}


def resolve(schema: dict, root: dict, depth: int = 0) -> dict:
    """Return a schema with its reference followed and its 'or null' put aside."""
    if depth > MAX_DEPTH or not isinstance(schema, dict):
        return {}
    if "$ref" in schema:
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return resolve({**target_of(schema["$ref"], root), **rest}, root, depth + 1)
    for key in ("anyOf", "oneOf", "allOf"):
        options = [o for o in schema.get(key) or () if o is not False and not is_null(o)]
        if options:
            rest = {k: v for k, v in schema.items() if k != key}
            merged = {**resolve(options[0], root, depth + 1), **rest}
            return {**merged, "nullable": True} if len(options) < len(schema[key]) else merged
    if isinstance(schema.get("type"), list):
        kinds = [t for t in schema["type"] if t != "null"]
        nullable = len(kinds) < len(schema["type"])
        return {**schema, "type": (kinds or ["null"])[0], "nullable": nullable}
    return schema


def is_null(schema: object) -> bool:
    """Whether a schema allows null and nothing else."""
    return isinstance(schema, dict) and schema.get("type") == "null"


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


def is_number(value: object) -> bool:
    """Whether a value is a finite number; True and False are not."""
    return type(value) is int or (type(value) is float and value - value == 0)


def fits(
    value: object, schema: dict | bool, root: dict, depth: int = 0, followed: tuple[str, ...] = ()
) -> bool:
    """Return whether a value is valid against a JSON schema, formats included.

    Not looked at: if/then/else, contains, dependent... and unevaluated...

    Args:
        value: The value, as JSON has it.
        schema: The schema; True allows everything, False nothing.
        root: The schema that references start from.
        depth: Levels so far; beyond MAX_DEPTH everything fits.
        followed: References followed for this value; one that leads back to itself says nothing.
    """
    if isinstance(schema, bool) or depth > MAX_DEPTH:
        return bool(schema) or depth > MAX_DEPTH

    def valid(inner: dict | bool) -> bool:
        return fits(value, inner, root, depth + 1, followed)

    def part_is_valid(inner: dict | bool, part: object) -> bool:
        return fits(part, inner, root, depth + 1)

    types = schema.get("type", [])
    types = types if isinstance(types, list) else [types]
    nullable = value is None and schema.get("nullable") is True
    if types and not nullable and not any(TYPES[name](value) for name in types if name in TYPES):
        return False
    if "$ref" in schema and schema["$ref"] not in followed:
        followed = (*followed, schema["$ref"])
        if not valid(target_of(schema["$ref"], root)):
            return False
    if "enum" in schema and not any(is_same(value, option) for option in schema["enum"]):
        return False
    if "const" in schema and not is_same(value, schema["const"]):
        return False
    if not all(map(valid, schema.get("allOf") or ())):
        return False
    if schema.get("anyOf") and not any(map(valid, schema["anyOf"])):
        return False
    if schema.get("oneOf") and sum(map(valid, schema["oneOf"])) != 1:
        return False
    if "not" in schema and valid(schema["not"]):
        return False
    if isinstance(value, str):
        return fits_text(value, schema)
    if isinstance(value, list):
        return fits_array(value, schema, part_is_valid)
    if isinstance(value, dict):
        return fits_object(value, schema, part_is_valid)
    return not is_number(value) or fits_number(value, schema)


def is_same(one: object, other: object) -> bool:
    """Whether two JSON values are equal; True is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def fits_number(value: float, schema: dict) -> bool:
    """Whether a number keeps its bounds; multiples are counted in decimals."""
    step = schema.get("multipleOf")
    return (
        value >= schema.get("minimum", value)
        and value <= schema.get("maximum", value)
        and (not is_number(low := schema.get("exclusiveMinimum")) or value > low)
        and (not is_number(high := schema.get("exclusiveMaximum")) or value < high)
        and (not step or not Fraction(str(value)) % Fraction(str(step)))
    )


def fits_text(value: str, schema: dict) -> bool:
    """Whether a text keeps its length, its pattern and its format."""
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        return False
    if "pattern" in schema:
        try:
            if not re.search(schema["pattern"], value):
                return False
        except re.error:
            pass  # a pattern of another dialect says nothing here
    return fits_format(value, schema.get("format", ""))


def fits_format(value: str, name: str) -> bool:
    """Whether a text has a format; an unknown format takes every text."""
    patterns = {
        "date-time": DATE_TIME, "date": re.compile(r"\d{4}-\d\d-\d\d"), "time": TIME,
        "duration": DURATION, "email": EMAIL, "uri": URI, "ipv4": IPV4, "hostname": HOSTNAME,
    }  # fmt: skip
    if name in patterns and not patterns[name].fullmatch(value):
        return False
    readers = {
        "date-time": datetime.datetime.fromisoformat,
        "date": datetime.date.fromisoformat,
        "time": datetime.time.fromisoformat,
        "uuid": UUID,
    }
    try:
        readers.get(name, str)(value.upper() if name in ("date-time", "time") else value)
    except ValueError:
        return False
    return True


def fits_array(value: list, schema: dict, valid: Callable) -> bool:
    """Whether a list has its length and its items."""
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        return False
    if schema.get("uniqueItems") and any(
        is_same(one, other) for i, one in enumerate(value) for other in value[:i]
    ):
        return False
    first = schema.get("prefixItems") or []
    rest = schema.get("items", True)
    return all(valid(first[i] if i < len(first) else rest, one) for i, one in enumerate(value))


def fits_object(value: dict, schema: dict, valid: Callable) -> bool:
    """Whether an object has its members."""
    if not set(schema.get("required") or ()) <= value.keys():
        return False
    size = len(value)
    if not schema.get("minProperties", 0) <= size <= schema.get("maxProperties", size):
        return False
    own, patterns = schema.get("properties") or {}, schema.get("patternProperties") or {}
    for name, member in value.items():
        schemas = [own[name]] if name in own else []
        schemas += [inner for pattern, inner in patterns.items() if re.search(pattern, name)]
        schemas = schemas or [schema.get("additionalProperties", True)]
        if not all(valid(inner, member) for inner in schemas):
            return False
        if not valid(schema.get("propertyNames", True), name):
            return False
    return True
