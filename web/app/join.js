import { carry } from '../client/index.js';
import { copy, part, setAvatar, setIcon, setLabel } from './dom.js';
import { Meter, bar } from './meter.js';
import { Picker } from './picker.js';
import { remember } from './prefs.js';
import { choose } from './settings.js';
import { deviceTrouble, roomTrouble } from './trouble.js';
import { hue, initials } from './words.js';

/** @import { LocalDevice, LocalMedia } from './media.js' */
/** @import { RoomError } from '../client/index.js' */

/**
 * JoinScreen is the door: a look into the mirror, a name and a room.
 */
export class JoinScreen {
  element = copy('join');
  #media;
  #enter;
  #stream = new MediaStream();
  #meter;
  #picker;
  #listening = new AbortController();
  /** @type {Map<string, string>} why a device does not work */
  #reasons = new Map();
  #frame = part(this.element, 'frame', HTMLElement);
  #state = part(this.element, 'state', HTMLElement);
  #video = part(this.element, 'video', HTMLVideoElement);
  #error = part(this.element, 'error', HTMLElement);
  #name = part(this.element, 'name', HTMLInputElement);
  #room = part(this.element, 'room', HTMLInputElement);
  #button = part(this.element, 'join', HTMLButtonElement);

  /**
   * @param {LocalMedia} media
   * @param {{name: string, room: string, reports: boolean}} filled
   * @param {{id: string, choose: (id: string) => void}} speaker
   * @param {(who: {name: string, room: string}) => Promise<void>} enter rejects with a RoomError
   */
  constructor(media, filled, speaker, enter) {
    this.#media = media;
    this.#enter = enter;
    this.#name.value = filled.name;
    this.#room.value = filled.room;
    choose(part(this.element, 'reports', HTMLInputElement), 'reports', { on: filled.reports, choose: () => {} });
    this.#meter = new Meter(bar(part(this.element, 'meter', HTMLElement)));
    this.#picker = new Picker(part(this.element, 'pickers', HTMLElement), media, speaker);
    this.#wire();
    this.#show();
    media.start();
  }

  focus() {
    // On a phone the keyboard would come up over half the page.
    if (!matchMedia('(pointer: fine)').matches) return;
    const empty = [this.#name, this.#room].find((input) => !input.value);
    if (empty) empty.focus();
    else this.#button.focus(/** @type {FocusOptions} */ ({ focusVisible: false }));
  }

  close() {
    this.#listening.abort();
    this.#meter.close();
    this.#picker.close();
    this.element.remove();
  }

  #wire() {
    const { signal } = this.#listening;
    for (const device of this.#media.all) {
      device.addEventListener('change', () => this.#changed(device), { signal });
      device.addEventListener('trouble', (event) => this.#trouble(device, /** @type {CustomEvent} */ (event).detail), { signal });
      part(this.element, device.kind === 'camera' ? 'camera' : 'mic', HTMLButtonElement).onclick = () => toggle(device);
    }
    this.#name.oninput = () => this.#show();
    part(this.element, 'form', HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      this.#submit();
    };
  }

  async #submit() {
    const who = { name: this.#name.value.trim(), room: this.#room.value.trim() };
    if (!who.name || !who.room || this.#button.disabled) return;
    this.#say('');
    this.#busy(true);
    try {
      await this.#enter(who);
    } catch (error) {
      this.#busy(false);
      this.#say(roomTrouble(/** @type {RoomError} */ (error).code));
      this.#button.focus();
    }
  }

  /** @param {boolean} busy */
  #busy(busy) {
    this.#button.disabled = busy;
    this.#button.textContent = busy ? 'Joining…' : 'Join';
  }

  /** @param {LocalDevice} device */
  #changed(device) {
    if (device.on && device.track && this.#reasons.delete(device.kind)) this.#explain();
    this.#show();
  }

  /**
   * @param {LocalDevice} device
   * @param {string} reason
   */
  #trouble(device, reason) {
    this.#reasons.set(device.kind, reason);
    this.#explain();
  }

  // Two devices with one trouble are one sentence.
  #explain() {
    const reasons = [...new Set(this.#reasons.values())];
    const kinds = (/** @type {string} */ reason) => [...this.#reasons.keys()].filter((k) => this.#reasons.get(k) === reason);
    this.#say(reasons.map((reason) => deviceTrouble(kinds(reason).join(' and '), reason)).join(' '));
  }

  /** @param {string} text */
  #say(text) {
    this.#error.textContent = text;
    this.#error.hidden = !text;
  }

  #show() {
    const { microphone, camera } = this.#media;
    const live = camera.on && camera.track !== null;
    carry(this.#stream, camera.on && camera.track ? [camera.track] : []);
    // A video that waits for a picture holds up the page's load event.
    if (live !== (this.#video.srcObject !== null)) this.#video.srcObject = live ? this.#stream : null;
    this.#meter.watch(microphone.on ? microphone.track : null);
    this.#frame.dataset.camera = live ? 'on' : 'off';
    this.#state.textContent = !camera.on ? 'Your camera is off' : camera.track ? '' : 'Waiting for your camera…';
    const name = this.#name.value;
    setAvatar(part(this.element, 'avatar', HTMLElement), name.trim() ? initials(name) : '', hue(name));
    showDevice(part(this.element, 'mic', HTMLElement), microphone);
    showDevice(part(this.element, 'camera', HTMLElement), camera);
  }
}

/** @param {LocalDevice} device */
export function toggle(device) {
  remember({ [`${device.kind}On`]: !device.on });
  return device.turn(!device.on);
}

/**
 * Makes a button show the state of its device, and say what it does.
 * @param {HTMLElement} button
 * @param {LocalDevice} device
 * @param {string} [key] its shortcut
 */
export function showDevice(button, { kind, on }, key) {
  button.dataset.on = String(on);
  setIcon(button, (kind === 'camera' ? 'camera' : 'mic') + (on ? '' : '-off'));
  setLabel(button, `Turn ${kind} ${on ? 'off' : 'on'}`, key);
}
