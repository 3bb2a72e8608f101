import { copy, part } from '../app/dom.js';
import { visit } from './visit.js';
import { relays, straight, verdict } from './ways.js';

/** @import { Way } from './ways.js' */

const list = /** @type {HTMLElement} */ (document.getElementById('ways'));
const conclusion = /** @type {HTMLElement} */ (document.getElementById('verdict'));
const again = /** @type {HTMLButtonElement} */ (document.getElementById('again'));
const address = new URL('/ws', location.href.replace(/^http/, 'ws')).href;

/** @param {Way} way */
function row(way) {
  const element = copy('way');
  element.dataset.way = way.name;
  part(element, 'title', HTMLElement).textContent = way.title;
  list.append(element);
  return (/** @type {string} */ state, /** @type {string} */ text) => {
    element.dataset.state = state;
    part(element, 'text', HTMLElement).textContent = text;
  };
}

async function examine() {
  again.hidden = true;
  conclusion.textContent = '';
  list.replaceChildren();
  /** @type {Map<string, 'ok'|'failed'|'none'>} */
  const outcomes = new Map();
  const ways = [...straight];
  let known = false;
  for (const way of ways) { // it grows when the server says which relays there are
    const show = row(way);
    show('trying', 'Trying …');
    try {
      const { outcome, took, servers } = await visit(way, address);
      outcomes.set(way.name, outcome);
      if (outcome === 'ok') show('ok', `Works: connected after ${(took / 1000).toFixed(1)} s.`);
      else if (outcome === 'none') show('none', 'This server does not offer it.');
      else show('failed', way.advice);
      if (!known) ways.push(...relays(servers));
      known = true;
    } catch {
      outcomes.set(way.name, 'failed');
      show('failed', 'The server does not answer at all.');
    }
  }
  conclusion.textContent = verdict(outcomes);
  again.hidden = false;
}

again.addEventListener('click', examine);
if ('RTCPeerConnection' in window) examine();
else conclusion.textContent = 'This browser cannot take part in calls: WebRTC is missing or turned off.';
