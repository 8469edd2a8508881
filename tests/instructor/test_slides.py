"""Slides of the built notebooks: all of a lesson, nothing from elsewhere, no answer given away."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

import pytest

from course_layout import ROOT
from course_utils.diagram import Arrow, Diagram
from instructor.slides import page as slides_page
from instructor.slides import slides
from instructor.slides.slide import Slide

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
HEADING = re.compile(r"^#{1,4} (.+)$", re.M)


@functools.cache
def made(path: Path) -> list[Slide]:
    """Return the slides of a built notebook."""
    return slides.slides_of(json.loads(path.read_text("utf-8")))


def code(source: str, *outputs: dict, tags: tuple[str, ...] = ()) -> dict:
    """Return a code cell."""
    return {
        "cell_type": "code",
        "source": [source],
        "outputs": list(outputs),
        "metadata": {"tags": tags},
    }


def prose(source: str) -> dict:
    """Return a markdown cell."""
    return {"cell_type": "markdown", "source": [source], "metadata": {}}


def show(*cells: dict) -> list[Slide]:
    """Return the slides of some cells."""
    return slides.slides_of({"cells": list(cells)})


def body(slide: Slide) -> str:
    """Return what stands on a slide."""
    return "".join(block.html for block in slide.blocks)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestLesson:
    """The slides of each lesson."""

    def test_every_heading_begins_a_slide(self, path: Path) -> None:
        notebook = json.loads(path.read_text("utf-8"))
        cells = [c for c in notebook["cells"] if c["cell_type"] == "markdown"]
        text = "\n".join("".join(cell["source"]) for cell in cells)
        headings = HEADING.findall(re.sub(r"```.*?```", "", text, flags=re.S))
        titles = [re.sub("<.*?>", "", s.title) for s in made(path) if not s.continued]
        titles = [title for title in titles if not title.startswith("After exercise ")]
        plain = [re.sub("[`*]", "", heading) for heading in headings]
        assert [re.sub("&.*?;", '"', title) for title in titles] == plain

    def test_pictures_and_graphs_are_there_and_have_words(self, path: Path) -> None:
        notebook = json.loads(path.read_text("utf-8"))
        shown = slides_page.page(made(path))
        outputs = [o for c in notebook["cells"] for o in c.get("outputs", ())]
        data = [o.get("data", {}) for o in outputs]
        assert shown.count("<img alt=") == sum(
            "<img" in "".join(d.get("text/html", "")) for d in data if "image/svg+xml" not in d
        )
        assert shown.count("<svg ") == sum("image/svg+xml" in d for d in data)

    def test_nothing_comes_from_elsewhere(self, path: Path) -> None:
        shown = slides_page.page(made(path))
        assert slides_page.POLICY in shown and "http" not in slides_page.POLICY
        assert not re.search(r"<(link|iframe|object|script [^>]*src)|url\(|@import", shown)
        assert set(re.findall(r'\bsrc="([a-z]+:)', shown)) <= {"data:"}

    def test_answers_are_not_given_away(self, path: Path) -> None:
        solved = json.loads((ROOT / "solutions" / path.name).read_text("utf-8"))
        open_ = slides_page.page(made(path))
        shown = slides_page.page(made(ROOT / "solutions" / path.name))
        answers = [c for c in solved["cells"] if "exercise" in c["metadata"].get("tags", ())]
        assert answers
        for answer in answers:
            (last,) = list(slides.blocks(answer))[-1:]
            assert last.html in shown and last.html not in open_
        assert "check.ex1(" not in re.sub(r"<.*?>", "", shown)

    def test_what_stands_below_a_check_has_a_slide_of_its_own(self, path: Path) -> None:
        """It may tell the answer: "F is the odd one" is no line for the slide of the task."""
        notebook = json.loads(path.read_text("utf-8"))
        checked = False
        for cell in notebook["cells"]:
            first, *_ = [*slides.blocks(cell), None]
            if checked and first and not first.title:
                (own,) = [s for s in made(path) if first.html in body(s)][-1:]
                assert not own.title.startswith("Exercise"), own.title
            is_check = "check" in cell["metadata"].get("tags", ())
            checked = is_check or (checked and first is None)

    def test_the_speaker_finds_every_step_of_the_demo(self, path: Path) -> None:
        deck = slides.deck(path)
        notes = "\n".join(slide.notes for slide in deck)
        guide = (ROOT / "instructor" / f"{path.stem}.md").read_text("utf-8")
        script = guide.partition("\n## Demo script\n")[2].partition("\n## ")[0]
        steps = re.findall(r"^### (.+) \((\d+) minutes\)$", script, re.M)
        for name, _ in steps:
            assert f"<h2>{name}</h2>" in notes, name
        minutes = sum(int(length) for _, length in steps)
        assert f"minutes 0 to {steps[0][1]} of {minutes}" in notes
        assert all(slide.notes for slide in deck) and "Before you begin" in deck[0].notes

    def test_no_slide_is_too_full(self, path: Path) -> None:
        for slide in made(path):
            assert slide.height <= slides.HEIGHT or len(slide.blocks) == 1, slide.title


def test_a_long_code_cell_is_parted_at_blank_lines() -> None:
    source = "\n\n".join(f"def f{n}():\n    return {n}" for n in range(12))
    pieces = [block.html for block in slides.blocks(code(source))]
    assert len(pieces) == 3 and all(piece.count("\n") < slides.LONGEST for piece in pieces)
    assert all(re.search(r"return</span> .*\d", piece.splitlines()[-1]) for piece in pieces)


def test_a_long_block_is_parted_before_a_statement_and_not_inside_of_it() -> None:
    checks = "".join(f"    if case == {n}:\n        return {n}\n" for n in range(9))
    _, second = slides._parted(f"def f(case):\n{checks}    return None")
    assert second.startswith("    if case ==")
    lines = "\n".join(["call(", *["    argument,"] * 14, ")", "x = 1"])
    assert all(not piece.startswith(")") for piece in slides._parted(lines))
    assert len([*slides._parted("}\n" * 40)]) == 3


def test_words_that_end_with_a_colon_move_with_what_they_announce() -> None:
    long = "x = 1\n" * 13
    first, second = show(prose("# A\n\nLong ago.\n\nLook at this:"), code(long))
    assert "Long ago" in body(first) and "Look at this" in body(second)
    first, second = show(prose("# A\n\nLong ago.\n\nLook at this."), code(long))
    assert "Look at this" in body(first)


def test_a_long_table_is_parted_with_its_head() -> None:
    rows = "\n".join(f"| {n} |" for n in range(13))
    first, second = show(prose(f"# T\n\n| head |\n|---|\n{rows}"))
    assert "head" in body(first) and "head" in body(second) and second.continued
    assert (
        first.height <= slides.HEIGHT
        and second.height <= slides.HEIGHT
        and body(first).count("<td") + body(second).count("<td") == 13
    )


def test_hidden_answers_keep_their_paragraphs() -> None:
    recap = "# R\n\n<details><summary>Why?</summary>\n\n- *No.*\n- **Yes.** So.\n</details>\n\nEnd."
    (slide,) = show(prose(recap))
    assert [block.html.count("<details") for block in slide.blocks] == [1, 0]
    assert "<strong>Yes.</strong>" in body(slide) and "</ul>\n</details>" in body(slide)


def test_headings_keep_their_numbers_and_fences_have_none() -> None:
    first, second = show(prose("# 1. One\n\n```\n# no heading\n```\n\n## `two`"))
    assert (first.title, second.title) == ("1. One", "<code>two</code>")
    assert "# no heading" in body(first)


def test_checks_and_bare_imports_are_left_out() -> None:
    printed = {"output_type": "stream", "text": ["<b>\x1b[1mbold\x1b[0m"]}
    cells = [code("import os"), code("check.ex1(x)", printed, tags=("check", "ex1"))]
    assert show(prose("# T"), *cells)[0].blocks == []
    (slide,) = show(prose("# T"), code("import os\nprint(1)", printed))
    assert "<samp>&lt;b&gt;bold</samp>" in body(slide)


def test_a_widget_and_a_script_are_not_promised() -> None:
    widget = {"data": {"text/plain": ["VBox(children=(Button(),))"]}}
    script = {"data": {"text/html": ["<p>a</p><script>b</script>"], "text/plain": ["the tree"]}}
    (slide,) = show(prose("# T"), code("box", widget), code("run", script))
    assert "A live widget stands here" in body(slide) and "VBox" not in body(slide)
    assert "the tree" in body(slide) and "<script" not in body(slide)


def test_an_output_waits_for_the_next_key() -> None:
    printed = {"output_type": "stream", "text": ["42"]}
    (slide,) = show(prose("# T\n\nGuess."), code("print(6 * 7)", printed))
    assert [block.later for block in slide.blocks] == [False, False, True]
    waiting = '<div class="later"><pre class="output"><samp>42'
    assert waiting in slides_page.page([slide])
    assert 'class="step"' in slides_page.page([slide])
    assert 'class="step"' not in slides_page.page([slide], step=False)
    # Where it begins a slide, it was waited for on the slide before.
    alone = Slide("T", blocks=slide.blocks[-1:])
    assert 'class="later"' not in slides_page.page([alone])


def test_the_set_up_commands_have_a_slide() -> None:
    second = slides.deck(NOTEBOOKS[0])[1]
    assert second.title == "Ready?" and second.height <= slides.HEIGHT
    for words in ("python3 course.py", "python3 course.py doctor", "Everything is ready."):
        assert words in body(second)
    assert "Everything is ready." in (ROOT / "lab" / "doctor.py").read_text("utf-8")


def test_a_long_output_is_parted() -> None:
    printed = {"output_type": "stream", "text": ["line\n" * 40]}
    deck = show(prose("# T"), code("run()", printed))
    assert len(deck) == 4 and sum(body(slide).count("line") for slide in deck) == 40
    assert all(slide.height <= slides.HEIGHT for slide in deck)


def test_links_to_lessons_lead_to_slides() -> None:
    (slide,) = show(prose("# T\n\n[a](02_persistence.ipynb#The-restart) [b](https://example.org)"))
    assert 'href="02_persistence.html"' in body(slide) and "https://example.org" in body(slide)


def test_a_graph_is_shown_as_it_is_drawn_in_the_notebook() -> None:
    drawn = Diagram({"a": "a", "b": "b"}, [Arrow("a", "b")], "From a to b.")
    (slide,) = show(prose("# T"), code("graph", {"data": drawn._repr_mimebundle_()}))
    assert drawn.svg in body(slide) and "<img" not in body(slide)
    assert slide.blocks[-1].height > drawn.height


def test_the_program_writes_what_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert slides.main(["00", "--to", str(tmp_path / "out")]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("00_start_here.html", "index.html")
    ]
    assert "00_start_here.html" in (tmp_path / "out" / "index.html").read_text("utf-8")
    assert slides.main(["77", "--to", str(tmp_path)]) == 2
    assert "No notebook in notebooks/ begins with '77'" in capsys.readouterr().out
