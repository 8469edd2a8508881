"""An offline chat model that OpenAI clients talk to over real HTTP.

ChatOpenAI, the openai package and everything else that speaks OpenAI's API reach it as they
would reach the real one: retries, timeouts, streams and error classes are the client's own.

    import lesson_model
    model = lesson_model.start()               # clients of this process now find it
    ChatOpenAI(model=model.name).invoke("Hello!")

What it says is decided by the request alone: the same request gets the same answer. A rule is
one line, the newest is asked first, and values it does not give come from the user's words:

    model.when("hello").says("Good morning!")
    model.when("production database").calls("restart", target="prod-db").then_says("Done. {result}")
    model.when("keep looking").always_calls("search")        # never stops

A model that obeys what a tool returns (prompt injection), once for each result that matches:

    model.when_result("ignore all|refund").calls("refund", order="T-7", amount=480)
    model.when_result("call me").says("I was told to call you.")

Values it does not give come from the words of the result. Rules for results are asked before rules
for the user's words; results of its own calls never start a rule again.

What goes wrong is one line as well (`lesson_model.faults.WORDS` lists the words):

    model.fail("rate_limit", times=2, retry_after=0.2)       # the next two requests
    model.fail("http", status=409)
    model.fail("disconnect", after=5)                        # a stream breaks after five tokens
    model.fail("server_error", times=None)                   # every request from now on
    model.pace(first=0.5, per_token=0.03)                    # seconds
    model.context_window = 500                               # tokens a request may have

The log holds what clients really did:

    [request.status for request in model.requests]           # [429, 429, 200]
    model.requests[-1].body["messages"]
    model.requests[-1].remarks                               # what the client did wrong
    model.requests[-1].aborted                               # it left before the end

A clean slate, for good or for one block:

    model.reset()
    with lesson_model.scratch() as model:                    # the same server; put back at the end
        ...

`start` sets OPENAI_BASE_URL, OPENAI_API_BASE, OPENAI_API_KEY and NO_PROXY, so child processes
find the model too (one that calls `start` itself gets its own). If one of the first two was set
before, the reader chose an endpoint: then `model.local` is False, `model.url` is theirs, rules,
faults and pace have no effect, and the environment stays as it is.

`python -m lesson_model --port 8080` serves the model alone. Other processes control it by
POST /_lesson/fail (the arguments of `fail` as JSON, the fault as "word"), POST /_lesson/reset and
GET /_lesson/requests. Token counts and wording are not OpenAI's.

Who does what in this package, from the bottom up:

    reply, answer, faults, log   plain data that the folders hand to each other
    behaviour/                   decides what to reply: rules, then the user's words, then talk
    behaviour/english/           finds the tool calls a sentence asks for; frozen
    api/                         OpenAI's protocol: checks requests, words answers; no sockets
    wire/                        HTTP on the loopback: delivers answers and faults; no API
    state, model                 what a reset throws away; what authors use
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lesson_model.model import ENDPOINTS, OURS, LessonModel
from lesson_model.reply import Call, Reply

__all__ = ("Call", "LessonModel", "Reply", "scratch", "start")

_lock = threading.Lock()
_running: tuple[int, LessonModel] | None = None  # the process it runs in, and the model


def start(port: int = 0) -> LessonModel:
    """Start the lesson model, or return the running one with a clean slate.

    Sets OPENAI_BASE_URL, OPENAI_API_BASE, OPENAI_API_KEY and NO_PROXY, unless one of the first two
    is set already: then the reader chose an endpoint, and nothing is started or changed.

    Args:
        port: The port on 127.0.0.1; 0 takes a free one.

    Raises:
        OSError: The port is taken.
    """
    global _running
    with _lock:
        if (model := running()) is not None:
            model.reset()
            return model
        chosen = [os.environ[name] for name in reversed(ENDPOINTS) if os.environ.get(name)]
        if chosen and chosen[0] != os.environ.get(OURS):
            model = LessonModel(endpoint=chosen[0])
        else:
            model = LessonModel(port)
            model.announce()
        _running = (os.getpid(), model)
        return model


def running() -> LessonModel | None:
    """Return the model this process serves, or None: a forked process has no server."""
    if _running and _running[0] == os.getpid() and not _running[1].stopped:
        return _running[1]
    return None


@contextmanager
def scratch() -> Iterator[LessonModel]:
    """Run with a clean slate on the same server; the old rules, faults and log come back.

    The environment leads to it, also where somebody has put back an older one since its start.
    """
    model = running() or start()
    if model.local and os.environ.get(OURS) != model.url:
        model.announce()
    with model.scratch():
        yield model
