"""The production agent beside a bare endpoint: the same graph, FastAPI and graph.astream, no more.

    python3 course.py bench service [--rounds N]

Each round loads both in turn with chats on threads of their own: turns a second, the time to the
first word that 95 of 100 turns keep, CPU a turn, and what memory grew by in the turns of a round.
The lesson model answers, in a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

from benchmarks.servers import cpu, running
from benchmarks.verdicts import invalid, verdict

__all__ = ("aims", "measure", "table")

CHATS = 8  # at once
TURNS = 5  # of a thread
WARM_UP_SECONDS, LOAD_SECONDS = 1.0, 5.0
SERVERS = {"service": "production_agent", "bare": "benchmarks.bare_endpoint"}
AIM = 1.3  # times the bare endpoint's figure
COLUMNS = {  # figure: (heading, factor, decimals)
    "rate": ("turns/s", 1, 1),
    "first": ("first word ms", 1e3, 0),
    "cpu": ("CPU ms", 1e3, 1),
    "memory": ("memory MB", 1e-6, 0),
    "growth": ("growth kB/turn", 1e-3, 1),
}


def measure(rounds: int) -> dict:
    """Measure both in turn, several rounds.

    Returns:
        service and bare (figures, one a round): rate (turns a second), first (seconds, the 95th
        percentile), cpu (seconds a turn), memory and growth (bytes, at the end and a turn).
    """
    found: dict[str, list[dict]] = {name: [] for name in SERVERS}
    for number in range(rounds):
        for name in SERVERS if number % 2 else reversed(SERVERS):
            found[name].append(visit(name))
    return found


def visit(name: str) -> dict:
    """Start one of the two on an empty database, load it, and return its figures."""
    is_service = name == "service"
    with tempfile.TemporaryDirectory() as folder, running("-m", "lesson_model") as (_, model):
        settings = {
            "OPENAI_BASE_URL": f"http://127.0.0.1:{model}/v1",
            "OPENAI_API_KEY": "sk-bench",
            "PRODUCTION_AGENT_DATABASE": str(Path(folder) / "agent.sqlite"),
            "PRODUCTION_AGENT_TURNS_PER_MINUTE": "1000000",
        }
        with running("-m", SERVERS[name], **settings) as (server, port):
            asyncio.run(load(port, is_service, WARM_UP_SECONDS))
            memory, seconds = server.memory_info().rss, cpu(server)
            firsts, took, wrong = asyncio.run(load(port, is_service, LOAD_SECONDS))
            seconds = cpu(server) - seconds
            grown = server.memory_info().rss
    turns = max(1, len(firsts))
    return {
        "turns": len(firsts),
        "rate": turns / took,
        "first": quantiles(firsts, n=20)[-1] if len(firsts) > 1 else 0.0,
        "cpu": seconds / turns,
        "memory": grown,
        "growth": (grown - memory) / turns,
        "wrong": wrong,
    }


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
    return "\n".join(lines)
