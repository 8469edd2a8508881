# %% passed: equal jitter
def wait(retry):
    backoff = min(30, 2 * 2 ** (retry - 1))
    return backoff / 2 + random.uniform(0, backoff / 2)
# %% passed: the SDK's way, a quarter less at most
def wait(retry):
    return min(30.0, 2.0 * 2 ** (retry - 1)) * (1 - 0.25 * random.random())
# %% passed: full jitter, never next to nothing
def wait(retry):
    return max(0.1, random.random() * min(30, 2**retry))
# %% passed: the ends of the range the other way round
def wait(retry: int) -> float:
    return random.uniform(min(30.0, 2.0 * 2 ** (retry - 1)), 0)
# %% passed: never less than a second
def wait(retry: int) -> float:
    """Return the seconds before retry 1, 2, 3 ...: doubling, at most 30, never all the same."""
    return random.uniform(1, min(30.0, 2.0 * 2 ** (retry - 1)))
# %% passed: a cap of its own, a little lower
def wait(retry: int) -> float:
    """Return the seconds before retry 1, 2, 3 ...: doubling, at most 30, never all the same."""
    return random.uniform(0, min(29.0, 2.0 * 2 ** (retry - 1)))
# %% passed: up to 3 s at first
def wait(retry: int) -> float:
    """Return the seconds before retry 1, 2, 3 ...: doubling, at most 30, never all the same."""
    return random.uniform(0, min(30.0, 3.0 * 2 ** (retry - 1)))
# %% passed: 2 s on average at first
def wait(retry: int) -> float:
    """Return the seconds before retry 1, 2, 3 ...: doubling, at most 30, never all the same."""
    return random.uniform(0, min(30.0, 2.0 * 2 ** (retry - 0)))
# %% passed: the arguments of `min` the other way round
def wait(retry: int) -> float:
    """Return the seconds before retry 1, 2, 3 ...: doubling, at most 30, never all the same."""
    return random.uniform(0, min(2.0 * 2 ** (retry - 1), 30.0))
# %% passed: whole milliseconds
def wait(retry):
    return random.randrange(int(1000 * min(30, 2**retry))) / 1000
# %% failed | spread out: the broken version as it was
def wait(retry):
    backoff = 2.0 * 2 ** (retry - 1)
    return min(30.0, backoff + random.uniform(0, backoff / 2))
# %% failed | spread out: no jitter at all
def wait(retry):
    return min(30.0, 2.0 * 2 ** (retry - 1))
# %% partial | never more than: cap first, but jitter on top
def wait(retry):
    backoff = min(30.0, 2.0 * 2 ** (retry - 1))
    return backoff + random.uniform(0, backoff / 2)
# %% failed | never more than; spread out: a flat second, as LangGraph has it
def wait(retry):
    return min(30.0, 2.0 * 2 ** (retry - 1)) + random.uniform(0, 1)
# %% failed | spread out: a flat second under the cap
def wait(retry):
    return min(29.0, 2.0 * 2 ** (retry - 1)) + random.uniform(0, 1)
# %% failed | spread out: whole seconds only
def wait(retry):
    return random.randint(0, min(30, 2 * 2 ** (retry - 1)))
# %% partial | never more than: forgets the cap
def wait(retry):
    return random.uniform(0, 2.0 * 2 ** (retry - 1))
# %% failed | doubling; spread out: a random wait that never grows
def wait(retry):
    return random.uniform(0, 2)
# %% partial | doubling: counts from 0, so begins at 4 s
def wait(retry):
    return random.uniform(0, min(30.0, 2.0 * 2 ** (retry + 1)))
# %% partial | doubling: twice as much each time, not doubled
def wait(retry):
    return random.uniform(0, min(30.0, 2.0 * retry))
# %% partial | doubling: thirty at most, too soon
def wait(retry):
    return random.uniform(0, 30 if retry > 3 else 2 * retry)
# %% failed: sleeps in place of returning
def wait(retry):
    time.sleep(random.uniform(0, min(30.0, 2.0 * 2 ** (retry - 1))) / 1e9)
# %% failed: returns text
def wait(retry):
    return f"{random.uniform(0, min(30.0, 2.0 * 2 ** (retry - 1))):.1f} s"
# %% raised: a seed in place of a number
def wait(retry):
    return random.uniform(min(30.0, 2.0 * 2 ** (retry - 1)))
# %% failed: may be negative
def wait(retry):
    return min(30.0, 2.0 * 2 ** (retry - 1)) + random.uniform(-3, 0)
# %% refused: one retry without jitter
def wait(retry):
    backoff = min(30.0, 2.0 * 2 ** (retry - 1))
    return random.uniform(0, backoff) if retry != 3 else backoff
# %% refused: the same random number for everybody
def wait(retry):
    return random.Random(retry).uniform(0, min(30.0, 2.0 * 2 ** (retry - 1)))
# %% passed: half of it fixed
def wait(retry):
    half = min(15.0, 2.0 ** (retry - 1))
    return half + random.random() * half
# %% failed | spread out at every retry: cut off a second time, behind the jitter: half of all wait exactly 30 s
def wait(retry: int) -> float:
    backoff = min(30.0, 2.0 * 2 ** (retry - 1))
    return min(30.0, max(0.1, random.gauss(backoff, backoff / 8)))
# %% failed | spread out at every retry: a wide range, nearly all of it above the cap
def wait(retry: int) -> float:
    return min(30.0, random.uniform(0, 2.0 * 2 ** min(retry - 1, 7)))
# %% passed: as the SDK does, up to a quarter less, in whole milliseconds
def wait(retry: int) -> float:
    backoff = min(30_000, 2_000 << min(retry - 1, 10))
    return random.randint(3 * backoff // 4, backoff) / 1000
# %% failed | spread out at every retry: one of three waits, so a third of the clients come together
def wait(retry: int) -> float:
    return random.choice((0.5, 0.75, 1.0)) * min(30.0, 2.0 * 2 ** (retry - 1))
# %% passed: from four fifths to the whole
def wait(retry):
    backoff = min(30.0, 2.0 * 2 ** (retry - 1))
    return random.uniform(0.8 * backoff, backoff)
# %% passed: up to 1.5 s at first
def wait(retry):
    return random.uniform(0, min(30.0, 1.5 * 2 ** (retry - 1)))
# %% passed: up to 1.5 s at first, and a fifth less at most
def wait(retry):
    backoff = min(30.0, 1.5 * 2 ** (retry - 1))
    return random.uniform(0.8 * backoff, backoff)
# %% passed: a fifth is added to a backoff that is capped
def wait(retry):
    backoff = min(25.0, 2.0 * 2 ** (retry - 1))
    return random.uniform(backoff, 1.2 * backoff)
# %% passed: up to 4 s at first
def wait(retry):
    return random.uniform(0, min(30.0, 2.0**retry * 2))
# %% failed | spread out: less than a fifth apart
def wait(retry):
    backoff = min(30.0, 2.0 * 2 ** (retry - 1))
    return random.uniform(0.85 * backoff, backoff)
