"""Where an agent is looked at: a copy of its repository, without its secrets."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import tomllib
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_checklist.claims import CLAIMS

__all__ = (
    "Settings",
    "Usage",
    "Workspace",
    "find_root",
    "place",
    "python_files",
    "read_settings",
    "shortened",
)

SKIPPED = {".git", ".hg", ".venv", "venv", "env", "node_modules", "__pycache__", ".mypy_cache"}
SKIPPED |= {".pytest_cache", ".ruff_cache", ".langgraph_api", ".tox", ".idea", ".vscode", "site"}
MAX_SOURCES = 2000  # files that are read
MAX_FILE_BYTES = 20_000_000
MAX_COPY_BYTES = 300_000_000
SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.I)
QUANTITY = re.compile(  # MAX_TOKENS, TOKEN_EXPIRE_DAYS: they sound like secrets, and are none
    r"(^|_)(MAX|MIN|NUM|LIMIT|COUNT|SIZE|LENGTH|BUDGET|TTL|TIMEOUT|EXPIR\w*|DAYS|HOURS|MINUTES|"
    r"SECONDS)(_|$)",
    re.I,
)
WHERE = re.compile(
    r"_?(URL|URI|DSN|HOST|ENDPOINT|CONNECTION_STRING)$|DATABASE|POSTGRES|REDIS", re.I
)
ASKED = re.compile(
    r"""(\b(?:int|float)\(\s*(?:os\.)?)?(?:environ\[|environ\.get\(|getenv\()\s*"""
    r"""["'](\w+)["']\s*([\])])?(?!\s*=[^=])"""
)
OF_TESTS = {"tests", "test", "conftest.py"}
KEPT = ("PATH", "HOME", "PYTHON", "VIRTUAL_ENV", "LC_", "LANG", "TMP", "TERM", "SSL_CERT")
WORDS = {  # of the model behind the tests, as a stranger reads them
    "The lesson model": "The test model",
    "the lesson model": "the test model",
    "(lesson model)": "(test model)",
    "sk-lesson": "sk-checklist",
    "org-lesson": "org-checklist",
}
ROOT_MARKS = ("langgraph.json", "pyproject.toml", "setup.py", ".git")


class Usage(Exception):
    """The command line, or the file it names, cannot be used."""


@dataclass
class Settings:
    """The `[tool.agent_checklist]` section of pyproject.toml."""

    graph: str | None = None
    risky: list[str] = field(default_factory=list)
    fallback: bool | None = None
    context_window: int | None = None
    turn_seconds: float | None = None
    turn: str | None = None
    effects: str | None = None
    arguments: dict[str, dict] = field(default_factory=dict)
    input: dict | None = None
    config: dict = field(default_factory=dict)
    context: dict | None = None
    approve: object = None
    reject: object = None
    promises: list[str] = field(default_factory=list)
    accept: dict[str, str] = field(default_factory=dict)
    max_unjudged: int | None = None


def read_settings(folder: Path) -> Settings:
    """Return the settings in a folder's pyproject.toml.

    Raises:
        Usage: The file cannot be read, or the section holds a key that does not exist.
    """
    file = folder / "pyproject.toml"
    if not file.is_file():
        return Settings()
    try:
        section = tomllib.loads(file.read_text("utf-8")).get("tool", {}).get("agent_checklist", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Usage(f"{file.name} cannot be read: {error}. Correct it.") from error
    known = Settings.__dataclass_fields__
    if unknown := [key for key in section if key not in known]:
        raise Usage(
            f"[tool.agent_checklist] has no key {unknown[0]!r}. Choose from: {', '.join(known)}."
        )
    settings = Settings(**section)
    for key in ("risky", "promises"):
        if not isinstance(value := getattr(settings, key), list):
            raise Usage(f'{key} = {value!r} is no list. Write {key} = ["..."].')
    names = {*CLAIMS, *(name.split(".")[0] for name in CLAIMS)}
    if unknown := [name for name in settings.promises if name not in names]:
        known = ", ".join(CLAIMS)
        raise Usage(f"There is no claim {unknown[0]!r} to promise. They are: {known}.")
    for key in ("turn_seconds", "context_window"):
        value = getattr(settings, key)
        if value is not None and (type(value) not in (int, float) or value <= 0):
            raise Usage(f"{key} = {value!r} is no number above 0. Correct it.")
    if "{id}" in str(settings.approve) and "{id}" not in str(settings.reject):
        raise Usage("approve names calls by “{id}”, reject does not. Write both in one form.")
    for key in ("graph", "turn", "effects"):
        name = getattr(settings, key)
        if name is not None and (not isinstance(name, str) or ":" not in name):
            raise Usage(f"{key} = {name!r} names nothing. Write module:name or file.py:name.")
    return settings


class Workspace:
    """A copy of a repository in a temporary folder, with an environment of its own.

    Args:
        root: The repository's folder.
        temporary: An empty folder.
    """

    def __init__(self, root: Path, temporary: Path) -> None:
        self.root, self.copy = root.resolve(), temporary / root.resolve().name
        self.langgraph = _langgraph_json(self.root)
        left = MAX_COPY_BYTES

        def skipped(folder: str, names: list[str]) -> set[str]:
            nonlocal left
            out = {name for name in names if name in SKIPPED or name.startswith(".env")}
            for name in set(names) - out:
                path = Path(folder, name)
                if path.is_symlink() and not path.exists():
                    out.add(name)
                elif path.is_file():
                    size = path.stat().st_size
                    left -= size
                    if size > MAX_FILE_BYTES or left < 0:
                        out.add(name)
                elif not path.is_dir():
                    out.add(name)
            return out

        shutil.copytree(self.root, self.copy, ignore=skipped)

    def enter(self) -> None:
        """Make the copy the working directory, and scrub the environment.

        Names that the code asks for and that sound like secrets get a made-up value; those that
        say where a database or a service is are unset.
        """
        os.chdir(self.copy)
        given = self._dotenv()
        for name in list(os.environ):
            if name.startswith(KEPT) or name in ("NO_PROXY", "LESSON_MODEL_URL"):
                continue
            hidden = is_secret(name, os.environ[name]) or WHERE.search(name)
            if hidden or name.lower().endswith("_proxy"):
                if not name.startswith("OPENAI_"):
                    value = os.environ.pop(name)
                    given.setdefault(name, value if is_secret(name) else "")
        for name, value in given.items():
            if value and not (is_secret(name, value) or WHERE.search(name)):
                os.environ.setdefault(name, value)
        asked, numbers = self._asked()
        for name, subscript in asked.items():
            if name in os.environ or name.startswith(("LANGSMITH", "LANGCHAIN", "LANGGRAPH")):
                continue
            if is_secret(name) and (name in numbers or given.get(name, "").isdecimal()):
                os.environ[name] = "1"
            elif is_secret(name):
                os.environ[name] = "checklist-" * 4
            elif subscript and (name in numbers or QUANTITY.search(name)):
                os.environ[name] = "1"
            elif subscript and re.search(r"(^|_)MODEL(_|$)", name, re.I):
                os.environ[name] = "gpt-4o-mini"
            elif subscript and re.search(r"DATABASE|POSTGRES|DB_|PG|DSN", name, re.I):
                os.environ[name] = "postgresql://nobody@127.0.0.1:5432/nothing"  # is refused
            elif subscript:
                os.environ[name] = "http://127.0.0.1:9" if WHERE.search(name) else "checklist"
        for name in ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2"):
            os.environ[name] = "false"
        os.environ["LANGGRAPH_CLI_NO_ANALYTICS"] = "1"
        os.environ["DO_NOT_TRACK"] = "1"

    def _dotenv(self) -> dict[str, str]:
        """Return what the repository's .env files say, the real one first."""
        values: dict[str, str] = {}
        env = self.langgraph.get("env")
        if isinstance(env, dict):
            values |= {name: str(value) for name, value in env.items()}
        for name in (".env", ".env.example", ".env.sample", ".env.template"):
            file = self.root / name
            lines = file.read_text("utf-8", "replace").splitlines() if file.is_file() else ()
            for line in lines:
                key, found, value = line.strip().removeprefix("export ").partition("=")
                if found and not key.startswith("#") and key.strip():
                    values.setdefault(key.strip(), value.split(" #")[0].strip().strip("\"'"))
        return values

    def _asked(self) -> tuple[dict[str, bool], set[str]]:
        """Return the variables that the code asks for, whether it needs each; and the numbers."""
        names: dict[str, bool] = {}
        numbers: set[str] = set()
        for number, name, closing in ASKED.findall(self.sources(of_tests=False)):
            names[name] = names.get(name, False) or closing == "]"
            numbers |= {name} if number else set()
        return names, numbers

    def sources(self, of_tests: bool = True) -> str:
        """Return the copy's Python files as one text."""
        return "\n".join(
            text
            for file, text in python_files(self.copy)
            if of_tests or not _is_of_tests(file.relative_to(self.copy))
        )

    def paths(self) -> list[str]:
        """Return the folders of the copy that Python looks for modules in."""
        wanted = [self.copy / "src", self.copy]
        for each in self.langgraph.get("dependencies", ()):
            folder = (self.copy / str(each)).resolve()
            if folder.is_dir():
                wanted += [folder / "src", folder]
        return [str(each) for each in dict.fromkeys(wanted) if each.is_dir()]

    def shown(self, found: Any) -> Any:
        """Return what was found, with the words and paths that the developer knows."""
        if isinstance(found, dict):
            return {key: self.shown(value) for key, value in found.items()}
        if isinstance(found, list):
            return [self.shown(each) for each in found]
        if not isinstance(found, str):
            return found
        found = found.replace(f"{self.copy}{os.sep}", "").replace(str(self.copy), ".")
        for ours, theirs in WORDS.items():
            found = found.replace(ours, theirs)
        return found


def is_secret(name: str, value: str = "?") -> bool:
    """Whether a variable sounds like a secret, and neither like a quantity nor like a flag."""
    is_flag = value.lower() in ("true", "false", "0", "1")
    return bool(SECRET.search(name)) and not QUANTITY.search(name) and not is_flag


def _is_of_tests(file: Path) -> bool:
    return bool(OF_TESTS & set(file.parts)) or file.name.startswith("test_")


def _langgraph_json(root: Path) -> dict:
    file = root / "langgraph.json"
    if not file.is_file():
        return {}
    try:
        found = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise Usage(f"langgraph.json is not JSON: {error}. Correct it.") from error
    return found if isinstance(found, dict) else {}


def python_files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the paths and texts of the Python files in a folder."""
    for file in itertools.islice(folder.rglob("*.py"), MAX_SOURCES):
        yield file, file.read_text("utf-8", "replace")


def shortened(text: object, most: int) -> str:
    """Return a text of so many characters at most; an ellipsis says that there was more."""
    text = str(text)
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def place(error: BaseException, root: Path | None) -> str:
    """Return the last line of the agent's own code in a traceback, or of a library's."""
    ours = str(Path(__file__).parent)
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(("<", ours))
    ]
    inside = str(root) if root else None
    mine = [frame for frame in frames if inside and frame.filename.startswith(inside)]
    frame = (mine or frames)[-1:]
    return f" ({frame[0].filename}, line {frame[0].lineno})" if frame else ""


def find_root(folder: Path) -> Path:
    """Return the nearest folder, upwards, that looks like the root of a repository."""
    for each in (folder, *folder.parents):
        if any((each / mark).exists() for mark in ROOT_MARKS):
            return each
    return folder
