import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Patience, connectionOf, figures, weakness, weaknessFelt } from '../app/connection.js';

test('of a good connection there is nothing to say', () => {
  assert.deepEqual([5, 4, 3, 2, 1].map(connectionOf), ['good', 'good', 'weak', 'bad', 'bad']);
});

test('a weak connection is somebody’s', () => {
  assert.equal(weakness('weak', 'Ana'), 'Ana’s connection is weak');
  assert.equal(weakness('bad', 'Ana'), 'Ana’s connection is very weak');
  assert.equal(weakness('weak', ''), 'Your connection is weak');
});

test('what is said of one’s own is what one notices', () => {
  const felt = (of) => weaknessFelt({ participant: 'me', score: 2, ...of });
  assert.equal(felt({}), 'Your connection is slow. Pictures are smaller or paused for now.');
  assert.equal(felt({ bitrate: 300_000, loss: 0.02, rtt: 80 }), 'Your connection is slow. Pictures are smaller or paused for now.');
  assert.match(felt({ rtt: 450 }), /hear you late/);
  assert.match(felt({ loss: 0.05, rtt: 450 }), /break up/);
});

test('figures as people read them', () => {
  const of = { participant: 'me', score: 4, bitrate: 1_840_000, loss: 0.0124, rtt: 48 };
  assert.deepEqual(figures(of), { state: 'Good', carries: '1.8 Mbit/s', lost: '1.2%', trip: '48 ms' });
  assert.deepEqual(figures({ participant: 'me', score: 1 }), { state: 'Very weak', carries: 'Not known yet', lost: '0%', trip: 'Not known yet' });
  const rates = [300, 999_499, 999_500, 12_340_000].map((bitrate) => figures({ ...of, bitrate }).carries);
  assert.deepEqual(rates, ['0 kbit/s', '999 kbit/s', '1.0 Mbit/s', '12.3 Mbit/s']);
});

test('it is said once, and again only after a minute that was good', () => {
  const patience = new Patience();
  const hear = (connection, seconds) => patience.hear(connection, seconds * 1000);
  assert.deepEqual([hear('good', 1), hear('good', 500)], [false, false]);
  assert.equal(hear('weak', 501), true);
  assert.deepEqual([hear('bad', 503), hear('weak', 600), hear('weak', 900)], [false, false, false]);
  assert.deepEqual([hear('good', 901), hear('weak', 960)], [false, false], 'good for less than a minute');
  assert.deepEqual([hear('good', 961), hear('good', 1000), hear('bad', 1021)], [false, false, true]);
});
