"""Words for values in the sentences of checks."""

from __future__ import annotations

from typing import Any

__all__ = ("assert_words", "kind", "short")


def short(value: Any) -> str:
    """Return a value's repr, its middle left out where it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]} ... {text[-15:]}"


def kind(value: Any) -> str:
    """Return a value's repr and the name of its class."""
    return f"{short(value)} (a {type(value).__name__})"


def assert_words(text: str, expected: str, what: str) -> None:
    """Compare what was shown with what should be, and name the likely cause.

    Raises:
        AssertionError: They differ by more than white space at the ends.
    """
    likely = ""
    if "Message" in text or text.lstrip().startswith(("{", "(", "[")):
        likely = " These are Python objects, not words: a token's words are in `.text`."
    elif text.count(expected) > 1:
        likely = " The answer is there more than once."
    elif text.replace("\n", "").strip() == expected:
        likely = " There are line breaks between the pieces: print with `end=''`."
    elif " ".join(text.split()) == expected:
        likely = " There are extra spaces between the pieces: the tokens bring their own."
    elif expected in text:
        likely = " Something else was shown as well. The result of a tool?"
    elif text and expected.startswith(text.strip()):
        likely = " The end is missing."
    seen, wanted = short(text), short(expected)
    assert text.strip() == expected, f"{what} `{seen}`; expected `{wanted}`.{likely}"
