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
import time
from pathlib import Path

from course_layout import ROOT
from tools.install.set_up import PYTHON, environment, is_ready, run, set_up, uses_running_python

START = "notebooks/00_start_here.ipynb"
WORDS = {  # word: (the module that runs, whether it needs the packages, help)
    "doctor": ("tools.install.doctor", False, "what is wrong with this machine, and the cure"),
    "reset": ("tools.my_work.reset", False, "NN: put your copy of lesson NN aside, start afresh"),
    "update": ("tools.my_work.update", False, "put what you changed aside, get the newest course"),
    "build": ("tools.build.notebooks", True, "[NN] [--check]: the notebooks, from lessons/"),
    "lock": ("tools.install.lock", True, "[--upgrade]: the pins, from pyproject.toml"),
    "lint": ("tools.build.lint", True, "style of the code, rules of the lessons"),
    "bench": ("benchmarks.bench", True, "how fast the parts are"),
    "grade": ("instructor.grading.grade", True, "mark handed-in notebooks"),
    "export": ("instructor.export.export", True, "write lessons for nbgrader"),
    "slides": ("instructor.slides.slides", True, "a lesson as slides"),
    "serve": ("production_agent", True, "[--port N]: the production agent as a service"),
}
PYTEST = ("-m", "pytest", "-p", "tools.build.fast_start", "-n2", "--dist=loadfile")
NBVAL = (
    "-p tools.build.kernel_sockets"
    " --nbval --nbval-current-env --nbval-cell-timeout=120 --nbval-sanitize-with=tests/sanitize.cfg"
    # What langchain-tests brings is of no use here, and every worker would load it.
    " -pno:benchmark -pno:codspeed -pno:recording -pno:socket -pno:playwright"
).split()
STAGES = {  # what `test` runs: all of it, whatever fails
    "notebooks are what lessons/ says": ("-m", "tools.build.notebooks", "--check"),
    "tests": (*PYTEST, "tests"),
    "notebooks run and print the same": (*PYTEST, *NBVAL, "notebooks", "solutions"),
}
# A reader's endpoint, key or tracing must not decide whether the course is sound.
NOT_IN_TESTS = (
    *("OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_API_KEY", "OPENAI_MODEL"),
    *("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"),
)
NO_TESTS_COLLECTED = 5


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
    module, needs_packages, _ = WORDS.get(word, ("", True, ""))
    if not (ROOT / module.split(".")[0]).exists():
        print(f"'{word}' is not part of this copy of the course: there is no {module}.")
        return 2
    here = uses_running_python()
    if needs_packages and not here:
        set_up()
    python = PYTHON if not here and (needs_packages or is_ready()) else Path(sys.executable)
    if word == "open":
        return open_lab(python, options)
    if word == "test":
        return test(python, options)
    return run([python, "-m", module, *options], env=environment(python))


def usage():
    """Return the help, one line a word."""
    rows = [
        ("", "open the course in JupyterLab (--port, --no-browser and the like are passed on)"),
        ("test", "set up where needed, then check everything"),
        *((word, text) for word, (_, _, text) in WORDS.items()),
    ]
    return "\n".join(f"  python3 course.py {word:<8}{text}" for word, text in rows)


def open_lab(python, options):
    """Start JupyterLab on this machine only; on Linux and macOS this process becomes it."""
    place = f"/lab/tree/{START}" if (ROOT / START).exists() else "/lab"
    command = [str(python), "-m", "jupyterlab", "-y", "--log-level=WARN"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={ROOT}"]
    command += [f"--LabApp.default_url={place}", "--LabApp.news_url=None"]
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


def test(python, options):
    """Run every stage, report each, and return 1 if any failed."""
    env = {name: text for name, text in environment(python).items() if name not in NOT_IN_TESTS}
    env["COURSE_PROGRESS"] = "off"
    report = []
    for stage, command in STAGES.items():
        print(f"\n== {stage}", flush=True)
        began, more = time.monotonic(), options if "pytest" in command else []
        status = run([python, *command, *more], env=env)
        good = status == 0 or (more and status == NO_TESTS_COLLECTED)
        seconds = time.monotonic() - began
        report.append(f"{'passed' if good else 'FAILED'}  {stage}  ({seconds:.0f} s)")
    print("\n" + "\n".join(report), flush=True)
    return int(any(line.startswith("FAILED") for line in report))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script's `&` would have it ignored
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again whenever you like: it goes on from here.")
        sys.exit(130)
