"""The service, with steps that never end; the log says which one is reached.

The amount of the refund names the step: where a real process may die.
"""

from __future__ import annotations

import asyncio
import logging
import sys

from production_agent import tools
from production_agent.__main__ import main
from production_agent.runs import Runs
from production_agent.store import Store

ASKED, DECIDED, BEFORE_EFFECT, AFTER_EFFECT = 41, 42, 43, 44


async def stall(step: int) -> None:
    """Say that the step is reached, and stay there."""
    logging.getLogger("production_agent").info("stalled", extra={"step": step})
    await asyncio.Event().wait()


async def end(self, run, ending):
    """Asked for approval, and do not get to show it."""
    if any(call["args"]["amount"] == ASKED for _, calls in ending.asked for call in calls):
        await stall(ASKED)
    return await real_end(self, run, ending)


async def follow(self, run, graph_input) -> None:
    """Have claimed the approval, and do not get to resume."""
    decided = await self.store.decided(run.thread)
    if any(call["args"]["amount"] == DECIDED for one in decided for call in one["calls"]):
        await stall(DECIDED)
    await real_follow(self, run, graph_input)


async def pay_back(key, order, amount, context) -> None:
    """Do not get to pay, or not further."""
    if amount == BEFORE_EFFECT:
        await stall(BEFORE_EFFECT)
    await real_pay_back(key, order, amount, context)
    if amount == AFTER_EFFECT:
        await stall(AFTER_EFFECT)


async def track_parcel(parcel: str) -> str:
    """Do not get to an answer."""
    if parcel == "P-0":
        await stall(0)
    return await real_track_parcel(parcel)


tracking = tools.TOOLS["track_parcel"]
real_track_parcel, tracking.coroutine = tracking.coroutine, track_parcel
real_end, real_follow, real_pay_back = Store.end, Runs._follow, tools.pay_back
Store.end, Runs._follow, tools.pay_back = end, follow, pay_back
sys.exit(main(["--port", "0"]))
