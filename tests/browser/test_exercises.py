"""A student's way through an exercise: a wrong answer, its message, the right answer, progress."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import Locator, expect

from tests.browser.lab_page import Lesson
from tests.browser.lab_server import Lab

pytestmark = pytest.mark.asyncio

ALL_WORDS = 'best = dict.fromkeys("ABCDEFG", "messages") | {"G": "invoke"}'
DEFAULT_MODE = """\
def print_reply(agent, question: str) -> None:
    for chunk in agent.stream({"messages": question}):
        print(chunk)
"""


async def answer(lesson: Lesson, exercise: str, code: str) -> Locator:
    """Write an answer, run it and its check, and return the box the check shows."""
    (cell,), (check,) = (lesson.page.tagged(tag, exercise) for tag in ("exercise", "check"))
    await lesson.page.write(cell, code)
    await lesson.page.run(cell)
    outputs = await lesson.page.run(check)
    return outputs.get_by_role("status")


def reference(lab: Lab, lesson: str, exercise: str) -> str:
    """Return the answer that the solved notebook gives."""
    notebook = json.loads((lab.course / "solutions" / lesson).read_text("utf-8"))
    tags = {"exercise", exercise}
    found = [c for c in notebook["cells"] if tags <= set(c["metadata"].get("tags", ()))]
    assert len(found) == 1
    return "".join(found[0]["source"])


async def test_a_wrong_answer_is_told_what_is_wrong_with_it(lesson_1: Lesson) -> None:
    box = await answer(lesson_1, "ex1", ALL_WORDS)
    await expect(box).to_be_visible()
    await expect(box).to_contain_text("◐ Partly right")
    await expect(box).to_contain_text("a nightly job: you chose 'messages'. Think again")
    await expect(box).to_contain_text("nobody watches it")

    box = await answer(lesson_1, "ex3", DEFAULT_MODE)
    await expect(box).to_contain_text("✗ Not yet")
    await expect(box).to_contain_text("✗ all of the model's words: You printed")
    await expect(box).to_contain_text("These are Python objects, not words")


async def test_a_right_answer_is_correct_and_counts_in_lesson_0(
    lesson_1: Lesson, lesson_0: Lesson, lab: Lab
) -> None:
    lab.progress.unlink(missing_ok=True)
    exercises = len(lesson_1.page.tagged("exercise"))
    progress = lesson_0.page.find("progress.show()")
    row = (await lesson_0.page.run(progress)).get_by_role("row", name="streaming")
    await expect(row).to_contain_text(f"0 of {exercises} solved")

    for exercise in ("ex1", "ex3"):
        box = await answer(lesson_1, exercise, reference(lab, "01_streaming.ipynb", exercise))
        await expect(box).to_contain_text("✓ Correct")
        await expect(box).to_be_visible()

    await lesson_0.page.run(progress)
    await expect(row).to_contain_text(f"2 of {exercises} solved")
    await expect(row).to_be_visible()
