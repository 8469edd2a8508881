"""An offline chat model that OpenAI clients talk to over real HTTP."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lesson_model.model import LessonModel
from lesson_model.reply import Call, Reply

__all__ = ("Call", "LessonModel", "Reply", "scratch", "start")

ENDPOINTS = ("OPENAI_BASE_URL", "OPENAI_API_BASE")
OURS = "LESSON_MODEL_URL"  # marks an endpoint in the environment as ours, not the reader's choice

_lock = threading.Lock()
_running: tuple[int, LessonModel] | None = None  # process id: a fork has the memory, not the server


def start(port: int = 0) -> LessonModel:
    """Start the lesson model, or return the running one with a clean slate.

    Sets OPENAI_BASE_URL, OPENAI_API_BASE, OPENAI_API_KEY and NO_PROXY, unless one of the first two
    is set already: then the reader chose an endpoint, and nothing is started or changed.

    Args:
        port: The port on 127.0.0.1; 0 takes a free one.

    Raises:
        OSError: The port is taken.
    """
    global _running
    with _lock:
        if _running and _running[0] == os.getpid():
            _running[1].reset()
            return _running[1]
        chosen = [os.environ[name] for name in reversed(ENDPOINTS) if os.environ.get(name)]
        if chosen and chosen[0] != os.environ.get(OURS):
            model = LessonModel(endpoint=chosen[0])
        else:
            model = LessonModel(port)
            point_to(model.url)
        _running = (os.getpid(), model)
        return model


def point_to(url: str) -> None:
    """Point every OpenAI client of this process and its children to a URL."""
    os.environ.update({name: url for name in (*ENDPOINTS, OURS)})
    os.environ["OPENAI_API_KEY"] = "sk-lesson"
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host for host in os.environ.get(name, "").split(",") if host]
        ours = [host for host in ("127.0.0.1", "localhost") if host not in hosts]
        os.environ[name] = ",".join(hosts + ours)


@contextmanager
def scratch() -> Iterator[LessonModel]:
    """Run with a clean slate on the same server; the old rules, faults and log come back."""
    model = _running[1] if _running and _running[0] == os.getpid() else start()
    with model.scratch():
        yield model
