"""Write log records as JSON, from an allow-list of fields (lessons 6 and 8)."""

from __future__ import annotations

import json
import logging

__all__ = ("ALLOWED", "OneLine")

ALLOWED = ("thread_id", "run_id", "node", "step", "keys", "reference", "error", "messages")
"""Fields that may be written. None of them holds what a person or a model has said."""


class OneLine(logging.Formatter):
    """Formats a record as one line of JSON: level, fixed words, and the fields of `ALLOWED`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line, without the text of its exception."""
        line = {"level": record.levelname, "event": record.msg}
        line |= {name: vars(record)[name] for name in ALLOWED if name in vars(record)}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, default=str)
