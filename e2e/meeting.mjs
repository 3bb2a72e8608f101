// The test function of every test with a server: fixtures that start one,
// bring people to its page, and check at the end that nobody complained.
import { test as base, expect } from '@playwright/test';
import { bottleneck } from './bottleneck.mjs';
import { devicesOf } from './cast.mjs';
import { cuttablePath } from './cuttable.mjs';
import { initScript } from './inject.mjs';
import { expectLawsToHold } from './laws.mjs';
import { Person } from './person.mjs';
import { startServer } from './server.mjs';

export { expect };

/** @typedef {import('@playwright/test').Browser} Browser */
/** @typedef {import('@playwright/test').BrowserContextOptions} BrowserContextOptions */

/**
 * How somebody comes to the page.
 * @typedef {object} Arrival
 * @property {Browser} [browser] another one than the project's
 * @property {string} [url] of the server, if not its own
 * @property {string} [path] of the page
 * @property {Partial<Fakecam> | null} [devices] what differs from the usual ones; null for the browser's own
 * @property {string} [script] runs before the page
 * @property {BrowserContextOptions} [context]
 */

// Before a screenshot Playwright puts the style "body {}" into Firefox's page,
// and the content security policy forbids it, by this hash.
const ownDoing = /sha256-YjaKGiklmzC6wjXA513HAMmzus8VE61XCOT\+SmwNZWA=/;

class Meeting {
  /** @type {Person[]} */
  people = [];
  /** Errors on consoles, uncaught exceptions; both browsers report CSP violations among them. */
  /** @type {string[]} */
  complaints = [];
  /** What one test expects on a console, where the browser itself writes it. */
  /** @type {RegExp[]} */
  expected = [ownDoing];

  /**
   * @param {Browser} browser
   * @param {string} url
   */
  constructor(browser, url) {
    this.browser = browser;
    this.url = url;
  }

  /**
   * Opens the join page in a browser context of its own.
   * @param {import('./cast.mjs').Name} name
   * @param {Arrival} [arrival]
   */
  async arrive(name, { browser = this.browser, url = this.url, path = '/', devices = {}, script = '', context: options } = {}) {
    const context = await browser.newContext(options);
    await context.addInitScript({ content: initScript(devices && { ...devicesOf(name), ...devices }) + script });
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(`${name}'s console: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.complaints.push(`${name}'s page: ${error.stack ?? error}`));
    await page.goto(url + path, { waitUntil: 'domcontentloaded' });
    const person = new Person(name, page);
    this.people.push(person);
    return person;
  }

  /**
   * Comes by an invite link and enters the room.
   * @param {import('./cast.mjs').Name} name
   * @param {Arrival} [arrival]
   */
  async join(name, arrival) {
    const person = await this.arrive(name, { path: `/?room=lab&name=${name}`, ...arrival });
    await person.enter();
    return person;
  }

  /**
   * Several enter at once: much of it is waiting, and so is a real meeting's
   * beginning.
   * @param {import('./cast.mjs').Name[]} names
   */
  gather(...names) {
    return Promise.all(names.map((name) => this.join(name)));
  }

  /** Lets a console error pass that the browser itself writes in this test. */
  expectComplaint(/** @type {RegExp} */ pattern) {
    this.expected.push(pattern);
  }

  /** Keeps what everybody had before them when a test failed. */
  async photograph(/** @type {import('@playwright/test').TestInfo} */ info) {
    for (const person of this.people) {
      const body = await person.page.screenshot().catch(() => null);
      if (body) await info.attach(person.name, { body, contentType: 'image/png' });
    }
  }

  /** Everybody goes away: a page that is navigated away from says goodbye by itself. */
  async end() {
    await Promise.all(this.#pages().map((page) => page.goto('about:blank')));
    return this.complaints.filter((complaint) => !this.expected.some((pattern) => pattern.test(complaint)));
  }

  /** Not before the goodbyes have arrived: a page says them while another one is shown already. */
  async close() {
    await Promise.all(this.#pages().map((page) => page.context().close()));
  }

  #pages() {
    const pages = this.people.map(({ page }) => page);
    return pages.filter((page) => !page.isClosed() && page.context().browser()?.isConnected());
  }
}

/**
 * @typedef {object} Fixtures
 * @property {import('./server.mjs').Server} server
 * @property {Meeting} meeting
 * @property {Awaited<ReturnType<typeof cuttablePath>>} path to the server, which the test can cut
 * @property {Awaited<ReturnType<typeof bottleneck>>} bottleneck path for media, which the test can narrow
 */

/** @type {ReturnType<typeof base.extend<Fixtures>>} */
export const test = base.extend({
  // Playwright reads from the pattern which fixtures a fixture needs; this one needs none.
  server: async ({}, use, info) => {
    const log = info.outputPath('server.log');
    const server = await startServer(log);
    await use(server);
    const code = await server.stop();
    await info.attach('server.log', { path: log, contentType: 'text/plain' });
    expect(code, 'exit code of the server').toBe(0);
  },

  meeting: async ({ browser, server }, use, info) => {
    const meeting = new Meeting(browser, server.url);
    await use(meeting);
    if (info.status !== info.expectedStatus) await meeting.photograph(info);
    expect.soft(await meeting.end(), 'complaints').toEqual([]);
    await expectLawsToHold(server);
    await meeting.close();
  },

  path: async ({ server }, use) => {
    const path = await cuttablePath(server.port);
    await use(path);
    path.close();
  },

  bottleneck: async ({ server }, use) => {
    const path = await bottleneck(server.udp);
    await use(path);
    await path.close();
  },
});
