// What every page of a test carries before its own first script runs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const pageside = (/** @type {string} */ file) => readFileSync(join(import.meta.dirname, 'pageside', file), 'utf8');
const eyes = pageside('probe.js') + pageside('lipsync.js') + pageside('wiretap.js');
const camera = pageside('fakecam.js');

/**
 * The init script: eyes and ears, and the given devices instead of the
 * browser's own ones; null leaves those.
 * @param {Partial<Fakecam> | null} devices
 */
export function initScript(devices) {
  if (devices === null) return eyes;
  // One script, because nobody promises an order between several.
  return `globalThis.fakecam = ${JSON.stringify(devices)};\n${camera}${eyes}`;
}
