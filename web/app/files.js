import { receiveFile, sendFile, TransferError } from '../client/index.js';
import { copy, part } from './dom.js';
import { fileSize } from './words.js';

/** @import { Room } from '../client/index.js' */

const largest = 16 * 1024 * 1024;
const atOnce = 8; // files on their way to us
const stored = 256 * 1024 * 1024; // received bytes that stay downloadable

/**
 * FileShare sends files to everyone, one after the other, and receives theirs.
 */
export class FileShare {
  static label = 'file';

  #room;
  #append;
  #trouble;
  /** @type {Promise<void>} */
  #tail = Promise.resolve();
  #arriving = 0;
  /** @type {{url: string, size: number, row: FileRow}[]} oldest first */
  #received = [];

  /**
   * @param {Room} room
   * @param {(element: HTMLElement, author: string) => void} append puts a row into the chat
   * @param {(text: string) => void} trouble
   */
  constructor(room, append, trouble) {
    this.#room = room;
    this.#append = append;
    this.#trouble = trouble;
  }

  /** @param {File} file */
  send(file) {
    if (file.size > largest) {
      return this.#trouble(`${file.name} is too large: up to ${fileSize(largest)} can be sent.`);
    }
    const row = new FileRow(file.name, file.size);
    this.#append(row.element, '');
    this.#tail = this.#tail.then(() => this.#transmit(file, row));
  }

  /**
   * @param {RTCDataChannel} channel
   * @param {string} from
   * @param {string} name of the sender
   */
  async take(channel, from, name) {
    if (this.#arriving === atOnce) return channel.close();
    this.#arriving++;
    /** @type {FileRow|undefined} */
    let row;
    try {
      const { header, chunks } = await receiveFile(channel, {
        limit: largest,
        begun: (h) => {
          row = new FileRow(h.name, h.size);
          this.#append(row.element, from);
        },
        progress: (received) => row?.progress(received),
      });
      // Never under the type that the sender claims: a page would run as ours.
      const url = URL.createObjectURL(new Blob(chunks, { type: 'application/octet-stream' }));
      row?.received(url, header.name);
      if (row) this.#keep({ url, size: header.size, row });
    } catch (error) {
      row?.failed('Not received completely');
      if (isTooLarge(error)) this.#trouble(`${name} sent a file that is too large.`);
    } finally {
      this.#arriving--;
    }
  }

  close() {
    for (const { url } of this.#received) URL.revokeObjectURL(url);
    this.#received = [];
  }

  /**
   * @param {File} file
   * @param {FileRow} row
   */
  async #transmit(file, row) {
    try {
      await sendFile(this.#room.open(FileShare.label), file, (sent) => row.progress(sent));
      row.sent();
    } catch {
      row.failed('Not sent: the connection was lost');
    }
  }

  /** @param {{url: string, size: number, row: FileRow}} file */
  #keep(file) {
    this.#received.push(file);
    let total = this.#received.reduce((sum, f) => sum + f.size, 0);
    while (total > stored) {
      const oldest = this.#received.shift();
      if (!oldest) return;
      total -= oldest.size;
      URL.revokeObjectURL(oldest.url);
      oldest.row.failed('No longer kept');
    }
  }
}

/** FileRow is a file's line in the chat. */
class FileRow {
  element = copy('file');
  #state = part(this.element, 'state', HTMLElement);
  #link = part(this.element, 'link', HTMLAnchorElement);
  #progress = part(this.element, 'progress', HTMLProgressElement);
  #size;

  /**
   * @param {string} name
   * @param {number} size
   */
  constructor(name, size) {
    this.#size = size;
    part(this.element, 'name', HTMLElement).textContent = name;
    this.#progress.setAttribute('aria-label', `Progress of ${name}`);
    this.progress(0);
  }

  /** @param {number} bytes */
  progress(bytes) {
    this.#progress.max = Math.max(1, this.#size);
    this.#progress.value = bytes;
    this.#state.textContent = `${fileSize(bytes)} of ${fileSize(this.#size)}`;
  }

  sent() {
    this.#end(`${fileSize(this.#size)}, sent`);
  }

  /**
   * @param {string} url
   * @param {string} name
   */
  received(url, name) {
    this.#end(fileSize(this.#size));
    this.#link.href = url;
    this.#link.download = name;
    this.#link.setAttribute('aria-label', `Download ${name}`);
    this.#link.title = 'Download';
    this.#link.hidden = false;
  }

  /** @param {string} text */
  failed(text) {
    this.#end(text);
    this.#link.hidden = true;
    this.#link.removeAttribute('href');
  }

  /** @param {string} text */
  #end(text) {
    this.#state.textContent = text;
    this.#progress.hidden = true;
  }
}

/** @param {unknown} error */
function isTooLarge(error) {
  return error instanceof TransferError && error.code === 'too_large';
}
