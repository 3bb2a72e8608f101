import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { FakeTrack } from './fakes.js';
import { LocalDevice, LocalMedia } from '../app/media.js';

// What getUserMedia was asked, and what it answers next: a track unless told otherwise.
let asked;
let answers;
let permission;

beforeEach(() => {
  asked = [];
  answers = [];
  permission = 'prompt';
  const getUserMedia = async (wanted) => {
    asked.push(Object.keys(wanted).join('+'));
    const answer = answers.shift();
    if (answer instanceof Promise) await answer;
    if (typeof answer === 'string') throw new DOMException('no', answer);
    const tracks = Object.keys(wanted).map((kind) => new FakeTrack(kind));
    return {
      getTracks: () => tracks,
      getAudioTracks: () => tracks.filter((t) => t.kind === 'audio'),
      getVideoTracks: () => tracks.filter((t) => t.kind === 'video'),
    };
  };
  const value = { mediaDevices: { getUserMedia }, permissions: { query: async () => ({ state: permission }) } };
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true });
});

function device(kind, on = false) {
  const made = new LocalDevice(kind, on, '');
  const log = [];
  made.addEventListener('trouble', ({ detail }) => log.push(detail));
  made.connect({ show: async () => log.push('show'), hide: async () => log.push(`hide ${made.track?.readyState}`) });
  return { made, log };
}

test('a camera goes off the wire before its light goes out', async () => {
  const { made, log } = device('camera');
  await made.turn(true);
  const { track } = made;
  await made.turn(false);
  assert.deepEqual(log, ['show', 'hide live']);
  assert.equal(track.readyState, 'ended');
  assert.equal(made.track, null);
});

test('a muted microphone stays open', async () => {
  const { made } = device('microphone');
  await made.turn(true);
  await made.turn(false);
  assert.equal(made.track.readyState, 'live');
  await made.turn(true);
  assert.deepEqual(asked, ['audio']);
});

test('what cannot be opened is off, and says why', async () => {
  answers = ['NotFoundError'];
  const { made, log } = device('camera');
  await made.turn(true);
  assert.equal(made.on, false);
  assert.deepEqual(log, ['NotFoundError', 'hide undefined']);
});

test('a wish that changed while the camera opened leaves nothing open', async () => {
  let open = () => {};
  answers = [new Promise((resolve) => (open = resolve))];
  const { made, log } = device('camera');
  made.turn(true);
  const last = made.turn(false);
  open();
  await last;
  assert.equal(made.track, null);
  assert.ok(!log.includes('show'));
});

test('leaving while the camera opens leaves nothing open', async () => {
  let open = () => {};
  answers = [new Promise((resolve) => (open = resolve))];
  const { made, log } = device('camera');
  const opening = made.turn(true);
  made.close();
  open();
  await opening;
  assert.equal(made.track, null);
  assert.ok(!log.includes('show'));
});

test('another camera: shown first, then the old one is closed', async () => {
  const { made, log } = device('camera');
  await made.turn(true);
  const { track } = made;
  await made.pick('second');
  assert.deepEqual(log, ['show', 'show']);
  assert.notEqual(made.track, track);
  assert.equal(track.readyState, 'ended');
  assert.equal(made.deviceId, 'second');
});

test('another camera that does not open changes nothing', async () => {
  const { made, log } = device('camera');
  await made.turn(true);
  const { track } = made;
  answers = ['NotFoundError'];
  await made.pick('second');
  assert.equal(made.track, track);
  assert.equal(track.readyState, 'live');
  assert.equal(made.on, true);
  assert.deepEqual(log, ['show', 'NotFoundError']);
});

test('where only one camera opens at a time, the old one is closed first', async () => {
  const { made } = device('camera');
  await made.turn(true);
  const { track } = made;
  answers = ['NotReadableError'];
  await made.pick('second');
  assert.equal(track.readyState, 'ended');
  assert.equal(made.track.readyState, 'live');
  assert.equal(made.on, true);
});

test('a device that is pulled out is replaced by what is left', async () => {
  const { made, log } = device('microphone');
  await made.turn(true);
  const { track } = made;
  track.readyState = 'ended';
  track.onended();
  await made.connect(null);
  await made.turn(true);
  assert.ok(log.includes('disconnected'));
  assert.notEqual(made.track, track);
});

const prefs = { name: '', microphone: '', camera: '', speaker: '', microphoneOn: true, cameraOn: true };

test('both devices are one question', async () => {
  const media = new LocalMedia(prefs);
  await media.start();
  assert.deepEqual(asked, ['audio+video']);
  assert.deepEqual(media.all.map((d) => d.track.kind), ['audio', 'video']);
});

test('no is no: nobody is asked twice', async () => {
  answers = ['NotAllowedError'];
  const media = new LocalMedia(prefs);
  await media.start();
  assert.deepEqual(asked, ['audio+video']);
  assert.deepEqual(media.all.map((d) => d.on), [false, false]);
});

test('without a camera the microphone works', async () => {
  answers = ['NotFoundError', undefined, 'NotFoundError'];
  const media = new LocalMedia(prefs);
  await media.start();
  assert.deepEqual(asked, ['audio+video', 'audio', 'video']);
  assert.deepEqual(media.all.map((d) => d.on), [true, false]);
});

test('one denied, the other granted: the other works', async () => {
  answers = ['NotAllowedError'];
  permission = 'granted';
  const media = new LocalMedia(prefs);
  await media.start();
  assert.deepEqual(media.all.map((d) => d.on), [true, true]);
});

test('who comes in muted is asked for nothing', async () => {
  const media = new LocalMedia({ ...prefs, microphoneOn: false, cameraOn: false });
  await media.start();
  assert.deepEqual(asked, []);
});
