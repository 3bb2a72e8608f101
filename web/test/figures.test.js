import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arriving, leaving } from '../app/figures.js';

const started = 1_800_000_000_000;
const received = (second, more) => ({
  at: started + second * 1000, kind: 'video', codec: 'VP8', bytes: 0, packets: 0, lost: 0, jitter: 12.4, width: 640, height: 360,
  whole: 0, frames: 0, samples: 0, concealed: 0, ...more,
});
const picture = { before: received(0), now: received(1, { bytes: 51_500, packets: 99, lost: 1, frames: 15 }) };
const sound = { before: received(0, { codec: 'opus' }), now: received(1, { codec: 'opus', bytes: 4250, samples: 48_000, concealed: 96 }) };
const theirs = (more) => Object.fromEntries(arriving({
  shows: true, speaks: true, track: { state: 'active' }, wish: { width: 702.5, height: 395 }, picture, sound, rtt: 4.2, score: 3, ...more,
}));

test('of somebody else: what comes, and what was asked for', () => {
  assert.deepEqual(theirs(), {
    picture: '640×360, 15 fps', rate: '412 kbit/s VP8', lost: '1.0%, jitter 12 ms', asked: '703×395',
    sound: '34 kbit/s opus, 0.2% made up', trip: '4.2 ms', score: '3 of 5',
  });
});

test('and why nothing comes', () => {
  const why = (reason) => theirs({ track: { state: 'paused', reason } }).picture;
  assert.equal(why('wish'), 'paused, not in view');
  assert.equal(why('bandwidth'), 'paused, too little bandwidth');
  assert.equal(why('codec'), 'unknown format');
  assert.equal(why('waiting'), 'waiting for a picture');
  assert.equal(theirs({ track: { state: 'paused', reason: 'bandwidth' } }).rate, undefined);
  assert.deepEqual(theirs({ shows: false, speaks: false, rtt: 0 }), { picture: 'off', sound: 'off', trip: 'unknown', score: '3 of 5' });
  assert.equal(theirs({ track: undefined, picture: {} }).picture, 'waiting for a picture');
  assert.equal(theirs({ sound: { now: sound.now } }).sound, 'waiting', 'one look is none');
});

const sent = (second, rid, more) => ({
  at: started + second * 1000, kind: 'video', rid, codec: 'VP8', bytes: 0, frames: 0, width: 320, height: 180, active: true, limited: '', lost: 0, ...more,
});
const voice = { before: [sent(0, '', { codec: 'opus' })], now: [sent(1, '', { codec: 'opus', bytes: 4000 })] };
const ours = (now, more) => leaving({
  shows: true, speaks: true, watched: (rid) => rid !== 'f', rtt: 12, score: 5,
  picture: { before: now.map(({ rid }) => sent(0, rid)), now }, sound: voice, ...more,
});

test('of oneself: each encoding, and what limits it or turns it off', () => {
  assert.deepEqual(ours([
    sent(1, 'q', { frames: 30, bytes: 18_750, lost: 0.031 }),
    sent(1, 'f'),
    sent(1, 'h', { frames: 12, bytes: 37_500, width: 640, height: 360, limited: 'cpu' }),
  ]), [
    ['f', 'off, nobody watches'],
    ['h', '640×360, 12 fps, 300 kbit/s, limited by the computer'],
    ['q', '320×180, 30 fps, 150 kbit/s'],
    ['lost', '3.1% on the way, VP8'],
    ['sound', '32 kbit/s opus'],
    ['trip', '12 ms'],
    ['score', '5 of 5'],
  ]);
  assert.deepEqual(ours([sent(1, '', { limited: 'bandwidth', frames: 5 })])[0], ['picture', '320×180, 5 fps, 0 kbit/s, limited by bandwidth']);
  assert.deepEqual(ours([sent(1, 'q', { active: false })])[0], ['q', 'off']);
});

test('a camera that is off sends nothing, whatever was sent before', () => {
  assert.deepEqual(ours([sent(1, 'q')], { shows: false, speaks: false }).slice(0, 2), [['picture', 'off'], ['sound', 'off']]);
  assert.deepEqual(ours([])[0], ['picture', 'off']);
});
