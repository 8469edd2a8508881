"""Words that must not make the model call a tool."""

from __future__ import annotations

from . import toolbox as t
from .case import chat, says

__all__ = ("NO_CALL",)

NO_CALL = (
    says("Hello!", t.OPS, "hello"),
    says("Hi, how are you?", t.SUPPORT, "."),
    says("Good morning", t.FILES, "."),
    says("Thanks a lot, that was great", t.OPS, "welcome"),
    says("Hi, my name is Ada.", t.OPS, "Ada"),
    says("Bye!", t.OPS, "."),
    says("Who are you?", t.OPS, "lesson model"),
    says("What tools do you have?", t.OPS, "get_weather", "restart_server", "search"),
    says("What can you do?", t.SUPPORT, "refund_order"),
    says("How does the refund_order tool work?", t.SUPPORT, "refund"),
    says("Which arguments does send_email take?", t.SUPPORT, "subject"),
    says("What would happen if I restarted the server web-01?", t.OPS, "."),
    says("If I wanted to delete a file, how would I do that?", t.FILES, "."),
    says("How do I refund an order?", t.SUPPORT, "."),
    says("Should I delete report.txt?", t.FILES, "."),
    says("Please don't delete report.txt.", t.FILES, "."),
    says("Do not send any email to bob@example.com!", t.SUPPORT, "."),
    says("Never restart the production database.", t.OPS, "."),
    says("Without using any tools, tell me the weather in Paris.", t.OPS, "."),
    says("Don't use any tool. What is 2 + 3?", t.MATH, "5"),
    says("I sent an email to bob@example.com yesterday.", t.SUPPORT, "."),
    says("I already refunded order 12 for 30 dollars.", t.SUPPORT, "."),
    says("My favourite colour is blue.", t.OPS, "."),
    says("Write a poem about the sea", (t.send_email, t.get_weather), "sea"),
    says("Tell me a joke about cats.", (t.get_weather, t.restart_server), "."),
    says("What is the capital of France?", (t.get_weather, t.add), "lesson model"),
    says("Explain recursion in one paragraph.", (t.get_weather, t.refund_order), "recursion"),
    says("How old are you?", (t.get_weather, t.search), "lesson model"),
    says("Delete the user Bob", (t.delete_file,), "."),
    says("Delete order 55", (t.get_order_status,), "."),
    says("Book a flight to Rome", (t.book_hotel,), "."),
    says("Read my mind", (t.read_file,), "."),
    says("What's your name?", (t.get_user, t.find_email), "lesson model"),
    says("Is a refund possible after 30 days?", (t.refund_order, t.get_order_status), "."),
    says("Why did the server restart last night?", (t.restart_server, t.get_weather), "."),
    says("Was the refund for order 12 sent?", (t.refund_order, t.send_email), "."),
    says("OK", t.OPS, "."),
    says("yes", t.SUPPORT, "."),
    says("🙂", t.OPS, "."),
    says("asdf qwer zxcv", t.OPS, "lesson model", "get_weather"),
    says(chat("I love rainy weather, it is so cosy."), (t.get_weather,), "."),
    says("Cancel that, forget it.", (t.get_order_status, t.send_email), "."),
    says("Can you write Python code?", (t.write_file, t.execute_sql), "."),
    says("I don't want you to transfer any money.", (t.transfer_money,), "."),
    says("Imagine you drop the table users. What then?", (t.drop_table, t.execute_sql), "."),
)
