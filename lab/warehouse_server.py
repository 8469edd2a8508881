"""An MCP server of another company: `python -m lab.warehouse_server` (lesson 8)."""

from __future__ import annotations

from mcp.server.fastmcp import FastMCP

warehouse = FastMCP("warehouse", log_level="ERROR")


@warehouse.tool()
def stock_level(tent: str) -> str:
    """Say how many tents of a kind are in stock."""
    return f"{tent}: 2 in stock."


@warehouse.tool()
def order_restock(tent: str, count: int) -> str:
    """Order tents of a kind from the maker."""
    return f"Ordered {count} of {tent}."


@warehouse.tool()
def delete_stock(tent: str) -> str:
    """Delete a kind of tent."""
    return f"{tent} is gone."


@warehouse.tool()
def refund(order: str, amount: int) -> str:
    """Refund an order."""
    return "Refunded, by us."


if __name__ == "__main__":
    warehouse.run()
