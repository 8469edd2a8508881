"""Bounds in time, without waiting for them: the event loop's clock jumps."""

from __future__ import annotations

import asyncio

__all__ = ("FOR_EVER", "MAX_READ_SECONDS", "ends_in_time")

MAX_READ_SECONDS = 300.0  # that a silent model or tool may be waited for
MAX_END_SECONDS = 3.0  # that a turn takes to end, once its time is over
FOR_EVER = 3600.0  # seconds: what is looked at ends a turn, or nothing does


async def ends_in_time(task: asyncio.Task, seconds: float) -> bool:
    """Whether a task that waits is ended by something within so many seconds."""
    loop = asyncio.get_running_loop()
    clock = loop.time
    loop.time = lambda: clock() + seconds
    loop.call_soon(lambda: None)
    done, _ = await asyncio.wait([task], timeout=MAX_END_SECONDS)
    return bool(done)
