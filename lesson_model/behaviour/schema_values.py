"""Values that are valid against a JSON schema: the same schema gets the same value.

Generated for: type, enum, const, format, pattern, lengths, bounds, multipleOf, items, prefixItems,
uniqueItems, properties, required, additionalProperties, patternProperties, $ref, anyOf, oneOf,
allOf and null: what OpenAI's strict mode allows, and a little more. `not`, if/then/else, contains
and dependent... are not generated for; nor are patterns that `pattern_text` does not understand:
then a plain text stands there, which may be invalid.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction

from lesson_model.behaviour.pattern_text import text_matching
from lesson_model.behaviour.schema import MAX_DEPTH, fits, is_number, target_of

__all__ = ("valid_value",)

MAX_ALTERNATIVES = 32  # ways to read one schema that are tried
MAX_TRIES = 200  # to find one more item that is new, or a multiple that computers agree on
MAX_OPTIONAL_DEPTH = 6  # levels down to which optional members are given
MAX_NESTING = 3  # of a schema in itself, where it leaves no other way
MISSING = object()  # nothing was found in the user's words; None is a value
REFS = "x-refs"  # in a flat schema: the references that led to it

EXAMPLES = {  # format -> how an example is written; {n} is 1, 2, 3 ...
    "date-time": "2026-01-{n:02d}T09:00:00Z",
    "date": "2026-01-{n:02d}",
    "time": "{n:02d}:00:00Z",
    "duration": "P{n}D",
    "email": "person{n}@example.com",
    "idn-email": "person{n}@example.com",
    "uri": "https://example.com/{n}",
    "iri": "https://example.com/{n}",
    "uri-reference": "https://example.com/{n}",
    "url": "https://example.com/{n}",
    "uuid": "00000000-0000-4000-8000-{n:012d}",
    "ipv4": "192.0.2.{n}",
    "ipv6": "2001:db8::{n:x}",
    "hostname": "host{n}.example.com",
    "json-pointer": "/{n}",
    "regex": "a{n}",
}
TIGHTER: dict[str, Callable] = {  # keywords of which the tighter one holds when schemas are merged
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}
IMPLIED = {  # a keyword -> the type that a schema without one means
    **dict.fromkeys(("properties", "required", "additionalProperties", "minProperties"), "object"),
    **dict.fromkeys(("items", "prefixItems", "minItems", "uniqueItems"), "array"),
    **dict.fromkeys(("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"), "number"),
    "multipleOf": "number",
}


def valid_value(
    schema: dict | bool,
    root: dict | None = None,
    *,
    found: object = MISSING,
    text_for: Callable[[str], str] = lambda name: f"{name or 'text'} for the lesson model",
    choose: Callable[[list], object] = lambda options: options[0],
    words: str = "",
) -> object:
    """Return a value that is valid against a schema.

    Args:
        schema: The JSON schema.
        root: The schema that references start from; the schema itself by default.
        found: What is known of the value. Parts that do not fit are dropped, parts that are
            missing are added.
        text_for: Writes a text for a member of this name where the schema asks for no more.
        choose: Chooses one of the options of an enum.
        words: Where texts of a format or pattern are looked for before one is made up.
    """
    maker = _Maker(schema if root is None and isinstance(schema, dict) else root or {})
    maker.text_for, maker.choose, maker.words = text_for, choose, words
    return maker.value(schema, "", found)


class _Maker:
    """Makes the values of one schema."""

    text_for: Callable[[str], str]
    choose: Callable[[list], object]
    words: str

    def __init__(self, root: dict) -> None:
        self.root = root
        self.open: list[str] = ["#"]  # references that lead to where we are

    def value(
        self, schema: dict | bool, name: str, found: object = MISSING, nth: int = 0, depth: int = 0
    ) -> object:
        """Return a value; `nth` 0, 1, 2, ... gives different ones, `depth` counts the levels."""
        # An object is always completed: optional members are given too.
        known = found is not MISSING and not isinstance(found, dict)
        if known and fits(found, schema, self.root):
            return found
        options = self.alternatives(schema)
        nulls = [o for o in options if o.get("type") == "null"]
        if nulls and (not isinstance(found, dict | list) or depth > MAX_DEPTH):
            return None
        if depth > MAX_DEPTH or min(map(self.nesting, options), default=0) > MAX_NESTING:
            return {}
        made = [{}]
        for option in sorted(options, key=self.goes_deeper):
            candidate = self.make(option, name, found, nth, depth)
            if fits(candidate, schema, self.root):
                return candidate
            made.append(candidate)
        return made[-1]

    def alternatives(self, schema: dict | bool, followed: tuple[str, ...] = ()) -> list[dict]:
        """Return the flat schemas, without references and combinations, that a schema allows."""
        if schema is False:
            return []
        schema = {} if schema is True else schema
        combined = ("$ref", "allOf", "anyOf", "oneOf")
        flats = [{key: value for key, value in schema.items() if key not in combined}]
        if schema.get("nullable") is True:  # as `resolve` writes it
            flats.append({"type": "null"})
        if isinstance(types := schema.get("type"), list):
            flats = [{**flats[0], "type": kind} for kind in types]
        groups = [[part] for part in schema.get("allOf") or ()]
        groups += [schema[key] for key in ("anyOf", "oneOf") if schema.get(key)]
        inner = [
            [flat for part in group for flat in self.alternatives(part, followed)]
            for group in groups
        ]
        if reference := schema.get("$ref"):
            if reference in followed:  # it leads back to itself
                return []
            target = target_of(reference, self.root)
            targets = self.alternatives(target, (*followed, reference))
            inner.append([{**t, REFS: (*t.get(REFS, ()), reference)} for t in targets])
        for options in inner:
            merged = (_merge(flat, option) for flat in flats for option in options)
            flats = [flat for flat in merged if flat is not None][:MAX_ALTERNATIVES]
        return flats

    def nesting(self, schema: dict) -> int:
        """Return how often a flat schema is open already, around the value to make."""
        return max((self.open.count(ref) for ref in schema.get(REFS, ())), default=0)

    def goes_deeper(self, schema: dict) -> bool:
        """Whether a flat schema repeats one that is open, with members or items of its own."""
        return self.nesting(schema) > 0 and bool(schema.keys() & {"properties", "items"})

    def make(self, schema: dict, name: str, found: object, nth: int, depth: int) -> object:
        """Return a value for a flat schema, valid as far as we can."""
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            options = [o for o in schema["enum"] if fits(o, schema, self.root)] or schema["enum"]
            if not options:
                return None
            first = self.choose(options)
            return ([first, *(o for o in options if o != first)])[nth % len(options)]
        kind = schema.get("type") or next((IMPLIED[k] for k in schema if k in IMPLIED), "string")
        if kind in ("integer", "number"):
            return _number(schema, kind == "integer", nth)
        if kind == "array":
            return self.array(schema, name, found if isinstance(found, list) else [], depth)
        if kind == "object":
            return self.object(schema, found if isinstance(found, dict) else {}, nth, depth)
        if kind == "boolean":
            return bool(nth % 2)
        return None if kind == "null" else self.text(schema, name, nth)

    def object(self, schema: dict, found: dict, nth: int, depth: int) -> dict:
        """Return an object with its members: found, default, or made."""
        own, required = schema.get("properties") or {}, schema.get("required") or ()
        outer, self.open = self.open, [*self.open, *schema.get(REFS, ())]
        out: dict = {}
        for name, member in own.items():
            given = found.get(name, MISSING)
            if name not in required:
                options = self.alternatives(member)
                repeats = any(map(self.nesting, options))
                default = next((o["default"] for o in options if "default" in o), MISSING)
                if given is MISSING and default is not MISSING:
                    if default is not None and fits(default, member, self.root):
                        out[name] = default
                    continue
                if given is MISSING and (repeats or not options or depth > MAX_OPTIONAL_DEPTH):
                    continue
            out[name] = self.value(member, name, given, nth, depth + 1)
        for name in found:
            if name not in own and fits(found[name], self.schema_of(schema, name), self.root):
                out[name] = found[name]
        for name in required:
            if name not in out:
                out[name] = self.value(self.schema_of(schema, name), name, MISSING, nth, depth + 1)
        self.resize(schema, out, depth)
        self.open = outer
        return out

    def schema_of(self, schema: dict, name: str) -> dict | bool:
        """Return the schema of a member that is not listed among the properties."""
        for pattern, member in (schema.get("patternProperties") or {}).items():
            if re.search(pattern, name):
                return member
        return schema.get("additionalProperties", True)

    def resize(self, schema: dict, out: dict, depth: int) -> None:
        """Add members of our own naming, or drop optional ones, until the number is right."""
        patterns = [{"pattern": pattern} for pattern in schema.get("patternProperties") or ()]
        naming: dict = {}
        for part in (*self.alternatives(schema.get("propertyNames", True))[:1], *patterns[:1]):
            naming |= part
        for nth in range(MAX_TRIES):
            if len(out) >= schema.get("minProperties", 0):
                break
            name = self.text(naming, "", nth) if naming else f"name_{nth + 1}"
            if name in out:  # a pattern may allow no other of this length
                name = self.text({"minLength": nth, **naming}, "", nth)
            if name not in out:
                out[name] = self.value(self.schema_of(schema, name), name, MISSING, nth, depth + 1)
        most, required = schema.get("maxProperties", len(out)), schema.get("required") or ()
        for name in [name for name in reversed(out) if name not in required]:
            if len(out) > most:
                del out[name]

    def array(self, schema: dict, name: str, found: list, depth: int) -> list:
        """Return a list: the found items that fit, and as many more as are needed."""
        first, rest = schema.get("prefixItems") or [], schema.get("items", True)
        least, most = schema.get("minItems", 0), schema.get("maxItems", math.inf)
        objects = [o for o in self.alternatives(rest) if o.get("properties")]
        if objects and not found and not self.nesting(objects[0]):
            least = max(least, 1 if depth <= MAX_OPTIONAL_DEPTH else 0)
        out: list = []
        unique = schema.get("uniqueItems", False)
        for item in found:
            if len(out) < len(first):
                item = self.value(first[len(out)], name, item, len(out), depth + 1)
            elif isinstance(item, dict):
                item = self.value(rest, name, item, len(out), depth + 1)
            elif not fits(item, rest, self.root):
                continue
            if len(out) < most and not (unique and item in out):
                out.append(item)
        tries = 0
        while len(out) < min(max(least, len(first)), most) and tries < MAX_TRIES + least:
            inner = first[len(out)] if len(out) < len(first) else rest
            item = self.value(inner, name, MISSING, tries, depth + 1)
            if not (unique and item in out):
                out.append(item)
            tries += 1
        return out

    def text(self, schema: dict, name: str, nth: int) -> str:
        """Return a text with the format, pattern and length that are asked for."""
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        candidates = []
        if "format" in schema or "pattern" in schema:
            words = (word.strip("\"'“”`()[]<>,;!?") for word in self.words.split())
            candidates += [part for word in words for part in (word.rstrip(".:"), word) if part]
            candidates = [c for c in dict.fromkeys(candidates) if c.isascii()] if nth == 0 else []
        if schema.get("format") in EXAMPLES:
            candidates.append(EXAMPLES[schema["format"]].format(n=nth % 20 + 1))
        if "pattern" in schema:
            try:
                candidates.append(text_matching(schema["pattern"], least, most, nth))
            except ValueError:
                pass  # not understood: the plain text has to do
        plain = _resized(self.text_for(name), least, most, f" {nth + 1}" if nth else "")
        return next((c for c in candidates if fits(c, schema, self.root)), plain)


def _merge(one: dict, other: dict) -> dict | None:
    """Return the flat schema that allows what both allow, or None where nothing is left."""
    out = {**other, **one}
    for key in (key for key in one if key in other):
        mine, theirs = one[key], other[key]
        if key in TIGHTER:
            out[key] = TIGHTER[key](mine, theirs)
        elif key == "type" and mine != theirs:
            if {mine, theirs} != {"integer", "number"}:
                return None
            out[key] = "integer"
        elif key == "properties":
            both = mine.keys() & theirs.keys()
            out[key] = {**theirs, **mine, **{k: {"allOf": [mine[k], theirs[k]]} for k in both}}
        elif key in ("required", REFS):
            out[key] = [*mine, *(name for name in theirs if name not in mine)]
        elif key in ("items", "additionalProperties") and mine != theirs:
            out[key] = {"allOf": [mine, theirs]}
        elif key == "enum":
            out[key] = [option for option in mine if option in theirs]
    return out


def _number(schema: dict, whole: bool, nth: int) -> int | float:
    """Return a number within its bounds: the lowest that is named, else 1."""
    low = _bound(schema, ("minimum", "exclusiveMinimum"), max)
    high = _bound(schema, ("maximum", "exclusiveMaximum"), min)
    step = Fraction(str(schema.get("multipleOf") or (1 if whole else 0)))
    if whole:
        step = Fraction(step.numerator)  # the multiples that are whole
    if not step:
        return _between(schema, low, high, nth)
    if low is not None:
        count = math.ceil(low / step)
    elif high is not None and high < max(step, 1):
        count = math.floor(high / step)
    else:
        count = math.ceil(1 / step)
    direction = -1 if low is None and high is not None else 1
    for tried in range(MAX_TRIES):
        number = (count + direction * (nth + tried)) * step
        value = int(number) if whole else float(number)
        divides = not schema.get("multipleOf") or not (value / schema["multipleOf"]) % 1
        if divides and fits(value, schema, {}):
            return value
    return int(count * step) if whole else float(count * step)


def _bound(schema: dict, names: tuple[str, ...], tighter: Callable) -> Fraction | None:
    """Return the bound on one side, exclusive or not; None where there is none."""
    bounds = [Fraction(str(schema[name])) for name in names if is_number(schema.get(name))]
    return tighter(bounds, default=None)


def _between(schema: dict, low: Fraction | None, high: Fraction | None, nth: int) -> float:
    """Return a number that need not be a multiple of anything."""
    if low is not None and high is not None:
        step = (high - low) / (nth + 2)
        candidates = [low + step * nth, low + step * (nth + 1), low]
    elif low is not None:
        candidates = [low + nth, low + nth + 1]
    elif high is not None:
        start = min(Fraction(1), high)
        candidates = [start - nth, start - nth - 1]
    else:
        candidates = [Fraction(1 + nth)]
    return next((f for f in map(float, candidates) if fits(f, schema, {})), float(candidates[0]))


def _resized(text: str, least: int, most: int | None, ending: str) -> str:
    """Return a text of the right length, with an ending that tells it from the others."""
    if most is not None and len(text) + len(ending) > most:
        text = text[: max(most - len(ending), 0)]
        if not text:
            ending = ending[-most:] if most else ""
    while text and len(text) + len(ending) < least:
        text = f"{text} {text}"[: least - len(ending)]
    return (text or "x" * (least - len(ending))) + ending
