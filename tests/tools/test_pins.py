"""One set of pins, said in three files, installs everywhere and satisfies pyproject.toml."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement

from course_layout import ROOT
from tools.install.lock import without_hashes

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINS = [Requirement(line) for line in without_hashes(LOCK).splitlines()]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_requirements_txt_is_the_lock_without_its_hashes() -> None:
    assert (ROOT / "requirements.txt").read_text(encoding="utf-8") == without_hashes(LOCK)


def test_the_hashes_and_nothing_else_are_left_out() -> None:
    end = " \\\n    --hash=sha256:"
    lock = f"a==1 ; x == 'y'{end}01{end}02\nb==2{end}03\n"
    assert without_hashes(lock) == "a==1 ; x == 'y'\nb==2\n"


def test_every_pin_is_exact_and_hashed() -> None:
    blocks = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(blocks) == len(PINS) > 100
    for block, pin in zip(blocks, PINS, strict=True):
        assert re.fullmatch(r"==[^=*,]+", str(pin.specifier)), block
        assert re.search(r"--hash=sha256:[0-9a-f]{64}$", block), block


@pytest.mark.parametrize("name", ["requirements.lock", "requirements.txt", "environment.yml"])
def test_no_file_names_an_index_a_host_or_a_path(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.findall(r"\w+://\S*|@ \S+|--[a-z-]*(?:index|links|host)\S*|(?<=\s)/\S+", text)


def test_what_pyproject_asks_for_is_pinned() -> None:
    asked = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
    for ask in map(Requirement, asked):
        versions = [next(iter(pin.specifier)).version for pin in PINS if pin.name == ask.name]
        assert versions, f"{ask.name} is not in the lock: python3 course.py lock"
        assert all(map(ask.specifier.contains, versions)), f"{ask} but {versions}: lock anew"


def test_set_up_finds_uv_in_the_lock() -> None:
    assert re.search(r"^uv==\S+ \\\n(?: +--hash=\S+(?: \\\n)?)+", LOCK, re.M)


def test_conda_installs_exactly_the_pins_and_this_folder() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, pip = environment["dependencies"]
    assert pip == {"pip": ["-r requirements.txt", "-e ."]}
    assert conda[1:] == ["pip"] and Requirement(conda[0].replace("=", "==")).name == "python"
    version = conda[0].split("=")[1]
    assert version in Requirement("python" + PROJECT["project"]["requires-python"]).specifier
