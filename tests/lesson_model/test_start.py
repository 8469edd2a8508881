"""Starting, stopping, scratch states, child processes, and a reader's own endpoint."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request

import pytest
from langchain_openai import ChatOpenAI

import lesson_model
from course_layout import ROOT
from lab.postgres.keeper import free_port
from lesson_model.model import LessonModel
from tests.lesson_model.wire import user

CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("OPENAI_", "LESSON_")) and name.upper() != "NO_PROXY"
}


def run(code, **environment):
    """Run Python code in a new process; return the JSON it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**CLEAN, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    return json.loads(done.stdout)


NAMES = ("OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_API_KEY", "NO_PROXY", "no_proxy")
SHOW = f"""
import json, os
import lesson_model
names = {NAMES}
before = {{name: os.environ.get(name) for name in names}}
model = lesson_model.start()
set_to = {{name: os.environ.get(name) for name in names}}
model.when("x").says("y"); model.fail("timeout"); model.pace(9); model.requests
with lesson_model.scratch() as scratch: same = scratch is model
model.reset(); model.stop()
after = {{name: os.environ.get(name) for name in names}}
print(json.dumps([model.url, model.local, model.name, same, before, set_to, after]))
"""


def test_start_points_every_client_here_and_stop_takes_it_back():
    url, local, name, same, before, set_to, after = run(SHOW, NO_PROXY="example.org")
    assert url.startswith("http://127.0.0.1:") and url.endswith("/v1")
    assert (local, name, same) == (True, "lesson-model", True)
    assert set_to["OPENAI_BASE_URL"] == set_to["OPENAI_API_BASE"] == url
    assert set_to["OPENAI_API_KEY"] == "sk-lesson"
    assert set_to["NO_PROXY"] == "example.org,127.0.0.1,localhost"
    assert set_to["no_proxy"] == "127.0.0.1,localhost"
    assert before == after


@pytest.mark.parametrize("name", ["OPENAI_BASE_URL", "OPENAI_API_BASE"])
def test_an_endpoint_of_the_readers_own_is_left_alone(name):
    theirs = "https://models.example.org/v1"
    environment = {name: theirs, "OPENAI_API_KEY": "sk-theirs", "OPENAI_MODEL": "gpt-6"}
    url, local, model, same, before, set_to, after = run(SHOW, **environment)
    assert (url, local, model, same) == (theirs, False, "gpt-6", True)
    assert before == set_to == after


def test_a_key_alone_chooses_nothing():
    url, local, *_, set_to, _ = run(SHOW, OPENAI_API_KEY="sk-theirs")
    assert local and set_to["OPENAI_API_KEY"] == "sk-lesson"


def test_start_again_is_the_same_model_with_a_clean_slate(lesson, ask):
    lesson.when("hi").says("a rule")
    ask(user("hi"))
    url = lesson.url
    assert lesson_model.start() is lesson and lesson_model.start(port=1) is lesson
    assert lesson.url == url and lesson.requests == []
    assert b"a rule" not in ask(user("hi"))[2]


def test_a_scratch_state_is_clean_and_the_old_one_comes_back(lesson, ask):
    lesson.when("hi").says("the old rule")
    lesson.fail("rate_limit")
    lesson.pace(first=0.01)
    lesson.context_window = 1000
    first = ask(user("before"))[0]
    with pytest.raises(ZeroDivisionError), lesson_model.scratch() as model:
        assert model is lesson and model.requests == [] and len(model.state.faults) == 0
        assert (model.state.first, model.context_window) == (0.0, 128_000)
        assert b"the old rule" not in ask(user("hi"))[2]
        with model.scratch():
            model.fail("server_error", times=None)
            assert ask(user("hi"))[0] == 500
        assert ask(user("hi"))[0] == 200 and len(model.requests) == 2
        raise ZeroDivisionError
    assert b"the old rule" in ask(user("hi"))[2]
    assert [request.status for request in lesson.requests] == [first, 200] == [429, 200]
    assert (lesson.state.first, lesson.context_window) == (0.01, 1000)


def test_ids_in_a_scratch_state_begin_anew(lesson, ask):
    first = json.loads(ask(user("hi"))[2])["id"]
    with lesson_model.scratch():
        assert json.loads(ask(user("hi"))[2])["id"] == first
    assert json.loads(ask(user("hi"))[2])["id"] != first


def test_child_processes_use_their_parents_model(lesson):
    lesson.when("child").says("hello, child")
    code = (
        "import json, openai, urllib.request, os\n"
        "answer = openai.OpenAI().chat.completions.create(model='m', messages=["
        "{'role': 'user', 'content': 'a child'}])\n"
        "print(json.dumps(answer.choices[0].message.content))"
    )
    environment = {name: os.environ[name] for name in (*NAMES, "LESSON_MODEL_URL")}
    assert run(code, **environment) == "hello, child"
    assert len(lesson.requests) == 1
    code = "import json, lesson_model; print(json.dumps(lesson_model.start().url))"
    assert run(code, **environment) != lesson.url  # one that starts a model gets its own


def test_child_processes_control_their_parents_model(lesson, ask):
    control = lesson.url.removesuffix("v1") + "_lesson/"

    def send(command, **fields):
        data = json.dumps(fields).encode() if command != "requests" else None
        with urllib.request.urlopen(control + command, data) as answer:
            return json.load(answer)

    send("fail", word="http", status=418, times=1)
    assert ask(user("hi"))[0] == 418
    (logged,) = send("requests")
    assert (logged["status"], logged["fault"]) == (418, "http")
    assert logged["body"] == user("hi") and "sk-lesson" not in str(logged)
    for wrong in ({"word": "meteor"}, {"word": "quota", "surprise": 1}, {}, {"word": []}):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            send("fail", **wrong)
    send("reset")
    assert lesson.requests == []


TALK = """
import json, urllib.request
import lesson_model
url = lesson_model.start().url + "/chat/completions"
schema = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
names = ("get_weather", "search_web", "send_email", "book_flight")
tools = [{"type": "function", "function": {"name": name, "parameters": schema}} for name in names]
said = []
for text in ("Hello!", "Hello!", "The weather in Oslo and Rome for 3 days?", "What can you do?"):
    body = {"model": "m", "messages": [{"role": "user", "content": text}], "tools": tools}
    headers = {"authorization": "Bearer sk-x"}
    asked = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(asked) as answer:
        said.append([answer.headers.as_string(), answer.read().decode()])
print(json.dumps(said))
"""


def test_two_processes_say_the_same_to_the_byte():
    first, second = (run(TALK, PYTHONHASHSEED=seed) for seed in ("1", "2"))
    assert first == second
    assert first[0] != first[1]  # the same request again has ids of its own


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_talks_to_its_parents_server(lesson):
    code = (
        "import json, os, lesson_model, openai\n"
        "model = lesson_model.start()\n"
        "model.when('hi').says('from the parent')\n"
        "if os.fork() == 0:\n"
        "    text = openai.OpenAI().chat.completions.create(model='m', messages=["
        "{'role': 'user', 'content': 'hi'}]).choices[0].message.content\n"
        "    own = lesson_model.start().url != model.url\n"
        "    os._exit(0 if own and text == 'from the parent' else 1)\n"
        "print(json.dumps([os.wait()[1], len(model.requests)]))"
    )
    assert run(code) == [0, 1]


def test_a_stopped_model_is_gone_and_another_can_start():
    code = (
        "import json, lesson_model, socket\n"
        "first = lesson_model.start(); port = int(first.url.split(':')[2].split('/')[0])\n"
        "first.stop()\n"
        "gone = socket.socket().connect_ex(('127.0.0.1', port)) != 0\n"
        "second = lesson_model.start(port)\n"
        "print(json.dumps([gone, second is not first, second.url == first.url]))"
    )
    assert run(code) == [True, True, True]


def test_a_taken_port_is_named_with_the_cure(lesson):
    port = lesson._server.port
    with pytest.raises(OSError, match=f"Port {port} of 127.0.0.1 is taken.*or 0 for a free one"):
        LessonModel(port)
    with pytest.raises(OSError, match="Port 70000 of 127.0.0.1 does not exist"):
        LessonModel(70_000)


def alone(*arguments):
    command = [sys.executable, "-m", "lesson_model", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=ROOT, env=CLEAN, **pipes)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process")
def test_alone_it_serves_until_ctrl_c():
    port = free_port()
    process = alone("--port", str(port), "--fail", "rate_limit")
    try:
        line = process.stdout.readline()
        assert f"http://127.0.0.1:{port}/v1" in line and "Ctrl-C" in line
        url = f"http://127.0.0.1:{port}/v1"
        model = ChatOpenAI(model="m", base_url=url, api_key="sk-anything", max_retries=0)
        with pytest.raises(Exception, match="Rate limit reached for m"):
            model.invoke("hi")
        second = alone("--port", str(port))
        assert second.wait(60) == 1
        sentence = second.stderr.read()
        assert f"Port {port} of 127.0.0.1 is taken" in sentence and "Traceback" not in sentence
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert process.stderr.read() == ""


COST = """
import json, sys, time

def cost(action):
    begun = time.process_time()
    action()
    return time.process_time() - begun

def start():
    import lesson_model
    lesson_model.start()

client = cost(lambda: __import__("openai"))
before = set(sys.modules)
first, again = cost(start), cost(start)
new = sorted({name.split(".")[0] for name in set(sys.modules) - before})
print(json.dumps([first / client, again / client, new]))
"""


def test_starting_costs_little(tmp_path):
    """Next to what the openai package itself costs, which a kernel has paid already."""
    compiled = {"PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": ""}
    run(COST, **compiled)  # compiles
    first, again, modules = min(run(COST, **compiled) for _ in range(2))
    assert first < 0.25 and again < 0.01
    assert set(modules) <= {"lesson_model", *sys.stdlib_module_names}


def test_a_scratch_leads_to_the_model_though_the_environment_was_put_back(monkeypatch):
    with lesson_model.scratch() as model:
        pass
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("LESSON_MODEL_URL")
    with lesson_model.scratch() as again:
        assert again is model
        assert ChatOpenAI(model="m").invoke("hi").text
    model.stop()
