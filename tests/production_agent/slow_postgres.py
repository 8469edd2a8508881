"""A way to PostgreSQL that is far: each direction takes a while, and round trips are counted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.conninfo import conninfo_to_dict

__all__ = ("SlowPostgres", "far")


class SlowPostgres:
    """Passes bytes on between a service and its server.

    Attributes:
        url: What the service connects with.
        seconds: Each direction takes so long.
        trips: How often a client waited for an answer.
    """

    def __init__(self, url: str) -> None:
        self.seconds, self.trips = 0.0, 0
        self.server = conninfo_to_dict(url)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        listening = asyncio.run_coroutine_threadsafe(self._listen(), self.loop).result()
        port = listening.sockets[0].getsockname()[1]
        user, name = self.server["user"], self.server["dbname"]
        self.url = f"postgresql://{user}@127.0.0.1:{port}/{name}?sslmode=disable"

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._connect, "127.0.0.1", 0)

    async def _connect(self, reader, writer) -> None:
        host, port = self.server.get("host", ""), self.server.get("port", "5432")
        if host.startswith("/"):
            there = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            there = await asyncio.open_connection(host, port)
        asked = [False]
        await asyncio.gather(
            self._pass_on(reader, there[1], asked, is_client=True),
            self._pass_on(there[0], writer, asked, is_client=False),
            return_exceptions=True,
        )

    async def _pass_on(self, reader, writer, asked: list[bool], *, is_client: bool) -> None:
        """Pass on what comes, each piece as late as it has to be, and none before another."""
        while data := await reader.read(1 << 20):
            if is_client:
                asked[0] = True
            elif asked[0]:  # the first piece of an answer
                asked[0], self.trips = False, self.trips + 1
            self.loop.call_later(self.seconds, writer.write, data)
        self.loop.call_later(self.seconds, writer.close)

    def stop(self) -> None:
        """Cut all connections."""

        async def cut() -> None:
            ours = asyncio.current_task()
            tasks = asyncio.all_tasks() - {ours}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.loop.call_soon(self.loop.stop)

        asyncio.run_coroutine_threadsafe(cut(), self.loop)
        self.thread.join()
        self.loop.close()


@contextmanager
def far(url: str) -> Iterator[SlowPostgres]:
    """Give a way to the server, and end it."""
    one = SlowPostgres(url)
    try:
        yield one
    finally:
        one.stop()
