import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeStream } from './fakes.js';
import { Observer } from '../client/observer.js';
import { Reporter } from '../client/reporter.js';
import { Steps } from '../client/steps.js';

const started = 1_800_000_000_000;
const tracks = [{ kind: 'video', id: 'v' }, { kind: 'audio', id: 'a' }];
const person = (sends, state = 'active') => ({
  camera: new FakeStream(tracks), sends: (source) => sends.includes(source), track: (source) => (source === 'camera' ? { state } : undefined),
});

// A room with one other person in it, and a look at it every second.
function story(other, steps = null) {
  const said = [];
  const room = { participants: new Map([['p1', other]]), report: (report) => said.push(report) };
  const reporter = new Reporter(room, steps);
  let second = 0;
  const look = () => ({
    at: started + second * 1000, rtt: 0, sent: new Map(), received: new Map(tracks.map(({ id, kind }) => [id, {
      kind, at: started + second * 1000, whole: 15 * second, frames: 15 * second, freezes: 0, frozen: 0, samples: 48_000 * second, concealed: 0,
    }])),
  });
  const pass = (seconds) => {
    for (let i = 0; i < seconds; i++) {
      const before = look();
      second++;
      reporter.looked(before, look());
    }
  };
  return { said, room, reporter, pass };
}

test('a report in ten seconds, and the join in the first of them', () => {
  let clock = 0;
  const steps = new Steps(() => clock);
  clock = 31.4;
  steps.done('socket');
  clock = 900;
  steps.done('socket');
  steps.done('welcome');
  const { said, pass } = story(person(['camera', 'microphone']), steps);
  pass(9);
  assert.deepEqual(said, []);
  pass(11);
  assert.equal(said.length, 2);
  // Before the first look nothing was known to flow.
  assert.deepEqual(said[0], {
    steps: { socket: 31, welcome: 900 }, interval: 9000,
    pictures: [{ watched: 9000, frames: 135, undecoded: 0, freezes: 0, frozen: 0 }], sounds: [{ samples: 432_000, concealed: 0 }],
  });
  assert.deepEqual([said[1].steps, said[1].interval, said[1].pictures[0].watched], [undefined, 10_000, 10_000]);
});

test('of what is off, paused or a screen nothing is said', () => {
  for (const other of [person([]), person(['camera'], 'paused'), person(['screen'])]) {
    const { said, pass } = story(other);
    pass(30);
    assert.deepEqual(said, []);
  }
  const { said, pass, room } = story(person(['camera', 'microphone']));
  pass(5);
  room.participants.set('p1', person(['microphone'])); // the camera goes off
  pass(5);
  assert.deepEqual([said[0].pictures[0].watched, said[0].sounds[0].samples], [4000, 432_000]);
});

test('what was seen before a change of mind is forgotten', () => {
  const { said, pass, reporter } = story(person(['camera']));
  pass(9);
  reporter.forget();
  pass(10);
  assert.deepEqual(said.map(({ interval }) => interval), [9000]);
});

test('a step is taken once, within reason, and only if it belongs to the join', () => {
  let clock = 5;
  const steps = new Steps(() => clock);
  steps.done('devices');
  steps.expect('picture', false);
  steps.expect('sound', true);
  steps.done('picture');
  clock = 605;
  steps.done('sound');
  clock = 700_000;
  steps.done('connected');
  assert.deepEqual(steps.all, { devices: 0, sound: 600 });
});

test('a connection is looked at once a second, while somebody wants to know', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let asked = 0;
  const stats = () => new Map([['i', { type: 'inbound-rtp', trackIdentifier: 't', timestamp: ++asked }]]);
  const connection = () => ({ getStats: async () => stats() });
  const room = { pc: connection() };
  const seen = [];
  const observer = new Observer(room, (before, now) => seen.push([before.at, now.at]));
  const pass = async (seconds) => {
    for (let i = 0; i < seconds; i++) {
      t.mock.timers.tick(1000);
      await new Promise(setImmediate);
    }
  };
  await pass(3);
  assert.equal(asked, 0);
  observer.run(true);
  observer.run(true);
  await pass(3);
  assert.deepEqual(seen, [[1, 2], [2, 3]]);
  room.pc = connection(); // another one, whose counters begin anew
  await pass(2);
  assert.deepEqual(seen.slice(2), [[4, 5]]);
  room.pc = { getStats: () => Promise.reject(new Error('closed')) };
  await pass(1);
  room.pc = null;
  await pass(1);
  observer.run(false);
  await pass(3);
  assert.deepEqual([asked, seen.length], [5, 3]);
});
