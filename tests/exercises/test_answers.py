"""Every check accepts what is right and refuses what is wrong; the bank of answers proves it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from course_layout import ROOT
from tests.exercises.answer_bank import Answer, Bank, Lesson, read_answers
from tests.exercises.mutants import mutants, normal_form
from tools.build.lesson import read_lesson, solved_version, student_version, tags

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs to fork; run it on Linux")

ANSWERS = Path(__file__).parent / "answers"
Case = tuple[Lesson, str, Answer]


def read_lessons() -> Iterator[Lesson]:
    """Yield every lesson of the course."""
    for path in sorted((ROOT / "lessons").glob("[0-9]*_*.py")):
        source = read_lesson(path)
        versions = [
            [
                (cell.source, frozenset(tags(cell)))
                for cell in version(source).cells
                if cell.cell_type == "code"
            ]
            for version in (solved_version, student_version)
        ]
        yield Lesson(path.stem.partition("_")[2], *versions)


LESSONS = list(read_lessons())


@lru_cache
def cases() -> list[Case]:
    """Return all that has to be tried: stubs, references, the bank, mutants of the references."""
    return [case for lesson in LESSONS for name in lesson.exercises()
            for case in cases_of(lesson, name, ANSWERS)]  # fmt: skip


def cases_of(lesson: Lesson, exercise: str, folder: Path) -> Iterator[Case]:
    """Yield what has to be tried on one exercise."""
    reference = lesson.cell(exercise, "exercise")
    stub = lesson.cell(exercise, "exercise", student=True)
    yield lesson, exercise, Answer("not_attempted", (), "stub", stub)
    yield lesson, exercise, Answer("passed", (), "reference", reference)
    bank = read_answers(folder / f"{lesson.topic}_{exercise}.py")
    for answer in bank:
        yield lesson, exercise, answer
    right = {normal_form(answer.source) for answer in bank if answer.status == "passed"}
    for why, source in mutants(reference):
        if normal_form(source) not in right:
            yield lesson, exercise, Answer("refused", (), f"mutant, {why}", source)


def case_id(case: Case) -> str:
    """Return topic, exercise and answer."""
    lesson, exercise, answer = case
    return f"{lesson.topic}-{exercise}-{answer.why}"


@pytest.fixture(scope="session")
def bank(request: pytest.FixtureRequest) -> Iterator[Bank]:
    """Run the selected answers in the background, several at a time: they mostly wait."""
    runner = Bank()
    for item in request.session.items:  # with `--dist=loadfile` all of them come to this worker
        if item.originalname == "test_answer":
            lesson, exercise, answer = item.callspec.params["case"]
            runner.submit(lesson, exercise, answer)
    yield runner
    runner.close()


def judge(runner: Bank, case: Case) -> str:
    """Return what is wrong with how a check judged an answer, "" if nothing is."""
    lesson, exercise, answer = case
    outcome = runner.submit(lesson, exercise, answer).result()
    if answer.status != "refused":
        parts = answer.parts if answer.parts or answer.status == "partial" else None
        return outcome.complaint(answer.status, parts)
    if outcome.status in ("passed", "check_broken", "crashed"):
        return (
            f"{outcome.status}: {outcome.message}\n{answer.source}\nTighten the check, or list "
            "this among the `passed` answers of the bank if it is another right answer."
        )
    return outcome.complaint(outcome.status)


@pytest.mark.parametrize("case", cases(), ids=case_id)
def test_answer(bank: Bank, case: Case) -> None:
    """The check says of an answer what it has to say."""
    assert not (complaint := judge(bank, case)), complaint


def missing(lesson: Lesson, exercise: str, folder: Path) -> str:
    """Return what the bank lacks for an exercise, "" if nothing."""
    path = folder / f"{lesson.topic}_{exercise}.py"
    answers = read_answers(path)
    right = [normal_form(a.source) for a in answers if a.status == "passed"]
    other = set(right) - {normal_form(lesson.cell(exercise, "exercise"))}
    wrong = [a for a in answers if a.status not in ("passed", "not_attempted")]
    if len(other) < 2 or len(wrong) < 4:
        return (
            f"{path} has {len(other)} other right and {len(wrong)} wrong answers; "
            "write at least 2 and 4."
        )
    return ""


EXERCISES = [(lesson, name) for lesson in LESSONS for name in lesson.exercises()]


@pytest.mark.parametrize(
    ("lesson", "exercise"), EXERCISES, ids=[f"{lesson.topic}-{name}" for lesson, name in EXERCISES]
)
def test_bank_is_complete(lesson: Lesson, exercise: str) -> None:
    """Every exercise has enough answers, and three hints."""
    assert not (lack := missing(lesson, exercise, ANSWERS)), lack
    check = getattr(importlib.import_module(f"exercises.{lesson.topic}"), exercise)
    hints = {repr(check.hint(n)) for n in (1, 2, 3)}
    assert len(check.hints) == 3 and len(hints) == 3


def test_every_bank_file_belongs_to_an_exercise() -> None:
    """No file of the bank is left over from an exercise that was renamed."""
    known = {f"{lesson.topic}_{name}" for lesson, name in EXERCISES}
    assert {path.stem for path in ANSWERS.glob("*.py")} <= known
