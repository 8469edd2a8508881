"""Schemathesis: the service does what its OpenAPI description says, whatever it is sent."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.production_agent.service_process import Service

OPERATIONS = {
    ("get", "/health"),
    ("get", "/ready"),
    ("get", "/metrics"),
    ("post", "/threads"),
    ("get", "/threads"),
    ("get", "/threads/{thread}"),
    ("delete", "/threads/{thread}"),
    ("post", "/threads/{thread}/messages"),
    ("get", "/threads/{thread}/events"),
    ("post", "/threads/{thread}/cancel"),
    ("get", "/approvals"),
    ("post", "/approvals/{approval}"),
}


def test_all_is_described(service: Service) -> None:
    paths = service.ann.get("/openapi.json").json()["paths"]
    assert {(method, path) for path in paths for method in paths[path]} == OPERATIONS


def test_it_does_what_it_describes(start: Callable, served, tmp_path: Path) -> None:
    served.reset()
    service = start(str(tmp_path / "agent.sqlite"), TURNS_PER_MINUTE=1_000_000)
    service.asked()
    command = [str(Path(sys.executable).with_name("schemathesis")), "run"]
    command += [f"{service.url}/openapi.json", "-H", "Authorization: Bearer token-of-ann"]
    command += ["--checks=all", "--max-examples=5", "--seed=1", "--no-color", "--phases"]
    # One worker: ast.parse of Python 3.11, of which hypothesis asks the source of a lambda, fails
    # with two threads in it ("AST constructor recursion depth mismatch").
    command += ["coverage,fuzzing", "--generation-database=none", "--workers=1"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert not service.log("request_failed") and not service.log("run_not_closed")
    service.stop()
