"""Filling a JSON schema from the user's words: only what is really there."""

from __future__ import annotations

import re

from lesson_model.behaviour.english.find_text import find_names, find_text
from lesson_model.behaviour.english.words import focus, is_free_text, stem, stems_of, synonyms_of
from lesson_model.behaviour.schema import fits, kind_of, resolve

__all__ = ("NUMBER", "fill")

MAX_FILL_DEPTH = 4  # levels of a schema that refers to itself
DIGITS = r"\d[\d,]*(?:\.\d+)?"
NUMBER = re.compile(rf"(?<![\w.,:-])[-+]?{DIGITS}(?![\w:-]|\.\d)")
SPELT = "zero one two three four five six seven eight nine ten eleven twelve".split()
SPELT_OUT = re.compile(rf"\b(?:{'|'.join(SPELT)})\b", re.I)
NOT = re.compile(r"\b(?:off|not|no|without|don't|never|disabled?)\b", re.I)
COMMA = re.compile(r"\s*(?:,|;|\band\b)\s*")


def fill(schema: dict, text: str, name: str = "", strict: bool = False) -> dict:
    """Return the arguments the user's words give, without what does not fit its schema.

    Args:
        schema: The JSON schema of the arguments.
        text: The user's words.
        name: The tool's name, whose words are no values.
        strict: Accept only what is clearly of the right kind.
    """
    found = _Filler(focus(text), schema, strict, name.lower().split("_"), 0).members(schema)
    properties = schema.get("properties") or {}
    return {
        key: value
        for key, value in found.items()
        if isinstance(value, dict | list) or fits(value, properties[key], schema)
    }


class _Filler:
    """Fills one schema from one passage, each word used once."""

    def __init__(self, text: str, root: dict, strict: bool, own: list[str], depth: int) -> None:
        self.text, self.root, self.strict, self.own, self.depth = text, root, strict, own, depth
        self.digits = SPELT_OUT.sub(lambda m: str(SPELT.index(m.group().lower())), text)
        self.taken: set[str] = set()
        self.used: set[int] = set()

    def members(self, schema: dict) -> dict:
        """Return the members of an object that the passage gives."""
        if self.depth >= MAX_FILL_DEPTH:
            return {}
        self.depth += 1
        required = schema.get("required") or []
        flat = {n: resolve(p, self.root) for n, p in (schema.get("properties") or {}).items()}
        numbers = {n: kind_of(p) for n, p in flat.items() if kind_of(p) in ("integer", "number")}
        self.free = any(is_free_text(n) for n, p in flat.items() if kind_of(p) == "string")
        # Numbers beside a parameter's name or unit are assigned before the rest.
        found = {n: self._find_own_number(n, kind) for n, kind in numbers.items()}
        for name in sorted(
            flat.keys() - numbers, key=lambda n: ("enum" not in flat[n], [*flat].index(n))
        ):
            found[name] = self._value(name, flat[name], name in required)
            self.taken.add(str(found[name]))
        for name, kind in numbers.items():
            left = self._free_numbers() if name in required and found[name] is None else []
            found[name] = self._take(left[0], 0, kind) if left else found[name]
        self.depth -= 1
        return {name: found[name] for name in flat if found[name] is not None}

    def _value(self, name: str, schema: dict, required: bool) -> object:
        kind = kind_of(schema)
        if "const" in schema:
            return schema["const"]
        if kind == "enum":
            return self._find_option(schema["enum"], required)
        if kind == "boolean":
            return self._find_truth(name)
        if kind == "array":
            return self._find_items(resolve(schema.get("items") or {}, self.root))
        if kind == "object":
            return self.members(schema) or None
        if kind != "string":
            return None
        strict = self.strict or (not required and name != "reason")
        quotes = is_free_text(name) or not self.free
        return find_text(name, self.text, self.taken, strict=strict, quotes=quotes, own=self.own)

    def _free_numbers(self) -> list[re.Match]:
        found = NUMBER.finditer(self.digits)
        return [m for m in found if m.start() not in self.used and m.group() not in self.taken]

    def _take(self, match: re.Match, group: int, kind: str) -> int | float:
        self.used.add(match.start(group))
        value = float(match.group(group).replace(",", ""))
        return int(value) if kind == "integer" else value

    def _find_own_number(self, name: str, kind: str) -> int | float | None:
        """Return the number named for this parameter: 'limit 5', '3 nights', 'order 7', 'a=1'."""
        parts = name.lower().split("_")
        if "id" in parts and (code := find_text(name, self.text, self.taken)):
            self.taken.add(code)
            return int("".join(filter(str.isdigit, code)) or 0)
        for part in parts:
            one = re.escape(part.removesuffix("s"))
            sign = r"\s*(?:is|of|=|:)?\s*" if len(one) > 2 else r"\s*=\s*"
            counted = rf"|(?<![\w.])({DIGITS})[\s-]*{one}s?\b" if len(one) > 2 else ""
            pattern = rf"\b{one}s?\b{sign}({DIGITS})(?!\w){counted}"
            for found in re.finditer(pattern, self.digits, re.I):
                if found.start(found.lastindex) not in self.used:
                    return self._take(found, found.lastindex, kind)
        return None

    def _find_option(self, options: list, required: bool) -> object:
        low = self.text.lower().replace("_", " ")
        for option in sorted(options, key=lambda o: -len(str(o))):
            if re.search(rf"(?<!\w){re.escape(str(option).lower().replace('_', ' '))}(?!\w)", low):
                return option
        if self.strict or not required:
            return None
        said = stems_of(self.text)
        return next((o for o in options if synonyms_of(stems_of(str(o))) & said), None)

    def _find_truth(self, name: str) -> bool | None:
        stems = {
            stem(p) for p in name.lower().split("_") if p not in ("is", "has", "with", "include")
        }
        said = {stem(w.removesuffix("ly")) for w in re.findall(r"\w+", self.text)}
        if "off" in said:
            said.add("on")
        return not NOT.search(self.text) if stems and stems <= said else None

    def _find_items(self, item: dict) -> list | None:
        kind = kind_of(item)
        if kind in ("integer", "number"):
            values = [float(m.group().replace(",", "")) for m in self._free_numbers()]
            return [int(v) if v.is_integer() else v for v in values] or None
        if kind == "enum":
            return [o for o in item["enum"] if str(o).lower() in self.text.lower()] or None
        if kind == "object":
            pieces = (
                _Filler(p, self.root, self.strict, [], self.depth) for p in COMMA.split(self.text)
            )
            made, needed = [p.members(item) for p in pieces], set(item.get("required") or ())
            return [m for m in made if m and needed <= m.keys()] or None
        return [n for n in find_names(self.text) if n not in self.taken] or None
