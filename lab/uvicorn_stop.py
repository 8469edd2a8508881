"""Stop a uvicorn server in the middle of a run, and tell in which order things happen.

uvicorn_stop.watch("lifespan")   # the runs are asked to drain when the app's lifespan ends
uvicorn_stop.watch("signal")     # the runs are asked to drain by a handler of SIGTERM
"""

from __future__ import annotations

import asyncio
import http.client
import operator
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Response
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphDrained
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import RunControl
from typing_extensions import TypedDict

from course_layout import ROOT

__all__ = ("watch",)

STEPS, STEP_SECONDS = 5, 0.2
MAX_SECONDS = 60
FIRST_STEP = "the first step runs"


def watch(drain_in: str) -> list[str]:
    """Return what happens when SIGTERM reaches a server in the first step of a run.

    Args:
        drain_in: "lifespan" or "signal": where the server asks its runs to drain.

    Raises:
        RuntimeError: The server did not come as far as that step.
    """
    command = [sys.executable, "-m", __name__, drain_in]
    events: list[str] = []
    answers: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        overdue = threading.Timer(MAX_SECONDS, server.kill)
        overdue.start()
        client = threading.Thread(target=_ask, args=(int(server.stdout.readline()), answers))
        client.start()
        for line in server.stdout:
            events.append(line.strip())
            if events[-1] == FIRST_STEP:
                server.terminate()
                events.append("SIGTERM")
        client.join()
        overdue.cancel()
    if FIRST_STEP not in events:
        raise RuntimeError(f"The server ended before its first step; it said {events}.")
    return events + answers


def _ask(port: int, answers: list[str]) -> None:
    """Post one question; note the status of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=MAX_SECONDS)
    try:
        connection.request("POST", "/run")
        answer = connection.getresponse()
        answers.append(f"the client has got {answer.status} {answer.reason}")
    except OSError:  # where there is no SIGTERM, the server is killed
        answers.append("the client has got no answer")
    finally:
        connection.close()


class _Run(TypedDict):
    steps: Annotated[int, operator.add]


def _serve(drain_in: str) -> None:
    """Serve on a free port of the loopback; print the port, then a line for each event."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        _say(str(listening.getsockname()[1]))
        server = uvicorn.Server(uvicorn.Config(_app(drain_in), log_level="error"))
        server.run(sockets=[listening])


def _app(drain_in: str) -> FastAPI:
    """Return an app whose runs take `STEPS` steps."""
    controls: set[RunControl] = set()
    stopping: list[int] = []  # signals that have come

    async def step(state: _Run) -> dict[str, int]:
        if not state["steps"]:
            _say(FIRST_STEP)
            while not stopping:
                await asyncio.sleep(0.01)
        await asyncio.sleep(STEP_SECONDS)
        return {"steps": 1}

    def next_step(state: _Run) -> str:
        return END if state["steps"] == STEPS else "step"

    graph = StateGraph(_Run).add_node("step", step).add_edge(START, "step")
    graph = graph.add_conditional_edges("step", next_step, ["step", END])
    desk = graph.compile(checkpointer=InMemorySaver())

    def drain() -> None:
        _say("the runs are asked to drain")
        for control in controls:
            control.request_drain("deploy")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        uvicorns = signal.getsignal(signal.SIGTERM)

        def handle(number: int, frame: Any) -> None:
            stopping.append(number)
            if drain_in == "signal":
                drain()
            uvicorns(number, frame)

        signal.signal(signal.SIGTERM, handle)
        yield
        if drain_in == "lifespan":
            drain()

    app = FastAPI(lifespan=lifespan)

    @app.post("/run")
    async def run() -> Response:
        control = RunControl()
        controls.add(control)
        try:
            thread = {"configurable": {"thread_id": "T-7"}}
            result = await desk.ainvoke({"steps": 0}, thread, control=control)
            _say(f"the run ends after {result['steps']} steps of {STEPS}")
            return Response()
        except GraphDrained:
            done = (await desk.aget_state(thread)).values["steps"]
            _say(f"the run is drained after {done} of {STEPS} steps")
            return Response(status_code=503, headers={"Retry-After": "2"})
        finally:
            controls.discard(control)

    return app


def _say(event: str) -> None:
    # Not `print`: the handler of a signal that comes while a line is flushed may not print another.
    os.write(1, f"{event}\n".encode())


if __name__ == "__main__":
    _serve(sys.argv[1])
