"""The endpoints. What can be refused is refused in dependencies, before a stream's first byte."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from production_agent import bodies
from production_agent.auth import User
from production_agent.logs import ids
from production_agent.model import is_cut_off
from production_agent.runs import BUSY, NO_THREAD, NOT_DECIDED, Refused, Run
from production_agent.store import status

__all__ = ("router",)

log = logging.getLogger("production_agent")
# `created` and `id`; a client may print a number in its own way.
CURSOR = r"^[0-9]{1,12}(\.[0-9]{1,20})?([eE]\+?[0-9]{1,2})?-[0-9a-f]{32}$"
FIRST, LAST = f"0-{'0' * 32}", f"{10**12 - 1}-{'f' * 32}"
ROLES = {"human": "user", "ai": "assistant", "tool": "tool"}
EVENTS = (
    "Events, each with an id and a JSON object: `run` {run, thread}; `token` {message, text}; "
    "`discard` {}: the words so far are void; `tool` {tool, call, state, done}: `done` is what is "
    "on record for the call; `error` {message, reference}; `approval` (as in GET /approvals); "
    "`end` {status, text}, always the last. An approver gets no words of the model."
)
NOT_STOPPED = {  # by the kind of the run that is unfinished
    None: "No turn is running on this thread.",
    "message": "This turn has ended, and the next one runs.",
    "decision": "A decided call is carried out to its end.",
    "recovery": "What a restart left can no longer be stopped. Wait for its end.",
}
NOT_BUFFERED = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}  # by caches and proxies
EVENT = {
    "type": "object",
    "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
}
STREAM = {200: {"description": EVENTS, "content": {"text/event-stream": {"itemSchema": EVENT}}}}
PROBLEM = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def problems(*statuses: int) -> dict:
    """Return these statuses and those every endpoint has, for OpenAPI; all have the same body."""
    return {status: {"content": PROBLEM} for status in (400, 401, 422, 503, *statuses)}


router = APIRouter(responses=problems())


async def own_thread(request: Request, thread: bodies.Id, user: User) -> dict:
    """Return the user's thread; another's does not exist."""
    rows = await request.app.state.store.threads(user, 1, thread)
    if not rows:
        raise Refused(404, NO_THREAD)
    ids.set({**ids.get(), "thread": thread})
    return rows[0]


Own = Annotated[dict, Depends(own_thread)]


@router.post("/threads", status_code=201, responses=problems(408, 409, 413))
async def new_thread(request: Request, body: bodies.NewThread, user: User) -> bodies.Thread:
    """Make a thread."""
    store = request.app.state.store
    made = await store.new_thread(user, body.title)
    if made is None:
        most = f"You have {store.settings.threads} threads."
        raise Refused(409, f"{most} Delete one, then try again.")
    return _thread({**made, "run": None})


@router.get("/threads")
async def threads(
    request: Request,
    user: User,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[str, Query(pattern=CURSOR)] = LAST,
) -> bodies.Threads:
    """List the user's threads, the newest first; `before` is the `next` of the last page."""
    created, _, last = before.partition("-")
    rows = await request.app.state.store.threads(user, limit + 1, before=(float(created), last))
    page = [_thread(row) for row in rows[:limit]]
    following = f"{page[-1].created!r}-{page[-1].id}" if len(rows) > limit else None
    return bodies.Threads(threads=page, next=following)


@router.get("/threads/{thread}", responses=problems(404))
async def thread(
    request: Request,
    own: Own,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    before: Annotated[int | None, Query(ge=0, le=1_000_000)] = None,
) -> bodies.ThreadWithMessages:
    """Return a thread, the newest messages before number `before`, and what waits for approval."""
    head = _thread(own)
    state = await request.app.state.runs.state(own["id"])
    messages = state.values.get("messages", [])[:before]
    first = max(0, len(messages) - limit)
    problem = None
    if own["sentence"] and own["outcome"] == head.status:
        problem = bodies.Problem(message=own["sentence"], reference=own["reference"])
    elif (own["outcome"], head.status) == ("pending_approval", "stopped"):
        problem = bodies.Problem(message=NOT_DECIDED)
    return bodies.ThreadWithMessages(
        **head.model_dump(),
        messages=[_message(one) for one in messages[first:] if one.text],
        first=first,
        approvals=await request.app.state.store.waiting(thread=own["id"]),
        may_stop=head.status == "running" and own["kind"] == "message",
        problem=problem,
    )


@router.delete("/threads/{thread}", status_code=204, responses=problems(404, 409))
async def delete_thread(request: Request, own: Own) -> None:
    """Delete a thread with its messages; what was done for it stays in the books."""
    if not await request.app.state.store.delete_thread(own["id"]):
        raise Refused(409, BUSY)


async def start_message(
    request: Request,
    own: Own,
    body: bodies.NewMessage,
    idempotency_key: Annotated[str | None, Header(pattern=r"^[\x21-\x7e]{1,100}$")] = None,
) -> AsyncIterator[Run]:
    """Start the turn; leave it when the response ends, in whatever way."""
    runs = request.app.state.runs
    run = await runs.message(own["id"], own["owner"], body.text, idempotency_key)
    with run.joined(runs.settings.rejoin_seconds):
        yield run


@router.post(
    "/threads/{thread}/messages",
    response_class=StreamingResponse,
    responses=STREAM | problems(404, 408, 409, 413, 429),
)
async def send_message(run: Annotated[Run, Depends(start_message)]) -> StreamingResponse:
    """Send a message; the answer comes as server-sent events. Leaving stops the turn.

    Sent again with the same Idempotency-Key it starts nothing, and shows the first one's turn.
    """
    return _events(run.stream())


async def rejoin(request: Request, own: Own) -> AsyncIterator[Run | None]:
    """Join the turn that runs on the thread, if it runs in this process."""
    runs = request.app.state.runs
    run = runs.running.get(own["id"])
    if run is None and own["run"] and not own["outcome"]:
        raise Refused(409, "Another process runs this turn. Look at the thread in a moment.")
    if run is None:
        yield None
        return
    log.info("run_rejoined", extra={"run": run.id})
    with run.joined(runs.settings.rejoin_seconds):
        yield run


@router.get(
    "/threads/{thread}/events",
    response_class=StreamingResponse,
    responses=STREAM | {204: {"description": "No turn is running."}} | problems(404, 409, 429),
)
async def events(
    run: Annotated[Run | None, Depends(rejoin)],
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> Response:
    """Rejoin the running turn, after the event whose id is sent as Last-Event-ID, or from all."""
    if run is None:
        return Response(status_code=204)
    of, _, number = (last_event_id or "").rpartition("-")
    seen = of == run.id and number.isascii() and number.isdigit() and len(number) < 10
    at = int(number) if seen else 0
    return _events(run.stream(at if at <= len(run.events) else 0))


@router.post("/threads/{thread}/cancel", status_code=202, responses=problems(404, 409))
async def cancel(request: Request, thread: bodies.Id, user: User) -> bodies.Stopping:
    """Stop the turn that runs on the thread, in whatever process; a decision cannot be stopped.

    With 202 it is on record that the turn stops: it asks for no approval any more.
    """
    runs = request.app.state.runs
    own = runs.running.get(thread)
    if own and (own.owner, own.kind) == (user, "message"):
        own.cancel()  # before the way to the database, which a flood of its words would delay
        run = own.id
    else:
        own, run = None, (await own_thread(request, thread, user))["run"]
    found = await runs.ask_to_stop(thread, run)
    stops = found and found["id"] == run and found["stop"]  # another process looks each second
    if own and not stops:  # it has ended meanwhile: of this, or before
        await asyncio.wait([own.task])
        stops = own.why == "pressed" and own.events[-1][1]["status"] == "stopped"
    if not stops:
        raise Refused(409, NOT_STOPPED[found and found["kind"]])
    return bodies.Stopping()


@router.get("/approvals")
async def approvals(
    request: Request,
    user: User,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[str, Query(pattern=CURSOR)] = FIRST,
) -> list[bodies.Approval]:
    """List what waits for a decision, the oldest first: the user's, or for an approver all.

    More than `limit` come page by page: `after` is `created-id` of the last one so far.
    """
    store = request.app.state.store
    owner = "" if user in request.app.state.settings.approvers else user
    created, _, last = after.partition("-")
    return await store.waiting(owner=owner, limit=limit, after=(float(created), last))


async def start_decision(
    request: Request, approval: bodies.Id, user: User, body: bodies.Decide
) -> Run:
    """Claim the approval, once, and start to carry the decision out."""
    return await request.app.state.runs.decide(approval, body.digest, body.decisions, user)


@router.post(
    "/approvals/{approval}",
    response_class=StreamingResponse,
    responses=STREAM | problems(403, 404, 408, 409, 413),
)
async def decide(run: Annotated[Run, Depends(start_decision)], user: User) -> StreamingResponse:
    """Decide each call of an approval, once; what follows comes as server-sent events."""
    return _events(run.stream(words=user == run.owner))


def _events(stream: AsyncIterator[str]) -> StreamingResponse:
    return StreamingResponse(stream, media_type="text/event-stream", headers=NOT_BUFFERED)


def _thread(row: dict) -> bodies.Thread:
    return bodies.Thread(**{k: row[k] for k in ("id", "title", "created")}, status=status(row))


def _message(message) -> bodies.Message:
    return bodies.Message(
        role=ROLES[message.type],
        text=message.text,
        tool=message.name if message.type == "tool" else None,
        call=getattr(message, "tool_call_id", None),
        failed=getattr(message, "status", None) == "error",
        cut_off=is_cut_off(message),
    )
