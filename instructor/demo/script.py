"""The speaker's script of a lesson: the guide's page as one HTML file, with a clock."""

from __future__ import annotations

import re

import mistune

__all__ = ("page",)

STEP = re.compile(r"^### (.+) \((\d+) minutes\)$", re.M)
LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
STYLE = """
body { font: 20px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 0 auto; padding: 1rem;
  color: #1a1a1a; background: #fff; }
header { position: sticky; top: 0; background: #fff; border-bottom: 1px solid #767676;
  padding: .3rem 0; display: flex; gap: 1rem; align-items: center; }
header b { flex: 1; }
button { font: inherit; }
h1 { font-size: 1.5em; } h2 { font-size: 1.25em; margin-top: 2em; } h3 { font-size: 1.1em; }
code { background: #eef1f4; overflow-wrap: anywhere; }
li { margin: .3em 0; }
li.Say { font-size: 1.1em; }
li.Run code { font-weight: 600; }
li.Do { font-style: italic; }
td, th { border: 1px solid #999; padding: .2em .5em; text-align: left; }
table { border-collapse: collapse; }
"""
SCRIPT = """
let began = 0;
document.querySelector('button').addEventListener('click', () => { began = Date.now(); });
setInterval(() => {
  if (!began) return;
  const seconds = Math.floor((Date.now() - began) / 1000);
  const two = String(seconds % 60).padStart(2, '0');
  document.querySelector('#clock').textContent = `${Math.floor(seconds / 60)}:${two}`;
}, 500);
"""

_markdown = mistune.create_markdown(plugins=["table"])


def page(guide: str) -> str:
    """Return the script as HTML.

    Args:
        guide: The guide's page on a lesson, as Markdown.
    """
    title = guide.partition("\n")[0].lstrip("# ")
    minutes = [int(length) for _, length in STEP.findall(guide)]
    begins = iter(sum(minutes[:n]) for n in range(len(minutes)))

    def with_cue(step: re.Match[str]) -> str:
        begin = next(begins)
        return f"### {step[1]}: minutes {begin} to {begin + int(step[2])} of {sum(minutes)}"

    # The script comes first: the rest is for before and after.
    script = _section(guide, "Demo script")
    rest = guide.replace(f"\n## Demo script\n{script}", "").partition("\n## Before")[2]
    text = f"## Demo script\n{STEP.sub(with_cue, script)}\n\n## Before{rest}"
    body = _markdown(LINK.sub(r"\1", text))
    body = re.sub(r"<li><strong>(\w+)</strong>", r'<li class="\1"><strong>\1</strong>', body)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Script: {title}</title>
<style>{STYLE}</style>
</head>
<body>
<header><b>{title}</b> <span id="clock">0:00</span> <button>Start the clock</button></header>
<main>
<h1>{title}: your script</h1>
{body}
</main>
<script>{SCRIPT}</script>
</body>
</html>
"""


def _section(text: str, name: str) -> str:
    return text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
