"""What the course draws can be read by everybody: roles and names, and contrast in both themes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import nbformat
import pytest
import pytest_asyncio
from nbformat.sign import NotebookNotary
from playwright.async_api import BrowserContext, expect

from course_layout import ROOT
from tests.browser import axe
from tests.browser.contrast import ENOUGH, contrasts
from tests.browser.lab_page import NotebookPage, Opener
from tests.browser.lab_server import Lab

pytestmark = pytest.mark.asyncio

OUTPUTS = ".jp-Notebook .jp-OutputArea-output"
# All that `course_utils` can show, once.
GALLERY = """\
from IPython.display import display

from course_utils import pictures
from exercises.core import progress
from lab.doctor import Finding, Report, doctor
from exercises.core.result import Note, Part, Result

statuses = ["passed", "partial", "failed", "raised", "timed_out", "not_attempted"]
for status in [*statuses, "setup_changed", "check_broken"]:
    parts = (Part("one part", "passed"), Part("another part", "failed", "`f` gave `1`."))
    display(Result("topic.ex1", status, "You gave `42`; expected `43`.", parts, "A note."))
display(Note("Hint 1 of 3: look at `f`."))
display(pictures.waits({"invoke": (1.0, 1.1), "messages": (0.1, 1.1), "nothing": (None, 1.0)}))
display(pictures.timeline([(0.1, "messages"), (0.2, "custom")]))
display(progress.show())
display(doctor(), Report((Finding("Python", False, "it is too old", "Install a newer one"),)))
"""
SHOWN = 8 + 1 + 2 + 1 + 2
# What the lessons say and show. The rest of the page (menus, code cells) is JupyterLab's, and so
# are the colours of code: the comments of its dark theme reach 4.15.
LESSONS = ".jp-Notebook .jp-MarkdownOutput, .jp-Notebook .jp-OutputArea-output"
CODE = "pre *"


@pytest_asyncio.fixture(scope="module")
async def gallery(open_notebook: Opener, lab: Lab) -> AsyncIterator[NotebookPage]:
    """A notebook that shows all that the course can draw."""
    async with open_notebook(lab.write("gallery.ipynb", GALLERY)) as page:
        outputs = await page.run_all()
        assert [output.mime for output in outputs] == ["text/html"] * SHOWN, outputs
        yield page
        await page.use_theme("JupyterLab Light")  # the server remembers the theme


@pytest_asyncio.fixture(scope="module")
async def lessons(open_notebook: Opener, lab: Lab) -> AsyncIterator[NotebookPage]:
    """All that the lessons say and show, in one notebook: ten Run Alls would take minutes."""
    cells = []
    for path in sorted(ROOT.glob("notebooks/*.ipynb")):
        saved = nbformat.read(path, as_version=4)
        said = [cell.source for cell in saved.cells if cell.cell_type == "markdown"]
        shown = [output for cell in saved.cells for output in cell.get("outputs", ())]
        cells.append(nbformat.v4.new_markdown_cell("\n\n".join(said)))
        for first in range(0, len(shown), 20):  # of more than 50, JupyterLab hides some
            some = shown[first : first + 20]
            cells.append(nbformat.v4.new_code_cell("...", outputs=some, execution_count=1))
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=saved.metadata)
    file = lab.course / "notebooks" / "all_lessons.ipynb"
    nbformat.write(notebook, file)
    # Of a notebook that is not trusted, JupyterLab shows less than a reader sees after a run.
    NotebookNotary(data_dir=str(lab.course.parent / "data")).sign(notebook)
    async with open_notebook(f"notebooks/{file.name}") as page:
        yield page
        await page.use_theme("JupyterLab Light")


async def test_axe_finds_nothing_in_the_lessons(lessons: NotebookPage, axe_core: str) -> None:
    assert await axe.violations(lessons.page, axe_core, LESSONS) == []


async def test_pictures_and_diagrams_of_the_lessons_have_words(lessons: NotebookPage) -> None:
    """Axe is content with any words, "Image" included."""
    outputs = [output for cell in lessons.cells for output in cell.get("outputs", ())]
    diagrams = sum("image/svg+xml" in output.get("data", {}) for output in outputs)
    shown = lessons.page.locator('img[src^="data:image/svg+xml"]')
    await expect(shown).to_have_count(diagrams)
    drawn = lessons.page.locator(LESSONS).locator("img")
    words = [await image.get_attribute("alt") for image in await drawn.all()]
    assert len(words) > diagrams > 9
    assert [alt for alt in words if len((alt or "").split()) < 5] == []


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
async def test_all_text_of_the_lessons_stands_out_in(lessons: NotebookPage, theme: str) -> None:
    await lessons.use_theme(theme)
    seen = await contrasts(lessons.page.locator(".jp-Notebook"), LESSONS, CODE)
    assert len(seen) > 2000
    assert [row for row in seen if row.ratio < ENOUGH] == []


async def test_axe_finds_nothing(gallery: NotebookPage, axe_core: str) -> None:
    assert await axe.violations(gallery.page, axe_core, OUTPUTS) == []


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
async def test_all_text_stands_out_in(gallery: NotebookPage, theme: str) -> None:
    await gallery.use_theme(theme)
    seen = []
    for output in await gallery.page.locator(OUTPUTS).all():
        seen += await contrasts(output)
    assert len(seen) > 2 * SHOWN
    assert [row for row in seen if row.ratio < ENOUGH] == []


async def test_axe_finds_a_picture_without_words(chromium: BrowserContext, axe_core: str) -> None:
    page = await chromium.new_page()
    await page.set_content("<main><img src='data:,'><p style='color: #eee'>pale</p></main>")
    found = await axe.violations(page, axe_core, "main")
    await page.close()
    assert [text.split(":")[0] for text in found] == ["image-alt"]


async def test_contrast_is_computed_as_wcag_says(chromium: BrowserContext) -> None:
    page = await chromium.new_page()
    await page.set_content(
        """<main style="background: white"><p style="color: #767676">just enough</p>
        <p style="color: #777777">just not</p><p style="color: black">most</p>
        <div style="background: black"><p style="color: rgb(255 255 255 / 50%)">half</p></div>
        </main>"""
    )
    seen = {text: ratio for ratio, text in await contrasts(page.locator("main"))}
    await page.close()
    # Figures of https://webaim.org/resources/contrastchecker/; half of white on black is #808080.
    assert {text: round(ratio, 2) for text, ratio in seen.items()} == {
        "just enough": 4.54,
        "just not": 4.48,
        "most": 21,
        "half": 5.32,
    }
