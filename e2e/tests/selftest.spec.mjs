// Whether the tests can see and hear at all: the colour-and-tone camera
// through a peer connection inside one page, without our server.
import { expect, test } from '@playwright/test';
import { colourName, devicesOf, toneName } from '../cast.mjs';
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
  const body = '<video autoplay playsinline></video>';
  await page.route('http://localhost:8999/**', (route) => route.fulfill({ headers, body }));
  await page.goto('http://localhost:8999/');
  await page.evaluate(loopback);

  await expect.poll(async () => colourName(await page.evaluate(rgb))).toBe('blue');
  await expect.poll(async () => (await page.evaluate(() => probe.tones())).map(toneName)).toEqual(['cem']);
  const seen = await page.evaluate(async () => {
    const video = /** @type {HTMLVideoElement} */ (document.querySelector('video'));
    const frames = async () => (await probe.received(sfu.pc, video))?.frames ?? 0;
    const before = await frames();
    await new Promise((done) => setTimeout(done, 1500));
    return { age: probe.age(video), frames: (await frames()) - before };
  });
  expect(seen.age).toBeLessThan(1000);
  expect(seen.frames).toBeGreaterThan(1.5 * 3);

  await page.evaluate(() => fakecam.setGain(0));
  await expect.poll(() => page.evaluate(() => probe.tones())).toEqual([]);
});
