"""Tools of the set of ordinary prompts, as students of a course on agents write them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


def get_weather(city: str) -> str:
    """Return the current weather in a city."""


def lookup_order(order_id: str) -> str:
    """Look up an order by its id."""


def refund(order_id: str, amount: float) -> str:
    """Refund an order. Needs human approval."""


def cancel_order(order_id: str) -> str:
    """Cancel an order."""


def calculator(expression: str) -> str:
    """Evaluate a math expression."""


def add(a: float, b: float) -> float:
    """Add two numbers."""


def multiply(a: float, b: float) -> float:
    """Multiply two numbers."""


def web_search(query: str) -> str:
    """Search the web."""


def search_docs(query: str) -> str:
    """Search the company documentation."""


def send_email(to: str, subject: str, body: str) -> str:
    """Send an email to someone."""


def create_event(title: str, date: str, time: str) -> str:
    """Create a calendar event."""


def list_events(date: str) -> str:
    """List the calendar events of a day."""


def create_ticket(title: str, priority: Literal["low", "medium", "high"]) -> str:
    """Create a support ticket."""


def close_ticket(ticket_id: int) -> str:
    """Close a support ticket."""


def restart_server(name: str) -> str:
    """Restart a server."""


def server_status(name: str) -> str:
    """Get the status of a server."""


def read_file(path: str) -> str:
    """Read a file."""


def delete_file(path: str) -> str:
    """Delete a file."""


def book_flight(from_city: str, to_city: str, date: str) -> str:
    """Book a flight."""


def get_customer(customer_id: int) -> str:
    """Get the details of a customer."""


def translate(text: str, language: str) -> str:
    """Translate text into another language."""


def remember(fact: str) -> str:
    """Save a fact about the user."""


def get_current_time() -> str:
    """Get the current time."""


def transfer(amount: float, to_account: str) -> str:
    """Transfer money to an account."""


def xyz_tool(city: str) -> str:
    """Get the temperature in a city."""


class Contact(BaseModel):
    """Contact details."""

    name: str
    email: str
    phone: str


class Review(BaseModel):
    """A product review."""

    rating: int = Field(description="Stars, 1 to 5")
    sentiment: Literal["positive", "negative"]


class Route(BaseModel):
    """Where to send the request."""

    destination: Literal["billing", "shipping", "technical"]


class Next(BaseModel):
    """Who acts next."""

    next: Literal["researcher", "writer", "FINISH"]


class Event(BaseModel):
    """A calendar event."""

    title: str
    date: str
    participants: list[str]


SHOP = (lookup_order, refund, cancel_order)
MATH = (add, multiply)
CALENDAR = (create_event, list_events, send_email)
TICKETS = (create_ticket, close_ticket, get_customer)
SERVERS = (restart_server, server_status)
FILES = (read_file, delete_file)
ASSISTANT = (get_weather, web_search, send_email)
