"""The page around slides: one HTML file with its style and its few lines of script inside.

Its content security policy lets it load nothing at all. Without scripts, and on paper, all slides
stand one below the other.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence

from instructor.slides.slide import Slide

__all__ = ("index", "page")

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
STYLE = """
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: #1a1a1a; font-family: system-ui, sans-serif;
  font-size: min(1.9vw, 3.38vh); line-height: 1.4; }
section { padding: 1.2em 2.4em 1em; border-bottom: 1px solid #bbb; overflow-wrap: break-word; }
h1, h2 { margin: 0 0 .5em; line-height: 1.15; font-size: 1.7em; color: #00395c; }
h1 { font-size: 2.2em; }
h1:focus, h2:focus { outline: none; }
h2 small { font-size: .5em; font-weight: normal; color: #555; }
p, ul, ol, table, pre, figure, details, .rich { margin: 0 0 .7em; }
.rich p { margin: 0 0 .3em; }
pre { padding: .6em .8em; font-size: .8em; line-height: 1.35; white-space: pre-wrap;
  border-radius: 4px; background: #f3f5f8; }
pre > code { background: none; }
pre, code, samp { font-family: ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
:not(pre) > code { font-size: .88em; background: #eef1f4; padding: 0 .2em; border-radius: 3px; }
pre.code { border-left: .3em solid #00395c; }
pre.output { background: #fffbea; border-left: .3em solid #8a6d00; }
td, th { border: 1px solid #999; padding: .25em .6em; text-align: left; vertical-align: top; }
table { border-collapse: collapse; font-size: .85em; }
img { width: auto; height: auto; max-width: 100%; max-height: 58vh; }
.graph svg { width: 100%; max-height: 50vh; }
.note { font-style: italic; color: #444; }
a { color: #00508a; }
summary { cursor: pointer; }
.k, .kn, .kc, .ow { color: #7a1f7a; } .s1, .s2, .sa, .sd, .se, .si { color: #0a5c2e; }
.c1 { color: #595959; font-style: italic; } .nf, .nc, .nd { color: #00508a; }
.mi, .mf { color: #8a3b00; }
nav { display: none; }
.deck { overflow: hidden; }
.deck section { display: none; height: calc(100vh - 2.2em); overflow: auto; border: 0; }
.deck section.now { display: block; }
.deck nav { display: flex; align-items: center; gap: 1em; height: 2.2em; padding: 0 2.4em;
  background: #eef1f4; border-top: 1px solid #bbb; }
nav span { flex: 1; }
nav button { font: inherit; font-size: .8em; padding: .1em .8em; background: #fff; color: #1a1a1a;
  border: 1px solid #595959; border-radius: 4px; cursor: pointer; }
:focus-visible { outline: .15em solid #b35900; outline-offset: .1em; }
@media print {
  @page { size: A4 landscape; margin: 10mm; }
  body { font-size: 12pt; overflow: visible; }
  .deck section { display: block; height: auto; overflow: visible; font-size: 100% !important; }
  section { break-after: page; padding: 0; border: 0; }
  .deck nav { display: none; }
  img { height: auto; max-height: 120mm; }
}
"""
SCRIPT = """
const slides = [...document.querySelectorAll('section')];
const place = document.querySelector('#place');
const pressed = {ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1, Home: -1e9, End: 1e9};
let at = 0;
const fit = slide => {
  for (let size = 100; size >= 60; size -= 5) {
    slide.style.fontSize = `${size}%`;
    if (slide.scrollHeight <= slide.clientHeight) break;
  }
  // What still does not fit can be scrolled, by keyboard too.
  if (slide.scrollHeight > slide.clientHeight) slide.tabIndex = 0;
  else slide.removeAttribute('tabindex');
};
const show = (number, focus = true) => {
  at = Math.min(Math.max(number, 0), slides.length - 1);
  slides.forEach((slide, n) => slide.classList.toggle('now', n === at));
  fit(slides[at]);
  slides[at].scrollTop = 0;
  place.textContent = `Slide ${at + 1} of ${slides.length}`;
  history.replaceState(null, '', `#${at + 1}`);
  if (focus) slides[at].querySelector('h1, h2').focus();
};
const fromAddress = () => (parseInt(location.hash.slice(1)) || 1) - 1;
document.body.classList.add('deck');
document.querySelector('#back').addEventListener('click', () => show(at - 1, false));
document.querySelector('#on').addEventListener('click', () => show(at + 1, false));
addEventListener('hashchange', () => show(fromAddress()));
addEventListener('resize', () => fit(slides[at]));
addEventListener('toggle', () => fit(slides[at]), true);
addEventListener('beforeprint', () => document.querySelectorAll('details').forEach(d => {
  d.open = true;
}));
addEventListener('keydown', event => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const own = event.target.closest('summary, button, a');
  const space = event.key === ' ' && !own ? (event.shiftKey ? -1 : 1) : 0;
  const step = pressed[event.key] || space;
  if (step) show(at + step);
  else if (event.key.toLowerCase() === 'f' && !document.fullscreenElement)
    document.documentElement.requestFullscreen();
  else return;
  event.preventDefault();
});
show(fromAddress(), false);
"""


def page(slides: Sequence[Slide]) -> str:
    """Return the HTML file of some slides; the first one names the lesson."""
    title = re.sub(r"<[^>]+>", "", slides[0].title)
    sections = "\n".join(_section(number, slide) for number, slide in enumerate(slides))
    body = f"""<main>
{sections}
</main>
<nav aria-label="Slides">
<span>{title}</span>
<button id="back">Previous</button>
<b id="place" role="status"></b>
<button id="on">Next</button>
</nav>
<script>{SCRIPT}</script>"""
    return _document(title, body)


def index(titles: Mapping[str, str]) -> str:
    """Return a page that lists lessons; `titles` has the title of each file's stem."""
    items = "\n".join(
        f'<li><a href="{stem}.html">{html.escape(title)}</a></li>' for stem, title in titles.items()
    )
    body = f"""<main><section>
<h1>LangGraph in production: slides</h1>
<ul>
{items}
</ul>
<p>Arrow keys or Page Up and Page Down turn the slides, Home and End go to the ends, F fills the
screen. Printing gives a hand-out.</p>
</section></main>"""
    return _document("LangGraph in production: slides", body)


def _document(title: str, body: str) -> str:
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
{body}
</body>
</html>
"""


def _section(number: int, slide: Slide) -> str:
    tag = "h2" if number else "h1"
    more = " <small>continued</small>" if slide.continued else ""
    body = "\n".join(block.html for block in slide.blocks)
    return (
        f'<section aria-labelledby="t{number}">\n'
        f'<{tag} id="t{number}" tabindex="-1">{slide.title}{more}</{tag}>\n{body}\n</section>'
    )
