"""A server in a process of its own, which is gone at the end whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from benchmarks.peers import PROMPT, Peer
from course_layout import ROOT
from tools.install.extras import Missing

__all__ = ("Server", "free_port", "stop")

START_SECONDS = 60
ASKED_EVERY = 0.005  # seconds between two looks at whether it answers yet


class Server:
    """A running peer, as a context manager.

    Args:
        peer: What to run.
        cache: The folder peers are installed in.
        install: Whether to install a peer that is not there yet.

    Raises:
        Missing: It cannot be installed, dies, or does not answer within 60 s.

    Attributes:
        start_wall, start_cpu: Seconds from the start of the process to its first answer.
    """

    def __init__(self, peer: Peer, cache: Path, install: bool = True) -> None:
        self.peer, self.cache, self.install = peer, cache, install
        self.start_wall = self.start_cpu = 0.0

    def __enter__(self) -> Server:
        folder = self.peer.ready_folder(self.cache, self.install)
        self.port = free_port()
        command = self.peer.command(folder, self.port)
        self.log = tempfile.TemporaryFile()
        began = time.perf_counter()
        self.popen = subprocess.Popen(
            command,
            cwd=ROOT,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,  # a group of its own, which can be ended as one
        )
        try:
            self.process = psutil.Process(self.popen.pid)
            while not self.answers():
                if self.popen.poll() is not None:
                    raise Missing(f"ended while it started: {self.last_words()}")
                if time.perf_counter() - began > START_SECONDS:
                    raise Missing(f"gave no answer in {START_SECONDS} s: {self.last_words()}")
                time.sleep(ASKED_EVERY)
            self.start_wall = time.perf_counter() - began
            self.start_cpu = self.cpu()
            self.peer.prepare(self.port)
        except psutil.NoSuchProcess:
            self.__exit__()
            raise Missing(f"ended while it started: {self.last_words()}") from None
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        stop(self.popen)

    def answers(self) -> bool:
        """Return whether a chat request is answered."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/chat/completions",
            json.dumps(self.body(stream=False)).encode(),
            {"content-type": "application/json", "authorization": "Bearer sk-bench"},
        )
        no_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            no_proxy.open(request, timeout=10).close()
        except urllib.error.HTTPError as error:
            raise Missing(f"answers {error.code}: {error.read(200).decode()}") from None
        except OSError:
            return False
        return True

    def body(self, stream: bool) -> dict:
        """Return the request every measurement sends."""
        messages = [{"role": "user", "content": PROMPT}]
        return {"model": self.peer.model, "messages": messages, "stream": stream}

    def cpu(self) -> float:
        """Return the CPU seconds the server and its children have used."""
        return sum(sum(each.cpu_times()[:2]) for each in self.family())

    def memory(self) -> int:
        """Return the resident memory of the server and its children, in bytes."""
        return sum(each.memory_info().rss for each in self.family())

    def family(self) -> list[psutil.Process]:
        """Return the server's process and its children's."""
        return [self.process, *self.process.children(recursive=True)]

    def last_words(self) -> str:
        """Return the last line the server wrote."""
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else "it said nothing"


def stop(popen: subprocess.Popen) -> None:
    """End a process and all it started, and wait until they are gone.

    Its group is ended too: a server that died has left its children to others.
    """
    try:
        process = psutil.Process(popen.pid)
        family = [*process.children(recursive=True), process]
    except psutil.NoSuchProcess:
        family = []
    for end, group_end in (("terminate", "SIGTERM"), ("kill", "SIGKILL")):
        signal_group(popen.pid, group_end)
        for each in family:
            try:
                getattr(each, end)()
            except psutil.NoSuchProcess:
                pass
        family = psutil.wait_procs(family, timeout=3)[1]
    popen.wait()


def signal_group(group: int, name: str) -> None:
    """Send a signal to all processes of a group, where there are groups."""
    if hasattr(os, "killpg"):
        try:
            os.killpg(group, getattr(signal, name))
        except (ProcessLookupError, PermissionError):  # macOS says so of a group of zombies
            pass


def free_port() -> int:
    """Return a port on 127.0.0.1 that nobody uses.

    Below those that the system gives to whoever asks for any (32768 and up): one of them may be
    taken, by a connection as well, before the server that is to have it has started.

    Raises:
        OSError: A hundred ports were in use.
    """
    for port in random.sample(range(20_000, 32_768), 100):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError("A hundred ports from 20000 to 32767 were tried, and all are in use.")


def clean_environment() -> dict[str, str]:
    """Return the environment without a reader's endpoint, and with this copy's packages."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("OPENAI_")}
    return kept | {"PYTHONPATH": str(ROOT)}
