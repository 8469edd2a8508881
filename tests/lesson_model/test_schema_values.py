"""Every reply to a schema is valid: structured output, forced calls, whatever the schema asks."""

from __future__ import annotations

import datetime
import json
import re
import time
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from typing import Annotated, Literal
from uuid import UUID

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import AnyUrl, BaseModel, ConfigDict, Field

from lesson_model.behaviour.decide import decide
from lesson_model.behaviour.pattern_text import text_matching
from lesson_model.behaviour.rules import Rules
from lesson_model.behaviour.schema import fits
from lesson_model.behaviour.schema_values import valid_value

# Enough to meet every keyword with every other, and still a matter of seconds.
QUICK = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
SENTENCES = (
    "Please prepare the record for our customer Ada Lovelace.",
    "Order 250 of A-17 by tomorrow, at most 12.5 percent off, and write to ada@example.com!",
)


class Booking(BaseModel):
    guest: str = Field(min_length=2, max_length=12)
    nights: int = Field(ge=1, le=30)
    arrival: datetime.date


class Event(BaseModel):
    title: str = Field(max_length=20)
    starts: datetime.datetime
    opens: datetime.time
    lasts: datetime.timedelta


class Contact(BaseModel):
    mail: str = Field(json_schema_extra={"format": "email"}, pattern=r"^[^@\s]+@[^@\s]+\.\w+$")
    site: AnyUrl
    key: UUID


class Machine(BaseModel):
    address: IPv4Address
    hostname: str = Field(pattern=r"^[a-z][a-z0-9-]{2,20}$")
    port: int = Field(gt=1023, lt=65536)


class Price(BaseModel):
    amount: float = Field(gt=0, multiple_of=0.01)
    currency: str = Field(pattern="^[A-Z]{3}$")
    pieces: int = Field(multiple_of=12, ge=13)


class Exact(BaseModel):
    total: Decimal = Field(gt=0, le=100)


class Probability(BaseModel):
    chance: float = Field(gt=0, lt=1)
    odds: float = Field(ge=0.25, le=0.75)


class Tags(BaseModel):
    tags: list[str] = Field(min_length=3, max_length=5)
    codes: set[Annotated[int, Field(ge=1, le=4)]] = Field(min_length=3)


class Line(BaseModel):
    sku: str = Field(pattern=r"^[A-Z]{2}-\d{4}$")
    quantity: int = Field(ge=1)


class Basket(BaseModel):
    lines: list[Line]
    gift: bool
    note: str | None


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


class Shirt(BaseModel):
    size: Size
    colour: Literal["red", "blue"]
    kind: Literal["shirt"]


class Tree(BaseModel):
    name: str
    children: list[Tree]


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = Field(ge=1, le=9)


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: list[str]


class Pet(BaseModel):
    pet: Cat | Dog = Field(discriminator="kind")
    second: Cat | Dog | None = None


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    count: int | str
    level: Annotated[int, Field(ge=-5, le=-2)]


class Scores(BaseModel):
    scores: dict[str, Annotated[int, Field(ge=0, le=10)]] = Field(min_length=2)
    pair: tuple[int, str]


class Address(BaseModel):
    street: str
    postcode: str = Field(pattern=r"^\d{5}(-\d{4})?$")


class Customer(BaseModel):
    name: str = Field(min_length=30)
    home: Address
    work: Address | None
    phones: list[Annotated[str, Field(pattern=r"^\+[1-9]\d{6,14}$")]] = Field(min_length=1)


class Password(BaseModel):
    password: str = Field(min_length=8, max_length=64)
    pin: str = Field(min_length=4, max_length=4, pattern=r"^\d+$")
    version: str = Field(pattern=r"^v?\d+\.\d+\.\d+(?:-(?:alpha|beta))?$")


MODELS = (
    Booking, Event, Contact, Machine, Price, Exact, Probability, Tags, Basket, Shirt, Tree, Pet,
    Strict, Scores, Customer, Password,
)  # fmt: skip


def answer_to(text, schema):
    """Return the structured answer to a sentence."""
    shape = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    return json.loads(decide(request(text, response_format=shape), Rules()).text)


def arguments_for(text, schema):
    """Return the arguments of a forced call."""
    function = {"name": "record", "description": "Keep a record.", "parameters": schema}
    tools = [{"type": "function", "function": function}]
    return decide(request(text, tools=tools, tool_choice="required"), Rules()).calls[0].arguments


def request(text, **more):
    return {"messages": [{"role": "user", "content": text}], **more}


def validate(value, schema):
    jsonschema.Draft202012Validator(schema).validate(value)


def integers(**more):
    return {"type": "integer", **more}


def members(required=(), **own):
    return {"type": "object", "properties": own, "required": list(required or own)}


@pytest.mark.parametrize("text", SENTENCES)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_pydantic_model_gets_a_valid_object(model, text):
    schema = model.model_json_schema()
    for value in (answer_to(text, schema), arguments_for(text, schema)):
        validate(value, schema)
        model.model_validate_json(json.dumps(value))


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "integer", "maximum": 10}, "Set the limit to 50.", 1),
        ({"type": "integer", "maximum": 10}, "Set the limit to 7.", 7),
        ({"type": "string", "format": "email"}, "Write to bob@x.org, limit aside.", "bob@x.org"),
        ({"type": "string", "format": "date"}, "Limit: next Friday.", "2026-01-01"),
        ({"type": "string", "pattern": "^[A-Z]{3}$"}, "Pay 5 EUR at the limit.", "EUR"),
    ],
)
def test_words_count_where_they_fit(schema, text, value):
    assert answer_to(text, members(limit=schema)) == {"limit": value}


def test_a_value_that_does_not_fit_is_asked_for_where_no_call_is_forced():
    function = {"name": "set_limit", "parameters": members(limit=integers(maximum=10))}
    tools = [{"type": "function", "function": function}]
    reply = decide(request("Set the limit to 50.", tools=tools), Rules())
    assert reply.text == "To call set_limit I need: limit."
    (call,) = decide(request("Set the limit to 7.", tools=tools), Rules()).calls
    assert call.arguments == {"limit": 7}


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [members(a={"type": "string"}), members(b=integers())]},
        {"allOf": [members(a={"minLength": 9}), members(a={"type": "string", "maxLength": 11})]},
        {"allOf": [integers(minimum=3), {"type": "number", "maximum": 4}], "exclusiveMinimum": 3},
        {"allOf": [{"type": "array", "items": integers()}, {"minItems": 2}]},
        {"allOf": [{"enum": ["a", "b", "c"]}, {"enum": ["c", "b"]}]},
        {"anyOf": [integers(minimum=5, maximum=1), {"type": "string", "pattern": "^b+$"}]},
        {"oneOf": [integers(multipleOf=3), integers(multipleOf=5)]},
        {"type": "object", "patternProperties": {"^x_": integers()}, "minProperties": 2,
         "additionalProperties": False},
        {"type": "object", "propertyNames": {"pattern": "^[a-z]{3}$"}, "minProperties": 3},
        {"type": "object", "required": ["x_1"], "patternProperties": {"^x_": integers()}},
        {"type": "object", "required": ["free"], "additionalProperties": {"type": "boolean"}},
        {**members(a=integers(), b=integers(), c=integers(), required=["b"]), "maxProperties": 2},
        members(a=integers(default=7), b={"type": "string"}, required=["b"]),
        {"type": "string", "enum": [1, "one"]},
        {"enum": [{"a": [1]}, None]},
        {"type": ["integer", "null"], "minimum": 4},
        integers(maximum=-3),
        integers(multipleOf=0.4),
        {"type": "number", "multipleOf": 0.3, "exclusiveMaximum": 0.3},
        {"type": "number", "exclusiveMaximum": 0},
        {"type": "number", "multipleOf": 0.01, "minimum": 0.07},
        {"type": "string", "maxLength": 0},
        {"type": "array", "items": {"type": "string", "maxLength": 1}, "minItems": 3,
         "uniqueItems": True},
        {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 3, "uniqueItems": True},
        {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "uniqueItems": True},
        {"type": "array", "prefixItems": [integers(), {"type": "string"}], "items": False},
        {"type": "array", "items": members(a={"type": "string"}), "maxItems": 0},
        {"type": "array", "items": members(a=integers()), "minItems": 3, "uniqueItems": True},
        {"$ref": "#/$defs/a~1b", "$defs": {"a/b": integers(minimum=9)}},
        {"minimum": 12}, {"minItems": 2}, {"required": ["a"]}, {}, True,
    ],
    ids=str,
)  # fmt: skip
def test_every_keyword_is_kept(schema):
    value = valid_value(schema)
    validate(value, schema)
    assert fits(value, schema, schema if isinstance(schema, dict) else {})


def test_the_hardest_schemas_get_some_value():
    endless = {"$ref": "#/$defs/a", "$defs": {"a": members(a={"$ref": "#/$defs/a"})}}
    for schema in (False, endless, {"enum": []}, integers(minimum=2, maximum=1), {"not": {}}):
        valid_value(schema)


def test_a_schema_that_refers_to_itself_everywhere_is_soon_answered():
    again = {"$ref": "#/$defs/a"}
    either = {"anyOf": [again, again, again, members(a=again, b=again), {"type": "string"}]}
    started = time.process_time()
    assert isinstance(valid_value({**again, "$defs": {"a": either}}), dict | str)
    fits({"a": 1}, again, {"$defs": {"a": either}})
    assert time.process_time() - started < 1


def test_what_is_known_is_kept_and_completed():
    schema = members(a=integers(maximum=5), b={"type": "string"}, c=members(d=integers()))
    schema["additionalProperties"] = {"type": "boolean"}
    value = valid_value(schema, found={"a": 9, "b": "x", "c": {"d": 4}, "e": True, "f": "no"})
    assert value == {"a": 1, "b": "x", "c": {"d": 4}, "e": True}
    lines = {"type": "array", "items": members(a=integers()), "maxItems": 2, "uniqueItems": True}
    known = [{"a": 3}, {"a": 3}, {"b": 1}, {"a": 4}]
    assert valid_value(lines, found=known) == [{"a": 3}, {"a": 2, "b": 1}]
    pair = {"type": "array", "prefixItems": [integers(), {"type": "string"}]}
    assert valid_value(pair, found=["x", "y"]) == [1, "y"]


def test_a_required_list_of_objects_gets_an_item():
    assert len(answer_to("Hello!", Basket.model_json_schema())["lines"]) == 1


def test_a_schema_that_repeats_itself_ends():
    assert len(json.dumps(answer_to("Hello!", Tree.model_json_schema()))) < 300


NUMBERS = st.integers(-50, 50)


@st.composite
def number_schemas(draw):
    kind = draw(st.sampled_from(["integer", "number"]))
    schema = {"type": kind}
    low = draw(st.none() | NUMBERS)
    high = draw(st.none() | st.integers(min_value=10 if low is None else low + 30, max_value=90))
    if low is not None:
        schema[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = low
    if high is not None:
        schema[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = high
    step = draw(st.none() | st.sampled_from([2, 5, 7, 0.5, 0.1, 0.01, 2.5]))
    return schema if step is None else {**schema, "multipleOf": step}


@st.composite
def text_schemas(draw):
    schema = {"type": "string"}
    kind = draw(st.sampled_from(["plain", "format", "pattern"]))
    if kind == "format":
        return {**schema, "format": draw(st.sampled_from(FORMATS))}
    if kind == "pattern":
        return {**schema, "pattern": draw(st.sampled_from(PATTERNS))}
    if draw(st.booleans()):
        schema["minLength"] = draw(st.integers(0, 60))
    if draw(st.booleans()):
        schema["maxLength"] = schema.get("minLength", 0) + draw(st.integers(0, 30))
    return schema


FORMATS = ["date-time", "date", "time", "duration", "email", "uuid", "ipv4", "uri", "hostname"]
PATTERNS = [
    "^[A-Z]{3}$", r"^\d{4}-\d{2}$", r"^\+?[1-9]\d{1,14}$", "^(red|green|blue)$", "cat|dog",
    r"^[a-z0-9]+(?:-[a-z0-9]+)*$", r"^#(?:[0-9a-fA-F]{3}){1,2}$", r"^\S+@\S+\.\S+$", r"\bx\d",
    "^[^a-z]{2,4}$", r"^v\d+\.\d+$", r"^(?=.*\d)[a-z0-9]{3,40}$", r"^\$\d+\.\d{2}$", "^.{3,10}$",
]  # fmt: skip
ENUMS = st.lists(st.sampled_from(["a", "b", 1, 2.5, True, None]), min_size=1, unique_by=repr).map(
    lambda options: {"enum": options}
)
LEAVES = (
    number_schemas()
    | text_schemas()
    | ENUMS
    | st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"const": "x"}])
    | st.sampled_from([{"$ref": "#/$defs/code"}, {"type": ["string", "null"]}])
)


def containers(inner):
    """Return the strategy of schemas that hold others."""
    names = st.lists(st.sampled_from(["name", "city", "limit", "items", "q"]), unique=True)

    @st.composite
    def objects(draw):
        own = {name: draw(inner) for name in draw(names)}
        schema = {"type": "object", "properties": own, "required": list(own)}
        return {**schema, "additionalProperties": False}

    @st.composite
    def arrays(draw):
        least = draw(st.integers(0, 3))
        schema = {"type": "array", "items": draw(inner), "minItems": least}
        if draw(st.booleans()):
            schema["maxItems"] = least + draw(st.integers(0, 2))
        return schema

    either = st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options})
    return objects() | arrays() | either


STRICT = st.builds(
    lambda own: {
        "type": "object",
        "properties": own,
        "required": list(own),
        "additionalProperties": False,
        "$defs": {"code": {"type": "string", "pattern": "^[A-Z]-[0-9]+$"}},
    },
    st.dictionaries(
        st.sampled_from(["name", "amount", "email", "date", "order_id", "note"]),
        st.recursive(LEAVES, containers, max_leaves=6),
        min_size=1,
    ),
)


@QUICK
@given(schema=STRICT, text=st.sampled_from(SENTENCES))
def test_every_reply_to_a_strict_schema_is_valid(schema, text):
    validate(answer_to(text, schema), schema)
    validate(arguments_for(text, schema), schema)


@settings(QUICK, max_examples=60)
@given(data=st.data(), item=number_schemas() | st.sampled_from([{"type": "string"}]))
def test_items_that_must_differ_do(data, item):
    least = data.draw(st.integers(0, 2))
    schema = {"type": "array", "items": item, "minItems": least, "uniqueItems": True}
    validate(valid_value(schema), schema)


@QUICK
@given(
    schema=STRICT,
    value=st.recursive(
        st.none() | st.booleans() | NUMBERS | st.sampled_from([0.5, 2.5, "", "x", "ABC", "red"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["name", "city", "limit"]), inner, max_size=3)
        ),
        max_leaves=4,
    ),
)
def test_fits_says_what_jsonschema_says(schema, value):
    for inner in schema["properties"].values():
        if '"format"' not in json.dumps(inner):  # jsonschema leaves formats alone
            whole = {**inner, "$defs": schema["$defs"]}
            assert fits(value, inner, schema) == jsonschema.Draft202012Validator(whole).is_valid(
                value
            )


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("nth", range(3))
def test_a_text_matches_its_pattern(pattern, nth):
    assert re.search(pattern, text_matching(pattern, variant=nth))


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?i)abc", "(", "[", "*", r"\p{L}", "^(a|b$"])
def test_a_pattern_that_is_not_understood_is_said_so(pattern):
    with pytest.raises(ValueError):
        text_matching(pattern)
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": pattern}}}
    assert isinstance(answer_to("Hello!", schema)["a"], str)


def test_the_same_schema_gets_the_same_value():
    schema = Customer.model_json_schema()
    assert valid_value(schema) == valid_value(schema)
