/** @import { Step } from './protocol.js' */

const longest = 600_000; // what takes longer is no join

/** Steps are when each step of a join was done, since the click that began it. */
export class Steps {
  #clock;
  #began;
  /** @type {Map<Step, number>} */
  #done = new Map();
  /** @type {Set<Step>} */
  #beside = new Set();

  /** @param {() => number} clock milliseconds */
  constructor(clock = () => performance.now()) {
    this.#clock = clock;
    this.#began = clock();
  }

  /**
   * Only the first time counts.
   * @param {Step} step
   */
  done(step) {
    if (!this.#done.has(step) && !this.#beside.has(step)) this.#done.set(step, Math.round(this.#clock() - this.#began));
  }

  /**
   * Whether a step belongs to the join at all: a picture of somebody who came
   * later does not.
   * @param {Step} step
   * @param {boolean} expected
   */
  expect(step, expected) {
    if (!expected) this.#beside.add(step);
  }

  /**
   * As a report has them.
   * @returns {Partial<Record<Step, number>>}
   */
  get all() {
    return Object.fromEntries([...this.#done].filter(([, took]) => took >= 0 && took <= longest));
  }
}
