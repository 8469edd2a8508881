"""The lesson model beside the mock servers one could use instead, on one machine in one run.

Rounds go through all servers in turn, so that a busy machine is busy for all alike; what is
reported are medians over the rounds, and medians of each round's ratio to the lesson model.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.load import Job
from benchmarks.peers import ANSWER, Peer, lesson_model, peers
from benchmarks.servers import Server
from benchmarks.verdicts import invalid, verdict
from tools.install.extras import CACHE, Missing

__all__ = ("aims", "measure", "ratio", "table")

OURS = "lesson model"
COLUMNS = {  # name: (heading, factor, decimals)
    "start_wall": ("start s", 1, 2),
    "start_cpu": ("start CPU s", 1, 2),
    "memory": ("RSS MB", 1e-6, 0),
    "json_rate": ("JSON/s", 1, 0),
    "json_cpu": ("CPU ms/JSON", 1e3, 3),
    "sse_rate": ("SSE/s", 1, 0),
    "sse_cpu": ("CPU ms/SSE", 1e3, 3),
    "first_token": ("1st token ms", 1e3, 2),
}
START_CPU, START_MEMORY = 0.060, 12e6  # seconds, bytes: the aims for import and start
BUSY = 0.8  # of a core: a client that uses more may be what is measured


def load(job: Job) -> dict:
    """Send a load from a process of its own and return its report."""
    program = Path(__file__).with_name("load.py")
    done = subprocess.run(
        [sys.executable, "-I", str(program)],
        input=json.dumps(dataclasses.asdict(job)),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def visit(peer: Peer, cache: Path, seconds: float, install: bool = True) -> dict:
    """Start a server, measure it once, and end it.

    Raises:
        Missing: It cannot be installed or does not start.
    """
    figures, errors, client = {}, [], 0.0
    with Server(peer, cache, install) as server:

        def burst(stream: bool, connections: int, seconds: float, requests: int | None = None):
            nonlocal client
            text = peer.stream_text if stream else peer.json_text
            before = server.cpu()
            job = Job(server.port, server.body(stream), text, connections, seconds, requests)
            report = load(job)
            answers = report["requests"]
            errors.extend(f"{count} x {kind}" for kind, count in report["errors"].items())
            if not answers:
                raise Missing(f"gave no right answer: {', '.join(errors) or 'none in time'}")
            client = max(client, report["client_cpu"] / report["seconds"])
            return report, answers / report["seconds"], (server.cpu() - before) / answers

        figures["start_wall"], figures["start_cpu"] = server.start_wall, server.start_cpu
        burst(False, 16, seconds / 2)  # warms up: compilers at run time, caches
        burst(True, 8, seconds / 2)
        one, figures["json_rate"], figures["json_cpu"] = burst(False, 16, seconds)
        many, figures["sse_rate"], figures["sse_cpu"] = burst(True, 8, seconds)
        alone, _, _ = burst(True, 1, seconds, requests=200)
        figures["first_token"] = median(alone["first_token"])
        figures["memory"] = server.memory()
    sizes = {"json": one["characters"], "sse": many["characters"], "frames": many["frames"]}
    return {"figures": figures, "errors": errors, "client": client, "sizes": sizes}


def measure(
    rounds: int,
    seconds: float,
    servers: list[Peer] | None = None,
    cache: Path = CACHE,
    install: bool = True,
    say: Callable[[str], None] = print,
) -> dict:
    """Measure all servers in turn, several rounds.

    Args:
        rounds: How often each server is started and measured.
        seconds: How long each load lasts.
        servers: The servers; the lesson model is the first.
        cache: Where the other servers are installed.
        install: Whether to install what is not there yet.
        say: Takes lines about the progress.

    Returns:
        servers (name: visits, one a round), missing (name: why), remarks (name: remark), load
        (how many processes wanted to run in the last minute).
    """
    visits: dict[str, list[dict]] = {}
    missing: dict[str, str] = {}
    servers = servers or [lesson_model(), *peers()]
    for number in range(rounds):
        for peer in servers:
            if peer.name in missing:
                continue
            say(f"round {number + 1} of {rounds}: {peer.name}")
            try:
                visits.setdefault(peer.name, []).append(visit(peer, cache, seconds, install))
            except Missing as error:
                missing[peer.name] = str(error)
                visits.pop(peer.name, None)
    return {
        "servers": visits,
        "missing": missing,
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else 0,
        "remarks": {peer.name: peer.remark for peer in servers if peer.remark},
    }


def middle(visits: list[dict], name: str) -> float:
    """Return the median of a figure over the rounds."""
    return median(visit["figures"][name] for visit in visits)


def ratio(one: list[dict], other: list[dict], name: str) -> float:
    """Return the median over the rounds of one server's figure by the other's."""
    pairs = zip(one, other, strict=True)
    return median(a["figures"][name] / b["figures"][name] for a, b in pairs)


def aims(results: dict) -> list[dict]:
    """Return a verdict for each aim that could be measured."""
    visits, found = results["servers"], []
    ours = visits.get(OURS)
    others = {name: each for name, each in visits.items() if name != OURS}
    if ours and others:
        best = max(others, key=lambda name: middle(others[name], "json_rate"))
        value = ratio(ours, others[best], "json_rate")
        cpu = 1 / ratio(ours, others[best], "json_cpu")
        rates = verdict(f"JSON requests/s by the best peer's ({best})", value, 3, " x")
        found.append({**rates, "text": f"{rates['text']} ({cpu:.2f} x by CPU alone)"})
    aimock = next((each for name, each in others.items() if name.startswith("aimock")), None)
    if ours and aimock:
        rate, cpu = ratio(ours, aimock, "sse_rate"), ratio(ours, aimock, "sse_cpu")
        found.append(verdict("SSE requests/s by aimock's", rate, 1, " x"))
        found.append(verdict("CPU of a stream by aimock's", cpu, 1, " x", at_least=False))
    if start := results.get("start"):
        cpu, memory = start["cpu"], start["memory"]
        what = "import and start() in a kernel"
        found.append(verdict(f"{what}, CPU", cpu * 1e3, START_CPU * 1e3, " ms", at_least=False))
        found.append(
            verdict(f"{what}, memory", memory / 1e6, START_MEMORY / 1e6, " MB", at_least=False)
        )
    wrong = [name for name, each in visits.items() if any(visit["errors"] for visit in each)]
    return found + [invalid(f"{name} gave wrong or broken answers") for name in wrong]


def table(results: dict) -> str:
    """Return the results for people to read."""
    headings = [heading for heading, _, _ in COLUMNS.values()]
    lines = [f"{'':<19}" + "".join(f"{heading:>14}" for heading in headings)]
    ours = results["servers"].get(OURS)
    for name, visits in results["servers"].items():
        cells = [
            f"{middle(visits, column) * factor:>14.{decimals}f}"
            for column, (_, factor, decimals) in COLUMNS.items()
        ]
        lines.append(f"{name:<19}" + "".join(cells))
        if ours and visits is not ours:
            ratios = [f"{ratio(visits, ours, column):>12.2f} x" for column in COLUMNS]
            lines.append(f"{'  by lesson model':<19}" + "".join(ratios))
    lines.append("")
    for name, visits in results["servers"].items():
        sizes, busiest = visits[-1]["sizes"], max(visit["client"] for visit in visits)
        line = f"{name}: {sizes['json']} characters in JSON, {sizes['sse']} in {sizes['frames']}"
        line += f" frames; the client used {busiest:.0%} of a core at most"
        lines.append(line + (", so it may be what was measured" if busiest > BUSY else ""))
        if remark := results["remarks"].get(name):
            lines.append(f"  it {remark}")
        errors = [error for visit in visits for error in visit["errors"]]
        if errors:
            lines.append(f"  INVALID, wrong or broken answers: {'; '.join(errors)}")
    lines += [f"{name}: not measured, it {why}" for name, why in results["missing"].items()]
    lines.append(f"Each was asked for the same {len(ANSWER.split())} words.")
    if results.get("load", 0) > (os.cpu_count() or 1):
        lines.append(
            f"The machine was busy (load {results['load']:.1f}): requests/s then also tell how it "
            "shares its cores, which favours servers of many threads. CPU per request does not."
        )
    return "\n".join(lines)
