import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { figures } from '../app/connection.js';

const app = new URL('../app/', import.meta.url);
const html = readFileSync(new URL('index.html', app), 'utf8');
const scripts = readdirSync(app).filter((name) => name.endsWith('.js'));
const source = scripts.map((name) => readFileSync(new URL(name, app), 'utf8')).join('\n');
const all = (text, pattern) => new Set([...text.matchAll(pattern)].map(([, name]) => name));

const parts = all(html, /data-part="([^"]+)"/g);
const icons = all(html, /<symbol id="icon-([^"]+)"/g);

test('every part that is looked for is in the markup', () => {
  const wanted = all(source, /\bpart\([^,()]+, '([^']+)'/g);
  assert.ok(wanted.size > 30);
  assert.deepEqual([...wanted].filter((name) => !parts.has(name)), []);
  assert.deepEqual(Object.keys(figures({ participant: 'me', score: 5 })).filter((name) => !parts.has(name)), []);
});

test('every icon is in the sprite', () => {
  const named = all(`${source}${html}`, /(?:#icon-|setIcon\([^,]+, ')([a-z][a-z-]*)/g);
  const chosen = ['weak', 'bad', 'camera-off', 'pin', 'unpin'];
  assert.ok(named.size > 10);
  assert.deepEqual([...named, ...chosen].filter((name) => !icons.has(name)), []);
});

test('figures over a picture are not read out by the second', () => {
  assert.match(html, /<div class="readings"[^>]* aria-hidden="true" hidden>/);
});
