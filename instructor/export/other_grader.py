"""nbgrader and otter as programs: where they are installed, and how they are run.

Each gets an environment of its own, with the course's pins for what both need, and finds the
course's packages behind its own. So nothing is installed into the course's environment.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from benchmarks.model import CACHE
from benchmarks.peers import Peer, pip_install, program
from course_layout import ROOT
from instructor.export.otter_source import otter_requirements

__all__ = ("environment", "installed")


def installed(requirement: str, cache: Path = CACHE, install: bool = True) -> Path:
    """Return the folder of a grader, after installing it on first use.

    Args:
        requirement: Its name and version, `name==version`.
        cache: Where it is kept, in a folder named after its version and our pins.
        install: Whether it may be installed.

    Raises:
        Missing: It cannot be installed.
    """
    pins = otter_requirements((ROOT / "requirements.txt").read_text("utf-8"))

    def fill(folder: Path) -> None:
        (folder / "pins.txt").write_text(pins, "utf-8")
        pip_install(folder, requirement, "-c", str(folder / "pins.txt"))

    digest = hashlib.sha256(pins.encode() + sys.version.encode()).hexdigest()[:8]
    name = f"{requirement.replace('==', ' ')} {digest}"
    return Peer(name, lambda folder, port: [], fill).ready_folder(cache, install)


def environment(folder: Path, scratch: Path) -> dict[str, str]:
    """Return the environment of a grader: as activated, with nothing of the user's Jupyter."""
    python = program(folder, "python")
    ask = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    theirs = subprocess.check_output(ask, text=True).strip()
    own = {
        "PATH": os.pathsep.join([str(Path(python).parent), os.environ.get("PATH", "")]),
        "PYTHONPATH": os.pathsep.join([theirs, sysconfig.get_path("purelib")]),
        "JUPYTER_CONFIG_DIR": str(scratch / "jupyter"),
        "JUPYTER_DATA_DIR": str(scratch / "jupyter"),
        "IPYTHONDIR": str(scratch / "ipython"),
    }
    foreign = ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "PYTHONHOME")
    return {name: text for name, text in os.environ.items() if name not in foreign} | own
