// A sound server whose only loudspeaker leads nowhere. Without a sound device
// Firefox's AudioContext never runs, and nobody could hear the tones.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { start, until } from './child.mjs';

/**
 * Starts it with everything it writes in folder.
 * @param {string} folder
 */
export async function startPulse(folder) {
  mkdirSync(folder, { mode: 0o700 });
  const socket = join(folder, 'native');
  const daemon = start(
    'pulseaudio',
    ['-n', '--daemonize=no', '--exit-idle-time=-1', '-L', `module-native-protocol-unix socket=${socket}`, '-L', 'module-null-sink'],
    { log: join(folder, 'log'), env: { HOME: folder, XDG_RUNTIME_DIR: folder } },
  );
  await until(() => existsSync(socket), { within: 10_000, what: `pulseaudio (Debian package pulseaudio) listens on ${socket}` });
  return { address: `unix:${socket}`, stop: () => daemon.stop(2000) };
}
