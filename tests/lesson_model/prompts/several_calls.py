"""Requests that need several calls at once."""

from __future__ import annotations

import re

from . import toolbox as t
from .case import asks

__all__ = ("SEVERAL_CALLS",)

SEVERAL_CALLS = (
    asks(
        "What's the weather in Paris and Rome?",
        (t.get_weather,),
        ("get_weather", {"city": "Paris"}),
        ("get_weather", {"city": "Rome"}),
    ),
    asks(
        "Compare the weather in Paris, London and New York.",
        (t.get_weather, t.search),
        ("get_weather", {"city": "Paris"}),
        ("get_weather", {"city": "London"}),
        ("get_weather", {"city": "New York"}),
    ),
    asks(
        "What is the weather in Oslo, and what is the weather in Bergen?",
        (t.get_weather,),
        ("get_weather", {"city": "Oslo"}),
        ("get_weather", {"city": "Bergen"}),
    ),
    asks(
        "Tell me the weather in Paris and Rome",
        (t.get_weather,),
        ("get_weather", {"city": "Paris"}),
        parallel_tool_calls=False,
    ),
    asks(
        "Add 3 and 4 and multiply 5 by 6",
        t.MATH,
        ("add", {"a": 3, "b": 4}),
        ("multiply", {"a": 5, "b": 6}),
    ),
    asks(
        "What is 3 * 12? Also, what is 11 + 49?",
        t.MATH,
        ("multiply", {"a": 3, "b": 12}),
        ("add", {"a": 11, "b": 49}),
    ),
    asks(
        "What's the weather in Cairo and what time is it?",
        (t.get_weather, t.get_time),
        ("get_weather", {"city": "Cairo"}),
        ("get_time", {}),
    ),
    asks(
        "Check the status of orders 11, 12 and 13",
        t.SUPPORT,
        ("get_order_status", {"order_id": "11"}),
        ("get_order_status", {"order_id": "12"}),
        ("get_order_status", {"order_id": "13"}),
    ),
    asks(
        "Restart web-01 and web-02",
        (t.restart_server,),
        ("restart_server", {"target": "web-01"}),
        ("restart_server", {"target": "web-02"}),
    ),
    asks(
        "Read a.txt and b.txt",
        t.FILES,
        ("read_file", {"path": "a.txt"}),
        ("read_file", {"path": "b.txt"}),
    ),
    asks(
        "Search for cats and search for dogs",
        (t.search,),
        ("search", {"query": "cats"}),
        ("search", {"query": "dogs"}),
    ),
    asks(
        "Get the stock price of AAPL and MSFT",
        (t.get_stock_price,),
        ("get_stock_price", {"symbol": "AAPL"}),
        ("get_stock_price", {"symbol": "MSFT"}),
    ),
    asks(
        "Refund order 31 for 10 dollars and send an email to eve@shop.com with subject 'Refund' "
        "and body 'Your money is on its way'",
        t.SUPPORT,
        ("refund_order", {"order_id": "31", "amount": 10.0}),
        (
            "send_email",
            {"to": "eve@shop.com", "subject": "Refund", "body": "Your money is on its way"},
        ),
    ),
    asks(
        "What's the population of France, and the weather in Nice?",
        (t.get_population, t.get_weather),
        ("get_population", {"country": "France"}),
        ("get_weather", {"city": "Nice"}),
    ),
    asks(
        "Book a flight from Paris to Rome on 2026-07-01 and book the Hotel Roma for 2 nights",
        (t.book_flight, t.book_hotel),
        ("book_flight", {"origin": "Paris", "destination": "Rome", "date": "2026-07-01"}),
        ("book_hotel", {"hotel_name": "Hotel Roma", "nights": 2}),
    ),
    asks(
        "Translate 'cat' to Spanish and 'dog' to German",
        (t.translate,),
        ("translate", {"text": "cat", "target_language": "Spanish"}),
        ("translate", {"text": "dog", "target_language": "German"}),
    ),
    asks(
        "Look for hotels in Vienna; check the weather in Vienna; tell me the time.",
        (t.search, t.get_weather, t.get_time),
        ("search", {"query": re.compile("hotels in Vienna")}),
        ("get_weather", {"city": "Vienna"}),
        ("get_time", {}),
    ),
    asks(
        "Turn on the light in the kitchen and turn off the light in the bathroom",
        (t.set_light,),
        ("set_light", {"room": "kitchen", "on": True}),
        ("set_light", {"room": "bathroom", "on": False}),
    ),
)
