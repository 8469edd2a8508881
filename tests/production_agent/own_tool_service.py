"""The service of another shop: its refund writes the state itself, and a letter may fail."""

from __future__ import annotations

import os
import runpy

from langchain_core.messages import ToolMessage
from langgraph.types import Command, interrupt

from production_agent import graph, tools


async def refund(order: str, amount: int, runtime) -> Command:
    """Refund, then write to the customer, which fails for odd amounts.

    Of 8 euros the letter is an effect, and fails; for 4 it asks somebody.
    For 12 and 14 the process dies once it has paid; what carries it on fails before it pays, or
    after it has come to another amount.
    """
    if amount == 14 and runtime.context.effects:
        await pay(order=order, amount=15, runtime=runtime)
    if amount in (12, 14) and runtime.context.effects:
        raise ConnectionError("stock-3 refused billing_rw")
    text = await pay(order=order, amount=amount, runtime=runtime)
    if amount == 8:
        key = f"{runtime.context.thread}/{runtime.state['messages'][-1].id}/{runtime.tool_call_id}"
        await runtime.context.effect(f"{key}/letter", "letter", {"to": "ann"})
        raise ConnectionError("mail-7 refused billing_rw")
    if amount in (12, 14):
        os._exit(1)
    if amount == 4:
        interrupt("Really?")
    if amount % 2:
        raise ConnectionError("mail-7 refused billing_rw")
    answer = Command(update={"messages": [ToolMessage(text, tool_call_id=runtime.tool_call_id)]})
    return [answer] if amount == 20 else answer


def tell(name: str, details: dict) -> str:
    """Ask a record for what it does not have."""
    return details["currency"]


pay, tools.TOOLS["refund"].coroutine, graph.tell = tools.refund.coroutine, refund, tell
runpy.run_module("production_agent", run_name="__main__", alter_sys=True)
