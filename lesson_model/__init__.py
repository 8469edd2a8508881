"""An offline chat model that OpenAI clients talk to over real HTTP."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lesson_model.model import ENDPOINTS, OURS, LessonModel
from lesson_model.reply import Call, Reply

__all__ = ("Call", "LessonModel", "Reply", "scratch", "start")

_lock = threading.Lock()
_running: tuple[int, LessonModel] | None = None  # the process it runs in, and the model


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
        if (model := running()) is not None:
            model.reset()
            return model
        chosen = [os.environ[name] for name in reversed(ENDPOINTS) if os.environ.get(name)]
        if chosen and chosen[0] != os.environ.get(OURS):
            model = LessonModel(endpoint=chosen[0])
        else:
            model = LessonModel(port)
            model.announce()
        _running = (os.getpid(), model)
        return model


def running() -> LessonModel | None:
    """Return the model this process serves; a forked one has the memory of it, not the server."""
    if _running and _running[0] == os.getpid() and not _running[1].stopped:
        return _running[1]
    return None


@contextmanager
def scratch() -> Iterator[LessonModel]:
    """Run with a clean slate on the same server; the old rules, faults and log come back."""
    model = running() or start()
    with model.scratch():
        yield model
