"""Reduce the schema of Zero to JupyterHub's chart to the parts that values.yaml uses.

    git -C zero-to-jupyterhub-k8s show 4.4.0:jupyterhub/values.schema.yaml \
        | python3 -m tests.instructor.hub.chart_schema 4.4.0 > chart_schema.json

What is kept are facts, the names that are allowed and the types of their values: wherever
values.yaml goes, all names of that level. Source: github.com/jupyterhub/zero-to-jupyterhub-k8s.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml

__all__ = ("VALUES", "reduced")

VALUES = Path(__file__).resolve().parents[2] / "instructor" / "hub" / "values.yaml"
KEPT = ("type", "enum", "minimum", "required", "additionalProperties", "patternProperties", "items")


def reduced(schema: object, used: object, top: bool = False) -> object:
    """Return the part of a schema that judges `used`, and beside it only names and types."""
    if not isinstance(schema, dict):
        return schema
    kept = {word: without_prose(schema[word]) for word in KEPT if word in schema}
    if not isinstance(used, dict):
        return kept
    if top:
        kept.pop("required", None)  # by the chart, of its own defaults merged with ours
    if "required" in kept:
        kept["required"] = [name for name in kept["required"] if name in used]
    properties = schema.get("properties", {})
    kept["properties"] = {
        name: reduced(inner, used[name]) if name in used else names_only(inner)
        for name, inner in properties.items()
    }
    return kept


def names_only(schema: dict) -> dict:
    """Return the type alone."""
    return {word: schema[word] for word in ("type", "enum") if word in schema}


def without_prose(schema: object) -> object:
    """Return a schema without its descriptions."""
    if isinstance(schema, dict):
        return {k: without_prose(v) for k, v in schema.items() if k != "description"}
    return [without_prose(one) for one in schema] if isinstance(schema, list) else schema


def main() -> None:
    """Read the whole schema from standard input, write the part to standard output."""
    values = yaml.safe_load(VALUES.read_text("utf-8"))
    schema = reduced(yaml.safe_load(sys.stdin), values, top=True)
    print(json.dumps({"chart": sys.argv[1], "schema": schema}, indent=1))


if __name__ == "__main__":
    main()
