import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakePeerConnection, FakeStream, FakeTrack, install, settle } from './fakes.js';

install();
const { Publication } = await import('../client/publication.js');

async function camera() {
  const pc = new FakePeerConnection();
  const track = new FakeTrack('video');
  track.log = pc.log;
  const publication = new Publication('camera', track, {});
  publication.attach(pc, new FakeStream());
  await settle();
  pc.log.length = 0;
  return { pc, track, publication, sender: pc.transceivers[0].sender };
}

test('one sendonly section with one encoding', async () => {
  const { pc } = await camera();
  const [{ init }] = pc.transceivers;
  assert.equal(init.direction, 'sendonly');
  assert.deepEqual(init.sendEncodings, [{ maxBitrate: 1_700_000, active: true }]);
});

test('off: encodings first, then the track', async () => {
  const { pc, publication } = await camera();
  await publication.hide();
  assert.deepEqual(pc.log, ['active=false', 'replace null']);
});

test('on: the track first, then encodings of its size', async () => {
  const { pc, publication, sender } = await camera();
  await publication.hide();
  pc.log.length = 0;
  await publication.show(new FakeTrack('video', { width: 640, height: 360 }));
  assert.deepEqual(pc.log, ['replace', 'active=true']);
  assert.equal(Math.round(sender.encodings[0].maxBitrate / 1e4), 60);
});

test('a browser that cannot turn encodings off still takes the track away', async () => {
  const { pc, publication, sender } = await camera();
  sender.setParameters = () => Promise.reject(new Error('no'));
  await publication.hide();
  assert.deepEqual(pc.log, ['replace null']);
});

test('quick fingers leave the last choice', async () => {
  const { pc, publication, track, sender } = await camera();
  publication.hide();
  publication.show(track);
  await publication.hide();
  assert.equal(sender.track, null);
  assert.deepEqual(pc.log, ['active=false', 'replace null', 'replace', 'active=true', 'active=false', 'replace null']);
});

test('a new connection gets what is shown, and nothing of what is muted', async () => {
  const { publication, track } = await camera();
  const next = new FakePeerConnection();
  publication.attach(next, new FakeStream());
  assert.equal(next.transceivers[0].sender.track, track);
  await publication.hide();
  const last = new FakePeerConnection();
  publication.attach(last, new FakeStream());
  assert.equal(last.transceivers[0].sender.track, null);
  assert.equal(last.transceivers[0].init.sendEncodings[0].active, false);
});

test('steps meant for the old connection are not done on the new one', async () => {
  const { pc, publication, track } = await camera();
  const late = publication.show(track);
  const next = new FakePeerConnection();
  publication.attach(next, new FakeStream());
  await late;
  assert.deepEqual(pc.log, []);
});

test('a step that fails because its connection is gone is no failure', async () => {
  const { publication, track, sender } = await camera();
  sender.replaceTrack = async () => {
    publication.detach();
    throw new Error('closed');
  };
  await publication.show(track);

  const { publication: other, sender: broken } = await camera();
  broken.replaceTrack = () => Promise.reject(new Error('really'));
  await assert.rejects(other.show(track), /really/);
});

test('a screen is text', () => {
  const track = new FakeTrack('video');
  assert.equal(new Publication('screen', track, {}).track.contentHint, 'detail');
});
