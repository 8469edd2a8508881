"""The endpoints. What can be refused is refused in dependencies, before a stream's first byte."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from production_agent import bodies
from production_agent.approval import problem, shown
from production_agent.auth import User
from production_agent.runs import SORRY, STOPPED, Refused, Run
from production_agent.tools import bad_arguments

__all__ = ("router",)

NO_THREAD = "You have no such thread."
ROLES = {"human": "user", "ai": "assistant", "tool": "tool"}
EVENTS = (
    "Events, each with a JSON object: `run` {run, thread}; `token` {message, text}; `discard` "
    "{}: the words so far are void; `tool` {tool, call, state}; `error` {message, reference}; "
    "`approval` (as in GET /approvals); `end` {status, text}, always the last."
)
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


async def own_thread(request: Request, thread: bodies.ThreadId, user: User) -> dict:
    """Return the user's thread; another's does not exist."""
    rows = await request.app.state.store.threads(user, 1, thread)
    if not rows:
        raise Refused(404, NO_THREAD)
    return rows[0]


Own = Annotated[dict, Depends(own_thread)]


@router.post("/threads", status_code=201)
async def new_thread(request: Request, body: bodies.NewThread, user: User) -> bodies.Thread:
    """Make a thread."""
    return _thread({**await request.app.state.store.new_thread(user, body.title), "run": None})


@router.get("/threads")
async def threads(
    request: Request, user: User, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> bodies.Threads:
    """List the user's threads, the newest first."""
    rows = await request.app.state.store.threads(user, limit)
    return bodies.Threads(threads=[_thread(row) for row in rows])


@router.get("/threads/{thread}", responses=problems(404))
async def thread(request: Request, own: Own, user: User) -> bodies.ThreadWithMessages:
    """Return a thread with its messages and what waits for approval."""
    head = _thread(own)
    state = await request.app.state.runs.state(own["id"])
    return bodies.ThreadWithMessages(
        **head.model_dump(),
        messages=[_message(one) for one in state.values.get("messages", []) if one.text],
        approvals=[shown(one) for one in await request.app.state.store.pending(user, own["id"])],
        problem={
            "failed": bodies.Problem(message=SORRY, reference=own.get("reference")),
            "stopped": bodies.Problem(message=STOPPED),
        }.get(head.status),
    )


@router.delete("/threads/{thread}", status_code=204, responses=problems(404, 409))
async def delete_thread(request: Request, own: Own) -> None:
    """Delete a thread with its messages; what was done for it stays in the books."""
    if not await request.app.state.store.delete_thread(own["id"]):
        raise Refused(409, "A turn is running on this thread. Wait for its end, then try again.")
    await request.app.state.store.database.saver.adelete_thread(own["id"])


async def start_message(request: Request, own: Own, body: bodies.NewMessage) -> AsyncIterator[Run]:
    """Start the turn; leave it when the response ends, in whatever way."""
    run = await request.app.state.runs.message(own, body.text)
    try:
        yield run
    finally:
        run.leave()


@router.post(
    "/threads/{thread}/messages",
    response_class=StreamingResponse,
    responses=STREAM | problems(404, 409, 413, 429),
)
async def send_message(run: Annotated[Run, Depends(start_message)]) -> StreamingResponse:
    """Send a message; the answer comes as server-sent events. Leaving stops the turn."""
    return _events(run)


@router.get("/approvals")
async def approvals(request: Request, user: User) -> list[bodies.Approval]:
    """List what waits for the user's decision, the oldest first."""
    return [shown(one) for one in await request.app.state.store.pending(user)]


async def start_decision(
    request: Request, approval: bodies.ApprovalId, user: User, body: bodies.Decide
) -> Run:
    """Claim the approval, once, and start to carry the decision out."""
    found = await request.app.state.store.approval(approval, user)
    if found is None:
        raise Refused(404, "You have no such approval.")
    if body.digest != found["digest"]:
        raise Refused(409, "These are not the calls that wait. Look at them again.")
    wrong = problem(found["calls"], body.decisions)
    names = {call["id"]: call["name"] for call in found["calls"]}
    for one in body.decisions if not wrong else ():
        if one.type == "edit":
            wrong = wrong or bad_arguments(names[one.call], one.args)
    if wrong:
        raise Refused(409, wrong)  # the body is well formed; it does not fit these calls
    return await request.app.state.runs.decide(found, body.decisions)


@router.post(
    "/approvals/{approval}",
    response_class=StreamingResponse,
    responses=STREAM | problems(404, 409, 413),
)
async def decide(run: Annotated[Run, Depends(start_decision)]) -> StreamingResponse:
    """Decide each call of an approval, once; what follows comes as server-sent events."""
    return _events(run)


def _events(run: Run) -> StreamingResponse:
    return StreamingResponse(run.stream(), media_type="text/event-stream", headers=NOT_BUFFERED)


def _thread(row: dict) -> bodies.Thread:
    if row["run"] and not row["outcome"]:
        # A dead process's turn is "stopped" only once the thread is free for the next message.
        status = "running" if row["alive"] and row["kind"] != "recovery" else "resuming"
    elif row["run"] and row["decided"]:
        status = "resuming"
    elif row["run"] and row["pending"]:
        status = "pending_approval"
    else:
        status = {None: "new", "lost": "stopped", "pending_approval": "stopped"}.get(
            row.get("outcome"), row.get("outcome")
        )
    return bodies.Thread(id=row["id"], title=row["title"], created=row["created"], status=status)


def _message(message) -> bodies.Message:
    return bodies.Message(
        role=ROLES[message.type],
        text=message.text,
        tool=message.name if message.type == "tool" else None,
        failed=getattr(message, "status", None) == "error",
    )
