"""Run an answer in isolation: no text, no picture and no changed setting remains."""

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

__all__ = ("Seen", "isolate", "watch_output")


class Seen(io.TextIOBase):
    """The texts written to a stream, in order, each with its time."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.writes: list[tuple[float, str]] = []
        """Seconds since the start, and the text."""

    @property
    def text(self) -> str:
        """Everything written, in one string."""
        return "".join(text for _, text in self.writes)

    def write(self, text: str) -> int:
        """Record `text` and the time."""
        self.writes.append((time.monotonic() - self.started, str(text)))
        return len(text)

    def writable(self) -> bool:
        """Return True: a stream that can be written to."""
        return True

    def publish(self, data: dict[str, Any] | None = None, *_: Any, **__: Any) -> None:
        """Record what `display(...)` shows, in place of IPython's publisher."""
        data = data or {}
        shown = next(
            (data[t] for t in ("text/markdown", "text/html", "text/plain") if t in data), ""
        )
        self.write(f"{shown}\n")


@contextlib.contextmanager
def watch_output() -> Iterator[Seen]:
    """Record what is printed and displayed inside: `.writes` with times in seconds, `.text`."""
    seen = Seen()
    with contextlib.redirect_stdout(seen), _redirect_displays(seen):
        yield seen


@contextlib.contextmanager
def isolate() -> Iterator[None]:
    """Catch what is printed, logged, warned and displayed inside; restore every setting."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_restore_settings())
        stack.enter_context(_silence_terminal())
        stack.enter_context(_close_new_figures())
        stack.enter_context(warnings.catch_warnings())
        warnings.showwarning = lambda *_, **__: None
        stack.enter_context(_redirect_logs(Seen()))
        stack.enter_context(watch_output())
        stack.enter_context(contextlib.redirect_stderr(Seen()))
        yield


@contextlib.contextmanager
def _redirect_displays(seen: Seen) -> Iterator[None]:
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
def _close_new_figures() -> Iterator[None]:
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
def _silence_terminal() -> Iterator[None]:
    """Discard what child processes and C code write to the terminal."""
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
def _redirect_logs(seen: Seen) -> Iterator[None]:
    """Redirect the log handlers that write to the terminal."""
    terminals = [s for s in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__) if s]
    swapped = []
    for handler in {handler for log in _loggers() for handler in log.handlers}:
        stream = vars(handler).get("stream")
        if any(stream is terminal for terminal in terminals):
            swapped.append((handler, stream))
            handler.stream = seen
    try:
        yield
    finally:
        for handler, stream in swapped:
            handler.stream = stream


@contextlib.contextmanager
def _restore_settings() -> Iterator[None]:
    """Restore environment, folder, random generators and loggers at the end."""
    environ, folder, random_state = dict(os.environ), os.getcwd(), random.getstate()
    numpy = getattr(sys.modules.get("numpy"), "random", None)
    numpy_state = numpy.get_state() if numpy else None
    logs = {log: (log.level, log.propagate, log.disabled, log.handlers[:]) for log in _loggers()}
    disabled = logging.root.manager.disable
    try:
        yield
    finally:
        if dict(os.environ) != environ:
            os.environ.clear()
            os.environ.update(environ)
        os.chdir(folder)
        random.setstate(random_state)
        if numpy:
            numpy.set_state(numpy_state)
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
