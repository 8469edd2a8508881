"""`course.py grade`: the right verdicts, whatever is handed in."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from course_layout import ROOT
from instructor.grading import grade, supervisor
from instructor.grading.fork_server import ForkServer
from instructor.grading.marks import Mark, marks_of
from instructor.grading.sandbox import why_not
from instructor.grading.submission import find, lessons_of
from instructor.grading.supervisor import Attempt, Limits, Supervisor
from tests.instructor.submissions import BANK, Case

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs to fork; run it on Linux")

NO_SANDBOX = why_not()
LESSONS = lessons_of(ROOT)
BOX = ["--without-sandbox"] if NO_SANDBOX else []


def test_sandbox_is_installed_in_ci() -> None:
    """A kernel may forbid the sandbox; that bubblewrap is missing must not hide the tests of it."""
    if os.environ.get("CI") == "true":
        assert shutil.which("bwrap"), NO_SANDBOX


@pytest.fixture(scope="module", autouse=True)
def one_fork_server() -> Iterator[None]:
    """Let all graders here share the process that imports the course: it takes seconds.

    It starts as a teacher starts it, with a secret in the environment.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET", "of the teacher")
        server = ForkServer(in_sandbox=not NO_SANDBOX)
        patch.setattr(supervisor, "ForkServer", lambda in_sandbox: server)
        patch.setattr(server, "close", lambda: None)
        yield
    server.close()


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Mark]]]:
    """The marks of every notebook of the bank, judged three at a time: some only wait."""
    folder = tmp_path_factory.mktemp("bank")
    cases = [case for case in BANK if not (case.boxed and NO_SANDBOX)]
    limits = {
        endless: Limits(in_sandbox=not NO_SANDBOX, seconds=6 if endless else 60)
        for endless in (True, False)
    }
    with ThreadPoolExecutor(3) as pool, Supervisor(limits[True]) as short:
        with Supervisor(limits[False]) as long:

            def judge(case: Case) -> list[Mark]:
                path = folder / case.why / "renamed.ipynb"
                path.parent.mkdir()
                path.write_text(json.dumps(case.make()), "utf-8")
                (handed_in,) = find(path.parent, LESSONS)
                limited = short if case.endless else long
                return marks_of(handed_in, limited.judge(handed_in.job))

            marks = pool.map(judge, cases)
            yield {case.why: found for case, found in zip(cases, marks, strict=True)}


@pytest.mark.parametrize("case", BANK, ids=lambda case: case.why)
def test_every_exercise_of_a_notebook_has_its_verdict(
    judged: dict[str, list[Mark]], case: Case
) -> None:
    """Whatever the notebook does in the third one."""
    if case.boxed and NO_SANDBOX:
        pytest.skip(NO_SANDBOX)
    marks = {mark.exercise: mark for mark in judged[case.why]}
    third = marks["ex3"]
    said = " ".join((third.message, *third.remarks))
    assert {name: mark.status for name, mark in marks.items()} == case.expected(), said
    assert case.says in said
    assert third.points == (third.status == "passed")


def test_solved_notebooks_pass_and_untouched_ones_are_not_attempted(tmp_path: Path) -> None:
    """In all lessons, without a remark."""
    for folder in ("solutions", "notebooks"):
        for number, path in enumerate(sorted((ROOT / folder).glob("[0-9]*.ipynb"))):
            student = tmp_path / "class" / f"{folder} {number % 2}"
            student.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, student)
    words = [str(tmp_path / "class"), "--to", str(tmp_path / "report"), "--jobs", "3"]
    assert grade.main([*words, *BOX]) == 0
    with open(tmp_path / "report.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = {"solutions": ("passed", "1"), "notebooks": ("not_attempted", "0")}
    odd = [r for r in rows if (r["verdict"], r["points"]) != expected[r["student"][:-2]]]
    assert not odd and not [row for row in rows if row["remarks"]]
    exercises = sum(len(lesson.exercises) for lesson in LESSONS)
    assert len(rows) == 2 * exercises


def test_fresh_interpreters_give_the_same(tmp_path: Path) -> None:
    """Where a process cannot fork, each notebook gets an interpreter; a loop costs one more."""
    wanted = {"all right", "loop in C"}
    for case in BANK:
        if case.why in wanted:
            (tmp_path / "class" / case.why).mkdir(parents=True)
            file = tmp_path / "class" / case.why / "any.ipynb"
            file.write_text(json.dumps(case.make()), "utf-8")
    words = [str(tmp_path / "class"), "--to", str(tmp_path / "report"), "--seconds", "10"]
    assert grade.main([*words, "--fresh", *BOX]) == 0
    with open(tmp_path / "report.csv", encoding="utf-8", newline="") as file:
        found = {(row["student"], row["exercise"]): row["verdict"] for row in csv.DictReader(file)}
    for case in BANK:
        for exercise, verdict in case.expected().items() if case.why in wanted else ():
            assert found[case.why, exercise] == verdict


def test_a_process_that_dies_after_a_verdict_costs_no_other_exercise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thread may end the process late, while the next check is not yet at work."""
    passed = {"status": "passed"}
    attempts = [
        Attempt({"ex1": passed}, {}, 4, "ex1", True, ("no_result", "The process ended.")),
        Attempt({"ex2": passed}, {}, 9, "ex2", True),
    ]
    monkeypatch.setattr(Supervisor, "_attempt", lambda *_: attempts.pop(0))
    found = Supervisor(Limits(new_interpreter=True)).judge({"exercises": ["ex1", "ex2"]})
    assert found["verdicts"] == {"ex1": passed, "ex2": passed}


@pytest.mark.skipif(bool(NO_SANDBOX), reason=NO_SANDBOX)
def test_a_kernel_that_lets_nobody_enter_a_sandbox_gets_new_interpreters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(ROOT / "notebooks" / "00_start_here.ipynb", tmp_path)
    used: list[Limits] = []
    monkeypatch.setattr(grade, "can_be_entered", lambda: False)
    monkeypatch.setattr(grade, "grade", lambda found, limits, jobs: used.append(limits) or [])
    assert grade.main([str(tmp_path), "--to", str(tmp_path / "report")]) == 0
    assert used == [Limits(in_sandbox=True, new_interpreter=True)]
    assert "Linux 5.8" in capsys.readouterr().err


def test_nothing_runs_without_a_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unless somebody says so."""
    shutil.copy(ROOT / "notebooks" / "00_start_here.ipynb", tmp_path)
    monkeypatch.setattr(grade, "why_not", lambda: "There is no sandbox here.")
    monkeypatch.setattr(grade, "grade", lambda *_: pytest.fail("it was run"))
    assert grade.main([str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "There is no sandbox here." in said and "--without-sandbox" in said
    assert not list(tmp_path.parent.glob(f"{tmp_path.name}-grades*"))


def test_files_without_a_name_are_students_of_their_own_and_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A browser numbers what it downloads twice; a mark lost there would be noticed by nobody."""
    names = [f"00_start_here{number}.ipynb" for number in (" (1)", " (2)", "")]
    for name in names:
        shutil.copy(ROOT / "notebooks" / "00_start_here.ipynb", tmp_path / name)
    monkeypatch.setattr(Supervisor, "judge", lambda *_: {"verdicts": {}, "remarks": {}})
    for left, size in ((3, "3 students, 3 files:"), (1, "1 student, 1 file:")):
        for name in names[left:]:
            (tmp_path / name).unlink()
        words = [str(tmp_path), "--to", str(tmp_path / "report"), "--without-sandbox", "--fresh"]
        assert grade.main(words) == 0
        said = capsys.readouterr().out
        assert f"No student's name: {', '.join(names[:left])}." in said and size in said


def test_a_class_as_canvas_and_moodle_hand_it_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Six submissions of four people: verdicts, points for the gradebook, a file for each."""
    by_case = {case.why: case for case in BANK}
    files = {
        "garciazoe_LATE_12346_678902_00_start_here-1.ipynb": "all right",
        "adamseve_12347_678903_start (2).ipynb": "wrong",
        "leeann_12348_678904_00_start_here.ipynb": "nothing done",
        "Zoe Garcia_98765_assignsubmission_file/00_start_here.ipynb": "wrong",
        "Eve Adams_98766_assignsubmission_file_/my notebook.ipynb": "all right",
        "Bo Lee_98767_assignsubmission_file_00_start_here.ipynb": "no Python",
    }
    for name, why in files.items():
        path = tmp_path / "week 1" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(by_case[why].make()), "utf-8")
    people = ("Zoe Garcia,12346", "Eve Adams,12347", "Ann Lee,12348", "Bo Lee,12349", "Cy Ng,12350")
    roster = tmp_path / "class.csv"
    roster.write_text("\n".join(("Name,ID", *people)), "utf-8")
    words = [str(tmp_path / "week 1"), "--roster", str(roster), "--feedback", "--jobs", "3"]
    assert grade.main([*words, *BOX]) == 0

    with open(tmp_path / "week 1-points.csv", encoding="utf-8", newline="") as file:
        points = {row["Name"]: row["0 start here"] for row in csv.DictReader(file)}
    assert points == {
        **{"Zoe Garcia": "4", "Eve Adams": "4", "Ann Lee": "0", "Bo Lee": "3"},
        **{"Cy Ng": ""},
    }
    written = sorted(path.name for path in (tmp_path / "week 1-feedback").iterdir())
    assert written == ["Ann Lee.html", "Bo Lee.html", "Eve Adams.html", "Zoe Garcia.html"]
    told = (tmp_path / "week 1-feedback" / "Bo Lee.html").read_text("utf-8")
    assert "def ask(:" in told and "Zoe" not in told
    assert "Nothing came from: Cy Ng" in capsys.readouterr().out
