"""A real JupyterHub for two students: what a class relies on, through login form and proxy.

The tests of this file share one hub and build on each other's state as little as a class does.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import psutil
import pytest
import websocket

from course_layout import ROOT
from instructor.hub.hub import HUB, PASSWORD, PINS, PROXY, Hub, commit, git, installed
from instructor.hub.student import Kernel, Refused, Student, shown
from tools.install.extras import Missing

ADMIN_PASSWORD = "who-teaches-tents-may-end-the-class"
START = "course/notebooks/00_start_here.ipynb"
CELLS = 6  # the first code cells of lesson 0: the doctor, an agent, requests, errors, rules


def missing(sentence: str) -> NoReturn:
    """Skip on a reader's machine, fail where everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a short path: the sockets of kernels are in it."""
    with tempfile.TemporaryDirectory(prefix="hub-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def hub(folder: Path) -> Iterator[Hub]:
    """A hub for ada and bob, with the course as it is here."""
    try:
        programs = installed()
    except Missing as reason:
        missing(f"The hub of a class is not tested: {reason}.")
    state = folder / "state"
    state.mkdir()
    names = folder / "names.txt"
    names.write_text("ada\nbob\nteacher\n", "utf-8")
    course = commit(folder / "repository")
    more = {"HUB_STUDENTS": str(names), "HUB_ADMIN_PASSWORD": ADMIN_PASSWORD}
    with Hub(state, programs, course, **more) as hub:
        yield hub
    assert hub.processes() == []


@pytest.fixture(scope="module")
def students(hub: Hub) -> dict[str, Student]:
    """Ada and Bob, each with a server, started at the same moment."""

    def come(name: str) -> Student:
        student = Student(hub.url, name, PASSWORD)
        student.log_in()
        student.start_server()
        return student

    with ThreadPoolExecutor() as both:
        try:
            return dict(zip(("ada", "bob"), both.map(come, ("ada", "bob")), strict=True))
        except Refused as reason:
            pytest.fail(f"{reason}\n{hub.last_words()}", pytrace=False)


@pytest.fixture(scope="module")
def kernels(students: dict[str, Student]) -> Iterator[dict[str, Kernel]]:
    """A kernel each, for lesson 0."""
    with ThreadPoolExecutor() as both:
        opened = both.map(lambda student: student.open(START), students.values())
        kernels = dict(zip(students, opened, strict=True))
    yield kernels
    for kernel in kernels.values():
        kernel.close()


def asked(kernel: Kernel, code: str) -> object:
    """Return what a line of Python prints in a kernel, read as JSON."""
    return json.loads(shown(kernel.run(f"import json\nprint(json.dumps({code}))")))


def test_two_students_see_what_the_saved_notebook_shows(
    students: dict[str, Student], kernels: dict[str, Kernel]
) -> None:
    def differences(name: str) -> list[tuple[str, str]]:
        cells = [c for c in students[name].notebook(START)["cells"] if c["cell_type"] == "code"]
        found = []
        for cell in cells[:CELLS]:
            said, saved = shown(kernels[name].run(cell["source"])), shown(cell["outputs"])
            found += [(said, saved)] * (said != saved)
        return found

    with ThreadPoolExecutor() as both:
        assert list(both.map(differences, students)) == [[], []]


def test_each_has_a_copy_of_the_course_and_nobody_a_venv(
    hub: Hub, kernels: dict[str, Kernel]
) -> None:
    for name, kernel in kernels.items():
        home = hub.state / "students" / name
        assert asked(kernel, "__import__('lesson_model').__file__").startswith(f"{home}/course/")
        assert asked(kernel, "__import__('os').environ['COURSE_ENV']") == "here"
        assert asked(kernel, "__import__('sys').prefix") == str(hub.programs / "venv")
        assert not (home / "course" / ".venv").exists()
    kernels["ada"].run("open('mine.txt', 'w').write('ada')")
    assert (hub.state / "students" / "ada" / "course" / "notebooks" / "mine.txt").exists()
    assert not (hub.state / "students" / "bob" / "course" / "notebooks" / "mine.txt").exists()


def test_a_lesson_can_be_had_afresh(hub: Hub, kernels: dict[str, Kernel]) -> None:
    """`python3 course.py reset 00`, in the student's terminal."""
    course = hub.state / "students" / "ada" / "course"
    released = (course / "notebooks" / "00_start_here.ipynb").read_text("utf-8")
    notebook = json.loads(released)
    notebook["cells"][1]["source"] = "spoilt"
    (course / "notebooks" / "00_start_here.ipynb").write_text(json.dumps(notebook), "utf-8")
    said = shown(kernels["ada"].run("!cd .. && python3 course.py reset 00"))
    assert "Your version is now my_work" in said
    assert (course / "notebooks" / "00_start_here.ipynb").read_text("utf-8") == released


def test_a_student_cannot_reach_anothers_server(
    students: dict[str, Student], kernels: dict[str, Kernel]
) -> None:
    ada = students["ada"]
    for path in ("lab", "api/contents/course", f"api/kernels/{kernels['bob'].id}"):
        assert ada.get(f"/user/bob/{path}").status_code == 403, path
    assert ada.get("/hub/api/users/bob").status_code in (403, 404)
    own, theirs = ada.base, students["bob"].base
    ada.base = theirs
    try:
        with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
            Kernel(ada, kernels["bob"].id)
    finally:
        ada.base = own
    assert ada.get("/user/ada/lab").status_code == 200  # it is about whose server it is


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ada", "wrong password"),
        ("mallory", PASSWORD),  # not on the list
        ("teacher", PASSWORD),  # the students' password makes nobody a teacher
    ],
)
def test_who_does_not_belong_to_the_class_stays_out(hub: Hub, name: str, password: str) -> None:
    with pytest.raises(Refused):
        Student(hub.url, name, password).log_in()


def test_too_much_memory_costs_the_cell_and_not_the_kernel(kernels: dict[str, Kernel]) -> None:
    kernel = kernels["bob"]
    assert "MemoryError" in shown(kernel.run("print(len(bytes(5 * 2**30)))"))
    assert asked(kernel, "6 * 7") == 42


def test_a_link_hands_out_notebooks(hub: Hub, folder: Path, students: dict[str, Student]) -> None:
    """nbgitpuller, and how it merges, as the guide says."""
    bob, repository, lesson = students["bob"], folder / "repository", Path(START).name
    own = hub.state / "students" / "bob" / "handed_out" / "notebooks" / lesson
    where = {"repo": str(repository), "branch": "main"}
    page = bob.get("/hub/user-redirect/git-pull", params=where | {"targetPath": "handed_out"})
    assert page.status_code == 200 and "/user/bob/git-pull" in page.url

    def click() -> dict[str, str]:
        """Do what that page does, and return the sources of the cells."""
        query = where | {"targetpath": "handed_out"}
        told = bob.get("/user/bob/git-pull/api", params=query).text
        assert '"phase": "finished"' in told, told
        cells = bob.notebook(f"handed_out/notebooks/{lesson}")["cells"]
        return {cell["id"]: cell["source"] for cell in cells}

    click()
    rewrite(own, ex1="the student's")
    rewrite(repository / "notebooks" / lesson, ex1="the teacher's", ex4="the teacher's too")
    git(repository, "commit", "-q", "-a", "-m", "Mend two stubs")
    cells = click()
    assert (cells["ex1"], cells["ex4"]) == ("the student's", "the teacher's too")
    own.unlink()
    assert click()["ex1"] == "the teacher's"


def rewrite(path: Path, **sources: str) -> None:
    """Give cells of a notebook another source."""
    notebook = json.loads(path.read_text("utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = sources.get(cell["id"], cell["source"])
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", "utf-8")


def test_a_restarted_hub_finds_its_students(
    hub: Hub, students: dict[str, Student], kernels: dict[str, Kernel]
) -> None:
    kernels["ada"].run("kept = 41")
    before = {p.pid for family in hub.families().values() for p in family}
    hub.stop()
    # Without a hub the proxy goes on: who works, works.
    assert asked(kernels["ada"], "kept") == 41
    hub.start()
    ada = students["ada"]
    hub.wait_for(lambda: ada.get("/user/ada/api/kernels").status_code == 200, "ada's server")
    assert {p.pid for family in hub.families().values() for p in family} == before
    with closing(Kernel(ada, kernels["ada"].id)) as found:  # as JupyterLab does by itself
        assert asked(found, "kept + 1") == 42

    def is_ready() -> bool:
        servers = ada.get("/hub/api/users/ada").json()["servers"]
        return "" in servers and servers[""]["ready"]

    hub.wait_for(is_ready, "ada's server is known")


def test_the_teacher_ends_the_class(hub: Hub, students: dict[str, Student]) -> None:
    teacher = Student(hub.url, "teacher", ADMIN_PASSWORD)
    teacher.log_in()
    teacher.get("/hub/home")
    running = hub.processes()
    names = [word for process in running for word in process.cmdline()]
    assert any("ipykernel" in word for word in names) and any("proxy" in word for word in names)
    answer = teacher.post("/hub/api/shutdown", {"servers": True, "proxy": True})
    assert answer.status_code == 202
    psutil.wait_procs(running, timeout=60)
    assert hub.processes() == []


def test_one_command_ends_the_class_and_leaves_no_process(
    hub: Hub, students: dict[str, Student]
) -> None:
    """After a restart, too: the proxy and a server are then not the new hub's children."""
    del hub.settings["HUB_ADMIN_PASSWORD"]  # then the hub makes one
    hub.start()
    secret = hub.state / "teacher-password"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert f"password is in {secret}" in (hub.state / "hub.log").read_text("utf-8")
    Student(hub.url, "teacher", secret.read_text("utf-8").strip()).log_in()
    ada = students["ada"]
    ada.log_in()
    ada.start_server()
    with closing(ada.open(START)) as kernel:
        assert asked(kernel, "6 * 7") == 42
    hub.stop()
    hub.start()
    command = [str(hub.programs / "venv" / "bin" / "python"), "-m", "instructor.hub.end_class"]
    own = {"cwd": ROOT, "env": os.environ | {"HUB_STATE": str(hub.state)}, "text": True}
    done = subprocess.run(command, capture_output=True, timeout=120, **own)
    assert done.returncode == 0 and "The class is over" in done.stdout, done.stderr
    assert hub.processes() == []
    assert (hub.state / "students" / "ada" / "course").exists()
    again = subprocess.run(command, capture_output=True, timeout=120, **own)
    assert again.returncode == 1 and "No hub of" in again.stdout


def test_pins_of_the_hub_add_to_those_of_the_course() -> None:
    """A package pinned in both files would sooner or later be pinned twice, differently."""
    course, hub = (
        {line.partition("==")[0] for line in path.read_text("utf-8").splitlines() if "==" in line}
        for path in PINS
    )
    assert hub and not (course & hub)
    guide = (HUB / "README.md").read_text("utf-8")
    assert PROXY in guide and "-r instructor/hub/requirements-hub.txt" in guide


def test_the_guide_knows_all_settings() -> None:
    config = (HUB / "jupyterhub_config.py").read_text("utf-8")
    guide = (HUB / "README.md").read_text("utf-8")
    table = guide.partition("| Setting (environment) |")[2].partition("\n\n")[0]
    assert set(re.findall(r"HUB_\w+", table)) == set(re.findall(r'"(HUB_\w+)": ', config))
    assert set(re.findall(r"HUB_\w+", guide)) <= set(re.findall(r"HUB_\w+", table))
