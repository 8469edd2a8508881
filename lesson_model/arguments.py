"""Filling a JSON schema from the user's words: only what is really there."""

from __future__ import annotations

import ast
import re

from lesson_model.choose_tool import is_free_text
from lesson_model.find_text import find_text, name_parts, names_in
from lesson_model.patterns import NOT_NUMBERS
from lesson_model.schema import kind_of, resolve
from lesson_model.words import focus, grow, stem, words

__all__ = ("NUMBER", "fill")

NUMBER = re.compile(
    r"(?<![\w.,-])[-+]?\d[\d,]*(?:\.\d+)?(?![\w-])|(?<![\w.,-])[-+]?\d[\d,]*(?:\.\d+)?(?=%|st\b"
    r"|nd\b|rd\b|th\b)"
)
SPELT = {
    w: str(i)
    for i, w in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
}
SPELT_OUT = re.compile(rf"\b(?:{'|'.join(SPELT)})\b", re.I)
MONEY = re.compile(
    r"[$€£]\s?(\d[\d,]*(?:\.\d+)?)"
    r"|(?<![\w-])(\d[\d,]*(?:\.\d+)?)\s*(?:[$€£]|dollars?|euros?|pounds?|bucks|[A-Z]{3}\b)",
)
ORDER = {"enum": 0, "integer": 2, "number": 2}  # what is dealt out first, last
DEEPEST_FILLED = 4  # levels of a schema that refers to itself
ON, OFF = (
    re.compile(r"\bon\b|\benabled?\b|\bactivate\b", re.I),
    re.compile(r"\boff\b|\bdisabled?\b", re.I),
)


class _Filler:
    """Fills one schema from one passage, each word used once."""

    def __init__(self, text: str, root: dict, strict: bool, own: tuple[str, ...] = ()) -> None:
        self.own, self.depth = own, 0
        self.text, self.root, self.strict = text, root, strict
        self.taken: set[str] = set()
        spelt = SPELT_OUT.sub(lambda m: SPELT[m.group().lower()], text)
        self.digits = NOT_NUMBERS.sub(" ", spelt)
        self.used: set[int] = set()
        self.quotes = True

    def members(self, schema: dict) -> dict:
        """Return the members of an object that the passage gives."""
        self.depth += 1
        if self.depth > DEEPEST_FILLED:
            self.depth -= 1
            return {}
        properties = schema.get("properties") or {}
        required = schema.get("required") or []
        flat = {name: resolve(p, self.root) for name, p in properties.items()}
        texts = [name for name, prop in flat.items() if kind_of(prop) == "string"]
        self.quotes = not any(map(is_free_text, texts))
        found = {}
        # Numbers with a unit or a name of their own are spoken for before the rest is dealt out.
        for name, prop in flat.items():
            if kind_of(prop) in ("integer", "number"):
                found[name] = self._own_number(name, prop)
        rest = sorted(flat, key=lambda name: ORDER.get(kind_of(flat[name]), 1))
        for name in rest:
            if found.get(name) is None:
                found[name] = self._value(name, flat[name], name in required)
        self.depth -= 1
        return {name: found[name] for name in flat if found[name] is not None}

    def _value(self, name: str, schema: dict, required: bool) -> object:
        if "const" in schema:
            return schema["const"]
        kind = kind_of(schema)
        if kind == "enum":
            option = self._option(schema["enum"], required)
            self.taken.add(str(option))
            return option
        if kind in ("integer", "number"):
            return self._next_number(kind) if required else None
        if kind == "boolean":
            return self._truth(name)
        if kind == "array":
            return self._items(name, resolve(schema.get("items") or {}, self.root))
        if kind == "object":
            return self.members(schema) or None
        if kind == "null":
            return None
        strict = self.strict or (not required and name_parts(name)[0] != "reason")
        quotes = self.quotes or is_free_text(name)
        found = find_text(name, self.text, self.taken, strict, quotes, self.own)
        if found is not None:
            self.taken.add(found)
        return found

    def _numbers(self) -> list[re.Match]:
        return [
            m
            for m in NUMBER.finditer(self.digits)
            if m.start() not in self.used and m.group() not in self.taken
        ]

    def _take(self, match: re.Match, group: int, kind: str) -> int | float:
        self.used.add(match.start(group))
        value = match.group(group).replace(",", "")
        return int(float(value)) if kind == "integer" else float(value)

    def _own_number(self, name: str, schema: dict) -> int | float | None:
        """Return the number named for this parameter: 'limit 5', '3 nights', '$20'."""
        kind, parts = kind_of(schema), name_parts(name)
        if {"id", "number"} & set(parts):
            code = find_text(name, self.text, self.taken)
            found = re.search(r"\d+", code or "")
            if found:
                self.taken.add(code)
                self.used.update(
                    m.start() for m in NUMBER.finditer(self.digits) if m.group() == code
                )
                return int(found.group())
        if {"amount", "price", "total", "cost", "budget", "sum", "value"} & set(parts):
            if found := MONEY.search(self.digits):
                return self._take(found, found.lastindex, kind)
        for part in (p for p in parts if len(p) > 2 or len(parts) == 1):
            one = re.escape(part.removesuffix("s"))
            for pattern in (
                rf"(?<![\w.])(\d[\d,]*(?:\.\d+)?)[\s-]*{one}s?\b",
                rf"\b{one}s?\b\s*(?:is|of|=|:)?\s*(\d[\d,]*(?:\.\d+)?)(?!\w)",
            ):
                found = re.search(pattern, self.digits, re.I)
                if (
                    found
                    and found.start(1) not in self.used
                    and (len(one) > 2 or "=" in found.group())
                ):
                    return self._take(found, 1, kind)
        if {"people", "guests", "persons", "seats"} & set(parts):
            if found := re.search(r"\bfor\s+(\d+)\b", self.digits):
                return self._take(found, 1, kind)
        if "age" in parts and (
            found := re.search(r"\b(\d{1,3})\s*(?:years? old|$|,|\.)", self.digits)
        ):
            return self._take(found, 1, kind)
        return None

    def _next_number(self, kind: str) -> int | float | None:
        left = self._numbers()
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
        parts = name_parts(name)
        if {"on", "enabled", "active", "state"} & set(parts):
            return False if OFF.search(self.text) else True if ON.search(self.text) else None
        stems = {stem(p) for p in parts if p not in ("is", "has", "with", "include", "use")}
        if not stems or not stems <= words(self.text) | {
            stem(w) for w in re.findall(r"\w+", self.text)
        }:
            adverbs = {stem(w.removesuffix("ly")) for w in re.findall(r"\w+ly\b", self.text)}
            if not stems or not stems <= adverbs:
                return None
        negated = rf"\b(?:not|no|without|don't|never)\b[^.,]*\b{re.escape(parts[-1])}"
        return not re.search(negated, self.text, re.I)

    def _piece(self, text: str) -> _Filler:
        piece = _Filler(text, self.root, self.strict)
        piece.depth = self.depth
        return piece

    def _items(self, name: str, item: dict) -> list | None:
        kind = kind_of(item)
        if kind in ("integer", "number"):
            values = [float(m.group().replace(",", "")) for m in self._numbers()]
            return [int(v) if v.is_integer() else v for v in values] or None
        if kind == "enum":
            low = self.text.lower()
            return [o for o in item["enum"] if str(o).lower() in low] or None
        if kind == "object":
            pieces = re.split(r"\s*(?:,|;|\band\b)\s*", self.text)
            made = [self._piece(p).members(item) for p in pieces if p]
            needed = set(item.get("required") or ())
            return [m for m in made if m and needed <= m.keys()] or None
        listed = re.search(rf"\b{re.escape(name)}\s*:\s*([^.\n]+)", self.text, re.I)
        if not listed:
            listed = re.search(
                r"\bwith\s+([^.\n]+?)(?=\s+(?:on|at|about|for)\b|[.?!]|$)", self.text
            )
        if listed:
            return [x.strip() for x in re.split(r",|\band\b", listed.group(1)) if x.strip()]
        if names := names_in(self.text):
            return names
        found = find_text(name.removesuffix("s"), self.text, self.taken, self.strict)
        return [found] if found else None


def _literal(name: str, properties: list[str], text: str) -> dict | None:
    """Return the arguments of a call spelt out in the words: magic_function(3), add(a=1, b=2)."""
    found = re.search(rf"(?<!\w){re.escape(name)}\(([^()\n]{{0,400}})\)", text) if name else None
    if not found or not found.group(1).strip():
        return None
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
    text = focus(text)
    arguments = _Filler(text, schema, strict, tuple(name_parts(name))).members(schema)
    if found := re.search(r"\bsubtract(?:ed)?\s+\S+\s+from\s+\S+", text, re.I):
        numeric = [k for k, v in arguments.items() if isinstance(v, (int, float))]
        if len(numeric) == 2 and found:
            first, second = numeric
            arguments[first], arguments[second] = arguments[second], arguments[first]
    return arguments
