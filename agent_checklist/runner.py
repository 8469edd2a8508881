"""Runs the probes, each in a process of its own, and makes verdicts of what they saw.

The agent is imported once; each probe is a fork. So no probe sees another one's threads, globals
or faults, and whatever hangs is ended with its process.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib.util
import logging
import os
import random
import shutil
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
from agent_checklist.effects import MAX_WATCHED, Recorder, changed_files, file_states, freeze
from agent_checklist.guard import Guard
from agent_checklist.loader import Target
from agent_checklist.provoke import PROBES, Case, Ended
from agent_checklist.report import Outcome, Verdict
from agent_checklist.scout import scout
from agent_checklist.subject import Facts, Subject, collecting
from agent_checklist.turn import TurnSubject, check_turn
from agent_checklist.workspace import Settings, Usage, Workspace, place, shortened
from lesson_model import LessonModel

__all__ = ("look_at",)

MAX_PROBE_SECONDS = 30.0
MAX_SCOUT_SECONDS = 40.0
MAX_IMPORT_SECONDS = 45.0
MAX_RUN_SECONDS = 165.0
MAX_AT_ONCE = 4  # probes; one where they write files of the copy
MAX_KEPT_BYTES = 20_000_000
KEY = "sk-" + "checklist-" * 4


@dataclass
class _Look:
    """A probe at work, in one process for each of its phases."""

    probe: str
    folder: Path
    phase: int = 0
    told: list[Any] = field(default_factory=list)
    problem: str = "The probe ended without a word about it."
    pid: int = 0
    pipe: Connection | None = None
    began: float = 0.0
    until: float = 0.0

    def __getitem__(self, claim: str) -> Verdict:
        """Return what was said first about a claim."""
        said = (one for one in self.told if one.name == claim)
        return next(said, Verdict(claim, COULD_NOT_JUDGE, self.problem))


class _Unjudged(Exception):
    """Why nothing can be judged."""


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

    Raises:
        Usage: The target cannot be used.
        RuntimeError: The checklist itself broke.
    """
    level = level or ("turn" if settings.turn and not (target or graph) else "graph")
    if level == "turn" and not settings.turn:
        raise Usage("pyproject.toml names no turn: add turn = “module:name” to it.")
    target = settings.turn if level == "turn" else target
    theirs, ours = Pipe(duplex=False)
    began = time.monotonic()
    outcome = Outcome(target or "langgraph.json", [Verdict(name) for name in _wanted(only)], level)
    outcome.max_unjudged = settings.max_unjudged
    with tempfile.TemporaryDirectory(prefix="checklist-") as folder:
        run = _Run(ours, outcome, keep or Path(folder), settings, began)
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                theirs.close()
                run.go(target, root, graph)
            finally:
                os._exit(0)
        ours.close()
        try:
            if theirs.poll(MAX_RUN_SECONDS):
                found = theirs.recv()
                if isinstance(found, Exception):
                    raise found
                outcome = found
            else:
                for verdict in outcome.verdicts:
                    verdict.reason = f"The run took longer than {MAX_RUN_SECONDS:.0f} s."
        except EOFError:
            outcome.problem = "The process in which the agent was looked at ended by itself."
        finally:
            _end_group(pid)
    if outcome.problem:
        for verdict in outcome.verdicts:
            verdict.reason = outcome.problem
    _accept(outcome.verdicts, settings)
    outcome.seconds = time.monotonic() - began
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
    """Imports the agent, scouts it, and forks the probes; tells the pipe what came of it."""

    def __init__(
        self, pipe: Connection, outcome: Outcome, temporary: Path, settings: Settings, began: float
    ) -> None:
        self.pipe, self.outcome = pipe, outcome
        self.temporary, self.settings = temporary, settings
        self.listed: Callable | None = None
        self.end = began + MAX_RUN_SECONDS - 4
        self.guard, self.recorder = Guard(), Recorder()
        self.facts = Facts()
        self.held: Any = None
        self.imported: list[logging.LogRecord] = []
        self.target: Target | None = None
        self.most = MAX_AT_ONCE
        self.space: Workspace | None = None
        self.files: dict[Path, tuple[int, int]] = {}  # as the import left them
        self.kept: Path | None = None  # a copy of them, where probes write some and it is cheap

    def go(self, given: str | None, root: Path, graph: str | None) -> None:
        """Do all of it; send the outcome, or what `look_at` raises."""
        found: Outcome | Exception = self.outcome
        gc.freeze()  # libraries: the agent comes later
        try:
            self._silence(self.temporary / "import.txt")
            self._enter(given, root, graph)
            self._import()
            self._keep_files()
            self._scout()
            self._probe_all()
        except Usage as error:
            found = error
        except _Unjudged as error:
            self.outcome.problem = self.space.shown(str(error))
        except BaseException:
            found = RuntimeError(traceback.format_exc())
        self.outcome.cpu_seconds = sum(os.times()[:4])
        self.pipe.send(found)

    def _enter(self, given: str | None, root: Path, graph: str | None) -> None:
        """Copy the repository, and close the ways out of it."""
        self.space = Workspace(root, self.temporary)
        self.target = Target.find(given or self.settings.graph, graph, self.space)
        self.outcome.target = self.target.name
        model = _start_model()
        self.guard.url, self.guard.key = model.url, KEY
        self.space.enter()
        tempfile.tempdir = str(self.temporary)  # what the import puts there is gone with the run
        self.guard.install()
        self.guard.close_databases(self.space.sources())
        _warm_up(model.url)

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

    def _import(self) -> None:
        """Import the agent."""
        timer = threading.Timer(MAX_IMPORT_SECONDS, self._give_up_import)
        timer.daemon = True
        timer.start()
        try:
            with collecting(self.imported):
                self.held = self.target.load(self.space)
            if self.outcome.level == "turn":
                check_turn(self.target.name, self.held)
            if self.settings.effects:
                self.listed = Target(self.settings.effects).load(self.space)
        except Usage:
            raise
        except BaseException as error:
            raise _Unjudged(f"The import raised {self._described(error)}") from error
        finally:
            timer.cancel()
        gc.collect()
        freeze()

    def _import_again(self) -> None:
        """Import the agent's own modules anew, as a process does that starts.

        So a folder or an id that its import makes up is another one after a restart. An agent that
        cannot be imported twice in one process (it registers a metric, say) stays as it is.
        """
        known = dict(sys.modules)
        for name, module in known.items():
            if str(getattr(module, "__file__", None)).startswith(f"{self.space.copy}{os.sep}"):
                del sys.modules[name]
        random.seed()
        try:
            self.held, listed = self.target.load(self.space), None
            if self.settings.effects:
                listed = Target(self.settings.effects).load(self.space)
        except BaseException:
            sys.modules.update(known)
        else:
            self.listed = listed

    def _keep_files(self) -> None:
        """Keep the files as the import left them, where they are few."""
        self.files = file_states()
        size = sum(size for _, size in self.files.values())
        if size < MAX_KEPT_BYTES and len(self.files) < MAX_WATCHED:
            self.kept = Path(tempfile.mkdtemp(dir=self.temporary, prefix="files-"))
            shutil.copytree(self.space.copy, self.kept, dirs_exist_ok=True)

    def _restore_files(self) -> None:
        """Put the files back that a probe wrote."""
        now = file_states()
        for path in now.keys() | self.files.keys() if self.kept else ():
            if path not in self.files:
                path.unlink()
            elif now.get(path) != self.files[path]:  # in its place: a connection may be open
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(self.kept / path.relative_to(self.space.copy), path)

    def _described(self, error: BaseException) -> str:
        """Return what was raised, where, and what network was wanted."""
        where = place(error, self.space.copy)
        wanted = ", ".join(self.guard.refused[:3])
        network = f" It wanted the network: {wanted}." if wanted else ""
        return f"{type(error).__name__}: {shortened(error, 300)}{where}.{network}"

    def _give_up_import(self) -> None:
        self.outcome.problem = f"The import took longer than {MAX_IMPORT_SECONDS:.0f} s."
        self.pipe.send(self.outcome)
        os._exit(0)

    def _scout(self) -> None:
        """Find out what the agent is."""

        async def scouted(subject: Subject, tell: Callable) -> None:
            before = set(sys.modules)
            tell(await scout(subject))
            tell([name for name in sys.modules if name not in before])

        folder = Path(tempfile.mkdtemp(dir=self.temporary, prefix="scout-"))
        look = _Look("scout", folder)
        look.problem = "The first look at the agent did not come to an end."
        self._fork(look, scouted, MAX_SCOUT_SECONDS)
        while not self._is_over(look):
            wait([look.pipe], max(0.05, look.until - time.monotonic()))
        if not look.told:
            raise _Unjudged(look.problem)
        found, *late = look.told
        self._import_late(*late)
        self.facts, written = found, [path.name for path in changed_files(self.files)]
        self.most = 1 if written else MAX_AT_ONCE
        names = shortened(", ".join(written), 60)
        how = "each with the files as they were" if self.kept else "and share them"
        self.outcome.facts = {
            "tools": {
                name: "asks" if tool.gate else "runs" if tool.ran else "unseen"
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
            "beyond": found.beyond,
            "written": f"{names}: tests run one after the other, {how}." if written else "",
        }
        if found.problem:
            raise _Unjudged(found.problem)

    def _import_late(self, names: Sequence[str] = ()) -> None:
        """Import what libraries load with the first request, once for all forks."""
        for name in names:
            with contextlib.suppress(Exception):
                spec = importlib.util.find_spec(name)
                if spec and not str(spec.origin).startswith(str(self.space.copy)):
                    importlib.import_module(name)
        freeze()

    def _probe_all(self) -> None:
        """Run every probe that judges a wanted claim, and judge by it."""
        wanted = {verdict.name for verdict in self.outcome.verdicts}
        looks: dict[str, list[_Look]] = {}
        for name, probe in PROBES.items():
            if not wanted & set(probe.claims):
                continue
            looks[name] = [self._look(name)]
            if probe.costly and not any(map(self._is_promised, probe.claims)):
                for claim in probe.claims:
                    why = f"It is not promised. {_promise(claim)}"
                    looks[name][0].told.append(Verdict(claim, NOT_APPLICABLE, why))
        self._probe(looks)
        probed = {claim: name for name in looks for claim in PROBES[name].claims}
        self.outcome.verdicts = [
            self._judged(verdict.name, looks[probed[verdict.name]])
            for verdict in self.outcome.verdicts
        ]

    def _judged(self, claim: str, looks: list[_Look]) -> Verdict:
        """Return the verdict about a claim; a red has to be promised, and seen twice."""
        verdict = looks[0][claim]
        if verdict.verdict == FAIL and not self._is_promised(claim):
            verdict.verdict = COULD_NOT_JUDGE
            verdict.reason = f"Seen: {verdict.reason} {_promise(claim)}"
        elif verdict.verdict == FAIL and (again := looks[1][claim]).verdict != FAIL:
            verdict.verdict = COULD_NOT_JUDGE
            verdict.reason = f"Seen once, and not a second time: {verdict.reason} Then: "
            verdict.reason += f"{again.reason or again.verdict}."
        verdict.reason = self.space.shown(verdict.reason)
        verdict.evidence = self.space.shown(verdict.evidence)
        return verdict

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

    def _look(self, name: str) -> _Look:
        return _Look(name, Path(tempfile.mkdtemp(dir=self.temporary, prefix=f"{name}-")))

    def _probe(self, looks: dict[str, list[_Look]]) -> None:
        """Run probes side by side, and add a second look where one has seen a red."""
        waiting, running = [one for (one,) in looks.values() if not one.told], []
        while waiting or running:
            while waiting and len(running) < self.most:
                look = waiting.pop(0)
                if time.monotonic() > self.end:
                    look.problem = "The run's time was over."
                else:
                    running.append(look)
                    self._fork_probe(look)
            if running:
                soonest = min(look.until for look in running) - time.monotonic()
                wait([look.pipe for look in running], max(0.02, min(soonest, 1.0)))
            for look in [one for one in running if self._is_over(one)]:
                running.remove(look)
                if look.phase + 1 < len(PROBES[look.probe].phases):
                    look.phase += 1
                    waiting.insert(0, look)
                elif len(looks[look.probe]) == 1 and any(
                    one.verdict == FAIL and self._is_promised(one.name) for one in look.told
                ):
                    looks[look.probe].append(self._look(look.probe))
                    waiting.append(looks[look.probe][1])

    def _fork_probe(self, look: _Look) -> None:
        probe = PROBES[look.probe]
        if self.most == 1 and not look.phase:
            self._restore_files()

        async def at_work(subject: Subject, tell: Callable) -> None:
            def judged(*told: Any) -> None:
                tell(Verdict(*told, seconds=time.monotonic() - look.began))

            if len(probe.phases) == 1:  # else it makes its graph itself
                await subject.start()
            with contextlib.suppress(Ended):
                await probe.phases[look.phase](Case(probe.claims, subject, look.folder, judged))

        seconds = min(MAX_PROBE_SECONDS, max(1.0, self.end - time.monotonic()))
        self._fork(look, at_work, seconds)

    def _fork(self, look: _Look, work: Callable, seconds: float) -> None:
        """Start a process for a phase of a look."""
        look.pipe, ours = Pipe(duplex=False)
        look.began = time.monotonic()
        look.until = look.began + seconds
        look.pid = os.fork()
        if look.pid:
            ours.close()
            return
        try:
            look.pipe.close()
            output = look.folder / f"output-{look.phase}.txt"
            self._in_child(work, output, ours, anew=look.phase > 0)
        except BaseException as error:
            with contextlib.suppress(Exception):
                ours.send(self._described(error))
        finally:
            os._exit(0)

    def _in_child(self, work: Callable, output: Path, pipe: Connection, anew: bool) -> None:
        self._silence(output)
        model = _start_model()
        self.guard.url = model.url
        if anew:
            self._import_again()
        self.guard.refused, self.guard.sent = [], []
        kind = TurnSubject if self.outcome.level == "turn" else Subject
        subject = kind(self.held, self.facts, self.settings, self.guard, self.recorder, model)
        model.state.rules = subject.stage
        subject.served, subject.output = self.target.served, output
        subject.folder, subject.listed = output.parent, self.listed
        subject.imported = self.imported
        tempfile.tempdir = str(output.parent)  # where a turn keeps its database

        async def in_loop() -> None:
            with subject.listening():
                await work(subject, pipe.send)
                await subject.close()

        asyncio.run(in_loop())

    def _is_over(self, look: _Look) -> bool:
        """Collect what a process tells, a text of its problem too; end it when its time is over."""
        over = False
        try:
            while look.pipe.poll():
                message = look.pipe.recv()
                if isinstance(message, str):
                    look.problem = message
                else:
                    look.told.append(message)
        except (EOFError, OSError):
            over = True
        if not over and time.monotonic() > look.until:
            with contextlib.suppress(ProcessLookupError):
                os.kill(look.pid, signal.SIGKILL)
            why = (
                ": the event loop stands still, see loop.free." if self.facts.stands_still else "."
            )
            look.problem, over = f"It took too long, and was ended{why}", True
        if over:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(look.pid, 0)
            look.pipe.close()
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
