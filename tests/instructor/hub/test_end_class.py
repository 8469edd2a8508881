"""One command ends a class, and nothing that is not part of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from instructor.hub import end_class

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the hub is for Linux")

SLEEP = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP
Start = Callable[..., subprocess.Popen]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start processes that only wait; each is up when this returns."""
    started: list[subprocess.Popen] = []

    def one(*words: str, code: str = SLEEP, **environment: str) -> subprocess.Popen:
        command = [sys.executable, "-c", code, *words]
        own = {"env": os.environ | environment, "stdout": subprocess.PIPE}
        started.append(subprocess.Popen(command, **own))
        assert started[-1].stdout.readline() == b"up\n"
        return started[-1]

    yield one
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_hub_proxy_and_students_end_and_nobody_else(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(end_class, "GRACE_SECONDS", 1)
    home = str(tmp_path / "students" / "ada")
    members = [
        start("jupyterhub"),
        start("configurable-http-proxy"),
        start("a server", HOME=home),
        start("a kernel that will not", code=STUBBORN, HOME=home + "/course"),
    ]
    (tmp_path / "hub.pid").write_text(str(members[0].pid), "utf-8")
    (tmp_path / "proxy.pid").write_text(str(members[1].pid), "utf-8")
    others = [
        start("the teacher's shell", HUB_STATE=str(tmp_path)),
        start("another class", HOME=str(tmp_path / "students-of-old" / "ada")),
    ]
    assert end_class.end(tmp_path) == len(members)
    assert [process.wait(60) is not None for process in members] == [True] * len(members)
    assert [process.poll() for process in others] == [None, None]
    assert end_class.end(tmp_path) == 0


def test_a_number_that_is_another_process_by_now_is_left_alone(
    tmp_path: Path,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = start("an editor")
    for name in ("hub.pid", "proxy.pid"):
        (tmp_path / name).write_text(str(other.pid), "utf-8")
    monkeypatch.setenv("HUB_STATE", str(tmp_path))
    assert end_class.main() == 1
    assert other.poll() is None and "No hub of" in capsys.readouterr().out
