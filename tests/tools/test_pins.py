"""One set of pins, said in four files, installs everywhere and satisfies pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from email.message import Message

import pytest
import yaml
from packaging.requirements import Requirement

from course_layout import ROOT
from tools.install.licences import licence_of
from tools.install.lock import additions, changes, without_hashes

LOCKS = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in ("requirements.lock", "requirements-dev.lock")
}
READER, DEVELOPMENT = (
    [Requirement(line) for line in without_hashes(lock).splitlines()] for lock in LOCKS.values()
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS = PROJECT["dependency-groups"]
END = " \\\n    --hash=sha256:"


def test_requirements_txt_is_the_readers_lock_without_its_hashes() -> None:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert text == without_hashes(LOCKS["requirements.lock"])


def test_the_hashes_and_nothing_else_are_left_out() -> None:
    lock = f"a==1 ; x == 'y'{END}01{END}02\nb==2{END}03\n"
    assert without_hashes(lock) == "a==1 ; x == 'y'\nb==2\n"


@pytest.mark.parametrize(
    ("name", "least"), [("requirements.lock", 100), ("requirements-dev.lock", 20)]
)
def test_every_pin_is_exact_and_hashed(name: str, least: int) -> None:
    pins = READER if name == "requirements.lock" else DEVELOPMENT
    blocks = re.split(r"\n(?=\S)", LOCKS[name].strip())
    assert len(blocks) == len(pins) > least
    for block, pin in zip(blocks, pins, strict=True):
        assert re.fullmatch(r"==[^=*,]+", str(pin.specifier)), block
        assert re.search(r"--hash=sha256:[0-9a-f]{64}$", block), block


@pytest.mark.parametrize("name", [*LOCKS, "requirements.txt", "environment.yml"])
def test_no_file_names_an_index_a_host_or_a_path(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.findall(r"\w+://\S*|@ \S+|--[a-z-]*(?:index|links|host)\S*|(?<=\s)/\S+", text)


def test_no_package_is_pinned_in_both_locks() -> None:
    assert not {pin.name for pin in READER} & {pin.name for pin in DEVELOPMENT}


@pytest.mark.parametrize("who", ["reader", "developer"])
def test_what_pyproject_asks_for_is_pinned(who: str) -> None:
    asked, pins = PROJECT["project"]["dependencies"], READER
    if who == "developer":
        asked, pins = asked + GROUPS["dev"] + GROUPS["site"], READER + DEVELOPMENT
    for ask in map(Requirement, asked):
        versions = [next(iter(pin.specifier)).version for pin in pins if pin.name == ask.name]
        assert versions, f"{ask.name} is not in the lock: python3 course.py lock"
        assert all(map(ask.specifier.contains, versions)), f"{ask} but {versions}: lock again"


def test_a_reader_gets_no_tool_that_only_development_uses() -> None:
    """Each of these is asked for as a development package; none comes in by another door."""
    tools = {Requirement(ask).name for group in GROUPS.values() for ask in group}
    assert {"playwright", "ruff", "schemathesis", "sphinx", "uv"} <= tools
    assert tools <= {pin.name for pin in DEVELOPMENT}


def test_the_development_lock_holds_what_the_readers_has_not() -> None:
    both, extra = f"a==1{END}01{END}02\n", f"b==2 ; x == 'y'{END}03\n"
    assert additions(both + extra, both) == extra


def test_a_development_lock_that_disagrees_is_refused() -> None:
    with pytest.raises(ValueError, match="another pin of a$"):
        additions(f"a==2{END}01\n", f"a==1{END}01\n")


def test_lock_says_what_changed() -> None:
    before = f"a==1{END}01\nb==1 ; x == 'y'{END}02\nb==2 ; x != 'y'{END}03\nc==1{END}04\nd==1\n"
    after = f"a==1{END}05\nb==3{END}02\nd==2\ne==1\n"
    assert [line.split(maxsplit=1) for line in changes(before, after)] == [
        ["b", "1 and 2 -> 3"],
        ["c", "1 -> gone"],
        ["d", "1 -> 2"],
        ["e", "new -> 1"],
    ]


@pytest.mark.parametrize(
    ("field", "text", "licence"),
    [
        ("License-Expression", "MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("Classifier", "License :: OSI Approved :: MIT License", "MIT License"),
        ("License", "BSD\n\nCopyright ...", "BSD"),
        ("Name", "silent", "not named: look into the package"),
    ],
)
def test_a_licence_is_found_wherever_metadata_names_it(field: str, text: str, licence: str) -> None:
    about = Message()
    about[field] = text
    assert licence_of(about) == licence


def test_set_up_finds_uv_in_the_development_lock() -> None:
    pattern = r"^uv==\S+ \\\n(?: +--hash=\S+(?: \\\n)?)+"
    assert re.search(pattern, LOCKS["requirements-dev.lock"], re.M)


def test_every_action_of_a_workflow_is_pinned_to_a_commit() -> None:
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        for job in yaml.safe_load(text)["jobs"].values():
            for action in (step["uses"] for step in job["steps"] if "uses" in step):
                assert re.search(rf"{action.partition('@')[0]}@[0-9a-f]{{40}} # v\d", text), action


def test_conda_installs_exactly_the_pins_and_this_folder() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, pip = environment["dependencies"]
    assert pip == {"pip": ["-r requirements.txt", "-e ."]}
    assert conda[1:] == ["pip"] and Requirement(conda[0].replace("=", "==")).name == "python"
    version = conda[0].split("=")[1]
    assert version in Requirement("python" + PROJECT["project"]["requires-python"]).specifier
