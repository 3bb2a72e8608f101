// The page itself: for the keyboard, for a screen reader, for a phone, and
// for those who would attack it.
import { writeFileSync } from 'node:fs';
import { expectAccessible } from '../accessible.mjs';
import { expect, test } from '../meeting.mjs';

/** @typedef {import('@playwright/test').Page} Page */

/**
 * Presses Tab until the element with this data-testid has the focus.
 * @param {Page} page
 * @param {string} id
 */
async function tabTo(page, id) {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate(() => document.activeElement?.getAttribute('data-testid'))) === id) return;
  }
  throw new Error(`the Tab key never reaches ${id}`);
}

/**
 * Keeps a screenshot for people to look at: e2e/test-results.
 * @param {import('../person.mjs').Person} person
 * @param {import('@playwright/test').TestInfo} info
 * @param {string} name
 */
async function keep(person, info, name) {
  const path = info.outputPath(`${name}.png`);
  writeFileSync(path, await person.page.screenshot());
  await info.attach(name, { path, contentType: 'image/png' });
}

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  // In Firefox once: what axe finds in colours it finds in Chromium, too.
  test(`accessible in ${colorScheme}${colorScheme === 'dark' ? ' @firefox' : ''}`, async ({ meeting }, info) => {
    const shot = async (/** @type {string} */ where) => {
      await keep(ana, info, `${where}, ${colorScheme}`);
      await expectAccessible(ana.page, where);
    };
    const [ana, ben] = await Promise.all([
      meeting.arrive('ana', { context: { colorScheme, viewport: { width: 1280, height: 720 } } }),
      meeting.join('ben'),
    ]);
    await expect(ana.get('preview-video')).toBeVisible();
    await shot('join page');
    await ana.join();
    await ana.expectToSee({ ben: 'green' });
    await ben.get('toggle-mic').click();
    await expect(ana.tile('ben')).toHaveAttribute('data-muted', 'true');
    await shot('room');
    await ana.get('toggle-chat').click();
    await ana.get('chat-input').fill('hello');
    await ana.get('chat-send').click();
    await expect(ana.get('chat-message')).toBeVisible();
    await shot('chat');
    await ana.get('settings-button').click();
    await expect(ana.get('camera-select')).toBeVisible();
    await shot('settings');
  });
}

test('everything by keyboard @firefox', async ({ meeting }) => {
  const ben = await meeting.join('ben');
  const ana = await meeting.arrive('ana'); // the last window has the keyboard
  const { page } = ana;
  await ana.get('name-input').focus();
  await page.keyboard.type('ana');
  await tabTo(page, 'room-input');
  await page.keyboard.type('lab');
  await page.keyboard.press('Enter');
  await ana.inState('connected');
  await ana.expectToSee({ ben: 'green' });

  await tabTo(page, 'toggle-mic');
  await page.keyboard.press('Enter');
  await expect(ben.tile('ana')).toHaveAttribute('data-muted', 'true');
  await tabTo(page, 'toggle-camera');
  await page.keyboard.press('Space');
  await ben.expectToSee({ ana: 'camera off' });

  await tabTo(page, 'toggle-chat');
  await page.keyboard.press('Enter');
  if (!(await ana.get('chat-input').evaluate((input) => input === document.activeElement))) await tabTo(page, 'chat-input');
  await page.keyboard.type('no mouse');
  await page.keyboard.press('Enter');
  await ben.get('toggle-chat').click();
  await expect(ben.get('chat-message')).toContainText('no mouse');

  await tabTo(page, 'leave-button');
  await page.keyboard.press('Enter');
  await expect(ben.tile('ana')).toHaveCount(0, { timeout: 2000 });
});

test('on a phone @firefox', async ({ meeting }, info) => {
  const [ana, ben] = await Promise.all([meeting.arrive('ana', { context: { viewport: { width: 360, height: 740 } } }), meeting.join('ben')]);
  const shot = async (/** @type {string} */ where) => {
    await keep(ana, info, `${where}, phone`);
    const wider = await ana.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect.soft(wider, `${where}: pixels that stick out to the right`).toBeLessThanOrEqual(0);
  };
  await shot('join page');
  await ana.join();
  await ana.expectToSee({ ben: 'green' });
  await expect(ana.tile('ben')).toBeInViewport({ ratio: 0.9 });
  for (const id of ['toggle-mic', 'toggle-camera', 'toggle-chat', 'leave-button']) {
    await expect.soft(ana.get(id), id).toBeInViewport({ ratio: 1 });
    const box = await ana.get(id).boundingBox();
    expect.soft(Math.min(box?.width ?? 0, box?.height ?? 0), `${id}: big enough for a thumb`).toBeGreaterThanOrEqual(40);
  }
  await shot('room');
  await ana.get('toggle-chat').click();
  await expect(ana.get('chat-input')).toBeInViewport({ ratio: 1 });
  await shot('chat');
  await ben.leave();
});

test('a link brings one to the room with the name filled in @firefox', async ({ meeting }) => {
  const ana = await meeting.arrive('ana', { path: '/?room=lab%20one&name=ana%20%3Cb%3E' });
  await expect(ana.get('room-input')).toHaveValue('lab one');
  await expect(ana.get('name-input')).toHaveValue('ana <b>');
});

test('the preview shows the camera and the meter moves @firefox', async ({ meeting }) => {
  const ana = await meeting.arrive('ana', { devices: { gain: 0 } });
  const preview = () => ana.get('preview-video').evaluate((video) => probe.rgb(/** @type {HTMLVideoElement} */ (video)));
  await expect.poll(preview).toEqual([255, 0, 0]);
  const meter = async () => (await ana.get('mic-meter').screenshot()).toString('base64');
  const silent = await meter();
  await ana.page.evaluate(() => fakecam.setGain(0.3));
  await expect.poll(meter).not.toBe(silent);
});

test('the page is served with a strict content security policy', async ({ request, server }) => {
  const { headers } = await request.get(server.url).then((answer) => ({ headers: answer.headers() }));
  const policy = headers['content-security-policy'] ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toMatch(/unsafe-inline|unsafe-eval/);
  expect(headers['x-content-type-options']).toBe('nosniff');
});
