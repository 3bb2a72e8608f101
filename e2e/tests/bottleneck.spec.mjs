// A link becomes narrow and wide again: sound goes on, and the picture takes
// what there is.
import { expectAccessible } from '../accessible.mjs';
import { camerasOf } from '../cast.mjs';
import { expect, test } from '../meeting.mjs';

/** @typedef {import('../person.mjs').Person} Person */

// One camera in three sizes, which take 1.1, 0.4 and 0.15 Mbit/s of a crowd.
const full = 960;
const film = { cameras: [{ ...camerasOf('ana', [full, 540])[0], busy: true }], fps: 10 };
const large = { width: 1280, height: 720 };

const wide = 3_000_000; // bits a second
const narrow = 500_000;

/**
 * Waits until the picture of ana is as wide as it can be, or not any more, and
 * returns after how many seconds it was.
 * @param {Person} person
 * @param {boolean} whole
 * @param {number} seconds
 */
async function expectWhole(person, whole, seconds) {
  const began = Date.now();
  const arrives = async () => (await person.receives('ana'))?.width === full;
  await expect.poll(arrives, { message: `${person.name} gets all of ana's picture`, timeout: seconds * 1000, intervals: [100] }).toBe(whole);
  return (Date.now() - began) / 1000;
}

/**
 * Waits until the picture of ana takes more than the narrow link has: her
 * browser has to believe in its own bandwidth first.
 * @param {Person} person
 */
async function expectMuch(person) {
  const rate = async () => {
    const before = await person.receives('ana');
    await person.page.waitForTimeout(1000);
    const after = await person.receives('ana');
    return before && after ? (8 * (after.bytes - before.bytes)) / (after.at - before.at) : 0;
  };
  await expect.poll(rate, { message: `bits a second of ana's picture at ${person.name}`, timeout: 40_000, intervals: [0] }).toBeGreaterThan(1.7 * narrow);
}

/**
 * What went wrong with ana's picture and sound since before.
 * @param {Person} person
 * @param {{picture: Received, sound: Received}} [before]
 */
async function perceives(person, before) {
  const [picture, sound] = await Promise.all([person.receives('ana'), person.receives('ana', 'audio')]);
  if (!picture || !sound) throw new Error(`${person.name} gets nothing of ana`);
  const samples = sound.samples - (before?.sound.samples ?? 0);
  return {
    picture,
    sound,
    frozen: picture.frozen - (before?.picture.frozen ?? 0), // seconds
    madeUp: (sound.concealed - (before?.sound.concealed ?? 0)) / samples,
    rate: (picture.frames - (before?.picture.frames ?? 0)) / (picture.at - (before?.picture.at ?? 0)),
  };
}

test('on a link that becomes narrow sound stays whole, and the picture small until it is wide again', async ({ meeting, bottleneck }, info) => {
  bottleneck.narrow(wide);
  const began = Date.now();
  const [, ben] = await Promise.all([
    meeting.join('ana', { devices: film }),
    meeting.join('ben', { devices: { cameras: [], microphones: [] }, script: bottleneck.script, context: { viewport: large } }),
  ]);
  await expectWhole(ben, true, 60);
  await expectMuch(ben);
  const weak = ben.tile('ben').getByTestId('weak');
  await expect(weak).toBeHidden();

  const ready = (Date.now() - began) / 1000;
  const before = await perceives(ben);
  bottleneck.narrow(narrow);
  const smaller = await expectWhole(ben, false, 5);
  await expect(weak).toBeVisible({ timeout: 20_000 });
  await ben.page.waitForTimeout(Math.max(0, 12_000 - 1000 * smaller));
  const meanwhile = await perceives(ben, before);
  expect(meanwhile.picture.width, 'width after a while').toBeLessThan(full);

  bottleneck.narrow(wide);
  const larger = await expectWhole(ben, true, 10);
  const after = await perceives(ben, before);
  const figures = `ready after ${ready.toFixed(1)} s, smaller after ${smaller.toFixed(1)} s, frozen for ${meanwhile.frozen.toFixed(1)} s, ${meanwhile.rate.toFixed(1)} frames/s, ` +
    `large after ${larger.toFixed(1)} s, ${(100 * after.madeUp).toFixed(1)} % of the sound made up, ${after.sound.lost - before.sound.lost} packets of it lost`;
  info.annotations.push({ type: 'measured', description: figures });
  expect(after.madeUp, 'share of the sound that was made up').toBeLessThan(0.03);
  expect(after.frozen, 'seconds that the picture stood still').toBeLessThan(1.5);
  expect(meanwhile.rate, 'frames a second while it is narrow').toBeGreaterThan(2);
  await expect(weak).toBeHidden({ timeout: 40_000 });
});

test('a picture that there is no room for stands still and says so, and one hears on', async ({ meeting, bottleneck }) => {
  const small = (/** @type {import('../cast.mjs').Name} */ name) => ({ cameras: [{ ...camerasOf(name, [320, 180])[0], busy: true }] });
  const [, , ben] = await Promise.all([
    meeting.join('ana', { devices: small('ana') }),
    meeting.join('cem', { devices: { ...small('cem'), microphones: [] } }),
    meeting.join('ben', { devices: { cameras: [], microphones: [] }, script: bottleneck.script }),
  ]);
  await ben.expectToSee({ ana: 'red', cem: 'blue' });
  await ben.page.waitForTimeout(3000); // a newcomer is let off a while
  bottleneck.narrow(120_000);
  const held = ben.get('held').filter({ visible: true });
  await expect(held.first()).toContainText(/slow connection/, { timeout: 20_000 });
  await ben.expectToHear('ana');
  expect(await ben.sees(), 'the last pictures').toEqual({ ana: 'red', cem: 'blue' });
  await expectAccessible(ben.page, 'a picture that is held');

  bottleneck.narrow(wide);
  await expect(held).toHaveCount(0, { timeout: 40_000 });
});
