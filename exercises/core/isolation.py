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
        stack.enter_context(_nothing_from_children())
        stack.enter_context(_no_figures())
        stack.enter_context(warnings.catch_warnings())
        warnings.showwarning = lambda *_, **__: None
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
    methods = vars(shell.display_pub)
    before = dict(methods)
    methods.update(publish=seen.publish, clear_output=lambda *_, **__: None)
    try:
        yield
    finally:
        methods.clear()
        methods.update(before)


@contextlib.contextmanager
def _no_figures() -> Iterator[None]:
    """Close the figures that were drawn: a notebook shows what is open at the end of a cell."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    before = set(pyplot.get_fignums()) if pyplot else set()
    try:
        yield
    finally:
        pyplot = sys.modules.get("matplotlib.pyplot")
        for number in set(pyplot.get_fignums() if pyplot else ()) - before:
            pyplot.close(number)


@contextlib.contextmanager
def _nothing_from_children() -> Iterator[None]:
    """Send to nowhere what child processes and C code write to the terminal."""
    _flush_terminal()
    with contextlib.ExitStack() as stack:
        for number in (1, 2):
            try:
                kept = os.dup(number)
            except OSError:  # no terminal
                continue
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, number)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, number)
            os.close(nowhere)
        stack.callback(_flush_terminal)
        yield


def _flush_terminal() -> None:
    for stream in (sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()


@contextlib.contextmanager
def _logs_to(seen: Seen) -> Iterator[None]:
    """Turn aside the handlers that hold a stream of their own."""
    terminals = [s for s in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__) if s]
    swapped = []
    for reference in list(logging._handlerList):
        handler = reference()
        stream = vars(handler).get("stream") if handler else None
        if any(stream is terminal for terminal in terminals):
            swapped.append((handler, stream))
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
    logs = {log: (log.level, log.propagate, log.disabled, log.handlers[:]) for log in _loggers()}
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
        for log in _loggers():
            default = (log.level, log.propagate, log.disabled, log.handlers)
            level, log.propagate, log.disabled, handlers = logs.get(log, default)
            log.handlers[:] = [h for h in handlers if not isinstance(vars(h).get("stream"), Seen)]
            if level != log.level:
                log.setLevel(level)
        logging.disable(disabled)


def _loggers() -> list[logging.Logger]:
    named = logging.root.manager.loggerDict.values()
    return [logging.root, *(log for log in list(named) if isinstance(log, logging.Logger))]
