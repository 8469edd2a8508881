"""The type and range of a request's fields, and the 400s for what does not fit."""

from __future__ import annotations

import re
from collections.abc import Callable

from lesson_model.api.errors import ApiError, invalid, unrecognized

__all__ = (
    "ANYTHING",
    "check_fields",
    "check_tool_name",
    "expect",
    "expect_choice",
    "is_kind",
    "kinds_by_name",
    "require",
    "wrong_type",
)

KINDS = {
    "a string": str,
    "an object": dict,
    "an array": list,
    "a boolean": bool,
    "an integer": int,
    "a decimal": (int, float),
}
ANYTHING = "anything"
RANGES: dict[str, tuple[float, float | None]] = {
    "dimensions": (1, 3072),
    "frequency_penalty": (-2, 2),
    "max_completion_tokens": (1, None),
    "max_output_tokens": (16, None),
    "max_tokens": (1, None),
    "max_tool_calls": (1, None),
    "n": (1, 128),
    "presence_penalty": (-2, 2),
    "temperature": (0, 2),
    "top_logprobs": (0, 20),
    "top_p": (0, 1),
}
NAME = re.compile(r"[a-zA-Z0-9_-]+")


def is_kind(value: object, kind: str) -> bool:
    """Tell whether a value is of a kind; True and False are not numbers."""
    if isinstance(value, bool):
        return kind == "a boolean"
    return isinstance(value, KINDS[kind])


def wrong_type(where: str, kind: str, value: object) -> ApiError:
    """Return the 400 for a value of the wrong type."""
    got = "null" if value is None else next(kind for kind in KINDS if is_kind(value, kind))
    message = f"Invalid type for '{where}': expected {kind}, but got {got} instead."
    return invalid(message, where, "invalid_type")


def expect(value: object, kind: str, where: str) -> None:
    """Raise a 400 unless a value is of a kind."""
    if not is_kind(value, kind):
        raise wrong_type(where, kind, value)


def require(holder: dict, name: str, kind: str, where: str) -> object:
    """Return a field that must be there; `where` names it in the error."""
    if name not in holder:
        message = f"Missing required parameter: '{where}'."
        raise invalid(message, where, "missing_required_parameter")
    expect(holder[name], kind, where)
    return holder[name]


def expect_choice(value: object, choices: tuple[str, ...], where: str) -> None:
    """Raise a 400 unless a value is one of the choices."""
    if value not in choices:
        listed = ", ".join(f"'{name}'" for name in choices[:-1]) + f", and '{choices[-1]}'"
        message = f"Invalid value: '{value}'. Supported values are: {listed}."
        raise invalid(message, where, "invalid_value")


def kinds_by_name(names_of_kinds: dict[str, str]) -> dict[str, str]:
    """Return the kind of each field, from the names of each kind."""
    return {name: kind for kind, names in names_of_kinds.items() for name in names.split()}


def check_fields(
    body: dict, kinds: dict[str, str], unknown: Callable[[str], ApiError] = unrecognized
) -> None:
    """Check that all fields of a body are known, of their kind, and in range; null is not set."""
    for name, value in body.items():
        if name not in kinds:
            raise unknown(name)
        if value is not None and kinds[name] != ANYTHING:
            expect(value, kinds[name], name)
            if name in RANGES:
                check_range(value, name, kinds[name].partition(" ")[2])


def check_range(value: float, name: str, number: str) -> None:
    """Raise a 400 unless a number is in its range; what is not a number never is."""
    least, greatest = RANGES[name]
    if not value >= least:
        word, bound, code = "below minimum", f">= {least}", f"{number}_below_min_value"
    elif greatest is not None and value > greatest:
        word, bound, code = "above maximum", f"<= {greatest}", f"{number}_above_max_value"
    else:
        return
    message = f"Invalid '{name}': {number} {word} value. Expected a value {bound}, "
    raise invalid(message + f"but got {value} instead.", name, code)


def check_tool_name(name: object, where: str) -> None:
    """Raise a 400 unless a tool's name is one the API takes."""
    expect(name, "a string", where)
    if not NAME.fullmatch(name):
        message = (
            f"Invalid '{where}': string does not match pattern. Expected a string that matches "
            "the pattern '^[a-zA-Z0-9_-]+$'."
        )
        raise invalid(message, where, "invalid_value")
    if len(name) > 64:
        message = (
            f"Invalid '{where}': string too long. Expected a string with maximum length 64, but "
            f"got a string with length {len(name)} instead."
        )
        raise invalid(message, where, "string_above_max_length")
