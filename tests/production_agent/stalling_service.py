"""The service, with one step that never ends; the log says when it is reached.

STALL names the step: where a real process may die.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys

from production_agent import tools
from production_agent.__main__ import main
from production_agent.runs import Runs
from production_agent.store import Store

STALL = os.environ["PRODUCTION_AGENT_STALL"]


async def for_ever(*_, **__) -> None:
    """Say that the step is reached, and stay there."""
    logging.getLogger("production_agent").info("stalled")
    await asyncio.Event().wait()


async def paid_then_stalled(*arguments) -> None:
    """Pay, and do not come back."""
    await pay_back(*arguments)
    await for_ever()


pay_back, follow = tools.pay_back, Runs._follow
if STALL == "asked, not yet shown":
    Store.end = for_ever
elif STALL == "decided, not yet resumed":
    Runs._follow = lambda *arguments: (
        for_ever() if arguments[1].kind == "decision" else follow(*arguments)
    )
elif STALL == "before the effect":
    tools.pay_back = for_ever
elif STALL == "after the effect":
    tools.pay_back = paid_then_stalled
elif STALL == "in a safe tool":
    tools.TOOLS["track_parcel"].coroutine = for_ever
else:
    sys.exit(f"no such step: {STALL}")
sys.exit(main())
