/** @import { Report } from './protocol.js' */
/** @import { Received } from './stats.js' */

// What the server takes: of more it would believe nothing.
const longest = 60_000;
const most = 64;
const leastFreeze = 150; // W3C webrtc-stats, freezeCount
const samplesPerMillisecond = 192;

// Between frames of a camera there is less than this, whoever sends them.
const still = 900;

/**
 * One picture, over all intervals.
 * @typedef {Object} Picture
 * @property {number} watched
 * @property {number} frames
 * @property {number} freezes
 * @property {number} frozen
 * @property {boolean} told whether the browser tells of freezes
 * @property {number} behind frames that came whole and are not decoded, the fewest at once
 * @property {number} given of those up before this interval
 * @property {number} ahead of a freeze that is not over: how much of it is counted already
 */

/**
 * Account adds up what was seen and heard, for a report to those who run the
 * server. It is told of each look at what should have flowed since the one
 * before; who it was is left out.
 */
export class Account {
  #since = 0;
  #until = 0;
  /** @type {Map<string, Picture>} by the id of a track */
  #pictures = new Map();
  #sounds = new Map();

  /**
   * @param {string} id of a picture that was to move between two looks
   * @param {Received} before
   * @param {Received} now
   */
  picture(id, before, now) {
    const span = this.#span(before, now);
    if (span <= 0) return;
    const all = this.#pictures.get(id) ?? begin(before);
    this.#pictures.set(id, all);
    const frames = Math.max(0, now.frames - before.frames);
    all.watched += span;
    all.frames += frames;
    all.behind = Math.min(all.behind, now.whole - now.frames);
    all.told &&= now.frozen !== undefined;
    all.freezes += Math.max(0, (now.freezes ?? 0) - (before.freezes ?? 0));
    const told = Math.max(0, (now.frozen ?? 0) - (before.frozen ?? 0));
    if (frames === 0 && span >= still) {
      // Browsers tell of a freeze when it is over, and some never end.
      all.frozen += span;
      all.ahead += span;
      return;
    }
    all.frozen += Math.max(0, told - all.ahead);
    all.ahead = 0;
  }

  /**
   * @param {string} id of a voice that was to be heard between two looks
   * @param {Received} before
   * @param {Received} now
   */
  sound(id, before, now) {
    if (this.#span(before, now) <= 0) return;
    const all = this.#sounds.get(id) ?? { samples: 0, concealed: 0 };
    this.#sounds.set(id, all);
    all.samples += Math.max(0, now.samples - before.samples);
    all.concealed += Math.max(0, now.concealed - before.concealed);
  }

  /**
   * What there is to report since the last time, and begins anew; null when
   * there is nothing, or when nobody looked for so long that it means nothing.
   * @returns {Report|null}
   */
  take() {
    const interval = Math.floor(this.#until - this.#since);
    const pictures = [...this.#pictures.values()].filter(({ watched }) => watched >= 1);
    const sounds = [...this.#sounds.values()].filter(({ samples }) => samples > 0);
    const report = {
      interval,
      pictures: pictures.slice(0, most).map((each) => pictureOf(each, interval)),
      sounds: sounds.slice(0, most).map((each) => soundOf(each, interval)),
    };
    this.#begin();
    return interval >= 1 && interval <= longest ? report : null;
  }

  // The pictures stay known: their freezes may go on, and what the decoder is
  // behind with is counted once.
  #begin() {
    this.#since = this.#until = 0;
    this.#sounds.clear();
    for (const [id, each] of this.#pictures) {
      if (each.watched === 0) this.#pictures.delete(id);
      each.given = Math.max(each.given, each.behind);
      Object.assign(each, { watched: 0, frames: 0, freezes: 0, frozen: 0, behind: Infinity });
    }
  }

  /**
   * @param {Received} before
   * @param {Received} now
   */
  #span(before, now) {
    this.#since = this.#since ? Math.min(this.#since, before.at) : before.at;
    this.#until = Math.max(this.#until, now.at);
    return now.at - before.at;
  }
}

/**
 * @param {Received} before
 * @returns {Picture}
 */
function begin({ whole, frames }) {
  return { watched: 0, frames: 0, freezes: 0, frozen: 0, told: true, behind: Infinity, given: Math.max(0, whole - frames), ahead: 0 };
}

/**
 * Whole numbers, none of them more than its time has room for.
 * @param {Picture} picture
 * @param {number} interval
 */
function pictureOf({ watched, frames, freezes, frozen, told, behind, given }, interval) {
  const time = Math.min(interval, Math.floor(watched));
  const upTo = (/** @type {number} */ n, /** @type {number} */ limit) => Math.max(0, Math.min(Math.round(n), limit));
  return {
    watched: time,
    frames: upTo(frames, time),
    undecoded: upTo(behind - given, time),
    ...(told && { freezes: upTo(freezes, 1 + Math.floor(time / leastFreeze)), frozen: upTo(frozen, time) }),
  };
}

/**
 * @param {{samples: number, concealed: number}} sound
 * @param {number} interval
 */
function soundOf({ samples, concealed }, interval) {
  const all = Math.min(samples, interval * samplesPerMillisecond);
  return { samples: all, concealed: Math.min(concealed, all) };
}
