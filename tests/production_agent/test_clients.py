"""What clients rely on: the same request twice, a stream that is rejoined, pages, an approver."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import httpx

from production_agent.runs import NOT_DECIDED, OTHER_TEXT
from tests.production_agent.service_process import Service, change, events_of, until

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


def test_a_repeated_request_is_told_what_came_of_the_turn(
    start: Callable, database: str, served
) -> None:
    served.reset()
    one, other = (start(database) for _ in range(2))
    thread = one.thread()
    path = f"/threads/{thread}/messages"

    def sent(service: Service, text: str, key: str) -> list[tuple[str, dict]]:
        key = {"Idempotency-Key": key}
        return list(events_of(service.ann.post(path, json={"text": text}, headers=key)))

    refund = "Please refund 20 euros for order T-8."
    first = sent(one, refund, "key-1")
    again = sent(other, refund, "key-1")
    assert [name for name, _ in again] == ["run", "approval", "end"]
    assert again[1:] == first[-2:] and first[-1][1]["status"] == "pending_approval"
    one.decide(one.approval(thread))
    answer = one.messages(thread)[-1][1]
    for service in (one, other):
        end = ("end", {"status": "complete", "text": answer})
        assert sent(service, refund, "key-1")[1:] == [end]
    # A turn later it is still told how the first one ended, and nothing of what waits now.
    assert sent(one, "Please refund 1 euros for order T-9.", "key-2")[-2][0] == "approval"
    assert sent(one, refund, "key-1")[1:] == [("end", {"status": "complete", "text": ""})]
    change(database, "update approvals set expires = 0 where state = 'pending'")
    late = sent(other, "Please refund 1 euros for order T-9.", "key-2")
    assert [name for name, _ in late] == ["run", "error", "end"]
    assert late[-1][1]["status"] == "stopped"
    assert late[-2][1]["message"] == NOT_DECIDED  # it may have done what nobody had to decide
    one.stop()
    other.stop()
    one.forget_effects()


def test_a_key_is_one_messages(service: Service, model) -> None:
    thread = service.thread()
    path, key = f"/threads/{thread}/messages", {"Idempotency-Key": "key-1"}
    first = service.ann.post(path, json={"text": WHERE}, headers=key)
    other = service.ann.post(path, json={"text": "Refund it."}, headers=key)
    assert (first.status_code, other.status_code) == (200, 409)
    assert other.json()["message"] == OTHER_TEXT
    assert [text for role, text in service.messages(thread) if role == "user"] == [WHERE]


def test_a_turn_that_was_lost_is_called_stopped_when_it_is_repeated(
    start: Callable, database: str, served
) -> None:
    served.reset()
    served.pace(first=1000)
    one, other = (start(database) for _ in range(2))
    thread = one.thread()
    path, key = f"/threads/{thread}/messages", {"Idempotency-Key": "key-1"}
    asked = len(served.requests)
    with one.client("token-of-ann") as client, suppress(httpx.TransportError):
        with client.stream("POST", path, json={"text": WHERE}, headers=key):
            until(lambda: len(served.requests) > asked, "the model is asked")
            one.kill()
    served.reset()
    assert other.ann.post(path, json={"text": WHERE}, headers=key).status_code == 409
    change(database, "update runs set lease = 0 where outcome is null")
    events = dict(events_of(other.ann.post(path, json={"text": WHERE}, headers=key)))
    assert events["end"] == {"status": "resuming", "text": ""}  # nobody has looked at it yet
    third = start(database)
    until(lambda: third.status(thread) == "stopped", "its end")
    events = dict(events_of(other.ann.post(path, json={"text": WHERE}, headers=key)))
    assert events["end"] == {"status": "stopped", "text": ""}
    assert events["error"]["message"].endswith("Please send your message again.")
    assert other.status(thread) == "stopped"
    for service in (other, third):
        service.stop()


def test_a_stream_is_rejoined_where_it_was_left(start: Callable, served, tmp_path) -> None:
    served.reset()
    served.when("speak").says("one two three four " + "five " * 1000 + "nine ten")
    served.pace(per_token=0.2)  # it speaks until somebody has come back
    service = start(str(tmp_path / "a.sqlite"), REJOIN_SECONDS=60)
    thread = service.thread()
    seen = []
    with service.client("token-of-ann") as client:
        path = f"/threads/{thread}/messages"
        with client.stream("POST", path, json={"text": "Speak!"}) as answer:
            lines = answer.iter_lines()
            last = next(line for line in lines if line.startswith("id: ") and line.endswith("-3"))
            seen = [next(line for line in lines if line.startswith("data: "))]
    header = {"Last-Event-ID": last.removeprefix("id: ")}
    with service.ann.stream("GET", f"/threads/{thread}/events", headers=header) as answer:
        more = events_of(answer)
        events = [next(more)]
        served.pace()
        events += more
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
        before = f"&before={page['next']}"
    assert found == made[::-1] and page["next"] is None


def test_pages_skip_no_thread_of_one_instant(start: Callable, database: str, served) -> None:
    service = start(database)
    made = {service.bob.post("/threads", json={}).json()["id"] for _ in range(7)}
    change(database, "update threads set created = 1234567890.125 where owner = 'bob'")
    for limit in (1, 3):
        found, page = [], {"next": f"{2 * 10**9}-{'0' * 32}"}
        while page["next"]:
            page = service.bob.get(f"/threads?limit={limit}&before={page['next']}").json()
            found += [one["id"] for one in page["threads"]]
        assert len(found) == 7 and {*found} == made
    service.stop()


def test_what_waits_comes_in_pages_the_oldest_first(start: Callable, database: str, served) -> None:
    served.reset()
    service = start(database)
    asked = [service.asked("Please refund 20 euros for order T-8.")[1]["id"] for _ in range(3)]
    found, after = [], ""
    while page := service.ann.get(f"/approvals?limit=2{after}").json():
        assert len(page) <= 2
        found += [one["id"] for one in page]
        after = f"&after={page[-1]['created']!r}-{page[-1]['id']}"
    assert found == asked
    change(database, "update approvals set created = 1234567890.125")
    (first,) = service.ann.get("/approvals?limit=1").json()
    after = f"{first['created']!r}-{first['id']}"
    others = [one["id"] for one in service.ann.get(f"/approvals?after={after}").json()]
    assert sorted([first["id"], *others]) == sorted(asked)
    printed = f"/approvals?after=1.234567890125E9-{first['id']}"  # as Java does
    assert [one["id"] for one in service.ann.get(printed).json()] == others
    assert service.ann.get("/approvals?limit=201").status_code == 422
    service.stop()


def test_an_approver_decides_and_the_owner_does_not(start: Callable, served, tmp_path) -> None:
    served.reset()
    tokens = "ann:token-of-ann,bob:token-of-bob,carol:token-of-carol"
    path = str(tmp_path / "a.sqlite")
    service = start(path, TOKENS=tokens, APPROVERS="carol")
    thread, approval = service.asked("Please refund 20 euros for order T-8.")
    assert service.decide(approval).status_code == 403
    assert service.decide(approval, by=service.bob).status_code == 404
    with service.client("token-of-carol") as carol:
        assert carol.get("/approvals").json() == [approval]
        assert approval["owner"] == "ann"
        assert carol.get(f"/threads/{thread}").status_code == 404
        answer = service.decide(approval, by=carol)
        assert '"complete"' in answer.text and "event: token" not in answer.text
        assert '"done": "Refunded 20 euros for order T-8."' in answer.text
        own = carol.post("/threads", json={}).json()["id"]
        text = {"text": "Please refund 1 euros for order T-9."}
        carol.post(f"/threads/{own}/messages", json=text)
        (mine,) = carol.get("/approvals").json()
        assert service.decide(mine, by=carol).status_code == 403
    assert service.effects() == [{"order": "T-8", "amount": 20}]
    assert ("tool", "Refunded 20 euros for order T-8.") in service.messages(thread)
    service.stop()
