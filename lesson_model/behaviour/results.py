"""Putting tool results into words: success, error and rejection sound different."""

from __future__ import annotations

import re

from lesson_model.behaviour.turn import Result

__all__ = ("report_results", "went_well")

REFUSED = r"(?:rejected|denied|declined|refused|not approved|did not approve)\b"
REJECTED = re.compile(
    rf"\W*{REFUSED}|.*\b(?:user|human|operator|reviewer|manager|call|action|request)\b.{{0,24}}"
    rf"\b{REFUSED}|.*\b{REFUSED} by\b",
    re.I | re.S,
)
FAILED = re.compile(
    r"\W*(?:\w*error|\w*exception|traceback|failed|could not|cannot)\b"
    r"|.*(?:error|exception):|.*\btimed out\b",
    re.I | re.S,
)


def _rejected(result: Result) -> bool:
    return bool(REJECTED.match(result.content[:400]))


def _failed(result: Result) -> bool:
    return bool(FAILED.match(result.content[:400]))


def went_well(result: Result) -> bool:
    """Whether the result is neither a rejection nor an error."""
    return not (_rejected(result) or _failed(result))


def report_results(results: list[Result]) -> str:
    """Return an answer that uses every result."""
    return "\n".join(_sentence(result, alone=len(results) == 1) for result in results)


def _sentence(result: Result, alone: bool) -> str:
    if _rejected(result):
        return f"Understood: {result.name} was not carried out. ({result.content})"
    if _failed(result):
        return f"{result.name} did not work: {result.content}"
    if not result.content:
        return f"{result.name} is done; it returned nothing."
    return f"Here is what I found: {result.content}" if alone else result.content
