"""What clients rely on: the same request twice, a stream that is rejoined, pages, an approver."""

from __future__ import annotations

from collections.abc import Callable

from tests.production_agent.service_process import Service, events_of, until

WHERE = "Where is parcel P-3?"


def test_a_request_with_one_key_starts_one_turn(service: Service, model) -> None:
    thread = service.thread()
    path, key = f"/threads/{thread}/messages", {"Idempotency-Key": "key-1"}
    first = service.ann.post(path, json={"text": WHERE}, headers=key)
    asked = len(model.requests)
    again = service.ann.post(path, json={"text": WHERE}, headers=key)
    assert list(events_of(first))[-1] == list(events_of(again))[-1]
    assert len(model.requests) == asked
    assert [role for role, _ in service.messages(thread)] == ["user", "tool", "assistant"]
    other = service.thread()  # a key is one of its thread
    answer = service.ann.post(f"/threads/{other}/messages", json={"text": WHERE}, headers=key)
    assert answer.status_code == 200 and len(model.requests) == asked + 2


def test_a_stream_is_rejoined_where_it_was_left(start: Callable, served, tmp_path) -> None:
    served.reset()
    served.when("speak").says("one two three four five six seven eight nine ten")
    served.pace(per_token=0.2)
    service = start(str(tmp_path / "a.sqlite"), REJOIN_SECONDS=60, LEASE_SECONDS=60)
    thread = service.thread()
    seen = []
    with service.client("token-of-ann") as client:
        path = f"/threads/{thread}/messages"
        with client.stream("POST", path, json={"text": "Speak!"}) as answer:
            lines = answer.iter_lines()
            last = next(line for line in lines if line.startswith("id: ") and line.endswith("-3"))
            seen = [next(line for line in lines if line.startswith("data: "))]
    more = service.ann.get(
        f"/threads/{thread}/events", headers={"Last-Event-ID": last.removeprefix("id: ")}
    )
    events = list(events_of(more))
    words = "".join(data["text"] for name, data in events if name == "token")
    assert events[-1][1]["status"] == "complete" and events[-1][1]["text"].endswith("nine ten")
    assert "one" not in words and words.endswith("nine ten") and seen
    assert service.bob.get(f"/threads/{thread}/events").status_code == 404
    until(lambda: service.status(thread) == "complete", "its end")
    assert service.ann.get(f"/threads/{thread}/events").status_code == 204
    assert len(served.requests) == 1
    served.reset()
    service.stop()


def test_threads_come_in_pages(service: Service) -> None:
    made = [service.bob.post("/threads", json={}).json()["id"] for _ in range(5)]
    found, before = [], ""
    for _ in range(3):
        page = service.bob.get(f"/threads?limit=2{before}").json()
        found += [one["id"] for one in page["threads"]]
        before = f"&before={page['next']!r}"
    assert found == made[::-1] and page["next"] is None


def test_an_approver_decides_and_the_owner_does_not(start: Callable, served, tmp_path) -> None:
    served.reset()
    tokens = "ann:token-of-ann,bob:token-of-bob,carol:token-of-carol"
    path = str(tmp_path / "a.sqlite")
    service = start(path, TOKENS=tokens, APPROVERS="carol", LEASE_SECONDS=60)
    thread, approval = service.asked("Please refund 20 euros for order T-8.")
    assert service.decide(approval).status_code == 403
    assert service.decide(approval, by=service.bob).status_code == 404
    with service.client("token-of-carol") as carol:
        assert carol.get("/approvals").json() == [approval]
        assert carol.get(f"/threads/{thread}").status_code == 404
        answer = service.decide(approval, by=carol)
        assert '"complete"' in answer.text and "event: token" not in answer.text
        own = carol.post("/threads", json={}).json()["id"]
        text = {"text": "Please refund 1 euros for order T-9."}
        carol.post(f"/threads/{own}/messages", json=text)
        (mine,) = carol.get("/approvals").json()
        assert service.decide(mine, by=carol).status_code == 403
    assert service.effects() == [{"order": "T-8", "amount": 20}]
    assert ("tool", "Refunded 20 euros for order T-8.") in service.messages(thread)
    service.stop()
