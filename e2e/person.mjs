// A person in front of the page: what they do, see and hear.
import { expect } from '@playwright/test';
import { colourName, toneName } from './cast.mjs';

/** @typedef {import('@playwright/test').Page} Page */

export class Person {
  /**
   * @param {import('./cast.mjs').Name} name
   * @param {Page} page
   */
  constructor(name, page) {
    this.name = name;
    this.page = page;
  }

  /** The element with a data-testid. */
  get(/** @type {string} */ id) {
    return this.page.getByTestId(id);
  }

  /** Fills in the join page and enters. */
  async join(room = 'lab') {
    await this.get('name-input').fill(this.name);
    await this.get('room-input').fill(room);
    await this.enter();
  }

  /** Enters by the button of a join page that is filled in. */
  async enter() {
    await this.get('join-button').click();
    await this.inState('connected');
  }

  /** Waits for the connection's state as the page tells it. */
  async inState(/** @type {string} */ state) {
    const shown = () => this.page.evaluate(() => document.querySelector('[data-state]')?.getAttribute('data-state'));
    await expect.poll(shown, { message: `${this.name}'s connection`, timeout: 30_000, intervals: [100] }).toBe(state);
  }

  /** The camera tile of somebody; of everybody else without a name. */
  tile(/** @type {string | undefined} */ name = undefined) {
    const who = name === undefined ? '[data-own="false"]' : `[data-name="${name}"]`;
    return this.page.locator(`[data-testid="tile"][data-screen="false"]${who}`);
  }

  /** The screen shares of the others. */
  screens() {
    return this.page.locator('[data-testid="tile"][data-screen="true"][data-own="false"]');
  }

  /** What the tiles of the others show: their name and the colour in the middle. */
  async sees() {
    const shown = await this.page.locator('[data-testid="tile"][data-own="false"]').evaluateAll((tiles) =>
      tiles.map((tile) => {
        const { name, screen, camera } = /** @type {HTMLElement} */ (tile).dataset;
        const video = tile.querySelector('video');
        const who = screen === 'true' ? `${name}'s screen` : `${name}`;
        if (screen !== 'true' && camera === 'off') return { who, off: true, rgb: null };
        return { who, off: false, rgb: video && probe.rgb(video) };
      }),
    );
    return Object.fromEntries(shown.map(({ who, off, rgb }) => [who, off ? 'camera off' : colourName(rgb)]));
  }

  /** The colour of somebody's tile as it is painted on the screen, beside its middle. */
  async looksLike(/** @type {string} */ name) {
    const png = (await this.tile(name).screenshot()).toString('base64');
    const rgb = await this.page.evaluate(async (png) => {
      const image = new Image();
      image.src = `data:image/png;base64,${png}`;
      await image.decode();
      const g = /** @type {CanvasRenderingContext2D} */ (document.createElement('canvas').getContext('2d'));
      g.drawImage(image, image.width / 4, image.height / 2, 1, 1, 0, 0, 1, 1);
      return [...g.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    }, png);
    return colourName(rgb);
  }

  /** Whose tones come out of the loudspeaker, in the order of the cast. */
  async hears() {
    return (await this.page.evaluate(() => probe.tones())).map(toneName);
  }

  /** Waits until exactly these pictures are seen: name -> colour. */
  async expectToSee(/** @type {Record<string, string>} */ pictures) {
    await expect.poll(() => this.sees(), { message: `what ${this.name} sees`, timeout: 30_000 }).toEqual(pictures);
  }

  /** Waits until exactly these people are heard. */
  async expectToHear(/** @type {string[]} */ ...people) {
    await expect.poll(() => this.hears(), { message: `whom ${this.name} hears`, timeout: 30_000 }).toEqual(people);
  }

  /**
   * Watches every other camera tile for a while: frames per second, freezes
   * meanwhile, and how old the picture is at the end; and with it how many
   * frames per second one's own camera gave, which a busy machine slows down.
   * @param {number} ms
   * @returns {Promise<{sent: number, pictures: {name: string, fps: number, freezes: number, age: number}[]}>}
   */
  async watch(ms) {
    return this.tile().evaluateAll(async (tiles, ms) => {
      const videos = tiles.map((tile) => /** @type {HTMLVideoElement} */ (tile.querySelector('video')));
      const look = async () => ({
        at: performance.now(),
        sent: await probe.filmed(sfu.pc),
        received: await Promise.all(videos.map((video) => probe.received(sfu.pc, video))),
      });
      const before = await look();
      await new Promise((done) => setTimeout(done, ms));
      const after = await look();
      const perSecond = (/** @type {number} */ count) => (count * 1000) / (after.at - before.at);
      const pictures = tiles.map((tile, i) => {
        const [then, now] = [before.received[i], after.received[i]];
        return {
          name: /** @type {HTMLElement} */ (tile).dataset.name ?? '',
          fps: perSecond((now?.frames ?? 0) - (then?.frames ?? 0)),
          freezes: (now?.freezes ?? 0) - (then?.freezes ?? 0),
          age: probe.age(videos[i]) ?? Infinity,
        };
      });
      return { sent: perSecond(after.sent - before.sent), pictures };
    }, ms);
  }

  /**
   * What arrives of somebody's camera, or of their microphone, as getStats has it.
   * @param {string} name
   * @param {'audio' | 'video'} kind
   */
  async receives(name, kind = 'video') {
    return this.tile(name).evaluate((tile, kind) => {
      const video = /** @type {HTMLVideoElement} */ (tile.querySelector('video'));
      return probe.received(sfu.pc, video, kind);
    }, kind);
  }

  /** The sizes in which the camera has been encoded so far, by their rids. */
  async hasEncoded() {
    const sent = await this.page.evaluate(() => probe.sent(sfu.pc));
    return sent.filter(({ frames }) => frames > 0).map(({ rid }) => rid).sort();
  }

  /** The sizes in which the camera is encoded now, by their rids. */
  async encodes() {
    return this.page.evaluate(async () => {
      const before = await probe.sent(sfu.pc);
      await new Promise((done) => setTimeout(done, 500));
      const after = await probe.sent(sfu.pc);
      const goesOn = (/** @type {Sent} */ now) => now.frames > (before.find(({ rid }) => rid === now.rid)?.frames ?? 0);
      return after.filter(goesOn).map(({ rid }) => rid).sort();
    });
  }

  /** Packets of media that this person has received so far, of one kind. */
  async packetsReceived(/** @type {'audio' | 'video'} */ kind) {
    return this.page.evaluate(async (kind) => {
      let packets = 0;
      for (const entry of (await sfu.pc.getStats()).values()) {
        if (entry.type === 'inbound-rtp' && entry.kind === kind) packets += entry.packetsReceived;
      }
      return packets;
    }, kind);
  }

  /** How many signalling messages of a type went over the socket, either way. */
  async messages(/** @type {string} */ type) {
    return this.page.evaluate((type) => wiretap.messages.filter(({ message }) => message.type === type).length, type);
  }

  /** How many devices of one kind, or of any, this page holds open. */
  async openDevices(/** @type {'audio' | 'video' | undefined} */ kind = undefined) {
    return this.page.evaluate((kind) => {
      const open = fakecam.open.filter((track) => track.readyState === 'live');
      return open.filter((track) => kind === undefined || track.kind === kind).length;
    }, kind);
  }

  /** Leaves by the button. */
  async leave() {
    await this.get('leave-button').click();
  }
}
