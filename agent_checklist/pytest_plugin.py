"""A claim as a test: `pytest -p agent_checklist.pytest_plugin --agent-checklist file.py:graph`.

Without a target it is the graph of langgraph.json: `--agent-checklist=`.
"""

from __future__ import annotations

from subprocess import TimeoutExpired
from typing import Any

import pytest

from agent_checklist.claims import CLAIMS
from agent_checklist.report import Outcome, about_red, check

__all__ = ("ClaimItem",)


class ClaimItem(pytest.Item):
    """One claim about the agent."""

    def __init__(self, *, target: str, **more: Any) -> None:
        super().__init__(**more)
        self.target = target

    def runtest(self) -> None:
        """Fail where the claim is red; skip where it was not judged."""
        report = self._report()
        found = report[self.name]
        if found.verdict == "fail":
            raise AssertionError("\n".join([found.reason, *about_red(found, report)]))
        if found.verdict != "pass":
            pytest.skip(f"{found.verdict}: {found.reason}")

    def _report(self) -> Outcome:
        """Return the report, which is made once; fail where there is none."""
        config = self.config
        if not hasattr(config, "agent_checklist_report"):
            try:
                config.agent_checklist_report = check(self.target or None)
            except (ValueError, RuntimeError, TimeoutExpired) as error:
                config.agent_checklist_report = str(error)
        report = config.agent_checklist_report
        problem = report if isinstance(report, str) else report.problem
        if problem:  # a skip would let a pipeline pass that has judged nothing
            raise AssertionError(f"Nothing could be judged. {problem}")
        return report

    def repr_failure(self, excinfo: pytest.ExceptionInfo, style: Any = None) -> str:
        """Return the sentence, without a traceback of ours."""
        if isinstance(excinfo.value, AssertionError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple:
        """Return where the test stands in a report."""
        return self.path, None, f"agent_checklist {self.name}"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the agent."""
    parser.addoption(
        "--agent-checklist",
        metavar="TARGET",
        default=None,
        help="judge a LangGraph agent: file.py:attr, module:attr; empty: langgraph.json",
    )


def pytest_collection_modifyitems(session: pytest.Session, config: Any, items: list) -> None:
    """Add a test for each claim."""
    target = config.getoption("--agent-checklist")
    if target is not None:
        items.extend(
            ClaimItem.from_parent(session, name=name, target=target, nodeid=f"checklist::{name}")
            for name in CLAIMS
        )
