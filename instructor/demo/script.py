"""The speaker's script of a lesson: the guide's page as one HTML file, with a clock."""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Template

from instructor.guide import STEP, as_html, cues, section

__all__ = ("page",)

TEMPLATE = Path(__file__).with_name("script.html")


def page(guide: str) -> str:
    """Return the script as HTML.

    Args:
        guide: The guide's page on a lesson, as Markdown.
    """
    title = guide.partition("\n")[0].lstrip("# ")
    # The script comes first: the rest is for before and after.
    script = section(guide, "Demo script")
    due = iter(cues(script))
    rest = guide.replace(f"\n## Demo script\n{script}", "").partition("\n## Before")[2]
    timed = STEP.sub(lambda step: f"### {step[1]}: {next(due)}", script)
    body = as_html(f"## Demo script\n{timed}\n\n## Before{rest}")
    body = re.sub(r"<li><strong>(\w+)</strong>", r'<li class="\1"><strong>\1</strong>', body)
    template = Template(TEMPLATE.read_text("utf-8"), keep_trailing_newline=True)
    return template.render(title=title, body=body)
