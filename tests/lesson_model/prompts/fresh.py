"""A second set, with tools and requests of kinds that other courses' notebooks use."""

from __future__ import annotations

import re

from pydantic import BaseModel

from . import fresh_tools as x
from . import toolbox as t
from .case import after, asks, chat, says, shapes

__all__ = ("FRESH",)


def schema(model: type[BaseModel]) -> dict:
    """Return the response_format LangChain sends for a model."""
    body = {"name": model.__name__, "schema": model.model_json_schema(), "strict": False}
    return {"type": "json_schema", "json_schema": body}


CLOCK = (x.get_current_time, x.get_date_info, x.analyze_large_dataset, x.fetch_weather_data)
BANK = (x.check_balance, t.transfer_money, x.freeze_card)
CLUSTER = (t.restart_server, x.rollback_release, x.scale_service, x.query_logs)
PHONE = (x.set_alarm, x.start_timer, x.play_music, x.add_note, t.notify)
SHOP = (x.get_customer, x.get_orders_by_customer, t.refund_order)
COINS = (x.get_crypto_price, x.get_exchange_rate)
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
        (x.locate_ip, x.geocode),
        ("locate_ip", {"ip": "8.8.8.8"}),
    ),
    asks(
        "What are the coordinates of 'Unter den Linden 1, Berlin'?",
        (x.geocode, t.get_weather),
        ("geocode", {"address": "Unter den Linden 1, Berlin"}),
    ),
    asks(
        "What's the exchange rate from USD to EUR?",
        (x.get_exchange_rate, x.get_crypto_price),
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
    asks("Who is Alice?", (x.fetch_person_info, t.add), ("fetch_person_info", {"name": "Alice"})),
    asks(
        "How long is the word 'checkpointer'?",
        (x.get_word_length, t.search),
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
    asks("Roll a die with 20 sides", (x.roll_dice, t.add), ("roll_dice", {"sides": 20})),
    asks(
        "Plan a route from Hamburg to Lübeck",
        (x.plan_route, t.book_flight),
        ("plan_route", {"start": "Hamburg", "end": "Lübeck"}),
    ),
    asks(
        "Approve a loan of 12000 dollars for Mia Wong",
        (x.approve_loan, x.check_balance),
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
    says("Why is the checkout service so slow?", (x.scale_service, t.restart_server), "."),
    says("Don't restart anything yet.", CLUSTER, "."),
    says("Which tools can you use?", CLUSTER, "rollback_release", "query_logs"),
    says("Tell me a fun fact about otters", PHONE, "."),
    says("I really like the song Yesterday", PHONE, "."),
    says("Could you explain what x.rollback_release does?", CLUSTER, "rollback_release|version"),
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
        schema(x.Ticket),
        priority="high",
        order_id="X-12",
        title=re.compile("."),
    ),
    shapes("The Matrix came out in 1999.", schema(x.Movie), title=re.compile("Matrix"), year=1999),
    shapes("Will it snow tomorrow in Graz?", schema(x.Route), destination="weather"),
    shapes("I was charged twice this month", schema(x.Route), destination="billing"),
)
