// What must hold when everybody has gone, whatever happened in the meeting.
import { expect } from '@playwright/test';

/**
 * @param {import('./server.mjs').Server} server
 */
export async function expectLawsToHold(server) {
  // Chromium just vanishes when its context is closed: the server has 10 s to see it.
  await expect.poll(async () => (await server.metrics()).sum('sfu_participants'), { message: 'participants left over', timeout: 12_000 }).toBe(0);
  const metrics = await server.metrics();
  expect(metrics.sum('sfu_rooms'), 'rooms left over').toBe(0);
  const offered = metrics.sum('sfu_offered_packets_total');
  const accounted =
    metrics.sum('sfu_packets_total', 'direction="out"') + metrics.sum('sfu_dropped_packets_total') + metrics.sum('sfu_write_errors_total');
  expect(offered, 'packets offered = forwarded + dropped + write errors').toBe(accounted);
}
