import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Attention, wishOf } from '../app/attention.js';

// An observer that is told by the test what it observes.
class Observer {
  targets = new Set();
  constructor(heard) {
    this.heard = heard;
    sights = this;
  }
  observe(target) {
    this.targets.add(target);
  }
  unobserve(target) {
    this.targets.delete(target);
  }
  disconnect() {
    this.targets.clear();
  }
}

const tile = {};
let sights;
let said;
let attention;

beforeEach((t) => {
  t.mock?.timers.reset();
  const document = Object.assign(new EventTarget(), { hidden: false });
  Object.assign(globalThis, { IntersectionObserver: Observer, devicePixelRatio: 1, document });
  said = [];
  attention = new Attention((participant, source, wish) => said.push([participant, source, wish]));
});

const grows = (width, height) => attention.place(tile, { width, height });
const isSeen = (isIntersecting) => sights.heard([{ target: tile, isIntersecting }]);
const last = () => said.at(-1)?.[2];
function turn(hidden) {
  document.hidden = hidden;
  document.dispatchEvent(new Event('visibilitychange'));
}
function watched(whose = {}) {
  attention.watch(tile, { participant: 'a', screen: false, ...whose });
  isSeen(true);
  grows(640, 360);
}

test('a wish is a size in steps, rounded up, and the usual sizes are themselves', () => {
  const look = (width, height) => wishOf({ participant: 'a', screen: false, seen: true, pinned: false, width, height }, false);
  for (const [w, h] of [[320, 180], [640, 360], [960, 540], [1280, 720], [1920, 1080]]) {
    assert.deepEqual([look(w, h).width, look(w, h).height], [w, h]);
  }
  assert.deepEqual(look(311, 174.2), { width: 320, height: 180, priority: 0, pinned: false, paused: false });
});

test('nothing is wished before a tile has its place', () => {
  attention.watch(tile, { participant: 'a', screen: false });
  isSeen(true);
  assert.deepEqual(said, []);
  grows(640, 360);
  assert.deepEqual(said, [['a', 'camera', { width: 640, height: 360, priority: 0, pinned: false, paused: false }]]);
});

test('a tile that is placed where it was is no news', () => {
  watched();
  grows(640, 360);
  assert.equal(said.length, 1);
  grows(640, 350);
  assert.equal(said.length, 2);
});

test('sizes are device pixels', () => {
  globalThis.devicePixelRatio = 1.5;
  watched();
  assert.deepEqual([last().width, last().height], [960, 540]);
});

test('a tile outside the window is paused', () => {
  watched();
  isSeen(false);
  assert.equal(last().paused, true);
  isSeen(true);
  assert.equal(last().paused, false);
});

test('a page in the background pauses pictures after two seconds, and wakes at once', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  watched();
  turn(true);
  t.mock.timers.tick(1999);
  assert.equal(said.length, 1);
  turn(false); // a glance
  t.mock.timers.tick(5000);
  assert.equal(said.length, 1);
  turn(true);
  t.mock.timers.tick(2000);
  assert.equal(last().paused, true);
  turn(false);
  assert.equal(last().paused, false);
  assert.ok(said.every(([, source]) => source === 'camera'), 'sound goes on');
});

test('a pinned person is seen and heard before others', () => {
  watched();
  attention.pin(tile, false);
  assert.equal(said.length, 1, 'no news');
  attention.pin(tile, true);
  attention.pin(tile, true);
  assert.deepEqual(said.slice(1).map(([who, source, { pinned }]) => [who, source, pinned]), [['a', 'microphone', true], ['a', 'camera', true]]);
  attention.pin(tile, false);
  assert.deepEqual(said.slice(3).map(([, source, { pinned }]) => [source, pinned]), [['microphone', false], ['camera', false]]);
});

test('a screen comes before faces, and is pinned with its sound', () => {
  watched({ screen: true });
  assert.deepEqual([said[0][1], last().priority], ['screen', 1]);
  attention.pin(tile, true);
  assert.deepEqual(said.slice(1).map(([, source]) => source), ['screen_audio', 'screen']);
});

test('a tile that is gone says nothing more', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  watched();
  attention.forget(tile);
  grows(10, 10);
  attention.pin(tile, true);
  turn(true);
  t.mock.timers.tick(3000);
  assert.equal(said.length, 1);
  assert.equal(sights.targets.size, 0);
});

test('close ends it, also while the page is hidden', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  watched();
  turn(true);
  attention.close();
  turn(false);
  turn(true);
  t.mock.timers.tick(5000);
  assert.equal(said.length, 1);
});
