// The server under test: one process a test, on ports of its own.
import { createServer } from 'node:net';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { start, until } from './child.mjs';
import { parseMetrics } from './metrics.mjs';

/** A TCP port that was free a moment ago. */
async function freeTCP() {
  const socket = createServer().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (socket.address());
  socket.close();
  await once(socket, 'close');
  return port;
}

/** A UDP port that was free a moment ago. */
async function freeUDP() {
  const socket = createSocket('udp4').bind(0);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

/**
 * Starts the server and waits until it is ready.
 * @param {string} log where its output goes
 */
export async function startServer(log) {
  const binary = process.env.SFU_E2E_BINARY;
  if (!binary) throw new Error('SFU_E2E_BINARY is not set: setup.mjs builds the server');
  const [port, ops, udp] = [await freeTCP(), await freeTCP(), await freeUDP()];
  const more = process.env.SFU_E2E_FLAGS?.split(' ') ?? []; // as --packet-by-packet
  const flags = [`--listen=127.0.0.1:${port}`, `--ops-listen=127.0.0.1:${ops}`, `--udp-port=${udp}`, ...more];
  const child = start(binary, flags, { log });
  const ready = async () => {
    if (!child.alive()) throw new Error(`the server ended at once:\n${readFileSync(log, 'utf8')}`);
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    return answer?.status === 200;
  };
  await until(ready, { within: 10_000, what: 'the server is ready' });

  return {
    port,
    udp,
    url: `http://localhost:${port}`,
    metrics: async () => parseMetrics(await (await fetch(`http://127.0.0.1:${ops}/metrics`)).text()),
    stop: () => child.stop(10_000),
  };
}

/** @typedef {Awaited<ReturnType<typeof startServer>>} Server */
