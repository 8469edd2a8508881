"""Tools of the third set."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


def request_leave(employee: str, start_date: str, end_date: str) -> str:
    """Request leave for an employee."""


def get_leave_balance(employee: str) -> str:
    """Get how many days of leave an employee has left."""


def find_book(title: str) -> str:
    """Find a book in the library catalogue."""


def reserve_book(book_id: str) -> str:
    """Reserve a book."""


def set_thermostat(room: str, temperature: float) -> str:
    """Set the thermostat of a room to a temperature."""


def lock_door(door: str) -> str:
    """Lock a door."""


def create_issue(repo: str, title: str, label: str | None = None) -> str:
    """Create an issue in a GitHub repository."""


def merge_pull_request(repo: str, number: int) -> str:
    """Merge a pull request."""


def list_pull_requests(repo: str) -> str:
    """List the open pull requests of a repository."""


def schedule_appointment(patient: str, doctor: str, date: str) -> str:
    """Schedule an appointment with a doctor."""


def check_inventory(sku: str) -> str:
    """Check how many pieces of an article are in stock."""


def place_order(sku: str, quantity: int) -> str:
    """Place an order with the supplier."""


def apply_discount(customer_id: str, percent: float) -> str:
    """Apply a discount to a customer's account."""


def kubectl_get_pods(namespace: str) -> str:
    """List the pods in a Kubernetes namespace."""


def delete_pod(name: str) -> str:
    """Delete a pod."""


def track_package(tracking_number: str) -> str:
    """Track a package."""


def calculate_tip(bill: float, percent: float) -> float:
    """Calculate the tip for a restaurant bill."""


def detect_language(text: str) -> str:
    """Detect the language of a text."""


def wikipedia(query: str) -> str:
    """Look something up on Wikipedia."""


def tavily_search(query: str) -> str:
    """A search engine optimized for comprehensive, accurate, and trusted results."""


def ask_human(question: str) -> str:
    """Ask the human for help."""


class Recipe(BaseModel):
    """A recipe."""

    name: str
    minutes: int
    vegetarian: bool


class Next(BaseModel):
    """Who acts next."""

    next: Literal["flight_agent", "hotel_agent", "__end__"]
    reason: str


class Contact(BaseModel):
    """Contact details."""

    name: str
    email: str
    phone: str | None = None
