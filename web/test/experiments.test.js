import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experiments } from '../app/experiments.js';

const asked = (query) => experiments(new URL(`https://meet.example/r/standup${query}`));

test('an address that asks for nothing changes nothing', () => {
  assert.deepEqual(asked(''), { camera: {}, screen: {}, microphone: {} });
  assert.deepEqual(asked('?name=Ana&simulcast=1&red=1'), { camera: {}, screen: {}, microphone: {} });
});

test('codec, simulcast, layers and red', () => {
  assert.deepEqual(asked('?codec=av1'), { camera: { codec: 'video/AV1' }, screen: { codec: 'video/AV1' }, microphone: {} });
  assert.equal(asked('?codec=H264').camera.codec, 'video/H264');
  assert.deepEqual(asked('?simulcast=0').camera, { simulcast: false });
  assert.deepEqual(asked('?red=0').microphone, { red: false });
  assert.deepEqual(asked('?codec=av1&svc=L3T3_KEY').camera, { codec: 'video/AV1', scalabilityMode: 'L3T3_KEY' });
});

test('layers need a codec that has them', () => {
  assert.deepEqual(asked('?svc=L2T3').camera, { codec: 'video/VP9', scalabilityMode: 'L2T3' });
});

test('nonsense is passed over', () => {
  for (const query of ['?codec=vp7', '?codec=constructor', '?codec=', '?svc=L9T9', '?svc=x', '?svc=L3T3_KEYx', '?simulcast=no', '?red=']) {
    assert.deepEqual(asked(query), { camera: {}, screen: {}, microphone: {} }, query);
  }
});
