import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakePeerConnection, FakeStream, FakeTrack, install, settle } from './fakes.js';

install();
const { Publication } = await import('../client/publication.js');

async function camera(options = {}, size = undefined) {
  const pc = new FakePeerConnection();
  const track = new FakeTrack('video', size);
  track.log = pc.log;
  const publication = new Publication('camera', track, options);
  publication.attach(pc, new FakeStream());
  await settle();
  pc.log.length = 0;
  return { pc, track, publication, sender: pc.transceivers[0].sender };
}

const scales = ({ encodings }) => encodings.map((e) => `${e.rid}/${e.scaleResolutionDownBy}`).join(' ');

test('one sendonly section with three sizes', async () => {
  const { pc, sender } = await camera();
  const [{ init, codecs }] = pc.transceivers;
  assert.equal(init.direction, 'sendonly');
  assert.deepEqual(init.sendEncodings.map((e) => `${e.rid} ${e.active}`), ['q true', 'h true', 'f true']);
  assert.equal(scales(sender), 'q/4 h/2 f/1');
  assert.equal(codecs[0], 'video/VP8');
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
  assert.deepEqual(pc.log, ['replace', 'active=q,h']);
  assert.equal(Math.round(sender.encodings[1].maxBitrate / 1e4), 60);
});

test('another camera keeps the rids and gets the sizes that fit it', async () => {
  const { publication, sender } = await camera();
  await publication.show(new FakeTrack('video', { width: 640, height: 360 }));
  assert.equal(scales(sender), 'q/2 h/1 f/1');
  assert.deepEqual(sender.encodings.map((e) => e.active), [true, true, false]);
  await publication.show(new FakeTrack('video', { width: 1920, height: 1080 }));
  assert.equal(scales(sender), 'q/4 h/2 f/1');
  assert.deepEqual(sender.encodings.map((e) => e.active), [true, true, true]);
});

test('an encoding is active when it is watched and nobody muted it', async () => {
  const { pc, publication, track, sender } = await camera();
  await publication.watch({ q: true, h: true, f: false });
  await publication.watch({ h: false });
  await publication.hide();
  await publication.watch({ h: true }); // while it is off
  assert.deepEqual(pc.log.splice(0), ['active=q,h', 'active=q', 'active=false', 'replace null', 'active=false']);
  await publication.show(track);
  assert.deepEqual(pc.log.splice(0), ['replace', 'active=q,h']);
  await publication.watch({ q: false, h: false, f: false });
  await publication.hide();
  await publication.show(track);
  assert.equal(pc.log.at(-1), 'active=false', 'nobody watches');
  await publication.watch({ q: true, h: true, f: true });
  assert.equal(pc.log.at(-1), 'active=true');
  assert.equal(scales(sender), 'q/4 h/2 f/1');
});

test('a watcher that comes between off and on does not wake a camera that is off', async () => {
  const { pc, publication, track } = await camera();
  publication.hide();
  publication.watch({ f: true });
  await publication.show(track);
  assert.deepEqual(pc.log, ['active=false', 'replace null', 'active=false', 'replace', 'active=true']);
});

test('without simulcast the only encoding has no name', async () => {
  const { pc, publication } = await camera({}, { width: 320, height: 180 });
  await publication.watch({ '': false });
  await publication.watch({ '': true, q: false, constructor: false });
  assert.deepEqual(pc.log, ['active=false', 'active=true']);
});

test('a new connection sends everything until it is told', async () => {
  const { publication } = await camera();
  await publication.watch({ q: true, h: false, f: false });
  const next = new FakePeerConnection();
  publication.attach(next, new FakeStream());
  await settle();
  assert.deepEqual(next.log, ['active=true']);
});

test('browsers without scalability modes', async () => {
  for (const modes of ['ignored', 'throw']) {
    FakePeerConnection.modes = modes;
    const { pc, sender } = await camera();
    assert.equal(scales(sender), 'q/4 h/2 f/1', modes);
    assert.equal(pc.transceivers.length, 1, modes);
    assert.ok(sender.encodings.every((e) => !e.scalabilityMode), modes);
  }
  FakePeerConnection.modes = 'known';
});

test('a mode that the negotiated codec has not is given up, the rest is set', async () => {
  const { publication, track, sender, pc } = await camera({ codec: 'video/VP9', scalabilityMode: 'L3T3_KEY' });
  assert.equal(sender.encodings[0].scalabilityMode, 'L3T3_KEY');
  sender.refuses = true;
  await publication.hide();
  await publication.show(track);
  assert.deepEqual(pc.log, ['active=false', 'replace null', 'replace', 'active=true']);
});

test('a microphone asks for RED and leaves its encoding alone', async () => {
  const pc = new FakePeerConnection();
  new Publication('microphone', new FakeTrack('audio'), {}).attach(pc, new FakeStream());
  await settle();
  const [{ init, codecs }] = pc.transceivers;
  assert.deepEqual(init.sendEncodings, [{ active: true }]);
  assert.deepEqual(codecs, ['audio/red', 'audio/opus', 'audio/PCMU']);
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
