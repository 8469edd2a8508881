"""Logs: one JSON object a line, with the ids of thread, run and user, without secrets or contents.

What people and models wrote, and the texts of exceptions (which quote it), are left out: an
exception is its type, its HTTP status and code, and the lines it passed.
"""

from __future__ import annotations

import contextvars
import json
import logging
import re
import secrets
import sys
import time
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path

__all__ = ("ids", "new_reference", "set_up")

ids: contextvars.ContextVar[dict] = contextvars.ContextVar("ids", default={})  # noqa: B039
STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"}
CODE = re.compile(r"[\w-]{1,40}")  # of a provider, who may send anything in its place
SECRET = re.compile(r"\bsk-[\w*.-]+|(?<=://)[^/\s@:]*:[^/\s@]*(?=@)|(?i:bearer)\s+\S+")


def new_reference() -> str:
    """Return an id that a user can read to whoever reads the log."""
    return secrets.token_hex(4)


def set_up(hidden: Sequence[str]) -> None:
    """Send every log of this process to standard error; `hidden` are texts to blank out."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(hidden))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("production_agent").setLevel(logging.INFO)
    warnings.simplefilter("ignore")  # plain lines for programmers, which quote contents
    for name in ("uvicorn", "uvicorn.error"):  # ours in JSON, not its own in colour
        logging.getLogger(name).handlers.clear()


class JsonLines(logging.Formatter):
    """Formats a record as JSON."""

    def __init__(self, hidden: Sequence[str]) -> None:
        super().__init__()
        self.hidden = hidden

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        if isinstance(record.args, tuple):  # other libraries put errors into their sentences
            record.args = tuple(
                type(one).__name__ if isinstance(one, BaseException) else one for one in record.args
            )
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            # Further lines are other libraries' details: asyncio quotes an error's text there.
            "event": record.getMessage().partition("\n")[0],
            "logger": record.name,
            **ids.get(),
            **{name: value for name, value in vars(record).items() if name not in STANDARD},
        }
        if record.exc_info and (error := record.exc_info[1]):
            line |= describe(error)
        text = json.dumps(line, default=str)
        for secret in self.hidden:
            text = text.replace(json.dumps(secret)[1:-1], "[hidden]")
        return SECRET.sub("[hidden]", text)


def describe(error: BaseException) -> dict:
    """Return what an exception is, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    found = {
        "error": type(error).__name__,
        "status": getattr(error, "status_code", None),
        "code": _code(getattr(error, "code", None) or getattr(error, "sqlstate", None)),
        "request": _code(getattr(error, "request_id", None)),
        "at": [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames[-12:]],
    }
    if cause := error.__cause__ or error.__context__:
        found["cause"] = type(cause).__name__
    return {name: value for name, value in found.items() if value is not None}


def _code(value: object) -> object:
    return value if CODE.fullmatch(f"{value}") else None
