"""Run `production_agent` as processes on this machine, and speak to them (lesson 8)."""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

__all__ = ("Service", "read_events", "send", "sign")

TOKENS = "ann:token-of-ann,bob:token-of-bob"
MAX_STOP_SECONDS = 30


class Service:
    """A `production_agent` process on a free port, with a database and a log in a folder.

    Several services in one folder share both. Whatever happens to the notebook, they end with it.

    Args:
        folder: Where the database and the log file are.
        model: The name of the model to ask.
    """

    def __init__(self, folder: Path, model: str) -> None:
        environment = os.environ | {
            "OPENAI_MODEL": model,
            "PRODUCTION_AGENT_DATABASE": str(folder / "desk.sqlite"),
            "PRODUCTION_AGENT_TOKENS": TOKENS,
            "PRODUCTION_AGENT_TURNS_PER_MINUTE": "1000",
        }
        command = [sys.executable, "-m", "production_agent", "--port", "0"]
        with (folder / "service.log").open("a") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=log
            )
        atexit.register(self.process.kill)

    @functools.cached_property
    def address(self) -> str:
        """The URL of the service, once it listens: it prints it in its first line."""
        return self.process.stdout.readline().decode().strip()

    def user(self, name: str) -> httpx.Client:
        """Return a client that speaks for a user."""
        return httpx.Client(base_url=self.address, headers=sign(name), timeout=60, trust_env=False)

    def kill(self) -> None:
        """End the process at once, as `kill -9` does."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Ask the process to end when its turns are over, and wait for that."""
        self.process.terminate()
        self.process.wait(MAX_STOP_SECONDS)


def sign(name: str) -> dict[str, str]:
    """Return the headers that say who is asking."""
    return {"Authorization": f"Bearer token-of-{name}"}


def read_events(answer: httpx.Response) -> Iterator[tuple[str, Any]]:
    """Yield name and data of the server-sent events of an answer, as they come."""
    name = ""
    for line in answer.iter_lines():
        key, _, value = line.partition(": ")
        if key == "event":
            name = value
        elif key == "data":
            yield name, json.loads(value)


def send(client: httpx.Client, thread: str, text: str) -> list[tuple[str, Any]]:
    """Send a message to a thread, and return the events of its answer."""
    with client.stream("POST", f"/threads/{thread}/messages", json={"text": text}) as answer:
        return list(read_events(answer))
