"""Requests that need one tool call."""

from __future__ import annotations

import re

from . import toolbox as t
from .case import asks

__all__ = ("ONE_CALL",)

ONE_CALL = (
    asks("What's the weather in Paris?", (t.get_weather,), ("get_weather", {"city": "Paris"})),
    asks("what is the weather in sf", (t.get_weather,), ("get_weather", {"city": "sf"})),
    asks("Will it rain in Oslo?", (t.get_weather,), ("get_weather", {"city": "Oslo"})),
    asks(
        "How hot is it in Lima right now?",
        (t.weather_lookup,),
        ("weather_lookup", {"town": "Lima"}),
    ),
    asks(
        "Do I need an umbrella in San Francisco today?",
        (t.get_weather, t.search),
        ("get_weather", {"city": "San Francisco"}),
    ),
    asks("weather in são paulo please", (t.get_weather,), ("get_weather", {"city": "são paulo"})),
    asks("What is the weather like in Zürich?", t.OPS, ("get_weather", {"city": "Zürich"})),
    asks(
        "What's the temperature in Rio de Janeiro?",
        (t.zeta_7,),
        ("zeta_7", {"place": "Rio de Janeiro"}),
    ),
    asks("Tell me the weather in 東京.", (t.get_weather,), ("get_weather", {"city": "東京"})),
    asks(
        "Give me the forecast for Berlin in fahrenheit.",
        (t.get_forecast,),
        ("get_forecast", {"location": "Berlin", "unit": "fahrenheit"}),
    ),
    asks(
        "3 day forecast for Madrid please",
        (t.get_forecast,),
        ("get_forecast", {"location": "Madrid", "days": 3}),
    ),
    asks(
        "What's the weather in San Francisco, CA?",
        (t.get_weather,),
        ("get_weather", {"city": ("San Francisco", "San Francisco, CA")}),
    ),
    asks("what's 42 x 7?", (t.multiply,), ("multiply", {"a": 42, "b": 7})),
    asks("What is 12 × 8?", t.MATH, ("multiply", {"a": 12, "b": 8})),
    asks("Add 3 and 4.", t.MATH, ("add", {"a": 3, "b": 4})),
    asks("What is 3 * 12?", t.MATH, ("multiply", {"a": 3, "b": 12})),
    asks("What's 17 plus 25?", t.MATH, ("add", {"a": 17, "b": 25})),
    asks("Subtract 4 from 10", (t.add, t.subtract), ("subtract", {"a": 10.0, "b": 4.0})),
    asks("How much is 100 divided by 8?", t.MATH, ("divide", {"a": 100.0, "b": 8.0})),
    asks("what is the product of six and seven", t.MATH, ("multiply", {"a": 6, "b": 7})),
    asks(
        "What is 25 * 4 + 10?",
        (t.calculator, t.get_time),
        ("calculator", {"expression": "25 * 4 + 10"}),
    ),
    asks(
        "Please calculate (12.5 + 3) * 2",
        (t.calculator, t.search),
        ("calculator", {"expression": "(12.5 + 3) * 2"}),
    ),
    asks(
        "what is the value of magic_function(3)?",
        (t.magic_function,),
        ("magic_function", {"input": 3}),
    ),
    asks(
        "What is the value of magic_function(3)? Use the tool.",
        (t.magic_function, t.add),
        ("magic_function", {"input": 3}),
    ),
    asks("What time is it right now?", (t.calculator, t.get_time), ("get_time", {})),
    asks("Do you know the time?", (t.get_time, t.get_weather), ("get_time", {})),
    asks("Where is my order 1234?", t.SUPPORT, ("get_order_status", {"order_id": "1234"})),
    asks("What's the status of order A-17?", t.SUPPORT, ("get_order_status", {"order_id": "A-17"})),
    asks(
        "Please refund order 4711, 25.50 dollars.",
        t.SUPPORT,
        ("refund_order", {"order_id": "4711", "amount": 25.5}),
    ),
    asks(
        "Refund $30 for order #A123",
        t.SUPPORT,
        ("refund_order", {"order_id": "A123", "amount": 30.0}),
    ),
    asks(
        "My order ORD-99 arrived broken. I want my 19.99 euros back, please refund it.",
        t.SUPPORT,
        ("refund_order", {"order_id": "ORD-99", "amount": 19.99}),
    ),
    asks(
        "I'd like a refund for order 88 because the cup was broken",
        (t.issue_refund, t.search),
        ("issue_refund", {"order_id": "88", "reason": re.compile("cup was broken")}),
    ),
    asks(
        "Reimburse order 5512.",
        (t.issue_refund, t.get_order_status),
        ("issue_refund", {"order_id": "5512"}),
    ),
    asks(
        "cancel order 77", (t.cancel_order, t.get_order_status), ("cancel_order", {"order_id": 77})
    ),
    asks(
        "Has order 55 been shipped yet?",
        (t.get_order_status, t.cancel_order),
        ("get_order_status", {"order_id": "55"}),
    ),
)
