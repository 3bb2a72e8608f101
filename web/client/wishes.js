/** @import { ClientMessage, Source, Wish } from './protocol.js' */

// Windows are dragged and tiles move: the server hears where they end, and is
// not told of each step.
const pause = 150;

const most = 256; // tracks of one message

/** @typedef {{track: string} & Wish} Entry */

/**
 * @typedef {Object} WishHooks
 * @property {(message: ClientMessage) => void} send
 * @property {() => boolean} online whether what is sent now arrives
 * @property {(participant: string, source: Source) => string|undefined} track the id of what they publish now
 */

/**
 * Wishes are what we want to receive of whom. A wish is about a source: it
 * stays when its track comes later or is replaced by another. Only what has
 * changed is said, all of it in one message, once in a while.
 */
export class Wishes {
  #hooks;
  /** @type {Map<string, Map<Source, Wish>>} by participant */
  #wishes = new Map();
  /** @type {Map<string, string>} what the server knows, by track */
  #said = new Map();
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  /** @param {WishHooks} hooks */
  constructor(hooks) {
    this.#hooks = hooks;
  }

  /**
   * @param {string} participant
   * @param {Source} source
   * @param {Wish} wish replaces the one before
   */
  want(participant, source, wish) {
    const theirs = this.#wishes.get(participant) ?? new Map();
    this.#wishes.set(participant, theirs.set(source, wish));
    this.refresh();
  }

  /**
   * What was last wished.
   * @param {string} participant
   * @param {Source} source
   */
  of(participant, source) {
    return this.#wishes.get(participant)?.get(source);
  }

  /**
   * They have left.
   * @param {string} participant
   */
  drop(participant) {
    this.#wishes.delete(participant);
  }

  /** There may be tracks now that were waited for. */
  refresh() {
    if (this.#wishes.size > 0) this.#timer ??= setTimeout(() => this.#say(), pause);
  }

  /** The server may have heard nothing: says everything again. */
  again() {
    this.#said.clear();
    this.refresh();
  }

  close() {
    clearTimeout(this.#timer);
    this.#wishes.clear();
  }

  #say() {
    this.#timer = undefined;
    if (!this.#hooks.online()) return; // the next session hears everything
    const entries = this.#entries();
    const fresh = entries.filter((entry) => this.#said.get(entry.track) !== JSON.stringify(entry));
    this.#said = new Map(entries.map((entry) => [entry.track, JSON.stringify(entry)]));
    for (let i = 0; i < fresh.length; i += most) {
      this.#hooks.send({ type: 'subscribe', tracks: fresh.slice(i, i + most) });
    }
  }

  /** @returns {Entry[]} */
  #entries() {
    /** @type {Entry[]} */
    const out = [];
    for (const [participant, theirs] of this.#wishes) {
      for (const [source, wish] of theirs) {
        const track = this.#hooks.track(participant, source);
        if (track) out.push(entry(track, wish));
      }
    }
    return out;
  }
}

/**
 * A wish as it is sent: whole numbers, without what is the default anyway.
 * @param {string} track
 * @param {Wish} wish
 * @returns {Entry}
 */
function entry(track, { width = 0, height = 0, fps = 0, priority = 0, pinned = false, paused = false }) {
  return {
    track,
    ...(width > 0 && { width: Math.round(width) }),
    ...(height > 0 && { height: Math.round(height) }),
    ...(fps > 0 && { fps: Math.round(fps) }),
    ...(priority && { priority }),
    ...(pinned && { pinned }),
    ...(paused && { paused }),
  };
}
