"""nbgrader as a program: where it is installed, and how it is run.

It gets an environment of its own, with the course's pins for what both need, and finds the
course's packages behind its own. So nothing is installed into the course's environment.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from course_layout import ROOT
from instructor.export.nbgrader_source import NBGRADER
from tools.install import extras

__all__ = ("environment", "installed")

PINS = ROOT / "requirements.txt"
FOREIGN = ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "PYTHONHOME")


def installed() -> Path:
    """Return the folder of nbgrader, after installing it on first use.

    Raises:
        Missing: It cannot be installed.
    """
    digest = hashlib.sha256(PINS.read_bytes() + sys.version.encode()).hexdigest()[:8]
    name = f"{NBGRADER.replace('==', ' ')} {digest}"
    wanted = (NBGRADER, "-c", str(PINS))
    return extras.installed(name, lambda folder: extras.pip_install(folder, NBGRADER, *wanted))


def environment(folder: Path, scratch: Path) -> dict[str, str]:
    """Return the environment to run it in: as activated, with nothing of the user's Jupyter.

    Args:
        folder: Where it is installed.
        scratch: An empty folder for what Jupyter and IPython write.
    """
    python = extras.program(folder, "python")
    ask = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    theirs = subprocess.check_output(ask, text=True).strip()
    own = {
        "PATH": os.pathsep.join([str(Path(python).parent), os.environ.get("PATH", "")]),
        "PYTHONPATH": os.pathsep.join([theirs, sysconfig.get_path("purelib")]),
        "JUPYTER_CONFIG_DIR": str(scratch / "jupyter"),
        "JUPYTER_DATA_DIR": str(scratch / "jupyter"),
        "IPYTHONDIR": str(scratch / "ipython"),
    }
    return {name: text for name, text in os.environ.items() if name not in FOREIGN} | own
