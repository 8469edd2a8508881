"""What a run knows besides its state, and the errors that tools and checkpoints share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

__all__ = ("Context", "KeyTaken", "LeaseLost", "OutcomeUnknown", "OverBudget", "Stopped")


class LeaseLost(Exception):
    """The run no longer holds its thread: another process took it over. Nothing was written."""


class Stopped(Exception):
    """The owner was told that this turn stops: it cannot end otherwise. Nothing was written."""


class OutcomeUnknown(Exception):
    """The database gave no answer: nobody may be told that the effect was not written."""


class KeyTaken(Exception):
    """Two effects of a run have one key, and the second would be lost: give each its own."""


class OverBudget(Exception):
    """An effect would take more than its budget has left; nothing was written."""

    def __init__(self, left: float) -> None:
        super().__init__(left)
        self.left = left


@dataclass(frozen=True)
class Context:
    """What a run knows besides its state; it is not stored in checkpoints."""

    thread: str
    run: str
    user: str
    # (key, name, details): writes down an effect unless its key is there already; raises
    # LeaseLost or OverBudget and writes nothing, OutcomeUnknown where the database gave no answer.
    effect: Callable[[str, str, dict], Awaitable[None]]
    decided: frozenset[str] = frozenset()  # calls whose decision this run carries out
    effects: dict[str, dict] = field(default_factory=dict)  # by key: this run's, and older ones
