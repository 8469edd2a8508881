"""A JupyterLab on a copy of the course, started the way a reader starts it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

from course_layout import ROOT
from lab.postgres.keeper import free_port

__all__ = ("Lab",)

NOT_COPIED = (".*", "__pycache__", "tests", "docs", "progress.db*")
# A free port may be another's when the kernel takes it: see tools/build/kernel_sockets.py.
KERNELS_OVER_FILES = () if os.name == "nt" else ("--KernelManager.transport=ipc",)
# Every page asks every ten seconds which kernels there are. While one is being started,
# jupyter_server 2.21 answers 500 (that kernel was never active), and the page has an error in its
# console.
CONFIG = """
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager

ServerKernelManager.last_activity.default_args = (2000, 1, 1)
"""
MAX_WAIT_SECONDS = 120  # until a state that should come counts as missing


class Lab:
    """`python3 course.py`, run in a copy of the course: no test changes the work tree."""

    def __init__(self, home: Path) -> None:
        """Copy the course and start JupyterLab on it.

        Args:
            home: An empty folder, for the copy and for all that Jupyter writes.

        Raises:
            RuntimeError: If the server ends, or serves no page in time; with what it printed.
        """
        self.course = home / "course"
        self.progress = home / "progress.db"
        # Short, because kernels' sockets are in it: their paths have 103 characters at most.
        self.runtime = Path(tempfile.mkdtemp(prefix="lab-"))
        self._log = home / "jupyterlab.log"
        _copy_course(self.course)
        (home / "config").mkdir()
        (home / "config" / "jupyter_server_config.py").write_text(CONFIG, "utf-8")
        port = f"--port={free_port()}"  # 8888 belongs to tests/tools/test_course.py
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "course.py", "--no-browser", port, *KERNELS_OVER_FILES],
                cwd=self.course,
                env=self._environment(home),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self.url, self.token = self._wait_until_serving()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server; it ends its kernels.

        Raises:
            RuntimeError: If a process that the server started is still there afterwards.
        """
        started = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=MAX_WAIT_SECONDS)
        finally:
            self.process.kill()
            self.process.wait()
            _, left = psutil.wait_procs(started, timeout=MAX_WAIT_SECONDS)
            for process in left:
                process.kill()
        shutil.rmtree(self.runtime, ignore_errors=True)
        if left:
            raise RuntimeError(f"JupyterLab ended and left {len(left)} process(es) behind: {left}")

    def write(self, name: str, *sources: str) -> str:
        """Write a notebook with these code cells into notebooks/ and return its address there."""
        empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        cells = [empty | {"id": f"cell-{n}", "source": text} for n, text in enumerate(sources)]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}}
        text = json.dumps(notebook | {"cells": cells})
        (self.course / "notebooks" / name).write_text(text, "utf-8")
        return f"notebooks/{name}"

    def end_kernel(self, notebook: str) -> None:
        """Shut down the kernel of one notebook: the next test has the machine for itself."""
        for session in json.loads(self._ask("GET", "api/sessions")):
            if session["path"] == notebook:
                self._ask("DELETE", f"api/sessions/{session['id']}")

    def address(self, notebook: str) -> str:
        """Return the page of one notebook, alone and without file browser."""
        return f"{self.url}doc/tree/{notebook}?token={self.token}"

    def _environment(self, home: Path) -> dict[str, str]:
        ours = {
            "COURSE_ENV": "here",  # the Python that runs the tests has the packages
            "COURSE_PROGRESS": str(self.progress),
            "IPYTHONDIR": str(home / "ipython"),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        }
        # PYTHONPATH would put the work tree before the copy.
        return {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | ours

    def _wait_until_serving(self) -> tuple[str, str]:
        until = time.monotonic() + MAX_WAIT_SECONDS
        info = self.runtime / f"jpserver-{self.process.pid}.json"
        while time.monotonic() < until and self.process.poll() is None:
            try:
                server = json.loads(info.read_text("utf-8"))
                self.url, self.token = server["url"], server["token"]
                self._ask("GET", "api/status")
            except (OSError, ValueError):  # not written, half written, not listening
                time.sleep(0.1)
            else:
                return self.url, self.token
        printed = self._log.read_text("utf-8", "replace")[-3000:]
        raise RuntimeError(f"JupyterLab did not start. It printed:\n{printed}")

    def _ask(self, method: str, path: str) -> bytes:
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(self.url + path, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=MAX_WAIT_SECONDS) as answer:
            return answer.read()


def _copy_course(to: Path) -> None:
    """Copy what a reader runs; take the outputs out, so that what is seen was made by the test."""
    shutil.copytree(ROOT, to, ignore=shutil.ignore_patterns(*NOT_COPIED))
    for path in [*to.glob("notebooks/*.ipynb"), *to.glob("solutions/*.ipynb")]:
        notebook = json.loads(path.read_text("utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell.update(outputs=[], execution_count=None)
        path.write_text(json.dumps(notebook), "utf-8")
