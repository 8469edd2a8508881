"""Filling a JSON schema from the user's words: only what is really there."""

from __future__ import annotations

import ast
import re

from lesson_model.choose_tool import is_free_text
from lesson_model.find_text import find_text, name_parts, names_in
from lesson_model.patterns import CODE, EMAIL
from lesson_model.schema import kind_of, resolve
from lesson_model.words import focus, grow, stem, words

__all__ = ("NUMBER", "fill")

DEEPEST_FILLED = 4  # levels of a schema that refers to itself
NUMBER = re.compile(r"(?<![\w.,-])[-+]?\d[\d,]*(?:\.\d+)?(?![\w-]|\.\d)")
COUNTED = re.compile(rf"{EMAIL.pattern}|{CODE.pattern}|\b\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}:\d\d\b")
SPELT = "zero one two three four five six seven eight nine ten eleven twelve".split()
SPELT_OUT = re.compile(rf"\b(?:{'|'.join(SPELT)})\b", re.I)
MONEY = re.compile(
    r"[$€£]\s?(\d[\d,]*(?:\.\d+)?)|(?<![\w-])(\d[\d,]*(?:\.\d+)?)\s*"
    r"(?:[$€£]|dollars?|euros?|pounds?|bucks|[A-Z]{3}\b)"
)
AMOUNTS = {"amount", "price", "total", "cost", "budget"}
OFF = re.compile(r"\b(?:off|not|no|without|don't|never|disabled?)\b", re.I)


class _Filler:
    """Fills one schema from one passage, each word used once."""

    def __init__(
        self, text: str, root: dict, strict: bool, own: tuple[str, ...], depth: int
    ) -> None:
        self.text, self.root, self.strict, self.own, self.depth = text, root, strict, own, depth
        self.taken: set[str] = set()
        spelt = SPELT_OUT.sub(lambda m: str(SPELT.index(m.group().lower())), text)
        self.digits = COUNTED.sub(" ", spelt)
        self.used: set[int] = set()

    def members(self, schema: dict) -> dict:
        """Return the members of an object that the passage gives."""
        if self.depth >= DEEPEST_FILLED:
            return {}
        self.depth += 1
        required = schema.get("required") or []
        flat = {n: resolve(p, self.root) for n, p in (schema.get("properties") or {}).items()}
        self.free = any(is_free_text(n) for n, p in flat.items() if kind_of(p) == "string")
        found = {}
        # Numbers with a unit or a name of their own are spoken for before the rest is dealt out.
        for name, prop in flat.items():
            if kind_of(prop) in ("integer", "number"):
                found[name] = self._own_number(name, kind_of(prop))
        for name, prop in sorted(flat.items(), key=lambda item: "enum" not in item[1]):
            if found.get(name) is None and kind_of(prop) not in ("integer", "number"):
                found[name] = self._value(name, prop, name in required)
        for name, prop in flat.items():
            if found.get(name) is None and name in required:
                found[name] = self._next_number(kind_of(prop))
        self.depth -= 1
        return {name: found[name] for name in flat if found.get(name) is not None}

    def _value(self, name: str, schema: dict, required: bool) -> object:
        kind = kind_of(schema)
        if "const" in schema:
            return schema["const"]
        if kind == "enum":
            found = self._option(schema["enum"], required)
        elif kind == "boolean":
            return self._truth(name)
        elif kind == "array":
            return self._items(name, resolve(schema.get("items") or {}, self.root))
        elif kind == "object":
            return self.members(schema) or None
        elif kind == "string":
            strict = self.strict or (not required and name != "reason")
            quotes = is_free_text(name) or not self.free
            found = find_text(
                name, self.text, self.taken, strict=strict, quotes=quotes, own=self.own
            )
        else:
            return None
        if found is not None:
            self.taken.add(str(found))
        return found

    def _numbers(self) -> list[re.Match]:
        return [
            m
            for m in NUMBER.finditer(self.digits)
            if m.start() not in self.used and m.group() not in self.taken
        ]

    def _take(self, match: re.Match, group: int, kind: str) -> int | float:
        self.used.add(match.start(group))
        value = float(match.group(group).replace(",", ""))
        return int(value) if kind == "integer" else value

    def _own_number(self, name: str, kind: str) -> int | float | None:
        """Return the number named for this parameter: 'limit 5', '3 nights', '$20', 'order 7'."""
        parts = name_parts(name)
        if "id" in parts and (code := find_text(name, self.text, self.taken)):
            self.taken.add(code)
            return int("".join(filter(str.isdigit, code)) or 0)
        if AMOUNTS & set(parts) and (found := MONEY.search(self.digits)):
            return self._take(found, found.lastindex, kind)
        for part in parts:
            one = re.escape(part.removesuffix("s"))
            sign = r"\s*(?:is|of|=|:)?\s*" if len(one) > 2 else r"\s*=\s*"
            pattern = rf"\b{one}s?\b{sign}(\d[\d,]*(?:\.\d+)?)(?!\w)"
            if len(one) > 2:
                pattern += rf"|(?<![\w.])(\d[\d,]*(?:\.\d+)?)[\s-]*{one}s?\b"
            for found in re.finditer(pattern, self.digits, re.I):
                if found.start(found.lastindex) not in self.used:
                    return self._take(found, found.lastindex, kind)
        return None

    def _next_number(self, kind: str) -> int | float | None:
        left = self._numbers() if kind in ("integer", "number") else []
        return self._take(left[0], 0, kind) if left else None

    def _option(self, options: list, required: bool) -> object:
        low = self.text.lower().replace("_", " ")
        for option in sorted(options, key=lambda o: -len(str(o))):
            if re.search(rf"(?<!\w){re.escape(str(option).lower().replace('_', ' '))}(?!\w)", low):
                return option
        if self.strict or not required:
            return None
        said = words(self.text)
        scores = [(len(grow(words(str(o))) & said), -i) for i, o in enumerate(options)]
        best, index = max(scores, default=(0, 0))
        return options[-index] if best else None

    def _truth(self, name: str) -> bool | None:
        stems = {stem(p) for p in name_parts(name) if p not in ("is", "has", "with", "include")}
        said = {stem(w.removesuffix("ly")) for w in re.findall(r"\w+", self.text)}
        if stems <= {"on", "enabl", "activ"}:
            stems, said = {"on"}, said | ({"on"} if "off" in said else set())
        return not OFF.search(self.text) if stems and stems <= said else None

    def _items(self, name: str, item: dict) -> list | None:
        kind = kind_of(item)
        if kind in ("integer", "number"):
            values = [float(m.group().replace(",", "")) for m in self._numbers()]
            return [int(v) if v.is_integer() else v for v in values] or None
        if kind == "enum":
            return [o for o in item["enum"] if str(o).lower() in self.text.lower()] or None
        if kind == "object":
            pieces = re.split(r"\s*(?:,|;|\band\b)\s*", self.text)
            fillers = (_Filler(p, self.root, self.strict, (), self.depth) for p in pieces if p)
            needed = set(item.get("required") or ())
            made = [filler.members(item) for filler in fillers]
            return [m for m in made if m and needed <= m.keys()] or None
        listed = re.search(
            rf"\b(?:{re.escape(name)}:|with) ([^.\n]+?)(?=\s+(?:on|at|about|for)\b|[.?!]|$)",
            self.text,
        )
        if listed:
            return [x.strip() for x in re.split(r",|\band\b", listed.group(1)) if x.strip()]
        return [n for n in names_in(self.text) if n not in self.taken] or None


def _literal(name: str, properties: list[str], text: str) -> dict | None:
    """Return the arguments of a call spelt out in the words: magic_function(3), add(a=1, b=2)."""
    found = re.search(rf"(?<!\w){re.escape(name)}\(([^()\n]{{1,400}})\)", text) if name else None
    try:
        call = ast.parse(f"f({found.group(1)})", mode="eval").body
        values = dict(zip(properties, map(ast.literal_eval, call.args), strict=False))
        return values | {k.arg: ast.literal_eval(k.value) for k in call.keywords if k.arg}
    except (SyntaxError, ValueError, AttributeError):
        return None


def fill(schema: dict, text: str, name: str = "", strict: bool = False) -> dict:
    """Return the arguments the user's words give; what they do not give is left out.

    Args:
        schema: The JSON schema of the arguments.
        text: The user's words.
        name: The tool's name, for a call spelt out as ``name(1, b=2)``.
        strict: Accept only what is clearly of the right kind.
    """
    literal = _literal(name, list(schema.get("properties") or {}), text)
    if literal is not None:
        return literal
    return _Filler(focus(text), schema, strict, tuple(name_parts(name)), 0).members(schema)
