"""`python -m agent_checklist`: look at the LangGraph agent of the working directory."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from pathlib import Path

from agent_checklist import report
from agent_checklist.claims import CLAIMS
from agent_checklist.workspace import Usage, find_root, read_settings

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
    names = {*CLAIMS, *(name.split(".")[0] for name in CLAIMS)}
    wanted = [options.explain] if options.explain else options.only
    if unknown := [name for name in wanted if name not in (CLAIMS if options.explain else names)]:
        print(f"There is no claim {unknown[0]!r}. They are: {', '.join(CLAIMS)}.", file=sys.stderr)
        return 4
    try:
        return run(options)
    except Exception:
        traceback.print_exc()
        print("The checklist itself broke. Report it with the traceback above.", file=sys.stderr)
        return 3


def run(options: argparse.Namespace) -> int:
    """Carry out a command; return the exit code."""
    if options.explain:
        print(report.explained(CLAIMS[options.explain]))
        return 0
    if not hasattr(os, "fork"):
        print("The checklist needs fork: run it on Linux, macOS or WSL.", file=sys.stderr)
        return 3
    # Two seconds, of which a wrong command line needs nothing.
    from agent_checklist.runner import look_at  # noqa: PLC0415

    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    init = options.target == "init"
    try:
        root, target = _located(options.target_of_init if init else options.target)
        settings = read_settings(root)
        outcome = look_at(
            target,
            root,
            graph=options.graph,
            only=options.only,
            settings=settings,
            keep=options.keep,
            level=options.level,
        )
    except Usage as error:
        print(error, file=sys.stderr)
        return 4
    if init:
        print(report.section(outcome, settings))
        return 0
    print(report.terminal(outcome, verbose=options.verbose))
    for file, write in (
        (options.json, report.as_json),
        (options.junit, report.as_junit),
        (options.html, report.as_html),
    ):
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(write(outcome), "utf-8")
    return outcome.exit_code


def _located(target: str | None) -> tuple[Path, str | None]:
    """Return the agent's repository, and the target as it is named from there."""
    root = Path.cwd()
    where, _, attribute = (target or "").rpartition(":")
    if not where.endswith(".py"):
        return root, target
    file = (root / where).resolve()
    if not file.is_file():
        raise Usage(f"There is no file {where} here. Write file.py:attribute.")
    if not file.is_relative_to(root):
        root = find_root(file.parent)
    return root, f"{file.relative_to(root).as_posix()}:{attribute}"


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
