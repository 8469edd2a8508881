"""`kill -9` at every point: nothing is lost, nothing done twice, the status is honest."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx
import pytest
from service_process import Service, decision, until

STALLING = "stalling_service.py"
PAID = [{"order": "T-7", "amount": 480}]


def send(service: Service, path: str, body: dict) -> None:
    """Send a request whose answer nobody will wait for."""

    def ask() -> None:
        with service.client("token-of-ann") as client:
            try:
                client.post(path, json=body)
            except httpx.TransportError:
                pass  # killed

    threading.Thread(target=ask, daemon=True).start()


def killed_at(service: Service, step: str) -> None:
    until(lambda: service.log(step), step)
    service.kill()


def test_killed_while_the_model_thinks(start: Callable, database: str, model) -> None:
    first = start(database)
    thread = first.thread()
    model.pace(first=100)
    send(first, f"/threads/{thread}/messages", {"text": "Where is parcel P-3?"})
    until(lambda: model.requests, "the model is asked")
    assert first.status(thread) == "running"
    first.kill()
    model.pace()
    second = start(database)
    until(lambda: second.status(thread) == "stopped", "an honest status")
    assert second.messages(thread) == [("user", "Where is parcel P-3?")]
    assert second.say(thread, "Where is parcel P-3?")[-1][1]["status"] == "complete"
    assert not model.requests[-1].remarks


def test_killed_after_asking_before_showing_it(start: Callable, database: str) -> None:
    first = start(database, script=STALLING, STALL="asked, not yet shown")
    thread = first.thread()
    text = {"text": "Please refund 480 euros for order T-7."}
    send(first, f"/threads/{thread}/messages", text)
    killed_at(first, "stalled")
    second = start(database)
    until(lambda: second.status(thread) == "pending_approval", "the approval is shown")
    assert second.effects() == []
    assert "complete" in second.decide(second.approval(thread)).text
    assert second.effects() == PAID


def test_killed_while_pending(start: Callable, database: str) -> None:
    first = start(database)
    thread, approval = first.asked()
    first.kill()
    second = start(database)
    assert second.status(thread) == "pending_approval"
    assert second.approval(thread) == approval
    assert "complete" in second.decide(approval).text
    assert second.effects() == PAID and second.status(thread) == "complete"


@pytest.mark.parametrize(
    ("step", "paid_before"),
    [
        ("decided, not yet resumed", []),
        ("before the effect", []),
        ("after the effect", PAID),
    ],
)
def test_killed_after_the_decision(
    start: Callable, database: str, step: str, paid_before: list, model
) -> None:
    first = start(database, script=STALLING, STALL=step)
    thread, approval = first.asked()
    send(first, f"/approvals/{approval['id']}", decision(approval))
    killed_at(first, "stalled")
    second = start(database)
    assert second.effects() == paid_before and second.status(thread) in ("running", "resuming")
    until(lambda: second.status(thread) == "complete", "the decision is carried out")
    assert second.effects() == PAID
    assert second.decide(approval).status_code == 409
    assert ("tool", "Refunded 480 euros for order T-7.") in second.messages(thread)
    assert second.say(thread, "Thank you.")[-1][1]["status"] == "complete"
    assert not model.requests[-1].remarks and second.effects() == PAID
