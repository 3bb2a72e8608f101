import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { FakePeerConnection, FakeSocket, FakeTrack, install, settle } from './fakes.js';

install();
const { Room } = await import('../client/room.js');

const person = (id, ...tracks) => ({ id, name: id.toUpperCase(), role: 'member', tracks });
const track = (id, source) => ({ id, mid: '7', kind: source === 'camera' ? 'video' : 'audio', source, muted: false });
const welcome = (more = {}) => ({
  type: 'welcome', version: 1, participant: person('me'), room: 'standup', participants: null, ice_servers: null, resume: 'token', limits: {}, role: 'member', ...more,
});

/** @type {InstanceType<typeof Room>} */
let room;
/** @type {string[]} */
let seen;

beforeEach((t) => {
  install();
  t.mock?.timers.reset();
  room = new Room();
  seen = [];
  room.on('state', ({ state }) => seen.push(state));
  room.on('closed', ({ error }) => seen.push(`closed ${error?.code ?? ''}`.trim()));
});
afterEach(() => room.leave());

async function joined(more) {
  const entering = room.join({ room: 'standup', name: 'Ana', url: 'wss://x/ws' });
  FakeSocket.last.opens();
  FakeSocket.last.says(welcome(more));
  await entering;
  await settle();
  return FakeSocket.last;
}

async function connected(more) {
  const socket = await joined(more);
  socket.says({ type: 'answer', id: 1, sdp: 'x' });
  await settle();
  FakePeerConnection.made.at(-1).connect('connected');
  return socket;
}

test('join: a room, a first offer with three slots of each kind and a channel', async () => {
  const socket = await connected();
  assert.deepEqual(socket.sent[0], { type: 'join_room', room: 'standup', name: 'Ana' });
  assert.deepEqual(socket.said, ['join_room', 'offer', 'ice']);
  const pc = FakePeerConnection.made[0];
  assert.equal(pc.configuration.bundlePolicy, 'max-bundle');
  assert.deepEqual(pc.channels.map((c) => c.label), ['chat']);
  assert.deepEqual(pc.transceivers.map((t) => `${t.direction} ${t.kind}`), [...Array(3).fill('recvonly audio'), ...Array(3).fill('recvonly video')]);
  assert.deepEqual(seen, ['connecting', 'connected']);
});

test('the default address is the server of the page', () => {
  room.join({ room: 'r', name: 'n' }).catch(() => {});
  assert.equal(FakeSocket.last.url, 'wss://meet.example/ws');
  assert.equal(FakeSocket.last.protocol, 'sfu.v1');
});

test('what is published before join is in the first offer', async () => {
  await room.publish('camera', new FakeTrack('video'));
  const socket = await joined();
  assert.deepEqual(socket.sent[1].tracks, [{ mid: '6', source: 'camera', muted: false }]);
});

test('publish, mute, unmute, switch: one offer, then messages', async () => {
  const socket = await connected();
  const camera = new FakeTrack('video');
  await room.publish('camera', camera);
  await settle();
  socket.says({ type: 'answer', id: 2, sdp: 'x' });
  await settle();
  socket.sent.length = 0;
  await room.mute('camera');
  await room.mute('camera');
  await room.unmute('camera');
  await room.switchTrack('camera', new FakeTrack('video'));
  const last = new FakeTrack('video');
  await room.publish('camera', last);
  await room.publish('camera', last); // says nothing new
  await settle();
  assert.deepEqual(socket.sent.map((m) => `${m.type} ${m.muted}`), ['update_track true', 'update_track false', 'update_track false']);
});

test('mute is announced before anything else is done', async () => {
  await room.publish('camera', new FakeTrack('video'));
  const socket = await connected();
  socket.sent.length = 0;
  room.mute('camera');
  assert.deepEqual(socket.said, ['update_track']);
});

test('unpublish stops the track last', async () => {
  const camera = new FakeTrack('video');
  await room.publish('camera', camera);
  await connected();
  const { log } = FakePeerConnection.made[0];
  camera.log = log;
  log.length = 0;
  await room.unpublish('camera');
  assert.deepEqual(log, ['active=false', 'replace null', 'stop']);
});

test('streams follow slots, sections and roster, whatever comes first', async () => {
  const socket = await joined();
  const media = [];
  room.on('media', ({ participant }) => media.push(participant.id));
  const slots = [{ mid: '0', track: 'm', participant: 'b' }, { mid: '3', track: 'c', participant: 'b' }];
  socket.says({ type: 'slots', version: 1, slots });
  assert.deepEqual(media, []); // nobody knows b
  socket.says({ type: 'participant_joined', participant: person('b', track('m', 'microphone'), track('c', 'camera')) });
  const b = room.participants.get('b');
  assert.deepEqual(media, ['b']);
  assert.deepEqual(b.camera.getTracks().map((t) => t.kind), ['audio', 'video']);
  socket.says({ type: 'slots', version: 2, slots: [{ mid: '0', track: null, participant: null }] });
  assert.deepEqual(b.camera.getTracks(), []);
  socket.says({ type: 'slots', version: 1, slots });
  assert.deepEqual(b.camera.getTracks(), []);
});

test('connections get better and worse, ours with figures', async () => {
  const socket = await connected({ participants: [person('b')] });
  const heard = [];
  room.on('quality', ({ participant }) => heard.push(participant?.id ?? 'own'));
  assert.equal(room.quality, null);
  socket.says({ type: 'quality', participant: 'b', score: 2 });
  socket.says({ type: 'quality', participant: 'gone', score: 1 });
  socket.says({ type: 'quality', participant: 'me', score: 4, bitrate: 1_200_000, loss: 0.01, rtt: 40 });
  assert.deepEqual(heard, ['b', 'own']);
  assert.equal(room.participants.get('b').score, 2);
  assert.deepEqual([room.quality.score, room.quality.bitrate, room.quality.rtt], [4, 1_200_000, 40]);
  socket.says(welcome({ resumed: true, participants: [person('b')] }));
  assert.equal(room.quality, null);
  assert.equal(room.participants.get('b').score, 5);
});

test('a server that stops says where the room goes on', async () => {
  const socket = await connected();
  const heard = [];
  room.on('moved', (where) => heard.push(where));
  socket.says({ type: 'moved', url: 'https://b.example', after_ms: 600_000 });
  assert.deepEqual(heard, [{ url: 'https://b.example', after: 600_000 }]);
  assert.equal(room.state, 'connected');
});

test('a lost socket: back with the token, and everything stays', async () => {
  await room.publish('camera', new FakeTrack('video'));
  const first = await connected();
  const { pc } = room;
  first.breaks();
  assert.equal(room.state, 'reconnecting');
  room.hurry();
  const second = FakeSocket.last;
  assert.notEqual(second, first);
  second.opens();
  assert.equal(second.sent[0].resume, 'token');
  second.says(welcome({ resumed: true, resume: 'token2', participants: [person('b')] }));
  await settle();
  assert.equal(room.pc, pc);
  assert.equal(room.state, 'connected');
  assert.deepEqual(second.said, ['join_room', 'update_track']);
  assert.deepEqual(seen, ['connecting', 'connected', 'reconnecting', 'connected']);
});

test('too late for the token: a new connection with the same tracks', async () => {
  const camera = new FakeTrack('video');
  await room.publish('camera', camera);
  const first = await connected({ participants: [person('b')] });
  const left = [];
  room.on('participant-left', ({ participant }) => left.push(participant.id));
  first.breaks();
  room.hurry();
  FakeSocket.last.opens();
  FakeSocket.last.says({ type: 'error', code: 'not_found', message: '', fatal: true });
  assert.equal(FakePeerConnection.made[0].connectionState, 'closed');
  room.hurry();
  const third = FakeSocket.last;
  third.opens();
  assert.equal(third.sent[0].resume, undefined);
  third.says(welcome({ participant: person('me2'), participants: [person('c')] }));
  await settle();
  assert.equal(FakePeerConnection.made.length, 2);
  assert.equal(FakePeerConnection.made[1].transceivers.at(-1).sender.track, camera);
  assert.deepEqual(third.said.slice(0, 2), ['join_room', 'offer']);
  assert.equal(third.sent[1].id, 1);
  assert.deepEqual(left, ['b']);
  assert.equal(room.me.id, 'me2');
});

test('a refused join rejects and tries no more', async () => {
  const entering = room.join({ room: 'standup', name: 'Ana' });
  FakeSocket.last.opens();
  FakeSocket.last.says({ type: 'error', code: 'room_full', message: 'no place', fatal: true });
  await assert.rejects(entering, { name: 'RoomError', code: 'room_full', message: 'no place' });
  assert.equal(FakeSocket.made.length, 1);
  assert.deepEqual(seen, ['connecting', 'closed', 'closed room_full']);
});

test('a server that is not there rejects as well', async () => {
  const entering = room.join({ room: 'standup', name: 'Ana' });
  FakeSocket.last.breaks();
  await assert.rejects(entering, { code: 'unreachable' });
});

test('removed is removed', async () => {
  const socket = await connected();
  socket.says({ type: 'error', code: 'removed', message: '', fatal: true });
  assert.deepEqual(seen.slice(-2), ['closed', 'closed removed']);
  assert.equal(FakePeerConnection.made[0].connectionState, 'closed');
});

test('a fatal error whose message was lost is in the reason of the close', async () => {
  const socket = await connected();
  socket.breaks('idle timeout'); // of a proxy, say
  assert.equal(room.state, 'reconnecting');
  room.hurry();
  FakeSocket.last.opens();
  FakeSocket.last.breaks('removed');
  assert.deepEqual(seen.slice(-2), ['closed', 'closed removed']);

  room = new Room();
  const entering = room.join({ room: 'standup', name: 'Ana' });
  FakeSocket.last.opens();
  FakeSocket.last.breaks('room_full');
  await assert.rejects(entering, { code: 'room_full' });
});

test('nothing arrives from us: the track again, another path, another connection', async () => {
  await room.publish('camera', new FakeTrack('video'));
  const socket = await connected();
  const pc = FakePeerConnection.made[0];
  const { sender, mid } = pc.transceivers.at(-1);
  const told = async (packets) => {
    sender.packets = packets;
    pc.log.length = 0;
    socket.says({ type: 'error', code: 'no_media', message: '', fatal: false, mid });
    await settle();
    return pc.log.filter((l) => /replace|restart|close/.test(l)).join();
  };
  assert.equal(await told(0), 'replace null,replace');
  assert.equal(await told(0), 'restartIce');
  assert.equal(await told(0), '', 'a camera without a picture');
  assert.equal(room.pc, pc);
  assert.equal(await told(50), 'close');
  assert.equal(room.state, 'reconnecting');
});

test('a refused message is an event, not the end', async () => {
  const socket = await connected();
  const errors = [];
  room.on('error', ({ error }) => errors.push(error.code));
  socket.says({ type: 'error', code: 'rate_limited', message: '', fatal: false, request: 'update_track' });
  assert.deepEqual(errors, ['rate_limited']);
  assert.equal(room.state, 'connected');
});

test('what breaks again and again is given up', async () => {
  await connected();
  for (let i = 0; i < 3; i++) {
    FakeSocket.last.says({ type: 'error', code: 'internal', message: '', fatal: true });
    room.hurry();
    FakeSocket.last.opens();
    FakeSocket.last.says(welcome());
    await settle();
  }
  FakeSocket.last.says({ type: 'error', code: 'internal', message: '', fatal: true });
  assert.equal(seen.at(-1), 'closed internal');
});

test('a short interruption of media is not shown, a longer one restarts ICE', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const socket = await connected();
  const pc = FakePeerConnection.made[0];
  pc.connect('disconnected');
  assert.equal(room.state, 'connected');
  t.mock.timers.tick(3000);
  assert.equal(room.state, 'reconnecting');
  assert.ok(pc.log.includes('restartIce'));
  await settle();
  assert.deepEqual(socket.said.slice(-3), ['restart', 'offer', 'ice']);
  pc.connect('connected');
  assert.equal(room.state, 'connected');
});

test('a failure while the socket is away is mended when it is back', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const first = await connected();
  const pc = FakePeerConnection.made[0];
  first.breaks();
  pc.connect('failed');
  t.mock.timers.tick(1);
  assert.ok(!pc.log.includes('restartIce'));
  room.hurry();
  FakeSocket.last.opens();
  FakeSocket.last.says(welcome({ resumed: true }));
  assert.ok(pc.log.includes('restartIce'));
});

test('an offer without an answer: another socket, then another connection', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const first = await joined();
  t.mock.timers.tick(10_000);
  assert.equal(first.readyState, 3);
  room.hurry();
  const second = FakeSocket.last;
  second.opens();
  second.says(welcome({ resumed: true }));
  await settle();
  assert.deepEqual(second.said, ['join_room', 'offer']);
  assert.equal(second.sent[1].id, 1);
  t.mock.timers.tick(10_000);
  assert.equal(FakePeerConnection.made[0].connectionState, 'closed');
  assert.equal(second.said.at(-1), 'leave');
});

test('an offer that was lost with its socket is not held against the next one', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const first = await joined();
  t.mock.timers.tick(9_000);
  first.breaks();
  t.mock.timers.tick(2_000); // the answer is overdue, and nobody could have sent it
  room.hurry();
  const second = FakeSocket.last;
  second.opens();
  second.says(welcome({ resumed: true }));
  await settle();
  t.mock.timers.tick(10_000);
  assert.deepEqual(second.said.slice(0, 2), ['join_room', 'offer']);
  assert.equal(second.readyState, 3, 'now it is suspected');
  assert.equal(room.pc?.connectionState, 'new', 'but the connection stays');
});

test('wishes are said once, and again after a reconnect', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const first = await connected({ participants: [person('b', track('c', 'camera'))] });
  room.want('b', 'camera', { width: 640, height: 360 });
  room.want(room.participants.get('b'), 'screen', { width: 1920, height: 1080 });
  room.want('nobody', 'camera', { width: 1 });
  t.mock.timers.tick(150);
  const said = (socket) => socket.sent.filter((m) => m.type === 'subscribe').map((m) => m.tracks);
  const camera = { track: 'c', width: 640, height: 360 };
  assert.deepEqual(said(first), [[camera]]);
  first.says({ type: 'track_published', participant: 'b', track: { ...track('s', 'screen'), kind: 'video' } });
  t.mock.timers.tick(150);
  const screen = { track: 's', width: 1920, height: 1080 };
  assert.deepEqual(said(first).slice(1), [[screen]]);
  first.breaks();
  room.hurry();
  const second = FakeSocket.last;
  second.opens();
  second.says(welcome({ resumed: true, participants: [person('b', track('c', 'camera'))] }));
  t.mock.timers.tick(150);
  assert.deepEqual(said(second), [[camera]], 'the screen is gone');
  second.says({ type: 'participant_left', participant: 'b', reason: 'left' });
  second.says({ type: 'participant_joined', participant: person('b', track('c2', 'camera')) });
  t.mock.timers.tick(150);
  assert.equal(said(second).length, 1, 'wishes leave with their participant');
});

test('layers reach their section, and one that is not there hurts nobody', async () => {
  await room.publish('camera', new FakeTrack('video'));
  const socket = await connected();
  const { log, transceivers } = FakePeerConnection.made[0];
  log.length = 0;
  socket.says({ type: 'layers', mid: '99', active: { q: false } });
  socket.says({ type: 'layers', mid: transceivers.at(-1).mid, active: { q: true, h: true, f: false } });
  await settle();
  assert.deepEqual(log, ['active=q,h']);
});

test('a state of a track is an event', async () => {
  const socket = await connected({ participants: [person('b', track('c', 'camera'))] });
  const told = [];
  room.on('track-state', ({ participant, track: { state, reason, width } }) => told.push([participant.id, state, reason, width]));
  socket.says({ type: 'track_state', track: 'c', state: 'paused', reason: 'bandwidth', width: 0, height: 0 });
  socket.says({ type: 'track_state', track: 'c', state: 'active', width: 320, height: 180 });
  assert.deepEqual(told, [['b', 'paused', 'bandwidth', 0], ['b', 'active', undefined, 320]]);
});

test('a room knows how each source is sent, and publish knows better', async () => {
  room = new Room({ camera: { codec: 'video/AV1', simulcast: false } });
  await joined();
  await room.publish('camera', new FakeTrack('video'));
  await room.publish('screen', new FakeTrack('video'), { codec: 'video/VP9' });
  const [camera, screen] = room.pc.transceivers.slice(-2);
  assert.equal(camera.codecs[0], 'video/AV1');
  assert.equal(camera.init.sendEncodings.length, 1);
  assert.equal(screen.codecs[0], 'video/VP9');
});

test('channels say whom they go to and come from', async () => {
  await connected();
  const got = [];
  room.on('data-channel', ({ channel, from }) => got.push(`${channel.label} ${from} ${channel.binaryType}`));
  const pc = FakePeerConnection.made[0];
  pc.ondatachannel({ channel: { label: 'chat', protocol: 'from=b' } });
  assert.deepEqual(got, ['chat b arraybuffer']);
  const channel = room.open('game', { ordered: false, maxRetransmits: 0, to: 'b' });
  assert.equal(channel.protocol, 'to=b');
  assert.deepEqual(channel.init, { ordered: false, maxRetransmits: 0 });
  assert.equal(room.channel('chat').label, 'chat');
});

test('leave says so, once, and ends everything', async () => {
  const socket = await connected();
  room.leave();
  room.leave();
  assert.equal(socket.said.filter((s) => s === 'leave').length, 1);
  assert.deepEqual(seen.slice(-2), ['closed', 'closed']);
  assert.equal(FakePeerConnection.made[0].connectionState, 'closed');
  assert.throws(() => room.join({ room: 'r', name: 'n' }));
});

test('a report is said to a server that has let us in, and to no other', async () => {
  const opened = [];
  room.on('opened', () => opened.push('opened'));
  room.report({ interval: 1 });
  const entering = room.join({ room: 'standup', name: 'Ana', url: 'wss://x/ws' });
  const socket = FakeSocket.last;
  socket.opens();
  room.report({ interval: 1 });
  socket.says(welcome());
  await entering;
  room.report({ interval: 10_000, pictures: [], sounds: [] });
  assert.deepEqual(socket.sent.filter(({ type }) => type === 'report'), [{ type: 'report', interval: 10_000, pictures: [], sounds: [] }]);
  assert.deepEqual(opened, ['opened']);
  socket.breaks();
  room.report({ interval: 10_000 });
  assert.equal(socket.said.filter((type) => type === 'report').length, 1);
});

test('what was wished can be read again', async () => {
  await joined({ participants: [person('p1', track('t1', 'camera'))] });
  const p1 = room.participants.get('p1');
  assert.equal(room.wish(p1, 'camera'), undefined);
  room.want('p1', 'camera', { width: 320, height: 180 });
  assert.deepEqual(room.wish(p1, 'camera'), { width: 320, height: 180 });
});
