"""A lesson's core and its deeper part: what counts as minutes, and what stops a build."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.small_lesson import lesson_in
from tools.build.lesson import LessonError, read_lesson

BOX = (
    "# %% [markdown]\n# # 7. Small\n#\n"
    "# | core | {core_minutes} |\n# | deeper | {deeper_minutes} |\n"
)
STOP = "# %% [markdown]\n# ## You can stop here\n#\n# The end.\n"


def exercise(number: int) -> str:
    """Return an exercise of 7 words of prose, 3 lines to complete and a check."""
    return (
        f"# %% [markdown]\n# ### Exercise 7.{number} - x\n#\n# Do it.\n\n"
        f'# %% tags=["exercise", "ex{number}"]\n# BEGIN SOLUTION\nx = 1\n# END SOLUTION\n\n'
        f'# %% tags=["check", "ex{number}"]\nshow(x)\n'
    )


def words(number: int) -> str:
    """Return a Markdown cell of so many words."""
    return "# %% [markdown]\n# " + " ".join(["word"] * number) + "\n"


def code(number: int) -> str:
    """Return a code cell of so many lines."""
    return "# %%\n" + "x = 1\n" * number


CORE = "\n".join([BOX, exercise(1), exercise(2), exercise(3)])


def box(tmp_path: Path, *cells: str) -> str:
    """Return the box of a lesson as the notebook shows it."""
    return read_lesson(lesson_in(tmp_path, "\n".join(cells))).cells[0].source


def refusal(tmp_path: Path, *cells: str) -> str:
    """Return why a lesson is refused."""
    with pytest.raises(LessonError) as stopped:
        read_lesson(lesson_in(tmp_path, "\n".join(cells)))
    return str(stopped.value)


def test_box_says_the_minutes_of_both_parts(tmp_path):
    # Core: 1000 words, 50 lines, 2 minutes of waiting, and the 12 words of the box.
    waits = code(25).replace("# %%", '# %% tags=["wait-120"]')
    text = box(tmp_path, CORE, words(1000), code(25), waits, STOP, words(200), code(25))
    assert "| core | 10 |" in text  # 5 + 2 + 2 + 0.06, rounded up
    assert "| deeper | 3 |" in text  # 1 + 1 + 0.035, rounded up


def test_blank_lines_and_exercises_cost_no_minutes(tmp_path):
    blank = "# %%\nx = 1\n\n\n\n\n\n\n\ny = 1\n"
    text = box(tmp_path, CORE, blank, STOP, exercise(4))
    assert "| core | 1 |" in text
    assert "| deeper | 1 |" in text


def test_prose_before_and_after_an_exercise_in_its_cell_counts(tmp_path):
    long = " ".join(["word"] * 400)
    text = (
        exercise(4).replace("# ### Ex", f"# {long}\n#\n# ### Ex").replace("# Do", f"# {long}\n# Do")
    )
    assert "| deeper | 3 |" in box(tmp_path, CORE, STOP, text)
    text += (
        f"\n# %% [markdown]\n# ### Exercise 7.4 again\n#\n# {long}\n#\n# ### Next\n#\n# {long}\n"
    )
    assert "| deeper | 5 |" in box(tmp_path, CORE, STOP, text)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ((CORE, words(4001), STOP), "the core takes 20.1 minutes, more than 20."),
        ((CORE, code(31), STOP), "cell 'x = 1': 31 lines, more than 30."),
        ((CORE, STOP, code(31)), "cell 'x = 1': 31 lines, more than 30."),
        ((CORE, STOP, STOP), "2 Markdown cells begin with '## You can stop here'."),
        ((BOX, exercise(1), exercise(2), STOP, exercise(3)), "2 checks stand before"),
        ((CORE.replace("{core_minutes}", "9"), STOP), "Write both into one table"),
        ((CORE, BOX, STOP), "2 cells hold {core_minutes} or {deeper_minutes}."),
    ],
)
def test_what_breaks_the_rule_stops_the_build_and_names_the_lesson(tmp_path, cells, said):
    message = refusal(tmp_path, *cells)
    assert message.startswith("lessons/07_small.py: ")
    assert said in message


def test_markers_of_a_solution_are_no_lines(tmp_path):
    answer = exercise(4).replace("x = 1\n", "x = 1\n" * 30)
    assert box(tmp_path, CORE, STOP, answer)
    assert "31 lines" in refusal(tmp_path, CORE, STOP, answer.replace("x = 1\n", "x = 1\n" * 2, 1))
