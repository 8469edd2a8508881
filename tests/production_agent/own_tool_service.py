"""The service of another shop: its refund writes the state itself, and a letter may fail."""

from __future__ import annotations

import runpy

from langchain_core.messages import ToolMessage
from langgraph.types import Command

from production_agent import graph, tools


async def refund(order: str, amount: int, runtime) -> Command:
    """Refund, twice if it is 6 euros, then write to the customer, which fails for odd amounts."""
    text = await pay(order=order, amount=amount, runtime=runtime)
    if amount == 6:
        await pay(order=order, amount=amount, runtime=runtime)
    if amount % 2:
        raise ConnectionError("mail-7 refused billing_rw")
    return Command(update={"messages": [ToolMessage(text, tool_call_id=runtime.tool_call_id)]})


def tell(name: str, details: dict) -> str:
    """Ask a record for what it does not have."""
    return details["currency"]


pay, tools.TOOLS["refund"].coroutine, graph.tell = tools.refund.coroutine, refund, tell
runpy.run_module("production_agent", run_name="__main__", alter_sys=True)
