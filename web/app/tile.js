import { weakness } from './connection.js';
import { copy, part, setAvatar, setIcon, setLabel } from './dom.js';
import { pictureTrouble } from './trouble.js';
import { hue, initials } from './words.js';
import { Stills } from '../client/index.js';

/** @import { Connection } from './connection.js' */
/** @import { Row } from './figures.js' */
/** @import { Rect } from './layout.js' */

/**
 * What a tile shows.
 * @typedef {Object} View
 * @property {string} key
 * @property {string} participant
 * @property {string} name
 * @property {boolean} own
 * @property {boolean} screen
 * @property {boolean} muted
 * @property {boolean} camera whether a picture is sent
 * @property {boolean} speaking
 * @property {string} held why the picture stands still and not by anyone's will, '' while it does not
 * @property {Connection} connection how good theirs is
 * @property {MediaStream} stream
 */

/** Tile is one rectangle of the room: a person, or a screen. */
export class Tile {
  element = copy('tile');
  #video = part(this.element, 'video', HTMLVideoElement);
  #name = part(this.element, 'name', HTMLElement);
  #pin = part(this.element, 'pin', HTMLButtonElement);
  #blocked;
  #seen;
  #tracks = '';
  /** @type {Stills|null} */
  #stills = null;

  /**
   * @param {() => void} blocked the browser wants a click before it plays sound
   * @param {() => void} pin pins it, or lets it go
   * @param {() => void} seen there is a picture
   */
  constructor(blocked, pin, seen) {
    this.#blocked = blocked;
    this.#pin.onclick = pin;
    this.#seen = seen;
  }

  /**
   * @param {View} view
   * @param {boolean} pinned
   */
  show(view, pinned) {
    const data = this.element.dataset;
    if (data.name !== view.name) this.#rename(view.name);
    data.participant = view.participant;
    data.own = String(view.own);
    data.screen = String(view.screen);
    data.muted = String(view.muted);
    data.speaking = String(view.speaking);
    if (data.camera !== (view.camera ? 'on' : 'off')) this.#turn(view.camera);
    this.#name.textContent = label(view);
    part(this.element, 'muted', SVGElement).toggleAttribute('hidden', !view.muted || view.screen);
    if (data.held !== view.held) this.#hold(view.held);
    this.#rate(view);
    this.#showPin(view, pinned);
    this.#play(view);
  }

  /** @param {Rect} rect */
  place({ x, y, width, height }) {
    const style = this.element.style;
    style.width = `${width}px`;
    style.height = `${height}px`;
    style.transform = `translate(${x}px, ${y}px)`;
    this.element.dataset.size = width < 150 ? 'small' : width < 420 ? 'middle' : 'large';
    // The first place is where it appears; from then on it moves.
    if (!this.element.dataset.placed) requestAnimationFrame(() => (this.element.dataset.placed = 'true'));
  }

  /** Plays after a click, where the browser had asked for one. */
  unblock() {
    if (this.element.dataset.own === 'false') this.#video.muted = false;
    this.#video.play().catch(() => {});
  }

  /** @param {string} id of a speaker */
  speaker(id) {
    this.#video.setSinkId?.(id).catch(() => {}); // one that is gone: the default it is
  }

  /** @param {Row[]} rows of figures; none hides them */
  read(rows) {
    const readings = part(this.element, 'readings', HTMLElement);
    readings.hidden = rows.length === 0;
    readings.replaceChildren(...rows.map(line));
  }

  /** How often the picture stood still, since this was asked for first; null where nothing tells. */
  get stills() {
    if (!this.#stills && 'requestVideoFrameCallback' in this.#video) this.#watch((this.#stills = new Stills()));
    return this.#stills;
  }

  /** @param {Stills} stills */
  #watch(stills) {
    this.#video.requestVideoFrameCallback((now) => {
      stills.frame(now);
      if (this.element.isConnected) this.#watch(stills);
    });
  }

  remove() {
    this.#video.srcObject = null;
    this.element.remove();
  }

  /**
   * @param {View} view
   * @param {boolean} pinned
   */
  #showPin(view, pinned) {
    this.element.dataset.pinned = String(pinned);
    setIcon(this.#pin, pinned ? 'unpin' : 'pin');
    const whom = view.own && !view.screen ? 'yourself' : label(view);
    setLabel(this.#pin, `${pinned ? 'Unpin' : 'Pin'} ${whom}`);
  }

  /** @param {string} name */
  #rename(name) {
    this.element.dataset.name = name;
    setAvatar(part(this.element, 'avatar', HTMLElement), initials(name), hue(name));
  }

  /**
   * The avatar stays until there is a picture: no black tile, and never the
   * last picture from before.
   * @param {boolean} camera
   */
  #turn(camera) {
    this.element.dataset.camera = camera ? 'on' : 'off';
    this.element.dataset.picture = 'false';
    if (!camera) return;
    const seen = () => {
      if (this.element.dataset.camera !== 'on') return;
      this.element.dataset.picture = 'true';
      this.#seen();
    };
    if (this.#video.requestVideoFrameCallback) this.#video.requestVideoFrameCallback(seen);
    else seen();
  }

  /**
   * The last picture stays, darker, and says why it does not move.
   * @param {string} why
   */
  #hold(why) {
    this.element.dataset.held = why;
    const mark = part(this.element, 'held', HTMLElement);
    mark.hidden = !why;
    if (!why) return;
    const { text, whole } = pictureTrouble(why);
    mark.title = whole;
    part(mark, 'why', HTMLElement).textContent = text;
    setIcon(mark, why === 'codec' ? 'camera-off' : 'weak');
  }

  /** @param {View} view */
  #rate({ connection, name, own }) {
    this.element.dataset.connection = connection;
    const mark = part(this.element, 'weak', HTMLElement);
    mark.hidden = connection === 'good';
    if (mark.hidden) return;
    mark.ariaLabel = mark.title = weakness(connection, own ? '' : name);
    setIcon(mark, connection);
  }

  /** @param {View} view */
  #play({ own, stream }) {
    if (this.#video.srcObject !== stream) this.#video.srcObject = stream;
    if (own) this.#video.muted = true;
    // A stream that got another track may need another push.
    const tracks = stream.getTracks().map((t) => t.id).join();
    if (tracks === this.#tracks) return;
    this.#tracks = tracks;
    if (tracks) this.#video.play().catch((error) => this.#refused(error));
  }

  /** @param {unknown} error */
  #refused(error) {
    if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') return;
    this.#video.muted = true; // pictures need no click
    this.#video.play().catch(() => {});
    this.#blocked();
  }
}

/** @param {Row} row */
function line([name, text]) {
  const element = document.createElement('p');
  const term = document.createElement('b');
  term.textContent = name;
  element.append(term, text);
  return element;
}

/**
 * What a tile is called.
 * @param {Pick<View, 'name'|'own'|'screen'>} view
 */
export function label({ name, own, screen }) {
  if (screen) return own ? 'Your screen' : `${name}’s screen`;
  return own ? `${name} (you)` : name;
}
