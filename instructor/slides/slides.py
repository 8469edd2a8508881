"""Write lessons as slides: `python3 course.py slides [NN] [--solved]`.

    slides            every lesson, and a list of them, into the folder lecture/
    slides 03         only lessons whose name starts with 03
    slides --solved   with our answers in the exercises

A lesson becomes one HTML file that needs nothing else: no network, no script from elsewhere, no
kernel. It is made from the built notebook, so code, outputs and pictures are those of the lesson.
Where a widget would be, it says so: live widgets need JupyterLab (instructor/README.md says how
to show it to a room).

A heading begins a slide. What stands under it is laid onto as many slides as it needs, by an
estimate of its height; the page itself shrinks what is still too high.
"""

from __future__ import annotations

import argparse
import base64
import html
import json
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import mistune
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from course_layout import ROOT
from instructor.slides.page import index, page
from instructor.slides.slide import Block, Slide

__all__ = ("blocks", "lay_out", "main", "slides_of")

HEIGHT = 590  # pixels of a slide of 1280 by 720 under its title
WIDTH, PICTURE = 1160, 418  # of a slide, and how high a picture may be on it
LINE, ROW, SPACE = 26, 44, 24  # a line of code, a table's row, a gap
PROSE, LETTERS = 34, 92  # a line of text, and how many letters it has
LONGEST = 20  # lines of code on one slide; more are parted at a blank line
ROWS = 10  # of a table on one slide

HEADING = re.compile(r"^(#{1,4}) +(.+?) *$")
SVG_SIZE = re.compile(r'<svg [^>]*width="(\d+)" height="(\d+)"')
PNG = re.compile(r'src="data:image/png;base64,([^"]{32})')
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
WIDGET = re.compile(r"^(?:VBox|HBox|HTML|Button|IntProgress|Output)\(")
NO_WIDGET = '<p class="note">A live widget stands here. Run this cell in JupyterLab.</p>'
LESSON_LINK = re.compile(r'href="(?:\.\./\w+/)?(\d\d_\w+)\.ipynb(?:#[^"]*)?"')

_markdown = mistune.create_markdown(escape=False, plugins=["table", "strikethrough"])
_highlighter = HtmlFormatter(nowrap=True)


def main(options: list[str]) -> int:
    """Write the slides that are asked for and return the exit status."""
    parser = argparse.ArgumentParser(prog="course.py slides", description=__doc__.split("\n")[0])
    parser.add_argument("lesson", nargs="?", default="", help="how its name begins, such as 03")
    parser.add_argument("--solved", action="store_true", help="with our answers")
    parser.add_argument("--to", type=Path, default=ROOT / "lecture", help="the folder to write to")
    chosen = parser.parse_args(options)
    source = ROOT / ("solutions" if chosen.solved else "notebooks")
    notebooks = sorted(source.glob("[0-9][0-9]_*.ipynb"))
    wanted = [path for path in notebooks if path.stem.startswith(chosen.lesson)]
    if not wanted:
        print(f"No notebook in {source.name}/ begins with {chosen.lesson!r}. Try: slides 03")
        return 2
    chosen.to.mkdir(parents=True, exist_ok=True)
    for path in wanted:
        slides = slides_of(json.loads(path.read_text("utf-8")))
        target = chosen.to / f"{path.stem}.html"
        target.write_text(page(slides), "utf-8")
        print(f"{target}  ({len(slides)} slides)")
    written = {path.stem: path for path in notebooks if (chosen.to / f"{path.stem}.html").exists()}
    titles = {stem: _title(path) for stem, path in written.items()}
    (chosen.to / "index.html").write_text(index(titles), "utf-8")
    print(f"Open {chosen.to / 'index.html'} in a browser. Arrow keys turn the slides.")
    return 0


def _title(notebook: Path) -> str:
    first = json.loads(notebook.read_text("utf-8"))["cells"][0]["source"]
    return "".join(first).splitlines()[0].lstrip("# ")


def slides_of(notebook: dict) -> list[Slide]:
    """Return a built notebook's slides."""
    return lay_out([block for cell in notebook["cells"] for block in blocks(cell)])


def lay_out(found: list[Block]) -> list[Slide]:
    """Lay blocks onto slides: a new one at each heading, and where the next would be too much."""
    slides: list[Slide] = []
    for block in found:
        if block.title:
            slides.append(Slide(block.title))
            continue
        if not slides:
            slides.append(Slide("Lesson"))
        last = slides[-1]
        if last.blocks and last.height + block.height > HEIGHT:
            lead = last.blocks[-1]
            moves = lead.leads and len(last.blocks) > 1 and lead.height + block.height <= HEIGHT
            moved = [last.blocks.pop()] if moves else []
            last = Slide(last.title, continued=True, blocks=moved)
            slides.append(last)
        last.blocks.append(block)
    return slides


def blocks(cell: dict) -> Iterator[Block]:
    """Yield the pieces of a cell. Checks and bare imports are nothing to show."""
    source = "".join(cell["source"]).strip("\n")
    if cell["cell_type"] == "markdown":
        yield from _prose(source)
    elif "check" not in cell["metadata"].get("tags", ()):
        if cell["outputs"] or not source.startswith(("import ", "from ")):
            yield from _code(source)
            for output in cell["outputs"]:
                yield _output(output)


def _prose(source: str) -> Iterator[Block]:
    for text in _paragraphs(source):
        heading = HEADING.match(text)
        if heading:
            title = _markdown(f"# {heading[2]}").strip().removeprefix("<h1>").removesuffix("</h1>")
            yield Block("", 0, title)
            continue
        leads = text.rstrip("*").endswith(":")
        for piece in _tables(text):
            yield Block(_links(_markdown(piece)), _prose_height(piece), leads=leads)


def _paragraphs(source: str) -> Iterator[str]:
    """Yield the headings, and what blank lines part outside of fences and `<details>`."""
    lines: list[str] = []
    inside = ""  # what ends the fence or the details we are in
    for line in [*source.split("\n"), ""]:
        if inside:
            lines.append(line)
            inside = "" if line.startswith(inside) else inside
            continue
        if line.startswith("```"):
            inside = "```"
        elif line.startswith("<details"):
            inside = "</details>"
        if lines and (not line.strip() or HEADING.match(line) or HEADING.match(lines[0])):
            yield "\n".join(lines).replace("\n</details>", "\n\n</details>")
            lines = []
        if line.strip():
            lines.append(line)


def _tables(text: str) -> list[str]:
    """Part a long table into several with the same head; return anything else as it is."""
    head, rows = text.split("\n")[:2], text.split("\n")[2:]
    if not text.startswith("|") or len(rows) <= ROWS:
        return [text]
    return ["\n".join(head + rows[n : n + ROWS]) for n in range(0, len(rows), ROWS)]


def _prose_height(text: str) -> float:
    if text.startswith("<details"):
        return HEIGHT / 2  # room for its answers
    if text.startswith(("|", "```")):
        return (ROW if text[0] == "|" else LINE) * len(text.splitlines()) + SPACE
    items = re.split(r"\n(?=\d+\. |- )", text)
    return SPACE + PROSE * sum(1 + len(item) // LETTERS for item in items)


def _links(text: str) -> str:
    """Let a link to another lesson lead to its slides."""
    return LESSON_LINK.sub(r'href="\1.html"', text)


def _code(source: str) -> Iterator[Block]:
    lines = re.sub(r"\n{3,}", "\n\n", source).split("\n")
    leads = len(lines) <= 3  # then its output is what counts
    while lines:
        end = len(lines)
        if end > LONGEST:
            blank = [n for n, line in enumerate(lines[: LONGEST + 1]) if not line.strip() and n > 2]
            end = blank[-1] if blank else LONGEST
        piece, lines = "\n".join(lines[:end]).strip("\n"), lines[end:]
        while lines and not lines[0].strip():
            lines.pop(0)
        body = highlight(piece, PythonLexer(stripnl=False), _highlighter).rstrip("\n")
        body = f'<pre class="code"><code>{body}</code></pre>'
        yield Block(body, _lines(piece) * LINE + 1.5 * SPACE, leads=leads)


def _lines(text: str) -> int:
    """Count lines as they are shown: a long one is broken."""
    return sum(1 + len(line) // 100 for line in text.split("\n"))


def _output(output: dict) -> Block:
    data = output.get("data", {})
    plain = "".join(data.get("text/plain", ""))
    rich, svg = "".join(data.get("text/html", "")), "".join(data.get("image/svg+xml", ""))
    if size := SVG_SIZE.match(svg):
        width, height = map(int, size.groups())
        # Small drawings are shown at 1.2 times their size, wide ones as wide as the slide.
        shown = height * min(1.2, WIDTH / width)
        figure = f'<figure class="graph" style="height:{shown / 24:.1f}em">{svg}</figure>'
        return Block(figure, shown + SPACE)
    if rich and "<script" not in rich:
        tall = _picture_height(rich) or _lines(plain) * PROSE
        return Block(f'<div class="rich">{rich}</div>', tall + SPACE)
    if WIDGET.match(plain):
        return Block(NO_WIDGET, PROSE + SPACE)
    error = [*output.get("traceback", ())][-1:]
    return _text(plain or "".join(output.get("text", "")) or "".join(error))


def _picture_height(rich: str) -> float:
    """Return how high the picture in this HTML is shown, 0 if there is none."""
    if not (found := PNG.search(rich)):
        return 0
    wide, high = struct.unpack(">II", base64.b64decode(found[1])[16:24])  # PNG's first chunk
    return min(PICTURE, WIDTH * high / wide)


def _text(text: str) -> Block:
    text = COLOURS.sub("", text).strip("\n")
    return Block(
        f'<pre class="output"><samp>{html.escape(text)}</samp></pre>', _lines(text) * LINE + SPACE
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
