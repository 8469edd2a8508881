"""The servers compared: the lesson model, and the mock servers one could use instead of it.

All say the same: 40 words of three letters, which every server but one streams in 40 frames.
"""

from __future__ import annotations

import json
import shutil
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.install.extras import installed, npm_install, pip_install, program

__all__ = ("ANSWER", "PROMPT", "Peer", "lesson_model", "peers")

WORDS = "the cat sat and the dog ran for one man who had not yet put his red hat off"
ANSWER = f"{WORDS} {WORDS} now and"
ECHO = "Mock response for: "  # mock-ai-api says this, then the prompt
PROMPT = ANSWER[len(ECHO) + 1 :]
LESSON_MODEL = """
import sys, threading, lesson_model
lesson_model.start(int(sys.argv[1])).when("").says(sys.argv[2])
threading.Event().wait()
"""


@dataclass(frozen=True)
class Peer:
    """One server to compare.

    Attributes:
        name: Its name and version.
        command: Returns the command that serves on a port; it may write files to the folder.
        install: Fills a new folder with what the command needs. Raises Missing.
        prepare: Tells the running server what to say.
        model: The model to ask for.
        json_text, stream_text: What it says, which differs for a server that cannot be told.
        remark: What to know of its figures.
    """

    name: str
    command: Callable[[Path, int], list[str]]
    install: Callable[[Path], None] | None = None
    prepare: Callable[[int], None] = lambda port: None
    model: str = "gpt-4.1"
    json_text: str = ANSWER
    stream_text: str = ANSWER
    remark: str = ""

    def ready_folder(self, cache: Path, install: bool = True) -> Path:
        """Return the folder the peer is installed in, after installing it on first use.

        Raises:
            Missing: It cannot be installed.
        """
        if self.install is None:
            return cache / self.name.replace(" ", "-")
        return installed(self.name, self.install, cache, install)


def lesson_model() -> Peer:
    """Return the lesson model in a process of its own, with one rule."""
    return Peer(
        "lesson model",
        lambda folder, port: [sys.executable, "-c", LESSON_MODEL, str(port), ANSWER],
    )


def peers() -> list[Peer]:
    """Return the other servers, each in its fastest setting: hardly any log, no pauses."""
    return [
        Peer(
            "aimock 1.43.0",
            aimock,
            lambda folder: npm_install(folder, "@copilotkit/aimock@1.43.0", (20, 15)),
        ),
        Peer(
            "llmock 0.2.2",
            lambda folder, port: [
                *(program(folder, "llmock"), "serve", "--port", str(port)),
                *("--log-level", "warning"),
            ],
            lambda folder: pip_install(folder, "llmock==0.2.2"),
            prepare=say_in_llmock,
        ),
        Peer(
            "stubllm 0.1.5",
            stubllm,
            lambda folder: pip_install(folder, "stubllm==0.1.5"),
        ),
        Peer(
            "mock-ai-api 0.1.1",
            # Its own command would serve a second API in a second process.
            lambda folder, port: [
                *(program(folder, "python"), "-m", "uvicorn", "app.openai_app:app"),
                *("--port", str(port), "--log-level", "warning"),
            ],
            lambda folder: pip_install(folder, "mock-ai-api==0.1.1"),
            model="gpt-4.1:mock-echo",
            json_text=ECHO + PROMPT,
            stream_text="Mock stream for: " + PROMPT,
            remark="streams 8 words a frame and pauses 40 ms between frames: SSE/s is that pause",
        ),
    ]


def aimock(folder: Path, port: int) -> list[str]:
    """Return aimock's command; 4 characters a frame are a word with its space."""
    fixture = {"match": {"userMessage": PROMPT}, "response": {"content": ANSWER}}
    file = folder / "fixtures.json"
    file.write_text(json.dumps({"fixtures": [fixture]}), "utf-8")
    cli = folder / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
    command = [str(shutil.which("node")), str(cli), "--port", str(port), "--fixtures", str(file)]
    return [*command, "--chunk-size", "4", "--log-level", "silent"]


def stubllm(folder: Path, port: int) -> list[str]:
    """Return stubllm's command; its fixture is YAML, of which JSON is a part."""
    message = {"role": "user", "content": {"contains": PROMPT}}
    match = {"provider": "openai", "messages": [message]}
    said = {"content": ANSWER, "stream_chunk_delay_ms": 0}
    fixture = {"name": "bench", "match": match, "response": said}
    file = folder / "fixture.yaml"
    file.write_text(json.dumps({"fixtures": [fixture]}), "utf-8")
    command = [program(folder, "stubllm"), "serve", "--port", str(port)]
    return [*command, "--fixture-file", str(file), "--log-level", "warning"]


def say_in_llmock(port: int) -> None:
    """Give llmock its answer, for all requests."""
    behaviour = {"type": "reply", "text": ANSWER, "times": None}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/_llmock/scenario",
        json.dumps({"behaviors": [behaviour]}).encode(),
        {"content-type": "application/json"},
    )
    no_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    no_proxy.open(request, timeout=10).close()
