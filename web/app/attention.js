/** @import { Source, Wish } from '../client/protocol.js' */

// A glance at another tab is shorter than what it costs to come back.
const glance = 2000;

// Sizes are rounded up to these steps: a window that is dragged is not news at
// each pixel. The usual sizes of pictures are multiples of it.
const step = 10;

/**
 * One tile, and what is seen of it.
 * @typedef {Object} Look
 * @property {string} participant
 * @property {boolean} screen
 * @property {number} width device pixels
 * @property {number} height
 * @property {boolean} [seen] whether it is within the window, once that is known
 * @property {boolean} pinned
 */

/** @typedef {(participant: string, source: Source, wish: Wish) => void} Want */

/**
 * What to wish for a tile. Text that cannot be read is worth less than a face
 * that cannot be seen: a screen is served first.
 * @param {Look} look
 * @param {boolean} hidden whether the whole page is
 * @returns {Wish}
 */
export function wishOf({ screen, width, height, seen, pinned }, hidden) {
  return {
    width: Math.ceil(width / step) * step,
    height: Math.ceil(height / step) * step,
    priority: screen ? 1 : 0,
    pinned,
    paused: hidden || !seen,
  };
}

/**
 * Attention follows how large each tile is shown and whether anybody can see
 * it, and turns that into wishes. Only pictures are ever paused: people go on
 * talking in the background.
 */
export class Attention {
  #want;
  /** @type {Map<Element, Look>} */
  #looks = new Map();
  #hidden = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  #listening = new AbortController();
  #sights = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) this.#note(target, { seen: isIntersecting });
  });

  /** @param {Want} want */
  constructor(want) {
    this.#want = want;
    document.addEventListener('visibilitychange', () => this.#turned(), { signal: this.#listening.signal });
    this.#turned();
  }

  /**
   * @param {Element} tile
   * @param {{participant: string, screen: boolean}} whose
   */
  watch(tile, { participant, screen }) {
    if (this.#looks.has(tile)) return;
    this.#looks.set(tile, { participant, screen, width: 0, height: 0, pinned: false });
    this.#sights.observe(tile);
  }

  /**
   * A tile is given a place. It may take a moment to move there; pictures that
   * are right for the way would only be in the way.
   * @param {Element} tile
   * @param {{width: number, height: number}} size CSS pixels
   */
  place(tile, { width, height }) {
    const size = { width: width * devicePixelRatio, height: height * devicePixelRatio };
    const look = this.#looks.get(tile);
    if (look?.width !== size.width || look.height !== size.height) this.#note(tile, size);
  }

  /** @param {Element} tile */
  forget(tile) {
    this.#looks.delete(tile);
    this.#sights.unobserve(tile);
  }

  /**
   * One tile is to be seen, and heard, before all others.
   * @param {Element} tile
   * @param {boolean} pinned
   */
  pin(tile, pinned) {
    const look = this.#looks.get(tile);
    if (!look || look.pinned === pinned) return;
    this.#want(look.participant, look.screen ? 'screen_audio' : 'microphone', { pinned });
    this.#note(tile, { pinned });
  }

  close() {
    clearTimeout(this.#timer);
    this.#listening.abort();
    this.#sights.disconnect();
    this.#looks.clear();
  }

  #turned() {
    clearTimeout(this.#timer);
    if (document.hidden) this.#timer = setTimeout(() => this.#hide(true), glance);
    else this.#hide(false);
  }

  /** @param {boolean} hidden */
  #hide(hidden) {
    if (this.#hidden === hidden) return;
    this.#hidden = hidden;
    for (const look of this.#looks.values()) this.#tell(look);
  }

  /**
   * @param {Element} tile
   * @param {Partial<Look>} change
   */
  #note(tile, change) {
    const look = this.#looks.get(tile);
    if (look) this.#tell(Object.assign(look, change));
  }

  /** @param {Look} look */
  #tell(look) {
    if (look.seen === undefined || look.width === 0) return; // not laid out yet
    this.#want(look.participant, look.screen ? 'screen' : 'camera', wishOf(look, this.#hidden));
  }
}
