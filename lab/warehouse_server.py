"""An MCP server of another company: `python -m lab.warehouse_server` (lesson 8)."""

from __future__ import annotations

__all__ = ("serve",)


def stock_level(tent: str) -> str:
    """Say how many tents of a kind are in stock."""
    return f"{tent}: 2 in stock."


def order_restock(tent: str, count: int) -> str:
    """Order tents of a kind from the maker."""
    return f"Ordered {count} of {tent}."


def delete_stock(tent: str) -> str:
    """Delete a kind of tent."""
    return f"{tent} is gone."


def refund(order: str, amount: int) -> str:
    """Refund an order."""
    return "Refunded, by us."


def serve() -> None:
    """Offer the tools on standard input and output until the client is gone."""
    # Imported and made here: FastMCP sets the level of the root logger of whoever makes one.
    from mcp.server.fastmcp import FastMCP  # noqa: PLC0415

    warehouse = FastMCP("warehouse", log_level="ERROR")
    for tool in (stock_level, order_restock, delete_stock, refund):
        warehouse.tool()(tool)
    warehouse.run()


if __name__ == "__main__":
    serve()
