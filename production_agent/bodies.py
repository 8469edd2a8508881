"""What goes over HTTP, as OpenAPI describes it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, Field

from production_agent.approval import Call, Decisions, Strict

__all__ = ("Approval", "Decide", "Id", "Message", "NewMessage", "NewThread", "Problem", "Ready")
__all__ += ("Stopping", "Thread", "ThreadWithMessages", "Threads")

Id = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
WORDS = r"^[^\x00]*[^\s\x00][^\x00]*$"  # PostgreSQL stores no NUL
Status = Literal[
    "new",
    "running",
    "pending_approval",
    "resuming",
    "complete",
    "incomplete",
    "failed",
    "stopped",
    "needs_person",
]


class NewThread(Strict):
    """A thread to make."""

    title: Annotated[str, Field(strict=True, max_length=100, pattern=r"^[^\x00]*$")] = ""


class NewMessage(Strict):
    """A message to send."""

    text: Annotated[str, Field(strict=True, max_length=8000, pattern=WORDS)]


class Decide(Decisions):
    """A decision, bound to the calls that were shown by their digest."""

    digest: Annotated[str, Field(strict=True, pattern=r"^[0-9a-f]{64}$")]


class Approval(BaseModel):
    """Calls that wait for a decision. Times are in seconds since 1970."""

    id: str
    thread: str
    owner: str
    calls: list[Call]
    digest: str
    created: float
    expires: float


class Problem(BaseModel):
    """Why a request was not done."""

    message: str
    reference: str | None = None
    approvals: list[Approval] | None = None


class Message(BaseModel):
    """A message of a thread."""

    role: Literal["user", "assistant", "tool"]
    text: str
    tool: str | None = None
    call: str | None = None  # that a tool's message answers
    failed: bool = False
    cut_off: bool = False


class Thread(BaseModel):
    """A thread and its status.

    `resuming`: a run that a crash or a restart left is carried on; `incomplete`: the answer was
    cut off; `needs_person`: something was done or approved, and its turn did not end.
    """

    id: str
    title: str
    created: float
    status: Status


class Threads(BaseModel):
    """Threads, the newest first; `next` is the `before` of the next page, if there is one."""

    threads: list[Thread]
    next: str | None = None


class ThreadWithMessages(Thread):
    """A thread with its newest messages; `first` is the number of the first one here, from 0."""

    messages: list[Message]
    first: int = 0
    approvals: list[Approval]
    may_stop: bool  # a turn runs on it, and no decision
    problem: Problem | None = None


class Stopping(BaseModel):
    """The turn will stop."""

    status: Literal["stopping"] = "stopping"


class Ready(BaseModel):
    """Whether what the service needs answers: `ok`, or what to do about it."""

    database: str
    model: str
    service: str = "ok"
