"""Requests that need one tool call, which changes something or looks something up."""

from __future__ import annotations

import re

from . import toolbox as t
from .case import asks, chat

__all__ = ("ONE_MORE_CALL",)

ONE_MORE_CALL = (
    asks(
        "Restart the production database",
        (t.restart_server, t.search),
        ("restart_server", {"target": "production database"}),
    ),
    asks("Can you reboot web-01 for me?", t.OPS, ("restart_server", {"target": "web-01"})),
    asks(
        "Delete the production database",
        (t.risky_action, t.safe_action),
        ("risky_action", {"target": "production database"}),
    ),
    asks("What is the status of the system?", (t.risky_action, t.safe_action), ("safe_action", {})),
    asks(
        "Deploy checkout-service to staging.",
        (t.deploy, t.restart_server),
        ("deploy", {"service": "checkout-service", "environment": "staging"}),
    ),
    asks(
        "Deploy the billing service to production as a dry run",
        (t.deploy,),
        (
            "deploy",
            {
                "service": ("billing", "billing service"),
                "environment": "production",
                "dry_run": True,
            },
        ),
    ),
    asks(
        "Send an email to bob@example.com with subject 'Lunch' and body 'See you at noon 🍜'",
        (t.send_email, t.search),
        ("send_email", {"to": "bob@example.com", "subject": "Lunch", "body": "See you at noon 🍜"}),
    ),
    asks(
        "Email ada@lovelace.org. Subject: Results. Body: The engine works.",
        (t.send_email,),
        (
            "send_email",
            {
                "to": "ada@lovelace.org",
                "subject": "Results",
                "body": re.compile(r"^The engine works\.?$"),
            },
        ),
    ),
    asks(
        "Send an email to team@corp.io about the Friday release saying that the tests are green",
        t.SUPPORT,
        (
            "send_email",
            {
                "to": "team@corp.io",
                "subject": re.compile("Friday release"),
                "body": re.compile("tests are green"),
            },
        ),
    ),
    asks(
        "Tell Maria that the meeting moved to 3 pm",
        (t.notify, t.get_time),
        ("notify", {"recipient": "Maria", "message": re.compile("meeting moved to 3 pm")}),
    ),
    asks(
        "Message Jürgen: 'Grüße aus Köln'",
        (t.notify,),
        ("notify", {"recipient": "Jürgen", "message": "Grüße aus Köln"}),
    ),
    asks(
        "Please remove /data/old/report.txt",
        t.FILES,
        ("delete_file", {"path": "/data/old/report.txt"}),
    ),
    asks("Open notes.md and show me what is in it", t.FILES, ("read_file", {"path": "notes.md"})),
    asks(
        "Write 'hello world' to out.txt",
        t.FILES,
        ("write_file", {"path": "out.txt", "content": "hello world"}),
    ),
    asks(
        "List the files in /var/log",
        (t.list_files, t.delete_file),
        ("list_files", {"directory": "/var/log"}),
    ),
    asks(
        'Run "SELECT count(*) FROM users" on the database',
        (t.execute_sql, t.drop_table),
        ("execute_sql", {"query": "SELECT count(*) FROM users"}),
    ),
    asks(
        "Drop the table customers",
        (t.execute_sql, t.drop_table),
        ("drop_table", {"table_name": "customers"}),
    ),
    asks(
        "Book a flight from Berlin to New York on 2026-03-14.",
        (t.book_flight, t.book_hotel),
        ("book_flight", {"origin": "Berlin", "destination": "New York", "date": "2026-03-14"}),
    ),
    asks(
        "I need a flight from Rome to Athens on May 3rd",
        (t.book_flight, t.get_weather),
        ("book_flight", {"origin": "Rome", "destination": "Athens", "date": "May 3rd"}),
    ),
    asks(
        "book a stay at McKittrick hotel",
        (t.book_hotel,),
        ("book_hotel", {"hotel_name": re.compile("McKittrick")}),
    ),
    asks(
        "Book the Grand Hotel for 3 nights",
        (t.book_hotel, t.book_flight),
        ("book_hotel", {"hotel_name": "Grand Hotel", "nights": 3}),
    ),
    asks(
        "Reserve a table at Chez Panisse for 4 people at 7:30 pm",
        (t.book_table, t.book_flight),
        ("book_table", {"restaurant": "Chez Panisse", "people": 4, "time": "7:30 pm"}),
    ),
    asks(
        "Schedule a meeting about the budget with Ann, Bob and Carla on 2026-05-04",
        (t.schedule_meeting, t.send_email),
        (
            "schedule_meeting",
            {
                "topic": re.compile("budget"),
                "attendees": ["Ann", "Bob", "Carla"],
                "date": "2026-05-04",
            },
        ),
    ),
    asks(
        "Transfer 250 euros from savings to checking",
        (t.transfer_money, t.get_stock_price),
        ("transfer_money", {"amount": 250.0, "from_account": "savings", "to_account": "checking"}),
    ),
    asks(
        "Convert 100 USD to EUR",
        (t.convert_currency, t.multiply),
        ("convert_currency", {"amount": 100.0, "from_currency": "USD", "to_currency": "EUR"}),
    ),
    asks(
        "Translate 'good morning' into French.",
        (t.translate, t.search),
        ("translate", {"text": "good morning", "target_language": "French"}),
    ),
    asks(
        "Find the stock price of Apple today",
        (t.get_stock_price, t.get_weather),
        ("get_stock_price", {"symbol": "Apple"}),
    ),
    asks(
        "What is NVDA trading at?",
        (t.get_stock_price, t.search),
        ("get_stock_price", {"symbol": "NVDA"}),
    ),
    asks(
        "How many people live in Portugal?",
        (t.get_population, t.get_weather),
        ("get_population", {"country": "Portugal"}),
    ),
    asks("Show me user 42", (t.get_user, t.get_weather), ("get_user", {"user_id": 42})),
    asks(
        "Look up the email address of Grace Hopper",
        (t.find_email, t.search),
        ("find_email", {"name": "Grace Hopper"}),
    ),
    asks(
        "Open a high priority ticket titled 'Printer on fire'",
        (t.create_ticket, t.search),
        ("create_ticket", {"title": "Printer on fire", "priority": "high"}),
    ),
    asks(
        "Fetch https://example.com/a?b=1 please",
        (t.fetch_page, t.search),
        ("fetch_page", {"url": "https://example.com/a?b=1"}),
    ),
    asks(
        "Reverse the string 'Hello World'",
        (t.reverse_string, t.get_time),
        ("reverse_string", {"text": "Hello World"}),
    ),
    asks("Add up 1.5, 2 and 3.25", (t.sum_numbers,), ("sum_numbers", {"numbers": [1.5, 2, 3.25]})),
    asks(
        "Turn on the light in the kitchen",
        (t.set_light,),
        ("set_light", {"room": "kitchen", "on": True}),
    ),
    asks(
        "Switch off the bedroom light",
        (t.set_light, t.get_weather),
        ("set_light", {"room": "bedroom", "on": False}),
    ),
    asks(
        "check unread emails from my boss",
        (t.get_unread_emails, t.send_email),
        ("get_unread_emails", {"sender": ("my boss", "boss")}),
    ),
    asks(
        "Remember that I am allergic to nuts",
        (t.save_memory, t.search),
        ("save_memory", {"content": re.compile("allergic to nuts")}),
    ),
    asks(
        "Search for langgraph checkpointers",
        t.OPS,
        ("search", {"query": re.compile("langgraph checkpointers", re.I)}),
    ),
    asks(
        "Who won the world cup in 2018?",
        (t.search, t.get_weather),
        ("search", {"query": re.compile("world cup in 2018")}),
    ),
    asks("what is langgraph?", (t.search,), ("search", {"query": re.compile("langgraph")})),
    asks("Search for 你好啊集团", (t.search,), ("search", {"query": "你好啊集团"})),
    asks(
        "Find the chapter on retries in the documentation",
        (t.search_docs, t.send_email),
        ("search_docs", {"query": re.compile("retries")}),
    ),
    asks(
        "What does Lilian Weng say about types of reward hacking?",
        (t.retrieve_blog_posts,),
        ("retrieve_blog_posts", {"query": re.compile("reward hacking")}),
    ),
    asks(
        "What is 37 times 12?",
        (t.transfer_to_math_expert, t.transfer_to_research_expert),
        ("transfer_to_math_expert", {}),
    ),
    asks(
        "Research the history of Rome for me",
        (t.transfer_to_math_expert, t.transfer_to_research_expert),
        ("transfer_to_research_expert", {}),
    ),
    asks(
        "Ship parcel P-100 to 5 Elm Street, Springfield",
        (t.Ship, t.search),
        (
            "Ship",
            {
                "parcel_id": "P-100",
                "address": {
                    "street": re.compile("5 Elm Street"),
                    "city": re.compile("Springfield"),
                },
            },
        ),
    ),
    asks(
        chat("Use the get_weather tool for Cairo", system="You are a helpful assistant."),
        t.OPS,
        ("get_weather", {"city": "Cairo"}),
    ),
    asks(
        "I'm planning a trip. " * 40 + "What's the weather in Lisbon?",
        (t.get_weather,),
        ("get_weather", {"city": "Lisbon"}),
    ),
    asks(
        "Don't refund anything, just tell me the status of order 12.",
        t.SUPPORT,
        ("get_order_status", {"order_id": "12"}),
    ),
)
