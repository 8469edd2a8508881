"""`python -m agent_checklist`: look at the LangGraph agent of the working directory."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from pathlib import Path

USAGE = """\
python -m agent_checklist [TARGET]    look at an agent: module:attribute, file.py:attribute, or
                                      what langgraph.json names
python -m agent_checklist init        look at it only, and print [tool.agent_checklist]
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser("python -m agent_checklist", usage=USAGE)
    parser.add_argument("target", nargs="?", help="module:attribute or file.py:attribute, or init")
    parser.add_argument("target_of_init", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("--graph", help="the graph of langgraph.json; its first by default")
    parser.add_argument(
        "--level", choices=("graph", "turn"), help="what is looked at; the turn, if there is one"
    )
    parser.add_argument("--only", action="append", default=[], help="a claim, or a group of them")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write it as JUnit XML")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write it as one HTML page")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the probes' files there")
    parser.add_argument("--explain", metavar="CLAIM", help="say what a claim provokes")
    parser.add_argument("-v", "--verbose", action="store_true", help="show every line's evidence")
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:
        return 4 if stop.code else 0
    # Imported when the command line is known to be right.
    from agent_checklist import command  # noqa: PLC0415

    try:
        return command.run(options)
    except Exception:
        traceback.print_exc()
        print("The checklist itself broke. Report it with the traceback above.", file=sys.stderr)
        return 3


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
