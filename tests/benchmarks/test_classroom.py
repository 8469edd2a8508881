"""What `course.py bench class` adds up has to be right: a machine is bought by it."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from benchmarks import bench
from benchmarks.classroom import differences, main, pss, sizing, table
from instructor.hub.student import shown

MB = 2**20
FOUND = {
    "students": 3,
    "lesson": "03_human_in_the_loop",
    "server": [90 * MB, 91 * MB, 95 * MB],
    "imports": [190 * MB] * 3,
    "peak": [256 * MB, 1024 * MB, 512 * MB],
    "cpu_start": [2.0, 2.0, 9.0],
    "cpu_lesson": [6.0, 9.0, 30.0],
    "hub": (256 * MB, 4.0),
    "wall": {"run all other cells": 12.0},
    "differences": [],
}
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PSS is Linux's")


def test_a_class_is_sized_by_the_median_student() -> None:
    need = sizing(FOUND, students=6, minutes=1)
    assert need["gb"] == pytest.approx(1.25 * (6 * 0.5 + 0.25))
    assert need["at_once"] == 6 * 9
    assert need["cores"] == pytest.approx(0.9)


def test_the_table_has_the_figures() -> None:
    text = table(FOUND)
    assert "      91      95" in text and "     512    1024" in text and "     9.0    30.0" in text
    assert "another text" not in text
    other = FOUND | {"differences": [("ada", "ex1", "'a', saved: 'b'")]}
    assert "ada, ex1: 'a', saved: 'b'" in table(other)


@linux
def test_shared_pages_are_counted_once() -> None:
    """Two processes that share a page have half of it each: together not more than it is."""
    code = (
        "import mmap, os, sys; shared = mmap.mmap(-1, 64 * 2**20);"
        "shared.write(b'x' * len(shared)); os.fork(); shared[::4096];"
        "print(flush=True); sys.stdin.read(); os._exit(0)"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as parent:
        parent.stdout.readline(), parent.stdout.readline()  # both have looked at all pages
        family = [psutil.Process(parent.pid), *psutil.Process(parent.pid).children()]
        assert len(family) == 2
        together, resident = pss(family), sum(p.memory_info().rss for p in family)
        assert 64 * MB < together < resident - 60 * MB
        parent.stdin.close()
    assert pss([psutil.Process(os.getpid())]) > 0


class Says:
    """A kernel that prints what the cell's source is."""

    def run(self, code: str) -> list[dict]:
        return [{"output_type": "stream", "name": "stdout", "text": code}]


def test_a_cell_that_shows_something_else_is_found() -> None:
    def cell(id: str, source: str, saved: str, *tags: str) -> dict:
        output = {"output_type": "stream", "name": "stdout", "text": saved}
        return {"id": id, "source": source, "outputs": [output], "metadata": {"tags": tags}}

    cells = [
        cell("same", "a", "a\n"),
        cell("other", "a\nb", "a\nc"),
        cell("ignored", "a", "b", "nbval-ignore-output"),
    ]
    assert differences(Says(), cells) == [("other", "'b', saved: 'c'")]


def test_streams_are_compared_apart() -> None:
    """Which of two streams arrives first is chance; what stands in them is not."""
    out = {"output_type": "stream", "name": "stdout", "text": "out\n"}
    err = {"output_type": "stream", "name": "stderr", "text": "\x1b[31merr\x1b[0m\n"}
    assert shown([out, err]) == shown([err, out]) == "out\nerr"
    assert shown([{"output_type": "error", "ename": "E", "evalue": "why"}]) == "E: why"


def test_an_unknown_lesson_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lesson", "77"]) == bench.main(["class", "--lesson", "77"]) == 2
    assert "There is no lesson 77" in capsys.readouterr().out
