"""Tools as students write them: plain functions with docstrings."""

from __future__ import annotations

from typing import Literal, Optional

from pydantic import BaseModel, Field


def get_weather(city: str) -> str:
    """Get the weather for a city."""


def get_forecast(
    location: str, unit: Literal["celsius", "fahrenheit"] = "celsius", days: int = 1
) -> str:
    """Get the weather forecast for a location.

    Args:
        location: The city.
        unit: Temperature unit.
        days: How many days ahead.
    """


def weather_lookup(town: str) -> str:
    """Look up the current weather in a town."""


def zeta_7(place: str) -> str:
    """Returns today's temperature and rain for a place."""


def search(query: str) -> str:
    """Search the web."""


def search_docs(query: str, limit: int = 5) -> str:
    """Search the product documentation."""


def retrieve_blog_posts(query: str) -> str:
    """Search and return information about Lilian Weng blog posts."""


def add(a: int, b: int) -> int:
    """Add two numbers."""


def multiply(a: int, b: int) -> int:
    """Multiply two numbers."""


def subtract(a: float, b: float) -> float:
    """Subtract b from a."""


def divide(a: float, b: float) -> float:
    """Divide a by b."""


def calculator(expression: str) -> str:
    """Evaluate a mathematical expression."""


def magic_function(input: int) -> int:
    """Applies a magic function to an input."""


def get_time() -> str:
    """Get the current time."""


def refund_order(order_id: str, amount: float) -> str:
    """Refund an order."""


def issue_refund(order_id: str, reason: Optional[str] = None) -> str:  # noqa: UP045
    """Issue a refund for an order.

    Args:
        order_id: The order to refund.
        reason: Why, if the customer said so.
    """


def get_order_status(order_id: str) -> str:
    """Get the status of an order."""


def cancel_order(order_id: int) -> str:
    """Cancel an order that has not been shipped."""


def restart_server(target: str) -> str:
    """Restart a server."""


def risky_action(target: str) -> str:
    """Perform a risky action on a target."""


def safe_action() -> str:
    """Report the status of the system."""


def deploy(service: str, environment: Literal["staging", "production"], dry_run: bool = False):
    """Deploy a service to an environment."""


def send_email(to: str, subject: str, body: str) -> str:
    """Send an email."""


def notify(recipient: str, message: str) -> str:
    """Send a message to a person."""


def delete_file(path: str) -> str:
    """Delete a file."""


def read_file(path: str) -> str:
    """Read a file and return its content."""


def write_file(path: str, content: str) -> str:
    """Write content to a file."""


def list_files(directory: str) -> str:
    """List the files in a directory."""


def execute_sql(query: str) -> str:
    """Run an SQL query on the database."""


def drop_table(table_name: str) -> str:
    """Drop a table from the database."""


def book_flight(origin: str, destination: str, date: str) -> str:
    """Book a flight."""


def book_hotel(hotel_name: str, nights: int = 1) -> str:
    """Book a hotel."""


def book_table(restaurant: str, people: int, time: str, outdoor: bool = False) -> str:
    """Reserve a table in a restaurant."""


def schedule_meeting(topic: str, attendees: list[str], date: str) -> str:
    """Schedule a meeting."""


def transfer_money(amount: float, from_account: str, to_account: str) -> str:
    """Transfer money between accounts."""


def convert_currency(amount: float, from_currency: str, to_currency: str) -> str:
    """Convert an amount from one currency to another."""


def translate(text: str, target_language: str) -> str:
    """Translate text into another language."""


def get_stock_price(symbol: str) -> str:
    """Get the current stock price of a company."""


def get_population(country: str) -> str:
    """Get the population of a country."""


def get_user(user_id: int) -> str:
    """Look up a user in the directory."""


def find_email(name: str) -> str:
    """Find the email address of an employee."""


def create_ticket(title: str, priority: Literal["low", "medium", "high"] = "medium") -> str:
    """Create a support ticket."""


def fetch_page(url: str) -> str:
    """Fetch a web page."""


def word_count(text: str) -> int:
    """Count the words of a text."""


def reverse_string(text: str) -> str:
    """Reverse a string."""


def sum_numbers(numbers: list[float]) -> float:
    """Add up a list of numbers."""


def set_light(room: str, on: bool) -> str:
    """Turn the light in a room on or off."""


def get_unread_emails(sender: Optional[str] = None) -> str:  # noqa: UP045
    """List the unread emails in the inbox."""


def save_memory(content: str) -> str:
    """Save something to remember about the user."""


def transfer_to_math_expert() -> str:
    """Hand the conversation over to the math expert."""


def transfer_to_research_expert() -> str:
    """Hand the conversation over to the research expert, who can search the web."""


class Address(BaseModel):
    """An address."""

    street: str
    city: str


class Ship(BaseModel):
    """Ship a parcel to an address."""

    parcel_id: str = Field(description="Id of the parcel")
    address: Address


SUPPORT = (get_order_status, refund_order, send_email)
MATH = (add, multiply, divide)
OPS = (restart_server, get_weather, search)
FILES = (read_file, write_file, delete_file)
