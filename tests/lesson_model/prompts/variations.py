"""A fourth set: what readers of a lesson make of its own prompts and tools."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel

from . import toolbox as t
from .case import after, asks, chat, says, shapes
from .structured import schema

__all__ = ("VARIATIONS",)


def wetter(ort: str) -> str:
    """Get the weather for a place."""


def get_wind_speed(city: str) -> float:
    """Get the wind speed in a city, in km/h."""


def wipe_cache(target: str, confirm: bool = False) -> str:
    """Wipe a cache."""


def escalate(ticket_id: str, team: Literal["network", "database", "security"]) -> str:
    """Escalate a ticket to a team."""


def look_up_invoice(invoice_id: str) -> str:
    """Look up an invoice by its id."""


class Verdict(BaseModel):
    """Whether an answer is good."""

    score: Literal["good", "bad"]
    comment: str


class Trip(BaseModel):
    """A trip."""

    origin: str
    destination: str
    travellers: int


WEATHER = (t.get_weather, get_wind_speed)
DESK = (t.get_order_status, t.refund_order, t.cancel_order, t.send_email, t.search)
DUTY = (t.restart_server, wipe_cache, escalate, t.search)
MAIL = ("send_email", {"to": "a@b.io", "subject": "Hi", "body": "Hello"})
STATUS = ("get_order_status", {"order_id": "A-17"}, "A-17: delivered on Monday")
CHAIN = "Check order A-17 and, if it was delivered, refund 12 dollars"

VARIATIONS = (
    asks(
        "And what is the weather in Ulaanbaatar?", WEATHER, ("get_weather", {"city": "Ulaanbaatar"})
    ),
    asks("How windy is it in Chicago?", WEATHER, ("get_wind_speed", {"city": "Chicago"})),
    asks(
        "weather + wind speed for Dublin",
        WEATHER,
        ("get_weather", {"city": "Dublin"}),
        ("get_wind_speed", {"city": "Dublin"}),
    ),
    asks("I'm in Kyoto. What's the weather?", WEATHER, ("get_weather", {"city": "Kyoto"})),
    asks(
        "Hi! Could you tell me the weather in Tel Aviv, please? Thanks!",
        WEATHER,
        ("get_weather", {"city": "Tel Aviv"}),
    ),
    asks("Weather in: Prague", WEATHER, ("get_weather", {"city": "Prague"})),
    asks("What's the weather in Vienna today?", (wetter,), ("wetter", {"ort": "Vienna"})),
    asks(
        "what's the weather in new york and los angeles",
        (t.get_weather,),
        ("get_weather", {"city": re.compile("^new york$", re.I)}),
        ("get_weather", {"city": re.compile("^los angeles$", re.I)}),
    ),
    asks("WHAT IS THE WEATHER IN PARIS", (t.get_weather,), ("get_weather", {"city": "PARIS"})),
    asks(
        "Search the web for the best pizza in Naples",
        DESK,
        ("search", {"query": re.compile("best pizza in Naples")}),
    ),
    asks(
        "Please look for recent papers on agent memory.",
        DUTY,
        ("search", {"query": re.compile("papers on agent memory")}),
    ),
    asks("How tall is Mount Everest?", DESK, ("search", {"query": re.compile("Mount Everest")})),
    asks("I need the status of order 555-A", DESK, ("get_order_status", {"order_id": "555-A"})),
    asks(
        "Where are orders A-1 and A-2?",
        DESK,
        ("get_order_status", {"order_id": "A-1"}),
        ("get_order_status", {"order_id": "A-2"}),
    ),
    asks(
        "Please give me a refund of 20 euros for order A-17",
        DESK,
        ("refund_order", {"order_id": "A-17", "amount": 20.0}),
    ),
    asks(
        "Can I get my money back for order A-17? It was 20 euros.",
        DESK,
        ("refund_order", {"order_id": "A-17", "amount": 20.0}),
    ),
    asks(
        "Refund 1,250.75 USD for order B-2",
        DESK,
        ("refund_order", {"order_id": "B-2", "amount": 1250.75}),
    ),
    asks(
        "Refund orders A-1 and A-2, 5 dollars each",
        DESK,
        ("refund_order", {"order_id": "A-1", "amount": 5.0}),
        ("refund_order", {"order_id": "A-2", "amount": 5.0}),
    ),
    asks("Cancel order 90210 right away!", DESK, ("cancel_order", {"order_id": 90210})),
    asks(CHAIN, DESK, ("get_order_status", {"order_id": "A-17"})),
    asks(after(CHAIN, [STATUS]), DESK, ("refund_order", {"order_id": "A-17", "amount": 12.0})),
    says(after(CHAIN, [(*STATUS[:2], "A-17: lost in transit")]), DESK, "lost in transit"),
    asks('Write an email to a@b.io, subject "Hi", body "Hello"', DESK, MAIL),
    asks("Send a@b.io a mail with the subject 'Hi' and the text 'Hello'", DESK, MAIL),
    asks(
        "restart the staging cluster now", DUTY, ("restart_server", {"target": "staging cluster"})
    ),
    asks(
        "Please go ahead and reboot the payment gateway.",
        DUTY,
        ("restart_server", {"target": "payment gateway"}),
    ),
    asks("The site is down. Restart web-03!", DUTY, ("restart_server", {"target": "web-03"})),
    asks("Clear the image cache", DUTY, ("wipe_cache", {"target": ("image", "image cache")})),
    asks(
        "Escalate ticket INC-204 to the database team",
        DUTY,
        ("escalate", {"ticket_id": "INC-204", "team": "database"}),
    ),
    asks(
        "Find invoice 2026-118",
        (look_up_invoice, t.send_email),
        ("look_up_invoice", {"invoice_id": "2026-118"}),
    ),
    asks("multiply 6 by 7, then add 8 to the result", t.MATH, ("multiply", {"a": 6, "b": 7})),
    asks(
        after("multiply 6 by 7, then add 8 to the result", [("multiply", {"a": 6, "b": 7}, "42")]),
        t.MATH,
        ("add", {"a": (8, 42), "b": (8, 42)}),
    ),
    says("What is your favourite city?", WEATHER, "."),
    says("I was in Paris last week, the weather was awful.", WEATHER, "."),
    says("Do you like rain?", WEATHER, "."),
    says("Please restart", DUTY, "restart_server", "target"),
    says("Is it a good idea to wipe the image cache?", DUTY, "."),
    says("You must never wipe the image cache", DUTY, "."),
    says("Let's not restart web-03 today.", DUTY, "."),
    says("The customer said: 'restart the server'. What does that mean?", DUTY, "."),
    says("What did the weather tool return last time?", WEATHER, "."),
    says("Stop!", DUTY, "."),
    says("Can you help me?", DESK, "."),
    says("Tell me about yourself", DESK, "lesson model"),
    says(
        chat("My name is Ada and my order is A-17.", "Hello Ada!", "What is my order?"), DESK, "."
    ),
    shapes("Judge this answer: it is wrong and rude.", schema(Verdict), score="bad"),
    shapes(
        "We are 3 people travelling from Porto to Faro.",
        schema(Trip),
        origin="Porto",
        destination="Faro",
        travellers=3,
    ),
)
