"""A slide, and the blocks it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ("Block", "Slide")


@dataclass(frozen=True)
class Block:
    """A piece that is not parted: a paragraph, a piece of code, an output."""

    html: str
    height: float
    title: str = ""
    """For a heading: its words, as HTML. It begins a slide."""
    level: int = 1
    """For a heading: 1 for the lesson's title, 2 for its parts, and so on."""
    leads: bool = False
    """It says little without what follows, and moves with it to the next slide."""
    later: bool = False
    """An output: the room guesses first, and the next key shows it."""


@dataclass
class Slide:
    """What is seen at once."""

    title: str
    continued: bool = False
    level: int = 1
    blocks: list[Block] = field(default_factory=list)
    notes: str = ""
    """For the speaker, as HTML."""

    @property
    def height(self) -> float:
        """Estimated pixels below the title."""
        return sum(block.height for block in self.blocks)
