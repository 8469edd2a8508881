"""Run the steps of a notebook, and judge its exercises: what happens in a submission's process.

What is sent goes as JSON lines through a pipe:

    {"step": 7, "seconds": 30, ...}        step 7 begins, and may take so long
    {"ask": "ex2"}                         a verdict is ready; a token is waited for
    {"verdict": {...}, "token": "..."}     the verdict, with the token just read
    {"remarks": {"ex2": ["..."]}}          before any of the student's code has run
    {"end": true}
"""

from __future__ import annotations

import ast
import asyncio
import importlib
import json
import os
import sys
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from course_utils.time_limit import TimeUp, run_limited
from exercises.core.exercise import Exercise
from exercises.core.result import Result
from instructor.grading.machinery import Machinery
from instructor.grading.plan import Plan, Step, align, plan
from instructor.grading.suspicion import suspicious

__all__ = ("Runner", "shell")

CANARY = 2  # seconds for a wrong answer: one that takes longer has not passed
TAMPERED = "The checks were tampered with: {}. No points. Look at the notebook."


def shell() -> InteractiveShell:
    """Return IPython without a history on disk, threads or tracebacks on the screen."""
    from traitlets.config import Config  # noqa: PLC0415

    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.colors = "nocolor"
    found = InteractiveShell.instance(config=settings)
    found.showtraceback = lambda *args, **kwargs: None
    found.enable_gui = lambda gui=None: None  # for %matplotlib
    return found


class Runner:
    """Judges some exercises of one notebook, in this process."""

    def __init__(self, job: dict[str, Any], send: Any, ask: Any) -> None:
        self.job, self._send, self._ask = job, send, ask
        self.shell = InteractiveShell.instance()
        self.checks = importlib.import_module(f"exercises.{job['topic']}")
        self.exercises = {
            name: each for name, each in vars(self.checks).items() if isinstance(each, Exercise)
        }
        for each in self.exercises.values():
            each.seconds = min(each.seconds, job["seconds"])
        self.machinery = Machinery()
        self.loop = asyncio.new_event_loop()
        self.errors: dict[str, tuple[str, str]] = {}  # what became of an exercise's answer cell

    def run(self) -> None:
        """Run what the wanted exercises need, and report."""
        job = self.job
        whole = align(job["ours"], job["theirs"], job["stubs"])
        steps = plan(whole, job["wanted"], self._given, self.shell.transform_cell)
        _add_suspicions(whole, job)
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
        changed = self.machinery.put_back()
        os.environ.pop("NBGRADER_EXECUTION", None)
        answers = [_value(each, space) for each in _arguments(step)]
        self._begin(step, exercise.seconds)
        # The check is called from the notebook's own name space, as its cell would call it.
        status, message, parts = self._call(exercise, answers, space)
        wrong = self.errors.get(step.exercise)
        if wrong and (status == "not_attempted" or ... in answers):
            (status, message), parts = wrong, []
            wrong = None
        forged = self.machinery.put_back()
        if status in ("passed", "partial") and not forged:
            forged = self._try_canary(step, space) + self.machinery.put_back()
        if forged:
            status, message, parts = "tampered", TAMPERED.format(", ".join(forged[:5])), []
        remarks = [f"Replaced and put back before the check: `{name}`." for name in changed[:5]]
        if wrong:
            remarks.append(f"The answer cell ended with an error: {wrong[1]}")
        verdict = {
            "exercise": step.exercise,
            "status": status,
            "message": message,
            "parts": parts,
            "remarks": remarks,
        }
        self._send({"ask": step.exercise})
        self._send({"verdict": verdict, "token": self._ask()})

    def _try_canary(self, step: Step, space: dict[str, Any]) -> list[str]:
        """Return a complaint if the check does not refuse a wrong answer."""
        exercise, seconds = self.exercises[step.exercise], self.exercises[step.exercise].seconds
        self._begin(step, CANARY)
        exercise.seconds = min(seconds, CANARY)
        answers = [_canary for _ in exercise.answers]
        status = self._call(exercise, answers, space)[0]
        exercise.seconds = seconds
        refused = status not in ("passed", "not_attempted", "setup_changed", "no_result")
        return [] if refused else ["a wrong answer was not refused"]

    def _call(
        self, exercise: Exercise, answers: list[Any], space: dict[str, Any]
    ) -> tuple[str, str, list[list[str]]]:
        async def called() -> Any:
            return eval("_check(*_answers)", space, {"_check": exercise, "_answers": answers})

        try:
            found = self.loop.run_until_complete(called())
        except BaseException as error:
            return "no_result", f"The check ended with {type(error).__name__}.", []
        if type(found) is not Result or type(found.status) is not str:
            return "tampered", TAMPERED.format("the check returned something else"), []
        parts = [[str(part.title), str(part.status)] for part in found.parts]
        return found.status, str(found.message), parts


def _canary(*args: Any, **kwargs: Any) -> None:
    """Be a wrong answer to everything: a check that passes this passes anything."""
    raise RuntimeError("a canary")


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
    trace = error.__traceback__
    while trace is not None:
        if "<ipython-input" in trace.tb_frame.f_code.co_filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    lines = source.splitlines()
    where = ""
    if isinstance(line, int) and 0 < line <= len(lines):
        where = f" in line {line} of the answer cell: `{lines[line - 1].strip()}`"
    text = f"{type(error).__name__}: {getattr(error, 'msg', None) or error}".strip(": ")
    return "raised", f"`{text[:300]}`{where}."


def _add_suspicions(whole: Plan, job: dict[str, Any]) -> None:
    """Name what an answer hardly needs unless it wants to reach into its check."""
    usual = set().union(*(suspicious(cell["source"]) for cell in job["ours"]))
    for step in whole.steps:
        if step.kind not in ("answer", "added"):
            continue
        if words := sorted(suspicious(step.source) - usual):
            said = ", ".join(f"`{word}`" for word in words)
            whole.remark(step.exercise, f"Uses {said}: have a look.")


def serve(job: dict[str, Any], out: int, tokens: int) -> None:
    """Judge a job; talk through the two file descriptors, and end this process."""
    dump, write, read, exit_now = json.dumps, os.write, os.read, os._exit

    def send(message: dict[str, Any]) -> None:
        data = dump(message).encode() + b"\n"
        while data:
            data = data[write(out, data) :]

    def ask() -> str:
        return read(tokens, 64).decode()

    code = 0
    try:
        os.chdir(job["folder"])
        sys.argv[:] = ["notebook"]
        Runner(job, send, ask).run()
    except BaseException as error:
        import traceback  # noqa: PLC0415

        send({"broken": "".join(traceback.format_exception(error))[-3000:]})
        code = 1
    exit_now(code)
