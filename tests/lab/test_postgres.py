"""A real PostgreSQL starts by every route, and nothing of it is left, however its owner ends."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
import pytest

from course_layout import ROOT
from lab import doctor, postgres
from lab.postgres import keeper as postgres_keeper
from lab.postgres.keeper import programs
from tests.lab.postgres_owner import PATIENCE, ask, ended, installed, missing, use

IS_ROOT = os.name == "posix" and os.geteuid() == 0
pytest_plugins = ("tests.lab.postgres_owner",)
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and sockets are POSIX's")


def test_the_server_is_real_empty_and_writes_safely(url: str) -> None:
    """What the lesson measures is what a server in production does."""
    assert ask(url, "SELECT version()")[0][0].startswith("PostgreSQL ")
    settings = ("fsync", "synchronous_commit", "full_page_writes")
    assert [ask(url, f"SHOW {name}") for name in settings] == [[("on",)]] * 3
    assert ask(url, "SHOW listen_addresses") == [("",)]
    fresh = postgres.start(fresh=True)
    assert ask(fresh, "SELECT * FROM pg_tables WHERE schemaname = 'public'") == []
    assert postgres.start() == url != fresh
    use(fresh)
    assert ask(url, "SELECT * FROM pg_tables WHERE schemaname = 'public'") == []


def test_a_child_process_connects(url: str) -> None:
    """The URL is all that it needs."""
    code = "import psycopg, sys; print(psycopg.connect(sys.argv[1]).info.dbname)"
    done = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True)
    assert done.stdout.strip() == urlsplit(url).path[1:], done.stderr


def test_the_wheel_comes_first() -> None:
    """It is the version the course was tested with."""
    wheel = installed(wheel=True)
    assert programs()[0] == wheel


def test_newer_versions_come_first(tmp_path: Path) -> None:
    """9.6 is older than 15, and a folder without a number is the oldest."""
    names = ("9.6", "15", "pginstall", "18")
    folders = [tmp_path / name / "bin" for name in names]
    found = postgres_keeper._sort_newest_first(iter(folders))
    assert [folder.parent.name for folder in found] == ["18", "15", "9.6", "pginstall"]


@pytest.mark.parametrize("wheel", [True, False])
def test_each_route_starts_and_says_nothing(own: Callable, wheel: bool) -> None:
    """The wheel's programs, and those of an installed PostgreSQL."""
    folder = installed(wheel=wheel)
    owner = own.one(f"keeper.programs = lambda: [Path({str(folder)!r})]")
    use(owner.url)
    assert str(folder) in owner.server.cmdline()[0] and not hasattr(owner, "said")
    out, err = owner.process.communicate(timeout=PATIENCE)
    assert (out, err) == ("", "")


def test_programs_that_do_not_run_are_passed_over(own: Callable, tmp_path: Path) -> None:
    """As those of a wheel made for another system."""
    broken = tmp_path / "broken" / "bin"
    broken.mkdir(parents=True)
    (broken / "initdb").write_text("#!/bin/sh\necho wrong system\nexit 1\n")
    (broken / "initdb").chmod(0o755)
    (broken / "postgres").touch()
    good = programs() or missing("There is no PostgreSQL here.")
    change = f"keeper.programs = lambda: [Path({str(broken)!r}), Path({str(good[0])!r})]"
    use(own.one(change).url)
    owner = own.one(f"keeper.programs = lambda: [Path({str(broken)!r})]")
    assert owner.url is None and owner.said.count("\n") == 1
    assert owner.said.startswith("PostgreSQL would not start (wrong system). Run python3 course.py")


def test_without_a_server_one_sentence_is_said(own: Callable) -> None:
    """The lesson goes on: None comes back, nothing is raised."""
    owner = own.one("keeper.programs = lambda: []")
    assert owner.url is None and owner.said.startswith("There is no PostgreSQL here. Run python3 ")
    out, err = owner.process.communicate(timeout=PATIENCE)
    assert (out, err) == ("", "")


@pytest.mark.parametrize("end", ["exit", "SIGTERM", "SIGKILL"])
def test_nothing_is_left_when_the_owner_ends(own: Callable, end: str) -> None:
    """An ordinary end, a terminated kernel, a killed one."""
    owner = own.one()
    use(owner.url)
    processes, folder = owner.processes(), owner.folder
    assert len(processes) > 4 and folder.exists()
    if end == "exit":
        owner.process.communicate(timeout=PATIENCE)
        assert not folder.exists()  # at once: the owner waits for it
    else:
        owner.process.send_signal(signal.Signals[end])
    assert ended(processes)
    assert not folder.exists()


def test_an_interrupt_does_not_reach_the_server(own: Callable) -> None:
    """Jupyter interrupts the kernel's whole process group."""
    owner = own.one(start_new_session=True)
    assert os.getpgid(owner.process.pid) == owner.process.pid
    for process in owner.processes():
        with contextlib.suppress(ProcessLookupError):  # the server's others come and go
            assert os.getpgid(process.pid) != owner.process.pid


def test_the_next_start_clears_what_a_killed_keeper_left(own: Callable) -> None:
    """And leaves alone what is in use."""
    killed, lives = own(), own()
    killed, lives = killed(), lives()
    processes, folder = killed.processes()[1:], killed.folder
    killed.keeper.kill()
    killed.process.kill()
    assert ended([killed.keeper])
    assert processes[0].is_running()  # the server itself; its others come and go
    own.one()
    assert ended(processes)
    assert not folder.exists()
    use(lives.url)


def test_several_start_at_the_same_time(own: Callable) -> None:
    """As the workers of a test run and two notebooks do."""
    owners = [begun() for begun in [own() for _ in range(3)]]
    assert len({owner.folder for owner in owners}) == 3
    for owner in owners:
        use(owner.url)


@pytest.mark.parametrize("name", ["it's my ñ", "long" * 40, 'a "$HOME"', "a, b"])
def test_temporary_folders_of_any_name(own: Callable, name: str) -> None:
    """A path too long for a socket, or with letters that mean something, is left for /tmp."""
    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)
        place = Path(parent) / name
        place.mkdir()
        owner = own.one(env={"TMPDIR": str(place)})
        use(owner.url)
        assert owner.folder.parent == (place if "my" in name else Path("/tmp"))


@pytest.mark.skipif(not IS_ROOT, reason="only root has folders that the server's user cannot enter")
def test_root_s_closed_folders(own: Callable, tmp_path: Path) -> None:
    """A .venv and temporary files in /root: the server's user can enter neither."""
    folder = installed(wheel=True)
    closed = tmp_path / "closed"
    libraries = f"{folder.parents[1].name}.libs"
    for part in (folder.parent, folder.parents[2] / libraries):
        shutil.copytree(part, closed / part.relative_to(folder.parents[2]))
    closed.chmod(0o700)
    copy = closed / folder.relative_to(folder.parents[2])
    owner = own.one(f"keeper.programs = lambda: [Path({str(copy)!r})]", env={"TMPDIR": str(closed)})
    use(owner.url)
    assert str(owner.folder) in owner.server.cmdline()[0]
    assert owner.server.uids().effective != 0
    assert closed.stat().st_mode & 0o777 == 0o700  # we opened nothing to others


@pytest.mark.skipif(not IS_ROOT, reason="the other tests run without root already")
def test_without_root(own: Callable) -> None:
    """An ordinary user's server runs as that user."""
    version = "python{}.{}".format(*sys.version_info)
    pythons = [Path(sys.executable).resolve(), Path("/usr/bin", version)]
    for python in pythons:
        if python.exists() and postgres_keeper._is_open_to_all(python):
            break
    else:
        pytest.skip("Only root may run this Python.")
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    paths = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])
    owner = own.one(env={"PYTHONPATH": paths}, python=str(python), cwd="/", **nobody)
    use(owner.url)
    assert owner.server.uids().effective == 65534


def test_a_port_wants_its_password_and_is_not_seen_from_outside(own: Callable) -> None:
    """What Windows uses, which has no sockets in a folder."""
    owner = own.one("keeper._use_socket = keeper._use_port")
    use(owner.url)
    parts = urlsplit(owner.url)
    assert parts.hostname == "127.0.0.1"
    wrong = owner.url.replace(parts.password, "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)
    listening = [
        found.laddr.ip
        for found in psutil.net_connections("tcp")
        if found.laddr.port == parts.port and found.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1"]


def databases(url: str) -> list[str]:
    """Return the names of a server's databases."""
    return [name for (name,) in ask(url, "SELECT datname FROM pg_database")]


@pytest.mark.parametrize("kill", [False, True])
def test_the_reader_s_own_server(own: Callable, url: str, kill: bool) -> None:
    """Only a database is made there, and it is dropped again, whoever still uses it."""
    owner = own.one(env={postgres.VARIABLE: f"{url}&dbname=postgres"})
    name = urlsplit(owner.url).path[1:]
    assert owner.folder == Path(parse_qs(urlsplit(url).query)["host"][0])
    assert ask(owner.url, "SELECT current_database()") == [(name,)] and name in databases(url)
    with psycopg.connect(owner.url):
        if kill:
            owner.process.kill()
        owner.process.communicate(timeout=PATIENCE)
        assert ended([owner.keeper])
    assert name not in databases(url)


SECRET = "pass" + "word7"


@pytest.mark.parametrize(
    "theirs",
    [
        f"postgresql://shop:{SECRET}@127.0.0.1:1/shop",
        f"postgresql://shop:{SECRET}@127.0.0.1:{SECRET}/shop",
        f"not a url {SECRET}",
    ],
)
def test_a_wrong_url_is_said_without_its_password(own: Callable, theirs: str) -> None:
    """One sentence with the cure, and None; no other server in its place."""
    owner = own.one(env={postgres.VARIABLE: theirs})
    assert owner.url is None
    assert owner.said.startswith("COURSE_POSTGRES_URL leads to no PostgreSQL server that lets us")
    out, err = owner.process.communicate(timeout=PATIENCE)
    assert SECRET not in owner.said + out + err and (out, err) == ("", "")


def test_a_user_who_may_not_create_databases(own: Callable, url: str) -> None:
    """The sentence names the right that is missing."""
    ask(url, "CREATE ROLE clerk LOGIN")
    owner = own.one(env={postgres.VARIABLE: url.replace("postgres@", "clerk@")})
    assert owner.url is None and "may not create databases: let it (CREATEDB)" in owner.said


def test_the_shell_s_own_variables_are_named(own: Callable) -> None:
    """PGSERVICE and PGHOSTADDR lead every client astray."""
    owner = own.one(env={"PGSERVICE": "shop"})
    assert owner.url is None and owner.said.startswith("PGSERVICE in the environment keeps")


def test_after_a_crash_of_the_server_a_new_one_starts(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """The sentence says so, and running the cell again is enough."""
    monkeypatch.setattr(postgres, "_running", None)
    first = Path(parse_qs(urlsplit(postgres.start()).query)["host"][0])
    server = psutil.Process(int((first / "data" / "postmaster.pid").read_text().split("\n")[0]))
    server.send_signal(signal.SIGQUIT)
    assert ended([server])
    assert postgres.start(fresh=True) is None
    assert capsys.readouterr().out == (
        "PostgreSQL was started but has ended since: run this again.\n"
    )
    use(postgres.start(fresh=True))
    postgres._running.stop()


def test_the_doctor_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing server is no fault; the reader's own counts."""
    monkeypatch.setattr(doctor, "programs", lambda: [])
    finding = doctor._postgres()
    assert str(finding).startswith("○ A PostgreSQL server for lesson 2: there is none here")
    assert doctor.Report((finding,)).ok
    monkeypatch.setenv(postgres.VARIABLE, "postgresql://shop@127.0.0.1/shop")
    assert str(doctor._postgres()) == "✓ A PostgreSQL server for lesson 2"
