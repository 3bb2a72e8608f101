import { copy, part } from './dom.js';
import { FileShare } from './files.js';
import { links } from './words.js';

/** @import { Room } from '../client/index.js' */
/** @import { Notices } from './notices.js' */

const label = 'chat';
const kept = 500; // messages; older ones go
const together = 3 * 60_000; // messages of one author within this time share a head

const narrow = matchMedia('(max-width: 700px)');

/**
 * Chat is the panel with messages and files. A text goes over the room's `chat`
 * channel as it is: a message is a text frame, nothing else.
 */
export class Chat {
  #room;
  #notices;
  #nameOf;
  #panel;
  #toggle;
  #behind;
  #log;
  #input;
  #badge;
  #files;
  #unread = 0;
  #last = { author: '', at: 0 };

  /**
   * @param {HTMLElement} root of the call
   * @param {Room} room
   * @param {Notices} notices
   * @param {(participant: string) => string} nameOf
   */
  constructor(root, room, notices, nameOf) {
    this.#room = room;
    this.#notices = notices;
    this.#nameOf = nameOf;
    this.#panel = part(root, 'chat', HTMLElement);
    this.#toggle = part(root, 'chat-toggle', HTMLButtonElement);
    this.#behind = [...root.querySelectorAll('.stage, .dock, .call-head')];
    this.#log = part(root, 'chat-log', HTMLElement);
    this.#input = part(root, 'chat-input', HTMLTextAreaElement);
    this.#badge = part(root, 'badge', HTMLElement);
    this.#files = new FileShare(room, (element, author) => this.#append(element, author), (text) => this.#trouble(text));
    this.#wire(root);
    this.#mark();
  }

  get open() {
    return !this.#panel.hidden;
  }

  /** @param {boolean} open */
  set open(open) {
    if (open === this.open) return;
    const inside = this.#panel.contains(document.activeElement);
    this.#panel.hidden = !open;
    this.#toggle.setAttribute('aria-expanded', String(open));
    this.#cover();
    this.#unread = 0;
    this.#mark();
    if (open) {
      this.#log.scrollTop = this.#log.scrollHeight;
      this.#input.focus();
    } else if (inside) {
      this.#toggle.focus();
    }
  }

  /**
   * Takes a channel that somebody opened, if it is one of ours.
   * @param {RTCDataChannel} channel
   * @param {string} from
   */
  take(channel, from) {
    if (channel.label === FileShare.label) this.#files.take(channel, from, this.#nameOf(from));
    if (channel.label !== label) return;
    channel.onmessage = ({ data }) => {
      if (typeof data === 'string' && data) this.#say(from, data);
    };
  }

  close() {
    this.#files.close();
  }

  /** @param {HTMLElement} root */
  #wire(root) {
    const form = part(root, 'chat-form', HTMLFormElement);
    const file = part(root, 'file', HTMLInputElement);
    this.#toggle.onclick = () => (this.open = !this.open);
    part(root, 'chat-close', HTMLButtonElement).onclick = () => (this.open = false);
    narrow.onchange = () => this.#cover();
    form.onsubmit = (event) => {
      event.preventDefault();
      this.#send();
    };
    this.#input.onkeydown = (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#send();
    };
    file.onchange = () => {
      for (const each of file.files ?? []) this.#files.send(each);
      file.value = '';
    };
    this.#panel.ondragover = (event) => event.preventDefault();
    this.#panel.ondrop = (event) => {
      event.preventDefault();
      for (const each of event.dataTransfer?.files ?? []) this.#files.send(each);
    };
  }

  #send() {
    const text = this.#input.value;
    if (!text.trim()) return;
    const channel = this.#room.channel(label);
    if (channel?.readyState !== 'open') return this.#trouble('Not sent: there is no connection just now.');
    channel.send(text);
    this.#input.value = '';
    this.#say('', text);
  }

  /**
   * @param {string} author a participant's id, or '' for ourselves
   * @param {string} text
   */
  #say(author, text) {
    const element = copy('message');
    const body = part(element, 'text', HTMLElement);
    for (const piece of links(text)) body.append(piece.href ? anchor(piece.text, piece.href) : piece.text);
    this.#append(element, author);
  }

  /**
   * @param {HTMLElement} element of a message
   * @param {string} author
   */
  #append(element, author) {
    const now = new Date();
    const follows = author === this.#last.author && now.getTime() - this.#last.at < together;
    this.#last = { author, at: now.getTime() };
    element.classList.toggle('follows', follows);
    element.classList.toggle('own', author === '');
    part(element, 'author', HTMLElement).textContent = author === '' ? 'You' : this.#nameOf(author);
    const time = part(element, 'time', HTMLTimeElement);
    time.dateTime = now.toISOString();
    time.textContent = now.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });

    const log = this.#log;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    log.append(element);
    while (log.children.length > kept + 1) log.children[1].remove(); // the first is the hint
    if (atEnd || author === '') log.scrollTop = log.scrollHeight;
    if (!this.open && author !== '') this.#unread++;
    this.#mark();
  }

  #mark() {
    const n = this.#unread;
    this.#badge.hidden = n === 0;
    this.#badge.textContent = n > 99 ? '99+' : String(n);
    this.#toggle.setAttribute('aria-label', n ? `Chat, ${n} unread` : 'Chat');
    this.#toggle.title = 'Chat (C)';
    this.#toggle.setAttribute('aria-keyshortcuts', 'C');
  }

  /** On a small screen the panel covers the room: what is under it cannot be reached. */
  #cover() {
    for (const element of this.#behind) element.toggleAttribute('inert', this.open && narrow.matches);
  }

  /** @param {string} text */
  #trouble(text) {
    this.#notices.show('chat', text, { seconds: 6 });
  }
}

/**
 * @param {string} text
 * @param {string} href
 */
function anchor(text, href) {
  const a = document.createElement('a');
  a.textContent = text;
  a.href = href;
  a.target = '_blank';
  a.rel = 'noopener noreferrer';
  return a;
}
