"""A student of a class on JupyterHub, as the browser would: log in, start a server, run cells.

No token, no shortcut: the login form, its cookies, the hub's OAuth, the kernel's websocket, all of
it through the hub's proxy.
"""

from __future__ import annotations

import json
import re
import uuid
from contextlib import closing
from urllib.parse import urlsplit

import requests
import websocket

__all__ = ("Kernel", "Refused", "Student", "shown")

MAX_WAIT_SECONDS = 300  # a server or a cell may take
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


class Refused(Exception):
    """The hub did not let a student do something; the text says what and why."""


class Student:
    """One student with a browser of their own.

    Args:
        url: The hub's.
        name, password: What they type.
    """

    def __init__(self, url: str, name: str, password: str) -> None:
        self.url, self.name, self.password = url, name, password
        self.base = f"/user/{name}/"
        self.session = requests.Session()
        self.session.trust_env = False  # no proxy between us but the hub's

    def log_in(self) -> None:
        """Fill in the login form.

        Raises:
            Refused: The hub did not accept it.
        """
        self.get("/hub/login")
        form = {"username": self.name, "password": self.password, "_xsrf": self._xsrf("/hub/")}
        page = self.session.post(
            self.url + "/hub/login?next=%2Fhub%2Fhome", data=form, timeout=MAX_WAIT_SECONDS
        )
        if page.status_code != 200 or not page.url.endswith("/hub/home"):
            raise Refused(f"{self.name} could not log in: status {page.status_code}")

    def start_server(self) -> None:
        """Have the hub start the server, follow its progress to the end, and open it.

        Raises:
            Refused: The server did not start.
        """
        self.get(f"/hub/spawn/{self.name}")
        progress = self.get(f"/hub/api/users/{self.name}/server/progress", stream=True)
        with closing(progress):
            events = (line for line in progress.iter_lines() if line.startswith(b"data:"))
            last = {}
            for line in events:
                last = json.loads(line[5:])
                if last.get("ready") or last.get("failed"):
                    break
        if not last.get("ready"):
            raise Refused(f"the server of {self.name} did not start: {last or progress.text}")
        page = self.get(f"{self.base}lab")
        if page.status_code != 200:
            raise Refused(f"JupyterLab of {self.name} answers {page.status_code}")

    def get(self, path: str, **options) -> requests.Response:
        """Ask for a page or an API."""
        xsrf = self._xsrf("/hub/" if path.startswith("/hub/") else self.base)
        headers = {"X-XSRFToken": xsrf} if "/api/" in path and xsrf else {}
        return self.session.get(
            self.url + path, headers=headers, timeout=MAX_WAIT_SECONDS, **options
        )

    def post(self, path: str, body: dict) -> requests.Response:
        """Send JSON to an API."""
        xsrf = self._xsrf("/hub/" if path.startswith("/hub/") else self.base)
        return self.session.post(
            self.url + path, json=body, headers={"X-XSRFToken": xsrf}, timeout=MAX_WAIT_SECONDS
        )

    def _xsrf(self, path: str) -> str:
        return next((c.value for c in self.session.cookies
                     if c.name == "_xsrf" and c.path == path), "")  # fmt: skip

    def notebook(self, path: str) -> dict:
        """Return a notebook of the student's, `path` from their home on."""
        return self.get(f"{self.base}api/contents/{path}").json()["content"]

    def open(self, path: str) -> Kernel:
        """Start a kernel for a notebook, as JupyterLab does when it is opened.

        Raises:
            Refused: There is no kernel.
        """
        wish = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        answer = self.post(f"{self.base}api/sessions", wish)
        if answer.status_code != 201:
            raise Refused(f"no kernel for {self.name}: {answer.status_code} {answer.text[:300]}")
        return Kernel(self, answer.json()["kernel"]["id"])


class Kernel:
    """A running kernel, reached by a websocket through the proxy. Close it when done.

    Closing drops the connection, not the kernel: another `Kernel` with its id finds it as it was.
    """

    def __init__(self, student: Student, id: str) -> None:
        self.id, self.session = id, uuid.uuid4().hex
        path = f"{student.base}api/kernels/{id}/channels?session_id={self.session}"
        url = f"ws://{urlsplit(student.url).netloc}{path}"
        asked = requests.Request("GET", student.url + path)
        cookies = student.session.prepare_request(asked).headers.get("Cookie", "")
        self.socket = websocket.create_connection(url, timeout=MAX_WAIT_SECONDS, cookie=cookies)

    def close(self) -> None:
        """Drop the connection."""
        self.socket.close()

    def run(self, code: str) -> list[dict]:
        """Run a cell and return its outputs, as a notebook keeps them.

        Raises:
            websocket.WebSocketTimeoutException: It took more than 300 s.
        """
        asked = uuid.uuid4().hex
        header = {"msg_id": asked, "msg_type": "execute_request", "version": "5.4"}
        header |= {"session": self.session, "username": "", "date": "2026-01-01T00:00:00Z"}
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        content |= {"user_expressions": {}, "stop_on_error": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        self.socket.send(json.dumps({"channel": "shell", **message, "buffers": []}))
        outputs, replied, idle = [], False, False
        while not (replied and idle):
            answer = json.loads(self.socket.recv())
            if answer["parent_header"].get("msg_id") != asked:
                continue
            kind, content = answer["header"]["msg_type"], answer["content"]
            replied = replied or kind == "execute_reply"
            idle = idle or (kind == "status" and content["execution_state"] == "idle")
            if kind in ("stream", "execute_result", "display_data", "error"):
                outputs.append({"output_type": kind, **content})
        return outputs


def shown(outputs: list[dict]) -> str:
    """Return what outputs say in words: printed text, warnings, results, errors; no colours.

    Each kind stands together: which of two streams arrives first is chance.
    """
    texts = {"stdout": "", "stderr": "", "data": "", "error": ""}
    for output in outputs:
        if output["output_type"] == "stream":
            texts[output["name"]] += "".join(output["text"])
        elif output["output_type"] == "error":
            texts["error"] += f"{output['ename']}: {output['evalue']}\n"
        else:
            texts["data"] += "".join(output["data"].get("text/plain", "")) + "\n"
    return ESCAPES.sub("", "".join(texts.values())).strip()
