import { Observer, Reporter } from '../client/index.js';
import { arriving, leaving } from './figures.js';

/** @import { Participant, Room, Steps } from '../client/index.js' */
/** @import { Stills } from '../client/stills.js' */
/** @import { Source } from '../client/protocol.js' */
/** @import { Look } from '../client/stats.js' */
/** @import { Row } from './figures.js' */

/**
 * @typedef {Object} StatisticsHooks
 * @property {(rows: Map<string, Row[]>) => void} show by the key of a tile; none when they are not to be shown
 * @property {(key: string) => Stills|null} stills of a tile's picture, for browsers that do not tell
 */

const sources = /** @type {const} */ ([['camera', 'microphone'], ['screen', 'screen_audio']]);

/**
 * Statistics looks at the connection once a second while figures are shown, or
 * sent to those who run the server, or both.
 */
export class Statistics {
  #room;
  #hooks;
  #observer;
  #reporter;
  #shown = false;
  #sent = false;

  /**
   * @param {Room} room
   * @param {Steps|null} steps of the join
   * @param {StatisticsHooks} hooks
   */
  constructor(room, steps, hooks) {
    this.#room = room;
    this.#hooks = hooks;
    this.#reporter = new Reporter(room, steps);
    this.#observer = new Observer(room, (before, now) => this.#looked(before, now));
  }

  /** @param {boolean} on */
  show(on) {
    this.#shown = on;
    if (!on) this.#hooks.show(new Map());
    this.#observer.run(this.#shown || this.#sent);
  }

  /** @param {boolean} on whether the person agrees to send figures */
  send(on) {
    this.#sent = on;
    if (!on) this.#reporter.forget();
    this.#observer.run(this.#shown || this.#sent);
  }

  close() {
    this.#observer.run(false);
  }

  /**
   * @param {Look} before
   * @param {Look} now
   */
  #looked(before, now) {
    if (this.#sent) {
      this.#watchStills(now);
      this.#reporter.looked(before, now);
    }
    if (!this.#shown) return;
    /** @type {Map<string, Row[]>} */
    const rows = new Map();
    for (const [picture, sound] of sources) {
      rows.set(keyOf('own', picture), this.#ours(picture, sound, before, now));
      for (const p of this.#room.participants.values()) rows.set(keyOf(p.id, picture), this.#theirs(p, picture, sound, before, now));
    }
    this.#hooks.show(rows);
  }

  /**
   * @param {Participant} p
   * @param {'camera'|'screen'} source
   * @param {Source} voice
   * @param {Look} before
   * @param {Look} now
   */
  #theirs(p, source, voice, before, now) {
    const pair = (/** @type {string} */ kind) => {
      const id = p[source].getTracks().find((t) => t.kind === kind)?.id ?? '';
      return { before: before.received.get(id), now: now.received.get(id) };
    };
    return arriving({
      shows: p.sends(source), speaks: p.sends(voice), track: p.track(source), wish: this.#room.wish(p, source),
      picture: pair('video'), sound: pair('audio'), rtt: now.rtt, score: p.score,
    });
  }

  /**
   * @param {'camera'|'screen'} source
   * @param {Source} voice
   * @param {Look} before
   * @param {Look} now
   */
  #ours(source, voice, before, now) {
    const { publications, quality } = this.#room;
    const [picture, sound] = [publications.get(source), publications.get(voice)];
    const pair = (/** @type {string|null|undefined} */ mid) => ({ before: before.sent.get(mid ?? ''), now: now.sent.get(mid ?? '') });
    return leaving({
      shows: picture?.muted === false, speaks: sound?.muted === false, watched: (rid) => picture?.watched(rid) ?? true,
      picture: pair(picture?.mid), sound: pair(sound?.mid), rtt: now.rtt, score: quality?.score ?? 5,
    });
  }

  /** @param {Look} now gets the freezes that its browser does not tell of */
  #watchStills({ received }) {
    for (const p of this.#room.participants.values()) {
      const id = p.camera.getTracks().find((t) => t.kind === 'video')?.id ?? '';
      const picture = received.get(id);
      if (!picture || picture.freezes !== undefined) continue;
      const stills = this.#hooks.stills(p.id);
      if (!stills) continue;
      if (!p.sends('camera') || p.track('camera')?.state !== 'active') stills.pause();
      Object.assign(picture, { freezes: stills.freezes, frozen: stills.frozen });
    }
  }
}

/**
 * The key of a tile.
 * @param {string} whose
 * @param {'camera'|'screen'} source
 */
function keyOf(whose, source) {
  return source === 'screen' ? `${whose}/screen` : whose;
}
