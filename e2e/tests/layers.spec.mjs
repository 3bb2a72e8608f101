// Each gets the picture as large as they show it, and nobody encodes what
// nobody looks at.
import { firefox } from '@playwright/test';
import { firefoxOptions } from '../browsers.mjs';
import { camerasOf } from '../cast.mjs';
import { expect, test } from '../meeting.mjs';

/** @typedef {import('../person.mjs').Person} Person */

// Of a window with two people in it; each wants another size of a camera that
// is 960 pixels wide.
const large = { width: 1280, height: 720 };
const middle = { width: 700, height: 400 };
const small = { width: 360, height: 300 };

const full = 960;
const half = 480;
const quarter = 240;

/**
 * A camera that is large enough for three sizes.
 * @param {import('../cast.mjs').Name} name
 */
const film = (name) => ({ devices: { cameras: camerasOf(name, [960, 540], [640, 480]), fps: 10 } });

// Those who send a picture in full wait until they believe in their bandwidth,
// first and after they sent only a small one. On a busy machine their probes
// fail, and they go up by 8 % a second.
const patience = (/** @type {number} */ width) => (width === full ? 60_000 : 20_000);
test.describe.configure({ timeout: 240_000 });

/** Somebody who only looks on: without a camera of their own two browsers have half as much to do. */
const onlooker = { cameras: [] };

/**
 * Waits until the camera of somebody arrives in this width.
 * @param {Person} person
 * @param {string} name
 * @param {number} width
 * @param {number} timeout
 */
async function expectWidth(person, name, width, timeout = patience(width)) {
  const arrives = async () => (await person.receives(name))?.width;
  await expect.poll(arrives, { message: `the width at which ${person.name} gets ${name}`, timeout, intervals: [50] }).toBe(width);
}

/**
 * Waits until these sizes are encoded and no other.
 * @param {Person} person
 * @param {string[]} rids
 */
async function expectToEncode(person, ...rids) {
  const encoded = () => person.encodes();
  await expect.poll(encoded, { message: `what ${person.name} encodes`, timeout: 30_000, intervals: [100] }).toEqual(rids);
}

/**
 * Waits until pictures of somebody keep coming, or keep not coming.
 * @param {Person} person
 * @param {string} name
 * @param {boolean} moves
 * @param {number} timeout
 */
async function expectToMove(person, name, moves, timeout = 10_000) {
  const grows = async () => {
    const frames = async () => (await person.receives(name))?.frames ?? 0;
    const before = await frames();
    await person.page.waitForTimeout(400);
    return (await frames()) > before;
  };
  await expect.poll(grows, { message: `${name} moves at ${person.name}`, timeout, intervals: [50] }).toBe(moves);
}

/**
 * Of the time since before, no more than four seconds stood still, or a half
 * where that is more: an encoder that is set up anew on a busy machine costs
 * some of it, and a picture that waits for a keyframe which nobody asks for
 * costs all of it.
 * @param {Person} person
 * @param {string} name
 * @param {Received | null} before
 */
async function expectFluent(person, name, before) {
  const after = await person.receives(name);
  const grown = (/** @type {'at' | 'frozen'} */ what) => (after?.[what] ?? 0) - (before?.[what] ?? 0);
  expect(grown('frozen'), `seconds that ${name} stood still at ${person.name}`).toBeLessThanOrEqual(Math.max(4, grown('at') / 2));
}

test('a picture comes as large as its tile', async ({ meeting }) => {
  const [ana, ben] = await Promise.all([meeting.join('ana', film('ana')), meeting.join('ben', { devices: onlooker, context: { viewport: large } })]);
  await expectWidth(ben, 'ana', full);
  const before = await ben.receives('ana');

  await ben.page.setViewportSize(small);
  await expectWidth(ben, 'ana', quarter);
  await ben.page.setViewportSize(middle);
  await expectWidth(ben, 'ana', half);
  expect(await ana.hasEncoded()).toEqual(['f', 'h', 'q']);
  await ben.page.setViewportSize(small);
  await expectWidth(ben, 'ana', quarter);
  await expectFluent(ben, 'ana', before);
  await expectToEncode(ana, 'q'); // nobody wants the others any more

  await ben.page.setViewportSize(large);
  await expectWidth(ben, 'ana', full);
  await expectToMove(ben, 'ana', true);
  expect(await ben.sees()).toEqual({ ana: 'red' });
});

test('what is pinned comes in full within two seconds, though nobody encoded it', async ({ meeting }) => {
  const [ana, ben, cem] = await Promise.all([
    meeting.join('ana', film('ana')),
    meeting.join('ben', { devices: onlooker }),
    meeting.join('cem', { devices: onlooker, context: { viewport: small } }),
  ]);
  const pin = ben.tile('ana').getByTestId('pin-button');
  await pin.click();
  await expectWidth(ben, 'ana', full);
  await pin.click();
  await expectWidth(ben, 'ana', half);
  await expectWidth(cem, 'ana', quarter);
  await expectToEncode(ana, 'h', 'q');

  await pin.click();
  await expectWidth(ben, 'ana', full, 2000);
});

test('a camera that nobody looks at is not encoded', async ({ meeting }) => {
  const [ana, ben] = await meeting.gather('ana', 'ben');
  await expectToMove(ben, 'ana', true);

  // Out of the window, as a tile that is scrolled away.
  const scroll = (/** @type {string} */ by) => ben.tile('ana').evaluate((tile, by) => (tile.style.translate = by), by);
  await scroll('0 2000px');
  await expectToEncode(ana);
  await expectToMove(ben, 'ana', false);
  await scroll('0 0');
  await expectToMove(ben, 'ana', true, 5000);

  // In another tab; no browser hides a page for a test.
  const hide = (/** @type {boolean} */ hidden) =>
    ben.page.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  await hide(true);
  await expectToMove(ben, 'ana', false);
  await ben.expectToHear('ana');
  await hide(false);
  await expectToMove(ben, 'ana', true, 5000);
});

test('another camera, of another size, while layers switch', async ({ meeting }) => {
  const [ana, ben] = await Promise.all([meeting.join('ana', film('ana')), meeting.join('ben', { devices: onlooker, context: { viewport: large } })]);
  await expectWidth(ben, 'ana', full);
  const before = await ben.receives('ana');

  await ana.get('settings-button').click();
  await Promise.all([ana.get('camera-select').selectOption('cam1'), ben.page.setViewportSize(small)]);
  await ben.expectToSee({ ana: 'yellow' });
  await expect.poll(async () => (await ben.receives('ana'))?.width, 'a small picture').toBeLessThan(half);
  await Promise.all([ana.get('camera-select').selectOption('cam0'), ben.page.setViewportSize(large)]);
  await ben.expectToSee({ ana: 'red' });
  await expectWidth(ben, 'ana', full);
  await ana.page.keyboard.press('Escape');
  await expectFluent(ben, 'ana', before);

  await ana.get('toggle-camera').click();
  await ben.expectToSee({ ana: 'camera off' });
  await Promise.all([ana.get('toggle-camera').click(), ben.page.setViewportSize(middle)]);
  await ben.expectToSee({ ana: 'red' });
  await expectWidth(ben, 'ana', half);
  await expectToMove(ben, 'ana', true);
});

// VP8 in three sizes is what the tests above see.
for (const [what, path] of [
  ['VP9 in three sizes', 'codec=vp9'],
  ['AV1 in three sizes', 'codec=av1'],
  ['H264 in three sizes', 'codec=h264'],
  ['VP9 in spatial layers', 'codec=vp9&svc=L3T3_KEY'],
  ['VP9 in layers that all depend on each other', 'codec=vp9&svc=L3T3'],
  ['AV1 in spatial layers', 'codec=av1&svc=L3T3_KEY'],
  ['AV1 in layers that all depend on each other', 'codec=av1&svc=L3T3'],
]) {
  test(`each size of ${what} is decoded`, async ({ meeting }) => {
    const [, ben] = await Promise.all([
      meeting.join('ana', { ...film('ana'), path: `/?room=lab&name=ana&${path}` }),
      meeting.join('ben', { devices: onlooker, context: { viewport: large } }),
    ]);
    await expectWidth(ben, 'ana', full);
    const before = await ben.receives('ana');
    expect(before?.codec.toLowerCase()).toBe(`video/${new URLSearchParams(path).get('codec')}`);
    for (const [viewport, width] of /** @type {const} */ ([
      [small, quarter],
      [middle, half],
      [large, full],
    ])) {
      await ben.page.setViewportSize(viewport);
      await expectWidth(ben, 'ana', width);
      await expectToMove(ben, 'ana', true);
    }
    await expectFluent(ben, 'ana', before);
    expect(await ben.sees()).toEqual({ ana: 'red' });
  });
}

test('Firefox and Chromium switch layers of each other, and RED goes to those who know it', async ({ meeting }) => {
  const other = await firefox.launch(firefoxOptions);
  try {
    const [ana, ben] = await Promise.all([
      meeting.join('ana', { ...film('ana'), context: { viewport: large } }),
      meeting.join('ben', { ...film('ben'), browser: other, context: { viewport: large } }),
    ]);
    await expectWidth(ana, 'ben', full);
    await expectWidth(ben, 'ana', full);
    for (const [viewport, width] of /** @type {const} */ ([
      [small, quarter],
      [large, full],
    ])) {
      await Promise.all([ana, ben].map((person) => person.page.setViewportSize(viewport)));
      await expectWidth(ana, 'ben', width);
      await expectWidth(ben, 'ana', width);
    }
    const cem = await meeting.join('cem', { devices: onlooker });
    await cem.expectToHear('ana', 'ben');
    await ben.expectToHear('ana', 'cem');
    await ana.expectToHear('ben', 'cem');
    // No browser says that it gets RED, but all the sound is there twice.
    const heard = await Promise.all([cem, ben].map((person) => person.receives('ana', 'audio')));
    const [red, plain] = heard.map((sound) => sound?.packetSize ?? 0);
    expect(red / plain, `bytes a packet of ana's voice: ${red} at Chromium, ${plain} at Firefox`).toBeGreaterThan(1.5);
  } finally {
    await Promise.all(meeting.people.map((person) => person.page.goto('about:blank')));
    await other.close();
  }
});
