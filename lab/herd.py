"""Simulate a thundering herd: many clients of a failed service retry at the same time.

Before retry number `retry` (from 1) a client waits d = min(CAP, BASE * 2 ** (retry - 1)) seconds,
or a part of it. "Brooker 2015" is Marc Brooker's
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ (AWS, 2015).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ("BASE", "CAP", "STRATEGIES", "Herd", "stampede")

BASE, CAP = 2.0, 30.0  # seconds before the first retry, and at most
TICKS = 10  # per second
MAX_ROUNDS = 5_000  # enough for herds that wait at all
Numbers, Random = np.ndarray, np.random.Generator


def no_jitter(retry: Numbers, random: Random) -> Numbers:
    """Brooker 2015, "exponential backoff": d."""
    return np.minimum(CAP, BASE * 2.0 ** (retry - 1))


def full(retry: Numbers, random: Random) -> Numbers:
    """Brooker 2015, "full jitter": random(0, d)."""
    return no_jitter(retry, random) * random.uniform(0, 1, len(retry))


STRATEGIES = {"no jitter": no_jitter, "full": full}


@dataclass(frozen=True)
class Herd:
    """The load on a service that failed every client at second 0."""

    calls: Numbers
    """Retries per tenth of a second."""
    last_served: float
    """Seconds until the last client was served."""
    calls_per_client: float
    """Average number of retries of a client."""

    @property
    def peak(self) -> int:
        """The most retries in any tenth of a second (counted from second 0)."""
        return int(self.calls.max())

    def until(self, seconds: float) -> tuple[list[float], list[int]]:
        """Return seconds and retries of each 100 ms up to `seconds`, for `pictures.curves`."""
        slots = range(round(seconds * TICKS))
        calls = self.calls.tolist() + [0] * len(slots)
        return [slot / TICKS for slot in slots], calls[: len(slots)]


def stampede(
    wait: str | Callable[[int], float],
    *,
    clients: int = 1000,
    outage: float = 10,
    capacity: int = 100,
    first_retry: int = 1,
    seed: int = 0,
) -> Herd:
    """Simulate clients that fail at second 0 and retry until they are served.

    Retries during the outage fail. After it the first `capacity / 10` of each tenth of a second
    are served, in order of arrival; the others fail.

    Args:
        wait: One of `STRATEGIES`, or a function from a retry's number (1, 2, 3 ...) to the seconds
            before it.
        clients: Number of clients.
        outage: Seconds until the service works again, a multiple of 0.1.
        capacity: Calls the service answers per second, a multiple of ten.
        first_retry: Number of the first retry; more than 1 if the counters were not reset.
        seed: Seed of the strategies' random numbers.

    Raises:
        ValueError: A wait is not a number of seconds, or the waits are too short to ever end.
    """
    strategy = _as_strategy(wait) if callable(wait) else STRATEGIES[wait]
    random, seen, last_served = np.random.default_rng(seed), {}, 0.0

    def draw(retry: Numbers) -> Numbers:
        waits = strategy(retry, random)
        if not (np.isfinite(waits) & (waits >= 0)).all():
            raise ValueError("A wait is a number of seconds from 0: look at what `wait` returns.")
        return waits

    retry = np.full(clients, first_retry)
    due = draw(retry)
    for _ in range(MAX_ROUNDS):
        if not len(due):
            calls = np.zeros(max(seen) + 1, dtype=int)
            calls[list(seen)] = list(seen.values())
            return Herd(calls, last_served, float(calls.sum() / clients))
        tick = np.floor(due * TICKS)
        slot = int(tick.min())
        calling = sorted(np.flatnonzero(tick == slot), key=due.__getitem__)
        before = seen.get(slot, 0)  # clients that come back within the same tenth find it full
        seen[slot] = before + len(calling)
        room = max(0, capacity // TICKS - before) if slot >= outage * TICKS else 0
        served, refused = calling[:room], calling[room:]
        last_served = max([last_served, *due[served].tolist()])
        retry[refused] += 1
        due[refused] += draw(retry[refused])
        due, retry = (np.delete(values, served) for values in (due, retry))
    raise ValueError("The clients hardly wait at all, so it never ends: return whole seconds.")


def _as_strategy(wait: Callable[[int], float]) -> Callable[..., Numbers]:
    return lambda retry, _: np.array([float(wait(int(number))) for number in retry])
