"""Wait by looks instead of a clock: a machine that stands still has not looked meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ("wait_until",)

LOOK_SECONDS = 0.01


def wait_until(is_so: Callable[[], bool], seconds: float) -> bool:
    """Wait until `is_so()`, for so many seconds of a machine that is awake; return whether it is.

    Whatever the other threads and processes had time for, they had it between two looks, too: a
    stall of the whole machine is one look, however long it is.
    """
    for _ in range(round(seconds / LOOK_SECONDS)):
        if is_so():
            return True
        time.sleep(LOOK_SECONDS)
    return is_so()
