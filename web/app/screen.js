import { screenTrouble } from './trouble.js';

/** @import { Room } from '../client/index.js' */

/**
 * ScreenShare is our own screen in the room.
 *
 * Events: `change`, and `trouble` with a text for the person.
 */
export class ScreenShare extends EventTarget {
  #room;
  #asking = false;
  /** @type {MediaStream|null} */
  stream = null;

  /** @param {Room} room */
  constructor(room) {
    super();
    this.#room = room;
  }

  static get possible() {
    return 'getDisplayMedia' in navigator.mediaDevices;
  }

  get on() {
    return this.stream !== null;
  }

  async start() {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } }, audio: true });
      this.stream = stream;
      const [video] = stream.getVideoTracks();
      const [audio] = stream.getAudioTracks();
      video.onended = () => this.stop(); // by the browser's own button
      this.#changed();
      await this.#room.publish('screen', video);
      if (audio) await this.#room.publish('screen_audio', audio);
    } catch (error) {
      await this.stop();
      const text = screenTrouble(error);
      if (text) this.dispatchEvent(new CustomEvent('trouble', { detail: text }));
    } finally {
      this.#asking = false;
    }
  }

  async stop() {
    const { stream } = this;
    if (!stream) return;
    this.stream = null;
    this.#changed();
    await Promise.all([this.#room.unpublish('screen'), this.#room.unpublish('screen_audio')]);
    for (const track of stream.getTracks()) track.stop();
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}
