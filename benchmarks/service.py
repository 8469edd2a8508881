"""The production agent beside a bare endpoint: the same graph, FastAPI and graph.astream, no more.

    python3 course.py bench service [--rounds N]

Each round loads both in turn with chats on threads of their own: turns a second, the time to the
first word that 95 of 100 turns keep, CPU a turn, and what memory grew by in the turns of a round.
The lesson model answers, in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from subprocess import DEVNULL, Popen

import psutil

from benchmarks.servers import free_port
from benchmarks.verdicts import invalid, verdict
from course_layout import ROOT

__all__ = ("aims", "measure", "table")

CHATS = 8  # at once
TURNS = 5  # of a thread
AIM = 1.3  # times the bare endpoint's figure
COLUMNS = {  # figure: (heading, factor, decimals)
    "rate": ("turns/s", 1, 1),
    "first": ("first word ms", 1e3, 0),
    "cpu": ("CPU ms", 1e3, 1),
    "memory": ("memory MB", 1e-6, 0),
    "growth": ("growth kB/turn", 1e-3, 1),
}


def measure(rounds: int, seconds: float = 5.0) -> dict:
    """Measure both in turn, several rounds.

    Returns:
        service and bare (figures, one a round): rate (turns a second), first (seconds, the 95th
        percentile), cpu (seconds a turn), memory and growth (bytes, at the end and a turn).
    """
    found: dict[str, list[dict]] = {"service": [], "bare": []}
    for number in range(rounds):
        names = list(found) if number % 2 else list(found)[::-1]
        for name in names:
            found[name].append(visit(name, seconds))
    return found


def visit(name: str, seconds: float) -> dict:
    """Start one of the two on an empty database, load it, and return its figures."""
    with tempfile.TemporaryDirectory() as folder, process("-m", "lesson_model") as (_, model):
        settings = {
            "OPENAI_BASE_URL": f"http://127.0.0.1:{model}/v1",
            "OPENAI_API_KEY": "sk-bench",
            "PRODUCTION_AGENT_DATABASE": str(Path(folder) / "agent.sqlite"),
            "PRODUCTION_AGENT_TURNS_PER_MINUTE": "1000000",
        }
        what = ("-m", "production_agent") if name == "service" else ("-m", "benchmarks.service")
        with process(*what, **settings) as (running, port):
            asyncio.run(load(port, name == "service", 1.0))  # warms up
            memory, cpu = running.memory_info().rss, sum(running.cpu_times()[:2])
            firsts, took, wrong = asyncio.run(load(port, name == "service", seconds))
            cpu = sum(running.cpu_times()[:2]) - cpu
            grown = running.memory_info().rss
    turns = max(1, len(firsts))
    return {
        "turns": len(firsts),
        "rate": turns / took,
        "first": quantiles(firsts, n=20)[-1] if len(firsts) > 1 else 0.0,
        "cpu": cpu / turns,
        "memory": grown,
        "growth": (grown - memory) / turns,
        "wrong": wrong,
    }


@contextmanager
def process(*words: str, **settings: str):
    """Start a server, wait until it answers, and end it; gives the process and its port."""
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PRODUCTION_AGENT_")}
    running = Popen(
        [sys.executable, *words, "--port", str(port)],
        cwd=ROOT,
        env={**environment, **settings},
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    try:
        for _ in range(600):
            try:
                asyncio.run(ask(port, "GET", "/health"))
                break
            except OSError:
                time.sleep(0.1)
        yield psutil.Process(running.pid), port
    finally:
        running.terminate()
        running.wait()


async def load(port: int, is_service: bool, seconds: float) -> tuple[list[float], float, int]:
    """Keep chats going; return times to the first word, the seconds it took, and wrong answers."""
    firsts: list[float] = []
    wrong, began = 0, time.perf_counter()

    async def chat(number: int) -> None:
        nonlocal wrong
        turn, thread = 0, ""
        while time.perf_counter() - began < seconds:
            if turn % TURNS == 0:
                thread = f"{number}-{turn}-{began}"
                if is_service:
                    _, _, body = await ask(port, "POST", "/threads", {})
                    thread = json.loads(body)["id"]
            turn += 1
            path = f"/threads/{thread}/messages"
            status, first, body = await ask(port, "POST", path, {"text": "Where is parcel P-3?"})
            if status == 200 and first and b"neighbour" in body:
                firsts.append(first)
            else:
                wrong += 1

    await asyncio.gather(*(chat(number) for number in range(CHATS)))
    return firsts, time.perf_counter() - began, wrong


async def ask(port: int, method: str, path: str, body: dict | None = None):
    """Send a request; return status, seconds to the first word of a stream, and the body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    payload = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n"
    head += f"content-type: application/json\r\ncontent-length: {len(payload)}\r\n\r\n"
    sent, first, data = time.perf_counter(), 0.0, b""
    writer.write(head.encode() + payload)
    while piece := await reader.read(65536):
        data += piece
        if not first and b"event: token" in data:
            first = time.perf_counter() - sent
    writer.close()
    return int(data.split(maxsplit=2)[1]), first, data.partition(b"\r\n\r\n")[2]


def serve_bare(port: int) -> None:
    """Serve the graph with nothing around it."""
    import uvicorn  # noqa: PLC0415
    from fastapi import FastAPI  # noqa: PLC0415
    from fastapi.responses import StreamingResponse  # noqa: PLC0415
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver  # noqa: PLC0415

    from production_agent.graph import build, recursion_limit  # noqa: PLC0415
    from production_agent.settings import read  # noqa: PLC0415
    from production_agent.tools import Context  # noqa: PLC0415

    app, settings = FastAPI(), read()

    @app.post("/threads/{thread}/messages")
    async def messages(thread: str, body: dict) -> StreamingResponse:
        config = {"configurable": {"thread_id": thread}}
        config["recursion_limit"] = recursion_limit(settings)
        turn = {"messages": [("user", body["text"])]}

        async def words():
            async for message, _ in app.state.graph.astream(
                turn,
                config,
                context=Context(thread, "", "", None),
                stream_mode="messages",
                durability="sync",
            ):
                if message.type == "AIMessageChunk" and message.text:
                    yield f"event: token\ndata: {json.dumps({'text': message.text})}\n\n"

        return StreamingResponse(words(), media_type="text/event-stream")

    async def main() -> None:
        async with AsyncSqliteSaver.from_conn_string(settings.database) as saver:
            app.state.graph = build(settings, saver)
            await uvicorn.Server(uvicorn.Config(app, port=port, access_log=False)).serve()

    asyncio.run(main())


def ratio(found: dict, name: str) -> float:
    """Return the median over the rounds of the service's figure by the bare endpoint's."""
    pairs = zip(found["service"], found["bare"], strict=True)
    return median(ours[name] / bare[name] if bare[name] else 0.0 for ours, bare in pairs)


def aims(found: dict) -> list[dict]:
    """Return a verdict for each aim."""
    rate, first = 1 / ratio(found, "rate"), ratio(found, "first")
    verdicts = [
        verdict("bare turns/s by the service's", rate, AIM, " x", at_least=False),
        verdict("first word, p95, by the bare endpoint's", first, AIM, " x", at_least=False),
        verdict("CPU a turn by the bare endpoint's", ratio(found, "cpu"), AIM, " x", False),
        verdict("memory by the bare endpoint's", ratio(found, "memory"), AIM, " x", False),
    ]
    wrong = [name for name in found if any(one["wrong"] or not one["turns"] for one in found[name])]
    return verdicts + [invalid(f"{name} gave wrong answers") for name in wrong]


def table(found: dict) -> str:
    """Return the results for people to read."""
    lines = [f"{'':<10}" + "".join(f"{heading:>16}" for heading, _, _ in COLUMNS.values())]
    for name, visits in found.items():
        cells = [
            f"{median(one[column] for one in visits) * factor:>16.{decimals}f}"
            for column, (_, factor, decimals) in COLUMNS.items()
        ]
        lines.append(f"{name:<10}" + "".join(cells))
    turns = sum(one["turns"] for visits in found.values() for one in visits)
    lines.append(f"{CHATS} chats at once, {turns} turns; a turn asks the model twice, runs a tool.")
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > 2 * (os.cpu_count() or 1):
        lines.append(f"The machine was busy (load {os.getloadavg()[0]:.0f}): trust CPU, not times.")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serve the bare endpoint.")
    parser.add_argument("--port", type=int, required=True)
    serve_bare(parser.parse_args().port)
