"""The approval panel: a person approves, edits or rejects what an agent is about to do.

Read in this order: `call` (one call, one decision), `question` (what waits in the checkpointer),
`card` (a call as widgets), `log` (what happens next), `panel` (all of it, and the promise).
"""

from __future__ import annotations

from course_utils.approval.call import DecisionRefused
from course_utils.approval.panel import ApprovalPanel, DecisionNeeded

__all__ = ("ApprovalPanel", "DecisionNeeded", "DecisionRefused")
