import { Room } from '../client/index.js';
import { CallScreen } from './call.js';
import { copy, part } from './dom.js';
import { experiments } from './experiments.js';
import { JoinScreen } from './join.js';
import { LocalMedia } from './media.js';
import { load, remember } from './prefs.js';
import { timed } from './timing.js';
import { roomTrouble, unsupported } from './trouble.js';
import { inviteLink, roomOf } from './words.js';

const app = /** @type {HTMLElement} */ (document.getElementById('app'));

// Read once: the address becomes an invite link as soon as the room is entered.
const sending = experiments(new URL(location.href));

/** @type {{element: HTMLElement, close: () => void, focus: () => void}|null} */
let screen = null;
/** @type {Room|null} */
let room = null;

// For tests, and for a look at the statistics.
Object.defineProperty(globalThis, 'sfu', {
  value: {
    get room() {
      return room;
    },
    get pc() {
      return room?.pc ?? null;
    },
  },
});

/** @param {NonNullable<typeof screen>} next */
function show(next) {
  screen?.close();
  screen = next;
  app.replaceChildren(next.element);
  next.focus();
}

/** The start page. */
function showDoor() {
  const prefs = load();
  const url = new URL(location.href);
  const media = new LocalMedia(prefs);
  const speaker = { id: prefs.speaker, choose: () => {} };
  const filled = { name: url.searchParams.get('name') ?? prefs.name, room: roomOf(url), reports: prefs.reports };
  document.title = filled.room ? `Join ${filled.room} – sfu` : 'sfu';
  show(new JoinScreen(media, filled, speaker, (who) => enter(who, media, speaker)));
}

/**
 * @param {{name: string, room: string}} who
 * @param {LocalMedia} media
 * @param {{id: string, choose: (id: string) => void}} speaker
 */
async function enter(who, media, speaker) {
  remember({ name: who.name });
  const joined = new Room(sending);
  const steps = timed(joined, media);
  room = joined;
  joined.on('closed', ({ error }) => {
    if (room === joined) room = null;
    if (!(screen instanceof CallScreen)) return;
    media.close();
    showGoodbye(who.room, error ? roomTrouble(error.code) : '');
  });
  await joined.join(who);
  history.replaceState(null, '', inviteLink(location.origin, who.room));
  document.title = `${who.room} – sfu`;
  show(new CallScreen(joined, who.room, media, speaker, { prefs: load(), steps }, () => joined.leave()));
}

/**
 * @param {string} name of the room
 * @param {string} trouble why it ended, unless by choice
 */
function showGoodbye(name, trouble) {
  const element = copy('goodbye');
  const again = part(element, 'again', HTMLButtonElement);
  const text = part(element, 'text', HTMLElement);
  part(element, 'title', HTMLElement).textContent = trouble ? 'The call has ended.' : `You left ${name}.`;
  text.textContent = trouble;
  text.hidden = !trouble;
  again.onclick = showDoor;
  document.title = 'sfu';
  show({ element, close: () => element.remove(), focus: () => again.focus() });
}

/** @param {{title: string, text: string}} problem */
function showProblem({ title, text }) {
  const element = copy('problem');
  part(element, 'title', HTMLElement).textContent = title;
  part(element, 'text', HTMLElement).textContent = text;
  app.replaceChildren(element);
}

addEventListener('online', () => room?.hurry());
addEventListener('pagehide', () => room?.leave());
addEventListener('pageshow', (event) => event.persisted && location.reload());

const problem = unsupported();
if (problem) showProblem(problem);
else showDoor();
