"""A box around what a student's code can see and do: bubblewrap and limits, where there are any."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from course_layout import PACKAGES, ROOT

__all__ = (
    "ENVIRONMENT",
    "MAX_PROCESSES",
    "Sandbox",
    "can_be_entered",
    "command",
    "enter",
    "limit",
    "plain_environment",
    "why_not",
)

VISIBLE = ("course_layout.py", "solutions", *PACKAGES)  # of the course, read-only
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
MAX_WRITTEN_BYTES = 512 * 2**20  # in /tmp, and as many in the home
MAX_FILE_BYTES = 64 * 2**20
MAX_PROCESSES = 200  # with their threads, in a sandbox
MAX_OPEN_FILES = 1024
ENVIRONMENT = {
    "HOME": "/home/student",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "USER": "student",
    "IPYTHONDIR": "/tmp/ipython",
}
# From <sched.h>: new namespaces for mounts, cgroups, host name, IPC, users, processes, network.
NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000
NAMESPACES |= 0x40000000
# From <linux/prctl.h> and <linux/capability.h>.
SET_DUMPABLE, SET_NO_NEW_PRIVILEGES, CAPABILITY_VERSION = 4, 38, 0x20080522


def command(words: Iterable[str], *options: str) -> list[str]:
    """Return the command that runs a program in a sandbox of its own.

    It sees the system's programs, this Python, and of the course what lessons import, all of it
    read-only; an empty home and an empty /tmp; no network but its own loopback; no process but
    its own; no privilege.

    Args:
        words: The program and its arguments.
        options: More options of bubblewrap.
    """
    bwrap = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    bwrap += ["--uid", "1000", "--gid", "1000", "--hostname", "sandbox", "--clearenv"]
    for path in SYSTEM:
        bwrap += ["--ro-bind-try", path, path]
    size = str(MAX_WRITTEN_BYTES)
    bwrap += ["--proc", "/proc", "--dev", "/dev", "--size", size, "--tmpfs", "/tmp"]
    bwrap += ["--size", size, "--tmpfs", "/home/student", "--chdir", "/tmp"]
    visible = [sys.base_prefix, sys.prefix, *(ROOT / name for name in VISIBLE)]
    for path in dict.fromkeys(map(str, visible)):
        if not path.startswith(("/usr/", "/bin/", "/lib")) and Path(path).exists():
            bwrap += ["--ro-bind", path, path]
    for name, value in ENVIRONMENT.items():
        bwrap += ["--setenv", name, value]
    return [*bwrap, *options, "--", *words]


class Sandbox:
    """A sandbox in which nothing runs yet; a process can `enter` it by its `pid`.

    As a context manager it kills all that runs in it, and removes its files, at the end.

    Raises:
        OSError: Bubblewrap cannot make one.
    """

    def __init__(self) -> None:
        # Its own first process only waits, so it ends with us; a line says that all is mounted.
        read, write = os.pipe()
        try:
            self._process = subprocess.Popen(
                command(["/bin/sh", "-c", "echo; exec cat"], "--info-fd", str(write)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=ENVIRONMENT,
                pass_fds=[write],
            )
        finally:
            os.close(write)
        with open(read, encoding="utf-8") as file:
            info = file.read()
        if not self._process.stdout.readline():
            self.close()
            raise OSError("bubblewrap cannot make a sandbox")
        self.pid = int(info.partition('"child-pid":')[2].split(",")[0])

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it and all that runs in it."""
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    def process_count(self) -> int:
        """Return how many processes are in it."""
        with contextlib.suppress(OSError):  # it has just ended
            return sum(name.isdigit() for name in os.listdir(f"/proc/{self.pid}/root/proc"))
        return 0


def enter(pid: int) -> None:
    """Put this process into a sandbox; the processes it forks are confined by it.

    Needs Linux 5.8, and a process with a single thread.

    Args:
        pid: The sandbox's, or that of any process in it.

    Raises:
        OSError: The kernel does not allow it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    file = os.pidfd_open(pid)
    done = libc.setns(file, NAMESPACES)
    os.close(file)
    if done == 0:
        done = libc.prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if done == 0:
        header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
        done = libc.capset(header, (ctypes.c_uint32 * 6)())
    if done != 0:
        raise OSError(ctypes.get_errno(), "cannot enter the sandbox")


def limit(memory: int, in_sandbox: bool) -> None:
    """Bound what this process and each of its children may use.

    Args:
        memory: Bytes.
        in_sandbox: Whether its processes are counted, which are all of the user's elsewhere.
    """
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return
    bounds = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: MAX_FILE_BYTES,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: MAX_OPEN_FILES,
    }
    if in_sandbox:
        bounds[resource.RLIMIT_NPROC] = MAX_PROCESSES
        # The kernel gave /proc/self to root when this process entered.
        ctypes.CDLL(None).prctl(SET_DUMPABLE, 1, 0, 0, 0)
    for what, most in bounds.items():
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS has no limit of memory
            resource.setrlimit(what, (most, most))


def plain_environment() -> dict[str, str]:
    """Return the few variables a process needs without a sandbox, and no secret of the user's."""
    names = ("PATH", "HOME", "LANG", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "USERPROFILE")
    return {name: os.environ[name] for name in names if name in os.environ}


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


def can_be_entered() -> bool:
    """Return whether a process that runs already can enter a sandbox on this machine."""
    try:
        with Sandbox() as sandbox:
            pid = os.fork()
            if pid == 0:
                try:
                    enter(sandbox.pid)
                    os._exit(0)
                finally:
                    os._exit(1)
            return os.waitpid(pid, 0)[1] == 0
    except (OSError, AttributeError):  # an old kernel, another system
        return False
