"""What a person may decide about calls that wait for approval, and what binds the decision."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

__all__ = ("Call", "Decisions", "Edit", "digest", "is_readable", "shown")

# PostgreSQL stores no NUL; a JSON number may be infinite, an argument may not.
Text = Annotated[str, Field(strict=True, max_length=500, pattern=r"^[^\x00]*$")]
Id = Annotated[str, Field(strict=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Whole = Annotated[int, Field(strict=True, gt=-(2**53), lt=2**53)]
Flag = Annotated[bool, Field(strict=True)]


class Strict(BaseModel):
    """A body in which what is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class Call(BaseModel):
    """A tool call as it is shown to the person who decides."""

    id: str
    name: str
    args: dict
    why: str


CALLS = TypeAdapter(list[Call])


class Approve(Strict):
    """Run the call as it was shown."""

    call: Id
    type: Literal["approve"]


class Edit(Strict):
    """Run the call with these arguments in place of the model's."""

    call: Id
    type: Literal["edit"]
    args: dict[Id, Flag | Whole | Number | Text | None] = Field(
        max_length=20, json_schema_extra={"additionalProperties": False}
    )


class Reject(Strict):
    """Do not run the call, and tell the model why."""

    call: Id
    type: Literal["reject"]
    reason: Text = ""


Decision = Annotated[Approve | Edit | Reject, Field(discriminator="type")]


class Decisions(Strict):
    """One decision for each call of the approval."""

    decisions: list[Decision] = Field(min_length=1, max_length=100)


def digest(thread: str, approval: str, calls: Sequence[dict]) -> str:
    """Return what stands for exactly these calls, with these arguments, in this place."""
    text = json.dumps([thread, approval, calls], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def is_readable(calls: str) -> bool:
    """Return whether these calls, as JSON, can be shown."""
    try:
        return bool(CALLS.validate_json(calls))
    except ValidationError:
        return False


def shown(approval: dict) -> dict:
    """Return the fields of an approval that whoever decides may see."""
    keys = "id", "thread", "owner", "calls", "digest", "created", "expires"
    return {key: approval[key] for key in keys}
