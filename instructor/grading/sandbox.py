"""A box around what a student's code can see and do: bubblewrap, where it is to be had."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from course_layout import PACKAGES, ROOT

__all__ = ("command", "why_not")

SEEN = ("course_layout.py", "solutions", *PACKAGES)  # of the course, read-only
SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/alternatives",
)
SPACE = 512 * 2**20  # bytes of files a student may write
PASSWD = "student:x:1000:1000:student:/home/student:/bin/sh\n"


def command(python: Iterable[str]) -> list[str]:
    """Return the command that runs Python in a sandbox of its own.

    It sees the system's programs, this Python, and of the course what lessons import, all of it
    read-only; an empty home and an empty /tmp; no network but its own loopback; no process but
    its own; no privilege.
    """
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    words += ["--uid", "1000", "--gid", "1000", "--hostname", "sandbox", "--clearenv"]
    for path in SYSTEM:
        words += ["--ro-bind-try", path, path]
    words += ["--proc", "/proc", "--dev", "/dev", "--size", str(SPACE), "--tmpfs", "/tmp"]
    words += ["--size", str(SPACE), "--tmpfs", "/home/student", "--chdir", "/tmp"]
    seen = [sys.base_prefix, sys.prefix, *(ROOT / name for name in SEEN)]
    for path in dict.fromkeys(map(str, seen)):
        if not path.startswith(("/usr/", "/bin/", "/lib")) and Path(path).exists():
            words += ["--ro-bind", path, path]
    settings = {"HOME": "/home/student", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    for name, value in {**settings, "USER": "student", "IPYTHONDIR": "/tmp/ipython"}.items():
        words += ["--setenv", name, value]
    return [*words, "--", *python]


def why_not() -> str:
    """Return why there is no sandbox on this machine, and the cure; "" if there is one."""
    if not sys.platform.startswith("linux"):
        return "There is no sandbox on this system: it takes Linux. A virtual machine is one."
    if shutil.which("bwrap") is None:
        return "There is no sandbox: bubblewrap is not installed (`apt install bubblewrap`)."
    try:
        done = subprocess.run(
            command([sys.executable, "-c", "import json"]),
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return "There is no sandbox: bubblewrap does not answer."
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return (
            f"There is no sandbox: bubblewrap cannot make one here ({said}). Often it may not in "
            "a container: grade on the machine itself."
        )
    return ""


def plain_environment() -> dict[str, str]:
    """Return the little that a process needs without a sandbox, and no secret of the user's."""
    names = ("PATH", "HOME", "LANG", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "USERPROFILE")
    return {name: os.environ[name] for name in names if name in os.environ}
