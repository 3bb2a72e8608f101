import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

// As much of an element as a tile touches; its parts come about when asked for.
class HTMLElement {
  dataset = {};
  hidden = false;
  style = { setProperty() {} };
  attributes = {};
  parts = {};
  parentElement = this;
  querySelector(selector) {
    const name = /data-part="(.+)"/.exec(selector)?.[1] ?? selector;
    const kinds = { video: HTMLVideoElement, pin: HTMLButtonElement, muted: SVGElement };
    return (this.parts[name] ??= new (kinds[name] ?? HTMLElement)());
  }
  setAttribute(name, value) {
    this.attributes[name] = value;
  }
  toggleAttribute() {}
  replaceChildren(...children) {
    this.children = children;
  }
}
class SVGElement extends HTMLElement {}
class HTMLButtonElement extends HTMLElement {}
class HTMLVideoElement extends HTMLElement {
  requestVideoFrameCallback(seen) {
    seen();
  }
  async play() {}
}
const document = {
  createElement: () => Object.assign(new HTMLElement(), { text: [], append(...more) { this.text.push(...more.map((m) => m.textContent ?? m)); } }),
  getElementById: () => ({ content: { cloneNode: () => ({ firstElementChild: new HTMLElement() }) } }),
};
Object.assign(globalThis, { HTMLElement, SVGElement, HTMLButtonElement, HTMLVideoElement, document });
const { Tile } = await import('../app/tile.js');

const stream = { getTracks: () => [] };
const view = {
  key: 'a', participant: 'a', name: 'Ana', own: false, screen: false, muted: false, camera: true, speaking: false, held: '', connection: 'good', stream,
};
let tile;
beforeEach(() => {
  tile = new Tile(() => {}, () => {}, () => {});
});
const show = (more = {}) => tile.show({ ...view, ...more }, false);
const icon = (mark) => mark.querySelector('use').attributes.href;

test('a good connection and a picture that moves are not marked', () => {
  show();
  const { held, weak } = tile.element.parts;
  assert.deepEqual([held.hidden, weak.hidden, tile.element.dataset.held, tile.element.dataset.connection], [true, true, '', 'good']);
});

test('a weak connection has a name for those who cannot see it', () => {
  show({ connection: 'weak' });
  const { weak } = tile.element.parts;
  assert.deepEqual([weak.hidden, weak.ariaLabel, icon(weak)], [false, 'Ana’s connection is weak', '#icon-weak']);
  show({ connection: 'bad', own: true });
  assert.deepEqual([weak.ariaLabel, icon(weak)], ['Your connection is very weak', '#icon-bad']);
  show();
  assert.equal(weak.hidden, true);
});

test('a picture without bandwidth stays, and says why it does not move', () => {
  show();
  show({ held: 'bandwidth' });
  const { held } = tile.element.parts;
  assert.deepEqual([tile.element.dataset.picture, tile.element.dataset.held], ['true', 'bandwidth']);
  assert.deepEqual([held.hidden, held.parts.why.textContent, icon(held)], [false, 'Picture paused: slow connection', '#icon-weak']);
  show();
  assert.deepEqual([held.hidden, tile.element.dataset.held], [true, '']);
  show({ held: 'codec' });
  assert.deepEqual([held.parts.why.textContent, icon(held)], ['No picture: unknown format', '#icon-camera-off']);
});

test('of a camera that is off no picture stays', () => {
  show();
  show({ camera: false });
  assert.equal(tile.element.dataset.picture, 'false');
});

test('figures come and go, and are no news for a screen reader', () => {
  show();
  tile.read([['picture', '640×360, 15 fps'], ['score', '5 of 5']]);
  const { readings } = tile.element.parts;
  assert.deepEqual([readings.hidden, readings.children.map(({ text }) => text.join(' '))], [false, ['picture 640×360, 15 fps', 'score 5 of 5']]);
  tile.read([]);
  assert.deepEqual([readings.hidden, readings.children.length], [true, 0]);
});

test('a picture is said to be seen once it is', () => {
  let times = 0;
  const other = new Tile(() => {}, () => {}, () => times++);
  other.show({ ...view, camera: false }, false);
  assert.equal(times, 0);
  other.show(view, false);
  assert.equal(times, 1);
});
