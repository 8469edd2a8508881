"""List the licence of every installed dependency: `python3 course.py licences`.

What the packages say of themselves, read from their metadata, offline. After `course.py test` the
development packages are in the list, too.
"""

from __future__ import annotations

import sys
from email.message import Message
from importlib import metadata

from course_layout import ROOT
from tools.install.lock import without_hashes

__all__ = ("licence_of", "main")

LOCKS = ("requirements.lock", "requirements-dev.lock")


def licence_of(about: Message) -> str:
    """Return the licence that a package's metadata names, in the shortest form it gives."""
    if expression := about.get("License-Expression"):
        return expression
    classifiers = [x.split(" :: ") for x in about.get_all("Classifier", [])]
    named = [parts[-1] for parts in classifiers if parts[0] == "License" and len(parts) > 2]
    lines = (about.get("License") or "").strip().splitlines()
    return ", ".join(named) or (lines[0] if lines else "not named: look into the package")


def main() -> int:
    """Print name, version and licence of each pinned package that is installed."""
    pins = "".join(without_hashes((ROOT / lock).read_text("utf-8")) for lock in LOCKS)
    rows = []
    for name in sorted({line.partition("==")[0] for line in pins.splitlines()}):
        try:
            about = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue  # for another system, or a development package
        rows.append(f"{name:<32} {about['Version']:<16} {licence_of(about)}")
    print("\n".join(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
