import { figures } from './connection.js';
import { part } from './dom.js';
import { Meter, bar } from './meter.js';
import { Picker } from './picker.js';
import { remember } from './prefs.js';

/** @import { Quality } from '../client/protocol.js' */
/** @import { Row } from './figures.js' */
/** @import { LocalMedia } from './media.js' */

/**
 * A choice that is remembered.
 * @typedef {Object} Choice
 * @property {boolean} on
 * @property {(on: boolean) => void} choose
 */

/** Settings is the dialog with the devices, the connection, the figures and the keys. */
export class Settings {
  #dialog;
  #media;
  #meter;
  #picker;
  #connection;
  #people;
  #figures;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} root of the call
   * @param {LocalMedia} media
   * @param {{id: string, choose: (id: string) => void}} speaker
   * @param {{figures: Choice, reports: Choice}} choices
   */
  constructor(root, media, speaker, choices) {
    const dialog = part(root, 'settings', HTMLDialogElement);
    this.#dialog = dialog;
    this.#media = media;
    this.#meter = new Meter(bar(part(root, 'meter', HTMLElement)));
    this.#picker = new Picker(part(root, 'pickers', HTMLElement), media, speaker);
    this.#connection = part(root, 'connection', HTMLElement);
    this.#people = part(root, 'people', HTMLElement);
    this.#figures = choose(part(root, 'figures', HTMLInputElement), 'figures', choices.figures);
    choose(part(root, 'reports', HTMLInputElement), 'reports', choices.reports);
    part(root, 'settings-toggle', HTMLButtonElement).onclick = () => {
      dialog.showModal();
      this.#measure();
    };
    part(root, 'settings-close', HTMLButtonElement).onclick = () => dialog.close();
    dialog.onclick = (event) => {
      if (event.target === dialog) dialog.close(); // beside it
    };
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

  /** Turns the figures on, or off. */
  toggleFigures() {
    this.#figures.click();
  }

  /** @param {{name: string, rows: Row[]}[]} people whose figures there are */
  read(people) {
    this.#people.hidden = people.length === 0;
    if (this.open) this.#people.replaceChildren(...people.map(person));
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

/**
 * Makes a switch show a choice, and do it.
 * @param {HTMLInputElement} input
 * @param {'figures'|'reports'} name
 * @param {Choice} choice
 */
export function choose(input, name, choice) {
  input.checked = choice.on;
  input.onchange = () => {
    remember({ [name]: input.checked });
    choice.choose(input.checked);
  };
  return input;
}

/** @param {{name: string, rows: Row[]}} of */
function person({ name, rows }) {
  const element = document.createElement('div');
  const [who, what] = [document.createElement('dt'), document.createElement('dd')];
  who.textContent = name;
  what.textContent = rows.map(([of, text]) => `${of} ${text}`).join('; ');
  element.append(who, what);
  return element;
}
