"""The herd against a plain simulation of one client after another, and against closed forms."""

from __future__ import annotations

import heapq
import math
import random
from collections import Counter

import numpy as np
import pytest

from lab.herd import BASE, CAP, STRATEGIES, stampede


def waits(name: str, retry: int, dice: random.Random) -> float:
    """Return the seconds before a retry, written down once more, from the formulas."""
    d = min(CAP, BASE * 2 ** (retry - 1))
    return {"no jitter": lambda: d, "full": lambda: dice.uniform(0, d)}[name]()


def one_by_one(
    name: str, clients: int, outage: float, capacity: int, first_retry: int, seed: int
) -> tuple[int, float, float]:
    """Return peak, last served and calls per client, from a queue of single calls."""
    dice = random.Random(seed)
    first = [waits(name, first_retry, dice) for _ in range(clients)]
    queue = [(wait, number, first_retry) for number, wait in enumerate(first)]
    heapq.heapify(queue)
    called, served, end = Counter(), Counter(), 0.0
    while queue:
        now, number, retry = heapq.heappop(queue)
        slot = math.floor(now * 10)
        called[slot] += 1
        if slot >= outage * 10 and served[slot] < capacity / 10:
            served[slot] += 1
            end = now
        else:
            wait = waits(name, retry + 1, dice)
            heapq.heappush(queue, (now + wait, number, retry + 1))
    return max(called.values()), end, called.total() / clients


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize(("outage", "first_retry"), [(0, 1), (12.5, 1), (3, 6)])
def test_figures_are_those_of_a_plain_simulation(name, outage, first_retry):
    """The averages differ by less than four of their standard errors."""
    size = {"clients": 300, "outage": outage, "capacity": 50, "first_retry": first_retry}
    herds = [stampede(name, **size, seed=seed) for seed in range(12)]
    ours = np.array([(herd.peak, herd.last_served, herd.calls_per_client) for herd in herds])
    plain = np.array([one_by_one(name, **size, seed=seed) for seed in range(12)])
    error = np.sqrt((ours.var(axis=0, ddof=1) + plain.var(axis=0, ddof=1)) / 12)
    assert (abs(ours.mean(axis=0) - plain.mean(axis=0)) <= 4 * error + 1e-9).all()


@pytest.mark.parametrize(
    ("clients", "capacity", "outage"), [(1000, 100, 10), (70, 10, 6), (5, 100, 30)]
)
def test_without_jitter_it_is_exactly_the_plain_simulation(clients, capacity, outage):
    herd = stampede("no jitter", clients=clients, capacity=capacity, outage=outage)
    plain = one_by_one("no jitter", clients, outage, capacity, 1, seed=0)
    assert (herd.peak, herd.last_served, herd.calls_per_client) == plain


def test_without_jitter_the_herd_comes_back_in_steps():
    """Ten are served each time: at 2, 6, 14, 30 s, then every 30 s, so 100 times in all."""
    herd = stampede("no jitter", clients=1000, capacity=100, outage=0)
    assert herd.last_served == 2 + 4 + 8 + 16 + 96 * 30
    assert herd.calls.sum() == sum(range(10, 1001, 10))
    assert np.flatnonzero(herd.calls)[:5].tolist() == [20, 60, 140, 300, 600]
    assert herd.calls[20] == herd.peak == 1000


BOUNDS = {"no jitter": (8, 8), "full": (0, 8)}  # of the wait before retry 3: d = 8 s


@pytest.mark.parametrize("name", STRATEGIES)
def test_waits_are_spread_evenly_between_their_bounds(name):
    """A uniform distribution on [a, b] has mean (a + b) / 2 and deviation (b - a) / sqrt(12)."""
    many = 100_000
    rng = np.random.default_rng(7)
    drawn = STRATEGIES[name](np.full(many, 3), rng)
    low, high = BOUNDS[name]
    assert low <= drawn.min() <= low + 0.01 and high - 0.01 <= drawn.max() <= high
    assert drawn.mean() == pytest.approx((low + high) / 2, abs=0.05)
    assert drawn.std() == pytest.approx((high - low) / math.sqrt(12), abs=0.05)


def test_a_first_retry_with_full_jitter_is_spread_over_its_wait():
    """1,000 clients over BASE = 2 s are 50 in each tenth of a second, on average."""
    herds = [stampede("full", outage=2, seed=seed) for seed in range(20)]
    early = np.mean([herd.calls[:20] for herd in herds], axis=0)
    # Those who fail again within the two seconds come on top, so the first tenth is the purest.
    assert early[0] == pytest.approx(50, rel=0.1)


def test_no_more_are_served_than_the_capacity():
    herd = stampede("full", clients=1000, outage=10, capacity=100)
    assert herd.last_served >= 10 + 1000 / 100 - 0.1
    assert herd.calls.sum() == round(herd.calls_per_client * 1000)


def test_a_function_gives_the_wait_before_each_retry():
    asked = []

    def wait(retry: int) -> float:
        asked.append(retry)
        return 1.0 + retry

    herd = stampede(wait, clients=30, outage=0, capacity=100)
    assert asked == [1] * 30 + [2] * 20 + [3] * 10
    assert np.flatnonzero(herd.calls).tolist() == [20, 50, 90] and herd.last_served == 9


def test_who_comes_first_is_served_first():
    """25 within one tenth of a second: ten are served now, ten after 5 s, five after 10 s."""
    first = [number * 0.004 for number in range(25)]
    herd = stampede(lambda _: first.pop() if first else 5.0, clients=25, outage=0)
    assert herd.last_served == pytest.approx(10 + 24 * 0.004)


def test_who_comes_back_within_the_same_tenth_of_a_second_finds_it_full():
    herd = stampede(lambda retry: 0.01 if retry < 4 else 1.0, clients=30, outage=0)
    assert herd.calls.tolist() == [30 + 20 + 20] + [0] * 9 + [20] + [0] * 9 + [10]


def test_the_same_seed_gives_the_same_herd():
    first, again, other = (stampede("full", seed=seed).calls.tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_the_curve_has_a_point_for_each_tenth_of_a_second():
    herd = stampede("no jitter", clients=10, outage=0)
    assert herd.until(2.2) == ([n / 10 for n in range(22)], [0] * 20 + [10, 0])
    assert herd.until(1)[1] == [0] * 10


@pytest.mark.parametrize("wait", [lambda n: 0, lambda n: -1.0, lambda n: float("nan")])
def test_waits_that_make_no_sense_are_named(wait):
    with pytest.raises(ValueError, match="wait"):
        stampede(wait, clients=20)
