"""How fast the parts are, beside what one could use instead and beside our aims.

    python3 course.py bench                  all of it, under four minutes
    python3 course.py bench model            the lesson model and four other mock servers
    python3 course.py bench start            course.py, imports, the lesson model's start
    python3 course.py bench service          the production agent beside a bare endpoint, when named
    python3 course.py bench grade            grading beside nbgrader's; minutes, so only when named
    python3 course.py bench checklist        the checklist on a foreign agent, when named
    python3 course.py bench class            thirty students on one JupyterHub, minutes likewise

The first `bench model` installs the other servers, each in an environment of its own; so does
`bench grade` with nbgrader.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

from benchmarks import checklist as bench_checklist
from benchmarks import classroom as bench_class
from benchmarks import grading as bench_grade
from benchmarks import model as bench_model
from benchmarks import service as bench_service
from benchmarks import start as bench_start
from tools.install.extras import Missing

__all__ = ("main",)

PARTS = ("model", "start")
LONG = ("checklist", "grade", "service")


def main(words: list[str] | None = None) -> int:
    """Measure the parts named; return 1 if a measurement is not valid, whatever the aims."""
    words = sys.argv[1:] if words is None else words
    if words[:1] == ["class"]:
        return bench_class.main(words[1:])  # it has options of its own
    parser = argparse.ArgumentParser(
        prog="course.py bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS, *LONG], default=[], metavar="PART")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each part (3)")
    parser.add_argument("--quick", action="store_true", help="one short round, installs nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to a file")
    options = parser.parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers end with us
    rounds, seconds = (1, 0.2) if options.quick else (options.rounds, 1.0)
    results: dict[str, dict] = {}
    verdicts: list[dict] = []
    began = time.monotonic()
    for part in options.parts or PARTS:
        print(f"\n== {part}   (load average {load_average()})", flush=True)
        if part == "model":
            found = bench_model.measure(rounds, seconds, install=not options.quick, say=progress)
            progress("")
            found["start"] = bench_start.lesson_model_start(rounds * 3)
            print(bench_model.table(found))
            verdicts += bench_model.aims(found)
        elif part == "service":
            found = bench_service.measure(rounds, seconds * 5)
            print(bench_service.table(found))
            verdicts += bench_service.aims(found)
        elif part == "checklist":
            found = bench_checklist.measure(rounds)
            print(bench_checklist.table(found))
            verdicts += bench_checklist.aims(found)
        elif part == "grade":
            try:
                found = bench_grade.measure(2 if options.quick else 6, install=not options.quick)
            except Missing as reason:
                print(f"not measured: {reason}")
                continue
            print(bench_grade.table(found))
            verdicts += bench_grade.aims(found)
        else:
            found = bench_start.measure(rounds)
            print(bench_start.table(found))
        results[part] = found
    if verdicts:
        print("\n== aims\n" + "\n".join(verdict["text"] for verdict in verdicts))
    seconds = time.monotonic() - began
    print(f"\n{seconds:.0f} s, {os.cpu_count()} cores, load average now {load_average()}")
    if options.json:
        options.json.write_text(json.dumps({**results, "aims": verdicts}, indent=1), "utf-8")
    return int(any(verdict.get("invalid") for verdict in verdicts))


def progress(line: str) -> None:
    """Show a line that the next one overwrites, where somebody is looking."""
    if sys.stdout.isatty():
        print(f"\r\x1b[K{line}", end="", flush=True)


def load_average() -> str:
    """Return how many processes wanted to run in the last minute, five and fifteen."""
    if not hasattr(os, "getloadavg"):
        return "unknown"
    return " ".join(f"{load:.1f}" for load in os.getloadavg())


if __name__ == "__main__":
    sys.exit(main())
