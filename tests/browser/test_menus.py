"""Every menu that guide, lessons and accessibility page name is there in JupyterLab."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from course_layout import ROOT
from tests.browser.lab_page import Opener
from tests.browser.lab_server import Lab

pytestmark = pytest.mark.asyncio

MENUS = ("File", "Edit", "View", "Run", "Kernel", "Tabs", "Settings", "Help")
PATH = re.compile(rf"\*((?:{'|'.join(MENUS)}) > [^*]+)\*")


def named() -> set[tuple[str, ...]]:
    """Return the menu paths that are named."""
    files = [
        *ROOT.glob("instructor/*.md"),
        *ROOT.glob("lessons/*.py"),
        ROOT / "docs/accessibility.md",
    ]
    # A lesson's prose stands in comments, and a path may run over two lines.
    pages = [re.sub(r"\n#? ?", " ", path.read_text("utf-8")) for path in files]
    return {tuple(path.split(" > ")) for text in pages for path in PATH.findall(text)}


async def test_every_menu_that_is_named_is_there(open_notebook: Opener, lab: Lab) -> None:
    paths = named()
    assert ("View", "Appearance", "Simple Interface") in paths and len(paths) >= 5
    async with open_notebook(lab.write("menus.ipynb", "1 + 1")) as shown:
        page = shown.page
        for first, *others in sorted(paths):
            await page.get_by_role("menuitem", name=first, exact=True).click()
            for number, word in enumerate(others):
                label = re.compile(f"^{re.escape(word.rstrip('…'))}…?$")  # it opens a dialog
                entry = page.locator(".lm-Menu-itemLabel").filter(has_text=label)
                await expect(entry, f"{first} > {' > '.join(others)}").to_have_count(1)
                if number < len(others) - 1:
                    await entry.click()
            while await page.locator(".lm-Menu").count():
                await page.keyboard.press("Escape")
