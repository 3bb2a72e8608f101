import { figures } from './connection.js';
import { part } from './dom.js';
import { Meter, bar } from './meter.js';
import { Picker } from './picker.js';

/** @import { Quality } from '../client/protocol.js' */
/** @import { LocalMedia } from './media.js' */

/** Settings is the dialog with the devices, the connection and the keys. */
export class Settings {
  #dialog;
  #media;
  #meter;
  #picker;
  #connection;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} root of the call
   * @param {LocalMedia} media
   * @param {{id: string, choose: (id: string) => void}} speaker
   */
  constructor(root, media, speaker) {
    const dialog = part(root, 'settings', HTMLDialogElement);
    this.#dialog = dialog;
    this.#media = media;
    this.#meter = new Meter(bar(part(root, 'meter', HTMLElement)));
    this.#picker = new Picker(part(root, 'pickers', HTMLElement), media, speaker);
    this.#connection = part(root, 'connection', HTMLElement);
    part(root, 'settings-toggle', HTMLButtonElement).onclick = () => {
      dialog.showModal();
      this.#measure();
    };
    part(root, 'settings-close', HTMLButtonElement).onclick = () => dialog.close();
    dialog.onclick = (event) => event.target === dialog && dialog.close(); // beside it
    dialog.onclose = () => this.#measure();
    media.microphone.addEventListener('change', () => this.#measure(), { signal: this.#listening.signal });
  }

  get open() {
    return this.#dialog.open;
  }

  /** @param {Quality} quality of our own connection */
  rate(quality) {
    this.#connection.hidden = false;
    for (const [name, text] of Object.entries(figures(quality))) {
      part(this.#connection, name, HTMLElement).textContent = text;
    }
  }

  close() {
    this.#listening.abort();
    this.#picker.close();
    this.#meter.close();
    this.#dialog.close();
  }

  #measure() {
    this.#meter.watch(this.open ? this.#media.microphone.track : null);
  }
}
