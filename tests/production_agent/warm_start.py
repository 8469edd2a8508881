"""A process that has imported everything and forks services on demand.

Importing takes two seconds of a processor; the tests start and kill many services. Each line of
standard input is an order; the answer is the new process's id. Where there is no fork
(Windows), each service is started from nothing.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys

from course_layout import ROOT

__all__ = ("Launcher",)

WARM = ("production_agent.service", "production_agent.server")
# What they import when the first client is made, and the first connection.
WARM += ("openai.resources.chat.chat", "httpcore2", "anyio._backends._asyncio")


class Launcher:
    """Starts services."""

    def __init__(self) -> None:
        self.parent = None
        if hasattr(os, "fork"):
            self.parent = subprocess.Popen(
                [sys.executable, __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )

    def start(
        self, script: str, environment: dict, folder: str, out: str, log: str, words: list[str]
    ) -> int:
        """Start a service that writes to two files, and return its process id."""
        if self.parent is None:
            run = [script] if script else ["-m", "production_agent"]
            with open(out, "w") as stdout, open(log, "w") as stderr:
                command = [sys.executable, *run, "--port", "0", *words]
                child = subprocess.Popen(
                    command, env=environment, cwd=folder, stdout=stdout, stderr=stderr
                )
            return child.pid
        order = json.dumps([script, environment, folder, out, log, words])
        print(order, file=self.parent.stdin, flush=True)
        return int(self.parent.stdout.readline())

    def stop(self) -> None:
        """End the warm process; services it started have ended before."""
        if self.parent:
            self.parent.stdin.close()
            self.parent.wait()
            self.parent.stdout.close()


def become(
    script: str, environment: dict, folder: str, out: str, log: str, words: list[str]
) -> None:
    """Be a service from here on."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for path, number in ((os.devnull, 0), (out, 1), (log, 2)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["production_agent", "--port", "0", *words]
    if script:
        runpy.run_path(script, run_name="__main__")
    else:
        runpy.run_module("production_agent", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    for name in WARM:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system forgets ended children
    gc.collect()
    gc.freeze()  # a service looks for garbage among its own objects, and shares these
    for line in sys.stdin:
        if pid := os.fork():
            print(pid, flush=True)
            continue
        become(*json.loads(line))
        os._exit(0)
