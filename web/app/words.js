/**
 * Small pure functions over text: names, links, sizes.
 *
 * @module
 */

/**
 * One or two letters that stand for a name.
 * @param {string} name
 */
export function initials(name) {
  const words = name.trim().split(/[\s._-]+/u).filter((w) => /[\p{L}\p{N}]/u.test(w));
  const letter = (/** @type {string} */ w) => [...w].find((c) => /[\p{L}\p{N}]/u.test(c)) ?? '';
  const chosen = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return chosen.map(letter).join('').toLocaleUpperCase() || '?';
}

/**
 * A hue that is always the same for a name, and differs between most names.
 * @param {string} name
 * @returns {number} degrees
 */
export function hue(name) {
  let hash = 2166136261; // FNV-1a
  for (const c of name) hash = Math.imul(hash ^ (c.codePointAt(0) ?? 0), 16777619);
  // Neighbouring hashes are spread over the circle by the golden angle.
  return Math.round(((hash >>> 0) % 360) * 137.508) % 360;
}

// What may stand in a path as it is: browsers and servers clean up the rest.
const plain = /^[\p{L}\p{N}_~-][\p{L}\p{N}_~ .-]*$/u;

/**
 * The link that leads others here: /r/standup, or ?room= for a name that a
 * path would not survive.
 * @param {string} origin
 * @param {string} room
 */
export function inviteLink(origin, room) {
  const name = encodeURIComponent(room);
  return plain.test(room) ? `${origin}/r/${name}` : `${origin}/?room=${name}`;
}

/**
 * The same room at another server's page; '' when that is no address of a page.
 * @param {string} address
 * @param {string} room
 */
export function pageAt(address, room) {
  const url = URL.canParse(address) ? new URL(address) : null;
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? inviteLink(url.origin, room) : '';
}

/**
 * The room that a page's address names, or ''.
 * @param {URL} url
 */
export function roomOf(url) {
  const path = /^\/r\/([^/]+)\/?$/.exec(url.pathname);
  if (!path) return url.searchParams.get('room') ?? '';
  try {
    return decodeURIComponent(path[1]);
  } catch {
    return '';
  }
}

/**
 * Cuts a text at its web addresses.
 * @param {string} text
 * @returns {{text: string, href?: string}[]}
 */
export function links(text) {
  /** @type {{text: string, href?: string}[]} */
  const out = [];
  let at = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"']+/giu)) {
    const address = match[0].replace(/[.,;:!?)\]}]+$/u, '');
    if (!URL.canParse(address)) continue;
    if (match.index > at) out.push({ text: text.slice(at, match.index) });
    out.push({ text: address, href: address });
    at = match.index + address.length;
  }
  if (at < text.length) out.push({ text: text.slice(at) });
  return out;
}

/**
 * @param {number} bytes
 */
export function fileSize(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/**
 * Names in a sentence: "Ana", "Ana and Ben", "Ana and 3 others".
 * @param {string[]} names
 */
export function several(names) {
  if (names.length < 3) return names.join(' and ');
  return `${names[0]} and ${names.length - 1} others`;
}
