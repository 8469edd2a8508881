"""Contrast of text, as WCAG 2 defines it (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""

from __future__ import annotations

import json
from typing import NamedTuple

from playwright.async_api import Locator

__all__ = ("ENOUGH", "Contrast", "contrasts")

ENOUGH = 4.5  # level AA, text of normal size

# For every element with text of its own: its colour and the colours behind it, nearest first, down
# to one that lets nothing through.
COLOURS = """(root, [inside, but]) => {
  const context = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
  const known = new Map();
  const rgba = colour => {
    if (!known.has(colour)) {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      known.set(colour, [...context.getImageData(0, 0, 1, 1).data]);
    }
    return known.get(colour);
  };
  const found = [];
  const parts = inside ? [...root.querySelectorAll(inside)] : [root];
  for (const element of new Set(parts.flatMap(part => [part, ...part.querySelectorAll('*')]))) {
    if (but && element.matches(but)) continue;
    const text = [...element.childNodes].filter(node => node.nodeType === Node.TEXT_NODE)
      .map(node => node.textContent).join('').trim();
    if (!text || ['STYLE', 'SCRIPT'].includes(element.tagName)) continue;
    const behind = [];
    for (let node = element; node && behind.at(-1)?.[3] !== 255; node = node.parentElement)
      behind.push(rgba(getComputedStyle(node).backgroundColor));
    found.push([text, rgba(getComputedStyle(element).color), behind]);
  }
  return JSON.stringify(found);  // Playwright takes its time for each number of a list
}"""


class Contrast(NamedTuple):
    """A piece of text and how far its colour stands out, from 1 to 21."""

    ratio: float
    text: str


async def contrasts(element: Locator, inside: str = "", but: str = "") -> list[Contrast]:
    """Return the contrast of each piece of text inside an element.

    Args:
        element: The element.
        inside: A selector of the parts of it that count; all of it without one.
        but: A selector of elements whose own text does not count.
    """
    rows = json.loads(await element.evaluate(COLOURS, [inside, but]))
    return [Contrast(_ratio(colour, behind), text) for text, colour, behind in rows]


def _ratio(colour: list[int], behind: list[list[int]]) -> float:
    seen = map(_luminance, (_over([colour, *behind]), _over(behind)))
    darker, lighter = sorted(seen)
    return (lighter + 0.05) / (darker + 0.05)


def _over(layers: list[list[int]]) -> list[float]:
    """Lay colours over each other, topmost first, and all of them over white."""
    seen = [255.0, 255.0, 255.0]
    for *rgb, alpha in reversed(layers):
        share = alpha / 255
        seen = [new * share + old * (1 - share) for new, old in zip(rgb, seen, strict=True)]
    return seen


def _luminance(rgb: list[float]) -> float:
    shares = [value / 255 for value in rgb]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return sum(w * value for w, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
