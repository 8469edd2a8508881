"""The helpers of this folder see what they are there to see."""

from __future__ import annotations

import pytest

from tests.browser.lab_page import RED, Opener
from tests.browser.lab_server import Lab

pytestmark = pytest.mark.asyncio


async def test_a_cell_that_fails_is_seen_and_ends_the_run(open_notebook: Opener, lab: Lab) -> None:
    notebook = lab.write("fails.ipynb", "print('begun')", "1 / 0", "print('never')")
    async with open_notebook(notebook) as page:
        outputs = await page.run_all()
    assert [output.cell for output in outputs] == ["cell-0", "cell-1"]
    assert outputs[1].mime == RED and "ZeroDivisionError" in outputs[1].text


async def test_what_reaches_beyond_this_machine_is_a_problem(
    open_notebook: Opener, lab: Lab
) -> None:
    picture = "from IPython.display import HTML\nHTML('<img src=\"https://example.com/a.png\">')"
    with pytest.raises(AssertionError, match="request: https://example.com/a.png"):
        async with open_notebook(lab.write("reaches.ipynb", picture)) as page:
            await page.run_all()
