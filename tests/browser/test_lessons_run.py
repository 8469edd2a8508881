"""Lessons in a real JupyterLab: Run All leaves no red, and everything that is shown is drawn."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.lab_page import RED, Lesson, Opener, Output

pytestmark = pytest.mark.asyncio


def red(outputs: list[Output]) -> list[Output]:
    """Return the outputs that JupyterLab paints red."""
    return [output for output in outputs if output.mime == RED]


def results(lesson: Lesson) -> dict[str, str]:
    """Return what each check said at the first run."""
    checks = lesson.page.tagged("check")
    return {output.cell: output.text for output in lesson.outputs if output.cell in checks}


@pytest.fixture(params=["lesson_0", "lesson_1"])
def lesson(request: pytest.FixtureRequest) -> Lesson:
    """Each lesson in turn."""
    return request.getfixturevalue(request.param)


async def test_run_all_of_a_students_notebook_leaves_no_red(lesson: Lesson) -> None:
    assert red(lesson.outputs) == []


async def test_every_check_says_not_attempted(lesson: Lesson) -> None:
    said = results(lesson)
    assert sorted(said) == sorted(lesson.page.tagged("check")) != []
    assert [text for text in said.values() if not text.startswith("○ Not attempted")] == []
    box = lesson.page.cell(lesson.page.tagged("check")[-1]).get_by_role("status")
    await box.scroll_into_view_if_needed()
    await expect(box).to_be_visible()


async def test_the_doctor_and_the_progress_are_shown_in_lesson_0(lesson_0: Lesson) -> None:
    for source in ("doctor()", "progress.show()"):
        output = lesson_0.page.cell(lesson_0.page.find(source)).locator(".jp-OutputArea-output")
        await output.scroll_into_view_if_needed()
        await expect(output).to_be_visible()
        await expect(output).to_contain_text("streaming" if "progress" in source else "Python")


async def test_pictures_are_drawn_and_have_words_for_those_who_cannot_see_them(
    lesson_1: Lesson,
) -> None:
    for source in ("pictures.waits(", "pictures.timeline("):
        image = lesson_1.page.cell(lesson_1.page.find(source)).get_by_role("img")
        await image.scroll_into_view_if_needed()
        await expect(image).to_be_visible()
        assert await image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 400
        assert len(await image.get_attribute("alt")) > 40


async def test_the_graph_is_a_drawing(lesson_1: Lesson) -> None:
    output = lesson_1.page.cell(lesson_1.page.find("pictures.graph(")).locator(
        ".jp-OutputArea-output"
    )
    await output.scroll_into_view_if_needed()
    drawing = output.get_by_role("img").first
    await expect(drawing).to_be_visible()
    size = await drawing.bounding_box()
    assert size["width"] > 100 and size["height"] > 80


async def test_the_stop_button_is_a_button(lesson_1: Lesson) -> None:
    button = lesson_1.page.cell(lesson_1.page.find("ipywidgets.Button(")).get_by_role(
        "button", name="Stop"
    )
    await button.scroll_into_view_if_needed()
    await expect(button).to_be_visible()
    await expect(button).to_be_enabled()


async def test_in_the_solved_notebook_every_check_is_correct(open_notebook: Opener) -> None:
    async with open_notebook("solutions/01_streaming.ipynb") as page:
        lesson = Lesson(page, await page.run_all())
    assert red(lesson.outputs) == []
    said = results(lesson)
    assert sorted(said) == sorted(page.tagged("check")) != []
    assert [text for text in said.values() if not text.startswith("✓ Correct")] == []


async def test_restart_and_run_all_shows_the_same_again(lesson_0: Lesson, lab) -> None:
    lab.progress.unlink(missing_ok=True)
    assert await lesson_0.page.restart_and_run_all() == lesson_0.outputs
