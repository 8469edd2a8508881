"""The graph of the production agent behind FastAPI and graph.astream, with nothing around it."""

from __future__ import annotations

import argparse
import asyncio
import json
import socket

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from production_agent.graph import build, recursion_limit
from production_agent.settings import read
from production_agent.tools import Context

__all__ = ("serve",)


async def serve(port: int) -> None:
    """Serve `POST /threads/{thread}/messages` on a port of this machine; print the URL first."""
    app, settings = FastAPI(), read()

    @app.post("/threads/{thread}/messages")
    async def messages(thread: str, body: dict) -> StreamingResponse:
        config = {"configurable": {"thread_id": thread}}
        config["recursion_limit"] = recursion_limit(settings)
        turn = {"messages": [("user", body["text"])]}

        async def words():
            async for message, _ in graph.astream(
                turn,
                config,
                context=Context(thread, "", "", None),
                stream_mode="messages",
                durability="sync",
            ):
                if message.type == "AIMessageChunk" and message.text:
                    yield f"event: token\ndata: {json.dumps({'text': message.text})}\n\n"

        return StreamingResponse(words(), media_type="text/event-stream")

    async with AsyncSqliteSaver.from_conn_string(settings.database) as saver:
        graph = build(settings, saver)
        listening = socket.create_server(("127.0.0.1", port))
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)  # as the service
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        await uvicorn.Server(uvicorn.Config(app, access_log=False)).serve([listening])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    asyncio.run(serve(parser.parse_args().port))
