"""A text that a regular expression matches, for the everyday part of the language.

Understood: literals, escapes (d, w, s and their opposites), classes with ranges, groups,
alternatives, anchors and quantifiers. Look-around is not: the text is written without it, and
returned if it happens to hold. Not understood: back-references and inline flags.
"""

from __future__ import annotations

import re
import string

__all__ = ("text_matching",)

MAX_REPEATS = 64  # added to every quantifier, to reach a length
MAX_TEXT = 5_000  # characters
DIGITS, LETTERS = string.digits, string.ascii_letters
CLASSES = {"d": DIGITS, "w": "abcdefghijklmnopqrstuvwxyz" + DIGITS + "_", "s": " "}
CONTROLS = {"n": "\n", "t": "\t", "r": "\r"}
ANY = LETTERS + DIGITS + " -_.:/@,;!?+*=#%&()[]{}<>'\"$^|~`\\"


class NotUnderstood(ValueError):
    """The pattern uses something that is not understood here."""


def text_matching(pattern: str, least: int = 0, most: int | None = None, variant: int = 0) -> str:
    """Return a text in which a regular expression is found.

    Args:
        pattern: The regular expression.
        least: The fewest characters.
        most: The most characters; None for no limit.
        variant: 0, 1, 2, ... return different texts where the pattern allows.

    Raises:
        ValueError: None was found, or the pattern is not understood.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise NotUnderstood(str(error)) from error
    for branch in range(4):
        for more in range(MAX_REPEATS + least + 1):
            text = _Sampler(pattern, branch, more, variant).sample()
            if len(text) < least and not pattern.endswith("$"):
                text += "a" * (least - len(text))
            if len(text) < least and not pattern.startswith("^"):
                text = "a" * (least - len(text)) + text
            if len(text) >= least and (most is None or len(text) <= most):
                if compiled.search(text):
                    return text
    raise NotUnderstood(f"No text of this length was found for {pattern!r}.")


class _Sampler:
    """Writes one text while it reads the pattern from left to right."""

    def __init__(self, pattern: str, branch: int, more: int, variant: int) -> None:
        self.pattern, self.branch, self.more, self.variant = pattern, branch, more, variant
        self.at = 0

    def sample(self) -> str:
        text = self._alternatives()
        if self.at < len(self.pattern):
            raise NotUnderstood(self.pattern)
        return text

    def _peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def _next(self) -> str:
        self.at += 1
        return self.pattern[self.at - 1 : self.at]

    def _alternatives(self) -> str:
        options = [self._sequence()]
        while self._peek() == "|":
            self._next()
            options.append(self._sequence())
        return options[min(self.branch, len(options) - 1)]

    def _sequence(self) -> str:
        text = ""
        while self._peek() not in ("", "|", ")"):
            start = self.at
            piece = self._atom()
            least, most = self._quantifier()
            count = least + self.more if most is None else min(most, least + self.more)
            end = self.at
            for number in range(count):
                if number:  # read the atom again: a class gives another character
                    self.at = start
                    piece = self._atom(number)
                text += piece
            self.at = end
            if len(text) > MAX_TEXT:
                raise NotUnderstood(f"A text for {self.pattern!r} is too long.")
        return text

    def _atom(self, number: int = 0) -> str:
        char = self._next()
        if char in "^$":
            return ""
        if char == "(":
            return self._group()
        if char == "[":
            return self._pick(self._class(), number)
        if char == ".":
            return self._pick(ANY, number)
        if char == "\\" and self._peek() in ("b", "B", "A", "Z"):
            self._next()  # a place, no character: whether it holds is seen at the end
            return ""
        if char == "\\":
            return self._pick(self._escape(), number)
        if char in "*+?{":
            raise NotUnderstood(self.pattern)
        return char

    def _pick(self, characters: str, number: int) -> str:
        if not characters:
            raise NotUnderstood(self.pattern)
        return characters[(number + self.variant) % len(characters)]

    def _group(self) -> str:
        """Return a text for a group; look-around adds none."""
        adds_text = True
        if self._peek() == "?":
            opening = re.compile(r"\?(?::|P?<\w+>|(<?[=!]))").match(self.pattern, self.at)
            if not opening:
                raise NotUnderstood(self.pattern)
            self.at = opening.end()
            adds_text = opening.group(1) is None
        text = self._alternatives()
        if self._next() != ")":
            raise NotUnderstood(self.pattern)
        return text if adds_text else ""

    def _escape(self) -> str:
        """Return the characters that an escape stands for."""
        char = self._next()
        if char.lower() in CLASSES:
            own = CLASSES[char.lower()]
            return own if char.islower() else "".join(c for c in ANY if c not in own + LETTERS)
        if char.isdigit() or char in "pPuxk":
            raise NotUnderstood(self.pattern)
        return CONTROLS.get(char, char)

    def _class(self) -> str:
        """Return the characters that a class in brackets allows."""
        negated = self._peek() == "^"
        if negated:
            self._next()
        found = ""
        first = True
        while (char := self._next()) != "]" or first:
            if not char:
                raise NotUnderstood(self.pattern)
            first = False
            chars = self._escape() if char == "\\" else char
            if len(chars) == 1 and self._peek() == "-" and self.pattern[self.at + 1] != "]":
                self._next()
                end = self._next()
                end = self._escape() if end == "\\" else end
                chars = "".join(map(chr, range(ord(chars), min(ord(end), ord(chars) + 99) + 1)))
            found += chars
        return "".join(c for c in ANY if c not in found) if negated else found

    def _quantifier(self) -> tuple[int, int | None]:
        """Return the fewest and the most repetitions that follow an atom."""
        bounds = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if self._peek() in bounds and self._peek():
            found = bounds[self._next()]
        elif match := re.compile(r"\{(\d*)(,?)(\d*)\}").match(self.pattern, self.at):
            self.at = match.end()
            least, comma, most = match.groups()
            low = int(least or 0)
            found = (low, (int(most) if most else None) if comma else low)
        else:
            return 1, 1
        if self._peek() in ("?", "+") and self._peek():
            self._next()  # lazy or possessive: the same texts
        return found
