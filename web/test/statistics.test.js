import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Statistics } from '../app/statistics.js';
import { FakeStream } from './fakes.js';

const started = 1_800_000_000_000;
const inbound = (second, more) => ({
  id: 'i', type: 'inbound-rtp', kind: 'video', trackIdentifier: 'v', timestamp: started + second * 1000,
  bytesReceived: 10_000 * second, packetsReceived: 20 * second, framesDecoded: 15 * second, frameWidth: 640, frameHeight: 360, ...more,
});
let second;
let asked;
let room;
let shown;
beforeEach(() => {
  second = asked = 0;
  shown = [];
  const ben = {
    id: 'p1', name: 'ben', score: 4, camera: new FakeStream([{ kind: 'video', id: 'v' }]), screen: new FakeStream(),
    sends: (source) => source === 'camera', track: (source) => (source === 'camera' ? { state: 'active' } : undefined),
  };
  room = {
    pc: { getStats: async () => (asked++, new Map([['i', inbound(++second)]])) }, said: [],
    participants: new Map([['p1', ben]]), publications: new Map(), quality: null,
    wish: () => ({ width: 700, height: 400 }), report: (report) => room.said.push(report),
  };
});

async function pass(t, seconds) {
  for (let i = 0; i < seconds; i++) {
    t.mock.timers.tick(1000);
    await new Promise(setImmediate);
  }
}

test('one look a second serves the eye and the operator, and none is made for nobody', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const stills = { freezes: 0, frozen: 0, pause() {} };
  const statistics = new Statistics(room, null, { show: (rows) => shown.push(rows), stills: () => stills });
  await pass(t, 3);
  assert.equal(asked, 0);
  statistics.show(true);
  await pass(t, 25);
  assert.deepEqual([...shown.at(-1).keys()], ['own', 'p1', 'own/screen', 'p1/screen']);
  assert.deepEqual(shown.at(-1).get('p1').slice(0, 2), [['picture', '640×360, 15 fps'], ['rate', '80 kbit/s']]);
  assert.deepEqual(room.said, [], 'nothing without consent');
  statistics.send(true);
  await pass(t, 11);
  assert.equal(asked, 36);
  assert.equal(room.said.length, 1);
  statistics.show(false);
  assert.equal(shown.at(-1).size, 0);
  const before = shown.length;
  await pass(t, 10);
  assert.deepEqual([shown.length, room.said.length], [before, 2]);
  await pass(t, 8);
  statistics.send(false);
  await pass(t, 20);
  assert.deepEqual([asked, room.said.length], [54, 2]);
  statistics.send(true);
  await pass(t, 9);
  assert.equal(room.said.length, 2, 'what was seen before is forgotten');
  statistics.close();
  await pass(t, 20);
  assert.equal(asked, 63);
});

test('where the browser tells of no freezes, the frames that are shown do', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const stills = { freezes: 0, frozen: 0, pause() {} };
  const statistics = new Statistics(room, null, { show() {}, stills: (key) => (key === 'p1' ? stills : null) });
  statistics.send(true);
  await pass(t, 5);
  Object.assign(stills, { freezes: 2, frozen: 700 });
  await pass(t, 7);
  statistics.close();
  const [{ freezes, frozen }] = room.said[0].pictures;
  assert.deepEqual([freezes, frozen], [2, 700]);
});
