import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeStream, FakeTrack, install } from './fakes.js';

install();
const { Roster } = await import('../client/roster.js');
const { SlotTable, carry } = await import('../client/slots.js');

const person = (id, ...tracks) => ({ id, name: id.toUpperCase(), role: 'member', tracks });
const track = (id, source, muted = false) => ({ id, mid: '1', kind: source === 'camera' ? 'video' : 'audio', source, muted });

test('people come, change and go', () => {
  const roster = new Roster();
  const types = [
    { type: 'participant_joined', participant: person('a') },
    { type: 'track_published', participant: 'a', track: track('t1', 'camera') },
    { type: 'track_updated', participant: 'a', track: track('t1', 'camera', true) },
    { type: 'participant_updated', participant: { ...person('a', track('t1', 'camera')), name: 'Ana' } },
    { type: 'track_unpublished', participant: 'a', track: 't1' },
    { type: 'participant_left', participant: 'a', reason: 'left' },
  ].flatMap((m) => roster.apply(m).map((c) => c.type));
  assert.deepEqual(types, ['participant-joined', 'track-published', 'track-updated', 'participant-updated', 'track-unpublished', 'participant-left']);
  assert.equal(roster.participants.size, 0);
});

test('news about strangers change nothing', () => {
  const roster = new Roster();
  for (const message of [
    { type: 'track_published', participant: 'x', track: track('t', 'camera') },
    { type: 'track_unpublished', participant: 'x', track: 't' },
    { type: 'participant_left', participant: 'x', reason: 'left' },
  ]) assert.deepEqual(roster.apply(message), []);
});

test('a whole list says who left meanwhile and keeps who stayed', () => {
  const roster = new Roster();
  roster.reset([person('a'), person('b')]);
  const b = roster.participants.get('b');
  const changes = roster.reset([person('b', track('t', 'microphone')), person('c')]);
  assert.deepEqual(changes.map((c) => `${c.type} ${c.participant.id}`), ['participant-left a', 'participant-updated b', 'participant-joined c']);
  assert.equal(roster.participants.get('b'), b);
  assert.ok(b.sends('microphone'));
});

test('a source is sent when it is there and not muted', () => {
  const roster = new Roster();
  roster.reset([person('a', track('m', 'microphone', true), track('c', 'camera'))]);
  const a = roster.participants.get('a');
  assert.deepEqual(['microphone', 'camera', 'screen'].map((s) => a.sends(s)), [false, true, false]);
});

test('how a picture flows is remembered, whatever else is said about its track', () => {
  const roster = new Roster();
  roster.reset([person('a', track('c', 'camera'))]);
  const a = roster.participants.get('a');
  const state = { type: 'track_state', track: 'c', state: 'paused', reason: 'bandwidth', width: 0, height: 0 };
  const [change] = roster.apply(state);
  assert.deepEqual([change.type, change.participant.id, change.track.reason], ['track-state', 'a', 'bandwidth']);
  roster.apply({ type: 'track_updated', participant: 'a', track: track('c', 'camera', true) });
  roster.reset([person('a', track('c', 'camera'))]);
  assert.deepEqual([a.track('camera').state, a.track('camera').muted], ['paused', false]);
  roster.apply({ type: 'track_state', track: 'c', state: 'active', width: 640, height: 360 });
  const { reason, width, height } = a.track('camera');
  assert.deepEqual([reason, width, height], [undefined, 640, 360]);
  assert.deepEqual(roster.apply({ ...state, track: 'unknown' }), []);
});

test('who does not speak any more is silent', () => {
  const roster = new Roster();
  roster.reset([person('a'), person('b')]);
  roster.speak([{ participant: 'a', level: 0.5 }, { participant: 'gone', level: 1 }]);
  assert.deepEqual([...roster.participants.values()].map((p) => p.speaking), [true, false]);
  roster.speak([{ participant: 'b', level: 0.2 }]);
  assert.deepEqual([...roster.participants.values()].map((p) => p.speaking), [false, true]);
});

test('a connection is good until something else is said, and after a welcome again', () => {
  const roster = new Roster();
  roster.reset([person('a'), person('b')]);
  const a = roster.participants.get('a');
  assert.equal(a.score, 5);
  assert.equal(roster.rate('a', 2), a);
  roster.apply({ type: 'participant_updated', participant: person('a') });
  assert.deepEqual([...roster.participants.values()].map((p) => p.score), [2, 5]);
  assert.equal(roster.rate('gone', 1), undefined);
  roster.reset([person('a'), person('b')]);
  assert.equal(a.score, 5);
});

test('slots say who is received where', () => {
  const infos = { c: track('c', 'camera'), m: track('m', 'microphone'), s: { ...track('s', 'screen'), kind: 'video' } };
  const table = new SlotTable();
  const slot = (mid, trackID, participant) => ({ mid, track: trackID, participant });
  assert.ok(table.apply({ version: 4, slots: [slot('0', 'm', 'a'), slot('3', 'c', 'a'), slot('4', 's', 'a'), slot('5', null, null), slot('9', 'c', 'b')] }));
  const known = ['0', '3', '4', '5'];
  const resolve = () => Object.fromEntries(table.resolve((mid) => (known.includes(mid) ? `r${mid}` : null), (p, t) => (p === 'a' || known.includes('9') ? infos[t] : undefined)));
  assert.deepEqual(resolve(), { a: { camera: ['r0', 'r3'], screen: ['r4'] } });

  known.push('9'); // the section, and the roster's row, come later
  assert.deepEqual(resolve().b, { camera: ['r9'], screen: [] });

  assert.equal(table.apply({ version: 3, slots: [] }), false);
  assert.ok('a' in resolve());
  assert.ok(table.apply({ version: 4, slots: [] }), 'said again after a reconnect');
  assert.deepEqual(resolve(), {});
});

test('a stream stays the same while its tracks change', () => {
  const [one, two] = [new FakeTrack('audio'), new FakeTrack('video')];
  const stream = new FakeStream([one]);
  assert.equal(carry(stream, [one]), false);
  assert.equal(carry(stream, [two]), true);
  assert.deepEqual(stream.getTracks(), [two]);
  assert.equal(carry(stream, []), true);
  assert.deepEqual(stream.getTracks(), []);
});
