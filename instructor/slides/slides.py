"""Write lessons as slides: `python3 course.py slides [NN] [--solved] [--no-step]`.

    slides            every lesson, and a list of them, into the folder lecture/
    slides 03         only lessons whose name starts with 03
    slides --solved   with our answers in the exercises
    slides --no-step  outputs stand there at once, as in a hand-out; else the next key shows them

A lesson becomes one HTML file that needs nothing else: no network, no script from elsewhere, no
kernel. It is made from the built notebook, so code, outputs and pictures are those of the lesson.
Where a widget would be, it says so: live widgets need JupyterLab (instructor/README.md says how
to show it to a room).

A heading begins a slide, and so does what stands below an exercise's check: it may tell the
answer. What stands under a heading is laid onto as many slides as it needs, by an estimate of its
height: letters never get smaller than the back row can read.
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
from instructor.slides.notes import add_notes
from instructor.slides.page import index, page
from instructor.slides.slide import Block, Slide

__all__ = ("blocks", "lay_out", "main", "slides_of")

HEIGHT = 540  # pixels of a slide of 1280 by 720 under its title
WIDTH, PICTURE = 1210, 418  # of a slide, and how high a picture may be on it
LINE, CELL, SPACE = 32, 13, 24  # a line of code, what a table's row adds to its text, a gap
PROSE, LETTERS = 34, 92  # a line of text, and how many letters it has
COLUMNS = 74  # letters of a line of code, which is broken between words
LONGEST = 15  # lines of code on one slide; more are parted at a blank line

HEADING = re.compile(r"^(#{1,4}) +(.+?) *$")
SVG_SIZE = re.compile(r'<svg [^>]*width="(\d+)" height="(\d+)"')
PNG = re.compile(r'src="data:image/png;base64,([^"]{32})')
EXERCISE = re.compile(r"^Exercise (\d+\.\d+)")
GOES_ON = re.compile(r" *(?:[)\]}]|(?:elif|else|except|finally)\b)")  # a block or a call
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
WIDGET = re.compile(r"^(?:VBox|HBox|HTML|Button|IntProgress|Output)\(")
NO_WIDGET = '<p class="note">A live widget stands here. Run this cell in JupyterLab.</p>'
LESSON_LINK = re.compile(r'href="(?:\.\./\w+/)?(\d\d_\w+)\.ipynb(?:#[^"]*)?"')

SET_UP = """\
You need Python 3.11 or newer, and the folder of the course.

```
cd the-folder-of-the-course
python3 course.py            # on Windows: py course.py
```

JupyterLab opens in your browser. If something is odd, this says what, and the cure:

```
python3 course.py doctor
```

Its last line should be: **Everything is ready.**
"""

_markdown = mistune.create_markdown(escape=False, plugins=["table", "strikethrough"])
_highlighter = HtmlFormatter(nowrap=True)


def main(options: list[str]) -> int:
    """Write the slides that are asked for and return the exit status."""
    parser = argparse.ArgumentParser(prog="course.py slides", description=__doc__.split("\n")[0])
    parser.add_argument("lesson", nargs="?", default="", help="how its name begins, such as 03")
    parser.add_argument("--solved", action="store_true", help="with our answers")
    parser.add_argument(
        "--step",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="show an output with the next key, after the room has guessed (the default)",
    )
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
        slides = deck(path)
        target = chosen.to / f"{path.stem}.html"
        target.write_text(page(slides, step=chosen.step), "utf-8")
        print(f"{target}  ({len(slides)} slides)")
    written = {path.stem: path for path in notebooks if (chosen.to / f"{path.stem}.html").exists()}
    titles = {stem: _title(path) for stem, path in written.items()}
    (chosen.to / "index.html").write_text(index(titles), "utf-8")
    print(f"Open {chosen.to / 'index.html'} in a browser. Arrow keys turn slides; S: your notes.")
    return 0


def deck(notebook: Path) -> list[Slide]:
    """Return the slides of a notebook with the set-up commands and the speaker's notes."""
    slides = slides_of(json.loads(notebook.read_text("utf-8")))
    guide = ROOT / "instructor" / f"{notebook.stem}.md"
    if guide.exists():
        add_notes(slides, guide.read_text("utf-8"))
    set_up = [Block(_markdown(text), _prose_height(text)) for text in _paragraphs(SET_UP)]
    notes = "<p>Let it stand while people come in. Ask for the doctor's last line.</p>"
    return [*slides[:1], Slide("Ready?", level=2, blocks=set_up, notes=notes), *slides[1:]]


def _title(notebook: Path) -> str:
    first = json.loads(notebook.read_text("utf-8"))["cells"][0]["source"]
    return "".join(first).splitlines()[0].lstrip("# ")


def slides_of(notebook: dict) -> list[Slide]:
    """Return a built notebook's slides."""
    found: list[Block] = []
    exercise = ""  # the one whose check stands just above
    for cell in notebook["cells"]:
        own = list(blocks(cell))
        if exercise and own and not own[0].title:
            found.append(Block("", 0, f"After exercise {exercise}", level=3))
        tags = cell["metadata"].get("tags", ())
        if "check" in tags:
            titles = [EXERCISE.search(block.title) for block in found]
            exercise = next((match[1] for match in reversed(titles) if match), "")
        elif own:
            exercise = ""
        found += own
    return lay_out(found)


def lay_out(found: list[Block]) -> list[Slide]:
    """Lay blocks onto slides: a new one at each heading, and where the next would be too much."""
    slides: list[Slide] = []
    for block in found:
        if block.title:
            slides.append(Slide(block.title, level=block.level))
            continue
        if not slides:
            slides.append(Slide("Lesson"))
        last = slides[-1]
        if last.blocks and last.height + block.height > HEIGHT:
            lead = last.blocks[-1]
            moves = lead.leads and len(last.blocks) > 1 and lead.height + block.height <= HEIGHT
            moved = [last.blocks.pop()] if moves else []
            last = Slide(last.title, continued=True, level=last.level, blocks=moved)
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
                yield from _outputs(output)


def _prose(source: str) -> Iterator[Block]:
    for text in _paragraphs(source):
        heading = HEADING.match(text)
        if heading:
            title = _markdown(f"# {heading[2]}").strip().removeprefix("<h1>").removesuffix("</h1>")
            yield Block("", 0, title, level=len(heading[1]))
            continue
        leads = text.rstrip("*").endswith(":")
        for piece in _pieces(text):
            body = LESSON_LINK.sub(r'href="\1.html"', _markdown(piece))  # to its slides
            yield Block(body, _prose_height(piece), leads=leads)


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


def _pieces(text: str) -> list[str]:
    """Part a long table or list so that each piece fits on a slide; leave anything else alone."""
    if text.startswith("|"):
        head, items = text.split("\n")[:2], text.split("\n")[2:]
    elif re.match(r"\d+\. |- ", text):
        head, items = [], re.split(r"\n(?=\d+\. |- )", text)
    else:
        return [text]
    found = [[*head]]
    for item in items:
        if len(found[-1]) > len(head) and _prose_height("\n".join([*found[-1], item])) > HEIGHT:
            found.append([*head])
        found[-1].append(item)
    return ["\n".join(lines) for lines in found]


def _prose_height(text: str) -> float:
    if text.startswith("<details"):
        return HEIGHT / 2  # room for its answers
    if text.startswith("```"):
        return LINE * (len(text.splitlines()) - 2) + 2 * SPACE
    if text.startswith("|"):
        return 1.12 * sum(map(_row_height, text.split("\n"))) + SPACE
    items = re.split(r"\n(?=\d+\. |- )", text)
    return SPACE + PROSE * sum(1 + len(item) // LETTERS for item in items)


def _row_height(row: str) -> float:
    """Return the height of a table's row; the browser widens the columns that need it."""
    if re.fullmatch(r"[|: -]+", row):
        return 0
    cells = [len(cell.strip()) for cell in row.strip("|").split("|")]
    widths = [LETTERS * 0.82 * max(1 / len(cells), each / (sum(cells) + 1)) for each in cells]
    lines = max(1 + int(each // width) for each, width in zip(cells, widths, strict=True))
    return PROSE * lines + CELL


def _code(source: str) -> Iterator[Block]:
    source = re.sub(r"\n{3,}", "\n\n", source)
    leads = source.count("\n") < 3  # then its output is what counts
    for piece in _parted(source):
        body = highlight(piece, PythonLexer(stripnl=False), _highlighter).rstrip("\n")
        body = f'<pre class="code"><code>{body}</code></pre>'
        yield Block(body, _lines(piece) * LINE + 2 * SPACE, leads=leads)


def _parted(text: str) -> Iterator[str]:
    """Part a text that is too long for a slide: at a blank line, or else before a block."""
    lines = text.split("\n")
    while lines:
        end, shown = 0, 0
        while end < len(lines) and shown + _lines(lines[end]) <= LONGEST:
            shown += _lines(lines[end])
            end += 1
        end = max(end, 1)
        if end < len(lines):
            blank = [n for n, line in enumerate(lines[: end + 1]) if not line.strip() and n > 2]
            begin = [n for n in range(end // 2 + 1, end + 1) if not GOES_ON.match(lines[n])]
            end = blank[-1] if blank else min(begin[::-1] or [end], key=lambda n: _indent(lines[n]))
        piece, lines = "\n".join(lines[:end]).strip("\n"), lines[end:]
        while lines and not lines[0].strip():
            lines.pop(0)
        yield piece


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _lines(text: str) -> int:
    """Count lines as they are shown: a long one is broken."""
    return sum(1 + max(len(line) - 1, 0) // COLUMNS for line in text.split("\n"))


def _outputs(output: dict) -> Iterator[Block]:
    data = output.get("data", {})
    plain = "".join(data.get("text/plain", ""))
    rich, svg = "".join(data.get("text/html", "")), "".join(data.get("image/svg+xml", ""))
    if size := SVG_SIZE.match(svg):
        width, height = map(int, size.groups())
        # Small drawings are shown at 1.2 times their size, wide ones as wide as the slide.
        shown = height * min(1.2, WIDTH / width)
        figure = f'<figure class="graph" style="height:{shown / 24:.1f}em">{svg}</figure>'
        yield Block(figure, shown + SPACE, later=True)
        return
    picture = _picture_height(rich)
    tall = picture or _lines(plain) * (PROSE + CELL)
    # What is too high as a table is shown as text, which can be parted.
    if rich and "<script" not in rich and (picture or tall <= HEIGHT):
        yield Block(f'<div class="rich">{rich}</div>', tall + SPACE, later=True)
        return
    if WIDGET.match(plain):
        yield Block(NO_WIDGET, PROSE + SPACE)
        return
    error = [*output.get("traceback", ())][-1:]
    text = plain or "".join(output.get("text", "")) or "".join(error)
    for piece in _parted(COLOURS.sub("", text).strip("\n")):
        body = f'<pre class="output"><samp>{html.escape(piece)}</samp></pre>'
        yield Block(body, _lines(piece) * LINE + 2 * SPACE, later=True)


def _picture_height(rich: str) -> float:
    """Return how high the picture in this HTML is shown, 0 if there is none."""
    if not (found := PNG.search(rich)):
        return 0
    wide, high = struct.unpack(">II", base64.b64decode(found[1])[16:24])  # PNG's first chunk
    return min(PICTURE, WIDTH * high / wide)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
