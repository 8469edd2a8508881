"""Numbers for Prometheus; none has an id or a text in it.

Each process counts its own, but what the gauges tell stands in the database.
"""

from __future__ import annotations

from itertools import product

from prometheus_client import Counter, Gauge, Histogram

__all__ = ("APPROVALS", "FIRST_WORD", "GAUGES", "REQUESTS", "TOKENS", "TURNS", "TURN_SECONDS")

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
OUTCOMES = ("complete", "incomplete", "pending_approval", "failed", "stopped", "needs_person")
OUTCOMES += ("handed_on", "resuming")
REQUESTS = Counter("agent_http_requests", "HTTP requests", ("method", "route", "status"))
TURNS = Counter("agent_runs", "Runs that ended", ("kind", "outcome"))
TURN_SECONDS = Histogram("agent_run_seconds", "Length of a run", ("kind",), buckets=SECONDS)
FIRST_WORD = Histogram("agent_first_word_seconds", "Time to the first word", buckets=SECONDS)
APPROVALS = Counter("agent_decisions", "Decisions about calls", ("decision",))
TOKENS = Counter("agent_tokens", "Tokens the model counted", ("direction",))
GAUGES = {
    "approvals_waiting": Gauge("agent_approvals_waiting", "Questions that wait for a decision"),
    "approval_oldest_seconds": Gauge("agent_approval_oldest_seconds", "Age of the oldest of them"),
    "runs_running": Gauge("agent_runs_running", "Runs that hold a thread"),
    "threads_unfinished": Gauge("agent_threads_unfinished", "Threads to be taken over"),
    "threads_needing_person": Gauge("agent_threads_needing_person", "Threads to be looked at"),
}
for each in product(("message", "decision", "recovery"), OUTCOMES):
    TURNS.labels(*each)  # at 0: an alert sees the first one rise
