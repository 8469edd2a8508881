"""A busy disk delays the first checkpoint and no other."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from langgraph.checkpoint.base import empty_checkpoint

from lab import busy_disk


def test_only_the_first_checkpoint_waits_and_all_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(busy_disk, "time", SimpleNamespace(sleep=slept.append))
    saver = busy_disk.BusyDisk(str(tmp_path / "busy.db"), seconds=0.3)
    config = {"configurable": {"thread_id": "1", "checkpoint_ns": ""}}
    waited = []
    for step in range(3):
        config = saver.put(config, empty_checkpoint(), {"step": step}, {})
        waited.append(sum(slept))
    assert waited == [0.3] * 3
    assert len(list(saver.list({"configurable": {"thread_id": "1"}}))) == 3
    saver.conn.close()
