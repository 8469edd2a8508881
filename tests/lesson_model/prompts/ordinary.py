"""Ordinary prompts, written blind: before the code or the other prompts had been read."""

from __future__ import annotations

import re

from langchain_core.utils.function_calling import convert_to_openai_tool

from . import ordinary_tools as t
from .case import after, asks, chat, says, shapes

__all__ = ("ORDINARY",)


def _shape(model: type) -> dict:
    return {
        "type": "json_schema",
        "json_schema": {"name": model.__name__, "schema": model.model_json_schema()},
    }


def _has(words: str) -> re.Pattern:
    return re.compile(words, re.I)


CALLS = (
    asks("What's the weather in San Francisco?", t.ASSISTANT,
         ("get_weather", {"city": "San Francisco"})),
    asks("weather in tokyo", (t.get_weather,), ("get_weather", {"city": _has("^tokyo$")})),
    asks("Is it raining in London right now?", (t.get_weather,),
         ("get_weather", {"city": "London"})),
    asks("what is the weather in sf", (t.get_weather,), ("get_weather", {"city": "sf"})),
    asks("How hot is it in Cairo?", (t.xyz_tool,), ("xyz_tool", {"city": "Cairo"})),
    asks("What's the temperature in Oslo?", (t.xyz_tool, t.web_search),
         ("xyz_tool", {"city": "Oslo"})),
    asks("Where is my order 12345?", t.SHOP, ("lookup_order", {"order_id": "12345"})),
    asks("Can you check the status of order A-1001?", t.SHOP,
         ("lookup_order", {"order_id": "A-1001"})),
    asks("Please refund order 1001, the amount was $49.99.", t.SHOP,
         ("refund", {"order_id": "1001", "amount": 49.99})),
    asks("I want a refund of 25 dollars for order ORD-77", t.SHOP,
         ("refund", {"order_id": "ORD-77", "amount": 25.0})),
    asks("Cancel order 555 please", t.SHOP, ("cancel_order", {"order_id": "555"})),
    asks("I'd like to cancel my order #9876", t.SHOP, ("cancel_order", {"order_id": "9876"})),
    asks("What is 17 * 23?", (t.calculator,), ("calculator", {"expression": _has(r"17 ?\* ?23")})),
    asks("What is 3 plus 4?", t.MATH, ("add", {"a": 3.0, "b": 4.0})),
    asks("Multiply 6 by 7", t.MATH, ("multiply", {"a": 6.0, "b": 7.0})),
    asks("Add 2.5 and 4", t.MATH, ("add", {"a": 2.5, "b": 4.0})),
    asks("Search the web for the latest LangGraph release", t.ASSISTANT,
         ("web_search", {"query": _has("latest LangGraph release")})),
    asks("Who won the 2022 World Cup?", (t.web_search,),
         ("web_search", {"query": _has("2022 World Cup")})),
    asks("How do I reset my password?", (t.search_docs,),
         ("search_docs", {"query": _has("reset my password")})),
    asks("Look up the vacation policy in our docs", (t.search_docs, t.send_email),
         ("search_docs", {"query": _has("vacation policy")})),
    asks("Send an email to bob@example.com with subject 'Lunch' saying let's meet at noon",
         t.ASSISTANT, ("send_email", {"to": "bob@example.com", "subject": "Lunch",
                                      "body": _has("^let's meet at noon")})),
    asks("Email alice@example.com, subject: Report, body: The report is ready.", t.CALENDAR,
         ("send_email", {"to": "alice@example.com", "subject": "Report",
                         "body": _has("^The report is ready")})),
    asks("Create an event called 'Team sync' on 2025-03-14 at 10:00", t.CALENDAR,
         ("create_event", {"title": "Team sync", "date": "2025-03-14", "time": "10:00"})),
    asks("Schedule a meeting titled 'Budget review' tomorrow at 3pm", (t.create_event,),
         ("create_event", {"title": "Budget review", "date": "tomorrow", "time": "3pm"})),
    asks("What's on my calendar today?", t.CALENDAR, ("list_events", {"date": "today"})),
    asks("Do I have any events on Friday?", t.CALENDAR,
         ("list_events", {"date": _has("^(on )?Friday$")})),
    asks("Create a high priority ticket: printer is broken", t.TICKETS,
         ("create_ticket", {"title": _has("printer is broken"), "priority": "high"})),
    asks("Close ticket 42", t.TICKETS, ("close_ticket", {"ticket_id": 42})),
    asks("Show me customer 1007", t.TICKETS, ("get_customer", {"customer_id": 1007})),
    asks("Restart web-01", t.SERVERS, ("restart_server", {"name": "web-01"})),
    asks("Please restart the production server", (t.restart_server,),
         ("restart_server", {"name": _has("^production( server)?$")})),
    asks("Is db-2 up?", t.SERVERS, ("server_status", {"name": "db-2"})),
    asks("What is the status of server web-01?", t.SERVERS, ("server_status", {"name": "web-01"})),
    asks("Read notes.txt", t.FILES, ("read_file", {"path": "notes.txt"})),
    asks("Delete the file /tmp/old.log", t.FILES, ("delete_file", {"path": "/tmp/old.log"})),
    asks("What does config.yaml contain?", t.FILES, ("read_file", {"path": "config.yaml"})),
    asks("Book a flight from Berlin to Madrid on 2025-06-01", (t.book_flight,),
         ("book_flight", {"from_city": "Berlin", "to_city": "Madrid", "date": "2025-06-01"})),
    asks("I need to fly from Paris to Rome on May 3", (t.book_flight, t.get_weather),
         ("book_flight", {"from_city": "Paris", "to_city": "Rome", "date": "May 3"})),
    asks("Translate 'good morning' into French", (t.translate,),
         ("translate", {"text": "good morning", "language": "French"})),
    asks("Please remember that I am vegetarian", (t.remember,),
         ("remember", {"fact": _has("I am vegetarian")})),
    asks("What time is it?", (t.get_current_time, t.get_weather), ("get_current_time", {})),
    asks("Transfer $200 to account 12-34", (t.transfer,),
         ("transfer", {"amount": 200.0, "to_account": "12-34"})),
)  # fmt: skip
SEVERAL = (
    asks("What's the weather in Paris and in London?", (t.get_weather,),
         ("get_weather", {"city": "Paris"}), ("get_weather", {"city": "London"})),
    asks("Compare the weather in Berlin, Madrid and Rome", (t.get_weather,),
         ("get_weather", {"city": "Berlin"}), ("get_weather", {"city": "Madrid"}),
         ("get_weather", {"city": "Rome"})),
    asks("Check order 11 and cancel order 12", t.SHOP,
         ("lookup_order", {"order_id": "11"}), ("cancel_order", {"order_id": "12"})),
    asks("Delete a.txt and b.txt", t.FILES,
         ("delete_file", {"path": "a.txt"}), ("delete_file", {"path": "b.txt"})),
    asks("Restart web-01, then tell me its status", t.SERVERS,
         ("restart_server", {"name": "web-01"})),
    asks("What's the weather in Rome, and what is 5 times 8?", (t.get_weather, t.multiply),
         ("get_weather", {"city": "Rome"}), ("multiply", {"a": 5.0, "b": 8.0})),
    asks(after("Restart web-01, then tell me its status",
               [("restart_server", {"name": "web-01"}, "restarted")]), t.SERVERS,
         ("server_status", {"name": "web-01"})),
    asks(chat("What's the weather in Paris?", "It is sunny in Paris.", "And in Rome?"),
         (t.get_weather, t.web_search), ("get_weather", {"city": "Rome"})),
    asks([*after("Where is order 77?", [("lookup_order", {"order_id": "77"}, "delayed")]),
          {"role": "assistant", "content": "Order 77 is delayed."}, *chat("Then cancel it.")],
         t.SHOP, ("cancel_order", {"order_id": "77"})),
)  # fmt: skip
WORDS = (
    says("Hi!", t.SHOP, "hello|hi"),
    says("Thanks, that was helpful", t.SHOP, "welcome"),
    says("How are you?", (), "."),
    says("Who are you?", (), "lesson model"),
    says("What can you do?", t.SHOP, "lookup_order", "refund"),
    says("Why is the sky blue?", (), r"lesson model"),
    says("Why was my refund rejected?", t.SHOP, "."),
    says("How does the refund tool work?", t.SHOP, "."),
    says("Don't cancel my order 12", t.SHOP, "."),
    says("Please refund my order", t.SHOP, "order.id|amount"),
    says("Book me a flight to Lisbon", (t.book_flight,), "from|date"),
    says(chat("My name is Ada", "Nice to meet you, Ada.", "What's my name?"), (), "Ada"),
    says(chat("Hi, I'm Tom and I live in Boston", "Hello Tom!", "Where do I live?"), (), "Boston"),
    says("Write a short poem about the sea", (), "sea"),
    says("Explain what a checkpoint is in LangGraph", (), "checkpoint"),
    says("What is 2 + 2?", (), "4"),
    says(after("What's the weather in Oslo?", [("get_weather", {"city": "Oslo"}, "Rainy, 4 C")]),
         t.ASSISTANT, "Rainy, 4 C"),
    says(after("Refund order 5, 10 dollars",
               [("refund", {"order_id": "5", "amount": 10.0}, "User rejected the tool call")]),
         t.SHOP, "reject"),
)  # fmt: skip
SHAPED = (
    shapes("Extract the contact: Jane Doe, jane@example.com, phone 555-1234", _shape(t.Contact),
           name="Jane Doe", email="jane@example.com", phone="555-1234"),
    shapes("Great product, I love it! 5 stars.", _shape(t.Review), rating=5, sentiment="positive"),
    shapes("My package has not arrived yet", _shape(t.Route), destination="shipping"),
    shapes("I was charged twice on my invoice", _shape(t.Route), destination="billing"),
    shapes("Research the history of tea and then write a short article", _shape(t.Next),
           next="researcher"),
    shapes("Alice and Bob meet for the Kickoff on 2025-02-01", _shape(t.Event),
           date="2025-02-01", participants=["Alice", "Bob"]),
    asks("My screen stays black after the update", (convert_to_openai_tool(t.Route),),
         ("Route", {"destination": "technical"}), tool_choice="required"),
)  # fmt: skip
ORDINARY = (*CALLS, *SEVERAL, *WORDS, *SHAPED)
