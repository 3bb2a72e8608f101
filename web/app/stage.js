import { Attention } from './attention.js';
import { cast, theatre } from './layout.js';
import { Tile } from './tile.js';

/** @import { Want } from './attention.js' */
/** @import { Row } from './figures.js' */
/** @import { View } from './tile.js' */

const gaps = { wide: 12, narrow: 6 };

/**
 * Stage is where all tiles are, laid out in the space there is, with at most
 * one of them pinned to the middle.
 */
export class Stage {
  #root;
  #blocked;
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  /** @type {View[]} */
  #views = [];
  #resized = new ResizeObserver(() => this.#layout());
  #speaker = '';
  #pinned = ''; // the key of a view
  #attention;
  #seen;

  /**
   * @param {HTMLElement} root
   * @param {() => void} blocked the browser wants a click before it plays sound
   * @param {Want} want hears how the others are seen
   * @param {() => void} seen there is a picture of somebody else
   */
  constructor(root, blocked, want, seen) {
    this.#root = root;
    this.#seen = seen;
    this.#blocked = blocked;
    this.#attention = new Attention(want);
    try {
      // Also another screen with other pixels: all tiles are as large as before, and show more.
      this.#resized.observe(root, { box: 'device-pixel-content-box' });
    } catch {
      this.#resized.observe(root); // Safari
    }
  }

  /** @param {View[]} views everything that is to be seen, in order */
  show(views) {
    this.#views = views;
    const keys = new Set(views.map((v) => v.key));
    for (const [key, tile] of this.#tiles) {
      if (keys.has(key)) continue;
      this.#attention.forget(tile.element);
      tile.remove();
      this.#tiles.delete(key);
    }
    if (!keys.has(this.#pinned)) this.#pinned = '';
    for (const view of views) this.#draw(view);
    this.#layout();
  }

  /** @param {string} id */
  speaker(id) {
    this.#speaker = id;
    for (const tile of this.#tiles.values()) tile.speaker(id);
  }

  /** @param {Map<string, Row[]>} rows figures by the key of a view; they go from all others */
  read(rows) {
    for (const [key, tile] of this.#tiles) tile.read(rows.get(key) ?? []);
  }

  /** @param {string} key */
  stills(key) {
    return this.#tiles.get(key)?.stills ?? null;
  }

  unblock() {
    for (const tile of this.#tiles.values()) tile.unblock();
  }

  close() {
    this.#resized.disconnect();
    this.show([]);
    this.#attention.close();
  }

  /** @param {string} key of a view; again takes it back */
  #pin(key) {
    this.#pinned = this.#pinned === key ? '' : key;
    this.show(this.#views);
  }

  /** @param {View} view */
  #draw(view) {
    const tile = this.#tile(view.key, view.own ? () => {} : this.#seen);
    const pinned = view.key === this.#pinned;
    tile.show(view, pinned);
    if (view.own) return;
    this.#attention.watch(tile.element, view);
    this.#attention.pin(tile.element, pinned);
  }

  /**
   * @param {string} key
   * @param {() => void} [seen] of a new one
   */
  #tile(key, seen = () => {}) {
    const known = this.#tiles.get(key);
    if (known) return known;
    const tile = new Tile(this.#blocked, () => this.#pin(key), seen);
    if (this.#speaker) tile.speaker(this.#speaker);
    this.#tiles.set(key, tile);
    this.#root.append(tile.element);
    return tile;
  }

  #layout() {
    const space = { width: this.#root.clientWidth, height: this.#root.clientHeight };
    const gap = space.width < 600 ? gaps.narrow : gaps.wide;
    const { middle, others } = cast(this.#views, this.#pinned);
    const rects = theatre(middle.length, others.length, space, gap, { free: middle.every((v) => v.screen) });
    for (const [i, view] of [...middle, ...others].entries()) {
      if (!rects[i]) continue;
      const tile = this.#tile(view.key);
      tile.place(rects[i]);
      this.#attention.place(tile.element, rects[i]);
    }
  }
}
