import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Recovery } from '../client/recovery.js';

// Each line is a second and what the connection says then; what Recovery does
// is asked four times a second and told with its time.
function story(lines, until) {
  const recovery = new Recovery();
  const done = [];
  for (let t = 0; t <= until; t += 250) {
    const state = lines[t / 1000];
    if (state) recovery.observe(state, t);
    const action = recovery.due(t);
    if (action) done.push(`${action} ${t / 1000}`);
    if (action === 'rebuild') break;
  }
  return done.join(', ');
}

test('a connection that comes up is left alone', () => {
  assert.equal(story({ 0: 'new', 0.5: 'connecting', 2: 'connected' }, 60_000), '');
});

test('a short interruption passes by itself', () => {
  assert.equal(story({ 0: 'connected', 5: 'disconnected', 7.5: 'connected' }, 60_000), '');
});

test('a longer one is answered by a restart after 3 seconds', () => {
  assert.equal(story({ 0: 'connected', 5: 'disconnected', 8.5: 'connecting', 9: 'connected' }, 60_000), 'restart 8');
});

test('a failed one at once', () => {
  assert.equal(story({ 0: 'connected', 5: 'failed', 6: 'connected' }, 60_000), 'restart 5');
});

test('failing again soon does not restart again at once', () => {
  assert.equal(story({ 0: 'failed', 1: 'connecting', 2: 'failed', 9: 'connected' }, 60_000), 'restart 0, restart 8');
});

test('what never connects is restarted, and then built anew', () => {
  assert.equal(story({ 0: 'connecting' }, 90_000), 'restart 20, restart 28, restart 36, rebuild 44');
});

test('after success all patience is back', () => {
  assert.equal(
    story({ 0: 'failed', 2: 'connected', 3: 'failed', 20: 'connected', 30: 'failed', 31: 'connected' }, 60_000),
    'restart 0, restart 8, restart 16, restart 30',
  );
});

test('trouble shows once something had to be done', () => {
  const recovery = new Recovery();
  recovery.observe('disconnected', 0);
  assert.equal(recovery.troubled, false);
  recovery.due(3000);
  assert.equal(recovery.troubled, true);
  recovery.observe('connected', 4000);
  assert.equal(recovery.troubled, false);
  assert.equal(recovery.next, Infinity);
});
