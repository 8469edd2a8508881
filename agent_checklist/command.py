"""What the command line does."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from agent_checklist import render
from agent_checklist.claims import CLAIMS
from agent_checklist.report import Outcome
from agent_checklist.runner import look_at
from agent_checklist.workspace import Usage, find_root, read_settings

__all__ = ("check", "run")


def run(options: argparse.Namespace) -> int:
    """Carry out a command; return the exit code."""
    if options.explain:
        claim = CLAIMS.get(options.explain)
        if claim is None:
            print(f"There is no claim {options.explain!r}. They are: {', '.join(CLAIMS)}.")
            return 4
        print(render.explained(claim))
        return 0
    if not hasattr(os, "fork"):
        print("The checklist needs fork: run it on Linux, macOS or WSL.", file=sys.stderr)
        return 3
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    groups = {name.split(".")[0] for name in CLAIMS}
    if unknown := [name for name in options.only if name not in CLAIMS and name not in groups]:
        print(f"There is no claim {unknown[0]!r}. They are: {', '.join(CLAIMS)}.", file=sys.stderr)
        return 4
    init = options.target == "init"
    target = options.target_of_init if init else options.target
    try:
        outcome = check(
            target,
            graph=options.graph,
            only=options.only or (),
            keep=options.keep,
            level=options.level,
        )
    except Usage as error:
        print(error, file=sys.stderr)
        return 4
    if outcome.broken:
        print(outcome.broken, file=sys.stderr)
        print("The checklist itself broke. Report it with the traceback above.", file=sys.stderr)
        return 3
    if outcome.usage:
        print(outcome.usage, file=sys.stderr)
        return 4
    if init:
        print(render.section(outcome))
        return 0
    print(render.terminal(outcome, verbose=options.verbose))
    for file, write in (
        (options.json, render.as_json),
        (options.junit, render.as_junit),
        (options.html, render.as_html),
    ):
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(write(outcome), "utf-8")
    return outcome.exit_code


def check(
    target: str | None,
    *,
    graph: str | None = None,
    only: tuple | list = (),
    folder: Path | None = None,
    keep: Path | None = None,
    level: str | None = None,
) -> Outcome:
    """Look at the agent of a folder, the working directory by default.

    Raises:
        Usage: The target or the settings cannot be used.
    """
    root = (folder or Path.cwd()).resolve()
    settings = read_settings(root)
    where, _, attribute = (target or "").rpartition(":")
    if where.endswith(".py"):
        file = (root / where).resolve()
        if not file.is_file():
            raise Usage(f"There is no file {where} here. Write file.py:attribute.")
        if not file.is_relative_to(root):
            root = find_root(file.parent)
            settings = read_settings(root)
        target = f"{file.relative_to(root).as_posix()}:{attribute}"
    return look_at(target, root, graph=graph, only=only, settings=settings, keep=keep, level=level)
