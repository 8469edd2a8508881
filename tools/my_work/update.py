"""Fetch the newest course and keep what the reader did: `python3 course.py update`.

Nothing is changed until it is certain that the update can go through.
"""

from __future__ import annotations

import sys

from course_layout import ROOT
from tools.my_work import changed_notebooks, git, has_git, is_edited, keep_copy, restore

__all__ = ("main",)


def main(words: list[str]) -> int:
    """Update by fast-forward only; return 1, everything being as before, where that is not so."""
    if words:
        print("update takes no words after it: python3 course.py update. Nothing was changed.")
        return 2
    if not has_git():
        print("This copy is not a git clone. Download the course again, into a folder beside it,")
        print("and copy your my_work/ folder and the notebooks you edited into that one.")
        return 1
    obstacle = _obstacle()
    if obstacle:
        print(f"{obstacle} Nothing was changed.")
        return 1
    incoming = _names("diff", "--name-only", "-z", "HEAD", "@{upstream}")
    if git("merge-base", "--is-ancestor", "@{upstream}", "HEAD").returncode == 0:
        print("This is the newest course already; your notebooks are as you left them.")
        return 0
    changed = changed_notebooks()
    copies = {path: keep_copy(path) for path in changed if is_edited(path)}
    in_the_way = [path for path in changed if path.relative_to(ROOT).as_posix() in incoming]
    before = {path: path.read_bytes() for path in in_the_way if path.exists()}
    done = all([restore(path) for path in in_the_way]) and _fast_forward()
    for path, text in {} if done else before.items():
        path.write_bytes(text)
    for path, copy in copies.items():
        now = "released" if done and path in in_the_way else "yours, as you left it"
        print(f"{copy.relative_to(ROOT)} is a copy of your {path.name}; that one is {now}.")
    print("Updated. The next python3 course.py brings the packages along." if done else "")
    return 0 if done else 1


def _obstacle() -> str:
    """Fetch, and return why a fast-forward cannot be; empty if it can."""
    if git("rev-parse", "--abbrev-ref", "@{upstream}").returncode != 0:
        return "This branch follows none on a server: git switch main, then again."
    fetched = git("fetch")
    if fetched.returncode != 0:
        return f"The newest course could not be fetched ({_last_line(fetched.stderr)})."
    ahead = git("rev-list", "--count", "@{upstream}..HEAD").stdout.strip()
    behind = git("rev-list", "--count", "HEAD..@{upstream}").stdout.strip()
    if ahead != "0" and behind != "0":
        return f"You have {ahead} commits of your own: git pull --rebase, then again."
    incoming = _names("diff", "--name-only", "-z", "HEAD", "@{upstream}")
    yours = _names("diff", "--name-only", "-z", "HEAD") & incoming
    yours -= {path.relative_to(ROOT).as_posix() for path in changed_notebooks()}
    if yours:
        first = min(yours)
        return (
            f"You changed {first}, and so does the update: copy yours elsewhere, then "
            f"git checkout {first} and again."
        )
    return ""


def _fast_forward() -> bool:
    merged = git("merge", "--ff-only", "@{upstream}")
    if merged.returncode != 0:
        print(f"git could not update: {merged.stderr.strip()}\nEverything is as it was before.")
    return merged.returncode == 0


def _names(*words: str) -> set[str]:
    return set(filter(None, git(*words).stdout.split("\0")))


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["git gave no reason"])[-1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
