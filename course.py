"""Open the course with `python3 course.py`; prove it with `python3 course.py test`.

Standard library only, and in this file nothing that an old Python cannot read: it has to get as
far as the next sentence. `python3 course.py --help` lists the further words.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "This course needs Python 3.11 or newer; this is Python %d.%d. Get one from "
        "https://www.python.org/downloads/ and run course.py with it (python3.12 course.py, on "
        "Windows py -3.12 course.py). With uv: uv run --no-project --python 3.12 course.py"
        % sys.version_info[:2]
    )

import os
import signal
import socket
from pathlib import Path

from course_layout import ROOT
from tools.install import stages
from tools.install.set_up import PYTHON, environment, is_ready, run, set_up, uses_running_python

START = "notebooks/00_start_here.ipynb"
NOTHING, READER, DEVELOPMENT = "nothing", "reader", "development"  # packages that a word needs
WORDS = {  # word: (the module that runs, the packages it needs, help)
    "doctor": ("lab.doctor", NOTHING, "what is wrong with this machine, and the cure"),
    "reset": ("tools.my_work.reset", NOTHING, "NN: put your copy of lesson NN aside, start afresh"),
    "update": ("tools.my_work.update", NOTHING, "put your changes aside, get the newest course"),
    "serve": ("lab.serve", READER, "[--port N]: the production agent as a service"),
    "grade": ("instructor.grading.grade", READER, "mark handed-in notebooks"),
    "export": ("instructor.export.export", READER, "lessons for nbgrader"),
    "demo": ("instructor.demo.prepare", READER, "NN [--reset]: a lesson to show to a room"),
    "slides": ("instructor.slides.slides", READER, "a lesson as slides"),
    "site": ("tools.site.build", DEVELOPMENT, "[--serve]: the course as a website, in site/"),
    "build": ("tools.build.notebooks", READER, "[NN] [--check]: the notebooks, from lessons/"),
    "check": ("tools.build.check", DEVELOPMENT, "NN [exM]: the answer bank of a lesson"),
    "lint": ("tools.build.lint", DEVELOPMENT, "[--fix]: style of the code, rules of the lessons"),
    "lock": ("tools.install.lock", DEVELOPMENT, "[--upgrade]: the pins, from pyproject.toml"),
    "licences": ("tools.install.licences", READER, "of every package that is installed"),
    "bench": ("benchmarks.bench", DEVELOPMENT, "[PART]: how fast the parts are"),
}


def main(words):
    """Do what the words say and return the exit status."""
    word, *options = words or ["open"]
    if word in ("-h", "--help", "help"):
        print(usage())
        return 0
    if word.startswith("-"):
        word, options = "open", words
    if word not in ("open", "test") and word not in WORDS:
        print(f"There is no word '{word}'.\n\n{usage()}")
        return 2
    module, needs, _ = WORDS.get(word, ("", DEVELOPMENT if word == "test" else READER, ""))
    room = module.split(".")[0]
    if not (ROOT / room).exists():
        print(f"'{word}' is not part of this copy of the course: it has no folder {room}.")
        return 2
    development = needs == DEVELOPMENT
    here = uses_running_python(development=development)
    if needs != NOTHING and not here:
        set_up(development=development)
    python = PYTHON if not here and (needs != NOTHING or is_ready()) else Path(sys.executable)
    if word == "open":
        return open_lab(python, options)
    if word == "test":
        return stages.main(python, options)
    return run([python, "-m", module, *options], env=environment(python))


def usage():
    """Return the help, one line a word."""
    rows = [
        ("", "open the course in JupyterLab (--port, --no-browser and the like are passed on)"),
        ("test", "[--quick]: add what only the tests need, then check everything"),
        *((word, text) for word, (_, _, text) in WORDS.items()),
    ]
    return "\n".join(f"  python3 course.py {word:<10}{text}" for word, text in rows)


def open_lab(python, options):
    """Start JupyterLab on this machine only; on Linux and macOS this process becomes it."""
    place = f"/lab/tree/{START}" if (ROOT / START).exists() else "/lab"
    command = [str(python), "-m", "jupyterlab", "-y", "--log-level=WARN"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={ROOT}"]
    if not any(option.startswith("--LabApp.default_url=") for option in options):
        command += [f"--LabApp.default_url={place}"]
    command += ["--LabApp.news_url=None"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    where = ""
    if not any(option.split("=")[0] in ("--port", "--ServerApp.port") for option in options):
        port = free_port(8888)
        command, where = [*command, f"--port={port}"], f" on http://127.0.0.1:{port}"
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command += ["--allow-root"]
    print(f"JupyterLab starts{where}. Ctrl-C here ends it and its notebooks.", flush=True)
    if os.name == "nt":
        return run([*command, *options])
    os.chdir(ROOT)
    # One process: however it is ended, no server stays behind.
    os.execve(python, [*command, *options], environment(python))


def free_port(first):
    """Return the first free port from `first` on, and say so where it is another one."""
    for port in range(first, first + 100):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        if port != first:
            print(f"Port {first} is in use (another JupyterLab?): this one takes {port}.")
        return port
    sys.exit(f"No port from {first} to {port} is free. Name one: python3 course.py --port 9500")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script's `&` would have it ignored
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again whenever you like: it goes on from here.")
        sys.exit(130)
