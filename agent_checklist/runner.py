"""Runs the probes, each in a process of its own, and makes verdicts of what they saw.

The agent is imported once; each probe is a fork. So no probe sees another one's threads, globals
or faults, and whatever hangs is ended with its process.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib.util
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI, OpenAI

import lesson_model
from agent_checklist.claims import ACCEPTED, CLAIMS, COULD_NOT_JUDGE, FAIL, NOT_APPLICABLE
from agent_checklist.effects import Recorder
from agent_checklist.guard import Guard
from agent_checklist.loader import Target
from agent_checklist.provoke import PROBES, Case
from agent_checklist.report import Outcome, Verdict
from agent_checklist.scout import scout
from agent_checklist.subject import Facts, Subject
from agent_checklist.turn import TurnSubject, check_turn
from agent_checklist.workspace import Settings, Usage, Workspace, place, shortened
from lesson_model import LessonModel

__all__ = ("look_at",)

MAX_PROBE_SECONDS = 30.0
MAX_SCOUT_SECONDS = 40.0
MAX_IMPORT_SECONDS = 45.0
MAX_RUN_SECONDS = 165.0
MAX_AT_ONCE = 4
KEY = "sk-" + "checklist-" * 4


@dataclass
class _Job:
    """A process that runs one phase of a probe."""

    probe: str
    phase: int
    pid: int
    pipe: Connection
    until: float
    folder: Path
    began: float
    told: list[tuple] = field(default_factory=list)
    problem: str = ""
    round: int = 0


def look_at(
    target: str | None,
    root: Path,
    *,
    graph: str | None = None,
    only: Sequence[str] = (),
    settings: Settings,
    keep: Path | None = None,
    level: str | None = None,
) -> Outcome:
    """Look at an agent in a repository; return what was found.

    Runs in a child process, which is ended when its time is over.

    Args:
        level: "graph" or "turn"; None: the turn, where one is named and no target is given.
    """
    level = level or ("turn" if settings.turn and not (target or graph) else "graph")
    if level == "turn" and not settings.turn:
        raise Usage("pyproject.toml names no turn: add turn = “module:name” to it.")
    target = settings.turn if level == "turn" else target
    theirs, ours = Pipe(duplex=False)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="checklist-") as folder:
        temporary = keep or Path(folder)
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            os.setsid()
            status = 1
            try:
                theirs.close()
                _Run(ours, temporary, settings, level, began).go(target, root, graph, only)
                status = 0
            except BaseException:
                with contextlib.suppress(Exception):
                    ours.send(("broken", traceback.format_exc()))
            finally:
                os._exit(status)
        ours.close()
        try:
            outcome = _listen(theirs, target or "langgraph.json", settings, only, began)
            outcome.level = level
        finally:
            _end_group(pid)
    outcome.seconds = time.monotonic() - began
    return outcome


def _listen(
    pipe: Connection, target: str, settings: Settings, only: Sequence[str], began: float
) -> Outcome:
    """Collect what the run tells, until it ends or its time is over."""
    outcome = Outcome(target, [Verdict(name) for name in _wanted(only)])
    outcome.max_unjudged = settings.max_unjudged
    found = {verdict.name: verdict for verdict in outcome.verdicts}
    over = True
    while (left := began + MAX_RUN_SECONDS - time.monotonic()) > 0:
        if not pipe.poll(left):
            break
        try:
            kind, *data = pipe.recv()
        except EOFError:
            over = False
            break
        if kind == "claim":
            if data[0] in found:
                vars(found[data[0]]).update(vars(Verdict(*data)))
        elif kind == "facts":
            outcome.target, outcome.facts = data
        elif kind == "problem":
            outcome.problem = data[0]
            for verdict in outcome.verdicts:
                verdict.reason = data[0]
        elif kind == "end":
            over = False
            break
        else:  # usage, broken, cpu_seconds
            setattr(outcome, kind, data[0])
    if over and not outcome.problem:
        for verdict in outcome.verdicts:
            if verdict.reason == Verdict("").reason:
                verdict.reason = f"The run took longer than {MAX_RUN_SECONDS:.0f} s."
    _accept(outcome.verdicts, settings)
    return outcome


def _accept(verdicts: Sequence[Verdict], settings: Settings) -> None:
    """Turn reds that pyproject accepts, with a date that is not over, into accepted ones."""
    for verdict in verdicts:
        reason = settings.accept.get(verdict.name)
        if reason is None or verdict.verdict != FAIL:
            continue
        words = [word.strip(".,;()") for word in reason.split()]
        days = []
        for word in words:
            with contextlib.suppress(ValueError):
                days.append(date.fromisoformat(f"{word}-01" if len(word) == 7 else word))
        if not days:
            verdict.reason += " (Accepted without a date: write “..., until 2027-01-31”.)"
        elif max(days) < date.today():
            verdict.reason += f" (It was accepted until {max(days)}.)"
        else:
            verdict.verdict, verdict.reason = ACCEPTED, f"{reason} ({verdict.reason})"


def _wanted(only: Sequence[str]) -> list[str]:
    names = list(CLAIMS)
    if not only:
        return names
    return [name for name in names if name in only or name.split(".")[0] in only]


def _end_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


class _Run:
    """Imports the agent, scouts it, and forks the probes."""

    def __init__(
        self, pipe: Connection, temporary: Path, settings: Settings, level: str, began: float
    ) -> None:
        self.pipe, self.temporary, self.settings = pipe, temporary, settings
        self.level = level
        self.listed: Callable | None = None
        self.end = began + MAX_RUN_SECONDS - 4
        self.guard, self.recorder = Guard(), Recorder()
        self.facts = Facts()
        self.held: Any = None
        self.target: Target | None = None
        self.space: Workspace | None = None

    def go(self, given: str | None, root: Path, graph: str | None, only: Sequence[str]) -> None:
        """Do all of it; tell the pipe."""
        self._silence(self.temporary / "import.txt")
        try:
            self.space = Workspace(root, self.temporary)
            self.target = Target.find(given or self.settings.graph, graph, self.space)
            self.target.check(self.space)
        except Usage as error:
            self.pipe.send(("usage", str(error)))
            return
        self.pipe.send(("facts", self.target.name, {}))
        model = _start_model()
        self.guard.url, self.guard.key = model.url, KEY
        self.space.enter()
        self.guard.install()
        self.guard.close_databases(self.space.sources())
        _warm_up(model.url)
        if self._import():
            return
        gc.collect()
        gc.freeze()
        if not self._scout():
            return
        self._probe_all(only)
        times = os.times()
        self.pipe.send(("cpu_seconds", sum(times[:4])))
        self.pipe.send(("end",))

    def _silence(self, file: Path) -> None:
        """Send what this process prints to a file."""
        sys.stdout.flush()
        sys.stderr.flush()
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        os.close(handle)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        # What stood there may write elsewhere, as pytest's does.
        sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)
        sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)

    def _import(self) -> str:
        """Import the agent; return what keeps it from being looked at."""
        timer = threading.Timer(MAX_IMPORT_SECONDS, self._give_up_import)
        timer.daemon = True
        timer.start()
        why = ""
        try:
            self.held = self.target.load(self.space)
            if self.level == "turn":
                check_turn(self.target.name, self.held)
            if self.settings.effects:
                self.listed = Target(self.settings.effects).load(self.space)
        except Usage as error:
            self.pipe.send(("usage", str(error)))
            why = str(error)
        except BaseException as error:
            where = place(error, self.space and self.space.copy)
            raised = f"{type(error).__name__}: {shortened(error, 300)}"
            why = f"The import raised {raised}{where}.{self._wanted_network()}"
            self.pipe.send(("problem", self.space.shown(why)))
        timer.cancel()
        return why

    def _wanted_network(self) -> str:
        wanted = ", ".join(self.guard.refused[:3])
        return f" It wanted the network: {wanted}." if wanted else ""

    def _give_up_import(self) -> None:
        self.pipe.send(("problem", f"The import took longer than {MAX_IMPORT_SECONDS:.0f} s."))
        os._exit(0)

    def _scout(self) -> bool:
        """Find out what the agent is; return whether probes make sense."""

        async def look(subject: Subject, tell: Callable) -> None:
            before = set(sys.modules)
            tell("facts", await scout(subject))
            tell("modules", [name for name in sys.modules if name not in before])

        folder = Path(tempfile.mkdtemp(dir=self.temporary, prefix="scout-"))
        job = self._fork("scout", 0, look, folder, MAX_SCOUT_SECONDS)
        while not self._is_over(job):
            wait([job.pipe], max(0.05, job.until - time.monotonic()))
        told = dict(job.told)
        self._import_late(told.get("modules", ()))
        found = told.get("facts")
        if found is None:
            why = job.problem or "The first look at the agent did not come to an end."
            self.pipe.send(("problem", self.space.shown(why)))
            return False
        self.facts = found
        shown = {
            "tools": {
                name: "asks" if name in found.gates else "runs" if tool.ran else "unseen"
                for name, tool in found.tools.items()
            },
            "replaced": {
                t.name: self.space.shown(t.failure) for t in found.tools.values() if t.failure
            },
            "models": found.models,
            "checkpointer": found.has_saver,
            "refused": found.refused,
            "risky": [name for name, tool in found.tools.items() if tool.risky],
            "input": found.proposed,
        }
        self.pipe.send(("facts", self.target.name, shown))
        if found.problem:
            self.pipe.send(("problem", self.space.shown(found.problem)))
            return False
        return True

    def _import_late(self, names: Sequence[str]) -> None:
        """Import what libraries load with the first request, once for all forks."""
        for name in names:
            with contextlib.suppress(Exception):
                spec = importlib.util.find_spec(name)
                if spec and not str(spec.origin).startswith(str(self.space.copy)):
                    importlib.import_module(name)
        gc.freeze()

    def _probe_all(self, only: Sequence[str]) -> None:
        """Run every probe, and those with a red a second time."""
        wanted = set(_wanted(only))
        names = [name for name, probe in PROBES.items() if wanted & set(probe.claims)]
        told = self._probe(names)
        for name in names:
            for claim in PROBES[name].claims:
                verdict, reason, evidence, seconds = told[name, 0][claim]
                if verdict == FAIL and not self._is_promised(claim):
                    verdict, reason = COULD_NOT_JUDGE, f"Seen: {reason} {_promise(claim)}"
                if verdict == FAIL:
                    again = told[name, 1][claim]
                    if again[0] != FAIL:
                        verdict = COULD_NOT_JUDGE
                        reason = f"Seen once, and not a second time: {reason} Then: "
                        reason += f"{again[1] or again[0]}."
                reason, evidence = self.space.shown(reason), self.space.shown(evidence)
                self.pipe.send(("claim", claim, verdict, reason, evidence, seconds))

    def _is_promised(self, claim: str) -> bool:
        """Whether a claim may be red: one of the level "declared" has to be promised."""
        if CLAIMS[claim].level != "declared":
            return True
        settings = self.settings
        return bool(
            claim in settings.promises
            or claim.split(".")[0] in settings.promises
            or (claim == "context.window" and settings.context_window)
            or (claim == "timeouts.tool" and settings.turn_seconds)
        )

    def _probe(self, names: Sequence[str]) -> dict[tuple[str, int], dict[str, tuple]]:
        """Run probes side by side, and those with a red a second time.

        Returns:
            Of each probe and round (0, 1) the claims with verdict, reason, evidence and seconds.
        """
        waiting: list[tuple[str, int, int, Path | None]] = []
        told: dict[tuple[str, int], dict[str, tuple]] = {}
        for name in names:
            told[name, 0], told[name, 1] = {}, {}
            if any(map(self._is_promised, PROBES[name].claims)) or not PROBES[name].costly:
                waiting.append((name, 0, 0, None))
            else:
                for claim in PROBES[name].claims:
                    why = f"It is not promised. {_promise(claim)}"
                    told[name, 0][claim] = (NOT_APPLICABLE, why, {}, 0.0)
        running: list[_Job] = []
        problems: dict[tuple[str, int], str] = {}
        while waiting or running:
            while waiting and len(running) < MAX_AT_ONCE:
                name, number, phase, folder = waiting.pop(0)
                if time.monotonic() > self.end:
                    problems.setdefault((name, number), "The run's time was over.")
                    continue
                folder = folder or Path(tempfile.mkdtemp(dir=self.temporary, prefix=f"{name}-"))
                running.append(self._fork_probe(name, phase, folder))
                running[-1].round = number
            if running:
                soonest = min(job.until for job in running) - time.monotonic()
                wait([job.pipe for job in running], max(0.02, min(soonest, 1.0)))
            for job in list(running):
                if not self._is_over(job):
                    continue
                running.remove(job)
                key = job.probe, job.round
                for _, claim, verdict, reason, evidence in job.told:
                    seconds = time.monotonic() - job.began
                    told[key].setdefault(claim, (verdict, reason, evidence, seconds))
                if job.problem:
                    problems[key] = job.problem
                if job.phase + 1 < len(PROBES[job.probe].phases):
                    waiting.insert(0, (job.probe, job.round, job.phase + 1, job.folder))
                elif job.round == 0 and any(
                    found[0] == FAIL and self._is_promised(claim)
                    for claim, found in told[key].items()
                ):
                    waiting.append((job.probe, 1, 0, None))
        for name, number in told:
            why = problems.get((name, number), "The probe ended without a word about it.")
            for claim in PROBES[name].claims:
                told[name, number].setdefault(claim, (COULD_NOT_JUDGE, why, {}, 0.0))
        return told

    def _fork_probe(self, name: str, phase: int, folder: Path) -> _Job:
        work = PROBES[name].phases[phase]
        alone = len(PROBES[name].phases) > 1  # it makes its graph itself

        async def look(subject: Subject, tell: Callable) -> None:
            if not alone:
                await subject.start()
            case = Case(subject, folder, lambda *told: tell("claim", *told))
            await work(case)

        seconds = min(MAX_PROBE_SECONDS, max(1.0, self.end - time.monotonic()))
        return self._fork(name, phase, look, folder, seconds)

    def _fork(self, name: str, phase: int, look: Callable, folder: Path, seconds: float) -> _Job:
        theirs, ours = Pipe(duplex=False)
        now = time.monotonic()
        pid = os.fork()
        if pid:
            ours.close()
            return _Job(name, phase, pid, theirs, now + seconds, folder, now)
        status = 1
        try:
            theirs.close()
            self._in_child(look, folder / f"output-{phase}.txt", ours)
            status = 0
        except BaseException as error:
            with contextlib.suppress(Exception):
                where = place(error, self.space and self.space.copy)
                raised = f"{type(error).__name__}: {shortened(error, 300)}"
                ours.send(("problem", f"{raised}{where}.{self._wanted_network()}"))
        finally:
            os._exit(status)

    def _in_child(self, look: Callable, output: Path, pipe: Connection) -> None:
        self._silence(output)
        model = _start_model()
        self.guard.url = model.url
        self.guard.refused, self.guard.sent = [], []
        kind = TurnSubject if self.level == "turn" else Subject
        subject = kind(self.held, self.facts, self.settings, self.guard, self.recorder, model)
        subject.served, subject.output = self.target.served, output
        subject.folder, subject.listed = output.parent, self.listed
        tempfile.tempdir = str(output.parent)  # where a turn keeps its database

        async def work() -> None:
            with subject.listening():
                await look(subject, lambda *told: pipe.send(told))
                await subject.close()

        asyncio.run(work())

    def _is_over(self, job: _Job) -> bool:
        """Collect what a process has told; end it when its time is over."""
        over = False
        try:
            while job.pipe.poll():
                message = job.pipe.recv()
                if message[0] == "problem":
                    job.problem = message[1]
                else:
                    job.told.append(message)
        except (EOFError, OSError):
            over = True
        if not over and time.monotonic() > job.until:
            with contextlib.suppress(ProcessLookupError):
                os.kill(job.pid, signal.SIGKILL)
            job.problem = job.problem or "It took too long, and was ended."
            over = True
        if over:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(job.pid, 0)
            job.pipe.close()
        return over


def _start_model() -> LessonModel:
    """Start this process's lesson model; the environment of a fork still names its parent's."""
    for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE"):
        os.environ.pop(name, None)
    model = lesson_model.start()
    os.environ["OPENAI_API_KEY"] = KEY
    return model


def _warm_up(url: str) -> None:
    """Load what clients load with their first request, once for all forks."""
    with OpenAI(base_url=url, api_key=KEY) as client:
        hello = [{"role": "user", "content": "Hello."}]
        client.chat.completions.create(model="gpt-4o-mini", messages=hello)
        AsyncOpenAI(base_url=url, api_key=KEY)


def _promise(claim: str) -> str:
    return (
        f'It is judged where [tool.agent_checklist] of pyproject.toml has promises = ["{claim}"].'
    )
