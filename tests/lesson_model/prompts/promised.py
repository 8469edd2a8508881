"""Prompts that are promised to work, every one: tools run by name, free text made up."""

from __future__ import annotations

import re

from .case import after, asks, says

__all__ = ("PROMISED",)


def safe_action(query: str) -> str:
    """Perform a safe, read-only action."""


def risky_action(target: str) -> str:
    """Perform a risky action that needs approval."""


def refund_order(order_id: str) -> str:
    """Refund an order."""


def send_email(to: str, subject: str, body: str) -> str:
    """Send an email."""


def post_message(channel: str, message: str) -> str:
    """Post a message to a channel."""


def search(query: str) -> str:
    """Search the web."""


def look_up(topic: str) -> str:
    """Look up facts about a topic."""


def _bare(name: str, parameter: str) -> dict:
    """Return a tool that says nothing about itself but its name."""
    schema = {"type": "object", "properties": {parameter: {"type": "string"}}}
    schema["required"] = [parameter]
    return {"type": "function", "function": {"name": name, "parameters": schema}}


def _has(words: str) -> re.Pattern:
    return re.compile(words)


ACTIONS = (safe_action, risky_action)
BARE = (_bare("safe_action", "query"), _bare("risky_action", "target"))
DESK = (refund_order, send_email)
BOTH = "Refund order 9 and send an email to ada@example.com about it."
REFUND = ("refund_order", {"order_id": "9"})
MAIL = ("send_email", {"to": "ada@example.com", "subject": _has("order 9"), "body": _has("9 done")})
SERVER = ("risky_action", {"target": "server 7"})

PROMISED = (
    asks("Run the risky action on server 7", ACTIONS, SERVER),
    asks("Run the risky action on server 7", BARE, SERVER),
    asks("Please run the risky action for me on server 7, now!", BARE[::-1], SERVER),
    asks("Call risky_action with target prod-db", ACTIONS, ("risky_action", {"target": "prod-db"})),
    asks('risky_action(target="prod-db")', ACTIONS, ("risky_action", {"target": "prod-db"})),
    asks("Perform the risky action on the production database", ACTIONS,
         ("risky_action", {"target": "production database"})),
    asks("Can you run the safe action for the weather in Oslo?", BARE,
         ("safe_action", {"query": "weather in Oslo"})),
    asks("Run the safe action on disk space and the risky action on web-01", ACTIONS,
         ("safe_action", {"query": "disk space"}), ("risky_action", {"target": "web-01"})),
    says("Run the risky action.", BARE, "risky_action", "target"),
    says("Do not run the risky action on server 7", ACTIONS, "."),
    says("What would happen if I ran the risky action on server 7?", ACTIONS, "."),
    says("Hello!", BARE, "Hello"),
    asks(BOTH, DESK, REFUND),
    asks(after(BOTH, [(*REFUND, "9 done")]), DESK, MAIL),
    says(after(BOTH, [(*REFUND, "9 done")], [("send_email", {"to": "ada@example.com",
         "subject": "Refund order 9", "body": "9 done"}, "sent")]), DESK, "sent"),
    says(after(BOTH, [(*REFUND, "User rejected the tool call.")]), DESK, "not carried out"),
    asks("Send an email to ada@example.com.", (send_email,),
         ("send_email", {"to": "ada@example.com", "subject": _has("."), "body": _has(".")})),
    asks("Email ada@example.com that the order has shipped.", (send_email,),
         ("send_email", {"to": "ada@example.com", "subject": _has("."),
                         "body": _has("^the order has shipped")})),
    asks("Post a message to #ops that the build is green", (post_message,),
         ("post_message", {"channel": _has("ops"), "message": _has("the build is green")})),
    says("Send an email.", (send_email,), "send_email", "to"),
    says("Post a message.", (post_message,), "post_message", "channel"),
    asks("Could you please look up the population of Peru for me?", (search,),
         ("search", {"query": "population of Peru"})),
    asks("Could you please look up the population of Peru for me?", (look_up,),
         ("look_up", {"topic": "population of Peru"})),
    asks("Can you search for the height of Mont Blanc, please?", (search,),
         ("search", {"query": "height of Mont Blanc"})),
)  # fmt: skip
