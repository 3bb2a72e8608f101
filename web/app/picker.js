import { remember } from './prefs.js';

/** @import { LocalMedia, LocalDevice } from './media.js' */

/**
 * Picker fills the device menus under an element and does what is chosen there.
 */
export class Picker {
  #root;
  #media;
  #speaker;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} root with selects that name their data-device
   * @param {LocalMedia} media
   * @param {{id: string, choose: (id: string) => void}} speaker
   */
  constructor(root, media, speaker) {
    this.#root = root;
    this.#media = media;
    this.#speaker = speaker;
    const { signal } = this.#listening;
    const fill = () => this.#fill();
    navigator.mediaDevices.addEventListener('devicechange', fill, { signal });
    for (const device of media.all) device.addEventListener('change', fill, { signal });
    root.addEventListener('change', ({ target }) => target instanceof HTMLSelectElement && this.#chosen(target), { signal });
    fill();
  }

  close() {
    this.#listening.abort();
  }

  async #fill() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    for (const select of this.#root.querySelectorAll('select')) {
      const kind = select.dataset.device ?? '';
      const list = devices.filter((d) => d.kind === kind && d.deviceId);
      if (kind === 'audiooutput') this.#showSpeaker(select, list.length > 0);
      fill(select, list, this.#current(kind));
    }
  }

  /**
   * @param {HTMLSelectElement} select
   * @param {boolean} some
   */
  #showSpeaker(select, some) {
    const possible = some && 'setSinkId' in HTMLMediaElement.prototype;
    select.closest('label')?.toggleAttribute('hidden', !possible);
  }

  /** @param {string} kind */
  #current(kind) {
    const device = this.#device(kind);
    return device ? (device.track?.getSettings().deviceId ?? device.deviceId) : this.#speaker.id;
  }

  /**
   * @param {string} kind
   * @returns {LocalDevice|null}
   */
  #device(kind) {
    if (kind === 'audioinput') return this.#media.microphone;
    if (kind === 'videoinput') return this.#media.camera;
    return null;
  }

  /** @param {HTMLSelectElement} select */
  #chosen(select) {
    const device = this.#device(select.dataset.device ?? '');
    if (device) {
      device.pick(select.value);
      remember({ [device.kind]: select.value });
      return;
    }
    this.#speaker.id = select.value;
    this.#speaker.choose(select.value);
    remember({ speaker: select.value });
  }
}

/**
 * @param {HTMLSelectElement} select
 * @param {MediaDeviceInfo[]} devices
 * @param {string} current
 */
function fill(select, devices, current) {
  const options = devices.map((d, i) => new Option(d.label || `Device ${i + 1}`, d.deviceId));
  // Before the first permission browsers tell nothing but that there is one.
  if (options.length === 0) options.push(new Option('Default', ''));
  select.replaceChildren(...options);
  if (devices.some((d) => d.deviceId === current)) select.value = current;
  select.disabled = devices.length === 0;
}
