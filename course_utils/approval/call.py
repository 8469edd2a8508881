"""A call that waits for a person, and which decisions fit it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

__all__ = ("DECISIONS", "Call", "Decision", "DecisionRefused", "Record", "as_json")

DECISIONS = ("approve", "edit", "reject", "respond")


class DecisionRefused(ValueError):
    """A decision that was not carried out; nothing has been resumed."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]  # IPython shows this line alone


@dataclass(frozen=True)
class Decision:
    """What a person decided about one call."""

    type: str
    """approve, edit, reject or respond."""
    args: dict[str, Any] | None = None
    """The arguments to run with instead; of an edit."""
    reason: str = ""
    """Why it is rejected, or the answer in the tool's place."""


@dataclass(frozen=True)
class Call:
    """One call that waits: what would run, and what may be decided about it."""

    tool: str
    """The tool's name; empty for a question that is not about a tool."""
    args: dict[str, Any]
    why: str
    allowed: tuple[str, ...]
    schema: type[BaseModel] | None = field(default=None, repr=False, compare=False)
    """The tool's arguments, where the graph holds the tool."""

    def __str__(self) -> str:
        args = ", ".join(f"{key}={as_json(value)}" for key, value in self.args.items())
        return f"{self.tool}({args})" if self.tool else f"question: {self.why}"

    def checked(self, decision: Decision) -> Decision:
        """Return the decision if it fits this call.

        Raises:
            DecisionRefused: It is not allowed here, or its arguments are not the tool's.
        """
        if decision.type not in self.allowed:
            allowed = " or ".join(f'"{name}"' for name in self.allowed)
            raise DecisionRefused(
                f'"{decision.type}" is not allowed for {self.tool or "this question"}: '
                f"decide {allowed}."
            )
        if decision.args is not None and decision.type != "edit":
            raise DecisionRefused('Other arguments belong to "edit".')
        if decision.type == "respond" and not decision.reason:
            raise DecisionRefused("Write the answer that the model gets in the tool's place.")
        if decision.type == "edit":
            self._check_args(decision.args)
        return decision

    def parsed(self, text: str) -> dict[str, Any]:
        """Return edited arguments written as JSON.

        Raises:
            DecisionRefused: It is no JSON.
        """
        try:
            return json.loads(text, parse_constant=_refuse_constant)
        except ValueError as error:
            raise DecisionRefused(f"The arguments are not valid JSON: {error}.") from None

    def _check_args(self, args: Any) -> None:
        if not isinstance(args, dict):
            raise DecisionRefused(
                'The arguments must be a JSON object: {"name": value}, one for each argument.'
            )
        known = self.args if self.schema is None else self.schema.model_fields
        needed = (
            set(self.args)
            if self.schema is None
            else {name for name, about in self.schema.model_fields.items() if about.is_required()}
        )
        if unknown := [name for name in args if name not in known]:
            raise DecisionRefused(
                f"{self.tool} has no argument {_names(unknown)}. It has {_names(known)}."
            )
        if missing := [name for name in known if name in needed and name not in args]:
            raise DecisionRefused(f"{self.tool} also needs {_names(missing)}.")
        if self.schema is not None:
            try:
                self.schema.model_validate(args)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"]))
                raise DecisionRefused(f"{where}: {first['msg']}.") from None


@dataclass(frozen=True)
class Record:
    """What was decided, for an audit trail."""

    tool: str
    args: dict[str, Any]
    """The arguments proposed."""
    why: str
    """Why it was asked; of a question, the question."""
    decision: str
    """approve, edit, reject or respond."""
    reason: str = ""
    """Why it was rejected, or the answer given in the tool's place."""
    edited: dict[str, Any] | None = None
    """The arguments to run with instead."""

    def __str__(self) -> str:
        past = {"approve": "approved", "edit": "edited", "reject": "rejected"}
        call = Call(self.tool, self.edited or self.args, self.why, ())
        words = f": {self.reason}" if self.reason else ""
        return f"{past.get(self.decision, 'answered')}: {call}{words}"


def as_json(value: Any, indent: int | None = None) -> str:
    """Return a value as a person reads JSON; what is no JSON as its str."""
    return json.dumps(value, ensure_ascii=False, default=str, indent=indent)


def _names(names: Any) -> str:
    return ", ".join(f'"{name}"' for name in names) or "none"


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
