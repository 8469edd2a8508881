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
section { padding: 1em 1.4em .8em; border-bottom: 1px solid #bbb; overflow-wrap: break-word; }
h1, h2 { margin: 0 0 .4em; line-height: 1.15; font-size: 1.6em; color: #00395c; }
h1 { font-size: 2.2em; }
h1:focus, h2:focus { outline: none; }
h2 small { font-size: .65em; font-weight: normal; color: #555; }
p, ul, ol, table, pre, figure, details, .rich { margin: 0 0 .7em; }
.rich p { margin: 0 0 .3em; }
pre { padding: .5em .7em; font-size: 1em; line-height: 1.3; white-space: pre-wrap;
  border-radius: 4px; background: #f3f5f8; }
pre > code { background: none; }
pre, code, samp { font-family: ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
:not(pre) > code { font-size: 1em; background: #eef1f4; padding: 0 .2em; border-radius: 3px; }
pre.code { border-left: .3em solid #00395c; }
pre.output { background: #fffbea; border-left: .3em solid #8a6d00; }
td, th { border: 1px solid #999; padding: .25em .6em; text-align: left; vertical-align: top; }
table { border-collapse: collapse; }
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
.later > :last-child { margin-bottom: 0; }
.later { margin-bottom: .7em; }
.deck.step .later:not(.shown) { visibility: hidden; }
.deck nav { display: flex; align-items: center; gap: 1em; height: 2.2em; padding: 0 1.4em;
  background: #eef1f4; border-top: 1px solid #bbb; }
nav span { flex: 1; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
nav button { font: inherit; font-size: .8em; padding: .1em .8em; background: #fff; color: #1a1a1a;
  border: 1px solid #595959; border-radius: 4px; cursor: pointer; }
dialog { width: 90vw; height: 90vh; font-size: .8em; color: #1a1a1a; background: #fff; }
dialog ol { columns: 3; column-gap: 1em; margin: 0; padding: 0; }
dialog li { break-inside: avoid; margin-left: 2.5em; }
dialog li::marker { color: #555; }
dialog li button { font: inherit; vertical-align: top; text-align: left; border: 0; padding: 0;
  background: none; color: #00508a; cursor: pointer; }
dialog li.part > button { font-weight: bold; }
:focus-visible { outline: .15em solid #b35900; outline-offset: .1em; }
@media print {
  @page { size: A4 landscape; margin: 10mm; }
  body { font-size: 12pt; overflow: visible; }
  .deck section { display: block; height: auto; overflow: visible; }
  .deck.step .later:not(.shown) { visibility: visible; }
  section { break-after: page; padding: 0; border: 0; }
  .deck nav { display: none; }
  img { height: auto; max-height: 120mm; }
}
"""
NOTES_STYLE = (
    "body { font: 20px/1.45 system-ui, sans-serif; margin: 1em; color: #1a1a1a; background: #fff; }"
    "header { border-bottom: 1px solid #767676; } h1 { font-size: 1.1em; margin: .2em 0; }"
    "h2 { font-size: 1.2em; } code { background: #eef1f4; } li { margin: .25em 0; }"
    "td, th { border: 1px solid #999; padding: .2em .5em; text-align: left; }"
    "table { border-collapse: collapse; }"
)
SCRIPT = """
const slides = [...document.querySelectorAll('section')];
const place = document.querySelector('#place');
const overview = document.querySelector('dialog');
const turns = {ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1};
const ends = {Home: 0, End: slides.length - 1};
let at = 0, notes = null, began = 0;
const title = number => slides[number]?.querySelector('h1, h2').textContent ?? 'the end';
const hidden = slide => document.body.classList.contains('step')
  ? [...slide.querySelectorAll('.later:not(.shown)')] : [];
const fit = slide => {
  // What does not fit can be scrolled, by keyboard too: smaller letters would reach nobody.
  if (slide.scrollHeight > slide.clientHeight) slide.tabIndex = 0;
  else slide.removeAttribute('tabindex');
};
const clock = () => {
  if (!notes || notes.closed) return;
  const seconds = Math.floor((Date.now() - began) / 1000);
  const two = String(seconds % 60).padStart(2, '0');
  notes.document.querySelector('#clock').textContent = `${Math.floor(seconds / 60)}:${two}`;
};
const tell = () => {
  if (!notes || notes.closed) return;
  const waits = hidden(slides[at]).length;
  const next = waits ? 'the output' : title(at + 1);
  notes.document.querySelector('h1').textContent =
    `${at + 1} of ${slides.length}: ${title(at)}`;
  notes.document.querySelector('#next').textContent = next;
  notes.document.querySelector('main').innerHTML =
    slides[at].querySelector('template').innerHTML;
  clock();
};
const openNotes = () => {
  notes = window.open('', 'notes', 'popup,width=760,height=900');
  if (!notes) {
    place.textContent = 'Your notes need a window: allow pop-ups for this page, then press S again';
    return;
  }
  const page = notes.document;
  page.documentElement.lang = 'en';
  page.head.innerHTML = '<style>' + document.body.dataset.notes + '</style>';
  page.title = 'Notes: ' + document.title;
  page.body.innerHTML = '<header><h1></h1><p>Next: <b id="next"></b>. Since you opened this: '
    + '<b id="clock"></b></p></header><main></main>';
  notes.addEventListener('keydown', onKey);
  began = began || Date.now();
  tell();
  notes.focus();
};
const show = (number, focus = true, whole = false) => {
  at = Math.min(Math.max(number, 0), slides.length - 1);
  slides.forEach((slide, n) => slide.classList.toggle('now', n === at));
  slides[at].querySelectorAll('.later').forEach(part => part.classList.toggle('shown', whole));
  fit(slides[at]);
  slides[at].scrollTop = 0;
  place.textContent = `Slide ${at + 1} of ${slides.length}`;
  history.replaceState(null, '', `#${at + 1}`);
  if (focus) slides[at].querySelector('h1, h2').focus();
  tell();
};
const turn = (step, focus = true) => {
  if (step > 0) {
    const [part] = hidden(slides[at]);
    if (!part) show(at + 1, focus);
    else part.classList.add('shown');
  } else {
    const part = [...slides[at].querySelectorAll('.later.shown')].pop();
    if (part && document.body.classList.contains('step')) part.classList.remove('shown');
    else show(at - 1, focus, true);
  }
  tell();
};
const choose = () => {
  overview.showModal();
  const items = [...overview.querySelectorAll('li')];
  items.findLast(item => item.value <= at + 1).querySelector('button').focus();
};
const onKey = event => {
  if (event.ctrlKey || event.altKey || event.metaKey || overview.open) return;
  const own = event.target.closest?.('summary, button, a');
  const space = event.key === ' ' && !own ? (event.shiftKey ? -1 : 1) : 0;
  const step = turns[event.key] || space, key = event.key.toLowerCase();
  if (step) turn(step, event.view === window);
  else if (event.key in ends) show(ends[event.key], event.view === window);
  else if (key === 'f' && !document.fullscreenElement)
    document.documentElement.requestFullscreen();
  else if (key === 's') openNotes();
  else if (key === 'o') choose();
  else return;
  event.preventDefault();
};
const fromAddress = () => (parseInt(location.hash.slice(1)) || 1) - 1;
document.body.classList.add('deck');
slides.forEach((slide, number) => {
  if (slide.dataset.continued !== undefined) return;
  const item = document.createElement('li'), button = document.createElement('button');
  button.textContent = title(number);
  item.value = number + 1;
  item.classList.toggle('part', slide.dataset.level < 3);
  button.addEventListener('click', () => { overview.close(); show(number); });
  item.append(button);
  overview.querySelector('ol').append(item);
});
document.querySelector('#back').addEventListener('click', () => turn(-1, false));
document.querySelector('#on').addEventListener('click', () => turn(1, false));
document.querySelector('#all').addEventListener('click', choose);
document.querySelector('#notes').addEventListener('click', openNotes);
addEventListener('hashchange', () => show(fromAddress()));
addEventListener('resize', () => fit(slides[at]));
addEventListener('pagehide', () => notes?.close());
addEventListener('toggle', () => fit(slides[at]), true);
addEventListener('beforeprint', () => document.querySelectorAll('details').forEach(d => {
  d.open = true;
}));
addEventListener('keydown', onKey);
setInterval(clock, 1000);
show(fromAddress(), false);
"""


def page(slides: Sequence[Slide], step: bool = True) -> str:
    """Return the HTML file of some slides.

    Args:
        slides: The slides; the first one names the lesson.
        step: Whether an output waits for the next key.
    """
    title = re.sub(r"<[^>]+>", "", slides[0].title)
    sections = "\n".join(_section(number, slide) for number, slide in enumerate(slides))
    body = f"""<main>
{sections}
</main>
<dialog aria-labelledby="overview"><h2 id="overview">All slides</h2><ol></ol></dialog>
<nav aria-label="Slides">
<span>{title}</span>
<button id="notes">Notes (S)</button>
<button id="all">Overview (O)</button>
<button id="back">Previous</button>
<b id="place" role="status"></b>
<button id="on">Next</button>
</nav>
<script>{SCRIPT}</script>"""
    return _document(title, body, "step" if step else "")


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
<p>Arrow keys or Page Up and Page Down turn the slides and show the next output, Home and End go to
the ends, O lists all slides, S opens your notes in a second window, F fills the screen. Printing
gives a hand-out.</p>
</section></main>"""
    return _document("LangGraph in production: slides", body)


def _document(title: str, body: str, classes: str = "") -> str:
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body class="{classes}" data-notes="{html.escape(NOTES_STYLE)}">
{body}
</body>
</html>
"""


def _section(number: int, slide: Slide) -> str:
    tag = "h2" if number else "h1"
    more = " <small>continued</small>" if slide.continued else ""
    # An output that begins a slide was waited for on the slide before.
    waits = [block.later and place > 0 for place, block in enumerate(slide.blocks)]
    body = "\n".join(
        f'<div class="later">{block.html}</div>' if later else block.html
        for block, later in zip(slide.blocks, waits, strict=True)
    )
    continued = " data-continued" if slide.continued else ""
    return (
        f'<section aria-labelledby="t{number}" data-level="{slide.level}"{continued}>\n'
        f'<{tag} id="t{number}" tabindex="-1">{slide.title}{more}</{tag}>\n{body}\n'
        f"<template>{slide.notes}</template>\n</section>"
    )
