"""A panel on which a person approves, edits or rejects what an agent is about to do."""

from __future__ import annotations

from course_utils.approval.call import DecisionRefused
from course_utils.approval.panel import ApprovalPanel, DecisionNeeded

__all__ = ("ApprovalPanel", "DecisionNeeded", "DecisionRefused")
