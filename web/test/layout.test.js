import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cast, grid, theatre } from '../app/layout.js';

const spaces = [[1280, 700], [1920, 1000], [880, 700], [344, 520], [640, 260], [768, 900], [320, 320]];

function overlap(a, b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function check(rects, { width, height }, what) {
  for (const [i, r] of rects.entries()) {
    assert.ok(r.x >= 0 && r.y >= 0 && r.x + r.width <= width && r.y + r.height <= height, `${what}: ${i} is outside`);
    assert.ok(r.width > 0 && r.height > 0, `${what}: ${i} is empty`);
    for (const other of rects.slice(i + 1)) assert.ok(!overlap(r, other), `${what}: ${i} overlaps`);
  }
}

test('1 to 50 tiles fit into every space, all of one size', () => {
  for (const [width, height] of spaces) {
    for (let n = 1; n <= 50; n++) {
      const rects = grid(n, { width, height }, 6);
      assert.equal(rects.length, n);
      check(rects, { width, height }, `${n} in ${width}x${height}`);
      assert.equal(new Set(rects.map((r) => `${r.width}x${r.height}`)).size, 1);
    }
  }
});

test('rows and columns follow the space', () => {
  const columns = (n, width, height) => new Set(grid(n, { width, height }, 12).slice(0, n).map((r) => r.x)).size;
  assert.equal(columns(2, 1280, 700), 2);
  assert.equal(columns(4, 1280, 700), 2);
  assert.equal(columns(9, 1280, 700), 3);
  assert.equal(columns(25, 1280, 700), 5);
  assert.equal(columns(2, 344, 520), 1);
  assert.equal(columns(4, 344, 520), 2);
});

test('tiles are never wider than 16:9 nor narrower than a face', () => {
  for (const [width, height] of spaces) {
    for (let n = 1; n <= 25; n++) {
      const [{ width: w, height: h }] = grid(n, { width, height }, 6);
      assert.ok(w / h < 16 / 9 + 0.05, `${n} in ${width}x${height}: ${w}x${h} is too wide`);
      assert.ok(w / h > (width >= height ? 4 / 3 : 3 / 4) - 0.05, `${n} in ${width}x${height}: ${w}x${h} is too narrow`);
    }
  }
});

test('the last row is in the middle', () => {
  const rects = grid(5, { width: 1280, height: 700 }, 12);
  const [fourth, fifth] = rects.slice(3);
  assert.equal(Math.round(fourth.x + fifth.x + fifth.width), 1280);
});

test('a shared screen gets most of the space', () => {
  for (const [width, height] of spaces) {
    for (const others of [0, 1, 4, 24]) {
      const rects = theatre(1, others, { width, height }, 6);
      assert.equal(rects.length, 1 + others);
      check(rects, { width, height }, `screen and ${others} in ${width}x${height}`);
      const largest = Math.max(...rects.slice(1).map((r) => r.width * r.height), 0);
      assert.ok(rects[0].width * rects[0].height > largest);
    }
  }
});

test('without screens the theatre is a grid', () => {
  const space = { width: 1280, height: 700 };
  assert.deepEqual(theatre(0, 5, space, 12), grid(5, space, 12));
});

test('whoever is pinned has the middle alone; else shared screens have it', () => {
  const view = (key, more = {}) => ({ key, screen: false, own: false, ...more });
  const views = [view('own', { own: true }), view('own/screen', { own: true, screen: true }), view('a'), view('a/screen', { screen: true }), view('b')];
  const story = (pinned, list = views) => {
    const { middle, others } = cast(list, pinned);
    return `${middle.map((v) => v.key)} | ${others.map((v) => v.key)}`;
  };
  assert.equal(story(''), 'a/screen | own,own/screen,a,b');
  assert.equal(story('b'), 'b | own,own/screen,a,a/screen');
  assert.equal(story('a/screen'), 'a/screen | own,own/screen,a,b');
  assert.equal(story('own'), 'own | own/screen,a,a/screen,b');
  assert.equal(story('gone'), story(''));
  assert.equal(story('', [views[0], views[2]]), ' | own,a');
});

test('a pinned face gets most of the space, in the shape of a face', () => {
  for (const [width, height] of spaces) {
    for (const others of [0, 1, 4, 24]) {
      const rects = theatre(1, others, { width, height }, 6, { free: false });
      const what = `pinned and ${others} in ${width}x${height}`;
      assert.equal(rects.length, 1 + others);
      check(rects, { width, height }, what);
      const [{ width: w, height: h }, ...rest] = rects;
      assert.ok(rest.every((r) => w * h > 2 * r.width * r.height), `${what}: ${w}x${h} is small`);
      assert.ok(w / h < 16 / 9 + 0.05 && w / h > 3 / 4 - 0.05, `${what}: ${w}x${h}`);
    }
  }
});

test('no space, no tiles', () => {
  assert.deepEqual(grid(3, { width: 0, height: 0 }, 6), []);
  assert.deepEqual(grid(0, { width: 100, height: 100 }, 6), []);
});
