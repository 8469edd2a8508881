"""Turn the course's notebooks and documents into MyST Markdown, the pages that Sphinx reads."""

from __future__ import annotations

import ast
import base64
import hashlib
import html
import json
import posixpath
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from course_layout import ROOT

__all__ = ("TERMINAL_COLOURS", "Pages", "hints_of", "page_name", "slug")

LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
FENCED = re.compile(r"(^```.*?^```)", re.M | re.S)
PNG = re.compile(r'<img\b([^>]*?)src="data:image/png;base64,([^"]+)"')
SVG_TITLE = re.compile(r"<title[^>]*>([^<]+)</title>")
IMPORT = re.compile(r"^(?:import|from) ", re.M)
MAX_SHOWN_IMPORTS = 5  # a cell with more is folded
TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
SHOWN_PIXELS = 760  # as wide as the column of text


def page_name(file: str) -> str:
    """Return the name of a file's page: its path without the suffix, a README as `index`."""
    return re.sub(r"(^|/)README$", r"\1index", file.removesuffix(Path(file).suffix))


def slug(heading: str) -> str:
    """Return the name of a heading as MyST and GitHub form it; also from JupyterLab's name."""
    return re.sub(r"[^\w\- ]", "", unquote(heading)).strip().lower().replace(" ", "-")


def hints_of(topic: str) -> dict[str, list[str]]:
    """Return the hints of each exercise of a lesson, read from the source of its checks.

    Args:
        topic: The lesson's name without its number.
    """
    file = ROOT / "exercises" / f"{topic}.py"
    file = file if file.exists() else ROOT / "exercises" / topic / "__init__.py"
    if not file.exists():
        return {}
    return {
        function.name: ast.literal_eval(word.value)
        for function in ast.parse(file.read_text("utf-8")).body
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for call in function.decorator_list
        if isinstance(call, ast.Call)
        for word in call.keywords
        if word.arg == "hints"
    }


class Pages:
    """The pages of the site, and the pictures that their cells show.

    Attributes:
        files: For each file of the course that is a page, the page's name.
        pictures: For each picture's file name, its bytes.
    """

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files
        self.pictures: dict[str, bytes] = {}

    def document(self, file: str) -> str:
        """Return the page of a Markdown file."""
        return self._with_links((ROOT / file).read_text("utf-8"), file)

    def notebook(self, file: str) -> str:
        """Return the page of a notebook: its text, its code, its saved outputs, and hints."""
        lesson = Path(file).stem
        number, _, topic = lesson.partition("_")
        first, *cells = json.loads((ROOT / file).read_text("utf-8"))["cells"]
        solved = file.startswith("solutions/")
        title, _, text = "".join(first["source"]).partition("\n")
        note = (SOLVED_NOTE if solved else LESSON_NOTE).format(lesson=lesson)
        blocks = [SOLVED_HEADER, f"{title}, solved"] if solved else [title]
        blocks += [note, self._with_links(text, file)]
        hints = hints_of(topic)
        for cell in cells:
            source, tags = "".join(cell["source"]), cell["metadata"].get("tags", [])
            if cell["cell_type"] == "markdown":
                blocks.append(self._with_links(source, file))
                continue
            if source.strip():
                blocks.append(_code(source, "exercise" if "exercise" in tags else "cell"))
            blocks += [_raw(self._output(output)) for output in cell["outputs"]]
            if "check" in tags and not solved:
                (name,) = (tag for tag in tags if tag.startswith("ex"))
                blocks.append(_folded(hints[name], f"{int(number)}.{name[2:]}"))
        return "\n\n".join(blocks)

    def _with_links(self, text: str, file: str) -> str:
        """Let each link to a file lead to its page; what has no page is named without a link."""

        def replace(link: re.Match[str]) -> str:
            picture, words, target = link.groups()
            if re.match(r"https?:|mailto:", target):
                return link[0]
            path, _, place = target.partition("#")
            place = f"#{slug(place)}" if place else ""
            if not path:
                return f"[{words}]({place})"
            path = posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
            here = posixpath.dirname(self.files[file]) or "."
            if picture:
                return f"![{words}]({posixpath.relpath(path, here)})"
            page = self.files.get(path) or self.files.get(f"{path}/README.md")
            return f"[{words}]({posixpath.relpath(page, here)}.md{place})" if page else words

        parts = FENCED.split(text)
        parts[::2] = [LINK.sub(replace, part) for part in parts[::2]]
        return "".join(parts)

    def _output(self, output: Mapping) -> str:
        """Return what a cell shows, as HTML."""
        data = {kind: "".join(text) for kind, text in output.get("data", {}).items()}
        if drawing := data.get("image/svg+xml"):
            alt = SVG_TITLE.search(drawing)[1].replace('"', "&quot;")
            source = self._picture(drawing.encode(), "svg")
            return f'<div class="output"><img alt="{alt}" loading="lazy" src="{source}"></div>'
        if rich := data.get("text/html"):
            return f'<div class="output">{PNG.sub(self._image, rich)}</div>'
        text = data.get("text/plain") or "".join(output.get("text", output.get("traceback", "")))
        text = html.escape(TERMINAL_COLOURS.sub("", text).rstrip("\n"))
        kind = "widget" if "No buttons?" in text else output.get("name", "result")
        return f'<pre class="output {kind}"><samp>{text}</samp></pre>'

    def _image(self, tag: re.Match[str]) -> str:
        picture = base64.b64decode(tag[2])
        wide, high = struct.unpack(">II", picture[16:24])  # PNG's first chunk
        size = f'width="{SHOWN_PIXELS}" height="{SHOWN_PIXELS * high // wide}"'
        source = self._picture(picture, "png")
        others = re.sub(r' (?:width|height)="\d+"', "", tag[1])
        return f'<img{others}{size} loading="lazy" src="{source}"'

    def _picture(self, content: bytes, kind: str) -> str:
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.{kind}"
        self.pictures[name] = content
        return f"../pictures/{name}"


SOLVED_HEADER = "---\norphan: true\nnosearch: true\n---"
SOLVED_NOTE = "*All answers are filled in. Try first: [the lesson](../notebooks/{lesson}.md).*"
LESSON_NOTE = (
    "*To run it: `python3 course.py`, then open `notebooks/{lesson}.ipynb`. "
    "All answers are in [the solved version](../solutions/{lesson}.md).*"
)


def _fence(text: str) -> str:
    """Return a fence that is longer than any in the text."""
    return "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))


def _code(source: str, kind: str) -> str:
    fence = _fence(source)
    code = f"{fence}{{code-block}} ipython3\n:class: {kind}\n\n{source.strip()}\n{fence}"
    if len(IMPORT.findall(source)) > MAX_SHOWN_IMPORTS:
        return f"<details><summary>Imports and set-up</summary>\n\n{code}\n\n</details>"
    return code


def _raw(page: str) -> str:
    fence = _fence(page)
    return f"{fence}{{raw}} html\n{page}\n{fence}"


def _folded(hints: list[str], exercise: str) -> str:
    """Return the hints of an exercise, each to be opened by itself."""
    each = (
        f"<details><summary>Hint {n} for exercise {exercise}</summary>\n\n{hint}\n\n</details>"
        for n, hint in enumerate(hints, 1)
    )
    return "\n\n".join(each)
