// A TCP path to the server that a test can cut, as a train does in a tunnel.
// Media goes by UDP, past it.
import { connect, createServer } from 'node:net';
import { once } from 'node:events';

/**
 * Listens on a port of its own and passes everything on.
 * @param {number} to the server's port
 */
export async function cuttablePath(to) {
  /** @type {Set<import('node:net').Socket>} */
  const open = new Set();
  let whole = true;

  const proxy = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
    if (!whole) near.resetAndDestroy();
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (proxy.address());

  const drop = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://localhost:${port}`,
    /** Breaks every connection, and every new one until mend. */
    cut() {
      whole = false;
      drop();
    },
    mend() {
      whole = true;
    },
    close() {
      drop();
      proxy.close();
    },
  };
}
