(() => {
  const trace = document.currentScript.previousElementSibling, bar = document.createElement('p');
  bar.innerHTML = `<label>Search this trace <input type="search" style="background:transparent;
    color:inherit;border:1px solid currentColor;padding:2px 6px"></label>
    <span role="status" style="margin-left:1em"></span>`;
  trace.prepend(bar);
  const folds = [...trace.querySelectorAll('details')], before = folds.map(fold => fold.open);
  const own = span => [...span.querySelectorAll(':scope > details > :not(ul)')];
  bar.querySelector('input').addEventListener('input', event => {
    const text = event.target.value.trim().toLowerCase();
    const holds = part => Boolean(text) && part.textContent.toLowerCase().includes(text);
    folds.forEach((fold, number) => { fold.open = text ? false : before[number]; });
    let count = 0;
    trace.querySelectorAll('li').forEach(span => {
      const found = own(span).filter(holds);
      count += found.length > 0;
      span.hidden = Boolean(text) && !holds(span);
      found.forEach(part => {
        for (let at = part; at !== trace; at = at.parentElement)
          if (at.tagName === 'DETAILS') at.open = true;
      });
    });
    const words = `${count} ${count === 1 ? 'span holds' : 'spans hold'} it`;
    bar.querySelector('[role=status]').textContent = text && words;
  });
})();
