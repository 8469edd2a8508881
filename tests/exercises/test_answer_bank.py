"""The guards of the answer bank raise when they should."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.exercises.answer_bank import Answer, Bank, Outcome, read_answers, run
from tests.exercises.fake_course import CHECKS, make_lesson
from tests.exercises.mutants import mutants, normal_form
from tests.exercises.test_answers import cases_of, judge, missing

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs to fork; run it on Linux")

RIGHT = "def add(x):\n    return x + base"
WRONG = "def add(x):\n    return 11"
LENIENT = CHECKS.replace("add(100) == 110", "add(100)").replace("add(1) == 11", "add(1)")
GRACE_SECONDS = 30


@pytest.fixture
def bank():
    """A runner that ends with the test."""
    runner = Bank()
    yield runner
    runner.close()


def complaint(lesson, source: str, status: str, parts: tuple[str, ...] | None = None) -> str:
    """Return what the bank complains about when `source` is expected to be `status`."""
    return run(lesson, "ex1", source, grace=GRACE_SECONDS).complaint(status, parts)


def test_expectations_that_hold(tmp_path: Path) -> None:
    """No complaint about a right answer called right, and a wrong one called wrong."""
    lesson = make_lesson(tmp_path)
    assert complaint(lesson, RIGHT, "passed") == ""
    assert complaint(lesson, WRONG, "partial", ("large",)) == ""
    assert complaint(lesson, lesson.cell("ex1", "exercise", student=True), "not_attempted") == ""
    assert complaint(lesson, "base = 12\n" + RIGHT, "setup_changed") == ""


@pytest.mark.parametrize(
    ("source", "status", "parts", "words"),
    [
        (WRONG, "passed", None, "expected passed, got partial"),
        (RIGHT, "failed", None, "expected failed, got passed"),
        (RIGHT, "not_attempted", None, "expected not_attempted, got passed"),
        (WRONG, "partial", ("small",), "to fail, got"),
        (WRONG, "partial", (), "to fail, got"),
        ("def add(x):\n    return y", "failed", None, "got raised"),
        ("1 / 0", "passed", None, "got crashed"),
        ("import os\ndef add(x):\n    os._exit(0)", "passed", None, "got crashed"),
    ],
)
def test_expectations_that_do_not_hold(
    tmp_path: Path, source: str, status: str, parts: tuple | None, words: str
) -> None:
    """A wrong answer accepted, a right one refused, another part, an answer that ends Python."""
    assert words in complaint(make_lesson(tmp_path), source, status, parts)


def test_lenient_check_lets_a_mutant_live(tmp_path: Path, bank: Bank) -> None:
    """A check that forgets to look lets mutants pass; a strict one refuses all."""
    (tmp_path / "answers").mkdir()
    found = {}
    for name, checks in (("strict", CHECKS), ("lenient", LENIENT)):
        lesson = make_lesson(tmp_path / name, checks)
        lesson.topic = "demo"
        cases = list(cases_of(lesson, "ex1", tmp_path / "answers"))
        runner = Bank()
        found[name] = [judge(runner, case) for case in cases]
        runner.close()
    assert not any(found["strict"])
    assert any("Tighten the check" in text for text in found["lenient"])


def test_listed_mutant_is_another_right_answer(tmp_path: Path) -> None:
    """A mutant that behaves like the reference is listed as passed, and not tried any more."""
    lesson = make_lesson(tmp_path)
    folder = tmp_path / "answers"
    folder.mkdir()
    why, source = next(mutants(lesson.cell("ex1", "exercise")))

    def tried() -> list[str]:
        return [answer.why for _, _, answer in cases_of(lesson, "ex1", folder)]

    assert f"mutant, {why}" in tried()
    text = f"# %% passed: the same\n\n{source}  # with a comment\n"
    (folder / "demo_ex1.py").write_text(text, "utf-8")
    assert f"mutant, {why}" not in tried()


def test_stub_that_is_an_answer_is_noticed(tmp_path: Path, bank: Bank) -> None:
    """A lesson whose stub is judged instead of recognised."""
    lesson = make_lesson(tmp_path)
    lesson.student = [
        ("def add(x):\n    return None" if "exercise" in tags else source, tags)
        for source, tags in lesson.student
    ]
    stub = next(cases_of(lesson, "ex1", tmp_path))
    assert "expected not_attempted, got failed" in judge(bank, stub)


def test_broken_check_is_noticed(tmp_path: Path, bank: Bank) -> None:
    """No mutant may break the check, though that is no pass either."""
    broken = CHECKS.replace('with part("large numbers"):', 'with part("large"):\n        {}["x"]')
    lesson = make_lesson(tmp_path, broken)
    assert "check_broken" in judge(bank, (lesson, "ex1", Answer("refused", (), "m", RIGHT)))


def test_sentence_is_required(tmp_path: Path) -> None:
    """A bare `assert` tells the student nothing."""
    bare = CHECKS.replace("assert add(1) == 11, ", "assert add(1) == 11\n        _ = ").replace(
        "assert add(100) == 110, ", "assert add(100) == 110\n        _ = "
    )
    wrong = "def add(x):\n    return 0"
    assert "without a sentence" in complaint(make_lesson(tmp_path, bare), wrong, "failed")


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("os.environ['LEFT'] = '1'", "os.environ"),
        ("random.seed(1)", "random"),
        ("warnings.simplefilter('error')", "warnings"),
        ("logging.getLogger('x').setLevel(5)", "logging"),
        ("sys.setrecursionlimit(5000)", "recursion limit"),
        ("print('seen')", "something was shown"),
        ("os.system('echo seen')", "something was shown"),
        ("warnings.warn('seen')", "something was shown"),
    ],
)
def test_what_a_check_lets_out_is_noticed(tmp_path: Path, check: str, words: str) -> None:
    """Were it not for `quiet`, the bank would see it: the check cell does it here itself."""
    lesson = make_lesson(tmp_path)
    line = f"import os, sys, random, logging, warnings\n{check}\ncheck.ex1(add)"
    lesson.solved = [
        (line if {"check", "ex1"} <= tags else source, tags) for source, tags in lesson.solved
    ]
    assert words in complaint(lesson, RIGHT, "passed")


@pytest.mark.parametrize(
    "body",
    [
        "time.sleep(100)",
        "socket.create_server(('127.0.0.1', 0)).accept()",
        "[lock.acquire() for lock in [threading.Lock()] * 2]",
        "re.match(r'(a+)+$', 'a' * 60 + 'b')",
        "exec('while True:\\n try: time.sleep(9)\\n except: pass')",
    ],
)
def test_endless_answer_is_timed_out(tmp_path: Path, body: str) -> None:
    """The check's own limit ends it, and the state is as before."""
    source = f"import re, socket, threading, time\n\n\ndef add(x):\n    {body}"
    assert complaint(make_lesson(tmp_path), source, "timed_out") == ""


def test_answer_nothing_stops_is_killed(tmp_path: Path) -> None:
    """A loop in C hears no signal; its process ends all the same."""
    source = "import itertools\n\n\ndef add(x):\n    return sum(itertools.count())"
    assert run(make_lesson(tmp_path), "ex1", source, grace=5).status == "killed"


def test_only_the_needed_cells_run_before_an_answer(tmp_path: Path) -> None:
    """Cells that bind nothing the answer or the check uses are left out."""
    lesson = make_lesson(tmp_path)
    assert lesson.before("ex1", RIGHT) == [
        "import os\nimport demo as check",
        "base = 10",
    ]
    assert [source for source, _ in lesson.solved].index(lesson.cell("ex1", "exercise")) == 3


def test_of_a_cell_whose_imports_are_used_the_imports_run(tmp_path: Path) -> None:
    """What such a cell shows costs no answer its time."""
    lesson = make_lesson(tmp_path)
    lesson.solved.insert(2, ("import json\n\nprint('shown')", frozenset()))
    assert "import json" in lesson.before("ex1", f"{RIGHT}\njson")


@pytest.mark.parametrize(
    ("right", "wrong", "complete"), [(2, 4, True), (1, 4, False), (2, 3, False), (0, 0, False)]
)
def test_bank_that_is_too_small(tmp_path: Path, right: int, wrong: int, complete: bool) -> None:
    """Two other right and four wrong answers; the reference and doubles do not count."""
    lesson = make_lesson(tmp_path)
    cells = [f"# %% passed: {n}\ndef add(x):\n    return x + {n}\n" for n in range(right)]
    cells += [f"# %% failed: {n}\ndef add(x):\n    return {n}\n" for n in range(wrong)]
    cells += [f"# %% passed: again\n{lesson.cell('ex1', 'exercise')}\n"]
    (tmp_path / "demo_ex1.py").write_text("".join(cells), "utf-8")
    assert (missing(lesson, "ex1", tmp_path) == "") is complete


def test_bank_format(tmp_path: Path) -> None:
    """Status, failing parts, reason; anything else is refused."""
    path = tmp_path / "x_ex1.py"
    path.write_text('"""Text."""\n'.replace('"', "#") + "# %% partial | a b; c: why: so\nx = 1\n")
    assert read_answers(path) == [Answer("partial", ("a b", "c"), "why: so", "x = 1\n")]
    for text in ("# %% passed\nx = 1\n", "x = 1\n# %% passed: y\n"):
        path.write_text(text)
        with pytest.raises(ValueError, match="x_ex1"):
            read_answers(path)


SOURCE = '''
async def f(x, y):
    """Doc."""
    total = 0
    for item in x:
        if item > 3 and not item % 2:
            break
        total += await g(item, y, mode="values")
    return [i for i in total if i]
'''


def test_mutants_are_one_small_change_each() -> None:
    """A dozen kinds of change; each compiles and differs from the original and the others."""
    found = dict(mutants(SOURCE))
    text = "\n".join(found)
    for words in (
        "another operator", "4 for 3", "2 for 3", "'updates' for 'values'", "without `break`",
        "without `total = 0`", "arguments swapped", "without mode=", "returns None",
        "condition negated", "without its `if`", "without `item > 3`", "without await",
        "loop ends after one round",
    ):  # fmt: skip
        assert words in text
    forms = {normal_form(source) for source in found.values()}
    assert len(forms) == len(found) and normal_form(SOURCE) not in forms


def test_outcome_without_complaint() -> None:
    """The defaults of an outcome are those of a quiet pass."""
    assert Outcome("passed").complaint("passed", ()) == ""


def test_a_status_that_no_check_gives_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "demo_ex1.py"
    path.write_text("# %% wrong: adds one too many\nx = 1\n", "utf-8")
    with pytest.raises(ValueError, match="'wrong' is no status of a check. Write one of passed"):
        read_answers(path)


def test_refused_answer_is_run_to_its_first_fault(tmp_path: Path) -> None:
    """One part that does not hold is enough where no more is asked."""
    lesson = make_lesson(tmp_path)
    never = "def add(x):\n    return 0"
    assert len(run(lesson, "ex1", never, grace=GRACE_SECONDS).failing) == 2
    found = run(lesson, "ex1", never, grace=GRACE_SECONDS, first_fault=True)
    assert len(found.failing) == 1 and found.message
