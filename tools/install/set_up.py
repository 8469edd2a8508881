"""Make `.venv` from the lock files, and run things in it. Standard library only.

requirements.lock holds what a reader needs, requirements-dev.lock what `course.py test` adds.
Whatever interrupts the set-up, the same command run again finishes the work: one stamp a lock,
written last, says for which lock and which folder `.venv` is ready.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from course_layout import ROOT

__all__ = ("PYTHON", "environment", "is_ready", "run", "set_up", "uses_running_python")

VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
READER_LOCK = ROOT / "requirements.lock"
DEVELOPMENT_LOCK = ROOT / "requirements-dev.lock"
STAMPS = {
    READER_LOCK: VENV / "course-ready.txt",
    DEVELOPMENT_LOCK: VENV / "course-development-ready.txt",
}
UNFINISHED = "unfinished"
# Of disk that a set-up needs, what it downloads included.
NEEDED_MEGABYTES = {READER_LOCK: 700, DEVELOPMENT_LOCK: 400}


def uses_running_python(*, development: bool = False) -> bool:
    """Return whether the running Python is the course's: so we are told, or a manager made it.

    conda, Binder and JupyterHub install environment.yml. An active conda environment without the
    packages (often just "base") gets a `.venv` like any other Python: nothing is put into it.

    Args:
        development: Whether the development packages are needed, too; exits with a sentence where
            the course's Python lacks them.
    """
    lacks = [name for name in ("jupyterlab", "langgraph", "nbval") if not _is_installed(name)]
    if os.environ.get("COURSE_ENV") == "here":
        if lacks:
            sys.exit(
                f"COURSE_ENV=here, but this Python has no {lacks[0]}. Install the course's "
                f"packages into it: {sys.executable} -m pip install -r requirements.txt"
            )
    else:
        managed = {"CONDA_PREFIX", "JUPYTERHUB_USER", "NB_PYTHON_PREFIX"} & os.environ.keys()
        if not managed or lacks or Path(sys.prefix) == VENV:
            return False
    if development and not _is_installed("xdist"):
        sys.exit(
            "This Python has no development packages. Install them into it: "
            f"{sys.executable} -m pip install --no-deps -r requirements-dev.lock"
        )
    return True


def _is_installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def environment(python: Path) -> dict[str, str]:
    """Return the environment of everything started with `python`."""
    env = dict(os.environ)
    if python == PYTHON:  # IPython adds the packages of another active environment to its own.
        env.update(VIRTUAL_ENV=str(VENV), PATH=os.pathsep.join([str(BIN), env.get("PATH", "")]))
        env.pop("PYTHONHOME", None)
    else:  # What course.pth does in `.venv`.
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), env.get("PYTHONPATH")]))
    # There JupyterLab is told not to lay its question about news over the lesson.
    config = [str(ROOT / "tools" / "install" / "jupyter"), env.get("JUPYTER_CONFIG_PATH")]
    env["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, config))
    return env


def run(command: list, **options) -> int:
    """Run a command in the course's folder, to its end, and return its exit status.

    A child does not outlive us: Ctrl-C reaches it from the terminal, a SIGTERM we pass on.
    """
    options.setdefault("env", environment(PYTHON))
    process = subprocess.Popen([str(part) for part in command], cwd=ROOT, **options)
    try:
        return process.wait()
    except BaseException as error:
        if not isinstance(error, KeyboardInterrupt):
            process.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        raise


def _locks(development: bool) -> list[Path]:
    return [READER_LOCK, DEVELOPMENT_LOCK] if development else [READER_LOCK]


def _wanted_stamp(lock: Path) -> str:
    return f"{hashlib.sha256(lock.read_bytes()).hexdigest()}\n{ROOT}\n"


def _stamp(lock: Path) -> str:
    return STAMPS[lock].read_text("utf-8") if STAMPS[lock].exists() else ""


def is_ready(*, development: bool = False) -> bool:
    """Return whether `.venv` holds every package, for these locks and this folder."""
    locks = _locks(development)
    return PYTHON.exists() and all(_stamp(lock) == _wanted_stamp(lock) for lock in locks)


def set_up(*, development: bool = False) -> None:
    """Install what is missing of the locks into `.venv`; exits with a sentence where that fails.

    Args:
        development: Install the development packages, too.
    """
    if is_ready(development=development):
        return
    try:
        _make_venv(_locks(development))
        for lock in _locks(development):
            if _stamp(lock) != _wanted_stamp(lock):
                _install(lock)
    except OSError as error:
        megabytes = sum(NEEDED_MEGABYTES[lock] for lock in _locks(development))
        sys.exit(
            f"{error}. Make the folder {ROOT} writable and {megabytes} MB of its disk free "
            f"({_free_megabytes()} MB are), then run the same command again."
        )


def _free_megabytes() -> int:
    return shutil.disk_usage(ROOT).free // 10**6


def _make_venv(locks: list[Path]) -> None:
    """Leave a `.venv` with a working Python in which no set-up of these locks was cut short.

    After one that was, no installer can tell a package half copied from a whole one.
    """
    unfinished = any(_stamp(lock) == UNFINISHED for lock in locks)
    if VENV.exists() and (unfinished or not _has_working_python()):
        print("The .venv found is half-made: making it again (downloads are kept).", flush=True)
        shutil.rmtree(VENV)
    if not PYTHON.exists():
        VENV.mkdir(exist_ok=True)
        STAMPS[READER_LOCK].write_text(UNFINISHED, "utf-8")
        venv.EnvBuilder(symlinks=os.name != "nt").create(VENV)


def _has_working_python() -> bool:
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    return PYTHON.exists() and run([PYTHON, "-c", check]) == 0


def _install(lock: Path) -> None:
    """Install a lock with uv (pip fetches it where there is none) or else with pip; stamp it."""
    packages = "the course's" if lock == READER_LOCK else "the development"
    megabytes = NEEDED_MEGABYTES[lock]
    print(
        f"Installing {packages} packages into .venv (once; about {megabytes} MB of disk with the "
        "download).",
        flush=True,
    )
    STAMPS[lock].write_text(UNFINISHED, "utf-8")
    if not _run_uv(lock):
        _run_pip(lock, megabytes)
    _add_paths()
    STAMPS[lock].write_text(_wanted_stamp(lock), "utf-8")


def _run_uv(lock: Path) -> bool:
    """Install a lock with uv; return whether that worked."""
    with tempfile.TemporaryDirectory(dir=VENV, prefix="uv-") as folder:
        uv = shutil.which("uv") or shutil.which("uv", path=str(BIN)) or _fetch_uv(Path(folder))
        if not uv:
            return False
        hashed = ("--no-deps", "--require-hashes", "-r", lock)
        if run([uv, "pip", "install", "--python", PYTHON, *hashed]) == 0:
            return True
    print("uv could not do it (its reason is above). Trying pip, which is slower.", flush=True)
    return False


def _fetch_uv(folder: Path) -> str | None:
    """Let pip put the pinned uv into a folder outside the environment; None where it cannot."""
    if not _has_pip():
        return None
    print("Fetching uv (18 MB): with it the rest takes seconds instead of minutes.", flush=True)
    pin = re.search(
        r"^uv==.*\\\n(?: +--hash=\S+(?: \\\n)?)+", DEVELOPMENT_LOCK.read_text("utf-8"), re.M
    )
    wanted = folder / "uv.txt"
    wanted.write_text(pin[0].rstrip(" \\\n"), "utf-8")
    if _pip_install(wanted, "--quiet", "--target", folder) != 0:
        return None
    places = (folder / "bin", folder / "Scripts")
    return shutil.which("uv", path=os.pathsep.join(map(str, places)))


def _run_pip(lock: Path, megabytes: int) -> None:
    """Install a lock with pip; exits with a sentence where that fails."""
    if not _has_pip():
        sys.exit(
            "This Python can make no pip. Debian and Ubuntu: sudo apt install python3-venv. "
            "Elsewhere install uv (https://docs.astral.sh/uv). Then run the same command again."
        )
    print("pip collects and installs the packages: 1 to 3 minutes.", flush=True)
    if _pip_install(lock) != 0:
        sys.exit(
            "The packages could not be installed, not with uv and not with pip; the reason is "
            "above. Check the network (behind a proxy set HTTPS_PROXY) and the disk "
            f"({_free_megabytes()} MB free, {megabytes} needed), then run the same command "
            "again: it goes on with what is already downloaded."
        )


def _has_pip() -> bool:
    """Return whether `.venv` has a pip, after an attempt to make one."""
    if run([PYTHON, "-c", "import pip"], stderr=subprocess.DEVNULL) == 0:
        return True
    return run([PYTHON, "-m", "ensurepip"], stdout=subprocess.DEVNULL) == 0


def _pip_install(wanted: Path, *options: str | Path) -> int:
    fixed = ("--no-deps", "--no-compile", "--require-hashes", "--progress-bar=off", "--retries=2")
    return run([PYTHON, "-m", "pip", "install", *fixed, *options, "-r", wanted])


def _add_paths() -> None:
    """Let every process of `.venv`, other editors' kernels too, find our modules and start fast."""
    ask = [PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    folder = Path(subprocess.check_output(ask, text=True).strip())
    lines = (
        str(ROOT),
        # See tools/build/fast_start.py: JupyterLab answers in 1.1 s instead of 4.
        "import sys; sys.modules.setdefault('rfc3987_syntax', None)",
        # Container images often switch compiled files off (PYTHONDONTWRITEBYTECODE): every kernel
        # would then import for 7.5 s instead of 2.7. Compiling all at set-up would take 13 s.
        "import sys; sys.dont_write_bytecode = False",
    )
    (folder / "course.pth").write_text("\n".join([*lines, ""]), encoding="locale")
