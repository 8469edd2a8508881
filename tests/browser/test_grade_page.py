"""The report on a class in a real browser: readable by everybody, in light and in dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from instructor.grading.marks import STATUSES, Mark
from instructor.grading.report import page
from tests.browser import axe
from tests.browser.contrast import ENOUGH, contrasts

pytestmark = pytest.mark.asyncio


def report() -> str:
    """Return a report in which everything occurs once."""
    marks = [
        Mark(
            student=f"Student {number % 3}<img src=x onerror=alert(1)>",
            lesson="01_streaming",
            exercise=f"ex{number}",
            status=status,
            points=float(status == "passed"),
            message="You gave `42`;\nexpected `43`.",
            remarks=("There are `2` answer cells: the last one counts.",),
            wrong=(("one part", "You gave `42`;"),) if status == "partial" else (),
            file="a.ipynb",
        )
        for number, status in enumerate(STATUSES)
    ]
    return page(marks)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_report_can_be_read(
    chromium: BrowserContext, axe_core: str, tmp_path: Path, scheme: str
) -> None:
    """Roles, names and contrast; nothing runs in it, and the page does not scroll sideways."""
    file = tmp_path / "report.html"
    file.write_text(report(), "utf-8")
    shown = await chromium.new_page()
    try:
        await shown.emulate_media(color_scheme=scheme)
        ran: list[str] = []
        shown.on("dialog", lambda dialog: ran.append(dialog.message))
        shown.on("request", lambda request: ran.append(request.url))
        await shown.goto(file.as_uri())
        await shown.locator("summary").first.focus()
        await shown.keyboard.press("Enter")
        await expect(shown.locator("details[open]")).to_have_count(1)
        await shown.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert not await axe.violations(shown, axe_core, "html")
        texts = await contrasts(shown.locator("body"))
        assert len(texts) > 50 and not [each for each in texts if each.ratio < ENOUGH]
        for mark, word in STATUSES.values():
            assert await shown.get_by_text(f"{mark} {word}", exact=True).count() == 1
        assert ran == [file.as_uri()]
        await shown.set_viewport_size({"width": 360, "height": 700})
        assert await shown.evaluate("document.documentElement.scrollWidth") <= 360
    finally:
        await shown.close()
