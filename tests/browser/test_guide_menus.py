"""Every menu that the teaching guide names is there in JupyterLab."""

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
    """Return the menu paths of the guide's pages."""
    pages = [path.read_text("utf-8") for path in (ROOT / "instructor").glob("*.md")]
    found = {path for text in pages for path in PATH.findall(text)}
    return {tuple(re.sub(r"\s+", " ", word) for word in path.split(" > ")) for path in found}


async def test_every_menu_of_the_guide_is_there(open_notebook: Opener, lab: Lab) -> None:
    paths = named()
    assert ("View", "Appearance", "Simple Interface") in paths and len(paths) >= 5
    async with open_notebook(lab.write("menus.ipynb", "1 + 1")) as shown:
        page = shown.page
        for first, *others in sorted(paths):
            await page.get_by_role("menuitem", name=first, exact=True).click()
            for number, word in enumerate(others):
                label = re.compile(f"^{re.escape(word)}$")
                entry = page.locator(".lm-Menu-itemLabel").filter(has_text=label)
                await expect(entry, f"{first} > {' > '.join(others)}").to_have_count(1)
                if number < len(others) - 1:
                    await entry.click()
            while await page.locator(".lm-Menu").count():
                await page.keyboard.press("Escape")
