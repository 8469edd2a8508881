"""What goes over HTTP, as OpenAPI describes it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, Field

from production_agent.approval import Call, Decisions, Strict

__all__ = ("Approval", "Decide", "Health", "Message", "NewMessage", "NewThread", "Problem")
__all__ += ("Ready", "Thread", "ThreadId", "ThreadWithMessages", "ApprovalId", "Threads")

ThreadId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
ApprovalId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


class NewThread(Strict):
    """A thread to make."""

    title: Annotated[str, Field(strict=True, max_length=100, pattern=r"^[^\x00]*$")] = ""


class NewMessage(Strict):
    """A message to send."""

    text: Annotated[str, Field(strict=True, min_length=1, max_length=8000, pattern=r"^[^\x00]+$")]


class Decide(Decisions):
    """A decision, bound to the calls that were shown by their digest."""

    digest: Annotated[str, Field(strict=True, pattern=r"^[0-9a-f]{64}$")]


class Approval(BaseModel):
    """Calls that wait for a decision. Times are in seconds since 1970."""

    id: str
    thread: str
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
    failed: bool = False


class Thread(BaseModel):
    """A thread and its status; `resuming`: what a crash left is taken up."""

    id: str
    title: str
    created: float
    status: Literal[
        "new", "running", "pending_approval", "resuming", "complete", "failed", "stopped"
    ]


class Threads(BaseModel):
    """Threads, the newest first."""

    threads: list[Thread]


class ThreadWithMessages(Thread):
    """A thread with its history."""

    messages: list[Message]
    approvals: list[Approval]
    problem: Problem | None = None


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """Whether what the service needs answers: `ok`, or what to do about it."""

    database: str
    model: str
