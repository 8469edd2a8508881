"""Look at the style of the code and at the sources of the lessons: `python3 course.py lint`.

`--fix` corrects what needs no decision.
"""

from __future__ import annotations

import subprocess
import sys

from course_layout import ROOT


def main(options: list[str]) -> int:
    """Run every check, print one line for each, and return 1 if one complains."""
    fix = "--fix" in options
    checks = {
        "code: rules of ruff": ("ruff", "check", "--quiet", *(["--fix"] if fix else []), "."),
        "code: format": ("ruff", "format", "--quiet", *([] if fix else ["--diff"]), "."),
        "notebooks are what lessons/ says": ("tools.build.notebooks", "--check"),
    }
    report, failed = [], False
    for name, words in checks.items():
        status = subprocess.run([sys.executable, "-m", *words], cwd=ROOT).returncode
        failed = failed or status != 0
        report.append(f"{'FAILED' if status else 'passed'}  {name}")
    print("\n".join(report))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
