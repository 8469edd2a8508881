"""`@exercise` turns an assertion function into a check a student can call.

The function is the whole check: its parameters are the student's answers. It returns if they are
right, and raises `AssertionError` with a sentence for the student if they are not. Each
`with part("...")` in it is judged by itself.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from course_layout import ROOT
from course_utils.private_apis import fresh_async_clients
from exercises.core import nbgrader
from exercises.core.attribution import TRIED, attribute
from exercises.core.functions import functions_of
from exercises.core.given_cells import find_changed_cell
from exercises.core.isolation import isolate, watch_output
from exercises.core.progress import record
from exercises.core.reference import run_reference
from exercises.core.result import Note, Part, Result
from exercises.core.stub import is_stub
from exercises.core.time_limit import TimeUp, run_async, run_limited

__all__ = ("Exercise", "exercise", "outcome", "part", "run_async", "trying", "watch_output")

Attribute = Callable[[BaseException], tuple[str, str]]
Verdict = tuple[str, str, tuple[Part, ...]]
"""Status, message and parts."""
_running: contextvars.ContextVar[tuple[list[Part], Attribute]] = contextvars.ContextVar("running")


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
def part(title: str, held_by: str | tuple[str, ...] = ()) -> Iterator[None]:
    """Judge the statements inside by themselves: if they fail, the rest of the check still runs.

    Args:
        title: What is judged.
        held_by: Each answer that took no thought and holds this part: a constant, or the lesson's
            broken code. If no other part holds than those of one such answer, nothing is right.
    """
    parts, attribute_error = _running.get()
    names = (held_by,) if isinstance(held_by, str) else held_by
    thoughtless = tuple(name for name in names if name)
    parts.append(Part(title, "timed_out", "this took too long."))
    try:
        yield
    except (TimeUp, KeyboardInterrupt):
        raise
    except BaseException as error:  # `sys.exit()` in an answer, too
        parts[-1] = Part(title, *attribute_error(error), thoughtless)
        if Exercise.stops_at_first_fault:
            raise _FaultFoundError from None
    else:
        parts[-1] = Part(title, "passed", held_by=thoughtless)


class _FaultFoundError(BaseException):
    """Ends a check at its first fault."""


@contextlib.contextmanager
def trying(what: str) -> Iterator[None]:
    """Let an error raised inside be reported with what was tried, such as the question."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"{TRIED}{what}")
        raise


def outcome(
    call: Callable[[], Any],
    caught: type[BaseException] | tuple[type[BaseException], ...] = Exception,
) -> tuple[Any, BaseException | None]:
    """Return what `call` returns and None, or None and what it raises."""
    try:
        return call(), None
    except caught as error:
        return None, error


class Exercise:
    """A check, its hints and its reference answer.

    Attributes:
        test: The assertion function.
        hints: Sentences, from vague to telling.
        given: Names the lesson defines and the exercise relies on.
        seconds: How long an answer may take.
        answers: Names of the answers, as the check cell passes them.
        topic: The lesson's name without its number.
        root: The folder `solutions/` and the progress file stand in.
        stops_at_first_fault: Whether all checks of this process end with the first part that does
            not hold, for who wants to know only whether an answer is refused.
    """

    stops_at_first_fault = False

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
        status, message, parts = self._judge(answers, _caller_globals())
        name = f"{self.topic}.{self.name}"
        result = Result(name, status, message, parts, record(self.root, name, status))
        return nbgrader.score(result) if nbgrader.is_grading() else result

    def or_reference(self, *answers: Any) -> Any:
        """Return the answer, or the reference answer in place of a stub."""
        if any(map(is_stub, answers)):
            with isolate():
                solved = run_reference(self.root, self.topic, self.name, _caller_globals())
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

    def _judge(self, answers: tuple[Any, ...], caller: dict[str, Any]) -> Verdict:
        """Judge the answers of a cell whose global variables are `caller`."""
        if sentence := self._find_missing(answers):
            return "not_attempted", sentence, ()
        attribute_error = functools.partial(attribute, answers=answers, check=self.test.__code__)
        try:
            if sentence := self._find_changed_setup(answers, caller):
                return "setup_changed", sentence, ()
        except Exception as error:  # such as an exercise that names a cell the lesson does not have
            return *attribute_error(error), ()
        return self._run_test(answers, attribute_error)

    def _find_missing(self, answers: tuple[Any, ...]) -> str:
        """Return a sentence if an answer is missing or still a stub, else ""."""
        if len(answers) != len(self.answers):
            return f"Call the check as `check.{self.name}({', '.join(self.answers)})`."
        pairs = zip(self.answers, answers, strict=True)
        names = [f"`{name}`" for name, answer in pairs if is_stub(answer)]
        if not names:
            return ""
        return f"Write {' and '.join(names)} in the cell above, run it, then run this cell again."

    def _find_changed_setup(self, answers: tuple[Any, ...], caller: dict[str, Any]) -> str:
        """Return a sentence if the endpoint or a given cell is not the lesson's, else ""."""
        spaces = [caller, *(f.__globals__ for answer in answers for f in functions_of(answer))]
        notebook = next((space for space in spaces if "In" in space), {})
        return _find_real_endpoint() or find_changed_cell(
            self.root, self.topic, self.given, notebook
        )

    def _run_test(self, answers: tuple[Any, ...], attribute_error: Attribute) -> Verdict:
        """Run the assertion function on the answers, isolated and within the time limit."""
        parts: list[Part] = []

        def run() -> None:
            _running.set((parts, attribute_error))
            with fresh_async_clients():
                self.test(*answers)

        try:
            with isolate():
                run_limited(run, self.seconds)
        except TimeUp:
            where = f" in “{parts[-1].title}”" if parts and parts[-1].status == "timed_out" else ""
            text = f"Your answer was still running{where} after {self.seconds:g} s."
            cure = "Look for a loop or a wait that never ends."
            return "timed_out", f"{text} {cure}", tuple(parts)
        except KeyboardInterrupt:
            raise
        except _FaultFoundError:
            pass
        except BaseException as error:
            parts.append(Part("", *attribute_error(error)))
        return _sum_up(parts)


def _caller_globals() -> dict[str, Any]:
    """Return the global variables of the cell that called a method of an exercise."""
    # A frame, not an argument: `check.ex1(answer)` shall be all that a student has to write.
    return inspect.currentframe().f_back.f_back.f_globals


def _find_real_endpoint() -> str:
    """Return a sentence if the reader's models talk to an endpoint of their choice, else ""."""
    model = getattr(sys.modules.get("lesson_model"), "running", lambda: None)()
    if model is None or model.local:
        return ""
    return (
        f"You chose the endpoint {model.url}; exercises are checked with the lesson model only. "
        "Unset OPENAI_BASE_URL and OPENAI_API_BASE, start the course again, then run this notebook."
    )


# What differs between two sentences about the same fault: what is quoted, lists, numbers, and words
# with a number such as K-31.
_DETAILS = re.compile(
    r"'[^'\n]*'|\"[^\"\n]*\"|“[^”\n]*”|\{[^{}\n]*\}|\[[^\[\]\n]*\]|[\w.-]*\d[\w.+-]*"
)
ALIKE = "the same as in"
"""How the sentence of a part begins that repeats another one."""
MAX_ALIKE = 2  # sentences that differ in details alone; a third one teaches nothing new


def _shorten(parts: list[Part]) -> list[Part]:
    """Keep one instance of a sentence that many parts repeat, and count the others."""
    alike: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, each in enumerate(parts):
        if each.title and each.status in ("failed", "raised"):
            bones = re.sub(r"_(\W+_)+", "_", _DETAILS.sub("_", each.message))
            alike[each.status, bones].append(number)
    shortened = list(parts)
    for first, *others in alike.values():
        if 1 + len(others) <= MAX_ALIKE:
            continue
        more = f"{parts[first].message} (And {len(others)} more parts like this one.)"
        shortened[first] = replace(parts[first], message=more)
        for number in others:
            said = f"{ALIKE} “{parts[first].title}”."
            shortened[number] = replace(parts[number], message=said)
    return shortened


def _sum_up(parts: list[Part]) -> Verdict:
    """Make one status and one message of the parts'."""
    parts = _shorten(parts)
    wrong = [p for p in parts if p.status != "passed"]
    titled = tuple(p for p in parts if p.title)
    if not wrong:
        return "passed", "", titled
    if broken := [p for p in wrong if p.status == "check_broken"]:
        return "check_broken", broken[0].message, titled
    told = [p.message for p in wrong if not p.message.startswith(ALIKE)]
    message = "\n".join(dict.fromkeys(told))
    held = [set(p.held_by) for p in parts if p.status == "passed"]
    if held and (names := set.intersection(*held)):
        return "failed", f"What holds here holds for {min(names)}, too.\n{message}", titled
    if held:
        return "partial", f"{len(parts) - len(wrong)} of {len(parts)}.\n{message}", tuple(parts)
    status = "raised" if all(p.status == "raised" for p in wrong) else "failed"
    return status, message, titled
