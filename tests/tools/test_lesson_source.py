"""Reading a lesson's source: what students and instructors get, and what is refused."""

from __future__ import annotations

import nbformat
import pytest

from instructor.export.nbgrader_source import nbgrader_source
from tests.tools.small_lesson import LESSON, cells, lesson_in
from tools.build.lesson import read_lesson, solved_version, student_version
from tools.build.notebooks import LessonError, build


def test_students_get_stubs(tmp_path):
    student = cells(student_version(read_lesson(lesson_in(tmp_path))))
    assert student["ex1"] == (
        'def double(x: int) -> int:\n    """Return twice `x`."""\n    ...\n\n\n'
        'limit: int = ...\nfirst = ...\nlast = ...\nunit = "seconds"'
    )


def test_the_solved_notebook_keeps_the_answer_without_markers(tmp_path):
    solved = cells(solved_version(read_lesson(lesson_in(tmp_path))))
    assert '    """Return twice `x`."""\n    twice = x + x\n    return twice\n' in solved["ex1"]
    assert "SOLUTION" not in "".join(solved.values())
    assert "Why this is right." in solved["why-this-is-right"]


def test_prose_of_the_solution_is_dropped_for_students(tmp_path):
    assert "why-this-is-right" not in cells(student_version(read_lesson(lesson_in(tmp_path))))


@pytest.mark.parametrize(
    ("solution", "stub"),
    [
        ("plan = [1]", "plan = ..."),
        ("plan = [1]\nplan = [2]  # again", "plan = ..."),
        ("a = b = await thing()", "a = ...\nb = ..."),
        ("plan[0] = 1", "..."),
        ("plan = 1\nprint(plan)", "..."),
        ("def f():\n    return 1", "f = ..."),
        ("total += 1", "..."),
        ("name: int", "..."),
    ],
)
def test_what_a_solution_defines_exists_for_students(tmp_path, solution, stub):
    text = (
        '# %% tags=["exercise", "ex1"]\ngiven = 1\n'
        f"# BEGIN SOLUTION\n{solution}\n# END SOLUTION\n\n"
        '# %% tags=["check", "ex1"]\n1\n'
    )
    student = cells(student_version(read_lesson(lesson_in(tmp_path, text))))
    assert student["ex1"] == f"given = 1\n{stub}"


def test_ids_say_what_a_cell_is_and_are_the_same_in_both_notebooks(tmp_path):
    lesson = read_lesson(lesson_in(tmp_path, LESSON + "\n# %%\nimport json\n"))
    student, solved = cells(student_version(lesson)), cells(solved_version(lesson))
    assert list(solved) == [
        "7-a-small-lesson",
        "import-json",
        "exercise-7-1-twice",
        "ex1",
        "ex1-check",
        "from-ipython-display-import-html",
        "ipywidgets-button-description-go",
        "json-loads",
        "why-this-is-right",
        "exercise-7-2-two",
        "ex2",
        "ex2-check",
        "exercise-7-3-three",
        "ex3",
        "ex3-check",
        "you-can-stop-here",
        "deeper",
        "import-json-2",
    ]
    assert list(student) == [name for name in solved if name != "why-this-is-right"]


def test_ids_are_valid_whatever_a_cell_begins_with(tmp_path):
    first_lines = ["x" * 90, "'Üß!'", "[1][0]", "...", "ex1 = 1", "# only a comment", "()", "()"]
    first_lines += ["ex1", "ex1.check"]
    text = "\n".join(f"# %%\n{line}\n" for line in first_lines)
    exercise = (
        '# %% tags=["exercise", "ex1"]\n# BEGIN SOLUTION\nx = 1\n# END SOLUTION\n'
        '\n# %% tags=["check", "ex1"]\nx\n'
    )
    lesson = read_lesson(lesson_in(tmp_path, text + exercise))
    assert len(cells(lesson)) == len(first_lines) + 2
    assert "BEGIN SOLUTION" in cells(lesson)["ex1"]
    nbformat.validate(lesson)


BAD = {
    "BEGIN SOLUTION without END": ("# END SOLUTION\nunit", "unit"),
    "END SOLUTION without BEGIN": ("    # BEGIN SOLUTION\n", ""),
    "BEGIN SOLUTION inside a solution": (
        "    twice = x + x\n",
        "    # BEGIN SOLUTION\n    twice = x + x\n    # END SOLUTION\n",
    ),
    "indented differently": ("    return twice\n    # END", "    return twice\n# END"),
    "is almost a marker": ("    # END SOLUTION", "    #END SOLUTION"),
    "'### BEGIN SOLUTION' is almost": ("    # BEGIN SOLUTION", "    ### BEGIN SOLUTION"),
    "a solution is empty": ("    twice = x + x\n    return twice\n", "\n"),
    "less than its markers": ("    return twice", "  # done"),
    "a solution marker in a markdown cell": ("# Some prose.", "# # BEGIN SOLUTION"),
    "an exercise without a solution": (
        '# %% tags=["check", "ex1"]',
        '# %% tags=["exercise", "ex2"]\n1\n\n# %% tags=["check", "ex1"]',
    ),
    "tagged `exercise` with 0 names": ('["exercise", "ex1"]', '["exercise"]'),
    "tagged `exercise` with 2 names": ('["exercise", "ex1"]', '["exercise", "ex1", "ex2"]'),
    "tagged `check` with 0 names": ('["check", "ex1"]', '["check"]'),
    "tagged `ex1` alone": ('["check", "ex1"]', '["ex1"]'),
    "tagged `exercise` and `check`": ('["check", "ex1"]', '["check", "exercise", "ex1"]'),
    "the check of ex2 comes before its exercise": ('["check", "ex1"]', '["check", "ex2"]'),
    "exercise ex1 has no check": ('# %% tags=["check", "ex1"]', "# %%"),
    "two exercises are called ex1": (
        '# %% tags=["check", "ex1"]',
        '# %% tags=["exercise", "ex1"]\n# BEGIN SOLUTION\nx = 1\n# END SOLUTION\n\n'
        '# %% tags=["check", "ex1"]',
    ),
    "two checks of ex1": (
        "# %%\nipywidgets",
        '# %% tags=["check", "ex1"]\n1\n\n# %%\nipywidgets',
    ),
    "unknown tags ['hide']": ('["raises-exception"]', '["hide"]'),
    "unknown tags ['ex01']": ('["check", "ex1"]', '["check", "ex01"]'),
    "cell metadata ['name'] has no meaning": ("# %%\nimport json", '# %% name="x"\nimport json'),
    "cell 7 is empty": ("# %%\nipywidgets", "# %%\n\n# %%\nipywidgets"),
    "a raw cell": ("# %%\nipywidgets", "# %% [raw]\n# x\n\n# %%\nipywidgets"),
    "a solution outside an exercise": ('["exercise", "ex1"]', "[]"),
    "an exercise or check tagged `solution`": ('["check", "ex1"]', '["check", "ex1", "solution"]'),
    "a markdown cell tagged ['check']": (
        "# %% [markdown]\n# # 7",
        '# %% [markdown] tags=["check"]\n# # 7',
    ),
    "tells nbval what to do": ("import json\nimport os", "# NBVAL_SKIP\nimport json\nimport os"),
}


@pytest.mark.parametrize("fact", BAD)
def test_what_has_no_meaning_stops_the_build(tmp_path, fact):
    right, wrong = BAD[fact]
    assert LESSON.count(right) == 1
    source = lesson_in(tmp_path, LESSON.replace(right, wrong))
    with pytest.raises(LessonError, match="^lessons/07_small.py: ") as stopped:
        build(source, tmp_path)
    assert fact in str(stopped.value)
    assert not (tmp_path / "notebooks").exists()


def test_nbgrader_gets_answers_to_clear_and_checks_to_grade(tmp_path):
    source = nbgrader_source(read_lesson(lesson_in(tmp_path)))
    about = {cell.id: cell.metadata.nbgrader for cell in source.cells}
    exercises = ["ex1", "ex2", "ex3"]
    assert [name for name in about if about[name].solution] == exercises
    assert [name for name in about if about[name].grade] == [f"{n}-check" for n in exercises]
    assert [name for name in about if not about[name].locked] == exercises
    assert about["ex1-check"].points == 1
    assert all(item.grade_id == name for name, item in about.items())
    assert "why-this-is-right" not in about
    nbformat.validate(source)


def test_nbgrader_leaves_students_the_names_of_a_solution(tmp_path):
    """nbgrader replaces everything between the markers by `...`."""
    source = cells(nbgrader_source(read_lesson(lesson_in(tmp_path))))["ex1"]
    assert (
        "limit: int = ...\nfirst = ...\nlast = ...\n# BEGIN SOLUTION\nlimit: int = 6 * 7" in source
    )
    assert '    """Return twice `x`."""\n    # BEGIN SOLUTION\n    twice = x + x' in source
