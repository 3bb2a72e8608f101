// What must hold when everybody has gone, whatever happened in the meeting.
import { expect } from '@playwright/test';

/**
 * @param {import('./server.mjs').Server} server
 */
export async function expectLawsToHold(server) {
  // Chromium just vanishes when its context is closed: the server has 10 s to see it.
  const participants = async () => (await server.metrics()).sum('sfu_participants');
  await expect.poll(participants, { message: 'participants left over', timeout: 20_000 }).toBe(0);
  // A room ends when its last connection is closed, a moment after its roster is empty.
  const rooms = async () => (await server.metrics()).sum('sfu_rooms');
  await expect.poll(rooms, { message: 'rooms left over', timeout: 10_000 }).toBe(0);
  const { sum } = await server.metrics();
  const forwarded = sum('sfu_packets_total', 'direction="out"');
  const fates = forwarded + sum('sfu_dropped_packets_total') + sum('sfu_write_errors_total');
  expect(sum('sfu_offered_packets_total'), 'packets offered = forwarded + dropped + write errors').toBe(fates);
}
