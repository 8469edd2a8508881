"""What keeps the service from starting is one sentence: the fact, then its cure."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import openai
import pytest

from course_layout import ROOT
from production_agent import database, tools, tracing
from production_agent.__main__ import _listen, main
from production_agent.logs import JsonLines, describe
from production_agent.server import serve
from production_agent.service import create_app
from production_agent.settings import Settings, Unusable, read
from tests.production_agent.service_process import change

URL = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
OWN = "PRODUCTION_AGENT_"
SECRET = "pass-word"


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """Put the logging of this process back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, tmp_path: Path):
    """Return a function that starts the service with settings and returns why it did not."""

    def start(*words: str, **settings: str) -> str:
        for name in [name for name in os.environ if name.startswith((OWN, "OPENAI_"))]:
            monkeypatch.delenv(name)
        given = {"PRODUCTION_AGENT_DATABASE": str(tmp_path / "a.sqlite"), **URL, **settings}
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        assert main(["--port", "0", *words]) == 1
        out, sentence = capsys.readouterr()
        assert out == "" and sentence.count("\n") == 1 and sentence.endswith(".\n")
        assert SECRET not in sentence and "Traceback" not in sentence and ": " in sentence
        return sentence

    return start


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ann:{SECRET}@127.0.0.1:9/shop",
        f"postgres://ann:{SECRET}%zz@127.0.0.1:9/shop",
        f"postgresql://ann:{SECRET}@/shop?host=/nowhere",
        f"postgresql://ann:{SECRET}@127.0.0.1:99999/shop?nonsense=1",
    ],
)
def test_a_wrong_url(refused, url: str) -> None:
    sentence = refused(PRODUCTION_AGENT_DATABASE=url)
    assert sentence.startswith("PRODUCTION_AGENT_DATABASE leads to no PostgreSQL database")


@pytest.mark.parametrize("name", [f"mysql://ann:{SECRET}@h/shop", ":memory:", "file:a.sqlite"])
def test_what_names_no_file_and_no_postgres(refused, name: str) -> None:
    sentence = refused(PRODUCTION_AGENT_DATABASE=name)
    assert "is neither a file's path nor a URL of PostgreSQL" in sentence


def test_a_locked_file(refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "SECONDS", 0.1)
    holder = sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)
    holder.execute("begin exclusive")
    sentence = refused()
    holder.close()
    assert "holds" in sentence and "end it" in sentence


@pytest.mark.parametrize(
    "content", [b"This is a letter, no database." * 50, b"SQLite format 3\0" * 99]
)
def test_a_damaged_file(refused, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.sqlite").write_bytes(content)
    assert "is damaged or no SQLite file: restore it" in refused()


def test_a_file_that_is_damaged_within(refused, tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table letters (text)")
        connection.execute("insert into letters values (?)", ("a" * 100_000,))
        connection.commit()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"?" * (len(content) - 4096))
    assert "is damaged or no SQLite file: restore it" in refused()


def test_a_folder_in_place_of_a_file(refused, tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").mkdir()
    assert "cannot be opened or written" in refused()
    assert "does not exist" in refused(PRODUCTION_AGENT_DATABASE=str(tmp_path / "no" / "a.sqlite"))


def test_postgres_without_tables(refused, bare_postgres: str) -> None:
    assert "--set-up" in refused(PRODUCTION_AGENT_DATABASE=bare_postgres)


def test_tables_of_somebody_else(refused, bare_postgres: str) -> None:
    change(bare_postgres, "create table checkpoints (step int)")
    sentence = refused("--set-up", PRODUCTION_AGENT_DATABASE=bare_postgres)
    assert sentence.startswith("The database can be opened and not be used (UndefinedColumn): ")


def test_others_without_tokens(refused) -> None:
    assert "PRODUCTION_AGENT_TOKENS is not set" in refused("--host", "0.0.0.0")


def test_a_short_answer_waits_for_no_other_and_sqlite_for_no_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings, found, before = read({"OPENAI_BASE_URL": "http://h/v1"}), [], sys.getswitchinterval()
    listening = _listen("127.0.0.1", 0, settings)
    monkeypatch.setattr(
        "uvicorn.Server.run", lambda *_, **__: found.append(sys.getswitchinterval())
    )
    serve(create_app(settings), settings, listening)
    sys.setswitchinterval(before)
    assert listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert found[0] < before / 2
    listening.close()


def test_a_port_that_is_taken_or_none(refused) -> None:
    assert "cannot be taken" in refused("--port", "99999")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"OPENAI_BASE_URL": ""}, "OPENAI_API_KEY is not set"),
        ({"OPENAI_BASE_URL": "localhost:80"}, "OPENAI_BASE_URL is not a URL"),
        ({OWN + "TOKENS": f"ann:{SECRET},bob"}, "Entry 2 of PRODUCTION_AGENT_TOKENS"),
        ({OWN + "TOKENS": "ann:short"}, "Entry 1"),
        ({OWN + "TOKENS": f"ann: {SECRET}"}, "Entry 1"),
        ({OWN + "TOKENS": f"ann:{SECRET} {SECRET}"}, "Entry 1"),
        ({OWN + "TOKENS": f"ann:{SECRET}é"}, "Entry 1"),
        ({OWN + "TOKENS": f"ann:{SECRET},bob:{SECRET}"}, "Two users share a token"),
        ({OWN + "TOKENS": " , "}, "PRODUCTION_AGENT_TOKENS names no user"),
        ({OWN + "APPROVERS": ","}, "PRODUCTION_AGENT_APPROVERS names no user"),
        ({OWN + "THREADS": "1_0"}, "is not a whole number"),
        ({OWN + "THREADS": "\N{FULLWIDTH DIGIT ONE}"}, "is not a whole number"),
        ({OWN + "MODEL_CALLS": "many"}, "whole number from 1 to 100"),
        ({OWN + "MODEL_CALLS": "2.5"}, "whole number"),
        ({OWN + "TURN_SECONDS": "nan"}, "TURN_SECONDS"),
        ({OWN + "LEASE_SECONDS": "-1"}, "LEASE_SECONDS"),
        ({OWN + "REFUND_CIELING": "5"}, "PRODUCTION_AGENT_REFUND_CIELING is no setting"),
    ],
)
def test_a_setting_that_makes_no_sense(settings: dict, words: str) -> None:
    with pytest.raises(Unusable) as caught:
        read(URL | settings)
    assert words in str(caught.value) and SECRET not in str(caught.value)


def test_the_operators_page_has_every_setting_and_its_default() -> None:
    page = (ROOT / "docs" / "production_agent.md").read_text("utf-8")
    table = page.partition("\n## Settings\n")[2].partition("\n## ")[0]
    said = dict(re.findall(r"^\| `([A-Z_]+)` \| `?([^|`]+?)`? \|", table, re.M))
    usual = {"model", "fallback_model", "base_url", "api_key"}  # the page names them: OPENAI_...
    own = [one for one in fields(Settings) if one.name not in usual]
    numbers = {one.name.upper(): f"{one.default:.15g}" for one in own if one.metadata}
    texts = {"DATABASE": read(URL).database, "TOKENS": "none", "APPROVERS": "none"}
    assert len(own) == len(numbers | texts) and not read(URL).users and not read(URL).approvers
    assert {name: default.replace(",", "") for name, default in said.items()} == texts | numbers


def test_what_kubernetes_sets_is_no_setting() -> None:
    port = {
        OWN + name: "tcp://10.0.0.1:8000" for name in ("PORT", "PORT_8000_TCP", "DB_SERVICE_PORT")
    }
    assert read(URL | port | {OWN + "SERVICE_HOST": "10.0.0.1"}) == read(URL)


def test_a_wrong_name_among_the_risky_tools(refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tools.RISKY, "refunds", "Money leaves the shop.")
    assert "RISKY in tools.py names refunds, which is no tool" in refused()


def test_spans_without_their_packages(refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    assert "install opentelemetry-sdk" in refused()


def test_a_span_has_ids_and_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("opentelemetry.trace")
    found = {}

    class Tracer:
        @contextmanager
        def start_as_current_span(self, name: str, *, attributes: dict, **options: bool):
            found.update({"name": name, **attributes, **options})
            status = lambda code: found.update(status=code.name)  # noqa: E731
            yield SimpleNamespace(set_attribute=found.__setitem__, set_status=status)

    monkeypatch.setattr(tracing, "_tracer", Tracer())
    with pytest.raises(ValueError), tracing.span("run", thread="t", run="r"):
        raise ValueError("my card is 4111 1111")
    options = {"record_exception": False, "set_status_on_exception": False}
    ids = {"agent.thread": "t", "agent.run": "r", "error.type": "ValueError"}
    assert found == {"name": "run", "status": "ERROR", **ids, **options}


async def test_the_last_spans_are_sent_and_not_waited_for_too_long(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    called, may_end = threading.Event(), threading.Event()
    provider = SimpleNamespace(shutdown=lambda: (called.set(), may_end.wait(60)))
    monkeypatch.setattr(tracing, "_provider", provider, raising=False)
    monkeypatch.setattr(tracing, "SECONDS", 0.1, raising=False)
    app = create_app(read(URL | {OWN + "DATABASE": str(tmp_path / "a.sqlite")}))
    async with app.router.lifespan_context(app):
        assert not called.is_set()
    assert called.wait(60)  # and we are here, though it has not ended
    may_end.set()


def test_settings_show_no_secret() -> None:
    settings = read(
        URL
        | {"OPENAI_API_KEY": "sk-" + SECRET, OWN + "TOKENS": f"ann:{SECRET}"}
        | {OWN + "DATABASE": f"postgresql://ann:{SECRET}@h/shop"}
    )
    assert SECRET not in repr(settings) and settings.is_postgres
    assert set(settings.secrets) == {SECRET, "sk-" + SECRET}


def test_a_log_line_shows_no_secret_and_no_text_of_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lines = JsonLines([SECRET, 'with"quote'])
    try:
        raise ValueError("my card is 4111 1111")
    except ValueError as error:
        logging.getLogger("some.library").error(
            f"at postgres://u:{'p' * 9}@h and redis://:{'q' * 9}@h "
            f'with {SECRET}, with"quote and sk-{"x" * 9}',
            exc_info=error,
        )
    text = lines.format(caplog.records[-1])
    for secret in (SECRET, "quote", "x" * 9, "p" * 9, "q" * 9, "4111"):
        assert secret not in text
    assert '"error": "ValueError"' in text and Path(__file__).name in text


@pytest.mark.parametrize("text", ["x://" + ":" * 8000, "bearer " * 2000, "://a:" * 2000])
def test_a_long_text_takes_no_long_time_to_log(caplog: pytest.LogCaptureFixture, text: str) -> None:
    logging.getLogger("some.library").error(text)
    began = time.process_time()
    JsonLines([SECRET]).format(caplog.records[-1])
    assert time.process_time() - began < 0.5  # seconds; with the square of the colons it was 2


@pytest.mark.parametrize(
    ("code", "is_shown"),
    [("rate_limit", True), ("I live at 12", False), ("x" * 999, False), ({}, False)],
)
def test_a_log_line_shows_a_providers_code_if_it_is_one(code: object, is_shown: bool) -> None:
    error = openai.APIError("", None, body={"code": code})
    line = describe(error)
    assert ("code" in line, line.get("code") == code) == (is_shown, is_shown)


def test_a_log_line_names_errors_that_libraries_quote(caplog: pytest.LogCaptureFixture) -> None:
    error = ValueError("my card is 4111 1111")
    logging.getLogger("psycopg.pool").warning("error connecting in %r: %s", "pool-1", error)
    line = json.loads(JsonLines([]).format(caplog.records[-1]))
    assert line["event"] == "error connecting in 'pool-1': ValueError"


def test_a_log_line_has_the_first_line_of_what_others_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    text = "Task exception was never retrieved\nfuture: <Task exception=ValueError('my card')>"
    logging.getLogger("asyncio").error(text)
    line = json.loads(JsonLines([]).format(caplog.records[-1]))
    assert line["event"] == "Task exception was never retrieved"


def test_the_command_ends_with_a_status(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").write_bytes(b"This is a letter, no database." * 50)
    environment = {**os.environ, **URL, OWN + "DATABASE": "a.sqlite", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "production_agent", "--port", "0"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("a.sqlite is damaged")


@pytest.mark.skipif(os.name == "nt", reason="there, no process sends another one a Ctrl+C")
def test_ctrl_c_while_it_imports_is_quiet(tmp_path: Path) -> None:
    text = "import time\nprint('here', flush=True)\ntime.sleep(60)\n"
    (tmp_path / "psycopg.py").write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "production_agent"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, cwd=tmp_path, **pipes) as process:
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate() == ("", "")
    assert process.returncode == -signal.SIGINT


def test_of_two_that_start_together_one_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "agent.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        monkeypatch.setattr(database.time, "sleep", lambda _: other.execute("rollback"))
        database._make_file(str(path))
        assert other.execute("pragma journal_mode").fetchone() == ("wal",)
