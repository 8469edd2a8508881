"""What a reset throws away and a scratch run sets aside: rules, faults, pace, log, ids."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, OrderedDict

from lesson_model.behaviour.rules import Rules
from lesson_model.faults import Faults
from lesson_model.log import Log

__all__ = ("State",)

MAX_RESPONSES = 500
MAX_IDS = 50_000
DEFAULT_CONTEXT_TOKENS = 128_000  # tokens, as gpt-4o-mini has


class Ids:
    """Ids from the content of a request and how often it was seen: the same in every run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: Counter[str] = Counter()

    def stamp(self, content: bytes) -> str:
        """Return 16 hexadecimal digits for a content; a repeated content gets other digits."""
        digest = hashlib.sha256(content).hexdigest()[:16]
        with self._lock:
            if len(self._seen) > MAX_IDS:
                self._seen.clear()
            before = self._seen[digest]
            self._seen[digest] += 1
        if not before:
            return digest
        return hashlib.sha256(f"{digest}/{before}".encode()).hexdigest()[:16]


class State:
    """Rules, faults, pace, log, ids and stored responses.

    Attributes:
        first: Seconds before the first token.
        per_token: Seconds between tokens.
        pace_changes: How often the pace was set: tells a new pace from an equal old one.
        context_window: Tokens a request may have.
        ended: Set when this state is thrown away, which ends every wait in it.
    """

    def __init__(self) -> None:
        self.rules = Rules()
        self.faults = Faults()
        self.log = Log()
        self.ids = Ids()
        self.first = 0.0
        self.per_token = 0.0
        self.pace_changes = 0
        self.context_window = DEFAULT_CONTEXT_TOKENS
        self.ended = threading.Event()
        self._responses: OrderedDict[str, list[dict]] = OrderedDict()

    def remember(self, response_id: str, messages: list[dict]) -> None:
        """Store the conversation up to a response, for `previous_response_id`."""
        self._responses[response_id] = messages
        while len(self._responses) > MAX_RESPONSES:
            self._responses.popitem(last=False)

    def recall(self, response_id: str) -> list[dict] | None:
        """Return the conversation up to a stored response."""
        return self._responses.get(response_id)
