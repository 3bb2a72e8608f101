import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Budget, backoff } from '../client/backoff.js';
import { senderOf } from '../client/channels.js';
import { remedy } from '../client/errors.js';
import { decode, encode } from '../client/protocol.js';
import { fileSize, hue, initials, inviteLink, links, pageAt, roomOf, several } from '../app/words.js';

test('waits grow from 0.3 to 5 seconds and differ between clients', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 1000].map((n) => backoff(n, 0)), [300, 600, 1200, 2400, 4800, 5000, 5000]);
  assert.equal(backoff(0, 1), 225);
});

test('a budget is spent, and comes back with time', () => {
  const budget = new Budget(2, 1000);
  assert.deepEqual([0, 10, 20, 999, 1005, 1006].map((t) => budget.take(t)), [true, true, false, false, true, false]);
});

test('only a data channel that names its sender has one', () => {
  assert.equal(senderOf('from=p1'), 'p1');
  assert.equal(senderOf('to=p1'), '');
  assert.equal(senderOf(''), '');
});

test('an error is answered by what helps', () => {
  const table = { not_found: 'rebuild', internal: 'rebuild', negotiation_failed: 'rebuild', draining: 'retry', slow_consumer: 'retry', removed: 'end', room_full: 'end', other: 'end' };
  for (const [code, want] of Object.entries(table)) assert.equal(remedy(code), want, code);
});

test('only an object with a type is a message', () => {
  assert.deepEqual(decode('{"type":"leave","x":1}'), { type: 'leave', x: 1 });
  for (const bad of ['', '{', 'null', '1', '[]', '{"type":1}', '{}', new ArrayBuffer(1), undefined]) assert.equal(decode(bad), null);
  assert.equal(encode({ type: 'ice', candidate: null }), '{"type":"ice","candidate":null}');
});

test('initials', () => {
  const table = { Ana: 'A', 'Ben Okafor': 'BO', 'João Pedro Almeida': 'JA', 'ada.lovelace': 'AL', '李 雷': '李雷', '  x  ': 'X', '': '?', '🦊': '?', '🦊 fox': 'F', 'élan vital': 'ÉV' };
  for (const [name, want] of Object.entries(table)) assert.equal(initials(name), want, name);
});

test('a name always has its hue, and names differ', () => {
  const hues = ['Ana', 'Ben', 'Chiara', 'Dmitri', 'Eun-ji', 'Farah', 'Günther'].map(hue);
  assert.deepEqual(hues, ['Ana', 'Ben', 'Chiara', 'Dmitri', 'Eun-ji', 'Farah', 'Günther'].map(hue));
  assert.ok(new Set(hues).size > 5);
  for (const h of [...hues, hue('')]) assert.ok(h >= 0 && h < 360);
});

test('an invite link leads back to its room', () => {
  const rooms = ['standup', 'Café crew', 'a/b', '..', '.', 'x%2Fy', 'q?&#', '会議室', ' lead', 'a//b', '🦊'];
  for (const room of rooms) assert.equal(roomOf(new URL(inviteLink('https://meet.example', room))), room, room);
  assert.equal(inviteLink('https://meet.example', 'standup'), 'https://meet.example/r/standup');
  assert.equal(pageAt('https://b.example/x?y', 'standup'), 'https://b.example/r/standup');
  for (const bad of ['javascript:alert(1)', 'data:text/html,x', 'b.example', '']) assert.equal(pageAt(bad, 'standup'), '', bad);
  assert.equal(roomOf(new URL('https://meet.example/')), '');
  assert.equal(roomOf(new URL('https://meet.example/r/%E0%A4%A')), '');
  assert.equal(roomOf(new URL('https://meet.example/r/x/')), 'x');
});

test('links are found and nothing else is', () => {
  assert.deepEqual(links('see https://a.example/x?y=1, ok'), [
    { text: 'see ' }, { text: 'https://a.example/x?y=1', href: 'https://a.example/x?y=1' }, { text: ', ok' },
  ]);
  for (const none of ['', 'plain', 'javascript:alert(1)', 'data:text/html,x', 'www.example.org', 'http://']) {
    assert.ok(links(none).every((p) => !p.href), none);
  }
  const text = 'a <b>https://x.example</b> http://y.example/(z)';
  assert.equal(links(text).map((p) => p.text).join(''), text);
});

test('sizes and several names', () => {
  assert.deepEqual([0, 1023, 2048, 1.5 * 1024 * 1024].map(fileSize), ['0 B', '1023 B', '2 KB', '1.5 MB']);
  assert.deepEqual([['Ana'], ['Ana', 'Ben'], ['Ana', 'Ben', 'C', 'D']].map(several), ['Ana', 'Ana and Ben', 'Ana and 3 others']);
});
