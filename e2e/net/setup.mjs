// Once before the tests of a network: a sound device for Firefox.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPulse } from '../pulse.mjs';

/** Returns the teardown. */
export default async function setup() {
  const folder = mkdtempSync(join(tmpdir(), 'sfu-net-'));
  const pulse = await startPulse(join(folder, 'pulse'));
  process.env.SFU_E2E_PULSE = pulse.address;

  return async () => {
    await pulse.stop();
    rmSync(folder, { recursive: true });
  };
}
