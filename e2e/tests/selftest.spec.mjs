// Whether the tests can see and hear at all: the colour-and-tone camera
// through a peer connection inside one page, without our server.
import { expect, test } from '@playwright/test';
import { colourName, devicesOf, frameRate, toneName } from '../cast.mjs';
import { initScript } from '../inject.mjs';

/** Sends what getUserMedia gives through a pair of connections into the page's video. */
async function loopback() {
  const video = /** @type {HTMLVideoElement} */ (document.querySelector('video'));
  const [near, far] = [new RTCPeerConnection(), new RTCPeerConnection()];
  near.onicecandidate = ({ candidate }) => far.addIceCandidate(candidate ?? undefined);
  far.onicecandidate = ({ candidate }) => near.addIceCandidate(candidate ?? undefined);
  far.ontrack = ({ streams }) => (video.srcObject = streams[0]);
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  for (const track of stream.getTracks()) near.addTrack(track, stream);
  await near.setLocalDescription();
  await far.setRemoteDescription(/** @type {RTCSessionDescription} */ (near.localDescription));
  await far.setLocalDescription();
  await near.setRemoteDescription(/** @type {RTCSessionDescription} */ (far.localDescription));
  globalThis.sfu = { room: null, pc: far };
}

const rgb = () => probe.rgb(/** @type {HTMLVideoElement} */ (document.querySelector('video')));

test('the camera and the probes agree @firefox', async ({ page }) => {
  await page.addInitScript({ content: initScript(devicesOf('cem')) });
  // As strict as our own page: the probes must work there.
  const headers = { 'content-type': 'text/html', 'content-security-policy': "default-src 'self'" };
  await page.route('http://localhost:8999/**', (route) => route.fulfill({ headers, body: '<video autoplay playsinline></video>' }));
  await page.goto('http://localhost:8999/');
  await page.evaluate(loopback);

  await expect.poll(async () => colourName(await page.evaluate(rgb))).toBe('blue');
  await expect.poll(async () => (await page.evaluate(() => probe.tones())).map(toneName)).toEqual(['cem']);
  const seen = await page.evaluate(async () => {
    const video = /** @type {HTMLVideoElement} */ (document.querySelector('video'));
    const before = await probe.received(sfu.pc, video);
    await new Promise((done) => setTimeout(done, 3000));
    const after = await probe.received(sfu.pc, video);
    return { age: probe.age(video), frames: (after?.frames ?? 0) - (before?.frames ?? 0), freezes: after?.freezes };
  });
  expect(seen.age).toBeLessThan(500);
  expect(seen.frames).toBeGreaterThan(0.7 * frameRate * 3);
  expect(seen.freezes).toBeLessThanOrEqual(2);

  await page.evaluate(() => fakecam.setGain(0));
  await expect.poll(() => page.evaluate(() => probe.tones())).toEqual([]);
});
