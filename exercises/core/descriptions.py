"""Describe values in the sentences of checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ("assert_sorted", "contrast", "kind", "short", "with_article")

MAX_CHARACTERS = 80


def short(value: Any) -> str:
    """Return a value's repr, its middle left out where it is long."""
    text = repr(value)
    return text if len(text) <= MAX_CHARACTERS else f"{text[:60]} ... {text[-15:]}"


def contrast(one: Any, other: Any) -> tuple[str, str]:
    """Return the reprs of two values, long ones cut around the place where they first differ."""
    texts = repr(one), repr(other)
    if max(map(len, texts)) <= MAX_CHARACTERS or texts[0] == texts[1]:
        return short(one), short(other)
    pairs = enumerate(zip(*texts, strict=False))
    differ = next((at for at, (a, b) in pairs if a != b), min(map(len, texts)))
    start = max(0, differ - 30)
    start = start if start > 10 else 0  # not worth a cut
    end = start + MAX_CHARACTERS
    cut = [
        f"{'... ' if start else ''}{text[start:end]}{' ...' if end < len(text) else ''}"
        for text in texts
    ]
    return cut[0], cut[1]


def kind(value: Any) -> str:
    """Return a value's repr and the name of its class."""
    return f"{short(value)} ({with_article(type(value).__name__)})"


def with_article(name: str) -> str:
    """Return the name of a class with the article that is spoken before it: an int, a UUID."""
    letters = name.lstrip("_")
    if letters[:2].isupper():  # spelled out: an AIMessage, an HTTPError
        vowel = letters[0] in "AEFHILMNORSX"
    else:
        vowel = letters[:1].lower() in tuple("aeiou") and not letters.lower().startswith("us")
    return f"{'an' if vowel else 'a'} {name}"


def assert_sorted(answers: Mapping[Any, Any], name: str) -> None:
    """Refuse one and the same answer to every case: by chance it would be right for some.

    Args:
        answers: The answer to each case.
        name: What the student calls them.
    """
    given = {repr(each) for each in answers.values()}
    assert len(answers) < 2 or len(given) > 1 or given & {"Ellipsis", "None"}, (
        f"`{name}` says {short(next(iter(answers.values())))} to every case. That is a guess: ask "
        "of each case what is different there."
    )
