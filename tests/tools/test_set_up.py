"""`.venv` is made, continued and repaired: offline, from wheels made here, with real installers."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

from course_layout import ROOT

POSIX = pytest.mark.skipif(os.name == "nt", reason="signals and #! lines are POSIX's")
WITH_PIP = pytest.mark.skipif(
    importlib.util.find_spec("ensurepip") is None,
    reason="this Python makes no pip; Debian: sudo apt install python3-venv",
)
SHOW = "import sys, tiny; print('ran', tiny.VERSION, sys.executable, *sys.argv[1:])"
SHOW_BOTH = "import tiny, linter; print('measured', tiny.VERSION, linter.VERSION)"
TOOLS = (
    *("tools/__init__.py", "tools/install/__init__.py"),
    *("tools/install/set_up.py", "tools/install/stages.py"),
)
# Stands for the real uv that pip fetches: says so, and lets pip do the work.
FETCHED_UV = """\
    #!python
    import subprocess, sys
    print("fetched uv", *sys.argv[1:3])
    python, lock = sys.argv[sys.argv.index("--python") + 1], sys.argv[-1]
    pip = [python, "-m", "pip", "install", "--no-deps", "--require-hashes", "-r", lock]
    sys.exit(subprocess.run(pip).returncode)
    """


def make_wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> str:
    """Write a wheel into a folder and return its line of the lock."""
    info = f"{name}-{version}.dist-info"
    files = {
        **{path: textwrap.dedent(text) for path, text in files.items()},
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for member, text in {**files, f"{info}/RECORD": record}.items():
            entry = zipfile.ZipInfo(member)
            entry.external_attr = 0o100755 << 16  # scripts are to be executable
            wheel.writestr(entry, text)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"


class Project:
    """A copy of course.py with a lock of one tiny package, one more for development, and an index.

    `serve` stands for what a reader runs, `bench` for what needs the development packages.
    """

    def __init__(self, folder: Path) -> None:
        self.root, self.wheels, self.bin = folder / "course", folder / "wheels", folder / "bin"
        for path in (
            *(self.root / "tools/install", self.root / "benchmarks"),
            *(self.root / "lab", self.wheels, self.bin),
        ):
            path.mkdir(parents=True)
        for name in ("course.py", "course_layout.py", *TOOLS):
            shutil.copy(ROOT / name, self.root / name)
        for package in ("lab", "benchmarks"):
            (self.root / package / "__init__.py").touch()
        (self.root / "lab/serve.py").write_text(SHOW)
        (self.root / "benchmarks/bench.py").write_text(SHOW_BOTH)
        self.uv = make_wheel(self.wheels, "uv", "1.0", {"uv-1.0.data/scripts/uv": FETCHED_UV})
        self.lock("1.0")
        self.lock_development("1.0")

    def lock(self, version: str) -> None:
        tiny = make_wheel(self.wheels, "tiny", version, {"tiny.py": f"VERSION = '{version}'\n"})
        (self.root / "requirements.lock").write_text(tiny)

    def lock_development(self, version: str) -> None:
        files = {"linter.py": f"VERSION = '{version}'\n"}
        linter = make_wheel(self.wheels, "linter", version, files)
        (self.root / "requirements-dev.lock").write_text(f"{linter}{self.uv}")

    def fake_uv(self, script: str) -> None:
        """Put a program called uv on the PATH."""
        path = self.bin / "uv"
        path.write_text(f"#!{sys.executable}\nimport os, signal, sys, time\n{script}\n")
        path.chmod(0o755)

    def real_uv(self) -> None:
        uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
        if uv is None:
            pytest.skip("no uv on this machine: pip install uv")
        self.fake_uv(f"os.execv({uv!r}, [{uv!r}, *sys.argv[1:]])")

    def environment(self, network: bool = True, **more: str) -> dict[str, str]:
        managed = ("CONDA_PREFIX", "JUPYTERHUB_USER", "NB_PYTHON_PREFIX", "COURSE_ENV")
        env = {name: text for name, text in os.environ.items() if name not in managed}
        links = str(self.wheels if network else self.bin)
        installer = {"PIP_FIND_LINKS": links, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
        installer |= {"UV_FIND_LINKS": links, "UV_OFFLINE": "1", "UV_NO_CONFIG": "1"}
        caches = {"UV_CACHE_DIR": str(self.bin / "cache"), "PIP_NO_CACHE_DIR": "1"}
        return env | installer | caches | {"PATH": str(self.bin)} | more

    def start(self, word: str = "serve", *options: str, **env: str) -> subprocess.Popen[str]:
        command = [sys.executable, "course.py", word, *options]
        return subprocess.Popen(
            command,
            cwd=self.root,
            env=self.environment(**env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, word: str = "serve", *options: str, **env: str) -> tuple[int, str]:
        process = self.start(word, *options, **env)
        output = process.communicate(timeout=600)[0]
        return process.returncode, output

    @property
    def site(self) -> Path:
        return next((self.root / ".venv").rglob("site-packages"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture(scope="session")
def venv_with_pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `.venv` as editors make it. Making a pip takes seconds: once is enough."""
    folder = tmp_path_factory.mktemp("editor") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder


@pytest.fixture
def project_with_pip(project: Project, venv_with_pip: Path) -> Project:
    """A project whose `.venv` is there, with nothing but pip in it."""
    shutil.copytree(venv_with_pip, project.root / ".venv", symlinks=True)
    return project


@POSIX
def test_first_use_installs_and_the_second_only_runs(project: Project) -> None:
    project.real_uv()
    status, output = project.run("serve", "--some", "option")
    assert status == 0, output
    assert f"ran 1.0 {project.root}/.venv/bin/python --some option" in output
    project.fake_uv("sys.exit('not to be asked again')")
    status, output = project.run(network=False)
    assert status == 0 and output.startswith("ran 1.0"), output


@POSIX
def test_a_reader_gets_no_development_package(project: Project) -> None:
    project.real_uv()
    assert project.run()[0] == 0
    assert list(project.site.glob("tiny*")) and not list(project.site.glob("linter*"))


@POSIX
def test_what_needs_development_packages_adds_them(project: Project) -> None:
    project.real_uv()
    project.run()
    status, output = project.run("bench")
    assert status == 0 and "measured 1.0 1.0" in output, output
    project.fake_uv("sys.exit('not to be asked again')")
    for word, said in (("bench", "measured 1.0 1.0"), ("serve", "ran 1.0")):
        status, output = project.run(word, network=False)
        assert status == 0 and output.startswith(said), output


@POSIX
def test_development_packages_first_is_as_good(project: Project) -> None:
    project.real_uv()
    status, output = project.run("bench")
    assert status == 0 and "measured 1.0 1.0" in output, output
    assert project.run(network=False)[1].startswith("ran 1.0")


@POSIX
def test_a_changed_development_lock_is_nothing_to_readers(project: Project) -> None:
    project.real_uv()
    project.run("bench")
    project.lock_development("2.0.1")
    assert project.run(network=False)[1].startswith("ran 1.0")
    status, output = project.run("bench")
    assert status == 0 and "measured 1.0 2.0.1" in output, output


@POSIX
def test_killed_while_adding_development_packages_a_reader_goes_on(project: Project) -> None:
    project.real_uv()
    project.run()
    project.fake_uv("os.kill(os.getppid(), signal.SIGKILL)")
    assert project.run("bench")[0] == -signal.SIGKILL
    (project.site / "linter").mkdir()  # half a package, which would hide the whole one
    assert project.run(network=False)[1].startswith("ran 1.0")
    project.real_uv()
    status, output = project.run("bench")
    assert status == 0 and "half-made" in output and "measured 1.0 1.0" in output, output


@POSIX
def test_every_process_finds_our_modules_and_keeps_compiled_files(project: Project) -> None:
    project.real_uv()
    project.run()
    ask = (
        "import sys; print(sys.path); print(sys.dont_write_bytecode, sys.modules['rfc3987_syntax'])"
    )
    said = subprocess.run(
        [project.root / ".venv/bin/python", "-c", ask],
        env={"PYTHONDONTWRITEBYTECODE": "1"},
        cwd=project.bin,
        capture_output=True,
        text=True,
    )
    assert f"'{project.root}'" in said.stdout and "False None" in said.stdout, said.stderr


@POSIX
@WITH_PIP
def test_without_uv_pip_fetches_it(project: Project) -> None:
    status, output = project.run()
    assert status == 0, output
    assert "fetched uv pip install" in output and "ran 1.0" in output
    assert not [path.name for path in (project.root / ".venv").rglob("uv*")]


@POSIX
@WITH_PIP
def test_where_uv_fails_pip_does_it(project_with_pip: Project) -> None:
    project_with_pip.fake_uv("sys.exit('certificate not trusted')")
    status, output = project_with_pip.run()
    assert status == 0, output
    assert "certificate not trusted" in output and "Trying pip" in output and "ran 1.0" in output


@POSIX
@WITH_PIP
def test_without_network_it_says_so_and_goes_on_later(project_with_pip: Project) -> None:
    status, output = project_with_pip.run(network=False)
    assert status == 1
    assert "not with uv and not with pip" in output and "run the same command again" in output
    assert "Traceback" not in output
    status, output = project_with_pip.run()
    assert status == 0 and "ran 1.0" in output, output


@POSIX
@WITH_PIP
def test_a_tampered_package_is_refused(project_with_pip: Project) -> None:
    project_with_pip.real_uv()
    make_wheel(project_with_pip.wheels, "tiny", "1.0", {"tiny.py": "VERSION = 'evil'\n"})
    status, output = project_with_pip.run()
    assert status == 1 and "ran" not in output
    assert not list(project_with_pip.site.glob("tiny*"))


@POSIX
def test_killed_in_the_middle_it_is_made_anew(project: Project) -> None:
    project.fake_uv("os.kill(os.getppid(), signal.SIGKILL)")
    assert project.run()[0] == -signal.SIGKILL
    (project.site / "tiny").mkdir()  # half a package, which would hide the whole one
    project.real_uv()
    status, output = project.run()
    assert status == 0 and "half-made" in output and "ran 1.0" in output, output
    assert not (project.site / "tiny").exists()


@POSIX
def test_a_venv_whose_python_is_gone_is_made_anew(project: Project) -> None:
    project.real_uv()
    project.run()
    python = project.root / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    status, output = project.run()
    assert status == 0 and "half-made" in output and "ran 1.0" in output, output


@POSIX
def test_a_changed_lock_is_installed_into_the_same_venv(project: Project) -> None:
    project.real_uv()
    project.run()
    (project.site / "of_the_reader.py").touch()
    project.lock("2.0.1")
    status, output = project.run()
    assert status == 0 and "ran 2.0.1" in output, output
    assert (project.site / "of_the_reader.py").exists()


@POSIX
def test_a_venv_made_by_an_editor_is_completed(project: Project) -> None:
    project.real_uv()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", project.root / ".venv"])
    (project.site / "of_the_reader.py").touch()
    status, output = project.run()
    assert status == 0 and "ran 1.0" in output, output
    assert (project.site / "of_the_reader.py").exists()


@POSIX
def test_a_moved_course_finds_its_modules_again(project: Project) -> None:
    project.real_uv()
    project.run()
    project.root = project.root.rename(project.root.with_name("moved"))
    status, output = project.run()
    assert status == 0 and "ran 1.0" in output, output
    assert (project.site / "course.pth").read_text().splitlines()[0] == str(project.root)


def test_a_folder_that_cannot_be_written_is_a_sentence(project: Project) -> None:
    (project.root / ".venv").write_text("a file where the folder should be")
    status, output = project.run()
    assert status == 1 and "Traceback" not in output
    assert "MB are)" in output and "run the same command again" in output


@POSIX
@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stopped_setup_leaves_no_process_and_can_be_repeated(
    project: Project, number: signal.Signals, status: int
) -> None:
    project.fake_uv("print('pid', os.getpid(), flush=True); time.sleep(60)")
    process = project.start()
    pid = next(int(line.split()[1]) for line in process.stdout if line.startswith("pid"))
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as the terminal does
    else:
        process.send_signal(number)
    output = process.communicate(timeout=120)[0]
    assert process.returncode == status
    assert number == signal.SIGTERM or "Run the same command again" in output
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    project.real_uv()
    assert project.run()[0] == 0


def test_a_prepared_python_is_used_as_it_is(project: Project) -> None:
    show = "import sys; print('ran', sys.executable)"
    (project.root / "lab/serve.py").write_text(show)
    for env in ({"COURSE_ENV": "here"}, {"CONDA_PREFIX": sys.prefix}):
        status, output = project.run(**env)
        assert (status, output.split()) == (0, ["ran", sys.executable])
    assert not (project.root / ".venv").exists()


@POSIX
def test_an_active_conda_without_the_packages_is_left_alone(project: Project) -> None:
    project.real_uv()
    bare = [sys.executable, "-S", "course.py", "serve"]  # -S: no site-packages
    options = {"cwd": project.root, "capture_output": True, "text": True}
    told = subprocess.run(bare, env=project.environment(COURSE_ENV="here"), **options)
    assert told.returncode == 1 and "pip install -r requirements.txt" in told.stderr
    conda = subprocess.run(bare, env=project.environment(CONDA_PREFIX=sys.prefix), **options)
    assert f"ran 1.0 {project.root}/.venv/bin/python" in conda.stdout, conda.stderr


def test_a_prepared_python_without_development_packages_is_told(project: Project) -> None:
    for name in ("jupyterlab", "langgraph", "nbval"):
        (project.bin / name).mkdir()
    done = subprocess.run(
        [sys.executable, "-S", "course.py", "bench"],
        env=project.environment(COURSE_ENV="here", PYTHONPATH=str(project.bin)),
        cwd=project.root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and not (project.root / ".venv").exists()
    assert "pip install --no-deps -r requirements-dev.lock" in done.stderr
