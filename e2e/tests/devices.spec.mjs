// Cameras, microphones and screens during a meeting.
import { expect, test } from '../meeting.mjs';

/** @typedef {import('../person.mjs').Person} Person */

/**
 * Chooses a device in the settings.
 * @param {Person} person
 * @param {'camera-select' | 'mic-select'} which
 * @param {string} device
 */
async function choose(person, which, device) {
  await person.get('settings-button').click();
  await person.get(which).selectOption(device);
}

test('another camera shows at the others within a second, without a new offer @firefox', async ({ meeting }) => {
  const [ana, ben, cem] = await meeting.gather('ana', 'ben', 'cem');
  await ben.expectToSee({ ana: 'red', cem: 'blue' });
  await cem.expectToSee({ ana: 'red', ben: 'green' });
  const offers = () => Promise.all([ana, ben, cem].map((person) => person.messages('offer')));
  const before = await offers();

  // A second, and as long as pictures take on this machine in any case.
  const ages = (await Promise.all([ben, cem].map((person) => person.watch(1000)))).flatMap(({ pictures }) => pictures.map(({ age }) => age));
  const atOnce = { timeout: 1000 + 2 * Math.min(1000, Math.max(...ages)), intervals: [50] };
  await choose(ana, 'camera-select', 'cam1');
  await Promise.all([ben, cem].map((person) => expect.poll(async () => (await person.sees()).ana, atOnce).toBe('yellow')));
  expect(await offers(), 'offers sent and received').toEqual(before);
});

test('another microphone is heard, without a new offer', async ({ meeting }) => {
  const [ana, ben] = await meeting.gather('ana', 'ben');
  await ben.expectToHear('ana');
  const before = await ben.messages('offer');
  await choose(ana, 'mic-select', 'mic1');
  await ben.expectToHear("ana's other microphone");
  expect(await ben.messages('offer')).toBe(before);
});

test('with the camera off nothing leaves, and it comes back on @firefox', async ({ meeting }) => {
  const [ana, ben] = await meeting.gather('ana', 'ben');
  await ben.expectToSee({ ana: 'red' });
  await expect.poll(() => ben.looksLike('ana')).toBe('red');

  await ana.get('toggle-camera').click();
  await ben.expectToSee({ ana: 'camera off' });
  await expect.poll(() => ben.looksLike('ana')).not.toBe('red');
  await expect(ben.tile('ana')).toContainText('ana');
  await expect.poll(() => ana.openDevices('video'), { message: 'the camera itself is off' }).toBe(0);
  await ben.page.waitForTimeout(500);
  const packets = await ben.packetsReceived('video');
  await ben.page.waitForTimeout(1000);
  expect(await ben.packetsReceived('video'), 'packets received from a camera that is off').toBe(packets);

  await ana.get('toggle-camera').click();
  await ben.expectToSee({ ana: 'red' });
  await expect.poll(() => ben.looksLike('ana')).toBe('red');
  expect((await ben.watch(1000)).pictures[0].fps).toBeGreaterThan(3);
});

test('a muted microphone is silent, and everybody can see it @firefox', async ({ meeting }) => {
  const [ana, ben] = await meeting.gather('ana', 'ben');
  await ben.expectToHear('ana');
  await expect(ben.tile('ana')).toHaveAttribute('data-muted', 'false');

  await ana.get('toggle-mic').click();
  await expect(ben.tile('ana')).toHaveAttribute('data-muted', 'true');
  await expect(ana.tile('ana')).toHaveAttribute('data-muted', 'true');
  await ben.expectToHear();

  await ana.get('toggle-mic').click();
  await expect(ben.tile('ana')).toHaveAttribute('data-muted', 'false');
  await ben.expectToHear('ana');
});

test('the ring follows the one who speaks', async ({ meeting }) => {
  const quiet = { devices: { gain: 0 } };
  const [ana, ben, cem] = await Promise.all([meeting.join('ana', quiet), meeting.join('ben', quiet), meeting.join('cem', quiet)]);
  const rings = () => ana.page.locator('[data-testid="tile"][data-speaking="true"]').evaluateAll((tiles) =>
    tiles.map((tile) => /** @type {HTMLElement} */ (tile).dataset.name));
  await ana.expectToSee({ ben: 'green', cem: 'blue' });
  await expect.poll(rings).toEqual([]);

  await ben.page.evaluate(() => fakecam.setGain(0.3));
  await expect.poll(rings).toEqual(['ben']);

  await ben.page.evaluate(() => fakecam.setGain(0));
  await cem.page.evaluate(() => fakecam.setGain(0.3));
  await expect.poll(rings).toEqual(['cem']);

  await cem.page.evaluate(() => fakecam.setGain(0));
  await expect.poll(rings).toEqual([]);
});

test('a shared screen has a tile of its own @firefox', async ({ meeting }) => {
  const [ana, ben] = await meeting.gather('ana', 'ben');
  await ben.expectToSee({ ana: 'red' });

  await ana.get('toggle-screen').click();
  await ben.expectToSee({ ana: 'red', "ana's screen": 'white' });
  await expect(ben.screens()).toBeVisible();

  await ana.get('toggle-screen').click();
  await ben.expectToSee({ ana: 'red' });

  // A second time, and ended by the browser's own "stop sharing" button.
  await ana.get('toggle-screen').click();
  await ben.expectToSee({ ana: 'red', "ana's screen": 'white' });
  await ana.page.evaluate(() => {
    const screen = fakecam.open.findLast((track) => track.label === 'Screen' && track.kind === 'video');
    screen?.stop();
    screen?.dispatchEvent(new Event('ended')); // stop() itself fires none
  });
  await ben.expectToSee({ ana: 'red' });
});

test("the browser's own devices work like the test's", async ({ meeting }) => {
  const [ana, ben] = await Promise.all([meeting.join('ana', { devices: null }), meeting.join('ben')]);
  await expect.poll(async () => (await ben.sees()).ana).toBe('green');
  expect((await ben.watch(1000)).pictures[0].fps).toBeGreaterThan(3);
  await ana.expectToSee({ ben: 'green' });
});
