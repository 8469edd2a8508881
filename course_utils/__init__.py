"""What the notebooks import: exercise checks, the approval panel, pictures."""

from __future__ import annotations
