// -- pictures -----------------------------------------------------------------
function refresh() { // the title counts in a hidden tab, too
  const open = [...entries.values()].filter(isOpen);
  const waiting = open.filter(x => !x.quiet);
  document.title = (offline ? '(!) ' : waiting.length ? '(' + waiting.length + ') ' : '')
    + 'clearance';
  const away = hubs.filter(x => x.away).length;
  const lost = hubs.reduce((n, x) => n + x.lost, 0);
  const oldest = waiting.reduce((t, x) => Math.min(t, x.first), Infinity);
  put($('counts'), plural(hubs.length, 'hub') + ' · '
    + plural(new Set(open.map(x => x.container)).size, 'container') + ' · '
    + waiting.length + ' waiting' + (waiting.length ? ' (oldest ' + age(oldest) + ')' : '')
    + (away ? ' · ' + plural(away, 'hub') + ' AWAY' : '') + (lost ? ' · ' + lost + ' lost' : ''));
  sentence = waiting.length + ' waiting.';
  if (!drawn) drawn = requestAnimationFrame(draw);
}
function fits(x) {
  return $('filter').value.toLowerCase().split(/\s+/).filter(Boolean).every(word => {
    const at = word.indexOf(':'), where = word.slice(0, at), what = word.slice(at + 1);
    const has = (...all) => text => all.some(y => y.toLowerCase().includes(text));
    const inside = {container: has(x.container, x.name), task: has(x.task),
      target: has(x.target), flag: text => has(x.flags)(text.replaceAll('_', ' ')),
      port: text => x.ports.split(',').includes(text)};
    if (Object.hasOwn(inside, where)) return inside[where](what);
    return has(x.container, x.name, x.task, x.target, x.flags, ...x.addresses,
      ...x.dossier.flat())(word) || inside.port(word);
  });
}
function draw() {
  drawn = 0;
  if (selected !== null && !isOpen(entries.get(selected) || {})) {
    const x = entries.get(selected);
    vanished = x ? x.target + ' waits no longer' + (x.decision ? ': ' + x.decision.words
      + (x.decision.result === 'pending' ? '' : ' (' + age(x.decision.at) + ' ago)') : '.')
      : 'The prompt that was selected is gone.';
    if (!asked.has(selected) && !mine.has(selected)) notice(vanished);
    selected = null;
  }
  for (const [number, revision] of marks) { // a mark is for one revision
    const x = entries.get(number);
    if (!x || !isOpen(x) || x.revision !== revision) marks.delete(number);
  }
  drawList();
  drawPanel();
  if (view === 'decided') drawDecided();
  if (view === 'hubs') drawHubs();
  settle();
  say();
}
function drawList() {
  const by = $('group').value, groups = new Map();
  let left = 0, all = 0;
  for (const x of [...entries.values()].sort((a, b) => a.number - b.number)) {
    if (!isOpen(x)) continue;
    ++all;
    if (!fits(x)) continue;
    const name = by ? x[by] : '';
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(x);
  }
  const list = $('list'), used = new Set();
  shown = [];
  let at = list.firstChild;
  const place = x => { if (x === at) at = at.nextSibling; else list.insertBefore(x, at); };
  for (const [name, members] of groups) {
    if (by && shown.length < ROWS) {
      const key = 'g' + name;
      let x = rowOf.get(key);
      if (!x) { x = make('div', '', 'heading'); x.setAttribute('role', 'presentation'); rowOf.set(key, x); }
      put(x, by === 'container' ? members[0].name + ' ' + members[0].task : name);
      used.add(key);
      place(x);
    }
    for (const each of members) {
      if (shown.length >= ROWS) { ++left; continue; }
      used.add(each.number);
      shown.push(each.number);
      place(row(each));
    }
  }
  for (const [key, x] of rowOf) if (!used.has(key)) { x.remove(); rowOf.delete(key); }
  put($('empty'), left ? 'And ' + left + ' more: use the filter.'
    : shown.length ? '' : all ? 'No prompt fits the filter.'
    : offline ? '' : hubs.length ? 'Nothing waits. New prompts appear here.'
    : 'No hub is running yet; waiting for one.');
  if (selected === null) list.removeAttribute('aria-activedescendant');
  else list.setAttribute('aria-activedescendant', 'row-' + selected);
  if (selected !== null && shown.includes(selected)) lastRow = shown.indexOf(selected);
}
function note(x) {
  const all = x.flags ? ['! ' + x.flags] : [];
  if (marks.has(x.number)) all.push('marked');
  if (x.stale) all.push('hub away');
  else if (asked.has(x.number) || x.state === 'deciding') all.push('deciding…');
  else if (x.decision && x.decision.result === 'failed') all.push('failed');
  if (x.quiet) all.push('quiet');
  return all.join(', ');
}
function row(x) {
  let to = rowOf.get(x.number);
  if (!to) {
    to = make('div', '', 'row');
    to.setAttribute('role', 'option');
    to.id = 'row-' + x.number;
    for (const [name, inner] of [['who', 1], ['what', 1], ['number port'], ['number age'], ['note']]) {
      const cell = make('div', undefined, name);
      if (inner) cell.append(make('span'), make('small'));
      to.append(cell);
    }
    to.addEventListener('click', () => select(x.number));
    rowOf.set(x.number, to);
  }
  const [who, what, port, old, rest] = to.children;
  put(who.firstChild, x.task || x.name);
  put(who.lastChild, (x.task ? x.name : '') + (hubs.length > 1 ? ' · ' + x.hub : ''));
  put(what.firstChild, x.target);
  put(what.lastChild, (x.domain ? x.address : 'no name') + (x.count > 1 ? ' · ' + x.count + ' times' : ''));
  put(port, x.ports);
  put(old, age(x.first));
  put(rest, note(x));
  to.className = 'row' + (x.danger ? ' danger' : '') + (marks.has(x.number) ? ' marked' : '')
    + (x.stale || x.quiet || offline || !canDecide(x) ? ' pale' : '');
  to.setAttribute('aria-selected', String(selected === x.number));
  return to;
}
function fields(to, all) {
  const flat = all.filter(x => x[1] !== '').flat();
  while (to.children.length > flat.length) to.lastChild.remove();
  flat.forEach((text, i) => {
    if (i >= to.children.length) to.append(make(i % 2 ? 'dd' : 'dt'));
    put(to.children[i], String(text));
  });
}
const local = at => new Date(at / 1000).toLocaleString();
function drawPanel() {
  const x = entries.get(selected);
  $('none').hidden = Boolean(x);
  $('some').hidden = !x;
  if (!x) return;
  put($('target'), x.target + (x.ports ? ' port ' + x.ports : ''));
  put($('flags'), x.flags ? 'FLAGS: ' + x.flags : '');
  $('flags').className = x.danger ? 'danger' : '';
  put($('who'), (x.task ? x.task + ' in ' : '') + x.name
    + (x.name === x.container ? '' : ' (' + x.container + ')') + ' wants it'
    + (x.domain ? ' at ' + x.address : '') + '.');
  put($('opens'), x.opens);
  put($('rule'), x.rule ? 'Rule ' + x.rule + ' matches.' : 'No rule matches.');
  for (const id of ['allow', 'deny']) $(id).disabled = marks.size ? offline : !canDecide(x);
  for (const id of ['explain', 'make-rule', 'quiet']) $(id).disabled = offline;
  const many = marks.size ? ' marked ' + marks.size : '';
  put($('allow'), 'Allow' + many);
  put($('deny'), 'Deny' + many);
  put($('mark'), marks.has(x.number) ? 'Remove its mark' : 'Mark');
  put($('quiet'), x.quiet ? 'No longer quiet' : 'Quiet this container');
  fields($('details'), [['name', x.domain || 'none'],
    ['addresses', x.addresses.join(', ') + (x.more ? ' and ' + x.more + ' more' : '')],
    ['blocks', x.count], ['first', local(x.first) + ', ' + age(x.first) + ' ago'],
    ['last', local(x.last)], ['hub', x.hub], ['prompt', x.id + ', revision ' + x.revision],
    ['state', x.stale || offline ? 'its hub is away: this is what it last said' : x.state],
    ['last answer', x.decision ? x.decision.words : ''],
    ...x.dossier.map(y => [y[0], '"' + y[1] + '"'])]);
}
function list(title, all, none) {
  const to = $(view), parts = [make('h2', title)];
  for (const lines of all) {
    const entry = make('div', undefined, 'entry');
    lines.forEach((text, i) => { if (text) entry.append(make('p', text, i ? 'soft' : '')); });
    parts.push(entry);
  }
  if (!all.length) parts.push(make('p', none));
  to.replaceChildren(...parts);
}
function drawDecided() {
  const all = [...entries.values()].filter(x => x.state === 'decided' && x.decision);
  list('Decided in the last 10 minutes', all.sort((a, b) => b.decision.at - a.decision.at)
    .map(x => [(x.decision.action === 'allow' ? 'allowed ' : 'denied ') + x.target,
      age(x.decision.at) + ' ago, for ' + (x.task ? x.task + ' in ' : '') + x.name + ': '
      + x.decision.words]), 'Nothing was decided.');
}
function drawHubs() {
  list('Hubs', hubs.map(x => [x.label, x.words, x.socket, x.version && 'version ' + x.version
    + ', runs for ' + age(x.since) + ', ' + plural(x.operators, 'operator'),
    x.policy && 'policy: ' + x.policy, x.audit && 'audit: ' + x.audit,
    x.left_out ? x.left_out + ' prompts left out: the list is full' : '']), 'No hub is running.');
}
async function drawRules() {
  const parts = [make('h2', 'Rules')];
  for (const hub of hubs) {
    let lines;
    try { lines = (await call('/rules', {hub: hub.hub})).lines; } catch (e) { lines = [e.message]; }
    parts.push(make('h3', hub.label));
    const box = make('div', undefined, 'lines');
    box.append(...lines.map(text => make('p', text)));
    parts.push(box);
  }
  $('rules').replaceChildren(...parts);
}
function say() { // to a screen reader, at most every two seconds
  if (Date.now() - said < 2000 || (!toSay.length && !vanished)) return;
  const fresh = toSay.slice(0, 3).join(', ') + (toSay.length > 3 ? ' and more' : '');
  put($('live'), (fresh ? 'New: ' + fresh + '. ' : '') + (vanished ? vanished + ' ' : '') + sentence);
  toSay = [];
  vanished = '';
  said = Date.now();
}
function notice(text, tone) {
  put($('notice'), text);
  $('notice').className = tone || '';
}
function show(name) {
  view = name;
  for (const each of views) {
    $(each).hidden = each !== view;
    document.querySelector('[data-view=' + each + ']').setAttribute('aria-pressed', String(each === view));
  }
  if (view === 'rules') drawRules();
  guard.key = '';
  refresh();
  if (view !== 'waiting') return $(view).focus();
  $('list').focus();
  scrollToSelected(); // the other view may have been shorter
}
function open(title, parts) {
  put($('dialog-title'), title);
  $('dialog-text').replaceChildren(...parts);
  if (!$('dialog').open) $('dialog').showModal();
}
function select(number) {
  if (number !== selected) notice('');
  selected = number;
  draw();
  scrollToSelected();
  settle();
}
function scrollToSelected() {
  const x = rowOf.get(selected);
  if (x) x.scrollIntoView({block: 'nearest'});
}
function seesSelected() {
  const x = rowOf.get(selected);
  if (!x || view !== 'waiting') return false;
  const at = x.getBoundingClientRect(), panel = $('panel').getBoundingClientRect();
  const isBeside = panel.left >= at.right; // else the details cover the bottom
  return at.bottom > 0 && at.top < (isBeside ? innerHeight : panel.top);
}
function move(rows) {
  if (!shown.length) return;
  const from = selected === null ? lastRow - (rows > 0 ? rows : 0) + (rows < 0 ? -rows : 0) : lastRow;
  select(shown[Math.min(Math.max(from + rows, 0), shown.length - 1)]);
}
