"""Turn pyproject.toml into requirements.lock and requirements.txt.

`python3 course.py lock` keeps every pin that still satisfies pyproject.toml;
`python3 course.py lock --upgrade` raises all of them. One lock serves all platforms and holds the
development packages too. It names no index, host or path, so that it installs from any mirror.
"""

from __future__ import annotations

import re
import subprocess
import sys

from course_layout import ROOT

__all__ = ("main", "without_hashes")

COMPILE = (
    *("uv", "pip", "compile", "pyproject.toml", "--group", "dev"),
    *("--universal", "--python-version", "3.11", "--generate-hashes"),
    # The header would repeat the command line, the annotations would double the file.
    *("--no-header", "--no-annotate", "--output-file", "requirements.lock", "--quiet"),
)


def without_hashes(lock: str) -> str:
    """Return the pins of a hashed lock, one a line, as conda and Binder want them."""
    return re.sub(r"[ \t]*\\\n[ \t]+--hash=\S+", "", lock)


def main(options: list[str]) -> int:
    """Compile the lock, then derive requirements.txt from it; return the exit status."""
    command = [sys.executable, "-m", *COMPILE, *options]
    if subprocess.run(command, cwd=ROOT).returncode:
        print("The lock was not changed: uv could not resolve pyproject.toml. Its reason is above.")
        return 1
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    (ROOT / "requirements.txt").write_text(without_hashes(lock), encoding="utf-8", newline="\n")
    print(f"Locked {len(without_hashes(lock).splitlines())} packages.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
