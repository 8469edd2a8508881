"""Serve the support desk of the shop: its page, its endpoints, health and metrics."""

from __future__ import annotations

import signal

if __name__ == "__main__":  # until it serves, Ctrl+C ends it as SIGTERM does, also while it imports
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import asyncio
import ipaddress
import socket
import sys

from production_agent import logs, tracing
from production_agent.database import FAILURES, open_database
from production_agent.graph import build
from production_agent.runs import Runs
from production_agent.server import serve
from production_agent.service import create_app
from production_agent.settings import Settings, Unusable, read
from production_agent.store import Store

__all__ = ("main",)

LOUD = """
  DEVELOPMENT: PRODUCTION_AGENT_TOKENS is not set, so nobody has to prove who they are.
  A request without a token is the user "developer"; a token is taken for its user's name.
  Only this machine can reach the service. Before anyone else does, set
  PRODUCTION_AGENT_TOKENS="ann:<token>,bob:<token>" or connect your identity provider (auth.py).
"""


def main(words: list[str] | None = None) -> int:
    """Serve, or set the database up; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m production_agent", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="the port (8000; 0: a free one)")
    parser.add_argument("--host", default="127.0.0.1", help="the address (127.0.0.1)")
    parser.add_argument(
        "--set-up", action="store_true", help="make or update PostgreSQL's tables, then end"
    )
    options = parser.parse_args(words)
    try:
        settings = read()
        logs.set_up(settings.secrets)
        tracing.set_up()
        asyncio.run(_try_database(settings, set_up=options.set_up))
        if options.set_up:
            print("The database is set up.")
            return 0
        listening = _listen(options.host, options.port, settings)
    except Unusable as problem:
        print(problem, file=sys.stderr)
        return 1
    if not settings.users:
        print(LOUD, file=sys.stderr)
    serve(create_app(settings), settings, listening)
    return 0


async def _try_database(settings: Settings, *, set_up: bool) -> None:
    """Make sure that the database can be used, and that this version strands no thread of it."""
    try:
        async with open_database(settings, set_up=set_up, check=True) as database:
            if set_up:
                return
            runs = Runs(settings, Store(database, settings), build(settings, database.saver))
            stranded = await runs.stranded()
    except FAILURES as error:
        raise Unusable(
            f"The database can be opened and not be used ({type(error).__name__}): look at its own "
            "log, and mend or restore it."
        ) from None
    if stranded:
        raise Unusable(
            f"{len(stranded)} threads wait for a decision at a step that this version of the graph "
            f"does not have ({', '.join(stranded[:3])}): name the step's new name in "
            "graph.RENAMED, or let them be decided by the version before."
        )


def _listen(host: str, port: int, settings: Settings) -> socket.socket:
    try:
        local = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host).is_loopback
    except ValueError:
        local = False
    if not local and not settings.users:
        raise Unusable(
            f"Others could reach {host}, and PRODUCTION_AGENT_TOKENS is not set: set it, or serve "
            "on 127.0.0.1."
        )
    try:
        found = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else 2)
        # asyncio sets it for other sockets: a short answer would wait 40 ms to be joined by more.
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        return found
    except (OSError, OverflowError) as error:
        raise Unusable(
            f"Port {port} of {host} cannot be taken ({error.args[-1]}): name another with --port."
        ) from None


if __name__ == "__main__":
    sys.exit(main())
