"""Say what is wrong with this machine, and how to fix it.

In a notebook `doctor()` checks what the lessons need; `python3 course.py doctor` also looks at the
machine, its environment variables, and the programs that only the tests use. Standard library
only, so that it can say that the packages are missing.
"""

from __future__ import annotations

import html
import importlib
import importlib.util
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

import lesson_model
from course_layout import ROOT
from lab.postgres.keeper import programs

__all__ = ("Finding", "Report", "doctor", "main")

PINS = ROOT / "requirements.txt"
# What lessons stand on, with all their parts (langgraph-checkpoint, ...); the rest may differ.
FAMILIES = tuple("ipykernel ipywidgets jupyterlab langchain langgraph matplotlib openai".split())
MIN_IPYWIDGETS = 8  # major version
MIN_FREE_MEGABYTES = 500  # SQLite files and notebooks grow
MODEL_SECONDS = 10  # for one answer of the lesson model

TEST_PROGRAMS = {  # name: (commands, Debian's package, where to get it elsewhere)
    "Chromium": (
        ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge"),
        "chromium",
        f"{sys.executable} -m playwright install chromium",
    ),
    "Node.js": (("node", "nodejs"), "nodejs", "https://nodejs.org"),
}


@dataclass(frozen=True)
class Finding:
    """The result of one check: what was found and what to do, if it is not well."""

    name: str
    ok: bool = True
    found: str = ""
    cure: str = ""
    needed: bool = True
    """Whether the course cannot do without it: a cross instead of a ring."""

    def __str__(self) -> str:
        mark = "✓" if self.ok else "✗" if self.needed else "○"
        return f"{mark} {self.name}" + ("" if self.ok else f": {self.found}. {self.cure}")


@dataclass(frozen=True)
class Report:
    """Findings that show themselves as text and as HTML.

    A finding that is well says nothing of the machine: the text is the same everywhere.
    """

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether everything that is needed is there."""
        return all(finding.ok or not finding.needed for finding in self.findings)

    def __repr__(self) -> str:
        last = "Everything is ready." if self.ok else "Fix what has a cross, then run this again."
        return "\n".join([*map(str, self.findings), last])

    def _repr_html_(self) -> str:
        *lines, last = (html.escape(line) for line in repr(self).splitlines())
        return f"<div>{'<br>'.join(lines)}</div><p><strong>{last}</strong></p>"


def doctor() -> Report:
    """Check what the lessons need: in a notebook, of the kernel it runs in."""
    return Report((_python(), _packages(), _widgets(), _folder(), _model(), _postgres()))


def main() -> int:
    """Print the whole report; return 1 if something the course needs is missing."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a Windows console may not know the marks
    print(f"Python {platform.python_version()}, {platform.platform()}")
    print(sys.executable)
    variables = _variables()  # before the lesson model changes them
    needed = doctor()
    others = [replace(each, needed=False) for each in (*_machine(), *variables, *_test_programs())]
    report = Report((*needed.findings, *others))
    print(report)
    return 0 if report.ok else 1


# What the lessons need.


def _python() -> Finding:
    return Finding(
        "Python 3.11 or newer",
        sys.version_info >= (3, 11),
        f"this is {sys.version_info.major}.{sys.version_info.minor}",
        "Install a newer one, delete the folder .venv, then: python3 course.py",
    )


def _packages() -> Finding:
    name = "The packages this course was tested with"
    if any(importlib.util.find_spec(each) is None for each in ("langgraph", "packaging")):
        cure = "Install them with: python3 course.py"
        return Finding(name, False, "they are not in this Python", cure)
    wrong = _wrong_versions()
    return Finding(
        name,
        not wrong,
        ", ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""),
        "Close JupyterLab and open it with: python3 course.py. Elsewhere choose that kernel, or "
        "install requirements.txt into this one",
    )


def _wrong_versions() -> list[str]:
    """Return a phrase for each pinned package that is missing or of another version."""
    requirements = importlib.import_module("packaging.requirements")
    lines = PINS.read_text(encoding="utf-8").splitlines() if PINS.exists() else []
    wrong = []
    for pin in [requirements.Requirement(line) for line in lines if line.startswith(FAMILIES)]:
        if pin.marker is not None and not pin.marker.evaluate():
            continue
        version = _version(pin.name)
        if not version:
            wrong.append(f"{pin.name} is missing")
        elif not pin.specifier.contains(version, True):
            wrong.append(f"{pin.name} is {version}")
    return wrong


def _version(package: str) -> str:
    """Return the version of an installed package, "" if it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _widgets() -> Finding:
    version = _version("ipywidgets")
    return Finding(
        "Widgets: buttons and sliders",
        bool(version) and int(version.split(".")[0]) >= MIN_IPYWIDGETS,
        f"ipywidgets {version} is too old for this course" if version else "no ipywidgets here",
        "Open the course with: python3 course.py. (Google Colab has no newer one.)",
    )


def _folder() -> Finding:
    try:
        with tempfile.TemporaryFile(dir=Path.cwd()):
            return Finding("This folder can be written to")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Finding(
            "This folder can be written to", False, reason, "Copy the course to a folder of yours"
        )


def _model() -> Finding:
    with lesson_model.scratch() as model:
        if not model.local:
            return Finding("The model endpoint you chose in OPENAI_BASE_URL is used")
        ask = {"model": model.name, "messages": [{"role": "user", "content": "Are you there?"}]}
        request = urllib.request.Request(
            f"{model.url}/chat/completions",
            json.dumps(ask).encode(),
            {"Content-Type": "application/json", "Authorization": "Bearer sk-lesson"},
        )
        try:
            with urllib.request.urlopen(request, timeout=MODEL_SECONDS) as answer:
                json.load(answer)["choices"][0]["message"]["content"]
        except (OSError, ValueError, LookupError) as error:
            cure = "A firewall may stop programs from reaching 127.0.0.1: allow it for Python"
            if _variable("HTTP_PROXY"):
                cure = "A proxy is set: let NO_PROXY hold 127.0.0.1 and start JupyterLab again"
            return Finding("The lesson model answers", False, str(error), cure)
    return Finding("The lesson model answers")


def _postgres() -> Finding:
    return Finding(
        "A PostgreSQL server for lesson 2",
        bool(os.environ.get("COURSE_POSTGRES_URL") or programs()),
        "there is none here, and the lesson leaves it out",
        "For all of it run python3 course.py, or install PostgreSQL from postgresql.org/download",
        needed=False,
    )


# What is good to know, and what only the tests need: no cross, a ring.


def _machine() -> list[Finding]:
    """Check what the set-up and JupyterLab need of the machine."""
    free = shutil.disk_usage(ROOT).free // 10**6
    return [
        Finding(
            "Room on the disk",
            free > MIN_FREE_MEGABYTES,
            f"{free} MB are free",
            "Free some: SQLite files grow",
        ),
        Finding(
            "Port 8888 is free", _is_free(8888), "it is in use", "The course takes the next one"
        ),
        _kernel(),
    ]


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _kernel() -> Finding:
    """Check that a notebook server of the reader's own offers the course's kernel."""
    command = [sys.executable, "-m", "jupyter", "kernelspec", "list"]
    listed = subprocess.run(command, capture_output=True, text=True).stdout
    place = next((x.split()[-1] for x in listed.splitlines() if x.split()[:1] == ["python3"]), "")
    return Finding(
        "The kernel python3 is this Python's",
        place.startswith(sys.prefix),
        f"it is {place or 'missing'}",
        f"{sys.executable} -m ipykernel install --sys-prefix",
    )


def _variables() -> list[Finding]:
    """Check environment variables that surprise."""
    tracing = [x for x in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2") if os.environ.get(x)]
    endpoint = [x for x in ("OPENAI_BASE_URL", "OPENAI_API_BASE") if os.environ.get(x)]
    proxy = [x for x in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") if _variable(x)]
    around = {"127.0.0.1", "localhost"} & {x.strip() for x in _variable("NO_PROXY").split(",")}
    return [
        Finding(
            "No tracing to LangSmith",
            not tracing,
            f"{' and '.join(tracing)} set: what agents do is sent to a server",
            "Unset it, unless that is wanted",
        ),
        Finding(
            "The lesson model is used",
            not endpoint,
            f"{' and '.join(endpoint)} set: lessons use that endpoint, which may cost money",
            "Unset it to learn offline",
        ),
        Finding(
            "No proxy between notebooks and this machine",
            not proxy or bool(around),
            f"{' and '.join(proxy)} set, NO_PROXY without 127.0.0.1",
            "Lessons add it by themselves; for other programs: NO_PROXY=127.0.0.1,localhost",
        ),
        Finding(
            "Compiled files are kept",
            not sys.dont_write_bytecode,
            "PYTHONDONTWRITEBYTECODE is set: each kernel imports for 7 s instead of 3",
            "Unset it",
        ),
    ]


def _variable(name: str) -> str:
    """Return an environment variable that may be written in capitals or not."""
    return os.environ.get(name) or os.environ.get(name.lower()) or ""


def _test_programs() -> list[Finding]:
    """Look for the programs that only `course.py test` needs."""
    findings = []
    for name, (commands, package, elsewhere) in TEST_PROGRAMS.items():
        found = any(map(shutil.which, commands))
        cure = f"sudo apt install {package}" if shutil.which("apt") else elsewhere
        missing = "not found; they skip what needs it"
        findings.append(Finding(f"{name}, for the tests", found, missing, cure))
    return findings


if __name__ == "__main__":
    sys.exit(main())
