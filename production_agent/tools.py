"""What the support desk can do. Put your own tools here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from langchain.tools import ToolRuntime
from langchain_core.tools import BaseTool, tool
from pydantic import Field, StrictInt, StrictStr, ValidationError

__all__ = ("RISKY", "TOOLS", "Context", "bad_arguments")

ORDERS = {  # order: (what, paid in euros, parcel); in your shop this is a database
    "T-7": ("Fjell 3, a tent for three", 480, "P-3"),
    "T-8": ("twelve pegs", 20, "P-4"),
    "T-9": ("Tarn 2, a tent for two", 310, "P-5"),
}
PARCELS = {
    "P-3": "delivered on Monday, left with a neighbour",
    "P-4": "on its way, due tomorrow",
    "P-5": "waiting in our store room",
}


@dataclass(frozen=True)
class Context:
    """What a run knows besides its state; it is not stored in checkpoints."""

    thread: str
    run: str
    user: str
    # (key, name, details): writes down an effect unless its key is there already.
    effect: Callable[[str, str, dict], Awaitable[None]]


@tool
async def order_status(order: StrictStr) -> str:
    """Look up the status of an order, for example T-7."""
    if order not in ORDERS:
        return f"There is no order {order}."
    what, paid, parcel = ORDERS[order]
    return f"Order {order}: {what}, {paid} euros paid, sent as parcel {parcel}."


@tool
async def track_parcel(parcel: StrictStr) -> str:
    """Track where a parcel is, for example P-3."""
    return f"Parcel {parcel}: {PARCELS.get(parcel, 'not known')}."


@tool
async def refund(
    order: StrictStr,
    amount: Annotated[StrictInt, Field(gt=0, le=1000)],
    runtime: ToolRuntime[Context],
) -> str:
    """Refund an amount in whole euros for an order. Money leaves the shop."""
    if order not in ORDERS:
        return f"Nothing was refunded: there is no order {order}."
    if amount > ORDERS[order][1]:
        return f"Nothing was refunded: only {ORDERS[order][1]} euros were paid for order {order}."
    await pay_back(effect_key(runtime), order, amount, runtime.context)
    return f"Refunded {amount} euros for order {order}."


async def pay_back(key: str, order: str, amount: int, context: Context) -> None:
    """Write the payment down; the row is the order to pay.

    A payment service over HTTP gets the same key as its idempotency key. Never pay first and
    write down afterwards: a crash between the two pays twice.
    """
    await context.effect(key, "refund", {"order": order, "amount": amount})


def effect_key(runtime: ToolRuntime) -> str:
    """Return what is the same when this very call runs again after a crash, and never else.

    The tool call's id alone is not enough: some providers count call_0, call_1 in every message.
    """
    message = runtime.state["messages"][-1].id
    return f"{runtime.context.thread}/{message}/{runtime.tool_call_id}"


TOOLS: dict[str, BaseTool] = {one.name: one for one in (order_status, track_parcel, refund)}
RISKY = {"refund": "Money leaves the shop."}  # tool: why a person decides


def bad_arguments(name: str, args: dict) -> str | None:
    """Return what is wrong with the arguments of a call, in one sentence, or None."""
    if name not in TOOLS:
        return f"There is no tool {name}. The tools are {', '.join(TOOLS)}."
    schema = TOOLS[name].tool_call_schema
    if unknown := sorted(args.keys() - schema.model_fields.keys()):
        return f"{name} takes no {', '.join(unknown)}."
    try:
        schema.model_validate(args)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{name}: {'.'.join(map(str, first['loc']))}: {first['msg']}."
    return None
