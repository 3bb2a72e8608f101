import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Account } from '../client/account.js';
import { Stills } from '../client/stills.js';

// A story of looks, a second apart: what has come so far at each of them.
const started = 1_800_000_000_000;
const at = (second, more = {}) => ({ at: started + second * 1000, whole: 0, frames: 0, freezes: 0, frozen: 0, samples: 0, concealed: 0, ...more });
const watch = (account, id, looks) => looks.slice(1).forEach((now, i) => account.picture(id, looks[i], now));

test('what was seen in an interval', () => {
  const account = new Account();
  watch(account, 'a', [at(0, { frames: 100, whole: 100 }), at(1, { frames: 130, whole: 130 }), at(2, { frames: 150, whole: 152, freezes: 1, frozen: 400.4 })]);
  assert.deepEqual(account.take(), { interval: 2000, pictures: [{ watched: 2000, frames: 50, undecoded: 0, freezes: 1, frozen: 400 }], sounds: [] });
  assert.equal(account.take(), null, 'nothing twice');
});

test('a picture that is not watched all the time tells of its time alone', () => {
  const account = new Account();
  watch(account, 'a', [at(0), at(1, { frames: 30, whole: 30 })]);
  watch(account, 'b', [at(0), at(1, { frames: 30, whole: 30 }), at(2, { frames: 60, whole: 60 })]);
  assert.deepEqual(account.take().pictures.map(({ watched, frames }) => [watched, frames]), [[1000, 30], [2000, 60]]);
});

test('a freeze is told while it lasts, and not again when it is over', () => {
  const account = new Account();
  watch(account, 'a', [at(0, { frames: 30, whole: 30 }), at(1, { frames: 30, whole: 30 }), at(2, { frames: 30, whole: 30 })]);
  assert.equal(account.take().pictures[0].frozen, 2000, 'it has not moved at all');
  watch(account, 'a', [at(2, { frames: 30, whole: 30 }), at(3, { frames: 40, whole: 40, freezes: 1, frozen: 2600 })]);
  const { freezes, frozen } = account.take().pictures[0];
  assert.deepEqual([freezes, frozen], [1, 600]);
});

test('of freezes of which the browser does not tell nothing is made up', () => {
  const account = new Account();
  watch(account, 'a', [at(0, { frozen: undefined, freezes: undefined }), at(1, { frames: 9, whole: 9, frozen: undefined, freezes: undefined })]);
  assert.deepEqual(account.take().pictures, [{ watched: 1000, frames: 9, undecoded: 0 }]);
});

test('frames that wait for the decoder are not lost, those that stay behind are', () => {
  const account = new Account();
  watch(account, 'a', [at(0), at(1, { whole: 33, frames: 30 }), at(2, { whole: 60, frames: 60 })]);
  assert.equal(account.take().pictures[0].undecoded, 0);
  watch(account, 'a', [at(2, { whole: 60, frames: 60 }), at(3, { whole: 96, frames: 88 }), at(4, { whole: 120, frames: 115 })]);
  assert.equal(account.take().pictures[0].undecoded, 5);
  watch(account, 'a', [at(4, { whole: 120, frames: 115 }), at(5, { whole: 150, frames: 145 })]);
  assert.equal(account.take().pictures[0].undecoded, 0, 'told once');
});

test('sound', () => {
  const account = new Account();
  account.sound('a', at(0), at(1, { samples: 48_000, concealed: 480 }));
  account.sound('a', at(1, { samples: 48_000, concealed: 480 }), at(2, { samples: 96_000, concealed: 480 }));
  account.sound('b', at(0), at(1)); // nothing was played
  assert.deepEqual(account.take(), { interval: 2000, pictures: [], sounds: [{ samples: 96_000, concealed: 480 }] });
});

test('nothing is told that the server would not believe', () => {
  const account = new Account();
  watch(account, 'a', [at(0), at(1, { frames: 5000, whole: 9000, freezes: 70, frozen: 30_000 })]);
  account.sound('a', at(0), at(1, { samples: 999_999, concealed: 9_999_999 }));
  const { pictures: [picture], sounds: [sound] } = account.take();
  assert.deepEqual(picture, { watched: 1000, frames: 1000, undecoded: 1000, freezes: 7, frozen: 1000 });
  assert.deepEqual(sound, { samples: 192_000, concealed: 192_000 });
  for (let i = 0; i < 80; i++) account.picture(`p${i}`, at(0), at(1, { frames: 1, whole: 1 }));
  assert.equal(account.take().pictures.length, 64);
  watch(account, 'a', [at(0), at(61, { frames: 1, whole: 1 })]);
  assert.equal(account.take(), null, 'a computer that slept');
  watch(account, 'a', [at(5), at(5)]);
  assert.equal(account.take(), null, 'no time has passed');
});

test('a freeze is an interval that is long beside the others', () => {
  const stills = new Stills();
  let now = 1000;
  const frames = (...intervals) => intervals.forEach((each) => stills.frame((now += each)));
  frames(0, 33, 33, 33, 182); // less than 33 + 150
  assert.deepEqual([stills.freezes, stills.frozen], [0, 0]);
  frames(33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33, 33);
  frames(184);
  assert.deepEqual([stills.freezes, stills.frozen], [1, 184]);
  stills.pause(); // muted for a minute
  frames(60_000, 33);
  assert.equal(stills.freezes, 1);
  const slow = new Stills();
  for (let i = 1; i < 9; i++) slow.frame(i * 500);
  slow.frame(8 * 500 + 1400); // less than three times as long
  assert.equal(slow.freezes, 0);
});
