"""Requests in short."""

from __future__ import annotations

import time


def user(text, **more):
    """Return a chat request with one user message."""
    return {"model": "m", "messages": [{"role": "user", "content": text}], **more}


def tool(name, **properties):
    """Return a tool whose parameters have these JSON types."""
    typed = {key: {"type": value} for key, value in properties.items()}
    schema = {"type": "object", "properties": typed, "required": list(typed)}
    return {
        "type": "function",
        "function": {"name": name, "description": f"{name} tool", "parameters": schema},
    }


def wait_until(fact):
    """Wait for something the server notes a moment later, a minute at most."""
    for _ in range(6000):
        if fact():
            return
        time.sleep(0.01)
    raise AssertionError("it never became true")
