"""`course.py serve` needs no key: where none is set, the lesson model answers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from course_layout import ROOT
from lab.running_service import send

NO_KEY = {"PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1"}


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:9/v1"])
def test_without_a_key_the_lesson_model_answers(tmp_path: Path, url: str | None) -> None:
    """An endpoint that the environment names is left alone."""
    own = ("OPENAI_", "PRODUCTION_AGENT_", "LESSON_MODEL_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(own)} | NO_KEY
    with subprocess.Popen(
        [sys.executable, "-m", "lab.serve", "--port", "0"],
        cwd=tmp_path,
        env=env | ({"OPENAI_BASE_URL": url, "PRODUCTION_AGENT_MODEL_RETRIES": "0"} if url else {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as service:
        try:
            address = service.stdout.readline().strip()
            with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
                thread = client.post("/threads", json={}).json()["id"]
                events = send(client, thread, "Where is parcel P-3?")
        finally:
            service.send_signal(signal.SIGTERM)
            said = service.communicate(timeout=60)[1]
    assert ("the lesson model answers" in said) is (url is None), said
    assert (events[-1][1]["status"] == "complete") is (url is None), events
