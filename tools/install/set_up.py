"""Make `.venv` from requirements.lock, and run things in it. Standard library only.

Whatever interrupts it, the same command run again finishes the work: a stamp, written last, says
for which lock and which folder `.venv` is ready.
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
import venv
from pathlib import Path

from course_layout import ROOT

__all__ = ("PYTHON", "environment", "is_ready", "run", "set_up", "uses_running_python")

LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "course-ready.txt"
UNFINISHED = "unfinished"
MEGABYTES = 1000  # of disk that a set-up needs, what it downloads included


def uses_running_python() -> bool:
    """Whether the running Python is the course's: we are told so, or a managed one has it all.

    conda, Binder and JupyterHub install environment.yml. An active conda environment without the
    packages (often just "base") gets a `.venv` like any other Python: nothing is put into it.
    """
    lacks = [name for name in ("jupyterlab", "langgraph", "nbval") if not _installed(name)]
    if os.environ.get("COURSE_ENV") == "here":
        if lacks:
            sys.exit(
                f"COURSE_ENV=here, but this Python has no {lacks[0]}. Install the course's "
                f"packages into it: {sys.executable} -m pip install -r requirements.txt"
            )
        return True
    managed = {"CONDA_PREFIX", "JUPYTERHUB_USER", "NB_PYTHON_PREFIX"} & os.environ.keys()
    return bool(managed) and not lacks and Path(sys.prefix) != VENV


def _installed(name: str) -> bool:
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


def _ready_stamp() -> str:
    return f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()}\n{ROOT}\n"


def is_ready() -> bool:
    """Whether `.venv` is complete, for this lock and this folder."""
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text("utf-8") == _ready_stamp()


def set_up() -> None:
    """Make `.venv` what requirements.lock says; exits with a sentence where that fails."""
    if is_ready():
        return
    print(f"Setting up .venv (once; about {MEGABYTES} MB of disk with the download).", flush=True)
    try:
        _make_venv()
        _install()
        _add_paths()
        STAMP.write_text(_ready_stamp(), "utf-8")
    except OSError as error:
        sys.exit(
            f"{error}. Make the folder {ROOT} writable and {MEGABYTES} MB of its disk free "
            f"({_free()} MB are), then run the same command again."
        )


def _free() -> int:
    return shutil.disk_usage(ROOT).free // 10**6


def _make_venv() -> None:
    """Leave a `.venv` with a working Python, marked as unfinished."""
    if VENV.exists() and not _can_be_continued():
        print("The .venv found is half-made: making it anew (downloads are kept).", flush=True)
        shutil.rmtree(VENV)
    VENV.mkdir(exist_ok=True)
    STAMP.write_text(UNFINISHED, "utf-8")
    if not PYTHON.exists():
        venv.EnvBuilder(symlinks=os.name != "nt").create(VENV)


def _can_be_continued() -> bool:
    """Whether `.venv` works and no set-up was cut short in it.

    Afterwards no installer can tell a package half copied from a whole one.
    """
    if not PYTHON.exists() or (STAMP.exists() and STAMP.read_text("utf-8") == UNFINISHED):
        return False
    return run([PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]) == 0


def _install() -> None:
    """Install the lock with uv, which pip fetches where there is none; failing that with pip."""
    uv = shutil.which("uv") or _fetch_uv()
    if uv:
        command = [uv, "pip", "install", "--python", PYTHON, "--require-hashes", "-r", LOCK]
        if run(command) == 0:
            return
        print("uv could not do it (its reason is above). Trying pip, which is slower.", flush=True)
    if not _has_pip():
        sys.exit(
            "This Python can make no pip. Debian and Ubuntu: sudo apt install python3-venv. "
            "Elsewhere install uv (https://docs.astral.sh/uv). Then run the same command again."
        )
    print("pip collects and installs about 200 packages: 1 to 3 minutes.", flush=True)
    if _pip_install(LOCK) != 0:
        sys.exit(
            "The packages could not be installed, not with uv and not with pip; the reason is "
            "above. Check the network (behind a proxy set HTTPS_PROXY) and the disk "
            f"({_free()} MB free, {MEGABYTES} needed), then run the same command again: it goes "
            "on with what is already downloaded."
        )


def _fetch_uv() -> Path | None:
    if not _has_pip():
        return None
    print("Fetching uv (18 MB): with it the rest takes seconds instead of minutes.", flush=True)
    pin = re.search(r"^uv==.*\\\n(?: +--hash=\S+(?: \\\n)?)+", LOCK.read_text("utf-8"), re.M)
    wanted = VENV / "uv.txt"
    wanted.write_text(pin[0].rstrip(" \\\n"), "utf-8")
    return BIN / "uv" if _pip_install(wanted, "--quiet") == 0 else None


def _has_pip() -> bool:
    return run([PYTHON, "-m", "ensurepip"], stdout=subprocess.DEVNULL) == 0


def _pip_install(wanted: Path, *options: str) -> int:
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
