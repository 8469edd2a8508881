"""Programs that few need: each in an environment of its own, installed on first use."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

__all__ = ("Missing", "installed", "npm_install", "pip_install", "program")

CACHE = Path.home() / ".cache" / "langgraph-in-production-bench"
MAX_INSTALL_SECONDS = 300


class Missing(Exception):
    """A program cannot be had on this machine; the text says why."""


def installed(name: str, fill: Callable[[Path], None]) -> Path:
    """Return the folder a program is installed in, after installing it on first use.

    Args:
        name: The program and its version: a new version gets a new folder.
        fill: Fills a new folder. Raises Missing.

    Raises:
        Missing: It cannot be installed.
    """
    folder = CACHE / name.replace(" ", "-")
    if not (folder / "installed").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        fill(folder)
        (folder / "installed").touch()
    return folder


def program(folder: Path, name: str) -> str:
    """Return the path of a program in the environment of a folder."""
    windows = folder / "venv" / "Scripts" / f"{name}.exe"
    return str(windows if windows.exists() else folder / "venv" / "bin" / name)


def pip_install(folder: Path, name: str, *wanted: str) -> None:
    """Install Python packages into an environment of their own, in a folder's `venv`.

    Args:
        folder: Where the environment is to be.
        name: What is installed, for the error.
        wanted: Requirements and options, as pip takes them.

    Raises:
        Missing: They cannot be installed.
    """
    uv = [sys.executable, "-m", "uv"]
    run_installer(name, [*uv, "venv", "--python", sys.executable, str(folder / "venv")])
    install = ["pip", "install", "--compile-bytecode", "--python", program(folder, "python")]
    run_installer(name, [*uv, *install, *wanted])


def npm_install(folder: Path, requirement: str, min_version: tuple[int, int]) -> None:
    """Install a Node package, without its scripts.

    Raises:
        Missing: It cannot be installed, or Node is older than `min_version`.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    wanted = ".".join(map(str, min_version))
    if not node or not npm:
        raise Missing(f"needs Node {wanted} or newer; there is none. Get it from nodejs.org")
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()
    if tuple(map(int, re.findall(r"\d+", version)))[:2] < min_version:
        raise Missing(f"needs Node {wanted} or newer; this is {version}. Get it from nodejs.org")
    options = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    run_installer(requirement, [npm, "install", *options, "--prefix", str(folder), requirement])


def run_installer(requirement: str, command: list[str]) -> None:
    """Run the command that installs something.

    Raises:
        Missing: It failed; the text holds its last words.
    """
    try:
        subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=MAX_INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise Missing(
            f"{requirement} was not installed within {MAX_INSTALL_SECONDS} s. Is there a network?"
        ) from None
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines() or ["no reason"]
        raise Missing(f"{requirement} cannot be installed: {said[-1].strip()}") from None
