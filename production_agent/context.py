"""What a run knows besides its state, and the errors that tools and checkpoints share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

__all__ = ("Context", "KeyTaken", "LeaseLost", "NotSent", "OutcomeUnknown", "OverBudget")
__all__ += ("Stopped", "running_call")

running_call: ContextVar[str] = ContextVar("running_call", default="")  # its id, in its tool


class LeaseLost(Exception):
    """The run no longer holds its thread: another process took it over. Nothing was written."""


class Stopped(Exception):
    """The owner was told that this turn stops: it cannot end otherwise. Nothing was written."""


class OutcomeUnknown(Exception):
    """The database gave no answer: nobody may be told that the effect was not written."""


class KeyTaken(Exception):
    """Another effect has this key, and this one would be lost: give each its own."""


class NotSent(Exception):
    """A call that `approve` did not send, or an effect of none that runs: nobody allowed it."""


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
    # (key, name, details): writes down an effect, unless this call has done so before; raises
    # KeyTaken, LeaseLost, NotSent or OverBudget and writes nothing, and OutcomeUnknown where the
    # database gave no answer.
    effect: Callable[[str, str, dict], Awaitable[None]]
    # Calls whose decision this run carries out: call: approve, edit or reject.
    decided: dict[str, str] = field(default_factory=dict)
    # Effects by key, {call, name, details}: of the turn's earlier runs, and of this run.
    effects: dict[str, dict] = field(default_factory=dict)
    written: dict[str, dict] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)  # calls whose tool has not ended
    # Call: keys whose effect may be on record or not, as the database has not answered.
    unknown: dict[str, list[str]] = field(default_factory=dict)
