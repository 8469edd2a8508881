"""Run the steps of a notebook and judge its exercises: what happens in a student's process.

The report goes as JSON lines through a pipe:

    {"started": true}
    {"remarks": {"ex2": ["..."]}}     before any of the student's code has run
    {"step": 7, "seconds": 30, ...}   step 7 begins, and may take so long
    {"verdict": {...}}                an exercise is judged
    {"end": true}
"""

from __future__ import annotations

import ast
import asyncio
import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course_layout import ROOT
from exercises.core.exercise import Exercise
from exercises.core.result import Result
from exercises.core.time_limit import TimeUp, run_limited
from instructor.grading.plan import Step, align, plan
from instructor.grading.sandbox import ENVIRONMENT, limit
from tools.build import preload

__all__ = ("Judge", "import_lessons", "serve")

MAX_ERROR_CHARACTERS = 300


def import_lessons() -> None:
    """Import what lessons import."""
    os.environ.update(COURSE_PROGRESS="off", MPLBACKEND="agg")
    preload.load(ROOT)


def make_shell() -> InteractiveShell:
    """Return IPython without a history on disk, threads or tracebacks on the screen."""
    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.colors = "nocolor"
    found = InteractiveShell.instance(config=settings)
    found.showtraceback = lambda *args, **kwargs: None
    found.enable_gui = lambda gui=None: None  # for %matplotlib
    return found


class Judge:
    """Judges some exercises of one notebook, in this process.

    Args:
        job: topic, the lesson's cells (`ours`) and stubs, the notebook's cells (`theirs`), the
            exercises wanted, steps to skip with status and message, seconds a cell may run.
        send: Reports a message.
    """

    def __init__(self, job: dict[str, Any], send: Callable[[dict[str, Any]], None]) -> None:
        self.job, self._send = job, send
        self.shell = make_shell()
        self.checks = importlib.import_module(f"exercises.{job['topic']}")
        self.exercises = {
            name: each for name, each in vars(self.checks).items() if isinstance(each, Exercise)
        }
        for each in self.exercises.values():
            each.seconds = min(each.seconds, job["seconds"])
        self.loop = asyncio.new_event_loop()
        self.errors: dict[str, tuple[str, str]] = {}  # what became of an exercise's answer cell

    def run(self) -> None:
        """Run what the wanted exercises need, and report."""
        job = self.job
        whole = align(job["ours"], job["theirs"], job["stubs"])
        steps = plan(whole, job["wanted"], self._given, self.shell.transform_cell)
        self._send({"remarks": whole.remarks})
        asyncio.set_event_loop(self.loop)
        for step in steps:
            if step.kind == "check":
                self._judge(step)
            elif (why := job["skip"].get(str(step.number))) is None:
                self._begin(step, job["seconds"])
                self._run_cell(step)
            elif step.kind == "answer":
                self.errors[step.exercise] = (why[0], why[1])
        self._send({"end": True})

    def _begin(self, step: Step, seconds: float) -> None:
        check = step.kind == "check"
        about = {"exercise": step.exercise, "check": check, "seconds": seconds}
        self._send({"step": step.number, **about})

    def _given(self, exercise: str) -> tuple[str, ...]:
        return self.exercises[exercise].given

    def _run_cell(self, step: Step) -> None:
        seconds, task = self.job["seconds"], None
        try:
            python = self.shell.transform_cell(step.source)
            task = self.loop.create_task(
                self.shell.run_cell_async(step.source, store_history=True, transformed_cell=python)
            )
            done = run_limited(lambda: self.loop.run_until_complete(task), seconds)
            error = done.error_before_exec or done.error_in_exec
        except BaseException as caught:
            if task is not None:
                task.cancel()
            error = caught
        if error is not None and step.kind == "answer":
            self.errors[step.exercise] = _told(error, step.source, seconds)

    def _judge(self, step: Step) -> None:
        exercise, space = self.exercises[step.exercise], self.shell.user_ns
        os.environ.pop("NBGRADER_EXECUTION", None)
        answers = [_value(each, space) for each in _arguments(step)]
        self._begin(step, exercise.seconds)
        # The check is called from the notebook's own name space, as its cell would call it.
        status, message, parts = self._call(exercise, answers, space)
        wrong = self.errors.get(step.exercise)
        if wrong and (status == "not_attempted" or ... in answers):
            (status, message), parts = wrong, []
            wrong = None
        remarks = [_remark(*wrong)] if wrong else []
        verdict = {
            "exercise": step.exercise,
            "status": status,
            "message": message,
            "parts": parts,
            "remarks": remarks,
        }
        self._send({"verdict": verdict})

    def _call(
        self, exercise: Exercise, answers: list[Any], space: dict[str, Any]
    ) -> tuple[str, str, list[list[str]]]:
        """Return status and message, and title, status and message of each part."""

        async def called() -> Any:
            return eval("_check(*_answers)", space, {"_check": exercise, "_answers": answers})

        try:
            found = self.loop.run_until_complete(called())
        except BaseException as error:
            return "no_result", f"The check ended with {type(error).__name__}.", []
        if not isinstance(found, Result):
            return "no_result", "The check gave no verdict.", []
        parts = [[part.title, part.status, part.message] for part in found.parts]
        return found.status, found.message, parts


def _arguments(step: Step) -> list[ast.expr]:
    """Return the arguments of the call `check.exN(...)` in a check cell."""
    for node in ast.walk(ast.parse(step.source)):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="check"), attr=step.exercise)):
                return node.args
    raise LookupError(f"The check cell of {step.exercise} does not call check.{step.exercise}.")


def _value(argument: ast.expr, space: dict[str, Any]) -> Any:
    """Return what an argument is in the notebook; `...` for a name that is not there."""
    try:
        return eval(compile(ast.Expression(argument), "<check>", "eval"), space)
    except Exception:
        return ...


def _told(error: BaseException, source: str, seconds: float) -> tuple[str, str]:
    """Return the status and the sentence for an error an answer cell ended with."""
    if isinstance(error, TimeUp):
        return "timed_out", f"The answer cell was still running after {seconds:g} s."
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    for frame, number in traceback.walk_tb(error.__traceback__):
        if "<ipython-input" in frame.f_code.co_filename:
            line = number
    lines = source.splitlines()
    where = ""
    if isinstance(line, int):  # IPython does not count blank lines at the top
        line += next((n for n, text in enumerate(lines) if text.strip()), 0)
    if isinstance(line, int) and 0 < line <= len(lines):
        where = f" in line {line} of the answer cell: `{lines[line - 1].strip()}`"
    text = f"{type(error).__name__}: {getattr(error, 'msg', None) or error}".strip(": ")
    return "raised", f"`{text[:MAX_ERROR_CHARACTERS]}`{where}."


def _remark(status: str, said: str) -> str:
    """Return what a teacher is told of an answer cell that ended badly below a right answer."""
    if status == "timed_out":
        return f"{said} It was ended; what it had defined counts."
    return f"The answer cell ended with an error: {said}"


def serve(job_file: int, report_file: int) -> None:
    """Read a job, judge it, report, and end this process.

    Args:
        job_file, report_file: File descriptors; of all that are open, only these are kept.
    """

    def send(message: dict[str, Any]) -> None:
        data = json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(report, data) :]

    report = _keep_only(job_file, report_file)
    status = 0
    try:
        with open(0, "rb", closefd=False) as file:
            job = json.loads(file.readline())
        _replace_streams()
        if job["sandbox"]:
            os.environ.update(ENVIRONMENT)
        limit(job["memory"], job["sandbox"])
        os.chdir(job["folder"])
        sys.argv[:] = ["notebook"]
        send({"started": True})
        Judge(job, send).run()
    except BaseException as error:
        send({"broken": "".join(traceback.format_exception(error))[-3000:]})
        status = 1
    os._exit(status)


def _keep_only(job: int, report: int) -> int:
    """Close all files but the job, which becomes standard input, and the report; return that."""
    report, job = os.dup(report), os.dup(job)
    os.dup2(job, 0)
    os.dup2(report, 3)
    os.set_inheritable(3, False)
    os.closerange(4, 4096)
    return 3


def _replace_streams() -> None:
    """Let nothing be read from a terminal or shown there."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.dup2(nothing, number)
        stream = open(number, "w" if number else "r", encoding="utf-8", closefd=False)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    os.close(nothing)


def main() -> None:
    """Judge one job in a new interpreter: from standard input, with a report to standard output."""
    report = os.dup(1)
    import_lessons()
    serve(0, report)


if __name__ == "__main__":
    main()
