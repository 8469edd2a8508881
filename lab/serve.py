"""Serve `production_agent`, on the lesson model where the environment names no model.

`python3 course.py serve` runs it. A copy of `production_agent` alone asks for a key instead.
"""

from __future__ import annotations

import os
import runpy
import sys

import lesson_model

if __name__ == "__main__":
    names = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE")
    if not any(os.environ.get(name, "").strip() for name in names):
        os.environ.setdefault("OPENAI_MODEL", lesson_model.start().name)
        print("No OPENAI_API_KEY is set: the lesson model answers, offline.", file=sys.stderr)
    runpy.run_module("production_agent", run_name="__main__", alter_sys=True)
