// Once before all tests: the server's binary and a sound device for Firefox.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPulse } from './pulse.mjs';

const repository = join(import.meta.dirname, '..');

/** Returns the teardown. What the tests need to know travels in the environment, which workers and browsers inherit. */
export default async function setup() {
  const folder = mkdtempSync(join(tmpdir(), 'sfu-e2e-'));
  const binary = join(folder, 'sfu');
  execFileSync('go', ['build', '-o', binary, './cmd/sfu'], { cwd: repository, stdio: 'inherit' });
  process.env.SFU_E2E_BINARY = binary;

  const pulse = await startPulse(join(folder, 'pulse'));
  process.env.SFU_E2E_PULSE = pulse.address;

  return async () => {
    await pulse.stop();
    rmSync(folder, { recursive: true });
  };
}
