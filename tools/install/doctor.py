"""Say what is wrong with this machine, and the cure: `python3 course.py doctor`.

A cross is something the course needs; a ring is something to know, or what only the tests need.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from course_layout import ROOT

APT = {"Chromium": "chromium", "Node.js": "nodejs", "PostgreSQL": "postgresql"}
PROGRAMS = {
    "Chromium": ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge"),
    "Node.js": ("node", "nodejs"),
    "PostgreSQL": ("initdb", "pg_ctl", "pg_ctlcluster"),
}
ELSEWHERE = {
    "Chromium": f"{sys.executable} -m playwright install chromium",
    "Node.js": "https://nodejs.org",
    "PostgreSQL": "https://www.postgresql.org/download",
}


def main() -> int:
    """Print the report; return 1 if something the course needs is missing."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a Windows console may not know the marks
    print(f"Python {platform.python_version()}, {platform.platform()}")
    print(sys.executable)
    if any(importlib.util.find_spec(name) is None for name in ("langgraph", "ipywidgets")):
        print("✗ The course's packages are not here (yet). Install them with: python3 course.py")
        return 1
    surroundings = variables()  # before the lesson model changes them
    course = importlib.import_module("lab.doctor")  # needs the packages
    report = course.doctor()
    extra = [course.Finding(*row, needed=False) for row in (*machine(), *surroundings, *programs())]
    print(*report.findings, *extra, repr(report).splitlines()[-1], sep="\n")
    return 0 if report.ok else 1


Row = tuple[str, bool, str, str]  # name, whether it is well, what was found, the cure


def machine() -> list[Row]:
    """What the set-up and JupyterLab need of the machine."""
    free = shutil.disk_usage(ROOT).free // 10**6
    return [
        ("Room on the disk", free > 500, f"{free} MB are free", "Free some: SQLite files grow"),
        ("Port 8888 is free", _is_free(8888), "it is in use", "The course takes the next one"),
        _kernel(),
    ]


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _kernel() -> Row:
    """A notebook server of the reader's own must offer the kernel with the course's packages."""
    command = [sys.executable, "-m", "jupyter", "kernelspec", "list"]
    listed = subprocess.run(command, capture_output=True, text=True).stdout
    place = next((x.split()[-1] for x in listed.splitlines() if x.split()[:1] == ["python3"]), "")
    return (
        "The kernel python3 is this Python's",
        place.startswith(sys.prefix),
        f"it is {place or 'missing'}",
        f"{sys.executable} -m ipykernel install --sys-prefix",
    )


def variables() -> list[Row]:
    """Environment variables that surprise."""
    tracing = [x for x in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2") if os.environ.get(x)]
    endpoint = [x for x in ("OPENAI_BASE_URL", "OPENAI_API_BASE") if os.environ.get(x)]
    proxy = [x for x in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") if _either(x)]
    around = {"127.0.0.1", "localhost"} & {x.strip() for x in _either("NO_PROXY").split(",")}
    return [
        (
            "No tracing to LangSmith",
            not tracing,
            f"{' and '.join(tracing)} set: what agents do is sent to a server",
            "Unset it, unless that is wanted",
        ),
        (
            "The lesson model is used",
            not endpoint,
            f"{' and '.join(endpoint)} set: lessons use that endpoint, which may cost money",
            "Unset it to learn offline",
        ),
        (
            "No proxy between notebooks and this machine",
            not proxy or bool(around),
            f"{' and '.join(proxy)} set, NO_PROXY without 127.0.0.1",
            "Lessons add it by themselves; for other programs: NO_PROXY=127.0.0.1,localhost",
        ),
        (
            "Compiled files are kept",
            not sys.dont_write_bytecode,
            "PYTHONDONTWRITEBYTECODE is set: each kernel imports for 7 s instead of 3",
            "Unset it",
        ),
    ]


def _either(name: str) -> str:
    return os.environ.get(name) or os.environ.get(name.lower()) or ""


def programs() -> list[Row]:
    """What only `course.py test` needs."""
    rows = []
    for name, candidates in PROGRAMS.items():
        there = any(map(shutil.which, candidates))
        if name == "PostgreSQL":
            there = there or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        cure = f"sudo apt install {APT[name]}" if shutil.which("apt") else ELSEWHERE[name]
        rows.append((f"{name}, for the tests", there, "not found; they skip what needs it", cure))
    return rows


if __name__ == "__main__":
    sys.exit(main())
