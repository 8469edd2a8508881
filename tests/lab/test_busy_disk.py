"""A busy disk delays the first checkpoint and no other."""

from __future__ import annotations

import time
from pathlib import Path

from langgraph.checkpoint.base import empty_checkpoint

from lab.busy_disk import BusyDisk


def test_only_the_first_checkpoint_waits_and_all_are_kept(tmp_path: Path) -> None:
    saver = BusyDisk(str(tmp_path / "busy.db"), seconds=0.3)
    config = {"configurable": {"thread_id": "1", "checkpoint_ns": ""}}
    took = []
    for step in range(3):
        began = time.monotonic()
        config = saver.put(config, empty_checkpoint(), {"step": step}, {})
        took.append(time.monotonic() - began)
    assert took[0] >= 0.3
    assert max(took[1:]) < 0.3
    assert len(list(saver.list({"configurable": {"thread_id": "1"}}))) == 3
    saver.conn.close()
