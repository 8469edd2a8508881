"""A hub for one class on one Linux machine. README.md beside this file is the guide.

    HUB_PASSWORD=at-least-8-letters jupyterhub -f instructor/hub/jupyterhub_config.py

What is yours to choose comes from the environment; what is decided stands here, with the reason.
"""

from __future__ import annotations

import asyncio
import os
import resource
import secrets
import subprocess
import sys
from pathlib import Path

from jupyterhub.spawner import SimpleLocalProcessSpawner

SETTINGS = {
    "HUB_PASSWORD": "",  # what students type beside their name: 8 letters or more
    "HUB_ADMIN_PASSWORD": "",  # for the user "teacher": 32 letters or more; none: one is made
    "HUB_STUDENTS": "",  # a file, one name a line; none: any name may come in
    "HUB_STATE": str(Path.home() / "langgraph-hub"),  # all that the hub keeps, students' work too
    "HUB_COURSE": str(Path(__file__).resolve().parents[2]),  # what `git clone` hands out
    "HUB_IP": "127.0.0.1",
    "HUB_PORT": "8000",
    "HUB_MEMORY_GB": "4",  # of address space, each process of a student
}
chosen = {name: os.environ.get(name) or default for name, default in SETTINGS.items()}
state = Path(chosen["HUB_STATE"])
state.mkdir(parents=True, exist_ok=True)
state.chmod(0o700)
ip, port = chosen["HUB_IP"], int(chosen["HUB_PORT"])
if len(chosen["HUB_PASSWORD"]) < 8:
    sys.exit("HUB_PASSWORD has to have 8 letters or more. Set it, then start the hub again.")

teacher = state / "teacher-password"
if not chosen["HUB_ADMIN_PASSWORD"]:
    if not teacher.exists():
        teacher.touch(mode=0o600)
        teacher.write_text(secrets.token_urlsafe(32) + "\n", "utf-8")
    chosen["HUB_ADMIN_PASSWORD"] = teacher.read_text("utf-8").strip()
    print(f"You log in as teacher; the password is in {teacher}", flush=True)

c = get_config()  # noqa: F821 - JupyterHub brings it

# -- Who reaches it. Loopback: whoever is not on this machine comes through a web server in front
# that speaks TLS (README.md, "Behind TLS"). Without TLS, passwords and code cross the room in the
# clear, so do not put 0.0.0.0 here.
c.JupyterHub.bind_url = f"http://{ip}:{port}"
c.JupyterHub.hub_ip, c.JupyterHub.hub_port = ip, port + 1
c.ConfigurableHTTPProxy.api_url = f"http://{ip}:{port + 2}"
installed = state / "proxy" / "node_modules" / ".bin" / "configurable-http-proxy"
c.ConfigurableHTTPProxy.command = [str(installed if installed.exists() else installed.name)]

# -- Who is who. A stand-in, good for a workshop: whoever knows the one password can come in under
# any name. Where names matter (grades, other people's data), put a real one here: OAuthenticator
# for accounts of your organisation, LTIAuthenticator for a learning platform.
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = chosen["HUB_PASSWORD"]
c.SharedPasswordAuthenticator.admin_password = chosen["HUB_ADMIN_PASSWORD"]
c.Authenticator.admin_users = {"teacher"}
if chosen["HUB_STUDENTS"]:
    c.Authenticator.allowed_users = set(Path(chosen["HUB_STUDENTS"]).read_text("utf-8").split())
else:
    c.Authenticator.allow_all = True
# A name becomes the name of a folder: nothing in it may lead elsewhere.
c.Authenticator.username_pattern = r"[a-z0-9][a-z0-9_-]{0,30}"


class CourseSpawner(SimpleLocalProcessSpawner):
    """One server a student, as a process of this very user, at home in a folder of its own.

    It needs no root and no system users. It also keeps nobody from reading other people's files:
    see "Who is kept apart from whom" in README.md.
    """

    async def start(self) -> tuple[str, int]:
        """Give the student a course to work in, then start the server."""
        course = Path(self.home_dir) / "course"
        if not course.exists():
            course.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            clone = ["git", "clone", "--quiet", chosen["HUB_COURSE"], str(course)]
            await asyncio.to_thread(subprocess.run, clone, check=True)
        self.environment = environment(course, state / "run" / str(self.user.id))
        # Below the ports that the system gives to whoever asks for any (32768 and up): one of
        # those can be taken in the second between choosing it and using it.
        self.port = 20000 + self.user.id
        return await super().start()

    def make_preexec_fn(self, name: str):
        """Bound the memory, and let the hub and its proxy go first when the machine is busy."""
        most = int(float(chosen["HUB_MEMORY_GB"]) * 2**30)

        def before_the_server() -> None:
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
            os.nice(5)
            os.chdir(self.home_dir)

        return before_the_server


def environment(course: Path, run: Path) -> dict[str, str]:
    """Return what a student's server and kernels find in their environment.

    Args:
        course: The student's own copy of the course.
        run: A folder for sockets. Short: the path of one has 103 characters at most.
    """
    programs = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    return {
        # The packages are installed, once for all: course.py is to make no `.venv` a student.
        "COURSE_ENV": "here",
        "PATH": os.pathsep.join(programs),  # `python3 course.py reset 03` finds that Python
        "PYTHONPATH": str(course),  # the student's own course_utils and lesson_model
        "PYTHONDONTWRITEBYTECODE": "",  # container images set it: imports would take twice as long
        # There JupyterLab is told not to lay its question about news over the lesson.
        "JUPYTER_CONFIG_PATH": str(course / "tools" / "install" / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(run),
        # On a machine with many cores each process would reserve gigabytes for threads of its own,
        # which HUB_MEMORY_GB counts, and thirty of them would fight for the cores.
        "OPENBLAS_NUM_THREADS": "2",
        "MALLOC_ARENA_MAX": "4",
    }


c.JupyterHub.spawner_class = CourseSpawner
c.SimpleLocalProcessSpawner.home_dir_template = str(state / "students" / "{username}")
c.Spawner.ip = ip
c.Spawner.default_url = "/lab/tree/course/notebooks/00_start_here.ipynb"
# tools/build/fast_start.py spares each server 1.4 of its 4 seconds of CPU.
START = "import tools.build.fast_start; from jupyterhub.singleuser import main; main()"
c.Spawner.cmd = [sys.executable, "-c", START]
c.Spawner.args = [
    # Kernels are reached over files. Over TCP each takes five ports that were free a second ago:
    # when thirty kernels start at once, that is sometimes one too few.
    "--KernelManager.transport=ipc",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    *(["--allow-root"] if os.geteuid() == 0 else []),
]
# Thirty servers that start at once wait for each other on a small machine.
c.Spawner.start_timeout = c.Spawner.http_timeout = 300

# -- What comes and goes. Ctrl-C, a crash, a new configuration: the hub ends, students' servers and
# the proxy do not, and the next hub takes them over.
c.JupyterHub.cleanup_servers = c.JupyterHub.cleanup_proxy = False
c.JupyterHub.pid_file = str(state / "hub.pid")  # end_class.py ends it
c.JupyterHub.db_url = f"sqlite:///{state / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(state / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(state / "proxy.pid")
# A server nobody has used for an hour and a half ends; files stay, variables do not.
cull = [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=5400", "--cull-every=300"]
c.JupyterHub.services = [{"name": "culler", "command": cull}]
scopes = ["list:users", "read:users:activity", "read:servers", "delete:servers"]
c.JupyterHub.load_roles = [{"name": "culler", "scopes": scopes, "services": ["culler"]}]
