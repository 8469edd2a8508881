"""One notebook in a browser: find its cells, write into them, run them, read what came out.

Every wait is for a state of the page (a kernel that is idle, a cell's execution count), never for
an amount of time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import ConsoleMessage, Locator, Page, Request, expect

__all__ = ("RED", "Lesson", "NotebookPage", "Opener", "Output")

MILLISECONDS_BETWEEN_LOOKS = 200
RED = "application/vnd.jupyter.stderr"  # tracebacks as well as what is printed to stderr
# All cells have run; or one has failed, and nothing runs any more.
SETTLED = """red => {
  const notebook = document.querySelector('.jp-Notebook');
  const prompts = [...notebook.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]
    .map(prompt => prompt.textContent);
  const failed = notebook.querySelector(`[data-mime-type="${red}"]`);
  return prompts.every(text => /\\[\\d+\\]/.test(text))
    || Boolean(failed) && !prompts.some(text => text.includes('*'));
}"""
OUTPUTS = """cells => cells.flatMap((cell, index) =>
  [...cell.querySelectorAll('.jp-OutputArea-output')].map(output =>
    [index, output.dataset.mimeType || 'widget', output.textContent.trim()]))"""


class Output(NamedTuple):
    """One output of a cell."""

    cell: str
    mime: str
    text: str


class NotebookPage:
    """A page that shows one notebook.

    Attributes:
        page: Playwright's page.
        problems: What the page complained about: console errors, exceptions, and requests that
            would have left this machine.
    """

    def __init__(self, page: Page, path: Path) -> None:
        """Watch `page`; `path` is the notebook's file, the source of cell ids and tags."""
        self.page = page
        self.cells = json.loads(path.read_text("utf-8"))["cells"]
        self.problems: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.problems.append(f"exception: {error}"))
        page.on("request", self._on_request)

    async def open(self, address: str) -> None:
        """Show the notebook and wait until its kernel is ready."""
        await self.page.goto(address)
        await self.wait_until_open()

    async def wait_until_open(self) -> None:
        """Wait until all cells are on the page and the kernel has nothing to do."""
        cells, spinner = (self.page.locator(x) for x in (".jp-Notebook .jp-Cell", ".jp-Spinner"))
        await expect(cells.first).to_be_attached()  # an empty one, under a spinner at first
        await expect(spinner).to_have_count(0)
        await expect(cells).to_have_count(len(self.cells))
        await self._idle()

    def tagged(self, *tags: str) -> list[str]:
        """Return the ids of the cells that have all these tags."""
        has = [set(cell["metadata"].get("tags", ())) for cell in self.cells]
        return [c["id"] for c, own in zip(self.cells, has, strict=True) if own >= set(tags)]

    def find(self, *texts: str) -> str:
        """Return the id of the one code cell whose source holds all these texts."""
        code = [cell for cell in self.cells if cell["cell_type"] == "code"]
        found = [c["id"] for c in code if all(text in self.source(c["id"]) for text in texts)]
        assert len(found) == 1, f"{len(found)} code cells hold {texts}; expected one: {found}"
        return found[0]

    def source(self, cell: str) -> str:
        """Return the source a cell has in the file."""
        return "".join(next(c["source"] for c in self.cells if c["id"] == cell))

    def cell(self, cell: str) -> Locator:
        """Return the cell with this id."""
        index = [c["id"] for c in self.cells].index(cell)
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    async def menu(self, *words: str) -> None:
        """Choose an entry of the menu bar, such as `"Run", "Run All Cells"`."""
        await self.page.get_by_role("menuitem", name=words[0], exact=True).click()
        for word in words[1:]:
            exactly = re.compile(f"^{re.escape(word)}$")
            await self.page.locator(".lm-Menu-itemLabel").filter(has_text=exactly).click()

    async def run_all(self) -> list[Output]:
        """Run all cells, none of which has run yet, and return what came out."""
        await self.menu("Run", "Run All Cells")
        return await self._settled()

    async def restart_and_run_all(self) -> list[Output]:
        """Restart the kernel, run all cells again and return what came out."""
        await self.menu("Edit", "Clear Outputs of All Cells")  # or old counts would look like new
        await self.menu("Kernel", "Restart Kernel and Run All Cells…")
        await self.page.locator(".jp-Dialog").get_by_role("button", name="Confirm").click()
        return await self._settled()

    async def write(self, cell: str, code: str) -> None:
        """Replace what stands in a code cell."""
        editor = self.cell(cell).locator(".cm-content")
        await editor.click()
        await self.page.keyboard.press("ControlOrMeta+a")
        await self.page.keyboard.insert_text(code)

    async def run(self, cell: str) -> Locator:
        """Run one cell with Shift + Enter, to its end, and return its outputs."""
        prompt = self.cell(cell).locator(".jp-InputPrompt")
        before = await prompt.text_content()
        await self.cell(cell).locator(".cm-content").click()
        await self.page.keyboard.press("Shift+Enter")
        await expect(prompt).not_to_have_text(before)
        await expect(prompt).to_have_text(re.compile(r"\[\d+\]"))
        await self._idle()
        return self.cell(cell).locator(".jp-OutputArea-output")

    async def outputs(self) -> list[Output]:
        """Return all outputs on the page, in order."""
        rows = await self.page.locator(".jp-Notebook .jp-Cell").evaluate_all(OUTPUTS)
        return [Output(self.cells[index]["id"], mime, text) for index, mime, text in rows]

    async def use_theme(self, name: str) -> None:
        """Change to "JupyterLab Light" or "JupyterLab Dark" and wait for its colours."""
        await self.menu("Settings", "Theme", name)
        is_light = "true" if name.endswith("Light") else "false"
        await self.page.wait_for_function(
            """light => {
              const style = getComputedStyle(document.body);
              const black = /^(black|#000|rgba\\(0)/.test(
                style.getPropertyValue('--jp-ui-font-color0').trim());
              return document.body.dataset.jpThemeLight === light && black === (light === 'true');
            }""",
            arg=is_light,
        )

    async def _idle(self) -> None:
        """Wait until the kernel says that it has nothing to do, which it says after its outputs."""
        await expect(self.page.locator("#jp-main-statusbar")).to_contain_text("| Idle")

    async def _settled(self) -> list[Output]:
        # The default is to ask in each frame, which makes the page draw all the time.
        await self.page.wait_for_function(SETTLED, arg=RED, polling=MILLISECONDS_BETWEEN_LOOKS)
        await self._idle()
        return await self.outputs()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:", "ws://127.0.0.1:")):
            self.problems.append(f"request: {request.url}")


class Lesson:
    """A lesson after its first Run All.

    Attributes:
        page: The page, which tests may change.
        outputs: What the first run left, which they cannot.
    """

    def __init__(self, page: NotebookPage, outputs: list[Output]) -> None:
        self.page, self.outputs = page, outputs


Opener = Callable[[str], AbstractAsyncContextManager[NotebookPage]]
