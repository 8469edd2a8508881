"""A third set: more trades, more ways of saying things."""

from __future__ import annotations

import re

from . import toolbox as t
from . import unseen_tools as x
from .case import after, asks, chat, says, shapes
from .fresh import schema

__all__ = ("UNSEEN",)


HR = (x.request_leave, x.get_leave_balance, t.send_email)
HOME = (x.set_thermostat, x.lock_door, t.get_weather)
GIT = (x.create_issue, x.merge_pull_request, x.list_pull_requests)
STOCK = (x.check_inventory, x.place_order, x.apply_discount, x.track_package)
PODS = (x.kubectl_get_pods, x.delete_pod)
BOOKS = (x.find_book, x.reserve_book)
TRAVEL = chat(
    "Book me a flight to Rome and a hotel there",
    system="You coordinate flight_agent and hotel_agent.",
)
ORDERED = ("place_order", {"sku": "KB-7", "quantity": 20})

UNSEEN = (
    asks(
        "How many leave days does Tomás have left?",
        HR,
        ("get_leave_balance", {"employee": "Tomás"}),
    ),
    asks(
        "Request leave for Tomás from 2026-07-06 to 2026-07-17",
        HR,
        (
            "request_leave",
            {"employee": "Tomás", "start_date": "2026-07-06", "end_date": "2026-07-17"},
        ),
    ),
    asks(
        "Do you have 'The Left Hand of Darkness' in the library?",
        BOOKS,
        ("find_book", {"title": "The Left Hand of Darkness"}),
    ),
    asks("Please reserve book B-33 for me", BOOKS, ("reserve_book", {"book_id": "B-33"})),
    asks(
        "Set the thermostat in the living room to 21.5 degrees",
        HOME,
        ("set_thermostat", {"room": "living room", "temperature": 21.5}),
    ),
    asks("Lock the front door", HOME, ("lock_door", {"door": ("front", "front door")})),
    asks(
        "Lock the back door and tell me the weather in Bristol",
        HOME,
        ("lock_door", {"door": ("back", "back door")}),
        ("get_weather", {"city": "Bristol"}),
    ),
    asks(
        "Create an issue in acme/website titled 'Login button is broken'",
        GIT,
        ("create_issue", {"repo": "acme/website", "title": "Login button is broken"}),
    ),
    asks(
        "Merge pull request 118 in acme/api",
        GIT,
        ("merge_pull_request", {"repo": "acme/api", "number": 118}),
    ),
    asks(
        "What pull requests are open in acme/api?",
        GIT,
        ("list_pull_requests", {"repo": "acme/api"}),
    ),
    asks(
        "Make an appointment for Lena Fischer with Dr. Okafor on 12 May 2026",
        (x.schedule_appointment, t.search),
        (
            "schedule_appointment",
            {"patient": "Lena Fischer", "doctor": re.compile("Okafor"), "date": "12 May 2026"},
        ),
    ),
    asks("How many KB-7 do we have in stock?", STOCK, ("check_inventory", {"sku": "KB-7"})),
    asks("Order 20 pieces of KB-7", STOCK, ("place_order", {"sku": "KB-7", "quantity": 20})),
    asks(
        "Give customer C-9 a 15% discount",
        STOCK,
        ("apply_discount", {"customer_id": "C-9", "percent": 15.0}),
    ),
    asks(
        "Where's my package? The tracking number is 1Z999AA1",
        STOCK,
        ("track_package", {"tracking_number": "1Z999AA1"}),
    ),
    asks(
        "Check the stock of KB-7 and MX-2",
        STOCK,
        ("check_inventory", {"sku": "KB-7"}),
        ("check_inventory", {"sku": "MX-2"}),
    ),
    asks(
        "list the pods in the staging namespace",
        PODS,
        ("kubectl_get_pods", {"namespace": "staging"}),
    ),
    asks("Delete the pod web-7f9c", PODS, ("delete_pod", {"name": "web-7f9c"})),
    asks(
        "What tip should I leave on a 48.50 bill at 20 percent?",
        (x.calculate_tip, t.get_weather),
        ("calculate_tip", {"bill": 48.5, "percent": 20.0}),
    ),
    asks(
        "Which language is 'Je ne sais pas'?",
        (x.detect_language, t.get_weather),
        ("detect_language", {"text": "Je ne sais pas"}),
    ),
    asks(
        "When was Ada Lovelace born?",
        (x.wikipedia, t.calculator),
        ("wikipedia", {"query": re.compile("Ada Lovelace")}),
    ),
    asks(
        "Look up Alan Turing on Wikipedia",
        (x.wikipedia, t.calculator),
        ("wikipedia", {"query": re.compile("Alan Turing")}),
    ),
    asks(
        "what are the latest news about fusion energy",
        (x.tavily_search, t.calculator),
        ("tavily_search", {"query": re.compile("fusion energy")}),
    ),
    asks(
        "Compute 2**10 - 24",
        (t.calculator, x.tavily_search),
        ("calculator", {"expression": "2**10 - 24"}),
    ),
    asks(
        "Could you please check whether it is raining in Galway?",
        (t.get_weather, t.send_email),
        ("get_weather", {"city": "Galway"}),
    ),
    asks(
        "I would like to know the temperature in Hanoi",
        (t.get_weather, t.send_email),
        ("get_weather", {"city": "Hanoi"}),
    ),
    asks("Paris weather?", (t.get_weather,), ("get_weather", {"city": "Paris"})),
    asks("Shut down server eu-3, it is on fire!", (t.restart_server, x.delete_pod, x.lock_door)),
    asks(
        "refund order 7001 for 49.90 and then email the customer at kim@mail.kr with subject "
        "'Refund' and body 'Done'",
        t.SUPPORT,
        ("refund_order", {"order_id": "7001", "amount": 49.9}),
    ),
    asks(
        [
            *after("Order 20 pieces of KB-7", [(*ORDERED, "ordered")]),
            {"role": "assistant", "content": "Ordered."},
            *chat("And 5 of MX-2."),
        ],
        STOCK,
        ("place_order", {"sku": "MX-2", "quantity": 5}),
    ),
    says(
        after("Order 20 pieces of KB-7", [(*ORDERED, "Error: supplier unreachable")]),
        STOCK,
        "did not work",
        "supplier unreachable",
    ),
    says(
        after(
            "Check the stock of KB-7 and MX-2",
            [
                ("check_inventory", {"sku": "KB-7"}, "KB-7: 3"),
                ("check_inventory", {"sku": "MX-2"}, "MX-2: 0"),
            ],
        ),
        STOCK,
        "KB-7: 3",
        "MX-2: 0",
    ),
    says("Order more keyboards", STOCK, "place_order", "sku|quantity"),
    says("Can you delete pods?", PODS, "."),
    says("Is it dangerous to delete a pod?", PODS, "."),
    says("Have you ever reserved a book?", BOOKS, "."),
    says("I would never merge that pull request.", GIT, "."),
    says("Who taught you to speak?", (x.wikipedia, t.calculator), "lesson model"),
    says("Good evening!", STOCK, "."),
    says("We locked the front door already.", HOME, "."),
    says("Stop. Do nothing.", HOME, "."),
    says("Describe what each of your tools does", BOOKS, "find_book", "reserve_book"),
    says("What's the difference between a pod and a container?", PODS, "."),
    says(chat("I'm allergic to peanuts.", "Noted.", "What am I allergic to?"), (), "peanuts"),
    says("In two sentences, describe the moon.", (), "moon"),
    says("What is 144 / 12?", (), "12"),
    shapes(
        "Lentil soup takes 35 minutes to cook",
        schema(x.Recipe),
        name=re.compile("soup", re.I),
        minutes=35,
    ),
    shapes(TRAVEL, schema(x.Next), next="flight_agent"),
    shapes(
        [*TRAVEL, {"role": "assistant", "name": "flight_agent", "content": "Flight booked."}],
        schema(x.Next),
        next="hotel_agent",
    ),
    shapes(
        [
            *TRAVEL,
            {"role": "assistant", "name": "flight_agent", "content": "Flight booked."},
            {"role": "assistant", "name": "hotel_agent", "content": "Hotel booked."},
        ],
        schema(x.Next),
        next="__end__",
    ),
    shapes(
        "Reach Sam Reed at sam@reed.dev or 555-0192",
        schema(x.Contact),
        name="Sam Reed",
        email="sam@reed.dev",
    ),
)
