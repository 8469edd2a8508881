"""The speaker's script of a lesson: the guide's page as one HTML file, with a clock."""

from __future__ import annotations

import re

from instructor.guide import STEP, as_html, cues, section

__all__ = ("page",)

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
