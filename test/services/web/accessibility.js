// Rules of accessibility, by hand, for a page that is open. Returns the faults.
const faults = [];
const fault = (what, x) => faults.push(what + ': ' + x.outerHTML.slice(0, 120));
const visible = x => x.getClientRects().length > 0
  && getComputedStyle(x).visibility === 'visible' && !x.closest('.unseen, .skip');
const all = [...document.querySelectorAll('body *')];

// Names.
if (!document.documentElement.lang) faults.push('the page has no language');
if (!document.title) faults.push('the page has no title');
for (const x of document.querySelectorAll('button, a, [role=option]'))
  if (visible(x) && !x.textContent.trim()) fault('has no name', x);
for (const x of document.querySelectorAll('input, select'))
  if (!x.labels.length && !x.ariaLabel) fault('has no label', x);
for (const x of document.querySelectorAll('section, nav, [role=listbox]'))
  if (!x.ariaLabel) fault('has no label', x);

// Structure.
const ids = all.map(x => x.id).filter(Boolean);
if (new Set(ids).size !== ids.length) faults.push('an id stands twice');
if (document.querySelectorAll('main').length !== 1) faults.push('not one main');
if (document.querySelectorAll('h1').length !== 1) faults.push('not one h1');
if (!document.querySelector('[aria-live=polite]')) faults.push('nothing is announced');
if (!document.querySelector('[role=alert]')) faults.push('no alert is announced');
const list = document.querySelector('[role=listbox]');
for (const x of list.children)
  if (!['option', 'presentation'].includes(x.getAttribute('role'))) fault('is no option', x);
const active = list.getAttribute('aria-activedescendant');
const chosen = list.querySelectorAll('[aria-selected=true]');
if (active ? chosen.length !== 1 || chosen[0].id !== active : chosen.length)
  faults.push('the selection is not told');
for (const x of document.querySelectorAll('[tabindex]'))
  if (x.tabIndex > 0) fault('has a place of its own in the order', x);

// Contrast: 4.5, or 3 for large text. Source: WCAG 2.1, 1.4.3.
const numbers = text => text.match(/[\d.]+/g).map(Number);
function light([r, g, b]) {
  const [x, y, z] = [r, g, b].map(c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}
function back(x) {
  for (; x; x = x.parentElement) {
    const color = numbers(getComputedStyle(x).backgroundColor);
    if (color.length < 4 || color[3] > 0.99) return color;
  }
  return [255, 255, 255];
}
for (const x of all) {
  const has = [...x.childNodes].some(y => y.nodeType === 3 && y.textContent.trim());
  if (!has || !visible(x) || x.disabled) continue;
  const style = getComputedStyle(x);
  const [a, b] = [light(numbers(style.color)), light(back(x))].sort((p, q) => q - p);
  const ratio = (a + 0.05) / (b + 0.05), size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
  if (ratio < (large ? 3 : 4.5)) fault('has a contrast of ' + ratio.toFixed(2), x);
}

// Room: nothing sticks out, and what is clicked is large enough (WCAG 2.5.8).
if (document.documentElement.scrollWidth > innerWidth)
  faults.push('the page is ' + document.documentElement.scrollWidth + ' wide');
for (const x of document.querySelectorAll('button, input, select, [role=option]')) {
  const at = x.getBoundingClientRect();
  if (visible(x) && (at.width < 24 || at.height < 24)) fault('is too small', x);
}
return faults;
