"""The benchmark must not flatter: wrong answers are told, aims are judged right, nothing stays."""

from __future__ import annotations

import socket

import psutil
import pytest

from benchmarks import bench, grading, limits, model, service
from benchmarks.servers import running
from benchmarks.verdicts import verdict

SERVES = "import http.server as h; h.test(h.SimpleHTTPRequestHandler, port=0, bind='127.0.0.1')"


@pytest.mark.parametrize(
    ("value", "at_least", "met", "says"),
    [
        (3.0, True, True, "met    speed: 3 x, aim >= 3 x"),
        (2.4, True, False, "missed speed: 2.4 x, aim >= 3 x, by 20%"),
        (3.0, False, True, "met    speed: 3 x, aim <= 3 x"),
        (4.5, False, False, "missed speed: 4.5 x, aim <= 3 x, by 50%"),
    ],
)
def test_a_verdict_says_by_how_much(value: float, at_least: bool, met: bool, says: str) -> None:
    found = verdict("speed", value, 3, " x", at_least)
    assert (found["met"], found["text"]) == (met, says)


def test_a_server_ends_with_the_block_that_uses_it() -> None:
    with pytest.raises(KeyboardInterrupt), running("-uc", SERVES) as (server, port):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        raise KeyboardInterrupt
    assert not psutil.pid_exists(server.pid)


def test_a_server_that_dies_at_start_is_named() -> None:
    with pytest.raises(RuntimeError, match=r"No server listens: -c raise SystemExit"):
        running("-c", "raise SystemExit").__enter__()


def test_the_lesson_model_gives_the_right_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "ANSWERS", 5)
    found = model.measure(rounds=1)
    assert found["wrong"] == 0 and not model.aims(found)
    assert all(found[name] > 0 for name in ("first_word", "memory"))


def test_wrong_answers_make_a_run_invalid(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(model, "ANSWERS", 5)
    monkeypatch.setattr(model, "ANSWER", "something else")  # the server has the right one
    assert bench.main(["model", "--rounds", "1"]) == 1
    assert "INVALID 16 answers were wrong" in capsys.readouterr().out


def test_a_limit_that_does_not_hold_is_a_missed_aim() -> None:
    found = {"passed": 3, "failed": 1, "skipped": 0, "error": 0, "said": ["FAILED a"]}
    (missed,) = limits.aims(found)
    assert not missed["met"] and "FAILED a" in limits.table(found)
    assert limits.aims({**found, "failed": 0})[0]["met"]
    assert limits.aims({**found, "passed": 0, "failed": 0})[0]["invalid"]  # nothing ran


def test_grading_that_gives_away_marks_is_invalid() -> None:
    found = {"notebooks": 10, "ours": 1.0, "nbgrader": 9.0, "wrong": []}
    assert [one["met"] for one in grading.aims(found)] == [True]
    [wrong] = grading.aims(found | {"wrong": ["nbgrader"]})
    assert wrong["invalid"] and "nbgrader did not give full marks" in wrong["text"]


def test_a_ratio_is_taken_within_each_round() -> None:
    # The machine was busy in the last round, for both. By the medians it would be 100 / 20.
    ours, bare = ([{"rate": rate} for rate in rates] for rates in ((300, 20, 100), (100, 10, 20)))
    assert service.ratio({"service": ours, "bare": bare}, "rate") == 3
