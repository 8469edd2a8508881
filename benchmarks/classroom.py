"""A class on one JupyterHub: what a student costs while everybody runs the same lesson at once.

    python3 course.py bench class                            thirty students, lesson 3
    python3 course.py bench class --students 5 --lesson 01

Thirty take about 9 GB of memory and, on two cores, five minutes. Memory is the proportional set
size (PSS) of Linux: pages that processes share are divided among them, so the sum over all is what
the machine has to have. CPU seconds say more than the wall clock, which depends on the cores.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path
from statistics import median

import psutil

from course_layout import ROOT
from instructor.hub.hub import PASSWORD, Hub, commit, installed
from instructor.hub.student import Kernel, Refused, Student, shown
from tools.install.extras import Missing

__all__ = ("main", "measure", "pss", "sizing", "table")

LOOK = 2  # seconds between two looks at the memory while all run
PER_GB = 2**30


def main(words: list[str] | None = None) -> int:
    """Measure the class asked for; return 1 if somebody saw something else than expected."""
    parser = argparse.ArgumentParser(
        prog="course.py bench class",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--lesson", default="03", metavar="NN")
    options = parser.parse_args(words)
    lessons = sorted((ROOT / "notebooks").glob(f"{options.lesson.zfill(2)}_*.ipynb"))
    if not lessons:
        print(f"There is no lesson {options.lesson}. Say its number, as --lesson 03.")
        return 2
    try:
        found = measure(options.students, lessons[0].stem)
    except (Missing, Refused) as reason:
        print(f"not measured: {reason}")
        return 1
    print(table(found))
    return int(bool(found["differences"]))


def measure(students: int, lesson: str) -> dict:
    """Run a lesson for a class and count; print a line at each step.

    Args:
        students: How many.
        lesson: The name of a notebook, `NN_topic`.

    Returns:
        For "server", "imports" and "peak" the PSS in bytes of each student; "cpu_start" and
        "cpu_lesson" the CPU seconds of each; "hub" the PSS and CPU seconds of hub and proxy;
        "wall" the seconds each step took; "differences" (student, cell id, first line that
        differs) wherever a cell showed another text than the saved notebook.

    Raises:
        Missing: There is no hub to be had.
        Refused: A student could not work.
    """
    programs = installed()
    with contextlib.ExitStack() as at_end:
        scratch = tempfile.TemporaryDirectory(prefix="hub-", ignore_cleanup_errors=True)
        folder = Path(at_end.enter_context(scratch))
        (folder / "state").mkdir()
        course = commit(folder / "repository")
        hub = at_end.enter_context(Hub(folder / "state", programs, course))
        people = [Student(hub.url, f"student{n:02d}", PASSWORD) for n in range(1, students + 1)]
        pool = at_end.enter_context(ThreadPoolExecutor(students))
        found: dict = {"students": students, "lesson": lesson, "wall": {}}

        def all_do(step: str, what: Callable, *more: list) -> list:
            began = time.monotonic()
            done = list(pool.map(what, people, *more))
            found["wall"][step] = time.monotonic() - began
            print(f"{found['wall'][step]:6.0f} s  {step}")
            return done

        all_do("log in, start a server", come)
        family = hub.families()
        found["server"] = [pss(family[who.name]) for who in people]
        found["cpu_start"] = [cpu(family[who.name]) for who in people]
        path = f"course/notebooks/{lesson}.ipynb"
        kernels = all_do("open the notebook", lambda who: who.open(path))
        for kernel in kernels:
            at_end.callback(kernel.close)
        cells = [c for c in people[0].notebook(path)["cells"] if c["cell_type"] == "code"]
        all_do("run the first cell (imports)", lambda _, k: k.run(cells[0]["source"]), kernels)
        family = hub.families()
        found["imports"] = [pss(family[who.name]) for who in people]
        with watch(hub) as peaks:
            seen = all_do("run all other cells", lambda _, k: differences(k, cells[1:]), kernels)
        found["peak"] = [peaks[who.name] for who in people]
        family = hub.families()
        used = [cpu(family[who.name]) for who in people]
        found["cpu_lesson"] = [
            after - before for after, before in zip(used, found["cpu_start"], strict=True)
        ]
        theirs = {process.pid for processes in family.values() for process in processes}
        others = [process for process in hub.processes() if process.pid not in theirs]
        found["hub"] = (pss(others), cpu(others))
        found["differences"] = [
            (who.name, *one) for who, each in zip(people, seen, strict=True) for one in each
        ]
        return found


def come(student: Student) -> None:
    """Log in and have a server."""
    student.log_in()
    student.start_server()


def differences(kernel: Kernel, cells: list[dict]) -> list[tuple[str, str]]:
    """Run cells; return id and first other line of those that show another text than is saved."""
    found = []
    for cell in cells:
        said, saved = shown(kernel.run(cell["source"])), shown(cell["outputs"])
        if said != saved and "nbval-ignore-output" not in cell["metadata"].get("tags", ()):
            lines = zip_longest(said.splitlines(), saved.splitlines(), fillvalue="nothing")
            first = next((f"{one!r}, saved: {two!r}" for one, two in lines if one != two), "")
            found.append((cell["id"], first))
    return found


def pss(processes: list[psutil.Process]) -> int:
    """Return the memory of processes in bytes, shared pages divided among all who share them."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total


def cpu(processes: list[psutil.Process]) -> float:
    """Return the CPU seconds that processes, and children they waited for, have used."""
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])
    return total


@contextlib.contextmanager
def watch(hub: Hub) -> Iterator[dict[str, int]]:
    """Look at the memory of each student every few seconds; gives the largest seen, by name."""
    peaks = {name: pss(family) for name, family in hub.families().items()}
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK):
            for name, family in hub.families().items():
                peaks[name] = max(peaks[name], pss(family))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peaks
    finally:
        over.set()
        thread.join()


def sizing(found: dict, students: int, minutes: float) -> dict[str, float]:
    """Return what a class needs, from what one student was measured to cost.

    Args:
        found: What `measure` returned.
        students: Of the class to size.
        minutes: In which a student runs the lesson's cells once.

    Returns:
        "gb" of memory with a quarter to spare; "cores" that are busy on average; "at_once", the
        seconds that one core needs when everybody runs all cells at the same moment.
    """
    memory = students * median(found["peak"]) + found["hub"][0]
    seconds = students * median(found["cpu_lesson"])
    return {
        "gb": 1.25 * memory / PER_GB,
        "cores": seconds / (minutes * 60),
        "at_once": seconds,
    }


def table(found: dict) -> str:
    """Return the results for people to read."""
    lines = [
        f"{found['students']} students, each runs {found['lesson']} from top to bottom, all at "
        f"once, on {os.cpu_count()} cores",
        f"  {'a student':<34}{'median':>8}{'most':>8}",
    ]
    for name, label in (
        ("server", "MB, idle server (PSS)"),
        ("imports", "MB, and a kernel after its imports"),
        ("peak", "MB, most seen while all run"),
    ):
        middle, most = (each / 2**20 for each in (median(found[name]), max(found[name])))
        lines.append(f"  {label:<34}{middle:8.0f}{most:8.0f}")
    for name, label in (
        ("cpu_start", "CPU s, to start the server"),
        ("cpu_lesson", "CPU s, the lesson with its kernel"),
    ):
        lines.append(f"  {label:<34}{median(found[name]):8.1f}{max(found[name]):8.1f}")
    memory, seconds = found["hub"]
    lines.append(f"  hub, proxy and culler: {memory / 2**20:.0f} MB, {seconds:.0f} CPU s in all")
    for step, wall in found["wall"].items():
        lines.append(f"  {wall:6.0f} s until the last one was through: {step}")
    if found["differences"]:
        lines.append(f"  {len(found['differences'])} cells showed another text than is saved:")
        lines += [f"    {name}, {cell}: {line}" for name, cell, line in found["differences"][:20]]
    need = sizing(found, 30, 45)
    lines.append(
        f"  so 30 students need {need['gb']:.0f} GB, with a quarter to spare; {need['cores']:.1f} "
        f"cores while each takes 45 minutes; {need['at_once']:.0f} CPU s if all press at once"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
