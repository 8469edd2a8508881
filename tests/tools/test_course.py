"""The words of course.py: what each starts, what it says, what it leaves behind."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest

import course
from course_layout import ROOT
from lab.postgres.keeper import free_port
from tools.install import stages

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows ends processes in other ways")


COPIED = (
    *("course.py", "course_layout.py", "tools/__init__.py", "tools/install/__init__.py"),
    *("tools/install/set_up.py", "tools/install/stages.py", "tools/build/__init__.py"),
    *("tools/build/fast_start.py", "tools/build/kernel_sockets.py", "tests/sanitize.cfg"),
)
QUICK, WHOLE = list(stages.QUICK_STAGES), list(stages.STAGES)
THEIRS = {name: "reader's" for name in (*stages.NOT_IN_TESTS, "COURSE_PROGRESS")}
# Each costs every start of pytest a second, and one test needs none of them.
SLOW_PLUGINS = "-p no:langsmith_plugin -p no:schemathesis -p no:hypothesispytest"
# With more than one worker pytest starts three processes, each with all plugins.
ONE_PROCESS = "-n0"


def make_copy(folder: Path) -> Path:
    """Copy course.py into a folder where one test and a notebook of one cell are all to prove."""
    for name in COPIED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "pytest.ini").write_text(f"[pytest]\naddopts = {SLOW_PLUGINS}\n")
    (folder / "tests/exercises").mkdir()
    (folder / "tests/exercises/test_sum.py").write_text("def test_sum():\n    assert 1 + 1 == 2\n")
    (folder / "tools/build/notebooks.py").write_text("import sys; print('built', sys.argv[1:])")
    for name in ("notebooks", "solutions"):
        (folder / name).mkdir()
        write_notebook(folder / name / stages.FIRST, "print(6 * 7)", "42\n")
    return folder


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of course.py, run by this Python, with next to nothing to prove."""
    return make_copy(tmp_path)


def write_notebook(path: Path, source: str, printed: str) -> None:
    cell = nbformat.v4.new_code_cell(source, execution_count=1, id="only")
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=printed)]
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)


def course_py(folder: Path, *words: str, **env: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "course.py", *words],
        cwd=folder,
        env=os.environ | {"COURSE_ENV": "here"} | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    return done.returncode, done.stdout


def test_help_gives_each_word_one_line(copy: Path) -> None:
    status, output = course_py(copy, "--help")
    assert status == 0 and len(output.splitlines()) == len(course.WORDS) + 2
    for word in ("test", *course.WORDS):
        assert f"course.py {word} " in output


def test_a_word_that_is_none_gets_the_help(copy: Path) -> None:
    status, output = course_py(copy, "tset")
    assert status == 2 and "There is no word 'tset'." in output and "course.py test" in output


def test_a_word_whose_tool_is_not_there_says_so(copy: Path) -> None:
    status, output = course_py(copy, "grade")
    assert status == 2 and "it has no folder instructor" in output
    assert len(output.splitlines()) == 1


def test_options_reach_the_tool(copy: Path) -> None:
    assert course_py(copy, "build", "01", "--check") == (0, "built ['01', '--check']\n")


def test_an_old_python_gets_a_sentence() -> None:
    source = (ROOT / "course.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))
    assert "from __future__" not in source  # Python 3.6 knows no `annotations` there
    pretend = f"import sys; sys.version_info = (3, 9, 2); exec({source!r})"
    old = subprocess.run([sys.executable, "-I", "-c", pretend], capture_output=True, text=True)
    assert old.returncode == 1 and "Traceback" not in old.stderr
    assert "needs Python 3.11 or newer; this is Python 3.9." in old.stderr


SEE = """\
import json, os
def test_environment():
    with open("seen.json", "w") as file:
        json.dump(dict(os.environ), file)
"""
ASK_TRANSPORT = (
    "import json, ipykernel.connect as kernel\n"
    "print(json.loads(kernel.get_connection_info())['transport'])"
)


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    """A sound copy that was tested in a reader's shell: folder, exit status and output."""
    folder = make_copy(tmp_path_factory.mktemp("proved"))
    (folder / "tests/test_environment.py").write_text(SEE)
    if os.name != "nt":  # in solutions/; the other notebook prints a number
        write_notebook(folder / "solutions" / stages.FIRST, ASK_TRANSPORT, "ipc\n")
        write_notebook(folder / "notebooks" / "01_next.ipynb", ASK_TRANSPORT, "ipc\n")
    return folder, *course_py(folder, "test", **THEIRS)


def report(output: str) -> list[tuple[str, str]]:
    """Return result and name of each stage."""
    return re.findall(r"^(passed|FAILED)  (.*)  \(\d+ s\)$", output, re.M)


def test_a_sound_course_passes_every_stage(proved: tuple[Path, int, str]) -> None:
    _, status, output = proved
    assert status == 0, output
    assert report(output) == [("passed", stage) for stage in WHOLE]
    assert "built ['--check']" in output


@POSIX
def test_notebooks_are_run_on_no_port_that_another_program_could_take(
    proved: tuple[Path, int, str],
) -> None:
    """The saved output of two notebooks says that their kernels use files."""
    _, status, output = proved
    assert status == 0 and "3 passed" in output, output


def test_the_stages_do_not_see_the_readers_endpoint_or_progress(
    proved: tuple[Path, int, str],
) -> None:
    folder, _, output = proved
    seen = json.loads((folder / "seen.json").read_text())
    assert [name for name in THEIRS if seen.get(name) == "reader's"] == [], output


def test_no_failed_stage_hides_another(copy: Path) -> None:
    (copy / "tools/build/notebooks.py").write_text("raise SystemExit('01_x.ipynb is stale')")
    test = copy / "tests/exercises/test_sum.py"
    test.write_text("def test_sum():\n    assert 1 + 1 == 3\n")
    write_notebook(copy / "solutions" / stages.FIRST, "print(6 * 7)", "43\n")
    status, output = course_py(copy, "test", ONE_PROCESS)
    assert status == 1
    assert report(output) == [("FAILED", stage) for stage in WHOLE]
    assert "01_x.ipynb is stale" in output and "assert (1 + 1) == 3" in output


def test_quick_leaves_the_answer_bank_and_the_other_notebooks_out(copy: Path) -> None:
    (copy / "tests/exercises/test_answers.py").write_text("raise SystemExit('the bank')")
    write_notebook(copy / "notebooks/01_next.ipynb", "print(6 * 7)", "43\n")
    status, output = course_py(copy, "test", "--quick", ONE_PROCESS)
    assert status == 0, output
    assert report(output) == [("passed", stage) for stage in QUICK]


class Lab:
    """JupyterLab as `python3 course.py` starts it, without a browser."""

    def __init__(self, folder: Path, *options: str) -> None:
        log = folder / "lab.log"
        # A terminal as a reader has one: only there does Jupyter take Ctrl-C in a handler of its
        # own. Elsewhere it is a KeyboardInterrupt, which gets lost where it hits a finalizer.
        self.terminal, stdin = os.openpty()
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "course.py", "--no-browser", *options],
                cwd=folder,
                env=os.environ | {"COURSE_ENV": "here"},
                stdin=stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        os.close(stdin)
        ends, found = time.monotonic() + 180, None
        while found is None and self.process.poll() is None and time.monotonic() < ends:
            time.sleep(0.05)
            self.said = log.read_text()
            found = re.search(r"http://127\.0\.0\.1:(\d+)(/\S*)\?token=(\w+)\s", self.said)
        if found is None:
            self.process.kill()
            raise AssertionError(self.said)
        self.port, self.opens, self.token = int(found[1]), found[2], found[3]
        while not self.listens() and time.monotonic() < ends:  # it says so a moment too early
            time.sleep(0.05)

    def listens(self) -> bool:
        """Whether somebody listens on the port: Jupyter binds it after it has printed it."""
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except ConnectionRefusedError:
            return False
        return True

    def ask(self, path: str, body: dict | None = None) -> dict:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab without options, on a machine where port 8888 is in use."""
    try:
        other = socket.create_server(("127.0.0.1", 8888))
    except OSError:
        other = None  # in use already: as good
    with Lab(make_copy(tmp_path_factory.mktemp("lab"))) as lab:
        yield lab
    if other:
        other.close()


@POSIX
def test_lab_opens_the_first_lesson_on_this_machine_only(lab: Lab) -> None:
    assert lab.opens == "/lab/tree/notebooks/00_start_here.ipynb"
    assert lab.ask("/api/contents/notebooks")["type"] == "directory"
    listening = psutil.Process(lab.process.pid).net_connections()
    assert {at.laddr.ip for at in listening if at.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"http://127.0.0.1:{lab.port}/api/contents", timeout=120)


@POSIX
def test_a_port_in_use_is_said_and_the_next_one_taken(lab: Lab) -> None:
    assert lab.port > 8888
    # Not lab.port: in between, another program may have taken that port as well.
    said = r"Port 8888 is in use \(another JupyterLab\?\): this one takes (\d+)\.\n.*:\1\."
    assert re.search(said, lab.said), lab.said


def test_free_port_goes_past_one_that_is_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        port = course.free_port(taken)
    assert port > taken
    assert capsys.readouterr().out == (
        f"Port {taken} is in use (another JupyterLab?): this one takes {port}.\n"
    )


@POSIX
@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "SIGKILL"])
def test_an_ended_lab_leaves_no_server_and_no_kernel(copy: Path, how: str) -> None:
    # A port of its own: 8888 might be taken over at once by a lab of another test.
    port = free_port()
    options = ("--port", str(port)) if how == "SIGINT" else (f"--port={port}",)
    with Lab(copy, *options) as lab:
        assert lab.port == port, "the reader's port, however it is written"
        lab.ask("/api/kernels", {"name": "python3"})
        kernels = psutil.Process(lab.process.pid).children(recursive=True)
        assert kernels
        lab.process.send_signal(signal.Signals[how])
        lab.process.wait(120)
        assert psutil.wait_procs(kernels, timeout=120)[1] == []
        assert not lab.listens()


def test_course_py_imports_nothing_slow() -> None:
    """Opening a ready course costs what Python's start costs."""
    ask = [sys.executable, "-c", "import course, sys; print(*sys.modules)"]
    said = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "course" in said.split()
    assert not {"jupyterlab", "langgraph", "asyncio", "urllib.request"} & set(said.split())
