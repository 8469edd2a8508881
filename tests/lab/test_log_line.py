"""The log line of lessons 6 and 8: what it holds, and what it never holds."""

from __future__ import annotations

import json
import logging

from lab.log_line import ALLOWED, OneLine


def test_a_line_holds_the_allowed_fields_and_nothing_else() -> None:
    facts = {name: name.upper() for name in ALLOWED} | {"customer": "Ada"}
    record = logging.makeLogRecord(
        {"msg": "asking %s", "args": ("Ada",), "levelname": "INFO"} | facts
    )
    line = json.loads(OneLine().format(record))
    assert line == {"level": "INFO", "event": "asking %s"} | {n: n.upper() for n in ALLOWED}


def test_an_exception_is_its_class() -> None:
    error = ConnectionError("password in here")
    facts = {"msg": "failed", "levelname": "ERROR", "exc_info": (type(error), error, None)}
    line = OneLine().format(logging.makeLogRecord(facts))
    assert json.loads(line)["error"] == "ConnectionError"
    assert "password" not in line
