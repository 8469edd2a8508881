"""Turn pyproject.toml into the lock files: `python3 course.py lock [--upgrade]`.

    requirements.lock        what a reader needs
    requirements.txt         the same without hashes, for conda, Binder and the hub's image
    requirements-dev.lock    what `python3 course.py test` and `site` add, no package named twice

A pin that still satisfies pyproject.toml stays; `--upgrade` raises all of them. One lock serves
all platforms. No file names an index, host or path, so that each installs from any mirror.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from course_layout import ROOT

__all__ = ("additions", "changes", "main", "without_hashes")

READER = ROOT / "requirements.lock"
READER_PINS = ROOT / "requirements.txt"
DEVELOPMENT = ROOT / "requirements-dev.lock"
COMPILE = (
    *("uv", "pip", "compile", "pyproject.toml", "--quiet"),
    *("--universal", "--python-version", "3.11", "--generate-hashes"),
    # The header would repeat the command line, the annotations would double the file.
    *("--no-header", "--no-annotate"),
)


def without_hashes(lock: str) -> str:
    """Return the pins of a hashed lock, one a line, as conda and Binder want them."""
    return re.sub(r"[ \t]*\\\n[ \t]+--hash=\S+", "", lock)


def additions(everything: str, reader: str) -> str:
    """Return the blocks of a lock that are not in the reader's.

    Raises:
        ValueError: A package of the reader's lock has another pin in the whole one.
    """
    known = set(_blocks(reader))
    added = [block for block in _blocks(everything) if block not in known]
    twice = sorted({_name(block) for block in added} & {_name(block) for block in known})
    if twice:
        raise ValueError(f"the development packages want another pin of {', '.join(twice)}")
    return "".join(added)


def changes(before: str, after: str) -> list[str]:
    """Return one line per package whose pin differs between two texts of pins."""
    old, new = _versions(before), _versions(after)
    names = [name for name in sorted(old | new) if old.get(name) != new.get(name)]
    return [f"{name:<32} {old.get(name, 'new')} -> {new.get(name, 'gone')}" for name in names]


def _blocks(lock: str) -> list[str]:
    return re.findall(r"^\S.*\n(?:[ \t]+.*\n)*", lock, re.M)


def _name(pin: str) -> str:
    return pin.partition("==")[0]


def _versions(lock: str) -> dict[str, str]:
    """Return the versions of each package; some have one for each range of Pythons."""
    versions: dict[str, list[str]] = {}
    for line in without_hashes(lock).splitlines():
        name, _, pinned = line.partition("==")
        versions.setdefault(name, []).append(pinned.partition(" ;")[0].strip())
    return {name: " and ".join(each) for name, each in versions.items()}


def _compile(target: Path, *options: str) -> bool:
    """Let uv resolve pyproject.toml into a file; the pins already in it stay where they can."""
    command = [sys.executable, "-m", *COMPILE, *options, "--output-file", str(target)]
    return subprocess.run(command, cwd=ROOT).returncode == 0


def main(words: list[str]) -> int:
    """Compile both locks, derive requirements.txt, print what changed; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="course.py lock",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--upgrade", action="store_true", help="raise every pin to the newest")
    options = ["--upgrade"] if parser.parse_args(words).upgrade else []
    old = [path.read_text("utf-8") if path.exists() else "" for path in (READER, DEVELOPMENT)]
    with tempfile.TemporaryDirectory() as folder:
        reader, everything = Path(folder, "reader.txt"), Path(folder, "everything.txt")
        reader.write_text(old[0], "utf-8")
        done = _compile(reader, *options)
        if done:
            everything.write_text(reader.read_text("utf-8") + old[1], "utf-8")
            limits = ("--group", "dev", "--group", "site", "--constraint", str(reader))
            done = _compile(everything, *limits, *options)
        if not done:
            print("No lock was changed: uv could not resolve pyproject.toml. Its reason is above.")
            return 1
        lock = reader.read_text("utf-8")
        try:
            development = additions(everything.read_text("utf-8"), lock)
        except ValueError as reason:
            print(f"No lock was changed: {reason}. Name it among pyproject.toml's dependencies.")
            return 1
    for path, text in (
        (READER, lock),
        (READER_PINS, without_hashes(lock)),
        (DEVELOPMENT, development),
    ):
        path.write_text(text, encoding="utf-8", newline="\n")
    print("\n".join(changes("".join(old), lock + development)) or "No pin changed.")
    counts = [len(without_hashes(text).splitlines()) for text in (lock, development)]
    print(f"Locked {counts[0]} packages for readers and {counts[1]} more for development.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
