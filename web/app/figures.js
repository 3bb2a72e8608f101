/**
 * The figures of a picture and its sound, in few and short words: what is shown
 * over a tile, and read in the settings. Pure functions.
 *
 * @module
 */

import { arrival, departure } from '../client/index.js';
import { rids } from '../client/encodings.js';
import { bitRate } from './connection.js';

/** @import { PauseReason, TrackInfo, Wish } from '../client/protocol.js' */
/** @import { Received, Sent } from '../client/stats.js' */

/** @typedef {[name: string, text: string]} Row the most important one is first */

/**
 * One track at two looks; nothing while it is not there, or was not before.
 * @template T
 * @typedef {{before?: T, now?: T}} Pair
 */

/**
 * What is known of somebody's tile.
 * @typedef {Object} Arriving
 * @property {boolean} shows whether they send the picture
 * @property {boolean} speaks whether they send the sound
 * @property {TrackInfo} [track] of the picture
 * @property {Wish} [wish] for it
 * @property {Pair<Received>} picture
 * @property {Pair<Received>} sound
 * @property {number} rtt
 * @property {number} score
 */

/** @type {Record<PauseReason, string>} */
const pauses = {
  wish: 'paused, not in view',
  muted: 'off',
  bandwidth: 'paused, too little bandwidth',
  codec: 'unknown format',
  waiting: 'waiting for a picture',
};

/**
 * Of somebody else.
 * @param {Arriving} of
 * @returns {Row[]}
 */
export function arriving({ shows, speaks, track, wish, picture, sound, rtt, score }) {
  /** @type {Row[]} */
  const rows = [['picture', shows ? stateOf(track, picture) : 'off']];
  const flow = shows && flowOf(picture);
  if (flow && track?.state !== 'paused') {
    rows.push(['rate', words(bitRate(flow.bitrate), picture.now?.codec)]);
    rows.push(['lost', `${percent(flow.lost)}, jitter ${millis(picture.now?.jitter ?? 0)}`]);
  }
  if (shows && wish?.width && wish.height) rows.push(['asked', size(wish.width, wish.height)]);
  rows.push(['sound', speaks ? heard(sound) : 'off'], ...connection(rtt, score));
  return rows;
}

/**
 * What is known of our own tile.
 * @typedef {Object} Leaving
 * @property {boolean} shows
 * @property {boolean} speaks
 * @property {(rid: string) => boolean} watched whether anybody watches an encoding
 * @property {Pair<Sent[]>} picture its encodings
 * @property {Pair<Sent[]>} sound
 * @property {number} rtt
 * @property {number} score
 */

/**
 * Of ourselves: each encoding, the largest first.
 * @param {Leaving} of
 * @returns {Row[]}
 */
export function leaving({ shows, speaks, watched, picture, sound, rtt, score }) {
  const all = shows ? (picture.now ?? []) : [];
  /** @type {Row[]} */
  const rows = all.toSorted(larger).map((now) => [now.rid || 'picture', encoding(now, before(picture, now), watched(now.rid))]);
  if (rows.length === 0) rows.push(['picture', 'off']);
  else rows.push(['lost', words(percent(Math.max(...all.map((each) => each.lost ?? 0))), 'on the way,', all[0].codec)]);
  const [voice] = sound.now ?? [];
  const flow = voice && departure(before(sound, voice) ?? voice, voice);
  rows.push(['sound', speaks && flow ? words(bitRate(flow.bitrate), voice.codec) : 'off'], ...connection(rtt, score));
  return rows;
}

/**
 * @param {TrackInfo|undefined} track
 * @param {Pair<Received>} picture
 */
function stateOf(track, picture) {
  if (track?.state === 'paused') return pauses[track.reason ?? 'waiting'];
  const flow = flowOf(picture);
  const { width = 0, height = 0 } = picture.now ?? {};
  return flow && width ? `${size(width, height)}, ${Math.round(flow.fps)} fps` : pauses.waiting;
}

/** @param {Pair<Received>} sound */
function heard(sound) {
  const flow = flowOf(sound);
  if (!flow) return 'waiting';
  return `${words(bitRate(flow.bitrate), sound.now?.codec)}, ${percent(flow.concealed)} made up`;
}

/**
 * @param {Sent} now
 * @param {Sent|undefined} then
 * @param {boolean} watched
 */
function encoding(now, then, watched) {
  if (!watched) return 'off, nobody watches';
  const flow = departure(then ?? now, now);
  if (!now.active || !flow || !now.width) return 'off';
  const limit = { cpu: ', limited by the computer', bandwidth: ', limited by bandwidth', '': '' }[now.limited];
  return `${size(now.width, now.height)}, ${Math.round(flow.fps)} fps, ${bitRate(flow.bitrate)}${limit}`;
}

/**
 * @param {number} rtt
 * @param {number} score
 * @returns {Row[]}
 */
function connection(rtt, score) {
  return [['trip', rtt ? millis(rtt) : 'unknown'], ['score', `${score} of 5`]];
}

/**
 * The larger encoding first; browsers name them in any order.
 * @param {Sent} a
 * @param {Sent} b
 */
function larger(a, b) {
  return rids.indexOf(b.rid) - rids.indexOf(a.rid);
}

/** @param {Pair<Received>} pair */
function flowOf({ before: then, now }) {
  return then && now ? arrival(then, now) : null;
}

/**
 * The same encoding at the look before.
 * @param {Pair<Sent[]>} pair
 * @param {Sent} now
 */
function before(pair, now) {
  return pair.before?.find(({ rid }) => rid === now.rid);
}

/**
 * @param {number} width
 * @param {number} height
 */
function size(width, height) {
  return `${Math.round(width)}×${Math.round(height)}`;
}

/** @param {number} share */
function percent(share) {
  return `${(share * 100).toFixed(1)}%`;
}

/** @param {number} n */
function millis(n) {
  return `${n < 10 ? n.toFixed(1) : Math.round(n)} ms`;
}

/** @param {(string|undefined)[]} parts */
function words(...parts) {
  return parts.filter(Boolean).join(' ');
}
