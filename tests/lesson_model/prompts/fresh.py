"""A second set, with tools and requests of kinds that other courses' notebooks use."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel

from . import toolbox as t
from .case import after, asks, chat, says, shapes

__all__ = ("FRESH",)


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


def schema(model: type[BaseModel]) -> dict:
    """Return the response_format LangChain sends for a model."""
    body = {"name": model.__name__, "schema": model.model_json_schema(), "strict": False}
    return {"type": "json_schema", "json_schema": body}


CLOCK = (get_current_time, get_date_info, analyze_large_dataset, fetch_weather_data)
BANK = (check_balance, t.transfer_money, freeze_card)
CLUSTER = (t.restart_server, rollback_release, scale_service, query_logs)
PHONE = (set_alarm, start_timer, play_music, add_note, t.notify)
SHOP = (get_customer, get_orders_by_customer, t.refund_order)
COINS = (get_crypto_price, get_exchange_rate)
DATE_FIRST = "Tell me today's date information, then analyze a dataset of 2000 records"
SCALED = ("scale_service", {"service": "checkout", "replicas": 5})

FRESH = (
    asks("What's the current time?", CLOCK, ("get_current_time", {})),
    asks(
        "Analyze a dataset with 2000 records", CLOCK, ("analyze_large_dataset", {"records": 2000})
    ),
    asks(
        "Can you fetch the weather for New York?",
        CLOCK,
        ("fetch_weather_data", {"city": "New York"}),
    ),
    asks(
        "Get the current time and analyze 1500 records",
        CLOCK,
        ("get_current_time", {}),
        ("analyze_large_dataset", {"records": 1500}),
    ),
    asks(DATE_FIRST, CLOCK, ("get_date_info", {})),
    asks(
        after(DATE_FIRST, [("get_date_info", {}, "It is a Monday")]),
        CLOCK,
        ("analyze_large_dataset", {"records": 2000}),
    ),
    asks(
        "Where is IP address 8.8.8.8 located?",
        (locate_ip, geocode),
        ("locate_ip", {"ip": "8.8.8.8"}),
    ),
    asks(
        "What are the coordinates of 'Unter den Linden 1, Berlin'?",
        (geocode, t.get_weather),
        ("geocode", {"address": "Unter den Linden 1, Berlin"}),
    ),
    asks(
        "What's the exchange rate from USD to EUR?",
        (get_exchange_rate, get_crypto_price),
        ("get_exchange_rate", {"base": "USD", "target": "EUR"}),
    ),
    asks("What's the current Bitcoin price?", COINS, ("get_crypto_price", {"coin": "Bitcoin"})),
    asks(
        "Get me the Ethereum price in EUR",
        COINS,
        ("get_crypto_price", {"coin": "Ethereum", "currency": "EUR"}),
    ),
    asks(
        "Look up the customer jane.doe@mail.co",
        SHOP,
        ("get_customer", {"email": "jane.doe@mail.co"}),
    ),
    asks(
        "Show all orders of customer C-204",
        SHOP,
        ("get_orders_by_customer", {"customer_id": "C-204"}),
    ),
    asks("Who is Alice?", (fetch_person_info, t.add), ("fetch_person_info", {"name": "Alice"})),
    asks(
        "How long is the word 'checkpointer'?",
        (get_word_length, t.search),
        ("get_word_length", {"word": "checkpointer"}),
    ),
    asks("Start a timer for 10 minutes", PHONE, ("start_timer", {"minutes": 10})),
    asks("Play 'Bohemian Rhapsody'", PHONE, ("play_music", {"title": "Bohemian Rhapsody"})),
    asks("Make a note: buy oat milk", PHONE, ("add_note", {"content": re.compile("buy oat milk")})),
    asks(
        "Text Omar 'running late 🏃'",
        PHONE,
        ("notify", {"recipient": "Omar", "message": "running late 🏃"}),
    ),
    asks(
        "What is the balance of account 88-1200?",
        BANK,
        ("check_balance", {"account_id": "88-1200"}),
    ),
    asks(
        "Transfer $75.50 from checking to savings.",
        BANK,
        ("transfer_money", {"amount": 75.5, "from_account": "checking", "to_account": "savings"}),
    ),
    asks(
        "I lost my card, please freeze card 4929-1111",
        BANK,
        ("freeze_card", {"card_number": "4929-1111"}),
    ),
    asks(
        "Scale the checkout service to 5 replicas",
        CLUSTER,
        ("scale_service", {"service": ("checkout", "checkout service"), "replicas": 5}),
    ),
    asks(
        "Roll payments back to version 2.3.1",
        CLUSTER,
        ("rollback_release", {"service": "payments", "version": "2.3.1"}),
    ),
    asks(
        "Show me the error logs of the billing service",
        CLUSTER,
        ("query_logs", {"service": ("billing", "billing service"), "level": "error"}),
    ),
    asks(
        "Check the logs of api-gateway and then restart it",
        CLUSTER,
        ("query_logs", {"service": "api-gateway"}),
    ),
    asks(
        "Restart db-1, db-2 and db-3",
        CLUSTER,
        ("restart_server", {"target": "db-1"}),
        ("restart_server", {"target": "db-2"}),
        ("restart_server", {"target": "db-3"}),
    ),
    asks("Roll a die with 20 sides", (roll_dice, t.add), ("roll_dice", {"sides": 20})),
    asks(
        "Plan a route from Hamburg to Lübeck",
        (plan_route, t.book_flight),
        ("plan_route", {"start": "Hamburg", "end": "Lübeck"}),
    ),
    asks(
        "Approve a loan of 12000 dollars for Mia Wong",
        (approve_loan, check_balance),
        ("approve_loan", {"applicant": "Mia Wong", "amount": 12000.0}),
    ),
    asks(
        "What is 15 * 8 + 23?",
        (t.calculator, t.get_weather),
        ("calculator", {"expression": "15 * 8 + 23"}),
    ),
    asks(
        "Find out when the Eiffel Tower was built",
        (t.search, t.get_weather),
        ("search", {"query": re.compile("Eiffel Tower")}),
    ),
    asks(
        "Is it sunny in Lagos today, and how about Accra?",
        (t.get_weather,),
        ("get_weather", {"city": "Lagos"}),
        ("get_weather", {"city": "Accra"}),
    ),
    asks(
        "Refund order 901 (amount: 12.40) please",
        t.SUPPORT,
        ("refund_order", {"order_id": "901", "amount": 12.4}),
    ),
    asks(
        "Email the report to cfo@corp.com. Subject: Q3. Body: See attachment.",
        t.SUPPORT,
        (
            "send_email",
            {"to": "cfo@corp.com", "subject": "Q3", "body": re.compile("See attachment")},
        ),
    ),
    says("Freeze my card", BANK, "freeze_card", "card"),
    says("Hello, how are you?", PHONE, "."),
    says("I already froze the card 4929-1111 this morning.", BANK, "."),
    says("What would scaling checkout to 50 replicas cost?", CLUSTER, "."),
    says("Why is the checkout service so slow?", (scale_service, t.restart_server), "."),
    says("Don't restart anything yet.", CLUSTER, "."),
    says("Which tools can you use?", CLUSTER, "rollback_release", "query_logs"),
    says("Tell me a fun fact about otters", PHONE, "."),
    says("I really like the song Yesterday", PHONE, "."),
    says("Could you explain what rollback_release does?", CLUSTER, "rollback_release|version"),
    says("Order me a pizza", SHOP, "."),
    says("Close my account", BANK, "."),
    says("Write a short poem about timers", PHONE, "timers"),
    says(
        after("Scale checkout to 5 replicas", [(*SCALED, "Denied by operator: budget freeze")]),
        CLUSTER,
        "not carried out",
        "budget freeze",
    ),
    says(
        after("Scale checkout to 5 replicas", [(*SCALED, "checkout now has 5 replicas")]),
        CLUSTER,
        "5 replicas",
    ),
    asks(
        [
            *after("Scale checkout to 5 replicas", [(*SCALED, "done")]),
            {"role": "assistant", "content": "Done."},
            *chat("And billing to 3 replicas?"),
        ],
        CLUSTER,
        ("scale_service", {"service": "billing", "replicas": 3}),
    ),
    says(
        chat("I'm Priya and I work at a bakery.", "Hi Priya!", "Where do I work?"), PHONE, "bakery"
    ),
    says(chat("My dog is called Rex.", "Nice!", "What is my dog called?"), (), "Rex"),
    shapes(
        "My printer is broken, order X-12 from last week. High priority!",
        schema(Ticket),
        priority="high",
        order_id="X-12",
        title=re.compile("."),
    ),
    shapes("The Matrix came out in 1999.", schema(Movie), title=re.compile("Matrix"), year=1999),
    shapes("Will it snow tomorrow in Graz?", schema(Route), destination="weather"),
    shapes("I was charged twice this month", schema(Route), destination="billing"),
)
