// When it cannot work, the page says why and what to do.
import { expect, test } from '../meeting.mjs';

test('camera and microphone refused @firefox', async ({ meeting }) => {
  const ana = await meeting.arrive('ana', { devices: { fail: 'NotAllowedError' } });
  await expect(ana.get('error-message')).toContainText(/allow|permission/i);
});

test('nobody with a camera in it: one can still join and watch @firefox', async ({ meeting }) => {
  const ana = await meeting.arrive('ana', { devices: { cameras: [], microphones: [] } });
  await expect(ana.get('error-message')).toContainText(/camera|microphone/i);
  const loading = () => ana.page.evaluate(() => document.readyState);
  await expect.soft.poll(loading, { message: 'the tab stops spinning' }).toBe('complete');
  const ben = await meeting.join('ben');
  await ana.join();
  await ana.expectToSee({ ben: 'green' });
  await ana.expectToHear('ben');
  await ben.expectToSee({ ana: 'camera off' });
});

test('a microphone alone is enough', async ({ meeting }) => {
  const [ana, ben] = await Promise.all([meeting.join('ana', { devices: { cameras: [] } }), meeting.join('ben')]);
  await ben.expectToHear('ana');
  await ben.expectToSee({ ana: 'camera off' });
  await ana.expectToSee({ ben: 'green' });
});

test('a camera that another program holds', async ({ meeting }) => {
  const ana = await meeting.arrive('ana', { devices: { fail: 'NotReadableError' } });
  await expect(ana.get('error-message')).toContainText(/camera|microphone/i);
});

test('a browser without WebRTC @firefox', async ({ meeting }) => {
  const ana = await meeting.arrive('ana', { script: 'delete globalThis.RTCPeerConnection;' });
  await expect(ana.get('error-message')).toContainText(/WebRTC/);
});

test('a server that is gone', async ({ meeting, path }) => {
  const ana = await meeting.arrive('ana', { url: path.url });
  await expect(ana.get('preview-video')).toBeVisible();
  meeting.expectComplaint(/^ana's .*(WebSocket|ws:\/\/|ERR_CONNECTION)/);
  path.cut();
  await ana.get('name-input').fill('ana');
  await ana.get('room-input').fill('lab');
  await ana.get('join-button').click();
  await expect(ana.get('error-message')).toContainText(/server/i);

  path.mend();
  await ana.get('join-button').click();
  await ana.inState('connected');
});
