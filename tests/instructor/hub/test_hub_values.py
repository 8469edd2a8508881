"""values.yaml, the image and its start, as far as they can be judged without a cluster.

`chart_schema.json` holds what the chart's own schema says about the parts used; `chart_schema.py`
says how it is made.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from course_layout import ROOT

HUB = ROOT / "instructor" / "hub"
VALUES = yaml.safe_load((HUB / "values.yaml").read_text("utf-8"))
CHART = json.loads(Path(__file__).with_name("chart_schema.json").read_text("utf-8"))
DOCKERFILE = (HUB / "Dockerfile").read_text("utf-8")


def complaints(values: dict) -> list[str]:
    """Return what the chart's schema has against values."""
    return [error.message for error in Draft7Validator(CHART["schema"]).iter_errors(values)]


def keys(values: dict, schema: dict, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of each key in a place where the chart allows no other ones than it knows."""
    for name, inner in values.items():
        if schema.get("additionalProperties") is False and "patternProperties" not in schema:
            yield (*path, name)
        if isinstance(inner, dict):
            yield from keys(inner, schema.get("properties", {}).get(name, {}), (*path, name))


def at(values: dict, path: tuple[str, ...]) -> dict:
    """Return what stands at a path."""
    for name in path:
        values = values[name]
    return values


def test_the_chart_accepts_the_values() -> None:
    assert complaints(VALUES) == []


KEYS = list(keys(VALUES, CHART["schema"]))


@pytest.mark.parametrize("path", KEYS, ids=".".join)
def test_the_chart_refuses_a_misspelt_key(path: tuple[str, ...]) -> None:
    values = copy.deepcopy(VALUES)
    place = at(values, path[:-1])
    place[path[-1] + "s"] = place.pop(path[-1])
    assert any(f"{path[-1]}s" in complaint for complaint in complaints(values))


def test_nearly_all_keys_are_judged() -> None:
    """Free are only the environment and JupyterHub's own configuration."""
    free = set(all_paths(VALUES)) - set(KEYS)
    assert {path[:2] for path in free} == {("hub", "config"), ("singleuser", "extraEnv")}


def all_paths(values: dict, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every key."""
    for name, inner in values.items():
        yield (*path, name)
        if isinstance(inner, dict):
            yield from all_paths(inner, (*path, name))


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("cull.timeout", "an hour"),
        ("singleuser.cpu.limit", "2 cores"),
        ("singleuser.networkPolicy.egressAllowRules.privateIPs", "no"),
        ("scheduling.userPlaceholder.replicas", "ten"),
        ("singleuser.image.tag", 1.0),
        ("proxy.https.hosts", "hub.example.com"),
    ],
)
def test_the_chart_refuses_a_wrong_kind_of_value(path: str, wrong: object) -> None:
    values = copy.deepcopy(VALUES)
    *place, name = path.split(".")
    at(values, tuple(place))[name] = wrong
    assert complaints(values)


def test_both_hubs_are_set_up_alike() -> None:
    config = (HUB / "jupyterhub_config.py").read_text("utf-8")
    student = VALUES["singleuser"]
    assert f'default_url = "{student["defaultUrl"]}"' in config
    assert set(student["extraEnv"]) <= set(re.findall(r'^ +"([A-Z_]+)":', config, re.M))
    assert f"--timeout={VALUES['cull']['timeout']}" in config
    assert f"--cull-every={VALUES['cull']['every']}" in config
    authenticator = VALUES["hub"]["config"]["JupyterHub"]["authenticator_class"]
    assert f'authenticator_class = "{authenticator}"' in config
    assert f"chart {CHART['chart']} " in (HUB / "values.yaml").read_text("utf-8")
    pins = (HUB / "requirements-hub.txt").read_text("utf-8")
    assert f"chart {CHART['chart'].rpartition('.')[0]}" in re.sub(r"\s+#?\s*", " ", pins)


def test_what_the_image_copies_is_there() -> None:
    sources = []
    for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.M):
        words = [word for word in shlex.split(line) if not word.startswith("--")]
        sources += words[:-1]
    assert {"requirements.txt", "instructor/hub/requirements-hub.txt"} <= set(sources)
    for source in sources:
        assert (ROOT / source).exists(), source
    assert f"/usr/local/bin/{VALUES['singleuser']['cmd'][0]}\n" in DOCKERFILE
    assert VALUES["singleuser"]["extraEnv"]["PYTHONPATH"] == "/home/jovyan/course"


def test_a_students_work_outlives_the_server(tmp_path: Path) -> None:
    """`start-student` twice, with a course of one file."""
    course, home, programs = tmp_path / "srv", tmp_path / "home", tmp_path / "bin"
    for folder in (course, home, programs):
        folder.mkdir()
    (course / "lesson.txt").write_text("released", "utf-8")
    who = ["-c", "user.name=teacher", "-c", "user.email=teacher@example.com"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "The course"]):
        subprocess.run(["git", "-C", str(course), *words], check=True)
    server = programs / "jupyterhub-singleuser"
    server.write_text('#!/bin/sh\necho "serves with $@"; cat course/lesson.txt\n', "utf-8")
    server.chmod(0o755)
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    env = os.environ | {"HOME": str(home), "COURSE": str(course), "PATH": path}

    def start() -> str:
        command = ["sh", str(HUB / "start-student"), "--port=1"]
        done = subprocess.run(command, cwd=home, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert start() == "serves with --port=1\nreleased"
    (home / "course" / "lesson.txt").write_text("worked in", "utf-8")
    assert start() == "serves with --port=1\nworked in"
