import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Wishes } from '../client/wishes.js';

let messages;
let online;
let tracks;
let wishes;

beforeEach((t) => {
  t.mock?.timers.reset();
  messages = [];
  online = true;
  tracks = { 'a/camera': 't1', 'a/screen': 't2', 'b/camera': 't3' };
  wishes = new Wishes({
    send: (message) => messages.push(message.tracks),
    online: () => online,
    track: (participant, source) => tracks[`${participant}/${source}`],
  });
});

function clock(t) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  return (ms) => t.mock.timers.tick(ms);
}

test('many changes are one message, with where they ended', (t) => {
  const tick = clock(t);
  wishes.want('a', 'camera', { width: 100, height: 50 });
  tick(100);
  wishes.want('a', 'camera', { width: 640.4, height: 360 });
  wishes.want('b', 'camera', { paused: true });
  assert.deepEqual(messages, []);
  tick(50);
  assert.deepEqual(messages, [[{ track: 't1', width: 640, height: 360 }, { track: 't3', paused: true }]]);
});

test('at most one message in 150 ms, however much happens', (t) => {
  const tick = clock(t);
  for (let ms = 0; ms < 3000; ms += 10) {
    wishes.want('a', 'camera', { width: ms + 1 });
    tick(10);
  }
  assert.ok(messages.length <= 20, `${messages.length} messages`);
  assert.ok(messages.length >= 18, `${messages.length} messages`);
});

test('only what has changed is said', (t) => {
  const tick = clock(t);
  wishes.want('a', 'camera', { width: 640, height: 360 });
  wishes.want('b', 'camera', { width: 640, height: 360 });
  tick(150);
  wishes.want('a', 'camera', { width: 640, height: 360 });
  wishes.want('b', 'camera', { width: 640, height: 360, pinned: true, priority: 2, fps: 15 });
  tick(150);
  wishes.want('a', 'camera', { width: 640, height: 360 });
  tick(150);
  assert.equal(messages.length, 2);
  assert.deepEqual(messages[1], [{ track: 't3', width: 640, height: 360, fps: 15, priority: 2, pinned: true }]);
});

test('what returns to the default is said too', (t) => {
  const tick = clock(t);
  wishes.want('a', 'camera', { paused: true });
  tick(150);
  wishes.want('a', 'camera', {});
  tick(150);
  assert.deepEqual(messages, [[{ track: 't1', paused: true }], [{ track: 't1' }]]);
});

test('a wish waits for its track, and follows it to the next one', (t) => {
  const tick = clock(t);
  delete tracks['a/camera'];
  wishes.want('a', 'camera', { width: 320 });
  tick(150);
  assert.deepEqual(messages, []);
  tracks['a/camera'] = 't8';
  wishes.refresh();
  tick(150);
  tracks['a/camera'] = 't9';
  wishes.refresh();
  tick(150);
  assert.deepEqual(messages.map(([e]) => e.track), ['t8', 't9']);
});

test('a new session hears everything, and one that is away nothing', (t) => {
  const tick = clock(t);
  wishes.want('a', 'camera', { width: 320 });
  wishes.want('b', 'camera', { width: 160 });
  tick(150);
  online = false;
  wishes.want('b', 'camera', { width: 640 });
  tick(150);
  assert.equal(messages.length, 1);
  online = true;
  wishes.again();
  tick(150);
  assert.deepEqual(messages[1], [{ track: 't1', width: 320 }, { track: 't3', width: 640 }]);
});

test('those who left are forgotten, and close ends it', (t) => {
  const tick = clock(t);
  wishes.want('a', 'camera', { width: 320 });
  wishes.drop('a');
  tick(150);
  wishes.want('b', 'camera', { width: 320 });
  wishes.close();
  tick(1000);
  assert.deepEqual(messages, []);
});

test('a message names at most 256 tracks', (t) => {
  const tick = clock(t);
  for (let i = 0; i < 300; i++) {
    tracks[`p${i}/camera`] = `t${i}`;
    wishes.want(`p${i}`, 'camera', { width: 320 });
  }
  tick(150);
  assert.deepEqual(messages.map((m) => m.length), [256, 44]);
});
