/**
 * The page's markup lives in index.html, in templates; this is how it is taken
 * out of there.
 *
 * @module
 */

/**
 * A fresh copy of a template's element.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function copy(id) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  const fragment = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  return /** @type {HTMLElement} */ (fragment.firstElementChild);
}

/**
 * The element that its template calls by this name.
 * @template {Element} T
 * @param {Element} root
 * @param {string} name
 * @param {new () => T} type
 * @returns {T}
 */
export function part(root, name, type) {
  const element = root.querySelector(`[data-part="${name}"]`);
  if (!(element instanceof type)) throw new Error(`no ${type.name} called ${name}`);
  return element;
}

/**
 * Shows another icon of the sprite.
 * @param {Element} element
 * @param {string} name
 */
export function setIcon(element, name) {
  element.querySelector('use')?.setAttribute('href', `#icon-${name}`);
}

/**
 * Names a button for eyes and ears at once.
 * @param {HTMLElement} button
 * @param {string} label
 * @param {string} [key] its shortcut
 */
export function setLabel(button, label, key) {
  button.setAttribute('aria-label', label);
  button.title = key ? `${label} (${key})` : label;
  if (key) button.setAttribute('aria-keyshortcuts', key);
}

/**
 * Puts a person's letters and colour into an avatar.
 * @param {HTMLElement} avatar
 * @param {string} letters
 * @param {number} hue
 */
export function setAvatar(avatar, letters, hue) {
  avatar.textContent = letters;
  avatar.parentElement?.style.setProperty('--hue', String(hue));
}
