"""Counters for Prometheus. Each process counts its own; none has an id or a text in it."""

from __future__ import annotations

from itertools import product

from prometheus_client import Counter, Histogram

__all__ = ("APPROVALS", "FIRST_WORD", "REQUESTS", "TOKENS", "TURNS", "TURN_SECONDS")

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
OUTCOMES = ("complete", "incomplete", "pending_approval", "failed", "stopped", "needs_person")
OUTCOMES += ("handed_on", "resuming")
REQUESTS = Counter("agent_http_requests", "HTTP requests", ("method", "route", "status"))
TURNS = Counter("agent_runs", "Runs that ended", ("kind", "outcome"))
TURN_SECONDS = Histogram("agent_run_seconds", "Length of a run", ("kind",), buckets=SECONDS)
FIRST_WORD = Histogram("agent_first_word_seconds", "Time to the first word", buckets=SECONDS)
APPROVALS = Counter("agent_decisions", "Decisions about calls", ("decision",))
TOKENS = Counter("agent_tokens", "Tokens the model counted", ("direction",))
for each in product(("message", "decision", "recovery"), OUTCOMES):
    TURNS.labels(*each)  # at 0: an alert sees the first one rise
