/**
 * What this browser remembers between visits. A browser that remembers nothing
 * (private mode, storage turned off) is no reason to fail.
 *
 * @module
 */

/**
 * @typedef {Object} Prefs
 * @property {string} name
 * @property {string} microphone device id, '' for the default
 * @property {string} camera
 * @property {string} speaker
 * @property {boolean} microphoneOn
 * @property {boolean} cameraOn
 * @property {boolean} figures whether they are shown over the pictures
 * @property {boolean} reports whether they are sent to those who run the server
 */

const key = 'sfu';

/** @type {Prefs} */
const defaults = { name: '', microphone: '', camera: '', speaker: '', microphoneOn: true, cameraOn: true, figures: false, reports: false };

/** @returns {Prefs} */
export function load() {
  try {
    const stored = JSON.parse(localStorage.getItem(key) ?? '{}');
    const known = Object.entries(defaults).map(([k, v]) => [k, typeof stored?.[k] === typeof v ? stored[k] : v]);
    return Object.fromEntries(known);
  } catch {
    return { ...defaults };
  }
}

/** @param {Partial<Prefs>} changes */
export function remember(changes) {
  try {
    localStorage.setItem(key, JSON.stringify({ ...load(), ...changes }));
  } catch {
    // Then it is forgotten.
  }
}
