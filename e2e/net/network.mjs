// The test function of every test in a network that internal/netlab has built:
// the server runs there already, on a machine of its own.
import { chromium } from '@playwright/test';
import { chromiumOptions } from '../browsers.mjs';
import { expect, test as base } from '../meeting.mjs';
import { parseMetrics } from '../metrics.mjs';

export { expect };

/** @typedef {import('../person.mjs').Person} Person */

/** What internal/netlab says of the network. */
function told(/** @type {string} */ name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: make net runs these tests`);
  return value;
}

/**
 * @typedef {object} Fixtures
 * @property {import('@playwright/test').Browser} elsewhere a Chromium on a machine whose way to the server is open
 */

/** @type {ReturnType<typeof base.extend<Fixtures>>} */
export const test = base.extend({
  // Playwright reads from the pattern which fixtures a fixture needs; these need none.
  server: async ({}, use) => {
    const [url, address] = [told('SFU_NET_URL'), told('SFU_NET_METRICS')];
    const metrics = async () => parseMetrics(await (await fetch(address)).text());
    await use({ url, port: 443, udp: 443, metrics, stop: async () => 0 });
  },

  elsewhere: async ({}, use) => {
    const browser = await chromium.launch({ ...chromiumOptions, executablePath: told('SFU_NET_ELSEWHERE') });
    await use(browser);
    await browser.close();
  },
});

/**
 * Waits until somebody's media takes this way: "udp", "tcp", or "relay over tls".
 * ICE may begin with another one that works sooner.
 * @param {Person} person
 * @param {string} way
 */
export async function expectWay({ name, page }, way) {
  const taken = () =>
    page.evaluate(async () => {
      const stats = await sfu.pc.getStats();
      const entries = [...stats.values()];
      const transport = entries.find(({ type }) => type === 'transport'); // not Firefox's
      const pair = stats.get(transport?.selectedCandidatePairId) ?? entries.find(({ type, selected }) => type === 'candidate-pair' && selected);
      if (!pair) return 'none';
      const { candidateType, protocol, relayProtocol } = stats.get(pair.localCandidateId);
      return candidateType === 'relay' ? `relay over ${relayProtocol}` : protocol;
    });
  await expect.poll(taken, { message: `${name}'s way to the server` }).toBe(way);
}

/**
 * Runs in the page: the relay is the only way, and one way to it. That over UDP
 * works, though the server does not speak of it.
 * @param {string} scheme
 * @param {string} transport
 */
function relayOnly(scheme, transport) {
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(/** @type {RTCConfiguration} */ { iceServers = [], ...rest } = {}) {
      const wanted = iceServers.map((server) => {
        const urls = [server.urls].flat().filter((url) => url.startsWith(scheme));
        return { ...server, urls: urls.map((url) => url.replace(/transport=.*/, `transport=${transport}`)) };
      });
      super({ ...rest, iceServers: wanted, iceTransportPolicy: 'relay' });
    }
  };
}

/**
 * The script that lets media go by the relay only, and to it by one protocol.
 * @param {'udp' | 'tcp' | 'tls'} protocol
 */
export function relayedOver(protocol) {
  const how = { udp: ['turn:', 'udp'], tcp: ['turn:', 'tcp'], tls: ['turns:', 'tcp'] }[protocol];
  return `;(${relayOnly})(...${JSON.stringify(how)});`;
}

/**
 * Two see and hear each other, and pictures go on coming.
 * @param {Person} ana
 * @param {Person} ben
 */
export async function expectTalk(ana, ben) {
  await Promise.all([ana.expectToSee({ ben: 'green' }), ben.expectToSee({ ana: 'red' })]);
  await Promise.all([ana.expectToHear('ben'), ben.expectToHear('ana')]);
  const frames = async () => {
    const seen = await Promise.all([ana.receives('ben'), ben.receives('ana')]);
    return Math.min(...seen.map((picture) => picture?.frames ?? 0));
  };
  const before = await frames();
  await expect.poll(frames, { message: 'frames that both decode' }).toBeGreaterThan(before + 10);
}
