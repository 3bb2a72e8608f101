// What people may see of how it goes, and what they let the operator know.
import { writeFileSync } from 'node:fs';
import { expectAccessible } from '../accessible.mjs';
import { expect, test } from '../meeting.mjs';

/** @typedef {import('../person.mjs').Person} Person */

/**
 * The figures over somebody's tile, by their names.
 * @param {Person} person
 * @param {string} name
 * @returns {Promise<Record<string, string>>}
 */
async function readings(person, name) {
  return person.tile(name).getByTestId('readings').evaluate((element) =>
    Object.fromEntries([...element.querySelectorAll('p')].map((p) => [p.querySelector('b')?.textContent ?? '', p.lastChild?.textContent ?? ''])),
  );
}

/**
 * @param {Person} person
 * @param {import('@playwright/test').TestInfo} info
 * @param {string} name
 */
async function keep(person, info, name) {
  const path = info.outputPath(`${name}.png`);
  writeFileSync(path, await person.page.screenshot());
  await info.attach(name, { path, contentType: 'image/png' });
}

test('figures over the pictures are those of the pictures @firefox', async ({ meeting }, info) => {
  const [ana, ben] = await Promise.all([meeting.join('ana', { context: { viewport: { width: 1280, height: 720 } } }), meeting.join('ben')]);
  await ana.expectToSee({ ben: 'green' });
  await expect(ana.get('readings').filter({ visible: true })).toHaveCount(0);
  await ana.page.keyboard.press('f');
  await expect(ana.tile('ben').getByTestId('readings')).toBeVisible();

  // fakecam's picture is 640x360, with 15 frames a second where the machine can.
  await expect.poll(async () => (await readings(ana, 'ben')).picture, { message: "ben's picture" }).toMatch(/^640×360, ([6-9]|1\d) fps$/);
  const { rate, lost, asked, sound, score } = await readings(ana, 'ben');
  expect(rate).toMatch(/^\d+ kbit\/s VP8$/);
  expect(lost).toMatch(/^0\.0%, jitter \d+(\.\d)? ms$/);
  expect(asked).toMatch(/^\d+×\d+$/);
  expect(sound).toMatch(/^\d+ kbit\/s opus, \d+\.\d% made up$/);
  expect(score).toMatch(/^[1-5] of 5$/);
  await expect.poll(async () => Object.keys(await readings(ana, 'ana')), { message: "ana's encodings" }).toEqual(['h', 'q', 'lost', 'sound', 'trip', 'score']);
  expect((await readings(ana, 'ana')).h).toMatch(/^640×360, \d+ fps, \d+ kbit\/s/);
  await keep(ana, info, 'figures');
  await expectAccessible(ana.page, 'figures');

  await ben.get('toggle-camera').click();
  await expect.poll(async () => (await readings(ana, 'ben')).picture).toBe('off');
  await ana.get('settings-button').click();
  await expect(ana.get('people-figures')).toContainText('ben');
  await expect(ana.get('people-figures')).toContainText('sound');
  await keep(ana, info, 'figures in the settings');
  await expectAccessible(ana.page, 'figures in the settings');
  await ana.get('figures-switch').uncheck();
  await expect(ana.get('readings').filter({ visible: true })).toHaveCount(0);
});

test('figures on a phone, of few and of many', async ({ meeting }, info) => {
  const [ana, ben] = await Promise.all([meeting.join('ana', { context: { viewport: { width: 360, height: 740 } } }), meeting.join('ben')]);
  await ana.expectToSee({ ben: 'green' });
  await ana.page.keyboard.press('f');
  await expect.poll(async () => (await readings(ana, 'ben')).picture).toMatch(/^640×360/);
  await keep(ana, info, 'figures, phone');
  await ana.page.setViewportSize({ width: 740, height: 360 });
  await ana.page.waitForTimeout(1500); // the tiles move, for a person to look at
  await keep(ana, info, 'figures, phone on its side');
  await ana.page.setViewportSize({ width: 360, height: 280 });
  await ana.page.waitForTimeout(1500);
  for (const tile of await ana.page.getByTestId('tile').all()) {
    const [box, inner] = [await tile.boundingBox(), await tile.getByTestId('readings').boundingBox()];
    expect.soft((inner?.y ?? 0) - (box?.y ?? 0), 'figures stay within their tile').toBeGreaterThanOrEqual(0);
  }
  await keep(ana, info, 'figures, small');
  await ben.leave();
});

test('nothing is reported without consent, and with it the server counts @firefox', async ({ meeting, server }) => {
  const taken = async () => (await server.metrics()).sum('sfu_client_reports_total', 'outcome="taken"');
  const ben = await meeting.join('ben'); // who does not agree
  const ana = await meeting.arrive('ana', { path: '/?room=lab&name=ana' });
  await expect(ana.get('reports-switch')).not.toBeChecked();
  await ana.get('reports-switch').check();
  await ana.enter();
  await ana.expectToSee({ ben: 'green' });
  await expect.poll(taken, { message: 'reports taken', timeout: 30_000 }).toBeGreaterThanOrEqual(1);

  const [first] = await ana.page.evaluate(() => wiretap.messages.filter(({ message }) => message.type === 'report').map(({ message }) => message));
  expect(Object.keys(first.steps).sort()).toEqual(['connected', 'devices', 'picture', 'socket', 'sound', 'welcome']);
  const { devices, socket, welcome, connected, picture } = first.steps;
  expect([devices, socket, welcome, connected, picture], 'the steps of a join').toEqual([devices, socket, welcome, connected, picture].toSorted((a, b) => a - b));
  expect(first.pictures).toHaveLength(1);
  expect(first.pictures[0].watched, 'milliseconds watched').toBeGreaterThan(3000);
  expect((1000 * first.pictures[0].frames) / first.pictures[0].watched, 'frames a second').toBeGreaterThan(4);
  expect(first.sounds).toHaveLength(1);
  const { sum } = await server.metrics();
  expect(sum('sfu_client_reports_total', 'outcome="malformed"')).toBe(0);
  expect(sum('sfu_client_join_step_seconds_count', 'step="picture"')).toBe(1);
  expect(sum('sfu_client_frames_per_second_count')).toBeGreaterThanOrEqual(1);

  // Who changes their mind is heard of no more.
  await ana.get('settings-button').click();
  await ana.get('reports-switch').uncheck();
  const [said, counted] = [await ana.messages('report'), await taken()];
  await ana.page.waitForTimeout(11_000);
  expect(await ana.messages('report')).toBe(said);
  expect(await taken()).toBe(counted);
  expect(await ben.messages('report'), 'reports of who did not agree').toBe(0);
});
