"""`@exercise` turns an assertion function into a check a student can call.

The function is the whole check: its parameters are the student's answers, and it returns if they
are right. It raises `AssertionError` with a sentence for the student if not. `with part("...")`
makes several things of it, each judged for itself.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

from course_layout import ROOT
from course_utils.time_limit import TimeUp, run_async, run_limited
from exercises.core.attribution import explain
from exercises.core.given_cells import changed
from exercises.core.isolation import Seen, quiet, watch_output
from exercises.core.progress import record
from exercises.core.reference import reference
from exercises.core.result import Note, Part, Result
from exercises.core.stub import functions_of, is_stub

__all__ = ("Exercise", "Seen", "exercise", "part", "run_async", "watch_output")

Explain = Callable[[BaseException], tuple[str, str]]
_running: contextvars.ContextVar[tuple[list[Part], Explain] | None] = contextvars.ContextVar(
    "running", default=None
)


def exercise(
    *, hints: tuple[str, ...], given: tuple[str, ...] = (), seconds: float = 20
) -> Callable[[Callable[..., None]], Exercise]:
    """Make a check out of an assertion function.

    Args:
        hints: Three sentences, from vague to telling.
        given: Names the lesson defines and the exercise relies on.
        seconds: How long an answer may take.
    """
    return lambda test: Exercise(test, hints, given, seconds)


@contextlib.contextmanager
def part(title: str) -> Iterator[None]:
    """Judge what stands inside for itself: if it fails, the rest of the check still runs."""
    running = _running.get()
    if running is None:
        yield
        return
    parts, explained = running
    parts.append(Part(title, "timed_out", "this took too long."))
    try:
        yield
    except (TimeUp, KeyboardInterrupt):
        raise
    except BaseException as error:  # `sys.exit()` in an answer, too
        parts[-1] = Part(title, *explained(error))
    else:
        parts[-1] = Part(title, "passed")


class Exercise:
    """A check, its hints and its reference answer."""

    def __init__(
        self,
        test: Callable[..., None],
        hints: tuple[str, ...],
        given: tuple[str, ...],
        seconds: float,
    ) -> None:
        functools.update_wrapper(self, test)
        self.test, self.hints, self.given, self.seconds = test, hints, given, seconds
        self.answers = tuple(inspect.signature(test).parameters)
        self.name = test.__name__
        self.topic = test.__module__.removeprefix("exercises.")
        self.root = ROOT

    def __call__(self, *answers: Any) -> Any:
        """Judge the answers; record and return the result."""
        status, message, parts = self._judge(answers, sys._getframe(1).f_globals)
        name = f"{self.topic}.{self.name}"
        result = Result(name, status, message, parts, record(self.root, name, status))
        if os.environ.get("NBGRADER_EXECUTION") in ("autograde", "validate"):
            return _graded(result)
        return result

    def or_reference(self, *answers: Any) -> Any:
        """Return the answer, or the reference in place of one that was not attempted."""
        if any(map(is_stub, answers)):
            with quiet():
                solved = reference(self.root, self.topic, self.name, sys._getframe(1).f_globals)
            pairs = zip(self.answers, answers, strict=True)
            answers = tuple(solved[n] if is_stub(answer) else answer for n, answer in pairs)
        return answers[0] if len(answers) == 1 else answers

    def hint(self, n: int = 1) -> Note:
        """Show hint `n`, counting from 1."""
        count = len(self.hints)
        if n not in range(1, count + 1):
            return Note(f"There are {count} hints: `.hint(1)` to `.hint({count})`.")
        more = f"For another one: `.hint({n + 1})`." if n < count else "This was the last one."
        return Note(f"Hint {n} of {count}: {self.hints[n - 1]}\n{more}")

    def _judge(
        self, answers: tuple[Any, ...], caller: dict[str, Any]
    ) -> tuple[str, str, tuple[Part, ...]]:
        call = f"check.{self.name}({', '.join(self.answers)})"
        if len(answers) != len(self.answers):
            return "not_attempted", f"Call the check as `{call}`.", ()
        missing = [n for n, a in zip(self.answers, answers, strict=True) if is_stub(a)]
        if missing:
            names = " and ".join(f"`{name}`" for name in missing)
            return (
                "not_attempted",
                f"Write {names} in the cell above, run it, then run this cell again.",
                (),
            )
        parts: list[Part] = []
        explained = functools.partial(explain, answers=answers, check=self.test.__code__)

        def judge() -> None:
            _running.set((parts, explained))
            _forget_async_clients()
            try:
                if inspect.iscoroutinefunction(self.test):
                    run_async(self.test, *answers)
                else:
                    self.test(*answers)
            finally:
                _forget_async_clients()

        spaces = [caller, *(f.__globals__ for answer in answers for f in functions_of(answer))]
        notebook = next((space for space in spaces if "In" in space), {})
        try:
            if fact := _elsewhere() or changed(self.root, self.topic, self.given, notebook):
                return "setup_changed", fact, ()
            with quiet():
                run_limited(judge, self.seconds)
        except TimeUp:
            where = f" in “{parts[-1].title}”" if parts and parts[-1].status == "timed_out" else ""
            text = f"Your answer was still running{where} after {self.seconds:g} s."
            cure = "Look for a loop or a wait that never ends."
            return "timed_out", f"{text} {cure}", tuple(parts)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            parts.append(Part("", *explained(error)))
        return _sum_up(parts)


def _elsewhere() -> str:
    """Return a sentence if the reader's models talk to an endpoint of their choice."""
    model = getattr(sys.modules.get("lesson_model"), "running", lambda: None)()
    if model is None or model.local:
        return ""
    return (
        f"You chose the endpoint {model.url}; exercises are checked with the lesson model only. "
        "Unset OPENAI_BASE_URL and OPENAI_API_BASE, start the course again, then run this notebook."
    )


def _forget_async_clients() -> None:
    """Let the next ChatOpenAI make an async HTTP client of its own.

    LangChain keeps one for all of them, bound to the event loop that used it first; a check runs
    async answers in another loop than the notebook's, where that client fails.
    """
    if clients := sys.modules.get("langchain_openai.chat_models._client_utils"):
        clients._cached_async_httpx_client.cache_clear()


def _sum_up(parts: list[Part]) -> tuple[str, str, tuple[Part, ...]]:
    """Make one status and one message of the parts'."""
    wrong = [p for p in parts if p.status != "passed"]
    titled = tuple(p for p in parts if p.title)
    if not wrong:
        return "passed", "", titled
    if broken := [p for p in wrong if p.status == "check_broken"]:
        return "check_broken", broken[0].message, titled
    message = "\n".join(dict.fromkeys(p.message for p in wrong))
    if len(wrong) < len(parts):
        return "partial", f"{len(parts) - len(wrong)} of {len(parts)}.\n{message}", tuple(parts)
    status = "raised" if all(p.status == "raised" for p in wrong) else "failed"
    return status, message, titled


def _graded(result: Result) -> float | None:
    """Answer as nbgrader wants it: nothing, a share of the points, or an error."""
    if result.status not in ("passed", "partial"):
        raise AssertionError(repr(result))
    display = getattr(sys.modules.get("IPython.display"), "display", print)
    display(result)
    if result.status == "passed":
        return None
    return round(sum(p.status == "passed" for p in result.parts) / len(result.parts), 2)
