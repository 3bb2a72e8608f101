import assert from 'node:assert/strict';
import test from 'node:test';
import { keep, reachable, relays, verdict } from '../doctor/ways.js';

const sdp = ['v=0', 'a=candidate:1 1 udp 2130706431 203.0.113.7 443 typ host', 'a=candidate:2 1 TCP 1671430143 203.0.113.7 443 typ host tcptype passive', 'a=end-of-candidates', ''].join('\r\n');

test('one protocol alone is tried', () => {
  assert.match(keep(sdp, 'udp'), /^v=0\r\na=candidate:1 .*\r\na=end-of-candidates\r\n$/);
  assert.match(keep(sdp, 'tcp'), /^v=0\r\na=candidate:2 .*\r\na=end-of-candidates\r\n$/);
  assert.equal(reachable(keep(sdp, 'tcp')), true);
  assert.equal(reachable(keep(keep(sdp, 'udp'), 'tcp')), false);
});

test('every relay is a way', () => {
  const servers = [{ urls: ['stun:a:443'] }, { urls: ['turn:a:443?transport=udp', 'turn:a:443?transport=tcp', 'turns:a:443?transport=tcp'], username: 'u', credential: 'c' }];
  assert.deepEqual(relays(servers).map((w) => w.name), ['turn-udp', 'turn-tcp', 'turn-tls']);
  assert.deepEqual(relays(servers)[2].relay, { urls: 'turns:a:443?transport=tcp', username: 'u', credential: 'c' });
  assert.deepEqual(relays([{ urls: 'turn:a' }]).map((w) => w.name), ['turn-udp']);
});

test('the best way that works is what counts', () => {
  const says = (/** @type {Record<string, 'ok'|'failed'|'none'>} */ outcomes) => verdict(new Map(Object.entries(outcomes)));
  assert.match(says({ udp: 'ok', tcp: 'failed' }), /^All is well/);
  assert.match(says({ udp: 'failed', tcp: 'ok' }), /over TCP/);
  assert.match(says({ udp: 'failed', tcp: 'none', 'turn-tls': 'ok' }), /by the relay/);
  assert.match(says({ udp: 'failed', tcp: 'none' }), /No way/);
});
