import { theatre } from './layout.js';
import { Tile } from './tile.js';

/** @import { View } from './tile.js' */

const gaps = { wide: 12, narrow: 6 };

/** Stage is the room's middle: all tiles, laid out in the space there is. */
export class Stage {
  #root;
  #blocked;
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  /** @type {View[]} */
  #views = [];
  #resized = new ResizeObserver(() => this.#layout());
  #speaker = '';

  /**
   * @param {HTMLElement} root
   * @param {() => void} blocked the browser wants a click before it plays sound
   */
  constructor(root, blocked) {
    this.#root = root;
    this.#blocked = blocked;
    this.#resized.observe(root);
  }

  /** @param {View[]} views everything that is to be seen, in order */
  show(views) {
    this.#views = views;
    const keys = new Set(views.map((v) => v.key));
    for (const [key, tile] of this.#tiles) {
      if (keys.has(key)) continue;
      tile.remove();
      this.#tiles.delete(key);
    }
    for (const view of views) this.#tile(view.key).show(view);
    this.#layout();
  }

  /** @param {string} id */
  speaker(id) {
    this.#speaker = id;
    for (const tile of this.#tiles.values()) tile.speaker(id);
  }

  unblock() {
    for (const tile of this.#tiles.values()) tile.unblock();
  }

  close() {
    this.#resized.disconnect();
    this.show([]);
  }

  /** @param {string} key */
  #tile(key) {
    const known = this.#tiles.get(key);
    if (known) return known;
    const tile = new Tile(this.#blocked);
    if (this.#speaker) tile.speaker(this.#speaker);
    this.#tiles.set(key, tile);
    this.#root.append(tile.element);
    return tile;
  }

  #layout() {
    const space = { width: this.#root.clientWidth, height: this.#root.clientHeight };
    const gap = space.width < 600 ? gaps.narrow : gaps.wide;
    // Our own screen is not put before us: we see it anyway.
    const screens = this.#views.filter((v) => v.screen && !v.own);
    const others = this.#views.filter((v) => !v.screen || v.own);
    const rects = theatre(screens.length, others.length, space, gap);
    [...screens, ...others].forEach((view, i) => rects[i] && this.#tile(view.key).place(rects[i]));
  }
}
