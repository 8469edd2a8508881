"""The website: built once, without a warning, then read as files and in a browser, offline."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import pytest_asyncio
from bs4 import BeautifulSoup
from playwright.async_api import BrowserContext, Page, expect

from course_layout import ROOT
from tests.browser import axe
from tests.browser.contrast import ENOUGH, contrasts
from tools.site import build
from tools.site.pages import TERMINAL_COLOURS

LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
MAX_SITE_BYTES, MAX_LESSON_BYTES = 15_000_000, 1_000_000
NARROW = {"width": 360, "height": 740}  # a phone
WORD = re.compile(r"[^\W\d_]{3}")
# Thousands of coloured words make axe slow. One of each colour is as good: the others become text.
ONE_WORD_A_COLOUR = """() => {
  const seen = new Set();
  for (const word of document.querySelectorAll('.highlight span')) {
    if (seen.has(word.className)) word.replaceWith(...word.childNodes);
    else seen.add(word.className);
  }
  for (const code of document.querySelectorAll('.highlight pre')) code.normalize();
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The website in a folder of its own; a warning of Sphinx would stop the build."""
    folder = tmp_path_factory.mktemp("website") / "site"
    build.build(folder)
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, BeautifulSoup]:
    """Every page of the website, parsed."""
    return {path: BeautifulSoup(path.read_bytes(), "html.parser") for path in site.rglob("*.html")}


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Serve the website as `course.py site --serve` does, and return its address."""
    with build.server(site) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()


def cells(folder: str, lesson: str) -> list[dict]:
    return json.loads((ROOT / folder / f"{lesson}.ipynb").read_text("utf-8"))["cells"]


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_every_lesson_has_a_page_its_solution_and_a_link_from_the_front(
    site: Path, pages: dict[Path, BeautifulSoup]
) -> None:
    links = {
        link["href"].partition("#")[0] for link in pages[site / "index.html"].select("a[href]")
    }
    for lesson in LESSONS:
        assert f"notebooks/{lesson}.html" in links
        page = pages[site / "notebooks" / f"{lesson}.html"]
        assert page.select_one(f'article a[href="../solutions/{lesson}.html"]')
        assert pages[site / "solutions" / f"{lesson}.html"].h1.text.startswith(page.h1.text[:-1])
        order = [link["href"] for link in page.select(".related-pages a")]
        assert len(order) == 2, "the page before and the page after"


@pytest.mark.parametrize("folder", ["notebooks", "solutions"])
@pytest.mark.parametrize("lesson", LESSONS)
def test_a_page_shows_all_code_and_every_output_of_its_notebook(
    pages: dict[Path, BeautifulSoup], site: Path, folder: str, lesson: str
) -> None:
    article = pages[site / folder / f"{lesson}.html"].article
    shown, pictures = squeezed(article.text), len(article.select(".output img"))
    drawn = 0
    for cell in cells(folder, lesson):
        if cell["cell_type"] == "markdown":
            continue
        assert squeezed("".join(cell["source"])) in shown, cell["id"]
        for output in cell["outputs"]:
            data = {kind: "".join(text) for kind, text in output.get("data", {}).items()}
            rich = data.get("text/html", "")
            if "image/svg+xml" in data or "<img" in rich:
                drawn += 1
                continue
            text = BeautifulSoup(rich, "html.parser").text if rich else data.get("text/plain", "")
            text = TERMINAL_COLOURS.sub("", text or "".join(output.get("text", "")))
            assert squeezed(text) in shown, cell["id"]
    assert pictures == drawn


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_exercise_has_three_hints_folded(
    pages: dict[Path, BeautifulSoup], site: Path, lesson: str
) -> None:
    exercises = [c for c in cells("notebooks", lesson) if "check" in c["metadata"].get("tags", [])]
    folded = pages[site / "notebooks" / f"{lesson}.html"].select("article details:not([open])")
    hints = [each for each in folded if each.summary.text.startswith("Hint ")]
    assert len(hints) == 3 * len(exercises) > 0
    assert all(WORD.search(each.p.text) for each in hints)


def test_where_a_panel_would_be_its_words_stand(
    pages: dict[Path, BeautifulSoup], site: Path
) -> None:
    (lesson,) = (name for name in LESSONS if name.startswith("03_"))
    words = pages[site / "notebooks" / f"{lesson}.html"].select("pre.widget")
    assert any("ApprovalPanel: " in panel.text for panel in words)
    assert all("panel.decide(" in panel.text for panel in words)


def test_what_the_front_page_says_of_a_failure_is_what_lesson_3_prints(
    pages: dict[Path, BeautifulSoup], site: Path
) -> None:
    (lesson,) = (name for name in LESSONS if name.startswith("03_"))
    (printed,) = pages[site / "index.html"].select(".highlight-text pre")[:1]
    outputs = json.dumps([cell.get("outputs") for cell in cells("notebooks", lesson)])
    assert "400" in printed.text and printed.text.strip() in outputs


def test_no_link_within_the_site_is_broken(pages: dict[Path, BeautifulSoup], site: Path) -> None:
    names = {path: {each.get("id") for each in page.select("[id]")} for path, page in pages.items()}
    broken, followed = [], 0
    for path, page in pages.items():
        for link in page.select("a[href], img[src], script[src], link[href]"):
            target = urlsplit(link.get("href") or link.get("src"))
            if target.scheme in ("http", "https", "data"):
                continue
            followed += 1
            file = (path.parent / unquote(target.path)).resolve() if target.path else path
            place = unquote(target.fragment)
            if not file.is_file() or (place and place not in names[file]):
                broken.append(f"{path.relative_to(site)}: {target.geturl()}")
    assert followed > 1000 and broken == []


def test_nothing_is_loaded_from_elsewhere(pages: dict[Path, BeautifulSoup], site: Path) -> None:
    loads = "script[src], link[href]:not([rel=canonical]), img, iframe, source, video, object"
    for path, page in pages.items():
        for each in page.select(loads):
            for name in ("src", "href", "srcset", "data"):
                assert not re.match(r"\w*:?//", each.get(name) or ""), f"{path.name}: {each}"
    for style in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\W*(https?:)?//", style.read_text("utf-8")), style


def test_every_picture_has_words(pages: dict[Path, BeautifulSoup]) -> None:
    found = [image for page in pages.values() for image in page.select("img")]
    assert len(found) > 20
    assert [image for image in found if not WORD.search(image.get("alt", ""))] == []


def test_no_picture_says_a_thing_twice(site: Path) -> None:
    """A browser takes the first of two widths, a validator refuses the page."""
    for path in site.rglob("*.html"):
        for image in re.findall(r"<img\b[^>]*>", path.read_text("utf-8")):
            names = re.findall(r' ([\w-]+)="[^"]*"', image)
            assert len(names) == len(set(names)), f"{path.name}: {image}"


def test_the_site_and_each_lesson_are_small(pages: dict[Path, BeautifulSoup], site: Path) -> None:
    files = [path for path in site.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MAX_SITE_BYTES
    for lesson in LESSONS:
        path = site / "notebooks" / f"{lesson}.html"
        pictures = {path.parent / image["src"] for image in pages[path].select("article img")}
        parts = [path, *pictures]
        assert sum(part.stat().st_size for part in parts) < MAX_LESSON_BYTES, lesson


def test_a_link_that_leads_nowhere_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "index.md").write_text("# One\n\n[two](two.md#gone)\n\n[one](#nowhere)\n")
    with pytest.raises(subprocess.CalledProcessError):
        build.run_sphinx(tmp_path, tmp_path / "built")


@pytest_asyncio.fixture
async def page(chromium: BrowserContext, address: str) -> AsyncIterator[Page]:
    """A page; afterwards: everything came from the site, and nothing went wrong."""
    page = await chromium.new_page()
    asked, wrong = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: wrong.append(request.url))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    await page.close()
    assert asked and [url for url in asked if not url.startswith((address, "data:"))] == []
    assert wrong == []


async def test_everybody_can_read_every_page_in_both_themes(
    page: Page, pages: dict[Path, BeautifulSoup], site: Path, address: str, axe_core: str
) -> None:
    faults = []
    for path in pages:
        name = path.relative_to(site).as_posix()
        await page.set_viewport_size({"width": 1280, "height": 900})
        await page.goto(f"{address}/{name}")
        await page.evaluate(ONE_WORD_A_COLOUR)
        if name != "index.html":  # the list of all pages is the same on each
            await page.evaluate("document.querySelector('.sidebar-tree').replaceChildren()")
        faults += [f"{name}: {fault}" for fault in await axe.violations(page, axe_core, "html")]
        for theme in ("light", "dark"):
            await page.emulate_media(color_scheme=theme)
            # What stands around the text is the same on every page.
            seen = await contrasts(page.locator("body" if name == "index.html" else "article"))
            assert seen
            faults += [f"{name}, {theme}: {each}" for each in seen if each.ratio < ENOUGH]
        await page.set_viewport_size(NARROW)
        if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{name}: wider than a phone")
    assert faults == []


async def test_search_works_from_files_alone(chromium: BrowserContext, site: Path) -> None:
    page = await chromium.new_page()
    await page.goto(f"{(site / 'search.html').as_uri()}?q=jitter")
    # Results are shown one by one; then the heading changes.
    await expect(page.locator("#search-results h2")).to_have_text("Search Results")
    found = await page.locator("#search-results li a").all_inner_texts()
    await page.close()
    assert "4. Retry and fallback" in found and not [name for name in found if "solved" in name]


async def test_what_is_wider_than_a_phone_can_be_scrolled_by_keyboard(
    page: Page, address: str
) -> None:
    await page.set_viewport_size(NARROW)
    await page.goto(f"{address}/notebooks/{LESSONS[3]}.html")
    wide = page.locator("pre[tabindex='0']:visible").first
    await wide.focus()
    await page.keyboard.press("ArrowRight")
    await page.wait_for_function("document.activeElement.scrollLeft > 0")
