"""Logs for exercise 8.9: several runs, several processes, and lines that are no JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

__all__ = ("cases",)

Case = tuple[str, list[tuple[str, str, list[dict]]]]
THREAD = "31cfb184a373d861"


def _line(second: float, event: str, run: str, thread: str = THREAD, **facts: object) -> dict:
    time = f"2026-11-28T09:05:{second:06.3f}Z"
    return {"time": time, "level": "info", "event": event, "thread": thread, "run": run, **facts}


def _run(start: float, run: str, thread: str = THREAD, reference: str | None = None) -> list[dict]:
    """Return the lines of a run; with a reference, it failed."""
    lines = [_line(start, "run_started", run, thread)]
    if reference:
        failed = {"level": "error", "reference": reference, "error": "OpenAITimeoutError"}
        lines.append(_line(start + 1.5, "run_failed", run, thread) | failed)
    outcome = "failed" if reference else "complete"
    return [*lines, _line(start + 2, "run_ended", run, thread, outcome=outcome)]


def _text(*lines: dict | str) -> str:
    return "\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines) + "\n"


def cases() -> Iterator[Case]:
    """Yield what a part is called, and its logs, each with a reference and the lines to find."""
    lost = _run(9, "aa01", reference="22b59a56")
    before, after = _run(3, "aa00"), _run(14, "aa02")
    request = {"time": "2026-11-28T09:05:20.000Z", "event": "request", "path": "/health"}
    longer = _run(21, "aa011")  # an id that begins like the one of the run
    log = _text(*before, *lost, request, *after, *longer)
    yield "another run of the same thread", [(log, "22b59a56", lost)]
    other = _run(9.7, "bb01", "77aa", reference="90fe12ab")
    mixed = _text(*(x for pair in zip(lost, other, strict=True) for x in pair))
    both = [(mixed, "22b59a56", lost), (mixed, "90fe12ab", other)]
    yield "two runs that fail at the same time", both
    late = _text(other[2], lost[2], *other[:2], lost[0], lost[1])
    # One process writes the same facts in another order, and the same line twice in a moment.
    parcel = dict(reversed(_line(10, "tool_called", "aa01").items()))
    both = [lost[0], parcel, parcel, *lost[1:]]
    several = _text(lost[2], lost[1], other[0], parcel, parcel, lost[0])
    yield (
        "lines of two processes, not in order",
        [(late, "22b59a56", lost), (several, "22b59a56", both)],
    )
    odd = ["INFO:     Started server process", "", "{broken", "42", "null", '["22b59a56"]']
    text = _text(*odd[:3], lost[0], *odd[3:], request, *lost[1:], "Killed")
    yield "lines that are no JSON object", [(text, "22b59a56", lost)]
    twice = [*lost[:2], _line(10.7, "tool_failed", "aa01", reference="22b59a56"), lost[2]]
    yield "a reference in two lines of its run", [(_text(*twice), "22b59a56", twice)]
    quote = _line(15, "run_started", "bb02", "77aa", note="22b59a56 is what she read to us")
    yield "a line that only quotes the reference", [(_text(*lost, quote), "22b59a56", lost)]
    down = {"time": "2026-11-28T09:05:10.600Z", "event": "database_down", "reference": "77ab01cd"}
    outside = _text(request, *lost[:2], down, lost[2], {**request, "event": "ready"})
    found = [(outside, "77ab01cd", []), (outside, "22b59a56", lost)]
    yield "a failure outside of any run", found
    unknown = [(log, reference, []) for reference in ("22b59a57", "22b5", "", "aa01")]
    yield "a reference that is not there", [*unknown, ("", "22b59a56", [])]
