"""The container's parts, as there is no Docker here: packages, paths, commands and settings."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from course_layout import ROOT
from production_agent.__main__ import main
from production_agent.model import connect
from production_agent.settings import OPENAI, PREFIX, Settings, read

FOLDER = ROOT / "production_agent"
OPTIONAL = {"opentelemetry"}  # installed by who turns spans on
DOCKERFILE = (FOLDER / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())
GIVEN = {
    "POSTGRES_PASSWORD": "pass",
    "OPENAI_API_KEY": "sk-key",
    "PRODUCTION_AGENT_TOKENS": "ann:token-of-ann",
}


def requirements() -> list[Requirement]:
    """Return what is installed into the image."""
    lines = (FOLDER / "requirements.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line and line[0] != "#"]


def plain(name: str) -> str:
    """Return the name of a distribution as an index compares it."""
    return re.sub("[-_.]+", "-", name.lower())


def filled_in(text: str) -> str:
    """Return a value of compose.yaml with the variables in it, as compose fills them in."""

    def value(found: re.Match) -> str:
        name, how, word = found.groups()
        assert how == ":-" or name in GIVEN, f"{name} is not set"
        return GIVEN.get(name, word if how == ":-" else "")

    return re.sub(r"\$\{(\w+)(:[-?])([^}]*)\}", value, text)


def environment(name: str) -> dict[str, str]:
    """Return the environment of a service of compose.yaml."""
    # What has no value is handed on if it is set where compose runs.
    found = COMPOSE["services"][name]["environment"].items()
    return {k: filled_in(v) for k, v in found if v is not None}


def test_requirements_bring_all_that_is_imported() -> None:
    brought, waiting = set(), [requirement.name for requirement in requirements()]
    extras = {"psycopg": {"binary"}}
    while waiting:
        name = plain(waiting.pop())
        if name not in brought:
            brought.add(name)
            for one in map(Requirement, metadata.requires(name) or ()):
                wanted = [{"extra": extra} for extra in {"", *extras.get(name, ())}]
                if not one.marker or any(map(one.marker.evaluate, wanted)):
                    waiting.append(one.name)
    by_package = metadata.packages_distributions()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            for package in {name.split(".")[0] for name in names} - OPTIONAL:
                if package not in sys.stdlib_module_names and package != "production_agent":
                    found = {plain(name) for name in by_package[package]}
                    assert found & brought, f"{path.name} imports {package}"


def test_requirements_allow_what_is_tested_here() -> None:
    for one in requirements():
        assert one.specifier.contains(metadata.version(one.name)), one


def test_the_image_is_made_of_what_is_there() -> None:
    instructions = [line.split(None, 1) for line in DOCKERFILE if line and line[0] != "#"]
    copied = [rest.split()[0] for word, rest in instructions if word == "COPY"]
    assert all((ROOT / path).exists() for path in copied) and "production_agent" in copied
    assert ["STOPSIGNAL", "SIGTERM"] in instructions and ["USER", "agent"] in instructions
    check = next(rest for word, rest in instructions if word == "HEALTHCHECK")
    command = json.loads(check.partition("CMD ")[2])
    assert "/health" in command[2] and compile(command[2], "check", "exec")


def test_the_images_command_asks_for_tokens(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    command = json.loads(next(line[4:] for line in DOCKERFILE if line.startswith("CMD ")))
    assert command[:3] == ["python", "-m", "production_agent"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("production_agent.logs.set_up", lambda _: None)  # of this process
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-key")
    assert main(command[3:]) == 1
    assert "PRODUCTION_AGENT_TOKENS is not set" in capsys.readouterr().err


def test_compose_starts_two_on_one_database_that_is_set_up() -> None:
    services = COMPOSE["services"]
    assert services["agent"]["deploy"]["replicas"] == 2
    assert services["agent"]["depends_on"] == {
        "set-up": {"condition": "service_completed_successfully"}
    }
    assert services["set-up"]["command"] == ["python", "-m", "production_agent", "--set-up"]
    assert services["set-up"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    for name in ("set-up", "agent"):
        build = services[name]["build"]
        assert (FOLDER / build["context"] / build["dockerfile"]).resolve() == FOLDER / "Dockerfile"
    grace = float(services["agent"]["stop_grace_period"].removesuffix("s"))
    assert grace > Settings.grace_seconds + Settings.database_seconds + 5


def test_composes_settings_are_ones() -> None:
    known = {PREFIX + name.upper() for name in Settings.__dataclass_fields__}
    known |= {PREFIX + "TOKENS", PREFIX + "APPROVERS"}
    given = environment("agent")
    assert {name for name in given if name.startswith(PREFIX)} <= known
    settings = read(given)
    assert settings.is_postgres and settings.users == {"token-of-ann": "ann"}
    database = environment("database")
    where = f"{database['POSTGRES_USER']}:pass@database:5432/{database['POSTGRES_DB']}"
    assert settings.database == f"postgresql://{where}"
    check = shlex.join(COMPOSE["services"]["database"]["healthcheck"]["test"])
    assert f"--username={database['POSTGRES_USER']}" in check


def test_compose_hands_every_setting_on() -> None:
    usual = {"model", "fallback_model", "base_url", "api_key", "users"}
    own = {PREFIX + name.upper() for name in Settings.__dataclass_fields__.keys() - usual}
    names = {"OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL", "OPENAI_FALLBACK_MODEL"}
    names |= {PREFIX + "TOKENS", "OTEL_EXPORTER_OTLP_ENDPOINT", *own}
    assert COMPOSE["services"]["agent"]["environment"].keys() == names


def test_an_empty_address_of_the_model_is_openais(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment("agent").items():
        monkeypatch.setenv(name, value)
    assert os.environ["OPENAI_BASE_URL"] == ""
    (model,) = connect(read())
    assert str(model.bound.root_async_client.base_url).rstrip("/") == OPENAI
