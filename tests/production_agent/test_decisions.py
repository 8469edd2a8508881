"""An approval is decided once, by its owner, about what was shown; every call gets an answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import httpx
import pytest

from production_agent.runs import NOT_DECIDED
from tests.production_agent.service_process import (
    MAX_WAIT_SECONDS,
    Service,
    change,
    decision,
    until,
)

PAID = {"order": "T-7", "amount": 480}
TWO = "Refund order T-7 (480 euros) and refund order T-8 (20 euros)."
MIXED = "Where is parcel P-3? And please refund 480 euros for order T-7."
ON_RECORD = "On record: Refunded 480 euros for order T-7."
DECIDED, COUNTS = f"It is decided. {ON_RECORD}", f"It is decided. Your decision counts. {ON_RECORD}"


async def test_of_fifty_decisions_at_once_one_wins(start: Callable, database: str, served) -> None:
    served.reset()
    first, second = (start(database, DATABASE_SECONDS=60) for _ in range(2))
    thread, approval = first.asked()
    limits = httpx.Limits(max_connections=50)
    headers = {"Authorization": "Bearer token-of-ann"}
    async with httpx.AsyncClient(
        headers=headers, timeout=MAX_WAIT_SECONDS, limits=limits, trust_env=False
    ) as client:
        answers = await asyncio.gather(
            *(
                client.post(
                    f"{service.url}/approvals/{approval['id']}",
                    json=decision(approval, {"type": kind}),
                )
                for _ in range(25)
                for service, kind in ((first, "approve"), (second, "reject"))
            )
        )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 49}
    ended = [line for one in (first, second) for line in one.log("tool_ended")]
    approved = next(answer for answer in answers if answer.status_code == 200)
    expected = [PAID] if approved.url.host and str(approved.url).startswith(first.url) else []
    assert first.effects() == expected and len(ended) == len(expected)
    assert second.status(thread) == "complete"  # the other process knows
    told = {answer.json()["message"] for answer in answers if answer.status_code == 409}
    assert told and all(one.startswith(("It is decided. ", "A turn is running")) for one in told)
    assert not expected or not any("Nothing is on record" in one for one in told)


def test_who_decides_again_as_the_answer_was_lost_hears_that_it_counts(service: Service) -> None:
    thread, approval = service.asked()
    service.decide(approval)
    again = [service.decide(approval, {"type": kind}) for kind in ("approve", "reject", "approve")]
    assert [one.status_code for one in again] == [409] * 3
    told = [one.json()["message"] for one in again]
    assert told == [COUNTS, DECIDED, COUNTS] and service.effects() == [PAID]


def test_who_decided_hears_what_came_of_it_under_other_rules(
    start: Callable, database: str, served
) -> None:
    """Nobody is told to ask again for what is paid."""
    served.reset()
    first = start(database)
    first.forget_effects()
    _, paid = first.asked()
    _, rejected = first.asked()
    first.decide(paid)
    first.decide(rejected, {"type": "reject"})
    first.stop()
    second = start(database, APPROVERS="bob", REFUND_CEILING=5)
    told = [second.decide(paid), second.decide(rejected, {"type": "reject"})]
    nothing = "It is decided. Your decision counts. Nothing is on record for it."
    assert [one.json()["message"] for one in told] == [COUNTS, nothing]
    assert second.decide(paid, by=second.bob).json() == {"message": DECIDED}
    assert second.effects() == [PAID]
    second.stop()


def test_of_messages_at_once_one_is_taken(service: Service, model) -> None:
    model.when("hello").says("one " * 1000)
    model.pace(per_token=0.2)  # it speaks until all others are refused
    thread = service.thread()

    async def send_all() -> list[int]:
        headers = {"Authorization": "Bearer token-of-ann"}
        async with httpx.AsyncClient(
            base_url=service.url, headers=headers, timeout=MAX_WAIT_SECONDS, trust_env=False
        ) as client:
            path = f"/threads/{thread}/messages"
            asks = [client.post(path, json={"text": f"hello {n}"}) for n in range(8)]
            found = []
            for answer in asyncio.as_completed(asks):
                found.append((await answer).status_code)
                if len(found) == 7:
                    model.pace()
            return found

    assert asyncio.run(send_all()) == [409] * 7 + [200]
    assert [role for role, _ in service.messages(thread)] == ["user", "assistant"]


def test_rejected_with_a_reason_and_the_thread_lives_on(service: Service, model) -> None:
    thread, approval = service.asked()
    answer = service.decide(approval, {"type": "reject", "reason": "Not bought here."})
    assert '"complete"' in answer.text
    assert ("tool", "A person rejected this call. Not bought here.") in service.messages(thread)
    assert service.say(thread, "Hello again.")[-1][1]["status"] == "complete"
    assert not any(request.remarks for request in model.requests)
    assert all(request.status == 200 for request in model.requests)


def test_edited_runs_as_edited_and_the_model_is_told(service: Service) -> None:
    before = len(service.effects())
    thread, approval = service.asked()
    edit = {"type": "edit", "args": {"order": "T-7", "amount": 300}}
    service.decide(approval, edit)
    assert service.effects()[before:] == [{"order": "T-7", "amount": 300}]
    (text,) = [text for role, text in service.messages(thread) if role == "tool"]
    assert text.startswith("A person changed the arguments") and "Refunded 300 euros" in text


def test_each_call_has_a_decision_of_its_own(service: Service) -> None:
    before = len(service.effects())
    thread, approval = service.asked(TWO)
    assert [call["args"]["order"] for call in approval["calls"]] == ["T-7", "T-8"]
    service.decide(approval, {"type": "reject"}, {"type": "approve"})
    assert service.effects()[before:] == [{"order": "T-8", "amount": 20}]
    assert service.status(thread) == "complete"


def test_only_the_risky_call_is_shown_and_the_safe_one_runs_once(service: Service) -> None:
    before = len(service.log("tool_started"))
    thread, approval = service.asked(MIXED)
    assert [call["name"] for call in approval["calls"]] == ["refund"]
    service.decide(approval)
    names = Counter(line["tool"] for line in service.log("tool_started")[before:])
    assert names == {"track_parcel": 1, "refund": 1}
    assert service.status(thread) == "complete"


def test_after_one_approval_the_next_is_asked_for(service: Service, model) -> None:
    model.when("twice").calls("refund", order="T-7", amount=5).calls(
        "refund", order="T-8", amount=6
    )
    thread, approval = service.asked("Refund twice.")
    assert '"pending_approval"' in service.decide(approval).text
    following = service.approval(thread)
    assert following["id"] != approval["id"] and following["calls"][0]["args"]["amount"] == 6
    assert service.decide(approval).status_code == 409  # the late click of another tab
    assert service.status(thread) == "pending_approval"
    assert '"complete"' in service.decide(following).text


def test_a_message_while_an_approval_waits_is_refused(service: Service) -> None:
    thread, approval = service.asked()
    answer = service.ann.post(f"/threads/{thread}/messages", json={"text": "Hello?"})
    assert answer.status_code == 409 and answer.json()["approvals"] == [approval]
    assert service.status(thread) == "pending_approval"


def test_an_owner_who_may_not_decide_is_not_told_to(start: Callable, served, tmp_path) -> None:
    served.reset()
    tokens = "ann:token-of-ann,bob:token-of-bob,cy:token-of-cy"
    service = start(str(tmp_path / "agent.sqlite"), TOKENS=tokens, APPROVERS="bob,cy")
    thread, approval = service.asked()
    answer = service.ann.post(f"/threads/{thread}/messages", json={"text": "Hello?"})
    assert answer.status_code == 409 and answer.json()["message"].startswith("An approver has to")
    assert service.bob.get("/approvals").json() == [approval]
    assert service.decide(approval, by=service.bob).status_code == 200
    with service.client("token-of-cy") as cy:  # the same, but not the one that counts
        told = [service.decide(approval, by=one).json()["message"] for one in (cy, service.bob)]
    assert told == [DECIDED, COUNTS]
    service.stop()


def test_nobody_else_sees_or_decides(service: Service) -> None:
    thread, approval = service.asked()
    assert service.decide(approval, by=service.bob).status_code == 404
    assert service.bob.get("/approvals").json() == []
    for method, path in (
        ("GET", f"/threads/{thread}"),
        ("DELETE", f"/threads/{thread}"),
        ("POST", f"/threads/{thread}/messages"),
    ):
        answer = service.bob.request(
            method, path, json={"text": "hi"} if method == "POST" else None
        )
        assert (answer.status_code, answer.json()) == (404, {"message": "You have no such thread."})
    assert thread not in str(service.bob.get("/threads").json())
    assert service.status(thread) == "pending_approval"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"digest": "0" * 64}, 409),
        ({"digest": ""}, 422),
        ({"decisions": []}, 422),
        ({"decisions": [{"type": "approve", "call": "another"}]}, 409),
        ({"decisions": [{"type": "approve", "call": "CALL"}] * 2}, 409),
        ({"decisions": [{"type": "approved", "call": "CALL"}]}, 422),
        ({"decisions": [{"type": "approve", "call": "CALL", "sure": True}]}, 422),
        ({"approved": "false"}, 422),
        ({"decisions": [{"type": "edit", "call": "CALL", "args": {}}]}, 409),
        ({"decisions": [{"type": "edit", "call": "CALL", "args": {**PAID, "amount": "9"}}]}, 409),
        ({"decisions": [{"type": "edit", "call": "CALL", "args": {**PAID, "amount": -9}}]}, 409),
        ({"decisions": [{"type": "edit", "call": "CALL", "args": {**PAID, "user": "bob"}}]}, 409),
    ],
)
def test_a_decision_that_is_not_one_changes_nothing(
    asked: tuple[Service, dict], change: dict, status: int
) -> None:
    service, approval = asked
    call = approval["calls"][0]["id"]
    body = decision(approval) | change
    for one in body["decisions"]:
        one["call"] = one["call"].replace("CALL", call)
    answer = service.ann.post(f"/approvals/{approval['id']}", json=body)
    assert (answer.status_code, list(answer.json())) == (status, ["message"])
    assert service.approval(approval["thread"]) == approval


@pytest.fixture(scope="module")
def asked(shared: Service, served) -> tuple[Service, dict]:
    """A service and an approval that all wrong decisions are about."""
    served.reset()
    return shared, shared.asked()[1]


def test_too_late_is_too_late_and_the_thread_lives_on(start: Callable, tmp_path, served) -> None:
    served.reset()
    service = start(str(tmp_path / "agent.sqlite"), APPROVAL_SECONDS=0.5)
    thread, approval = service.thread(), None
    events = service.say(thread, "Please refund 480 euros for order T-7.")
    approval = dict(events)["approval"]
    until(lambda: service.status(thread) != "pending_approval", "its end")
    assert service.decide(approval).json() == {"message": "It was not decided in time."}
    problem = service.ann.get(f"/threads/{thread}").json()["problem"]
    assert problem["message"] == NOT_DECIDED
    assert service.say(thread, "Hello again.")[-1][1]["status"] == "complete"
    assert service.effects() == []
    assert all(request.status == 200 for request in served.requests)
    assert service.decide(approval).json() == {"message": "It was not decided in time."}
    change(service.database, "update approvals set expires = expires + 3600")  # a clock set back
    assert service.ann.get("/approvals").json() == [] and service.status(thread) == "complete"
    assert service.say(thread, "Hello again.")[-1][1]["status"] == "complete"
