"""Tools of the second set."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


def get_current_time(timezone: str = "UTC") -> str:
    """Get the current time."""


def get_date_info() -> str:
    """Get detailed information about today's date."""


def analyze_large_dataset(records: int) -> str:
    """Analyze a dataset with the given number of records."""


def fetch_weather_data(city: str) -> str:
    """Fetch weather data for a city."""


def geocode(address: str) -> str:
    """Convert an address to coordinates."""


def locate_ip(ip: str) -> str:
    """Find the location of an IP address."""


def get_exchange_rate(base: str, target: str) -> str:
    """Get the exchange rate between two currencies."""


def get_crypto_price(coin: str, currency: str = "USD") -> str:
    """Get the price of a cryptocurrency."""


def get_customer(email: str) -> str:
    """Retrieve customer details by email."""


def get_orders_by_customer(customer_id: str) -> str:
    """Fetch all orders placed by a customer."""


def fetch_person_info(name: str) -> str:
    """Look up what is known about a person."""


def get_word_length(word: str) -> int:
    """Returns the length of a word."""


def set_alarm(hour: int, minute: int) -> str:
    """Set an alarm for a given time."""


def start_timer(minutes: int) -> str:
    """Start a countdown timer."""


def play_music(title: str) -> str:
    """Play a song."""


def add_note(content: str) -> str:
    """Add a line of text to the notes."""


def check_balance(account_id: str) -> str:
    """Check the balance of a bank account."""


def freeze_card(card_number: str) -> str:
    """Freeze a bank card."""


def rollback_release(service: str, version: str) -> str:
    """Roll a service back to an earlier version."""


def scale_service(service: str, replicas: int) -> str:
    """Scale a service to a number of replicas."""


def query_logs(service: str, level: Literal["info", "warning", "error"] = "info") -> str:
    """Query the logs of a service."""


def roll_dice(sides: int = 6) -> int:
    """Roll a die."""


def plan_route(start: str, end: str) -> str:
    """Plan a route between two places."""


def approve_loan(applicant: str, amount: float, note: str | None = None) -> str:
    """Approve a loan."""


class Ticket(BaseModel):
    """A support ticket."""

    title: str
    priority: Literal["low", "medium", "high"]
    order_id: str | None = None


class Movie(BaseModel):
    """A movie."""

    title: str
    year: int


class Route(BaseModel):
    """Where a question goes."""

    destination: Literal["weather", "billing", "smalltalk"]
