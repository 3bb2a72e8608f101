import { Account } from './account.js';

/** @import { Room } from './room.js' */
/** @import { Look } from './stats.js' */
/** @import { Steps } from './steps.js' */

const every = 10_000; // the server counts one in five seconds

/**
 * Reporter tells those who run the server how it looked and sounded: cameras
 * that were to move, and voices that were to be heard. A screen may well stand
 * still. It is given looks, and says nothing, while the person agrees.
 */
export class Reporter {
  #room;
  /** @type {Steps|null} */
  #steps;
  #account = new Account();
  #since = 0;
  /** @type {Set<string>} ids of the tracks that were to flow at the last look */
  #flowed = new Set();

  /**
   * @param {Pick<Room, 'participants'|'report'>} room
   * @param {Steps|null} steps of the join
   */
  constructor(room, steps) {
    this.#room = room;
    this.#steps = steps;
  }

  /**
   * @param {Look} before
   * @param {Look} now
   */
  looked(before, now) {
    const flowing = this.#flowing();
    for (const id of flowing) {
      const [then, here] = [before.received.get(id), now.received.get(id)];
      if (!then || !here || !this.#flowed.has(id)) continue;
      if (here.kind === 'video') this.#account.picture(id, then, here);
      else this.#account.sound(id, then, here);
    }
    this.#flowed = flowing;
    this.#since ||= before.at;
    if (now.at - this.#since >= every) this.#say(now.at);
  }

  /** The person does not agree any more: what is not said is forgotten. */
  forget() {
    this.#account = new Account();
    this.#flowed = new Set();
    this.#since = 0;
  }

  /** @param {number} at */
  #say(at) {
    this.#since = at;
    const report = this.#account.take();
    const steps = this.#steps?.all;
    if (!report && !steps) return;
    this.#steps = null; // a join is told once
    this.#room.report({ ...(steps && { steps }), ...report });
  }

  #flowing() {
    /** @type {Set<string>} */
    const ids = new Set();
    for (const participant of this.#room.participants.values()) {
      const moves = participant.sends('camera') && participant.track('camera')?.state === 'active';
      for (const { kind, id } of participant.camera.getTracks()) {
        if (kind === 'video' ? moves : participant.sends('microphone')) ids.add(id);
      }
    }
    return ids;
  }
}
