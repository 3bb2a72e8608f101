// So many intervals between frames make the average that a freeze is measured by.
const remembered = 30;

/**
 * Stills tells how often and for how long a picture stood still, by when its
 * frames were shown, where the browser does not tell: as freezeCount of the
 * W3C's webrtc-stats has it.
 */
export class Stills {
  freezes = 0;
  frozen = 0; // milliseconds
  #last = 0;
  /** @type {number[]} */
  #intervals = [];

  /** @param {number} now a frame is shown */
  frame(now) {
    const interval = now - this.#last;
    const first = this.#last === 0;
    this.#last = now;
    if (first) return;
    const average = this.#intervals.reduce((sum, each) => sum + each, 0) / this.#intervals.length;
    this.#intervals = [...this.#intervals, interval].slice(-remembered);
    // With nothing to compare it to, no interval is a long one.
    if (!(interval > Math.max(3 * average, average + 150))) return;
    this.freezes++;
    this.frozen += interval;
  }

  /** The picture was not to move: what comes next is no freeze. */
  pause() {
    this.#last = 0;
  }
}
