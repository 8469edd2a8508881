"""Steps that wait for one another, tool results, and follow-ups."""

from __future__ import annotations

import re

from . import toolbox as t
from .case import after, asks, chat, says

__all__ = ("CHAINED",)

SUM = "Add 3 and 4, then multiply the result by 5"
MAIL = (
    "Find the email address of Grace Hopper and then send her an email with subject 'Hi' "
    "and body 'Hello Grace'"
)
PARIS = ("get_weather", {"city": "Paris"}, "21 C and sunny in Paris")
REFUND = ("refund_order", {"order_id": "31", "amount": 10.0})
ASKED = chat("What's the weather in Paris?")
TOLD = [*after(ASKED, [PARIS]), {"role": "assistant", "content": "It is 21 C and sunny in Paris."}]

CHAINED = (
    asks(SUM, t.MATH, ("add", {"a": 3, "b": 4})),
    asks(after(SUM, [("add", {"a": 3, "b": 4}, "7")]), t.MATH, ("multiply", {"a": 7, "b": 5})),
    says(
        after(SUM, [("add", {"a": 3, "b": 4}, "7")], [("multiply", {"a": 7, "b": 5}, "35")]),
        t.MATH,
        "35",
    ),
    asks(
        "What is 7 * 8, then add 5? Also what's the weather in SF?",
        (*t.MATH, t.get_weather),
        ("multiply", {"a": 7, "b": 8}),
        ("get_weather", {"city": "SF"}),
    ),
    asks(MAIL, (t.find_email, t.send_email), ("find_email", {"name": "Grace Hopper"})),
    asks(
        after(MAIL, [("find_email", {"name": "Grace Hopper"}, "grace@navy.mil")]),
        (t.find_email, t.send_email),
        ("send_email", {"to": "grace@navy.mil", "subject": "Hi", "body": "Hello Grace"}),
    ),
    asks(
        "First read config.yaml, then restart web-01.",
        (t.read_file, t.restart_server),
        ("read_file", {"path": "config.yaml"}),
    ),
    asks(
        after(
            "First read config.yaml, then restart web-01.",
            [("read_file", {"path": "config.yaml"}, "debug: false")],
        ),
        (t.read_file, t.restart_server),
        ("restart_server", {"target": "web-01"}),
    ),
    asks(
        after("What's the weather in Paris and Rome?", [PARIS]),
        (t.get_weather,),
        ("get_weather", {"city": "Rome"}),
        parallel_tool_calls=False,
    ),
    says(after(ASKED, [PARIS]), (t.get_weather,), "21 C and sunny"),
    says(
        after(
            "What's the weather in Paris and Rome?",
            [PARIS, ("get_weather", {"city": "Rome"}, "28 C and hot in Rome")],
        ),
        (t.get_weather,),
        "21 C",
        "28 C",
    ),
    says(
        after(
            "Refund order 31, 10 dollars",
            [(*REFUND, "User rejected the tool call for `refund_order` with id call_1")],
        ),
        t.SUPPORT,
        "not carried out",
    ),
    says(
        after("Refund order 31, 10 dollars", [(*REFUND, "Error: payment service timed out")]),
        t.SUPPORT,
        "did not work",
        "timed out",
    ),
    says(
        after("Refund order 31, 10 dollars", [(*REFUND, "Refunded 10.0 for order 31")]),
        t.SUPPORT,
        "Refunded 10.0",
    ),
    says(
        after(
            "What's the status of order 9?",
            [("get_order_status", {"order_id": "9"}, "Order 9 was cancelled by the shop")],
        ),
        t.SUPPORT,
        "cancelled",
    ),
    says(
        after(
            "Restart web-01 and web-02",
            [
                ("restart_server", {"target": "web-01"}, "web-01 restarted"),
                ("restart_server", {"target": "web-02"}, "User rejected the tool call"),
            ],
        ),
        (t.restart_server,),
        "web-01 restarted",
        "not carried out",
    ),
    says(
        after("Delete the file a.txt", [("delete_file", {"path": "b.txt"}, "Deleted b.txt")]),
        t.FILES,
        "b.txt",
    ),
    asks([*TOLD, *chat("And in Rome?")], (t.get_weather,), ("get_weather", {"city": "Rome"})),
    asks(
        [*TOLD, *chat("What about Buenos Aires?")],
        (t.get_weather, t.search),
        ("get_weather", {"city": "Buenos Aires"}),
    ),
    says([*TOLD, *chat("Thanks!")], (t.get_weather,), "welcome"),
    says([*TOLD, *chat("What did I ask before?")], (t.get_weather,), "weather in Paris"),
    says([*TOLD, *chat("And what about you?")], (t.get_weather,), "lesson model"),
    asks(
        [
            *after("Where is order 5?", [("get_order_status", {"order_id": "5"}, "shipped")]),
            {"role": "assistant", "content": "It is shipped."},
            *chat("Same for order 6, please."),
        ],
        t.SUPPORT,
        ("get_order_status", {"order_id": "6"}),
    ),
    asks(
        [
            *after("What is 3 + 4?", [("add", {"a": 3, "b": 4}, "7")]),
            {"role": "assistant", "content": "7"},
            *chat("Now multiply that by 2."),
        ],
        t.MATH,
        ("multiply", {"a": 7, "b": 2}),
    ),
    says("Book a flight from Berlin to Oslo", (t.book_flight,), "book_flight", "date"),
    says("Refund order 99", (t.refund_order,), "refund_order", "amount"),
    asks(
        "Send an email to bob@example.com",
        (t.send_email,),
        (
            "send_email",
            {"to": "bob@example.com", "subject": re.compile("."), "body": re.compile(".")},
        ),
    ),
    asks(
        chat(
            "Book a flight from Berlin to Oslo", "To call book_flight I need: date.", "2026-08-09"
        ),
        (t.book_flight,),
        ("book_flight", {"origin": "Berlin", "destination": "Oslo", "date": "2026-08-09"}),
    ),
    asks(
        chat("Refund order 99", "To call refund_order I need: amount.", "15 dollars"),
        t.SUPPORT,
        ("refund_order", {"order_id": "99", "amount": 15.0}),
    ),
    asks(
        "Use a tool now, any tool: I like Rome",
        (t.get_weather,),
        ("get_weather", {"city": "Rome"}),
        tool_choice="required",
    ),
    asks(
        "Hello there",
        (t.get_time, t.add),
        ("get_time", {}),
        tool_choice={"type": "function", "function": {"name": "get_time"}},
    ),
    says("What's the weather in Paris?", (t.get_weather,), "lesson model", tool_choice="none"),
    asks(
        "Look up order 77. If it has shipped, cancel it.",
        (t.get_order_status, t.cancel_order),
        ("get_order_status", {"order_id": "77"}),
    ),
    asks(
        "Read /etc/hosts, count its words and email the number to ops@corp.io",
        (t.read_file, t.word_count),
        ("read_file", {"path": "/etc/hosts"}),
    ),
    asks(
        after(
            "What is the weather in Oslo and then in Rome?",
            [("get_weather", {"city": "Oslo"}, "5 C")],
        ),
        (t.get_weather,),
        ("get_weather", {"city": "Rome"}),
    ),
    says(
        after("Search for the capital of Peru", [("search", {"query": re.escape("x")}, "Lima")]),
        (t.search,),
        "Lima",
    ),
)
