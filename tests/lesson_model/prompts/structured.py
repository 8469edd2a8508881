"""Structured output: JSON schemas, function calling, JSON mode, and routers."""

from __future__ import annotations

import re
from typing import Literal, Optional

from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, Field

from . import toolbox as t
from .case import after, asks, chat, shapes

__all__ = ("STRUCTURED",)


class Person(BaseModel):
    """A person."""

    name: str
    age: int
    email: Optional[str] = None  # noqa: UP045


class Joke(BaseModel):
    """A joke."""

    setup: str = Field(description="The setup of the joke")
    punchline: str = Field(description="The punchline of the joke")
    rating: Optional[int] = Field(default=None, description="How funny, from 1 to 10")  # noqa: UP045


class Sentiment(BaseModel):
    """The sentiment of a text."""

    sentiment: Literal["positive", "negative", "neutral"]
    confidence: float


class Category(BaseModel):
    """Where a support request goes."""

    category: Literal["billing", "technical", "general"]
    urgent: bool


class Router(BaseModel):
    """Worker to route to next. If no workers needed, route to FINISH."""

    next: Literal["researcher", "coder", "FINISH"]


class Invoice(BaseModel):
    """An invoice."""

    invoice_number: str
    total: float
    currency: str
    due_date: str


class Item(BaseModel):
    """A line of an order."""

    product: str
    quantity: int


class Order(BaseModel):
    """An order."""

    customer: str
    items: list[Item]
    express: bool = False


class Grade(BaseModel):
    """Relevance of a document to a question."""

    binary_score: Literal["yes", "no"] = Field(description="Relevance score 'yes' or 'no'")


def schema(model: type[BaseModel]) -> dict:
    """Return the response_format LangChain sends for a model."""
    body = {"name": model.__name__, "schema": model.model_json_schema(), "strict": False}
    return {"type": "json_schema", "json_schema": body}


def forced(model: type[BaseModel]) -> dict:
    """Return the forced tool choice of the function calling method."""
    return {"type": "function", "function": {"name": model.__name__}}


TEAM = (
    "You are a supervisor tasked with managing a conversation between the following workers: "
    "['researcher', 'coder']. Given the following user request, respond with the worker to act "
    "next. Each worker will perform a task and respond with their results and status. When "
    "finished, respond with FINISH."
)
SPOKE = {"role": "user", "name": "researcher", "content": "GDP of New York: 2.0 trillion."}
CODED = {"role": "user", "name": "coder", "content": "Here is the plot."}
GDP = "Find the latest GDP of New York and plot it with Python code"

STRUCTURED = (
    shapes(
        "Ada Lovelace is 36 years old.", schema(Person), name="Ada Lovelace", age=36, email=None
    ),
    shapes(
        "Extract: My name is Linus, I am 54, write to linus@kernel.org",
        schema(Person),
        name="Linus",
        age=54,
        email="linus@kernel.org",
    ),
    asks(
        "Extract the person: Bob, age 7",
        (Person,),
        ("Person", {"name": "Bob", "age": 7}),
        tool_choice=forced(Person),
    ),
    shapes(
        "Tell me a joke about cats",
        schema(Joke),
        setup=re.compile("."),
        punchline=re.compile("."),
        rating=None,
    ),
    shapes("I love this course, it is great!", schema(Sentiment), sentiment="positive"),
    shapes("What a terrible, boring film. I hated it.", schema(Sentiment), sentiment="negative"),
    shapes(
        "I was charged twice on my invoice, please fix it urgently",
        schema(Category),
        category="billing",
        urgent=True,
    ),
    shapes("The app crashes with an error when I log in", schema(Category), category="technical"),
    shapes(chat(GDP, system=TEAM), schema(Router), next="researcher"),
    shapes([*chat(GDP, system=TEAM), SPOKE], schema(Router), next="coder"),
    shapes([*chat(GDP, system=TEAM), SPOKE, CODED], schema(Router), next="FINISH"),
    asks(
        chat("Write a Python function that adds two numbers", system=TEAM),
        (Router,),
        ("Router", {"next": "coder"}),
        tool_choice=forced(Router),
    ),
    asks(
        [*chat("Write a Python function that adds two numbers", system=TEAM), CODED],
        (Router,),
        ("Router", {"next": "FINISH"}),
        tool_choice=forced(Router),
    ),
    shapes(chat("Thanks, that is all!", system=TEAM), schema(Router), next="FINISH"),
    shapes(
        "Invoice INV-2031: total 199.90 EUR, due on 2026-02-01.",
        schema(Invoice),
        invoice_number="INV-2031",
        total=199.9,
        currency="EUR",
        due_date="2026-02-01",
    ),
    shapes(
        "Anna orders 3 apples and 2 pears, express delivery",
        schema(Order),
        customer="Anna",
        express=True,
        items__0__quantity=3,
        items__1__quantity=2,
        items__1__product=re.compile("pear"),
    ),
    shapes(
        "Return the name and the city as JSON with keys 'name' and 'city': Ada lives in Turin.",
        {"type": "json_object"},
        name=re.compile("Ada"),
        city="Turin",
    ),
    shapes(
        "Tell me a joke about cats. Return the result as a JSON with the 'setup' and "
        "'punchline' keys and nothing else.",
        {"type": "json_object"},
        setup=re.compile("."),
        punchline=re.compile("."),
    ),
    shapes(
        'Reply in JSON like {"answer": "...", "sources": []}: what is up?',
        {"type": "json_object"},
        answer=re.compile("."),
    ),
    shapes(
        "Retrieved document: The Rhine is a river in Europe. User question: Where is the river "
        "Rhine?",
        schema(Grade),
        binary_score="yes",
    ),
    shapes(
        "Retrieved document: Cats sleep a lot. User question: How do I bake bread?",
        schema(Grade),
        binary_score="no",
    ),
    asks(
        "What is the weather in Paris?",
        (t.get_weather, convert_to_openai_tool(Person)),
        ("get_weather", {"city": "Paris"}),
        tool_choice="required",
    ),
    asks(
        after(
            "Look up user 7, then give me the person",
            [("get_user", {"user_id": 7}, "Carol, 41, carol@x.org")],
        ),
        (t.get_user, Person),
        ("Person", {"name": "Carol", "age": 41, "email": "carol@x.org"}),
        tool_choice="required",
    ),
    shapes(
        after(
            "What is the age of user 7?", [("get_user", {"user_id": 7}, "Carol is 41 years old")]
        ),
        schema(Person),
        (t.get_user,),
        name="Carol",
        age=41,
    ),
    shapes(
        "Is this spam? 'Win a free prize now'",
        {
            "type": "json_schema",
            "json_schema": {
                "name": "spam",
                "schema": {
                    "type": "object",
                    "required": ["label", "tags"],
                    "properties": {
                        "label": {"type": "string", "enum": ["spam", "ham"]},
                        "tags": {"type": "array", "items": {"type": "string"}},
                    },
                },
            },
        },
        label="spam",
    ),
)
