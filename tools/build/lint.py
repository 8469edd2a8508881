"""Look at the style of the code and at the sources of the lessons: `python3 course.py lint`.

`--fix` mends what can be mended without a thought.
"""

from __future__ import annotations

import subprocess
import sys

from course_layout import ROOT


def main(options: list[str]) -> int:
    """Run every check, whatever the others say, and return 1 if one complains."""
    fix = "--fix" in options
    commands = (
        ("-m", "ruff", "check", *(["--fix"] if fix else []), "."),
        ("-m", "ruff", "format", *([] if fix else ["--check"]), "."),
        ("-m", "tools.build.notebooks", "--check"),
    )
    return max(subprocess.run([sys.executable, *words], cwd=ROOT).returncode for words in commands)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
