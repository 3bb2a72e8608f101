import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakePeerConnection, settle } from './fakes.js';
import { Negotiation } from '../client/negotiation.js';

function begin(t) {
  const pc = new FakePeerConnection();
  const sent = [];
  const seen = [];
  const negotiation = new Negotiation(pc, {
    send: (m) => sent.push(m),
    tracks: () => pc.transceivers.filter((x) => x.direction === 'sendonly' && x.mid !== null).map((x) => ({ mid: x.mid, source: 'camera', muted: false })),
    negotiated: () => seen.push('negotiated'),
    stalled: () => seen.push('stalled'),
    failed: (e) => seen.push(`failed: ${e.message}`),
  });
  t.after(() => negotiation.close());
  const said = () => sent.splice(0).map((m) => `${m.type} ${m.id ?? m.candidate?.candidate ?? m.candidate}`);
  const hears = async (...messages) => {
    for (const m of messages) negotiation.handle(m);
    await settle();
    return said();
  };
  return { pc, sent, seen, negotiation, said, hears };
}

const offer = (id, sdp = `server ${id}`) => ({ type: 'offer', id, sdp });
const answer = (id, sdp = `server answers ${id}`) => ({ type: 'answer', id, sdp });
const publish = (pc) => pc.addTransceiver('video', { direction: 'sendonly' });

test('the first offer goes out before its candidates, with what is sent', async (t) => {
  const { pc, sent, seen, hears, said } = begin(t);
  publish(pc);
  publish(pc);
  await settle();
  assert.deepEqual(sent[0], { type: 'offer', id: 1, sdp: 'offer 2 g0', tracks: [{ mid: '0', source: 'camera', muted: false }, { mid: '1', source: 'camera', muted: false }] });
  assert.deepEqual(said(), ['offer 1', 'ice candidate of offer']);
  assert.deepEqual(await hears(answer(1)), []);
  assert.equal(pc.signalingState, 'stable');
  assert.deepEqual(seen, ['negotiated']);
});

test('an answer that nobody waits for is dropped', async (t) => {
  const { pc, hears } = begin(t);
  publish(pc);
  await settle();
  await hears(answer(7), answer(1), answer(1));
  assert.deepEqual(pc.log, ['local offer', 'remote answer']);
});

test('the server offers, and is answered with its id', async (t) => {
  const { pc, hears, said } = begin(t);
  publish(pc);
  await settle();
  said();
  assert.deepEqual(await hears(answer(1), offer(1)), ['answer 1', 'ice candidate of answer']);
});

test('glare: ours is rolled back, theirs answered, ours made again', async (t) => {
  const { pc, hears, said } = begin(t);
  publish(pc);
  await settle();
  await hears(answer(1));
  publish(pc);
  await settle();
  assert.deepEqual(said().slice(-2), ['offer 2', 'ice candidate of offer']);
  const reply = await hears(offer(1));
  assert.deepEqual(reply.filter((m) => !m.startsWith('ice')), ['answer 1', 'offer 3']);
  assert.ok(pc.log.includes('rollback'));
  await hears(answer(2)); // to the offer that was rolled back: too late
  assert.equal(pc.signalingState, 'have-local-offer');
  await hears(answer(3));
  assert.equal(pc.signalingState, 'stable');
  assert.deepEqual(pc.transceivers.map((x) => x.mid !== null), [true, true]);
});

test('their offer overtakes ours: one answer and one offer, not two', async (t) => {
  const { pc, hears, negotiation, said } = begin(t);
  publish(pc);
  await settle();
  await hears(answer(1));
  said();
  negotiation.handle(offer(1)); // in hand while negotiationneeded is on its way
  publish(pc);
  await settle();
  assert.deepEqual(said().filter((m) => !m.startsWith('ice')), ['answer 1', 'offer 2']);
});

test('an offer that is sent again is answered again, without being applied again', async (t) => {
  const { pc, hears } = begin(t);
  publish(pc);
  await settle();
  await hears(answer(1), offer(1));
  const before = pc.log.length;
  assert.deepEqual(await hears(offer(1)), ['answer 1']);
  assert.deepEqual(await hears(offer(0)), []); // older still
  assert.equal(pc.log.length, before);
});

test('again while ours is pending: ours stays', async (t) => {
  const { pc, hears, said } = begin(t);
  publish(pc);
  await settle();
  await hears(answer(1), offer(1));
  publish(pc);
  await settle();
  said();
  assert.deepEqual(await hears(offer(1)), ['answer 1']);
  assert.equal(pc.signalingState, 'have-local-offer');
});

test('a lost offer of theirs arrives late, into ours', async (t) => {
  const { pc, hears, said } = begin(t);
  publish(pc);
  await settle();
  await hears(answer(1), offer(1));
  publish(pc);
  await settle();
  said();
  assert.deepEqual((await hears(offer(2))).filter((m) => !m.startsWith('ice')), ['answer 2', 'offer 3']);
});

test('over a new socket the pending offer is said again, with its id', async (t) => {
  const { pc, hears, negotiation, said } = begin(t);
  publish(pc);
  await settle();
  said();
  negotiation.resync();
  await settle();
  assert.deepEqual(said(), ['offer 1']);
  await hears(answer(1));
  negotiation.resync();
  await settle();
  assert.deepEqual(said(), []);
});

test('candidates wait for the description that they belong to', async (t) => {
  const { pc, hears } = begin(t);
  publish(pc);
  await settle();
  const candidate = { type: 'ice', candidate: { candidate: 'x' } };
  await hears(candidate);
  assert.deepEqual(pc.log, ['local offer']);
  await hears(answer(1), { type: 'ice', candidate: null });
  assert.deepEqual(pc.log, ['local offer', 'remote answer', 'candidate', 'end of candidates']);
});

test('the end of candidates is said, the end of a generation is not', async (t) => {
  const { pc, said } = begin(t);
  pc.onicecandidate({ candidate: { candidate: '', toJSON: () => ({}) } });
  pc.onicecandidate({ candidate: null });
  assert.deepEqual(said(), ['ice null']);
});

test('a description that cannot be applied ends the connection', async (t) => {
  const { pc, seen, hears } = begin(t);
  publish(pc);
  await settle();
  await hears(answer(1, 'broken'));
  assert.deepEqual(seen, ['failed: cannot be parsed']);
});

test('ten seconds without an answer are too long', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { pc, seen, hears } = begin(t);
  publish(pc);
  await settle();
  t.mock.timers.tick(9_999);
  assert.deepEqual(seen, []);
  t.mock.timers.tick(1);
  assert.deepEqual(seen, ['stalled']);
  await hears(answer(1));
  t.mock.timers.tick(60_000);
  assert.deepEqual(seen, ['stalled', 'negotiated']);
});
