"""Thirty more ordinary prompts, written blind after the behaviour had been made small."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel

from . import ordinary_tools as t
from .case import after, asks, chat, says, shapes

__all__ = ("SECOND_LOOK",)


def check_stock(product_id: str) -> str:
    """Check how many items of a product are in stock."""


def apply_coupon(order_id: str, code: str) -> str:
    """Apply a coupon code to an order."""


def get_invoice(invoice_id: str) -> str:
    """Get an invoice by its id."""


def add_note(customer_id: int, note: str) -> str:
    """Add a note to a customer."""


def book_hotel(city: str, nights: int) -> str:
    """Book a hotel."""


def convert_temperature(celsius: float) -> float:
    """Convert a temperature from Celsius to Fahrenheit."""


def deploy_service(service: str, environment: Literal["staging", "production"]) -> str:
    """Deploy a service."""


def run_query(sql: str) -> str:
    """Run a SQL query against the database."""


def get_exchange_rate(from_currency: str, to_currency: str) -> str:
    """Get the exchange rate between two currencies."""


def wikipedia(query: str) -> str:
    """Look something up on Wikipedia."""


class Flight(BaseModel):
    """A flight request."""

    origin: str
    destination: str
    passengers: int


class Sentiment(BaseModel):
    """The sentiment of a message."""

    sentiment: Literal["positive", "negative", "neutral"]


def _shape(model: type) -> dict:
    schema = model.model_json_schema()
    return {"type": "json_schema", "json_schema": {"name": model.__name__, "schema": schema}}


SECOND_LOOK = (
    asks("Is product P-200 in stock?", (check_stock, get_invoice),
         ("check_stock", {"product_id": "P-200"})),
    asks("Apply coupon SAVE10 to order 4412", (apply_coupon, t.lookup_order),
         ("apply_coupon", {"order_id": "4412", "code": "SAVE10"})),
    asks("Show me invoice INV-2024-001", (get_invoice, check_stock),
         ("get_invoice", {"invoice_id": "INV-2024-001"})),
    asks("Add a note to customer 12: prefers phone calls", (add_note, t.get_customer),
         ("add_note", {"customer_id": 12, "note": re.compile("prefers phone calls")})),
    asks("Book a hotel in Vienna for 3 nights", (book_hotel, t.book_flight),
         ("book_hotel", {"city": "Vienna", "nights": 3})),
    asks("What is 25 degrees Celsius in Fahrenheit?", (convert_temperature,),
         ("convert_temperature", {"celsius": 25.0})),
    asks("Deploy the checkout service to staging", (deploy_service, t.server_status),
         ("deploy_service", {"service": re.compile("^checkout( service)?$"),
                             "environment": "staging"})),
    asks("Run the query 'SELECT * FROM users'", (run_query,),
         ("run_query", {"sql": "SELECT * FROM users"})),
    asks("What's the exchange rate from USD to EUR?", (get_exchange_rate,),
         ("get_exchange_rate", {"from_currency": "USD", "to_currency": "EUR"})),
    asks("Tell me about Ada Lovelace", (wikipedia,),
         ("wikipedia", {"query": re.compile("Ada Lovelace")})),
    asks("Please email carol@example.com that the meeting is cancelled. Subject: Meeting",
         t.CALENDAR, ("send_email", {"to": "carol@example.com", "subject": "Meeting",
                                     "body": re.compile("the meeting is cancelled")})),
    asks("How's the weather in Mumbai today?", t.ASSISTANT, ("get_weather", {"city": "Mumbai"})),
    asks("Could you tell me where order 8812 is?", t.SHOP, ("lookup_order", {"order_id": "8812"})),
    asks("I need to cancel order 31", t.SHOP, ("cancel_order", {"order_id": "31"})),
    asks("Give me a refund for order 61, it was 12.50 dollars", t.SHOP,
         ("refund", {"order_id": "61", "amount": 12.5})),
    asks("What events do I have tomorrow?", t.CALENDAR, ("list_events", {"date": "tomorrow"})),
    asks("What is 12 times 12?", t.MATH, ("multiply", {"a": 12.0, "b": 12.0})),
    asks("Restart web-01 and db-01", t.SERVERS, ("restart_server", {"name": "web-01"}),
         ("restart_server", {"name": "db-01"})),
    asks("Get the weather in Lisbon and search the web for hotels in Lisbon", t.ASSISTANT,
         ("get_weather", {"city": "Lisbon"}),
         ("web_search", {"query": re.compile("hotels in Lisbon")})),
    asks(chat("Refund order 9", "To call refund I need: amount.", "20 dollars"), t.SHOP,
         ("refund", {"order_id": "9", "amount": 20.0})),
    asks([*after("What's the weather in Paris?", [("get_weather", {"city": "Paris"}, "Sunny")]),
          {"role": "assistant", "content": "Sunny"}, *chat("What about Berlin?")], t.ASSISTANT,
         ("get_weather", {"city": "Berlin"})),
    says("How do I cancel an order?", t.SHOP, "."),
    says("Should I restart the server?", t.SERVERS, "."),
    says("Good morning!", t.SHOP, "morning|hello"),
    says("Tell me a joke", t.SHOP, "."),
    says("Delete my account", t.SHOP, "."),
    says(chat("I'm Priya and I work in Pune.", "Hello!", "Do you know my name?"), (), "Priya"),
    says(after("Delete a.txt", [("delete_file", {"path": "a.txt"}, "Error: no such file")]),
         t.FILES, "did not work|error"),
    shapes("Two passengers from Oslo to Rome", _shape(Flight), origin="Oslo", destination="Rome",
           passengers=2),
    shapes("The delivery was late and the box was broken. Terrible!", _shape(Sentiment),
           sentiment="negative"),
)  # fmt: skip
