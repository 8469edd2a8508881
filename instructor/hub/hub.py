"""A real JupyterHub on this machine, as instructor/hub/ sets it up: installed, started, ended.

Each hub listens on a loopback address of its own (127.x.y.z, Linux): nobody else uses its ports.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import requests

from course_layout import ROOT
from instructor.hub.end_class import end
from tools.install import extras
from tools.install.extras import Missing

__all__ = ("HUB", "PASSWORD", "PROXY", "Hub", "commit", "git", "installed")

HUB = ROOT / "instructor" / "hub"
PINS = (ROOT / "requirements.txt", HUB / "requirements-hub.txt")
PROXY = "configurable-http-proxy@5.1.0"  # runs on Node 18; README.md of instructor/hub/ names it
PASSWORD = "tents-and-pegs"
MAX_WAIT_SECONDS = 90  # until a state that should come counts as missing
POLL_SECONDS = 0.05  # between two looks at it


def installed() -> Path:
    """Return a folder with `venv` and `proxy`, after filling it where the pins are new.

    Raises:
        Missing: It cannot be had on this machine; the text says why.
    """
    if not sys.platform.startswith("linux"):
        raise Missing("the hub of a class is for Linux")
    pins = b"".join(path.read_bytes() for path in PINS)
    digest = hashlib.sha256(pins + PROXY.encode() + sys.version.encode()).hexdigest()[:8]
    return extras.installed(f"jupyterhub {digest}", _fill)


def _fill(folder: Path) -> None:
    (folder / "proxy").mkdir()
    extras.npm_install(folder / "proxy", PROXY, (18, 0))
    wanted = [word for pins in PINS for word in ("-r", str(pins))]
    extras.pip_install(folder, "JupyterHub", *wanted)


def commit(folder: Path) -> Path:
    """Make `folder` a git repository of the course as it is here, and return it."""
    private = (".git", ".venv", "__pycache__", "progress.db*")
    private += ("*-grades.*", "*-points.csv", "*-feedback")
    made = (".pytest_cache", ".ruff_cache", ".hypothesis", ".benchmarks", ".ipynb_checkpoints")
    everywhere = shutil.ignore_patterns(*private, *made)

    def ignored(place: str, names: list[str]) -> set[str]:
        made_here = {"my_work", "lecture", "demo"}  # rooms have folders of these names, too
        at_the_top = made_here if Path(place) == ROOT else set()
        return everywhere(place, names) | at_the_top

    shutil.copytree(ROOT, folder, ignore=ignored)
    for words in ("init -q -b main", "add -A", "commit -q -m Course"):
        git(folder, *words.split())
    return folder


def git(folder: Path, *words: str) -> None:
    """Run git in a folder, as a teacher."""
    who = ["-c", "user.name=teacher", "-c", "user.email=teacher@example.com"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True)


class Hub:
    """A hub with its proxy and its students' servers; as a context manager it leaves nothing.

    Args:
        state: An empty folder with a short path (students' sockets are in it).
        programs: What `installed` returned.
        course: A git repository, handed out to each student.
        settings: More of what instructor/hub/jupyterhub_config.py reads, such as HUB_STUDENTS.
    """

    def __init__(self, state: Path, programs: Path, course: Path, **settings: str) -> None:
        self.state, self.programs = state, programs
        self.ip = "127." + ".".join(str(random.randint(2, 250)) for _ in range(3))
        self.url = f"http://{self.ip}:8000"
        own = {"HUB_STATE": str(state), "HUB_COURSE": str(course), "HUB_IP": self.ip}
        self.settings = own | {"HUB_PASSWORD": PASSWORD} | settings
        (state / "proxy").symlink_to(programs / "proxy")

    def __enter__(self) -> Hub:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        end(self.state)
        self.popen.kill()  # if it had not come as far as writing its number into a file
        self.popen.wait()

    def start(self) -> None:
        """Start the hub and wait until it answers through its proxy.

        Raises:
            Missing: It ended, or gave no answer in 90 s.
        """
        python = self.programs / "venv" / "bin" / "python"
        command = [str(python), "-m", "jupyterhub", "-f", str(HUB / "jupyterhub_config.py")]
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("HUB_", "JUPYTER"))}
        kept.pop("PYTHONPATH", None)
        with (self.state / "hub.log").open("ab") as log:
            self.popen = subprocess.Popen(
                command,
                cwd=self.state,
                env=kept | self.settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait_for(lambda: self.answers("/hub/health"), "the hub answers")

    def stop(self) -> None:
        """End the hub alone, as Ctrl-C does."""
        self.popen.send_signal(signal.SIGINT)
        self.popen.wait(MAX_WAIT_SECONDS)

    def answers(self, path: str) -> bool:
        """Return whether a page comes, without a login, with status 200."""
        try:
            with requests.Session() as session:
                session.trust_env = False  # no proxy between us
                return session.get(self.url + path, timeout=10).status_code == 200
        except requests.RequestException:
            return False

    def wait_for(self, state, name: str) -> None:
        """Wait until `state()` is true.

        Raises:
            Missing: The hub ended, or 90 s were not enough.
        """
        until = time.monotonic() + MAX_WAIT_SECONDS
        while not state():
            if self.popen.poll() is not None:
                raise Missing(f"the hub ended before {name}: {self.last_words()}")
            if time.monotonic() > until:
                raise Missing(f"not within {MAX_WAIT_SECONDS} s: {name}. {self.last_words()}")
            time.sleep(POLL_SECONDS)

    def last_words(self) -> str:
        """Return the end of the hub's log."""
        return (self.state / "hub.log").read_text("utf-8", "replace")[-2000:]

    def processes(self) -> list[psutil.Process]:
        """Return all that runs for this hub, students' kernels included, wherever it hangs.

        Servers outlive their hub; what tells them is their environment, which names our folder.
        """
        ours = []
        for process in psutil.process_iter(["environ"]):
            own = process.info["environ"] or {}  # None where it is not ours to read
            if self._owns(own.get("HUB_STATE", "")) or self._owns(own.get("HOME", "")):
                ours.append(process)
        return ours

    def _owns(self, path: str) -> bool:
        return path == str(self.state) or path.startswith(f"{self.state}{os.sep}")

    def families(self) -> dict[str, list[psutil.Process]]:
        """Return each student's server, kernels, and what they started, by name."""
        found: dict[str, list[psutil.Process]] = {}
        for process in self.processes():
            home = Path((process.info["environ"] or {}).get("HOME", ""))
            if home.parent == self.state / "students":
                found.setdefault(home.name, []).append(process)
        return found
