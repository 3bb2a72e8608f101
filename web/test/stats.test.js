import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { arrival, departure, look } from '../client/stats.js';

// Two looks at a real connection, a little more than a second apart, as each
// browser told them: somebody's camera of 640x360 arrives, one of 960x540 is
// sent in three sizes.
const recorded = (browser) => {
  const looks = JSON.parse(readFileSync(new URL(`stats/${browser}.json`, import.meta.url), 'utf8'));
  return looks.map((entries) => look(new Map(entries.map((entry) => [entry.id, entry]))));
};
const near = (value, wanted, within, what) => assert.ok(Math.abs(value - wanted) <= within, `${what}: ${value}, not ${wanted}`);

for (const [browser, want] of Object.entries({
  chromium: { bitrate: 66_200, fps: 15.4, voice: 67_000, concealed: 0, frozen: 0, sent: [720, 15.4], rtt: 4, limited: '' },
  firefox: { bitrate: 127_000, fps: 9.5, voice: 46_100, concealed: 3960 / 47_520, frozen: 941, sent: [640, 6.6], rtt: 55.8, limited: '' },
})) {
  test(`what ${browser} tells of a call`, () => {
    const [before, now] = recorded(browser);
    const of = (kind) => [...now.received].find(([, each]) => each.kind === kind);
    const [id, picture] = of('video');
    const flow = arrival(before.received.get(id), picture);
    assert.deepEqual([picture.width, picture.height, picture.codec, flow.lost], [640, 360, 'VP8', 0]);
    near(flow.bitrate, want.bitrate, 500, 'bits of the picture');
    near(flow.fps, want.fps, 0.1, 'frames a second');
    near(picture.frozen, want.frozen, 0.1, 'frozen');
    assert.equal(typeof picture.freezes, 'number');
    const [voiceID, voice] = of('audio');
    const heard = arrival(before.received.get(voiceID), voice);
    assert.equal(voice.codec, 'opus');
    near(heard.bitrate, want.voice, 500, 'bits of the sound');
    near(heard.concealed, want.concealed, 0.0001, 'made up');
    near(now.rtt, want.rtt, 0.1, 'round trip');

    const [then, sent] = [before, now].map((each) => each.sent.get('7'));
    assert.deepEqual(sent.map(({ rid, width, codec }) => [rid, width, codec]), [['q', 240, 'VP8'], ['h', 480, 'VP8'], ['f', 960, 'VP8']]);
    near(departure(then[2], sent[2]).fps, want.sent[1], 0.1, 'frames sent');
    assert.equal(sent[2].limited, want.limited);
    assert.equal(sent[2].lost, 0);
    assert.equal(now.sent.get('6')[0].kind, 'audio');
    assert.ok(now.at > before.at);
  });
}

test('only Chromium tells which encodings are off, and what limits one', () => {
  const active = (browser) => recorded(browser)[1].sent.get('7').map((each) => each.active);
  assert.deepEqual([active('chromium'), active('firefox')], [[false, true, true], [true, true, true]]);
  const limited = (reason) => look(new Map([['o', { type: 'outbound-rtp', mid: '7', timestamp: 1, qualityLimitationReason: reason }]])).sent.get('7')[0].limited;
  assert.deepEqual(['none', 'cpu', 'bandwidth', 'other', undefined].map(limited), ['', 'cpu', 'bandwidth', '', '']);
});

test('a browser that tells little is not made to tell more', () => {
  const { received, rtt } = look(new Map([['i', { type: 'inbound-rtp', kind: 'video', trackIdentifier: 't', timestamp: 1, framesDecoded: 7 }]]));
  const picture = received.get('t');
  assert.deepEqual([picture.freezes, picture.frozen, picture.whole, picture.codec, rtt], [undefined, undefined, 7, '', 0]);
});

test('what is made up while there is silence is missed by nobody', () => {
  const entry = { type: 'inbound-rtp', kind: 'audio', trackIdentifier: 't', timestamp: 1, concealedSamples: 900, silentConcealedSamples: 700 };
  assert.equal(look(new Map([['i', entry]])).received.get('t').concealed, 200);
});

test('counters that begin anew and looks at once make no figures', () => {
  const at = (now, more) => ({ at: now, bytes: 0, packets: 0, lost: 0, frames: 0, samples: 0, concealed: 0, ...more });
  assert.equal(arrival(at(5), at(5)), null);
  assert.equal(departure(at(5), at(4)), null);
  assert.deepEqual(arrival(at(0, { bytes: 900, lost: 9, frames: 9, samples: 9 }), at(1000)), { bitrate: 0, fps: 0, lost: 0, concealed: 0 });
  // Packets that come late are taken back from the lost ones.
  assert.equal(arrival(at(0, { lost: 5 }), at(1000, { lost: 3, packets: 100 })).lost, 0);
  assert.equal(arrival(at(0), at(1000, { lost: 25, packets: 75 })).lost, 0.25);
});
