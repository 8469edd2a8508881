"""A SQLite saver on a busy disk: its first checkpoint takes long."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from langgraph.checkpoint.sqlite import SqliteSaver

__all__ = ("BusyDisk",)


class BusyDisk(SqliteSaver):
    """A `SqliteSaver` whose first checkpoint waits before it is written.

    Args:
        file: Path of the SQLite file.
        seconds: How long the first checkpoint waits; the others wait for it, as each is written
            after the one before.
    """

    def __init__(self, file: str, seconds: float = 0.0) -> None:
        super().__init__(sqlite3.connect(file, check_same_thread=False))
        self.seconds = seconds

    def put(self, *args: Any) -> Any:
        """Write a checkpoint, the first one late."""
        seconds, self.seconds = self.seconds, 0.0
        time.sleep(seconds)
        return super().put(*args)
