// -- decisions ----------------------------------------------------------------
// Notes what is on the screen: which prompt at which revision since when, where
// it and its buttons are, and which lines of what an allow needs were seen whole.
function settle() {
  isInSight = seesSelected();
  const now = performance.now(), x = entries.get(selected);
  const sees = x && view === 'waiting' && !document.hidden && !$('dialog').open;
  const key = sees ? x.number + '.' + x.revision : '';
  if (key !== guard.key) {
    Object.assign(guard, {key, since: now, place: ''});
    guard.sight.clear();
  }
  if (!key) return;
  const panel = $('panel').getBoundingClientRect();
  const places = [rowOf.get(selected), $('allow')].map(y => y ? Math.round(y.getBoundingClientRect().top) : -1);
  const place = places.join();
  if (guard.place && place !== guard.place) guard.moved = now;
  guard.place = place;
  const top = Math.max(panel.top, 0) - 1, bottom = Math.min(panel.bottom, innerHeight) + 1;
  for (const line of $('ask').children) {
    const at = line.getBoundingClientRect(), sight = guard.sight.get(line) || {};
    guard.sight.set(line, {top: sight.top || (at.top >= top && at.top <= bottom),
      bottom: sight.bottom || (at.bottom >= top && at.bottom <= bottom)});
  }
}
function mayDecide(action) {
  settle();
  const now = performance.now();
  const whole = [...guard.sight.values()].every(y => y.top && y.bottom);
  if (action === 'allow' && !whole)
    return 'Scroll first: target, flags, container and what it opens were not all on the screen.';
  if (!guard.key || now - guard.since < SEEN || now - guard.moved < SETTLED
      || now - guard.refused < SETTLED)
    return 'Not yet: the page has just changed. Look, and press again.';
  return '';
}
async function decide(action) {
  const x = entries.get(selected);
  if (view !== 'waiting' || $('dialog').open) return;
  if (marks.size) return decideMarked(action);
  if (!x) return notice('Nothing is selected; j and k select a prompt.');
  if (asked.has(x.number) || x.state === 'deciding') return notice('This prompt is being decided.');
  if (!canDecide(x)) return notice('The hub of this prompt is away; it cannot be decided now.', 'warning');
  const why = mayDecide(action);
  if (why) {
    guard.refused = performance.now();
    return notice(why, 'warning');
  }
  const reason = $('reason').value.trim();
  $('reason').value = '';
  notice(x.target + ': ' + (action === 'allow' ? 'allowing…' : 'denying…'));
  asked.set(x.number, x.revision);
  const came = await send(x, action, reason);
  notice(x.target + ': ' + came.text, tones[came.what]);
}
const tones = {done: 'good', changed: 'warning', failed: 'danger', unknown: 'danger'};
// `x` as it was on the screen.
async function send(x, action, reason) {
  refresh();
  let came;
  try {
    came = await call('/decide', {number: x.number, revision: x.revision, action, reason});
  } catch (e) {
    came = {what: 'unknown', text: 'it is not known whether it was decided: ' + e.message};
  }
  asked.delete(x.number);
  mine.add(x.number);
  guard.moved = performance.now();
  refresh();
  return came;
}
// Marked prompts are listed once more, whole, before they are decided together.
function decideMarked(action) {
  const all = [...marks.keys()].map(n => entries.get(n)).filter(x => x && canDecide(x));
  const left = action === 'allow' ? all.filter(x => x.flags) : [];
  const batch = all.filter(x => !left.includes(x));
  const names = left.map(x => x.target).join(', ');
  if (!batch.length)
    return notice(left.length ? 'Left out, because they are flagged: ' + names
      + '. Decide each by itself.' : 'No marked prompt can be decided now.', 'warning');
  const title = (action === 'allow' ? 'Allow ' : 'Deny ') + plural(batch.length, 'prompt');
  const parts = batch.map(x => make('p', x.target + ' for ' + (x.task ? x.task + ' in ' : '')
    + x.name + '. ' + (action === 'allow' ? x.opens : x.flags && 'Flags: ' + x.flags + '.')));
  if (left.length)
    parts.push(make('p', 'Left out, because they are flagged: ' + names + '.', 'soft'));
  const typed = make('input'), label = make('label', 'Type ' + batch.length + ' to do it ');
  typed.id = 'typed';
  typed.inputMode = 'numeric';
  typed.autocomplete = 'off';
  label.append(typed);
  if (batch.length > MARKS) parts.push(label);
  const button = make('button', title), told = make('p'), opened = performance.now();
  button.id = 'together';
  button.addEventListener('click', e => {
    if (!e.isTrusted) return;
    if (performance.now() - opened < SEEN) return put(told, 'Not yet: look, and press again.');
    if (batch.length > MARKS && typed.value.trim() !== String(batch.length))
      return put(told, 'Nothing was decided: that is not the number ' + batch.length + '.');
    $('dialog').close();
    together(batch, action);
  });
  open(title, [...parts, button, told]);
}
async function together(batch, action) {
  const reason = $('reason').value.trim(), same = batch.filter(x => {
    const now = entries.get(x.number);
    return now && now.revision === x.revision && canDecide(now);
  });
  $('reason').value = '';
  for (const x of same) { asked.set(x.number, x.revision); marks.delete(x.number); }
  const others = [];
  let done = 0;
  for (const x of same) {
    const came = await send(x, action, reason);
    if (came.what === 'done') ++done; else others.push(x.target + ': ' + came.text);
  }
  const left = batch.length - same.length;
  notice(done + (action === 'allow' ? ' allowed' : ' denied')
    + (left ? '; left out, because they changed: ' + left : '')
    + (others.length ? '; ' + others.join('; ') : '') + '.', others.length || left ? 'warning' : 'good');
}
function mark() {
  const x = entries.get(selected);
  if (!x) return notice('Nothing is selected; j and k select a prompt.');
  if (!marks.delete(x.number)) marks.set(x.number, x.revision);
  refresh();
}
function markAll() {
  const all = shown.every(n => marks.has(n));
  for (const n of shown)
    if (all) marks.delete(n); else marks.set(n, entries.get(n).revision);
  refresh();
}
async function lines(path, title, more) {
  const x = entries.get(selected);
  if (!x) return notice('Nothing is selected; j and k select a prompt.');
  try {
    const answer = await call(path, {number: x.number});
    open(title + x.target, [make('pre', (answer.lines || [answer.text]).join('\n')), ...more]);
  } catch (e) { notice(e.message, 'danger'); }
}
const explain = () => lines('/explain', 'Explained: ', []);
const makeRule = () => lines('/rule', 'A rule that would allow ', [make('p',
  'Put it into a file of the policy, for example /etc/terok-clearance/policy.d/local.toml, '
  + 'say why, choose when it expires, look at it with terok-clearance policy check, and send SIGHUP to the hub.')]);
async function quiet() {
  const x = entries.get(selected);
  if (!x) return notice('Nothing is selected; j and k select a prompt.');
  try {
    const came = await call('/quiet', {number: x.number});
    notice(came.text, came.what === 'done' ? '' : 'danger');
  } catch (e) { notice(e.message, 'danger'); }
}
async function another() {
  try {
    const link = make('a', 'Open another window');
    link.href = (await call('/window', {})).link;
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
    open('Another window', [make('p', 'This link works once, within 60 seconds:'), link, make('pre', link.href)]);
  } catch (e) { notice(e.message, 'danger'); }
}
const keys = [['j k ↓ ↑ g G', 'select the next, previous, first, last prompt'],
  ['Enter', 'go to the details; never decides'], ['a', 'allow'], ['x', 'deny'],
  ['r', 'type a reason first; Enter goes back'],
  ['Space', 'mark it; a and x are then for all marked ones'], ['*', 'mark all that the filter shows'], ['/', 'filter'], ['o', 'group'],
  ['e', 'explain: rules, and what an allow opens'], ['A', 'the text of a rule that would allow it'],
  ['m', 'quiet this container; again: no longer quiet'],
  ['1 2 3 4', 'waiting, decided, rules, hubs'], ['Esc', 'back; forget filter, reason and marks']];
function help() {
  const box = make('dl');
  for (const [key, what] of keys) { box.append(make('dt')); box.lastChild.append(make('kbd', key)); box.append(make('dd', what)); }
  const on = make('input'), label = make('label');
  on.type = 'checkbox';
  on.checked = hasKeys;
  on.addEventListener('change', () => { hasKeys = on.checked; });
  label.append(on, ' Keys of one letter work in this window');
  open('Keys', [box, label, make('p', 'A prompt can be decided when it was selected and on the screen for half '
    + 'a second, and nothing moved for a third of a second. An allow needs target, flags, container and what it '
    + 'opens whole on the screen. The answer is for what the page showed: if the prompt has changed meanwhile, '
    + 'nothing is decided.')]);
}
let hasKeys = true;
const press = {j: () => move(1), k: () => move(-1), n: () => move(1), N: () => move(-1),
  ArrowDown: () => move(1), ArrowUp: () => move(-1), PageDown: () => move(10), PageUp: () => move(-10),
  g: () => move(-1e9), G: () => move(1e9), Home: () => move(-1e9), End: () => move(1e9),
  Enter: () => { if (entries.has(selected)) $('panel').focus(); },
  ' ': () => { mark(); move(1); }, '*': markAll, a: () => decide('allow'), x: () => decide('deny'), e: explain, A: makeRule, m: quiet,
  r: () => { if (entries.has(selected)) $('reason').focus(); }, '/': () => $('filter').focus(),
  o: () => { const g = $('group'); g.selectedIndex = (g.selectedIndex + 1) % 3; refresh(); }};
document.addEventListener('keydown', e => {
  if (!e.isTrusted || e.ctrlKey || e.altKey || e.metaKey || e.isComposing || $('dialog').open) return;
  const on = e.target, types = /^(INPUT|TEXTAREA|SELECT)$/.test(on.tagName);
  if (e.key === 'Escape') {
    $('filter').value = $('reason').value = '';
    marks.clear();
    if (view !== 'waiting') show('waiting'); else { refresh(); $('list').focus(); }
    return;
  }
  if (types) {
    if (e.key === 'Enter' && on.tagName === 'INPUT') { e.preventDefault(); $('list').focus(); }
    return;
  }
  if (e.key === ' ' && on.tagName === 'BUTTON') return; // presses it
  const letter = e.key.length === 1;
  if (letter && !hasKeys) return;
  if (e.key === '?') { e.preventDefault(); return help(); }
  if (letter && '1234'.includes(e.key)) { e.preventDefault(); return show(views[e.key - 1]); }
  // Other keys than letters belong to what has the focus.
  if (view !== 'waiting' || !Object.hasOwn(press, e.key) || (!letter && on !== $('list') && on !== document.body)) return;
  e.preventDefault();
  if ((e.key === 'a' || e.key === 'x') && e.repeat) return;
  press[e.key]();
});
function click(id, does) { $(id).addEventListener('click', e => { if (e.isTrusted) does(e); }); }
click('allow', () => decide('allow'));
click('deny', () => decide('deny'));
click('explain', explain);
click('make-rule', makeRule);
click('quiet', quiet);
click('mark', mark);
click('window', another);
click('help', help);
click('dialog-close', () => $('dialog').close());
click('skip', e => { e.preventDefault(); $('list').focus(); });
$('dialog').addEventListener('close', () => { guard.key = ''; settle(); });
for (const each of document.querySelectorAll('[data-view]'))
  each.addEventListener('click', () => show(each.dataset.view));
$('filter').addEventListener('input', refresh);
$('group').addEventListener('change', refresh);
$('panel').addEventListener('scroll', settle);
addEventListener('scroll', settle, {passive: true});
// Who scrolled away from the selection is left there: a telephone also resizes
// the window while somebody scrolls.
addEventListener('resize', () => {
  if (isInSight) scrollToSelected();
  settle();
});
addEventListener('focus', () => { guard.moved = performance.now(); });
document.addEventListener('visibilitychange', () => {
  guard.key = '';
  settle();
  if (!document.hidden) { if (wakes) wakes(); ask(); refresh(); }
});
let ticked = Date.now();
setInterval(() => { // a computer that slept has no time between
  const slept = Date.now() - ticked > 5000;
  ticked = Date.now();
  if (document.hidden) return;
  if (slept && wakes) wakes();
  if (slept || Date.now() - heard > ALIVE) ask();
  if (Date.now() % 10000 < 1000) refresh();
  say();
}, 1000);
start();
