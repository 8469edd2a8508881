"""A call that waits for a decision, and the decisions it allows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

__all__ = ("DECISIONS", "Call", "Decision", "DecisionRefused", "Record", "as_json")

DECISIONS = ("approve", "edit", "reject", "respond")


class DecisionRefused(ValueError):
    """This decision was not carried out; the graph was not resumed."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]  # IPython shows this line alone


@dataclass(frozen=True)
class Decision:
    """A person's decision about one call."""

    type: str
    """approve, edit, reject or respond."""
    args: dict[str, Any] | None = None
    """Edited arguments; None unless the decision is an edit."""
    reason: str = ""
    """Why the call is rejected, or the answer in place of the tool's result."""


@dataclass(frozen=True)
class Call:
    """One call that waits for a decision."""

    tool: str
    """The tool's name; empty for a question that is not about a tool."""
    args: dict[str, Any]
    why: str
    """Why it asks; of a question, the question."""
    allowed: tuple[str, ...]
    """The allowed decisions, of `DECISIONS`."""
    position: int = 0
    """Its place among the calls of its interrupt: the graph expects the decisions in this order."""
    schema: type[BaseModel] | None = field(default=None, repr=False, compare=False)
    """Schema of the tool's arguments; None where the graph does not hold the tool."""

    def __str__(self) -> str:
        args = ", ".join(f"{key}={as_json(value)}" for key, value in self.args.items())
        return f"{self.tool}({args})" if self.tool else f"question: {self.why}"

    def validate(self, decision: Decision) -> Decision:
        """Return the decision if this call allows it.

        Raises:
            DecisionRefused: It is not allowed, or its arguments do not fit the tool.
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

    def parse_args(self, text: str) -> dict[str, Any]:
        """Return edited arguments written as JSON.

        Raises:
            DecisionRefused: The text is not valid JSON.
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
                f"{self.tool} has no argument {_quote(unknown)}. It has {_quote(known)}."
            )
        if missing := [name for name in known if name in needed and name not in args]:
            raise DecisionRefused(f"{self.tool} also needs {_quote(missing)}.")
        if self.schema is not None:
            try:
                self.schema.model_validate(args)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"]))
                raise DecisionRefused(f"{where}: {first['msg']}.") from None


@dataclass(frozen=True)
class Record:
    """One decision, for an audit trail."""

    tool: str
    args: dict[str, Any]
    """The arguments the agent proposed."""
    why: str
    """Why the call asked; of a question, the question."""
    decision: str
    """approve, edit, reject or respond."""
    reason: str = ""
    """Why the call was rejected, or the answer in place of the tool's result."""
    edited: dict[str, Any] | None = None
    """Edited arguments; None unless the decision was an edit."""

    def __str__(self) -> str:
        past = {"approve": "approved", "edit": "edited", "reject": "rejected"}
        call = Call(self.tool, self.edited or self.args, self.why, ())
        words = f": {self.reason}" if self.reason else ""
        return f"{past.get(self.decision, 'answered')}: {call}{words}"


def as_json(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON for people; anything JSON cannot hold as its str."""
    return json.dumps(value, ensure_ascii=False, default=str, indent=indent)


def _quote(names: Any) -> str:
    return ", ".join(f'"{name}"' for name in names) or "none"


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
