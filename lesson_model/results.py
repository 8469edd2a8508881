"""Putting tool results into words: success, error and rejection sound different."""

from __future__ import annotations

import re

from lesson_model.turn import Result

__all__ = ("is_error", "is_rejection", "report", "went_well")

REJECTED = re.compile(
    r"^\W*(?:rejected|denied|declined|refused|not approved|cancell?ed by)\b"
    r"|\b(?:user|human|operator|reviewer|manager|approver|admin|supervisor|you)\b.{0,24}"
    r"\b(?:rejected|denied|declined|refused|disapproved|did not approve|cancell?ed)\b"
    r"|\b(?:call|action|request|approval)\b.{0,24}\b(?:rejected|denied|declined|refused)\b"
    r"|\bnot approved\b|\b(?:rejected|denied|declined) by\b",
    re.I,
)
FAILED = re.compile(
    r"^\W*(?:\w*error|\w*exception|traceback|failed|failure|could not|cannot|unable to)\b"
    r"|\b\w*(?:error|exception):|\btimed? ?out\b",
    re.I,
)


def is_rejection(result: Result) -> bool:
    """Whether somebody refused to have this call carried out."""
    return bool(REJECTED.search(result.content[:400]))


def is_error(result: Result) -> bool:
    """Whether the tool failed."""
    return bool(FAILED.search(result.content[:400]))


def went_well(result: Result) -> bool:
    """Whether the result is neither a rejection nor an error."""
    return not (is_rejection(result) or is_error(result))


def report(results: list[Result]) -> str:
    """Return an answer that uses every result."""
    return "\n".join(_sentence(result, alone=len(results) == 1) for result in results)


def _sentence(result: Result, alone: bool) -> str:
    if is_rejection(result):
        return f"Understood: {result.name} was not carried out. ({result.content})"
    if is_error(result):
        return f"{result.name} did not work: {result.content}"
    if not result.content:
        return f"{result.name} is done; it returned nothing."
    return f"Here is what I found: {result.content}" if alone else result.content
