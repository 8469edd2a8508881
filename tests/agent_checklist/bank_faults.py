"""The names of the bank's faulty agents, read without importing them."""

from __future__ import annotations

import ast
from pathlib import Path

__all__ = ("BANK", "faults_in")

BANK = Path(__file__).parent / "bank"


def faults_in(file: str) -> dict[str, str]:
    """Return the faulty agents or turns that a file of the bank makes: name, claim."""
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse((BANK / file).read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("fault", "with_fault"):
            claim = node.args[0]
            if not isinstance(claim, ast.Constant):
                continue
            kinds = 2 if node.func.id == "with_fault" and len(node.args) == 1 else 1
            for _ in range(kinds):
                number = sum(each == claim.value for each in found.values()) + 1
                found[f"{claim.value.replace('.', '_')}_{number}"] = claim.value
    return found
