/**
 * Which received section carries whose track.
 *
 * @module
 */

/** @import { Slot, Source, TrackInfo } from './protocol.js' */

/** @typedef {'camera'|'screen'} Group what a participant shows at once */

/**
 * A camera and its microphone belong together, and a screen and its sound: the
 * two are played from one stream, in sync.
 * @param {Source} source
 * @returns {Group}
 */
export function groupOf(source) {
  return source === 'screen' || source === 'screen_audio' ? 'screen' : 'camera';
}

/** SlotTable remembers the newest table that the server sent. */
export class SlotTable {
  #version = -1;
  /** @type {Slot[]} */
  #slots = [];

  /**
   * Takes a table, unless a newer one is known already.
   * @param {{version: number, slots: Slot[]}} table
   * @returns {boolean} whether it was taken
   */
  apply(table) {
    if (table.version < this.#version) return false;
    this.#version = table.version;
    this.#slots = table.slots;
    return true;
  }

  /**
   * Lists, by participant and group, what each receives now. A section that is
   * not negotiated yet and a track that the roster does not name yet are left
   * out: they show up when asked again.
   * @template T
   * @param {(mid: string) => T|null|undefined} receiverOf
   * @param {(participant: string, track: string) => TrackInfo|undefined} trackOf
   * @returns {Map<string, Record<Group, T[]>>}
   */
  resolve(receiverOf, trackOf) {
    /** @type {Map<string, Record<Group, T[]>>} */
    const out = new Map();
    for (const slot of this.#slots) {
      if (!slot.track || !slot.participant) continue;
      const receiver = receiverOf(slot.mid);
      const info = trackOf(slot.participant, slot.track);
      if (!receiver || !info) continue;
      const groups = out.get(slot.participant) ?? { camera: [], screen: [] };
      groups[groupOf(info.source)].push(receiver);
      out.set(slot.participant, groups);
    }
    return out;
  }
}

/**
 * Makes a stream carry exactly these tracks. The stream stays the same object,
 * so that an element which plays it goes on playing.
 * @param {MediaStream} stream
 * @param {MediaStreamTrack[]} tracks
 * @returns {boolean} whether anything changed
 */
export function carry(stream, tracks) {
  const had = stream.getTracks();
  const gone = had.filter((t) => !tracks.includes(t));
  const fresh = tracks.filter((t) => !had.includes(t));
  for (const track of gone) stream.removeTrack(track);
  for (const track of fresh) stream.addTrack(track);
  return gone.length + fresh.length > 0;
}
