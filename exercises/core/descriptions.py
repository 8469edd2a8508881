"""Describe values in the sentences of checks."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Mapping
from typing import Any

from lesson_model.api.tokens import tokenize

__all__ = ("assert_sorted", "assert_words", "contrast", "kind", "short", "with_article")

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


def _is_told_again(text: str, expected: str) -> bool:
    """Return whether a text begins with its first word, then with that and the next, and so on."""
    beginnings = {expected[:length] for length in range(3, 12)}
    return any(text.startswith(b * 2) and text.count(b) > expected.count(b) + 2 for b in beginnings)


def _without_repeats(text: str) -> tuple[str, str]:
    """Return a text whose tokens come once each, and one where none follows its like."""
    pieces = tokenize(text)
    in_a_row = (piece for piece, _ in itertools.groupby(pieces))
    return "".join(dict.fromkeys(pieces)), "".join(in_a_row)


def assert_words(text: str, expected: str, what: str) -> None:
    """Compare the words that were shown with those expected, and name the likely cause.

    Raises:
        AssertionError: They differ by more than white space at the ends.
    """
    likely = ""
    if "Message" in text or re.match(r"\s*[\[({][\])}\[({'\"]", text):
        likely = " These are Python objects, not words: a token's words are in `.text`."
    elif text.count(expected) > 1:
        likely = " The answer is there more than once."
    elif text.replace("\n", "").strip() == expected:
        likely = " There are line breaks between the pieces: print with `end=''`."
    elif html.unescape(text).strip() == expected:
        likely = " Characters such as & were replaced: show the words as they are."
    elif " ".join(text.split()) == expected:
        likely = " There are extra spaces between the pieces: the tokens bring their own."
    elif _is_told_again(text.lstrip(), expected):
        likely = " Each piece repeats what came before it: pass on the new words only."
    elif text.strip() in _without_repeats(expected):
        likely = " A piece like an earlier one is missing: the same word may come again."
    elif expected in text:
        others = [part.strip() for part in text.split(expected, 1) if part.strip()]
        likely = f" Something else was shown as well: {' and '.join(map(short, others))}."
    elif text and expected.startswith(text.strip()):
        likely = " The end is missing."
    shown, wanted = contrast(text.strip(), expected)
    assert text.strip() == expected, f"{what} `{shown}`; expected `{wanted}`.{likely}"
