"""The service as a process of its own: started, asked, killed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import psycopg

from course_layout import ROOT
from tests.production_agent.warm_start import Launcher

__all__ = ("Service", "change", "end_leases", "events_of", "rows", "until")

MAX_WAIT_SECONDS = 60  # until a state that should come counts as missing
TOKENS = "ann:token-of-ann,bob:token-of-bob"
LEASE = 60  # seconds a killed process keeps its threads: no busy machine pauses one for as long


def until(state: Callable[[], object], what: str) -> object:
    """Wait until a state is reached, and return what it is."""
    end = time.monotonic() + MAX_WAIT_SECONDS
    while time.monotonic() < end:
        if found := state():
            return found
        time.sleep(0.02)
    raise AssertionError(f"never came: {what}")


def rows(database: str, sql: str) -> list[tuple]:
    """Return what stands in the database, past the service."""
    if "://" in database:
        with psycopg.connect(database) as connection:
            return connection.execute(sql).fetchall()
    connection = sqlite3.connect(database, timeout=30)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def change(database: str, sql: str) -> None:
    """Change what stands in the database, past the service."""
    if "://" in database:
        with psycopg.connect(database) as connection:
            connection.execute(sql)
        return
    connection = sqlite3.connect(database, timeout=30, isolation_level=None)
    connection.execute(sql)
    connection.close()


def end_leases(database: str) -> None:
    """Let the leases of processes that were killed end now; test_crash waits for the real end."""
    change(database, "update runs set lease = 0 where outcome is null")


def events_of(answer: httpx.Response) -> Iterator[tuple[str, dict]]:
    """Give the server-sent events of an answer as they come."""
    event = ""
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            event = value
        elif name == "data":
            yield event, json.loads(value)


class Service:
    """A running service.

    Args:
        launcher: Starts it.
        database: Its database.
        folder: Where its log goes.
        script: What to run in place of `-m production_agent`.
        words: Arguments of the command.
        settings: Environment variables, without PRODUCTION_AGENT_ in front.
    """

    def __init__(
        self,
        launcher: Launcher,
        database: str,
        folder: Path,
        *,
        script: str = "",
        words: Sequence[str] = (),
        **settings,
    ) -> None:
        self.database = database
        self.log_file = folder / f"log-{time.monotonic_ns()}.jsonl"
        given = {"TOKENS": TOKENS, "LEASE_SECONDS": LEASE, "TURNS_PER_MINUTE": 10000, **settings}
        plain = {k: str(v) for k, v in given.items() if k.startswith("OPENAI_")}
        own = {f"PRODUCTION_AGENT_{k}": str(v) for k, v in given.items() if k not in plain}
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **plain, **own}
        environment["PRODUCTION_AGENT_DATABASE"] = database
        # It speaks to nobody with TLS: certificates are 0.06 CPU seconds for each client it makes.
        environment |= {"SSL_CERT_FILE": "", "SSL_CERT_DIR": str(folder / "no certificates")}
        script = script and str(Path(__file__).with_name(script))
        out = folder / f"{self.log_file.stem}.out"
        files = str(folder), str(out), str(self.log_file)
        self.pid, self.process = launcher.start(script, environment, *files, list(words)), None
        with suppress(psutil.NoSuchProcess):  # it has ended already
            self.process = psutil.Process(self.pid)
        self.url = until(
            lambda: out.exists() and out.read_text().strip() or not self.lives(), "its address"
        )
        assert isinstance(self.url, str), self.log_file.read_text()
        self.ann, self.bob = self.client("token-of-ann"), self.client("token-of-bob")
        # One that recovers what others left may be made to die before it answers anybody.
        until(lambda: self._answers() or not self.lives(), "the service's first answer")

    def _answers(self) -> bool:
        try:
            return self.ann.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    def client(self, token: str = "") -> httpx.Client:
        """Return a client with this token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        options = {"timeout": MAX_WAIT_SECONDS, "trust_env": False, "verify": False}
        return httpx.Client(base_url=self.url, headers=headers, **options)

    def thread(self) -> str:
        """Make a thread of Ann's."""
        return self.ann.post("/threads", json={}).json()["id"]

    def say(self, thread: str, text: str) -> list[tuple[str, dict]]:
        """Send a message of Ann's and return all events of the answer."""
        path = f"/threads/{thread}/messages"
        with self.ann.stream("POST", path, json={"text": text}) as answer:
            assert answer.status_code == 200, answer.read()
            return list(events_of(answer))

    def approval(self, thread: str) -> dict:
        """Return the one approval that waits on a thread."""
        (found,) = [one for one in self.ann.get("/approvals").json() if one["thread"] == thread]
        return found

    def asked(self, text: str = "Please refund 480 euros for order T-7.") -> tuple[str, dict]:
        """Make a thread with an approval that waits."""
        thread = self.thread()
        assert self.say(thread, text)[-1] == ("end", {"status": "pending_approval", "text": ""})
        return thread, self.approval(thread)

    def decide(self, approval: dict, *decisions: dict, by: httpx.Client | None = None):
        """Decide (approve, unless told otherwise) and return the whole answer."""
        body = decision(approval, *decisions)
        return (by or self.ann).post(f"/approvals/{approval['id']}", json=body)

    def status(self, thread: str) -> str:
        """Return the status of a thread of Ann's."""
        return self.ann.get(f"/threads/{thread}").json()["status"]

    def messages(self, thread: str) -> list[tuple[str, str]]:
        """Return (role, text) of a thread of Ann's."""
        found = self.ann.get(f"/threads/{thread}").json()["messages"]
        return [(message["role"], message["text"]) for message in found]

    def log(self, event: str = "") -> list[dict]:
        """Return the lines of the log, those of one event."""
        # Of the last line, a part may be there: the service is writing it.
        whole, _, _ = self.log_file.read_text().rpartition("\n")
        found = [json.loads(line) for line in whole.splitlines() if line.startswith("{")]
        return [line for line in found if event in ("", line["event"])]

    def effects(self) -> list[tuple]:
        """Return what was really done."""
        return [json.loads(row[0]) for row in rows(self.database, "select details from effects")]

    def forget_effects(self) -> None:
        """Make every order one of which nothing was refunded."""
        change(self.database, "delete from effects")

    def kill(self) -> None:
        """Kill it as an operating system does."""
        self._end(getattr(signal, "SIGKILL", signal.SIGTERM))

    def stop(self) -> None:
        """End it as an administrator does."""
        self._end(signal.SIGTERM)

    def _end(self, how: int) -> None:
        with suppress(psutil.NoSuchProcess):
            if self.process:
                self.process.send_signal(how)
        until(lambda: not self.lives(), "the service's end")
        self.ann.close()
        self.bob.close()

    def lives(self) -> bool:
        """Return whether the process is there: it, and not another one that has got its number."""
        return self.process is not None and self.process.is_running()


def decision(approval: dict, *decisions: dict) -> dict:
    """Return the body that decides each call of an approval."""
    given = decisions or ({"type": "approve"},) * len(approval["calls"])
    pairs = zip(approval["calls"], given, strict=True)
    return {
        "digest": approval["digest"],
        "decisions": [{"call": call["id"], **one} for call, one in pairs],
    }


@contextmanager
def running(*arguments, **settings) -> Iterator[Service]:
    """Start a service and end it."""
    service = Service(*arguments, **settings)
    try:
        yield service
    finally:
        service.stop()
