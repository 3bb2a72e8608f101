// People see and hear one another through the server.
import { chromium, firefox } from '@playwright/test';
import { chromiumOptions, firefoxOptions } from '../browsers.mjs';
import { frameRate } from '../cast.mjs';
import { expect, test } from '../meeting.mjs';

/** @typedef {import('../person.mjs').Person} Person */

/**
 * The pictures of everybody else move, and are of now.
 * @param {Person[]} people
 * @param {number} ms
 */
async function expectMotion(people, ms) {
  const watched = await Promise.all(people.map((person) => person.watch(ms)));
  for (const [i, pictures] of watched.entries()) {
    expect(pictures).toHaveLength(people.length - 1);
    for (const picture of pictures) {
      const what = `what ${people[i].name} sees of ${picture.name}`;
      expect.soft(picture.fps, `${what}: frames per second`).toBeGreaterThanOrEqual(0.7 * frameRate);
      expect.soft(picture.freezes, `${what}: freezes`).toBeLessThanOrEqual(2);
      expect.soft(picture.age, `${what}: age in ms`).toBeLessThan(1000);
    }
  }
}

/**
 * Everybody sees and hears exactly the others.
 * @param {Person} ana
 * @param {Person} ben
 * @param {Person} cem
 */
async function expectThree(ana, ben, cem) {
  await ana.expectToSee({ ben: 'green', cem: 'blue' });
  await ben.expectToSee({ ana: 'red', cem: 'blue' });
  await cem.expectToSee({ ana: 'red', ben: 'green' });
  await ana.expectToHear('ben', 'cem');
  await ben.expectToHear('ana', 'cem');
  await cem.expectToHear('ana', 'ben');
  await expectMotion([ana, ben, cem], 5000);
}

test('three people see and hear exactly the other two @firefox', async ({ meeting }) => {
  const [ana, ben, cem] = [await meeting.join('ana'), await meeting.join('ben'), await meeting.join('cem')];
  await expectThree(ana, ben, cem);
  for (const person of [ana, ben, cem]) expect(await person.tile(person.name).getAttribute('data-own')).toBe('true');
});

test('Chromium and Firefox meet', async ({ meeting, browserName }) => {
  const other = browserName === 'chromium' ? await firefox.launch(firefoxOptions) : await chromium.launch(chromiumOptions);
  try {
    const ana = await meeting.join('ana');
    const ben = await meeting.join('ben', { browser: other });
    await ana.expectToSee({ ben: 'green' });
    await ben.expectToSee({ ana: 'red' });
    await ana.expectToHear('ben');
    await ben.expectToHear('ana');
    await expectMotion([ana, ben], 5000);
    await ben.leave();
    await expect(ana.tile('ben')).toHaveCount(0, { timeout: 2000 });
  } finally {
    await other.close();
  }
});

test('someone who comes late sees and hears everybody, and is seen', async ({ meeting }) => {
  const [ana, ben] = [await meeting.join('ana'), await meeting.join('ben')];
  await ana.expectToSee({ ben: 'green' });
  await ben.expectToSee({ ana: 'red' });
  await ana.page.waitForTimeout(3000); // late: every keyframe was sent long ago

  const dora = await meeting.join('dora');
  await dora.expectToSee({ ana: 'red', ben: 'green' });
  await dora.expectToHear('ana', 'ben');
  await ana.expectToSee({ ben: 'green', dora: 'yellow' });
  await ben.expectToHear('ana', 'dora');
});

test('rooms do not see one another', async ({ meeting }) => {
  const ana = await meeting.arrive('ana');
  await ana.join('one');
  const ben = await meeting.arrive('ben');
  await ben.join('two');
  await ana.page.waitForTimeout(2000);
  expect(await ana.sees()).toEqual({});
  expect(await ben.hears()).toEqual([]);
});
