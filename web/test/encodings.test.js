import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prefer, preferred } from '../client/codecs.js';
import { bitrate, encodings, settings, sizes } from '../client/encodings.js';
import { FakeTrack } from './fakes.js';

const chromium = () => true;
const firefox = () => false;
const of = (width, height) => new FakeTrack('video', { width, height });

// "q/4 h/2 f": the rids with their scales; brackets around what is inactive.
function story(list) {
  return list
    .map(({ rid = 'one', scaleResolutionDownBy: scale, active }) => {
      const text = scale === 1 ? rid : `${rid}/${scale}`;
      return active ? text : `(${text})`;
    })
    .join(' ');
}

const camera = (size, options = {}, browser = chromium) => encodings('camera', of(...size), options, browser);

test('a bit rate follows the size of the picture', () => {
  assert.equal(bitrate(1280, 720), 1_700_000);
  assert.equal(Math.round(bitrate(640, 360) / 1e4), 60);
  assert.equal(bitrate(64, 36), 150_000);
  assert.equal(bitrate(3840, 2160), 4_000_000);
});

test('as many sizes as Chromium sends, whatever way the phone is held', () => {
  const table = [[[1920, 1080], 3], [[1280, 720], 3], [[960, 540], 3], [[720, 1280], 3], [[640, 480], 2], [[640, 360], 2], [[480, 270], 2], [[320, 240], 1], [[320, 180], 1], [[0, 0], 1]];
  for (const [[width, height], want] of table) assert.equal(sizes({ width, height }), want, `${width}x${height}`);
});

test('a camera is sent in all the sizes that it is worth, the highest full', () => {
  assert.equal(story(camera([1280, 720])), 'q/4 h/2 f');
  assert.equal(story(camera([640, 360])), 'q/2 h');
  assert.equal(story(camera([320, 180])), 'one');
  assert.equal(story(encodings('camera', null, {}, chromium)), 'q/4 h/2 f', 'a camera of unknown size');
});

test('each size has the bit rate of its picture', () => {
  const rates = camera([1280, 720]).map((e) => e.maxBitrate);
  assert.deepEqual(rates, [bitrate(320, 180), bitrate(640, 360), bitrate(1280, 720)]);
  const limited = camera([1280, 720], { maxBitrate: 850_000, maxFramerate: 24 });
  assert.deepEqual(limited.map((e) => Math.round(e.maxBitrate / 1e4)), [11, 30, 85]);
  assert.deepEqual(limited.map((e) => e.maxFramerate), [24, 24, 24]);
});

test('every codec that can has three temporal layers', () => {
  const table = { undefined: 'L1T3', 'video/VP8': 'L1T3', 'video/VP9': 'L1T3', 'video/AV1': 'L1T3', 'video/H264': undefined };
  for (const [codec, want] of Object.entries(table)) {
    const list = camera([1280, 720], codec === 'undefined' ? {} : { codec });
    assert.deepEqual(list.map((e) => e.scalabilityMode), [want, want, want], codec);
  }
});

test('simulcast of VP9 and AV1 only where scalability modes are known', () => {
  const table = { 'video/VP8': 'q/4 h/2 f', 'video/H264': 'q/4 h/2 f', 'video/VP9': 'one', 'video/AV1': 'one', 'VIDEO/av1': 'one' };
  for (const [codec, want] of Object.entries(table)) assert.equal(story(camera([1280, 720], { codec }, firefox)), want, codec);
});

test('a browser is asked only when it matters', () => {
  const asked = () => assert.fail('asked');
  camera([1280, 720], {}, asked);
  camera([1280, 720], { codec: 'video/AV1', simulcast: false }, asked);
  encodings('microphone', null, {}, asked);
});

test('one encoding on demand, and for layers within one', () => {
  assert.equal(story(camera([1280, 720], { simulcast: false })), 'one');
  const svc = camera([1280, 720], { codec: 'video/VP9', scalabilityMode: 'L3T3_KEY' });
  assert.equal(story(svc), 'one');
  assert.equal(svc[0].scalabilityMode, 'L3T3_KEY');
});

test('a screen is one sharp picture, slower rather than smaller', () => {
  const [only, ...rest] = encodings('screen', of(1920, 1080), {}, chromium);
  assert.deepEqual(rest, []);
  assert.deepEqual(only, { active: true, scaleResolutionDownBy: 1, maxBitrate: bitrate(1920, 1080), maxFramerate: 15, scalabilityMode: 'L1T3' });
  assert.equal(encodings('screen', of(1920, 1080), { maxFramerate: 30 }, chromium)[0].maxFramerate, 30);
});

test('sound has nothing but the limits it was given', () => {
  for (const source of ['microphone', 'screen_audio']) {
    assert.deepEqual(encodings(source, new FakeTrack('audio'), {}, chromium), [{ active: true }]);
    assert.deepEqual(encodings(source, new FakeTrack('audio'), { maxBitrate: 9 }, chromium), [{ active: true, maxBitrate: 9 }]);
  }
});

test('another camera on the same section: the highest is full size, the lowest small', () => {
  const rids = ['q', 'h', 'f'];
  const set = (count, ...size) => story(settings('camera', of(...size), count, {}).map((e, i) => ({ ...e, rid: count > 1 ? rids[i] : undefined })));
  assert.equal(set(3, 1920, 1080), 'q/4 h/2 f');
  assert.equal(set(3, 640, 360), 'q/2 h (f)');
  assert.equal(set(3, 320, 180), 'q (h) (f)');
  assert.equal(set(2, 1280, 720), 'q/4 h');
  assert.equal(set(2, 640, 360), 'q/2 h');
  assert.equal(set(2, 320, 180), 'q (h)');
  assert.equal(set(1, 1920, 1080), 'one');
  assert.equal(set(1, 320, 180), 'one');
});

test('the preferred codec comes first, in all its profiles, and rtx stays', () => {
  const codecs = ['video/VP8', 'video/rtx', 'video/VP9', 'video/VP9', 'video/ulpfec'].map((mimeType, n) => ({ mimeType, n }));
  assert.deepEqual(prefer(codecs, 'video/vp9').map((c) => c.n), [2, 3, 0, 1, 4]);
  assert.deepEqual(prefer(codecs, 'video/none').map((c) => c.n), [0, 1, 2, 3, 4]);
});

test('a microphone prefers RED, unless told otherwise; a screen is not asked', () => {
  const codecs = ['opus', 'red', 'PCMU'].map((name) => ({ mimeType: `audio/${name}` }));
  const first = (source, options) => preferred(codecs, source, options).map((c) => c.mimeType.slice(6)).join();
  assert.equal(first('microphone', {}), 'red,opus,PCMU');
  assert.equal(first('microphone', { red: true }), 'red,opus,PCMU');
  assert.equal(first('microphone', { red: false }), 'opus,PCMU');
  assert.equal(first('screen_audio', {}), 'opus,red,PCMU');
  const withoutRed = codecs.filter((c) => c.mimeType !== 'audio/red');
  assert.deepEqual(preferred(withoutRed, 'microphone', {}), withoutRed, 'Firefox');
  const video = ['VP8', 'AV1'].map((name) => ({ mimeType: `video/${name}` }));
  assert.equal(preferred(video, 'camera', { codec: 'video/AV1' })[0].mimeType, 'video/AV1');
  assert.equal(preferred(video, 'camera', {})[0].mimeType, 'video/VP8');
});
