'use strict';
// The page of terok-clearance-web. It shows what the server sends and sets text,
// never markup. The contract is clients.md, section 4.
const SEEN = 500, SETTLED = 350;          // ms: as the terminal interface has it
const MARKS = 5;                          // more need their number, typed
const ROWS = 500;                         // more are counted, and not drawn
const ALIVE = 3000;                       // ms: between questions, and for one
const $ = id => document.getElementById(id);
const views = ['waiting', 'decided', 'rules', 'hubs'];
let bearer = '', view = 'waiting', over = false;
let entries = new Map(), hubs = [], version = 0, incoming = null;
let offline = true, skew = 0, heard = 0, wakes = null, drawn = 0;
let selected = null, lastRow = 0, shown = [], asked = new Map(), mine = new Set(), marks = new Map(), vanished = '';
let sentence = '', toSay = [], said = 0, rowOf = new Map();
// What was on the screen since when; see mayDecide().
const guard = {key: '', since: 0, moved: 0, refused: 0, place: '', sight: new Map()};
let isInSight = false; // whether a part of the selected row is on the screen

function make(tag, text, className) {
  const x = document.createElement(tag);
  if (text !== undefined) x.textContent = text;
  if (className) x.className = className;
  return x;
}
function put(x, text) { if (x.textContent !== text) x.textContent = text; }
const plural = (n, what) => n + ' ' + what + (n === 1 ? '' : 's');
function age(at) {
  const s = Math.max(0, (Date.now() * 1000 + skew - at) / 1e6);
  return s < 60 ? '<1 min' : s < 3600 ? Math.floor(s / 60) + ' min'
    : s < 86400 ? Math.floor(s / 3600) + ' h' : Math.floor(s / 86400) + ' d';
}
const isOpen = x => x.state === 'waiting' || x.state === 'deciding';
const canDecide = x => !offline && !x.stale && x.state === 'waiting'
  && !asked.has(x.number);

// -- the server ---------------------------------------------------------------
function post(path, body, signal) {
  const headers = {'Content-Type': 'application/json', 'X-Terok-Clearance': '1'};
  if (bearer) headers.Authorization = 'Bearer ' + bearer;
  return fetch(path, {method: 'POST', headers, body: JSON.stringify(body), signal,
    credentials: 'omit', cache: 'no-store', redirect: 'error'});
}
async function call(path, body) {
  const answer = await post(path, body);
  if (!answer.ok) throw new Error('the server refused (' + answer.status + ')');
  return answer.json();
}
function end(text) {
  over = offline = true;
  bearer = '';
  sessionStorage.removeItem('bearer');
  put($('alert'), text);
  refresh();
}
function lose(text) {
  if (!offline || !$('alert').textContent)
    put($('alert'), text + ' What you see may be old. Trying again.');
  offline = true;
  refresh();
}
async function start() {
  const token = location.hash.slice(1);
  history.replaceState(null, '', '/');
  bearer = sessionStorage.getItem('bearer') || '';
  if (/^[0-9a-f]{64}$/.test(token)) {
    try {
      bearer = '';
      bearer = (await call('/session', {token})).bearer;
      sessionStorage.setItem('bearer', bearer);
    } catch (e) { bearer = sessionStorage.getItem('bearer') || ''; }
  }
  if (!bearer)
    return end('This link was used before, or is too old. Use "Another window" of '
      + 'a page that works, or start terok-clearance web again.');
  let pause = 200;
  while (!over) {
    const began = Date.now();
    try { await follow(); } catch (e) { /* the server is away */ }
    if (over) return;
    lose('No connection to terok-clearance web.');
    if (Date.now() - began > 5000) pause = 200;
    await new Promise(done => { wakes = done; setTimeout(done, pause); });
    pause = Math.min(pause * 2, 3000);
  }
}
let cut = null; // ends the stream
async function follow() {
  cut = new AbortController();
  incoming = null;
  const answer = await post('/stream', {after: version}, cut.signal);
  if (answer.status === 403)
    return end('This page is over: a link is good for 12 hours, and ends with '
      + 'terok-clearance web. Start it again.');
  if (answer.status === 503)
    return lose('Too many windows show this page: close one.');
  if (!answer.ok) throw new Error();
  const reader = answer.body.getReader(), text = new TextDecoder();
  for (let rest = '';;) {
    const {done, value} = await reader.read();
    if (done) return;
    heard = Date.now();
    const lines = (rest + text.decode(value, {stream: true})).split('\n');
    rest = lines.pop();
    lines.forEach(line => take(JSON.parse(line)));
  }
}
async function ask() { // whether the server is still there
  if (over || offline || document.hidden) return;
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), ALIVE);
  try {
    const answer = await post('/alive', {}, limit.signal);
    if (!answer.ok) throw new Error();
    heard = Date.now();
  } catch (e) {
    cut.abort();
    lose('No connection to terok-clearance web.');
  }
  clearTimeout(timer);
}
function take(line) {
  skew = line.now - Date.now() * 1000;
  if (line.reset) incoming = new Map();
  const to = incoming || entries;
  for (const x of line.prompts) {
    const old = entries.get(x.number);
    if (isOpen(x) && !old && version) toSay.push(x.target + ' for ' + (x.task || x.name));
    to.set(x.number, x);
  }
  if (line.hubs) hubs = line.hubs;
  if (line.version === undefined) return;
  for (const n of line.removed || []) to.delete(n);
  if (incoming) { entries = incoming; incoming = null; }
  version = line.version;
  if (offline) { offline = false; put($('alert'), ''); }
  refresh();
}
