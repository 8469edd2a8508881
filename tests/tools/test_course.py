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
from pathlib import Path

import nbformat
import psutil
import pytest

import course
from course_layout import ROOT

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows ends processes in other ways")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of course.py, run by this Python, with nothing but a passing test to prove."""
    for folder in ("tools/build", "tools/install", "tests"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("course.py", "course_layout.py", "tools/__init__.py", "tools/install/set_up.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("__init__.py", "fast_start.py", "kernel_sockets.py"):
        shutil.copy(ROOT / "tools/build" / name, tmp_path / "tools/build")
    shutil.copy(ROOT / "tests/sanitize.cfg", tmp_path / "tests")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:langsmith_plugin\n")
    (tmp_path / "tests/test_sum.py").write_text("def test_sum():\n    assert 1 + 1 == 2\n")
    (tmp_path / "tools/build/notebooks.py").write_text("import sys; print('built', sys.argv[1:])")
    for folder in ("notebooks", "solutions"):
        (tmp_path / folder).mkdir()
        write_notebook(tmp_path / folder / "00_start_here.ipynb", "print(6 * 7)", "42\n")
    return tmp_path


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
        timeout=180,
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
    assert status == 2 and "instructor/grading/grade.py does not exist" in output
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


def test_a_sound_course_passes_every_stage(copy: Path) -> None:
    status, output = course_py(copy, "test", OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    assert status == 0, output
    assert re.findall(r"^(passed|FAILED)  (.*)  \(\d+ s\)$", output, re.M) == [
        ("passed", stage) for stage in course.STAGES
    ]


@POSIX
def test_notebooks_are_run_on_no_port_that_another_program_could_take(copy: Path) -> None:
    ask = (
        "import json, ipykernel.connect as kernel\n"
        "print(json.loads(kernel.get_connection_info())['transport'])"
    )
    for folder in ("notebooks", "solutions"):
        write_notebook(copy / folder / "00_start_here.ipynb", ask, "ipc\n")
    status, output = course_py(copy, "test")
    assert status == 0, output


def test_no_failed_stage_hides_another(copy: Path) -> None:
    (copy / "tools/build/notebooks.py").write_text("raise SystemExit('01_x.ipynb is stale')")
    (copy / "tests/test_sum.py").write_text("def test_sum():\n    assert 1 + 1 == 3\n")
    write_notebook(copy / "solutions/00_start_here.ipynb", "print(6 * 7)", "43\n")
    status, output = course_py(copy, "test")
    assert status == 1
    assert re.findall(r"^FAILED  (.*)  \(\d+ s\)$", output, re.M) == list(course.STAGES)
    assert "01_x.ipynb is stale" in output and "assert (1 + 1) == 3" in output


def test_the_stages_do_not_see_the_readers_endpoint_or_progress(copy: Path) -> None:
    theirs = {name: "reader's" for name in (*course.NOT_IN_TESTS, "COURSE_PROGRESS")}
    (copy / "tests/test_sum.py").write_text(
        "import os\ndef test_sum():\n"
        f'    assert "reader\'s" not in map(os.environ.get, {[*theirs]})\n'
    )
    status, output = course_py(copy, "test", **theirs)
    assert status == 0, output


def unused_port() -> int:
    """Return a port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


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
        ends, found = time.monotonic() + 60, None
        while found is None and self.process.poll() is None and time.monotonic() < ends:
            time.sleep(0.05)
            self.said = log.read_text()
            found = re.search(r"http://127\.0\.0\.1:(\d+)(/\S*)\?token=(\w+)", self.said)
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
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


@POSIX
def test_lab_opens_the_first_lesson_on_this_machine_only(copy: Path) -> None:
    with Lab(copy) as lab:
        assert lab.opens == "/lab/tree/notebooks/00_start_here.ipynb"
        assert lab.ask("/api/contents/notebooks")["type"] == "directory"
        listening = psutil.Process(lab.process.pid).net_connections()
        assert {at.laddr.ip for at in listening if at.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"http://127.0.0.1:{lab.port}/api/contents", timeout=30)


@POSIX
@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "SIGKILL"])
def test_an_ended_lab_leaves_no_server_and_no_kernel(copy: Path, how: str) -> None:
    # A port of its own: 8888 might be taken over at once by a lab of another test.
    with Lab(copy, f"--port={unused_port()}") as lab:
        lab.ask("/api/kernels", {"name": "python3"})
        kernels = psutil.Process(lab.process.pid).children(recursive=True)
        assert kernels
        lab.process.send_signal(signal.Signals[how])
        lab.process.wait(30)
        assert psutil.wait_procs(kernels, timeout=30)[1] == []
        assert not lab.listens()


@POSIX
def test_a_port_in_use_is_said_and_the_next_one_taken(copy: Path) -> None:
    try:
        other = socket.create_server(("127.0.0.1", 8888))
    except OSError:
        other = None  # in use already: as good
    try:
        with Lab(copy) as lab:
            assert lab.port > 8888
            assert (
                f"Port 8888 is in use (another JupyterLab?): this one takes {lab.port}." in lab.said
            )
    finally:
        if other:
            other.close()


@POSIX
def test_the_readers_port_is_passed_on(copy: Path) -> None:
    port = unused_port()
    for options in ((f"--port={port}",), ("--port", str(port))):
        with Lab(copy, *options) as lab:
            assert lab.port == port


def test_course_py_imports_nothing_slow() -> None:
    """Opening a ready course costs what Python's start costs."""
    ask = [sys.executable, "-c", "import course, sys; print(*sys.modules)"]
    said = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "course" in said.split()
    assert not {"jupyterlab", "langgraph", "asyncio", "urllib.request"} & set(said.split())
