"""Nothing an answer does is seen outside, and nothing of the student's is changed."""

from __future__ import annotations

import logging
import os
import random
import sys
import threading
import warnings
from pathlib import Path

import matplotlib
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display
from traitlets.config import Config

from exercises.core.isolation import isolate, watch_output

matplotlib.use("agg")


def _print() -> None:
    print("leak")
    print("leak", file=sys.stderr)


def _print_to_the_terminal() -> None:
    print("leak", file=sys.__stdout__)
    print("leak", file=sys.__stderr__)


def _print_in_a_thread() -> None:
    thread = threading.Thread(target=_print)
    thread.start()
    thread.join()


def _log() -> None:
    logging.getLogger("leak").warning("leak")
    logging.basicConfig(level=logging.DEBUG, force=True)
    logging.getLogger("leak").debug("leak")


def _warn() -> None:
    warnings.warn("leak", stacklevel=1)


def _child() -> None:
    os.system(f'"{sys.executable}" -c "print(\'leak\')"')


def _display() -> None:
    display("leak")


NOISE = (_print, _print_to_the_terminal, _print_in_a_thread, _log, _warn, _child, _display)


@pytest.mark.parametrize("noise", NOISE, ids=lambda f: f.__name__)
def test_nothing_leaks(noise, capfd: pytest.CaptureFixture) -> None:
    """Neither printed, logged, warned nor displayed text comes out; outside it does."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        with isolate():
            noise()
        assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["own stream", "terminal", "last resort"])
def test_no_handler_leaks(kind: str, capfd: pytest.CaptureFixture) -> None:
    """Handlers that hold a stream are turned aside, and get it back."""
    log = logging.getLogger(f"course.{kind}")
    log.propagate = kind == "last resort"
    handlers = {
        "own stream": logging.StreamHandler(sys.stdout),
        "terminal": logging.StreamHandler(sys.__stderr__),
        "last resort": logging._StderrHandler(logging.WARNING),
    }
    handler = handlers[kind]
    stream = handler.stream
    log.addHandler(handler)
    try:
        with isolate():
            log.warning("leak")
        assert "leak" not in "".join(capfd.readouterr())
        assert handler.stream is stream and log.handlers == [handler]
    finally:
        log.removeHandler(handler)


def test_figures_are_closed() -> None:
    """A figure of the answer would show up below the cell; one of the student's stays."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    mine = pyplot.figure()
    try:
        with isolate():
            pyplot.figure()
        assert pyplot.get_fignums() == [mine.number]
    finally:
        pyplot.close(mine)


def test_display_is_caught_in_a_notebook() -> None:
    """With a shell, `display` goes to its publisher, which is as before afterwards."""
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    try:
        before = dict(vars(shell.display_pub))
        with watch_output() as seen:
            display("shown")
        assert "shown" in seen.text
        assert vars(shell.display_pub) == before
    finally:
        InteractiveShell.clear_instance()


def test_settings_are_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Environment, folder, dice, filters, loggers and streams are as before, after errors too."""
    numpy = pytest.importorskip("numpy")
    monkeypatch.setenv("KEPT", "1")
    log = logging.getLogger("course.settings")

    def state() -> tuple:
        return (
            dict(os.environ),
            os.getcwd(),
            random.getstate(),
            str(numpy.random.get_state()),
            list(warnings.filters),
            (log.level, log.propagate, log.disabled, tuple(log.handlers)),
            (logging.root.level, tuple(logging.root.handlers), logging.root.manager.disable),
            (sys.stdout, sys.stderr),
        )

    before = state()
    with pytest.raises(ZeroDivisionError), isolate():
        os.environ["NEW"] = "1"
        del os.environ["KEPT"]
        os.chdir(tmp_path)
        random.seed(1)
        numpy.random.seed(1)
        warnings.simplefilter("error")
        log.setLevel(5)
        log.propagate = False
        log.addHandler(logging.StreamHandler())
        logging.root.setLevel(1)
        logging.disable(logging.CRITICAL)
        _ = 1 / 0
    assert state() == before


def test_watch_output_says_what_and_when(capsys: pytest.CaptureFixture) -> None:
    """Writes come in order, one entry each, with seconds that do not go back."""
    with watch_output() as outer:
        with watch_output() as seen:
            print("a", end="")
            sys.stdout.write("b")
            print("c", file=sys.stderr)
        print("d", end="")
    assert [text for _, text in seen.writes if text] == ["a", "b"] and seen.text == "ab"
    assert outer.text == "d"
    times = [seconds for seconds, _ in seen.writes]
    assert times == sorted(times) and times[0] >= 0
    assert capsys.readouterr() == ("", "c\n")
