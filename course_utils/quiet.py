"""Run an answer without letting anything out: no text, no picture, no changed setting."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import random
import sys
import time
import warnings
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

__all__ = ("Seen", "quiet", "watch_output")


class Seen(io.TextIOBase):
    """What was written, in order."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.writes: list[tuple[float, str]] = []
        """Seconds since the start, and the text."""

    @property
    def text(self) -> str:
        """Everything written, in one string."""
        return "".join(text for _, text in self.writes)

    def write(self, text: str) -> int:
        """Note `text` and the time."""
        self.writes.append((time.monotonic() - self.started, str(text)))
        return len(text)

    def writable(self) -> bool:
        """Say yes, as a stream does."""
        return True

    def publish(self, data: dict[str, Any] | None = None, *_: Any, **__: Any) -> None:
        """Note what `display(...)` shows, in place of IPython's publisher."""
        data = data or {}
        shown = next(
            (data[t] for t in ("text/markdown", "text/html", "text/plain") if t in data), ""
        )
        self.write(f"{shown}\n")


@contextlib.contextmanager
def watch_output() -> Iterator[Seen]:
    """Catch what is printed and displayed inside: `.writes` with times in seconds, `.text`."""
    seen = Seen()
    with contextlib.redirect_stdout(seen), _displays_to(seen):
        yield seen


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Catch what is printed, logged, warned and displayed inside, and put back every setting."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_settings_kept())
        stack.enter_context(warnings.catch_warnings())
        stack.enter_context(_logs_to(Seen()))
        stack.enter_context(watch_output())
        stack.enter_context(contextlib.redirect_stderr(Seen()))
        yield


@contextlib.contextmanager
def _displays_to(seen: Seen) -> Iterator[None]:
    shell_class = getattr(sys.modules.get("IPython"), "InteractiveShell", None)
    shell = shell_class.instance() if shell_class and shell_class.initialized() else None
    if shell is None:
        yield
        return
    publisher = shell.display_pub
    sink = SimpleNamespace(publish=seen.publish, clear_output=lambda *_, **__: None)
    vars(shell)  # traitlets would refuse a foreign class
    shell._trait_values["display_pub"] = sink
    try:
        yield
    finally:
        shell._trait_values["display_pub"] = publisher


@contextlib.contextmanager
def _logs_to(seen: Seen) -> Iterator[None]:
    terminals = {sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__}
    swapped = []
    for reference in list(logging._handlerList):
        handler = reference()
        if isinstance(vars(handler).get("stream") if handler else None, object):
            pass
        if handler is not None and vars(handler).get("stream") in terminals - {None}:
            swapped.append((handler, handler.stream))
            handler.stream = seen
    try:
        yield
    finally:
        for handler, stream in swapped:
            handler.stream = stream


@contextlib.contextmanager
def _settings_kept() -> Iterator[None]:
    environ, folder, dice = dict(os.environ), os.getcwd(), random.getstate()
    numpy = getattr(sys.modules.get("numpy"), "random", None)
    numpy_dice = numpy.get_state() if numpy else None
    loggers = _loggers()
    levels = {
        name: (log.level, log.propagate, log.disabled, log.handlers[:])
        for name, log in loggers.items()
    }
    disabled = logging.root.manager.disable
    try:
        yield
    finally:
        if dict(os.environ) != environ:
            os.environ.clear()
            os.environ.update(environ)
        os.chdir(folder)
        random.setstate(dice)
        if numpy and numpy_dice:
            numpy.set_state(numpy_dice)
        for name, log in _loggers().items():
            log.setLevel(levels.get(name, (0,))[0])
            _, log.propagate, log.disabled, log.handlers[:] = levels.get(name, (0, True, False, []))
        logging.disable(disabled)


def _loggers() -> dict[str, logging.Logger]:
    named = logging.root.manager.loggerDict.items()
    return {"": logging.root, **{k: v for k, v in named if isinstance(v, logging.Logger)}}
