// People see and hear one another through the server.
import { chromium, firefox } from '@playwright/test';
import { firefoxOptions, wholeChromiumOptions } from '../browsers.mjs';
import { expect, test } from '../meeting.mjs';

/** @typedef {import('../person.mjs').Person} Person */

/**
 * For some seconds on end, the pictures of everybody else move as their
 * cameras do, and are of now. A busy machine may need another try.
 * @param {Person[]} people
 */
async function expectMotion(people) {
  await expect(() => expectMotionNow(people)).toPass({ timeout: 30_000, intervals: [0] });
}

/** @param {Person[]} people */
async function expectMotionNow(people) {
  const watched = await Promise.all(people.map((person) => person.watch(3000)));
  const sent = Object.fromEntries(people.map(({ name }, i) => [name, watched[i].sent]));
  for (const [i, { pictures }] of watched.entries()) {
    expect(pictures).toHaveLength(people.length - 1);
    for (const { name, fps, freezes, age } of pictures) {
      const what = `what ${people[i].name} sees of ${name}`;
      expect(sent[name], `frames per second that ${name}'s camera gives`).toBeGreaterThan(3);
      expect(fps, `${what}: frames per second of ${sent[name]}`).toBeGreaterThanOrEqual(0.7 * sent[name]);
      expect(freezes, `${what}: freezes`).toBeLessThanOrEqual(2);
      expect(age, `${what}: age in ms`).toBeLessThan(1000);
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
  await expectMotion([ana, ben, cem]);
}

test('three people see and hear exactly the other two @firefox', async ({ meeting }) => {
  const [ana, ben, cem] = await meeting.gather('ana', 'ben', 'cem');
  await expectThree(ana, ben, cem);
  for (const person of [ana, ben, cem]) expect(await person.tile(person.name).getAttribute('data-own')).toBe('true');
});

test('Chromium, all of it, and Firefox meet', async ({ meeting }) => {
  const browsers = await Promise.all([chromium.launch(wholeChromiumOptions), firefox.launch(firefoxOptions)]);
  try {
    const [ana, ben] = await Promise.all([meeting.join('ana', { browser: browsers[0] }), meeting.join('ben', { browser: browsers[1] })]);
    await ana.expectToSee({ ben: 'green' });
    await ben.expectToSee({ ana: 'red' });
    await ana.expectToHear('ben');
    await ben.expectToHear('ana');
    await expectMotion([ana, ben]);
    await ben.leave();
    await expect(ana.tile('ben')).toHaveCount(0, { timeout: 2000 });
    await ana.leave();
  } finally {
    await Promise.all(browsers.map((browser) => browser.close()));
  }
});

test('someone who comes late sees and hears everybody, and is seen', async ({ meeting }) => {
  const [ana, ben] = await meeting.gather('ana', 'ben');
  await ana.expectToSee({ ben: 'green' });
  await ben.expectToSee({ ana: 'red' });
  await ana.page.waitForTimeout(2000); // late: every keyframe was sent long ago

  const dora = await meeting.join('dora');
  await dora.expectToSee({ ana: 'red', ben: 'green' });
  await dora.expectToHear('ana', 'ben');
  await ana.expectToSee({ ben: 'green', dora: 'yellow' });
  await ben.expectToHear('ana', 'dora');
});

test('rooms do not see one another', async ({ meeting }) => {
  const [ana, ben] = await Promise.all([meeting.join('ana', { path: '/?room=one&name=ana' }), meeting.join('ben', { path: '/?room=two&name=ben' })]);
  await ana.page.waitForTimeout(1000);
  expect(await ana.sees()).toEqual({});
  expect(await ben.hears()).toEqual([]);
});
