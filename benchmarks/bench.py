"""How fast the parts are, beside our aims.

    python3 course.py bench                  start and model, about a minute
    python3 course.py bench start            course.py, imports, the lesson model's start
    python3 course.py bench model            what an answer costs the lesson model
    python3 course.py bench service          the production agent beside a bare endpoint
    python3 course.py bench limits           the production agent's limits, whole; minutes
    python3 course.py bench checklist        the checklist on a foreign agent
    python3 course.py bench grade            grading beside nbgrader's; minutes
    python3 course.py bench class            thirty students on one JupyterHub; minutes

The first `bench grade` installs nbgrader, in an environment of its own.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time

from benchmarks import checklist, classroom, grading, limits, model, service, start
from tools.install.extras import Missing

__all__ = ("main",)

PARTS = {
    "start": start,
    "model": model,
    "service": service,
    "limits": limits,
    "checklist": checklist,
    "grade": grading,
}
USUAL = ("start", "model")


def main(words: list[str] | None = None) -> int:
    """Measure the parts named; return 1 if a measurement is not valid, whatever the aims."""
    words = sys.argv[1:] if words is None else words
    if words[:1] == ["class"]:
        return classroom.main(words[1:])  # it has options of its own
    parser = argparse.ArgumentParser(
        prog="course.py bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=3, help="of each part; students to grade (3)")
    options = parser.parse_args(words)
    if unknown := sorted(set(options.parts) - set(PARTS)):
        parser.error(f"there is no part {unknown[0]!r}: name {', '.join(PARTS)}, or class alone")
    verdicts: list[dict] = []
    began = time.monotonic()
    for name in options.parts or USUAL:
        print(f"\n== {name}   (load average {load_average()})", flush=True)
        part = PARTS[name]
        try:
            found = part.measure(options.rounds)
        except Missing as reason:
            print(f"not measured: {reason}")
            continue
        print(part.table(found))
        verdicts += part.aims(found)
    if verdicts:
        print("\n== aims\n" + "\n".join(verdict["text"] for verdict in verdicts))
    seconds = time.monotonic() - began
    print(f"\n{seconds:.0f} s, {os.cpu_count()} cores, load average now {load_average()}")
    return int(any(verdict.get("invalid") for verdict in verdicts))


def load_average() -> str:
    """Return how many processes wanted to run in the last minute, five and fifteen."""
    if not hasattr(os, "getloadavg"):
        return "unknown"
    return " ".join(f"{load:.1f}" for load in os.getloadavg())


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers end with us
    sys.exit(main())
