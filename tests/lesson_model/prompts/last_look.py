"""A fifth set, to see what all the repairs are worth on prompts never tried."""

from __future__ import annotations

import re

from . import toolbox as t
from . import unseen_tools as u
from .case import after, asks, says

__all__ = ("LAST_LOOK",)


def get_horoscope(sign: str) -> str:
    """Get today's horoscope for an astrological sign."""


def create_invoice(customer: str, amount: float) -> str:
    """Create an invoice for a customer."""


def void_invoice(invoice_id: str) -> str:
    """Void an invoice."""


def water_plants(zone: str, minutes: int = 5) -> str:
    """Water the plants in a garden zone."""


def soil_moisture(zone: str) -> float:
    """Measure the soil moisture in a garden zone."""


def lookup_policy(topic: str) -> str:
    """Look up the company policy on a topic."""


def rename_file(old_name: str, new_name: str) -> str:
    """Rename a file."""


SIGNS = (get_horoscope, t.get_weather)
BILLS = (create_invoice, void_invoice, lookup_policy)
GARDEN = (water_plants, soil_moisture)
WATERED = ("water_plants", {"zone": "north"})

LAST_LOOK = (
    asks("What is my horoscope? I am an Aquarius.", SIGNS, ("get_horoscope", {"sign": "Aquarius"})),
    asks("Get me the horoscope for Leo", SIGNS, ("get_horoscope", {"sign": "Leo"})),
    asks(
        "Horoscope for Virgo and weather for Porto",
        SIGNS,
        ("get_horoscope", {"sign": "Virgo"}),
        ("get_weather", {"city": "Porto"}),
    ),
    asks(
        "Create an invoice of 340 euros for Globex",
        BILLS,
        ("create_invoice", {"customer": "Globex", "amount": 340.0}),
    ),
    asks("Void invoice INV-77", BILLS, ("void_invoice", {"invoice_id": "INV-77"})),
    asks(
        "What is our policy on parental leave?",
        BILLS,
        ("lookup_policy", {"topic": re.compile("parental leave")}),
    ),
    asks(
        "Please bill Initech 99.50 dollars",
        BILLS,
        ("create_invoice", {"customer": "Initech", "amount": 99.5}),
    ),
    asks(
        "Water the plants in the north zone for 10 minutes",
        GARDEN,
        ("water_plants", {"zone": ("north", "north zone"), "minutes": 10}),
    ),
    asks(
        "How moist is the soil in the greenhouse?",
        GARDEN,
        ("soil_moisture", {"zone": "greenhouse"}),
    ),
    asks(
        "Measure the soil moisture in zone B and then water zone B",
        GARDEN,
        ("soil_moisture", {"zone": "B"}),
    ),
    asks(
        "Rename report.txt to summary.txt",
        (rename_file, t.delete_file),
        ("rename_file", {"old_name": "report.txt", "new_name": "summary.txt"}),
    ),
    asks(
        "Delete the file old/data.csv please",
        (rename_file, t.delete_file),
        ("delete_file", {"path": "old/data.csv"}),
    ),
    asks(
        "Find me flights to Reykjavik",
        (t.search, t.book_hotel),
        ("search", {"query": re.compile("flights to Reykjavik")}),
    ),
    asks("Is my order 31337 on its way?", t.SUPPORT, ("get_order_status", {"order_id": "31337"})),
    asks(
        "I want to return order 31337 and get my 15 dollars back. Please refund me.",
        t.SUPPORT,
        ("refund_order", {"order_id": "31337", "amount": 15.0}),
    ),
    asks(
        "Restart the mail server, the web server and the database server",
        (t.restart_server,),
        ("restart_server", {"target": re.compile("mail")}),
        ("restart_server", {"target": re.compile("web")}),
        ("restart_server", {"target": re.compile("database")}),
    ),
    asks(
        "Drop a line to zoe@x.org: subject 'Ping', body 'Are you there?'",
        (t.send_email,),
        ("send_email", {"to": "zoe@x.org", "subject": "Ping", "body": "Are you there?"}),
    ),
    asks("What's 9 times 9?", (*t.MATH, t.search), ("multiply", {"a": 9, "b": 9})),
    asks("Divide 81 by 9 and add 4 to the result", t.MATH, ("divide", {"a": 81.0, "b": 9.0})),
    asks(
        after("Divide 81 by 9 and add 4 to the result", [("divide", {"a": 81, "b": 9}, "9.0")]),
        t.MATH,
        ("add", {"a": (4, 9), "b": (4, 9)}),
    ),
    asks(
        "Lock the garage and the shed",
        (u.lock_door,),
        ("lock_door", {"door": "garage"}),
        ("lock_door", {"door": "shed"}),
    ),
    asks(
        "Track 1Z44XY9 for me",
        (u.track_package, t.search),
        ("track_package", {"tracking_number": "1Z44XY9"}),
    ),
    asks(
        "How do you spell the weather in Kraków? Just kidding, what's the weather in Kraków?",
        (t.get_weather,),
        ("get_weather", {"city": "Kraków"}),
    ),
    says("I don't believe in horoscopes", SIGNS, "."),
    says("How accurate are horoscopes?", SIGNS, "."),
    says("Voiding an invoice is illegal, right?", BILLS, "."),
    says("Who voided invoice INV-77?", BILLS, "."),
    says("The plants in the north zone look sad.", GARDEN, "."),
    says("When were the plants watered?", GARDEN, "."),
    says("Nice weather we are having", SIGNS, "."),
    says("What do you think about renaming report.txt?", (rename_file,), "."),
    says("Please do not refund anything without asking me first", t.SUPPORT, "."),
    says("Water", GARDEN, "zone"),
    says("Good night", GARDEN, "."),
    says("How many tools have you got?", GARDEN, "water_plants"),
    says("What did you just do?", GARDEN, "."),
    says("I changed my mind about the refund", t.SUPPORT, "."),
    says("Before you restart anything, tell me what you would do", t.OPS, "."),
    says(
        after("Water the plants in the north zone", [(*WATERED, "Refused by user")]),
        GARDEN,
        "not carried out",
    ),
    says(
        after("Water the plants in the north zone", [(*WATERED, "Watered north for 5 minutes")]),
        GARDEN,
        "Watered north",
    ),
)
