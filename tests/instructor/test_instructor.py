"""What the teaching guide names is there: cells, outputs, headings, exercises, answers, files."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

from course import WORDS
from course_layout import ROOT
from lesson_model.faults import WORDS as FAULTS
from tools.build.two_speeds import core_and_deeper_minutes

GUIDE = ROOT / "instructor"
BANK = ROOT / "tests" / "exercises" / "answers"
LESSONS = sorted(path.stem for path in (ROOT / "lessons").glob("[0-9]*.py"))
SECTIONS = [
    *("Goals", "Timing", "Before you begin", "Demo script"),
    *("Questions people ask", "Wrong answers", "Stress this", "Bridge"),
]
HEADING = re.compile(r"^#{1,6} +(.*?) *$", re.M)
BOX = re.compile(r"^\| \*\*(?:Core|Deeper)\*\* \|[^|]*\| (.*), (\d+) min \|", re.M)
EXERCISE = re.compile(r"^### Exercise (\d\.\d+)( \(stretch\))?", re.M)
STEP = re.compile(r"^### .+ \((\d+) minutes\)$", re.M)
LINK = re.compile(r"\]\(([^)\s#]*)(?:#([^)\s]*))?\)")
QUOTE = re.compile(r"`([^`]+)`")
ANSWER = re.compile(r"^# %% (\w+)[^:]*: *(.+)$", re.M)
FILES = re.compile(r"\b[\w/]+\.(?:py|md|yml)\b")
WORDS_OF_A_STEP = {"Run", "Say", "Do", "Answer", "Shows"}
PLAN = re.compile(r"^## (.+)$", re.M)
LENGTHS = {"One meeting of 90 minutes": 90, "Three hours": 180}
CORE_MINUTES = 20  # to show a core
MINUTES = (5, 10, 20)  # for an exercise to predict, to build, to stretch


@functools.cache
def cells(lesson: str, folder: str = "notebooks") -> list[dict]:
    """Return the cells of a built notebook, their source as one text."""
    notebook = json.loads((ROOT / folder / f"{lesson}.ipynb").read_text("utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook["cells"]


def page(lesson: str) -> str:
    """Return the guide's page on a lesson."""
    return (GUIDE / f"{lesson}.md").read_text("utf-8")


def prose(lesson: str) -> str:
    """Return all markdown of a lesson."""
    return "\n".join(c["source"] for c in cells(lesson) if c["cell_type"] == "markdown")


def section(text: str, name: str) -> str:
    """Return what stands under a heading of the second level."""
    return text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def exercises_in(text: str) -> set[str]:
    """Return the exercises that a text names, one by one or as "5.1 to 5.3"."""
    found = re.findall(r"(?<![\d.])(\d)\.(\d)(?: to \d\.(\d))?(?![\d.]*\d)", text)
    return {
        f"{lesson}.{number}"
        for lesson, first, last in found
        for number in range(int(first), int(last or first) + 1)
    }


def anchors(text: str) -> set[str]:
    """Return the ids JupyterLab gives to the headings: their text, a hyphen for each space."""
    return {re.sub(r"[`*]", "", found).replace(" ", "-") for found in HEADING.findall(text)}


def may_take(exercises: int, minutes: int) -> bool:
    """Tell whether these are the minutes of so many exercises to build, one perhaps to predict."""
    return MINUTES[1] * exercises - minutes in (0, MINUTES[1] - MINUTES[0])


def rows(text: str) -> list[list[str]]:
    """Return the rows of a table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def bullets(step: str, word: str) -> list[str]:
    """Return what is quoted in the bullets that begin with a bold word."""
    found = re.findall(rf"^- \*\*{word}\*\* (.+(?:\n  .+)*)", step, re.M)
    return [quote for bullet in found for quote in QUOTE.findall(bullet)]


def steps(text: str) -> list[str]:
    """Return the steps of a page's demo script."""
    return section(text, "Demo script").split("\n### ")[1:]


def named(lesson: str, line: str) -> list[dict]:
    """Return the code cells that begin with a line, or else those that have one like it."""
    code = [cell for cell in cells(lesson) if cell["cell_type"] == "code"]
    lines = [[one.strip() for one in cell["source"].splitlines()] for cell in code]
    ways = (
        lambda own: own[0] == line,
        lambda own: own[0].startswith(line),
        lambda own: any(one.startswith(line) for one in own),
    )
    hits = ([c for c, own in zip(code, lines, strict=True) if fits(own)] for fits in ways)
    return next(filter(None, hits), [])


def shown(cell: dict) -> str:
    """Return all the text of a cell's saved outputs."""
    texts = []
    for output in cell["outputs"]:
        texts += ["".join(output.get("text", "")), "".join(output.get("evalue", ""))]
        texts.append("".join(output.get("data", {}).get("text/plain", "")))
    return "\n".join(texts)


def complaints(lesson: str, text: str) -> list[str]:
    """Return one sentence for each thing a demo script names that is not so."""
    found = []
    for step in steps(text):
        ran = []
        for line in bullets(step, "Run"):
            hits = named(lesson, line)
            ran += hits
            if len(hits) != 1:
                found.append(f"instructor/{lesson}.md: {len(hits)} cells have the line {line!r}")
        output = "\n".join(map(shown, ran))
        found += [
            f"instructor/{lesson}.md: {quote!r} is not in the outputs of {step.splitlines()[0]!r}"
            for quote in bullets(step, "Shows")
            if quote not in output
        ]
        found += [
            f"instructor/{lesson}.md: **Say** is only what is said, in quotation marks: {said!r}"
            for said in re.findall(r"^- \*\*Say\*\* (.+(?:\n  .+)*)", step, re.M)
            if not re.fullmatch(r'"[^"]+"', said)
        ]
        others = set(re.findall(r"^- \*\*(\w+)\*\*", step, re.M)) - WORDS_OF_A_STEP
        found += [f"instructor/{lesson}.md: a step has no word {word!r}" for word in others]
        if "**Run**" not in step or not re.search(r"\*\*(Say|Do)\*\*", step):
            found.append(f"nothing to run or to say in {step.splitlines()[0]!r}")
    return found


def reading(lesson: str) -> tuple[int, int]:
    """Return the minutes of a lesson's core and of its deeper part, as its box says them."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{lesson}.ipynb", as_version=4)
    return core_and_deeper_minutes(notebook.cells)


def test_every_lesson_has_its_page() -> None:
    assert sorted(path.stem for path in GUIDE.glob("[0-9]*.md")) == LESSONS


@pytest.mark.parametrize("lesson", LESSONS)
class TestPage:
    """One page of the guide."""

    def test_has_the_same_sections(self, lesson: str) -> None:
        text = page(lesson)
        assert HEADING.search(prose(lesson))[1] in HEADING.search(text)[1]
        assert re.findall(r"^## (.+)$", text, re.M) == SECTIONS
        assert len(re.findall(r"^\d\. ", section(text, "Goals"), re.M)) == 3
        assert section(text, "Questions people ask").count("\n### ") >= 3

    def test_the_demo_is_true(self, lesson: str) -> None:
        assert complaints(lesson, page(lesson)) == []

    def test_each_run_has_its_own_cell_and_one_further_up_says_so(self, lesson: str) -> None:
        runs = re.findall(r"^- \*\*Run\*\* `([^`]+)`(.*)", "\n".join(steps(page(lesson))), re.M)
        places = [cells(lesson).index(named(lesson, line)[0]) for line, _ in runs]
        assert len(set(places)) == len(places), f"two Runs are one cell: {places}"
        for before, place, (line, note) in zip(places, places[1:], runs[1:], strict=False):
            assert place > before or note, f"{line!r} stands above the cell before: say where"

    def test_minutes_add_up(self, lesson: str) -> None:
        text = page(lesson)
        table = {name: int(minutes) for name, minutes in rows(section(text, "Timing"))}
        assert sum(map(int, STEP.findall(text))) == table["demo"]
        assert len(STEP.findall(text)) == len(steps(text))

        ((counts, *_),) = [
            row[4:] for row in rows((GUIDE / "README.md").read_text("utf-8")) if lesson in row[0]
        ]
        predict, build, stretch = map(int, counts.split(" + "))
        exercises = EXERCISE.findall(prose(lesson))
        assert predict + build + stretch == len(exercises), (
            f"instructor/README.md counts {predict} + {build} + {stretch} exercises (predict, "
            f"build, stretch); the lesson has {len(exercises)}"
        )
        assert stretch == sum(bool(mark) for _, mark in exercises)
        minutes = sum(a * b for a, b in zip((predict, build, stretch), MINUTES, strict=True))
        assert table["exercises"] == minutes, (
            f"instructor/{lesson}.md: the exercises take {minutes} minutes, its table says "
            f"{table['exercises']}"
        )
        assert (table["core"], table["deeper"]) == reading(lesson)

    def test_each_place_names_the_exercises(self, lesson: str) -> None:
        core, _, deeper = prose(lesson).partition("\n## You can stop here\n")
        first, later = ({name for name, _ in EXERCISE.findall(part)} for part in (core, deeper))
        at_home = {name for name, stretch in EXERCISE.findall(deeper) if stretch}
        text, guide = page(lesson), (GUIDE / "README.md").read_text("utf-8")
        wrong_answers = " ".join(row[0] for row in rows(section(text, "Wrong answers")))
        meetings = rows(section(guide, "Three formats"))
        [meeting] = [what for _, number, what in meetings if number == str(int(lesson[:2]))]
        (in_core, in_class), (in_deeper, later_on) = BOX.findall(core)
        source = f"lessons/{lesson}.py"
        for place, said, wanted in (
            (f"{source}, the box's core", in_core, first),
            (f"{source}, the box's deeper part", in_deeper, later),
            (f'{source}, the list under "You can stop here"', deeper.partition("\n## ")[0], later),
            (f'instructor/{lesson}.md, "Wrong answers"', wrong_answers, first | later),
            ("instructor/README.md, the meeting", meeting, (first | later) - at_home),
        ):
            lacking = sorted(wanted - exercises_in(said))
            assert not lacking, f"{place} lacks {', '.join(lacking)}"
        assert not exercises_in(in_core) & later, f"{source}: the box's core names a later exercise"

        minutes = int(in_class), int(later_on)
        assert may_take(len(first), minutes[0]), f"{source}: the box's core, {minutes[0]} minutes"
        all_minutes = int(dict(rows(section(text, "Timing")))["exercises"])
        assert sum(minutes) == all_minutes, (
            f"{source}: the box gives {minutes} minutes to the exercises, the guide {all_minutes}"
        )

    def test_wrong_answers_are_in_the_bank(self, lesson: str) -> None:
        topic, number = lesson[3:], str(int(lesson[:2]))
        for exercise, answer, *_ in rows(section(page(lesson), "Wrong answers")):
            assert exercise.startswith(f"{number}."), exercise
            bank = BANK / f"{topic}_ex{exercise.partition('.')[2]}.py"
            known = ANSWER.findall(bank.read_text("utf-8"))
            wrong = {why for status, why in known if status != "passed"}
            assert answer in wrong, f"{exercise}: {answer!r} is not in {bank.name}"


def test_the_table_of_minutes_says_what_the_pages_say() -> None:
    *lessons, total = rows(section("\n## T\n" + (GUIDE / "README.md").read_text("utf-8"), "T"))
    assert len(lessons) == len(LESSONS)
    for lesson, row in zip(LESSONS, lessons, strict=True):
        assert f"({lesson}.md)" in row[0]
        said = dict(rows(section(page(lesson), "Timing")))
        assert row[1:4] + row[5:] == [said[n] for n in ("core", "deeper", "demo", "exercises")]
    for column in (1, 2, 3, 5):
        count = sum(int(row[column]) for row in lessons)
        assert int(total[column]) == count, f"instructor/README.md: {total} adds up to {count}"
    parts = [[int(n) for n in row[4].split(" + ")] for row in [*lessons, total]]
    assert [sum(column) for column in zip(*parts[:-1], strict=True)] == parts[-1]


@pytest.mark.parametrize("path", sorted(GUIDE.glob("*.md")), ids=lambda path: path.stem)
class TestNames:
    """What any page of the guide names."""

    def test_links_lead_somewhere(self, path: Path) -> None:
        for file, place in LINK.findall(path.read_text("utf-8")):
            target = path.parent / file if file else path
            assert target.exists(), file
            text = target.read_text("utf-8") if target.suffix == ".md" else prose(target.stem)
            assert not place or unquote(place) in anchors(text), f"{file}#{place}"

    def test_exercises_exist(self, path: Path) -> None:
        known = {name for lesson in LESSONS for name, _ in EXERCISE.findall(prose(lesson))}
        text = re.sub(r"`[^`]*`", "", path.read_text("utf-8"))
        said = re.findall(r"(?<![\d.])([0-9]\.\d)(?![\d.])", text)
        assert {name for name in said if name != "0.6"} <= known  # 0.6: an old LangGraph

    def test_files_words_and_faults_exist(self, path: Path) -> None:
        text = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.S)
        for quote in QUOTE.findall(text):
            for name in FILES.findall(quote):
                places = (ROOT, ROOT / "production_agent")
                assert any((place / name).exists() for place in places), name
            for word in re.findall(r"course\.py (\w+)", quote):
                assert word in WORDS or word == "test", word
            for word in re.findall(r'model\.fail\("(\w+)"', quote):
                assert word in FAULTS, word


def test_the_guide_knows_where_a_lesson_overrides_the_panels_pace() -> None:
    said = re.search(
        r"Lessons ([\d, and]+) have such cells", (GUIDE / "README.md").read_text("utf-8")
    )
    code = {
        lesson: [c["source"] for c in cells(lesson) if c["cell_type"] == "code"]
        for lesson in LESSONS
    }
    pacing = [int(lesson[:2]) for lesson, own in code.items() if "model.pace(" in "\n".join(own)]
    assert [int(number) for number in re.findall(r"\d", said[1])] == pacing


@pytest.mark.parametrize("name", LENGTHS)
def test_a_plan_fills_its_time(name: str) -> None:
    text = (GUIDE / "plans.md").read_text("utf-8")
    assert PLAN.findall(text) == [*LENGTHS]
    lines = rows(section(text, name))
    start = clock = to_minutes(lines[0][0])
    for at, minutes, what in lines:
        assert to_minutes(at) == clock, f"{name}: {what!r} begins at {at}, and the one before ends"
        clock += int(minutes)
        if "core" in what and what.startswith("Lesson"):
            assert int(minutes) == CORE_MINUTES, what
        if what.startswith("Exercise"):
            assert may_take(len(exercises_in(what)), int(minutes)), what
    assert clock - start == LENGTHS[name]


def to_minutes(clock: str) -> int:
    """Return the minutes of the day at a time such as 9:05."""
    hours, minutes = clock.split(":")
    return 60 * int(hours) + int(minutes)


def test_what_a_core_takes_is_said_the_same_everywhere() -> None:
    boxes = [int(BOX.findall(prose(lesson))[0][1]) for lesson in LESSONS]
    whole = [read + box for (read, _), box in zip(map(reading, LESSONS), boxes, strict=True)]
    for minutes, places in (
        (whole, ("README.md", "lessons/00_start_here.py")),
        (boxes, ("README.md", "instructor/syllabus.md")),
    ):
        said = "{} to {}".format(*(5 * round(end / 5) for end in (min(minutes), max(minutes))))
        for place in places:
            assert said in (ROOT / place).read_text("utf-8"), f"{place} does not say {said!r}"


def test_the_syllabus_has_an_objective_a_lesson() -> None:
    table = rows(section("\n## S\n" + (GUIDE / "syllabus.md").read_text("utf-8"), "S"))
    said = {lesson.partition(".")[0]: objective for lesson, objective in table}
    assert {str(int(lesson[:2])) for lesson in LESSONS} <= set(said) and all(said.values())


def test_the_message_asks_for_the_doctors_last_line() -> None:
    text = (GUIDE / "message.md").read_text("utf-8")
    assert "Everything is ready." in (ROOT / "lab" / "doctor.py").read_text("utf-8")
    for words in ("git clone", "`python3 course.py`", "course.py doctor", "Everything is ready."):
        assert words in text


def test_a_page_that_is_not_true_is_found() -> None:
    text = (
        "\n## Demo script\n\n### A step (1 minutes)\n\n- **Run** `for request in model.requests:`\n"
        '- **Run** `no such line`\n- **Shows** `-> 200`, `-> 500`\n- **Say** "Look." Point at it.\n'
        "\n### Another (1 minutes)\n\n- **Whistle** a tune.\n"
    )
    first, second, third, fourth, fifth = complaints("00_start_here", text)
    assert "no such line" in first and "-> 500" in second and "Point at it" in third
    assert "'Whistle'" in fourth and "nothing to run" in fifth
