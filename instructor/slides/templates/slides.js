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
