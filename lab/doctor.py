"""Is everything ready? One line for each thing a lesson needs, with the cure where it is not."""

from __future__ import annotations

import html
import json
import os
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import ipywidgets
from packaging.requirements import Requirement

import lesson_model
from course_layout import ROOT
from lab.postgres.keeper import programs

__all__ = ("Finding", "Report", "doctor")

PINS = ROOT / "requirements.txt"
# What lessons stand on, with all their parts (langgraph-checkpoint, ...); the rest may differ.
FAMILIES = tuple("ipykernel ipywidgets jupyterlab langchain langgraph matplotlib openai".split())


@dataclass(frozen=True)
class Finding:
    """What was looked at; if it is not well, what was found and what to do."""

    name: str
    ok: bool = True
    found: str = ""
    cure: str = ""
    needed: bool = True

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
        last = "Everything is ready." if self.ok else "Mend what has a cross, then run this again."
        return "\n".join([*map(str, self.findings), last])

    def _repr_html_(self) -> str:
        *lines, last = (html.escape(line) for line in repr(self).splitlines())
        return f"<div>{'<br>'.join(lines)}</div><p><strong>{last}</strong></p>"


def doctor() -> Report:
    """Check what the lessons need: in a notebook, of the kernel it runs in."""
    return Report(tuple(check() for check in CHECKS))


def _python() -> Finding:
    return Finding(
        "Python 3.11 or newer",
        sys.version_info >= (3, 11),
        f"this is {sys.version_info.major}.{sys.version_info.minor}",
        "Install a newer one, delete the folder .venv, then: python3 course.py",
    )


def _packages() -> Finding:
    wrong = [text for text in map(_differs, _pins()) if text]
    return Finding(
        "The packages this course was tested with",
        not wrong,
        ", ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""),
        "Close JupyterLab and open it with: python3 course.py. Elsewhere choose that kernel, or "
        "install requirements.txt into this one",
    )


def _pins() -> list[Requirement]:
    lines = PINS.read_text(encoding="utf-8").splitlines() if PINS.exists() else []
    pins = [Requirement(line) for line in lines if line.startswith(FAMILIES)]
    return [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]


def _differs(pin: Requirement) -> str:
    try:
        version = metadata.version(pin.name)
    except metadata.PackageNotFoundError:
        return f"{pin.name} is missing"
    return "" if pin.specifier.contains(version, True) else f"{pin.name} is {version}"


def _widgets() -> Finding:
    return Finding(
        "Widgets: buttons and sliders",
        int(ipywidgets.__version__.split(".")[0]) >= 8,
        f"ipywidgets {ipywidgets.__version__} is too old for this course",
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
            with urllib.request.urlopen(request, timeout=10) as answer:
                json.load(answer)["choices"][0]["message"]["content"]
        except (OSError, ValueError, LookupError) as error:
            proxy = os.environ.get("HTTP_PROXY") or os.environ.get("http_proxy")
            cure = "A firewall may stop programs from reaching 127.0.0.1: allow it for Python"
            if proxy:
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


CHECKS: tuple[Callable[[], Finding], ...] = (
    _python,
    _packages,
    _widgets,
    _folder,
    _model,
    _postgres,
)
