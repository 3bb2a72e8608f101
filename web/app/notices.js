import { copy, part } from './dom.js';

/**
 * @typedef {Object} NoticeOptions
 * @property {number} [seconds] how long it stays; until cleared by default
 * @property {string} [action] what a button in it says
 * @property {() => void} [act] what the button does; the notice goes
 */

/**
 * Notices are short lines at the top of the room, at most one of a kind: a
 * newer one takes the place of an older one.
 */
export class Notices {
  #root;
  /** @type {Map<string, {element: HTMLElement, timer: number}>} */
  #shown = new Map();

  /** @param {HTMLElement} root a live region */
  constructor(root) {
    this.#root = root;
  }

  /**
   * @param {string} kind
   * @param {string} text
   * @param {NoticeOptions} [options]
   */
  show(kind, text, { seconds, action, act } = {}) {
    const known = this.#shown.get(kind);
    clearTimeout(known?.timer);
    const element = known?.element ?? copy('notice');
    element.dataset.kind = kind;
    part(element, 'text', HTMLElement).textContent = text;
    const button = part(element, 'action', HTMLButtonElement);
    button.hidden = !action;
    button.textContent = action ?? '';
    button.onclick = () => {
      this.clear(kind);
      act?.();
    };
    if (!known) this.#root.append(element);
    const timer = seconds ? window.setTimeout(() => this.clear(kind), seconds * 1000) : 0;
    this.#shown.set(kind, { element, timer });
  }

  /** @param {string} kind */
  clear(kind) {
    const known = this.#shown.get(kind);
    clearTimeout(known?.timer);
    known?.element.remove();
    this.#shown.delete(kind);
  }
}
