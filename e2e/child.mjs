// A child process that does not outlive this one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts a program whose output goes to a file.
 * @param {string} program
 * @param {string[]} args
 * @param {{log: string, env?: NodeJS.ProcessEnv}} options
 */
export function start(program, args, { log, env }) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const out = createWriteStream(log);
  child.stdout.pipe(out, { end: false });
  child.stderr.pipe(out, { end: false });
  running.add(child);
  const ended = once(child, 'close').finally(() => {
    running.delete(child);
    out.end();
  });

  return {
    /** Whether the program still runs. */
    alive: () => running.has(child),

    /**
     * Asks it to end, makes it end after a grace time, and returns its exit
     * code: null if it had to be killed.
     * @param {number} graceMs
     * @returns {Promise<number | null>}
     */
    async stop(graceMs) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      const [code] = await ended;
      clearTimeout(timer);
      return code;
    },
  };
}

/**
 * Waits until check is true.
 * @param {() => boolean | Promise<boolean>} check
 * @param {{within: number, what: string}} options
 */
export async function until(check, { within, what }) {
  const deadline = Date.now() + within;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
