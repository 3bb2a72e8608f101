// How people go: by the button, by closing the page, by dying, and not at all.
import { chromium } from '@playwright/test';
import { chromiumOptions } from '../browsers.mjs';
import { expect, test } from '../meeting.mjs';

test('whoever leaves is gone at once @firefox', async ({ meeting }) => {
  const [ana, ben, cem] = await meeting.gather('ana', 'ben', 'cem');
  await ana.expectToSee({ ben: 'green', cem: 'blue' });

  await ben.leave();
  await expect(ana.tile('ben')).toHaveCount(0, { timeout: 2000 });
  await expect.poll(() => ben.openDevices(), { message: "ben's devices are off" }).toBe(0);

  await cem.page.goto('about:blank'); // the page goes without the button
  await expect(ana.tile('cem')).toHaveCount(0, { timeout: 2000 });
});

test('whoever leaves can come back @firefox', async ({ meeting }) => {
  const [ana, ben] = await meeting.gather('ana', 'ben');
  await ana.expectToSee({ ben: 'green' });
  await ben.leave();
  await expect(ana.tile('ben')).toHaveCount(0, { timeout: 2000 });
  await ben.page.goto(meeting.url);
  await ben.join();
  await ana.expectToSee({ ben: 'green' });
  await ana.expectToHear('ben');
  await ben.expectToSee({ ana: 'red' });
});

test('whose browser is killed is gone within 10 seconds', async ({ meeting }) => {
  const doomed = await chromium.launchServer(chromiumOptions);
  const browser = await chromium.connect(doomed.wsEndpoint());
  const [ana] = await Promise.all([meeting.join('ana'), meeting.join('ben', { browser })]);
  await ana.expectToSee({ ben: 'green' });

  await doomed.kill();
  await expect(ana.tile('ben')).toHaveCount(0, { timeout: 10_000 });
  await ana.inState('connected');
});

test('a lost socket is not a lost participant @firefox', async ({ meeting, path }) => {
  const [ana, ben] = await Promise.all([meeting.join('ana', { url: path.url }), meeting.join('ben')]);
  await ana.expectToSee({ ben: 'green' });
  await ben.expectToSee({ ana: 'red' });
  meeting.expectComplaint(/^ana's .*(WebSocket|ws:\/\/)/);

  path.cut();
  await ana.inState('reconnecting');
  const banner = ana.page.locator('[data-testid="banner"][data-kind="reconnecting"]');
  await expect(banner).toBeVisible();
  const [atAna, atBen] = await Promise.all([ana.watch(2000), ben.watch(2000)]);
  expect(atAna.pictures[0].fps, 'media goes on without signalling').toBeGreaterThan(0.5 * atBen.sent);
  expect(atBen.pictures[0].fps, 'and the other way').toBeGreaterThan(0.5 * atAna.sent);

  path.mend();
  await ana.inState('connected');
  await expect(banner).toBeHidden();
  expect(await ana.sees()).toEqual({ ben: 'green' });
  await expect(ben.tile('ana')).toHaveCount(1);

  // Signalling works again, and news of the time in between has arrived.
  await ben.get('toggle-mic').click();
  await expect(ana.tile('ben')).toHaveAttribute('data-muted', 'true');
});
