"""What the desk can do."""

from __future__ import annotations

from langchain_core.tools import tool

ORDERS = {"T-7": "a tent, 480 euros, delivered", "T-9": "a stove, 310 euros, on its way"}


@tool
def find_order(order_id: str) -> str:
    """Find an order by its id."""
    return ORDERS.get(order_id, "There is no such order.")


@tool
def refund_order(order_id: str, amount: float) -> str:
    """Refund an order. A colleague has to agree."""
    return f"Refunded {amount:.2f} euros for order {order_id}."


TOOLS = [find_order, refund_order]
