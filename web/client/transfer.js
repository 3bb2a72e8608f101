/**
 * Files over data channels: a channel for each file, first a JSON header as
 * text, then the content in binary messages, then the end of the channel.
 *
 * @module
 */

// Well under the limit of one message, and small enough that a chat message
// never waits long behind one: SCTP sends a message as a whole.
export const chunkSize = 16 * 1024;

const block = 1024 * 1024; // read from disk at once
const high = 256 * 1024; // stop filling the channel above this: progress is what has left
const low = 64 * 1024; // go on below this

/** A transfer that did not come to its end. */
export class TransferError extends Error {
  /** @param {'closed'|'too_large'|'invalid'|'incomplete'} code */
  constructor(code) {
    super(code);
    this.name = 'TransferError';
    this.code = code;
  }
}

/** @typedef {{name: string, size: number, type: string}} FileHeader */

/**
 * Sends a file and closes the channel.
 * @param {RTCDataChannel} channel that was opened for this file alone
 * @param {Blob & {name?: string}} file
 * @param {(sent: number) => void} [progress] bytes that have left this side
 * @returns {Promise<void>}
 */
export async function sendFile(channel, file, progress = () => {}) {
  try {
    await opened(channel);
    /** @type {FileHeader} */
    const header = { name: file.name ?? 'file', size: file.size, type: file.type };
    channel.send(JSON.stringify(header));
    for (let at = 0; at < file.size; at += block) {
      const bytes = new Uint8Array(await file.slice(at, at + block).arrayBuffer());
      for (let from = 0; from < bytes.length; from += chunkSize) {
        if (channel.bufferedAmount > high) await drained(channel, low);
        if (channel.readyState !== 'open') throw new TransferError('closed');
        channel.send(bytes.subarray(from, from + chunkSize));
        progress(Math.max(0, at + from - channel.bufferedAmount));
      }
    }
    await drained(channel, 0);
    progress(file.size);
  } finally {
    channel.close();
  }
}

/**
 * Receives the file that comes on a channel. Call it in the handler of the
 * channel's arrival, before its first message.
 * @param {RTCDataChannel} channel
 * @param {Object} options
 * @param {number} options.limit in bytes; a larger file is refused
 * @param {(header: FileHeader) => void} [options.begun]
 * @param {(received: number) => void} [options.progress]
 * @returns {Promise<{header: FileHeader, chunks: Uint8Array<ArrayBuffer>[]}>}
 */
export function receiveFile(channel, { limit, begun = () => {}, progress = () => {} }) {
  const assembly = new Assembly(limit);
  return new Promise((resolve, reject) => {
    channel.onclose = () => reject(new TransferError(assembly.header ? 'incomplete' : 'closed'));
    channel.onmessage = ({ data }) => {
      try {
        const first = !assembly.header;
        assembly.add(data);
        const header = /** @type {FileHeader} */ (assembly.header);
        if (first) begun(header);
        progress(assembly.received);
        if (assembly.received < header.size) return;
        channel.onclose = channel.onmessage = null;
        resolve({ header, chunks: assembly.chunks });
      } catch (error) {
        channel.onclose = channel.onmessage = null;
        channel.close();
        reject(error);
      }
    };
  });
}

/** Assembly puts a file together and believes nothing that the sender says. */
export class Assembly {
  #limit;
  /** @type {FileHeader|null} */
  header = null;
  received = 0;
  /** @type {Uint8Array<ArrayBuffer>[]} */
  chunks = [];

  /** @param {number} limit */
  constructor(limit) {
    this.#limit = limit;
  }

  /**
   * Takes the next message.
   * @param {unknown} data
   */
  add(data) {
    if (!this.header) {
      this.header = parseHeader(data);
      if (this.header.size > this.#limit) throw new TransferError('too_large');
      return;
    }
    if (!(data instanceof ArrayBuffer)) throw new TransferError('invalid');
    this.received += data.byteLength;
    if (this.received > this.header.size) throw new TransferError('invalid');
    this.chunks.push(new Uint8Array(data));
  }
}

/**
 * @param {unknown} data
 * @returns {FileHeader}
 */
function parseHeader(data) {
  if (typeof data !== 'string' || data.length > 4096) throw new TransferError('invalid');
  const { name, size, type } = parse(data);
  if (typeof name !== 'string' || !Number.isSafeInteger(size) || size < 0) throw new TransferError('invalid');
  return { name: safeName(name), size, type: typeof type === 'string' ? type : '' };
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    throw new TransferError('invalid');
  }
}

/**
 * A name that stays in the folder that it is saved to and reads as what it is:
 * no path, no control characters, nothing that turns the writing direction.
 * @param {string} name
 */
export function safeName(name) {
  const base = name.split(/[/\\]/).pop() ?? '';
  const plain = base.replace(/[\p{Cc}\p{Cf}<>:"|?*]/gu, '').replace(/^\.+/, '').trim();
  return [...plain].slice(-120).join('') || 'file';
}

/** @param {RTCDataChannel} channel */
function opened(channel) {
  return until(channel, 'open', () => channel.readyState === 'open');
}

/**
 * @param {RTCDataChannel} channel
 * @param {number} level
 */
function drained(channel, level) {
  channel.bufferedAmountLowThreshold = level;
  return until(channel, 'bufferedamountlow', () => channel.bufferedAmount <= level);
}

/**
 * Waits for an event that makes something true, or for the channel's end.
 * @param {RTCDataChannel} channel
 * @param {string} event
 * @param {() => boolean} done
 * @returns {Promise<void>}
 */
function until(channel, event, done) {
  return new Promise((resolve, reject) => {
    const look = () => {
      const over = channel.readyState === 'closing' || channel.readyState === 'closed';
      if (!over && !done()) return;
      channel.removeEventListener(event, look);
      channel.removeEventListener('close', look);
      if (over) reject(new TransferError('closed'));
      else resolve();
    };
    channel.addEventListener(event, look);
    channel.addEventListener('close', look);
    look();
  });
}
