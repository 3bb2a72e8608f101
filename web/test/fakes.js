// Stand-ins for what browsers have and Node has not: just enough of each to
// tell a story, and a log of what was done with it.

export class FakeTrack extends EventTarget {
  constructor(kind, { width = 1280, height = 720 } = {}) {
    super();
    Object.assign(this, { kind, readyState: 'live', contentHint: '', settings: { width, height } });
  }
  getSettings() {
    return this.settings;
  }
  stop() {
    this.readyState = 'ended';
    this.log?.push('stop');
  }
}

export class FakeStream {
  constructor(tracks = []) {
    this.tracks = [...tracks];
  }
  getTracks() {
    return [...this.tracks];
  }
  addTrack(track) {
    this.tracks.push(track);
  }
  removeTrack(track) {
    this.tracks = this.tracks.filter((t) => t !== track);
  }
}

class FakeSender {
  constructor(track, encodings, log) {
    Object.assign(this, { track, encodings, log });
  }
  getParameters() {
    return { encodings: this.encodings.map((e) => ({ ...e })) };
  }
  async setParameters({ encodings }) {
    if (this.refuses && encodings.some((e) => e.scalabilityMode)) throw new Error('no such mode');
    const on = encodings.filter((e) => e.active);
    this.log.push(`active=${on.length === 0 ? 'false' : on.length === encodings.length ? 'true' : on.map((e) => e.rid).join()}`);
    this.encodings = encodings;
  }
  async getStats() {
    return new Map([['o', { type: 'outbound-rtp', packetsSent: this.packets ?? 0 }]]);
  }
  async replaceTrack(track) {
    this.log.push(track ? 'replace' : 'replace null');
    this.track = track;
  }
}

// Speaks like an RTCPeerConnection: mids are given by the first description,
// an offer in have-local-offer rolls ours back, and negotiationneeded comes
// again when something is left to negotiate.
export class FakePeerConnection {
  static made = [];
  static modes = 'known'; // or 'ignored', or 'throw': what becomes of a scalabilityMode
  constructor(configuration) {
    FakePeerConnection.made.push(this);
    Object.assign(this, {
      configuration, log: [], transceivers: [], channels: [], signalingState: 'stable', connectionState: 'new',
      localDescription: null, remoteDescription: null, needed: false, generation: 0, mids: 0,
    });
  }
  addTransceiver(trackOrKind, init) {
    const own = typeof trackOrKind === 'string' ? null : trackOrKind;
    const kind = own?.kind ?? trackOrKind;
    const { modes } = FakePeerConnection;
    const asked = init.sendEncodings?.some((e) => e.scalabilityMode);
    if (asked && modes === 'throw') throw new Error('no such mode');
    const encodings = (init.sendEncodings ?? []).map(({ scalabilityMode, ...e }) => (scalabilityMode && modes === 'known' ? { ...e, scalabilityMode } : e));
    const transceiver = {
      kind, mid: null, direction: init.direction, init, receiver: { track: new FakeTrack(kind) },
      sender: new FakeSender(own, encodings, this.log),
      setCodecPreferences(codecs) {
        this.codecs = codecs.map((c) => c.mimeType);
      },
    };
    this.transceivers.push(transceiver);
    this.#need();
    return transceiver;
  }
  getTransceivers() {
    return this.transceivers;
  }
  createDataChannel(label, init = {}) {
    const channel = new FakeChannel(label, init);
    this.channels.push(channel);
    this.#need();
    return channel;
  }
  restartIce() {
    this.log.push('restartIce');
    this.generation++;
    this.#need();
  }
  async setLocalDescription() {
    await null;
    const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer';
    this.signalingState = type === 'offer' ? 'have-local-offer' : 'stable';
    if (type === 'offer') {
      this.fresh = this.transceivers.filter((t) => t.mid === null);
      for (const t of this.fresh) t.mid = String(this.mids++);
      this.needed = false;
    } else {
      this.#again();
    }
    this.localDescription = { type, sdp: `${type} ${this.transceivers.length} g${this.generation}` };
    this.onicecandidate?.({ candidate: { candidate: `candidate of ${type}`, toJSON: () => ({ candidate: `candidate of ${type}` }) } });
    this.log.push(`local ${type}`);
  }
  async setRemoteDescription({ type, sdp }) {
    await null;
    if (sdp === 'broken') throw new Error('cannot be parsed');
    if (type === 'answer' && this.signalingState !== 'have-local-offer') throw new Error(`answer in ${this.signalingState}`);
    if (type === 'offer' && this.signalingState === 'have-local-offer') {
      this.log.push('rollback');
      for (const t of this.fresh) t.mid = null;
      this.needed = true;
    }
    this.remoteDescription = { type, sdp };
    this.signalingState = type === 'offer' ? 'have-remote-offer' : 'stable';
    this.log.push(`remote ${type}`);
    if (type === 'answer') this.#again();
  }
  async addIceCandidate(candidate) {
    this.log.push(candidate ? 'candidate' : 'end of candidates');
  }
  connect(state) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
  close() {
    this.signalingState = this.connectionState = 'closed';
    this.log.push('close');
  }
  #need() {
    this.needed = true;
    if (this.signalingState === 'stable') this.#fire();
  }
  #again() {
    if (this.needed) this.#fire();
  }
  #fire() {
    if (this.firing) return;
    this.firing = true;
    setImmediate(() => {
      this.firing = false;
      if (this.needed && this.signalingState === 'stable') this.onnegotiationneeded?.();
    });
  }
}

export class FakeChannel extends EventTarget {
  constructor(label, { protocol = '', ...init } = {}) {
    super();
    Object.assign(this, { label, protocol, init, readyState: 'open', bufferedAmount: 0, sent: [] });
  }
  send(data) {
    if (this.readyState !== 'open') throw new Error('not open');
    this.sent.push(data);
  }
  close() {
    this.readyState = 'closed';
    this.dispatchEvent(new Event('close'));
    this.onclose?.();
  }
}

export class FakeSocket {
  static made = [];
  constructor(url, protocol) {
    FakeSocket.made.push(this);
    Object.assign(this, { url, protocol, readyState: 0, sent: [] });
  }
  static get last() {
    return FakeSocket.made.at(-1);
  }
  opens() {
    this.readyState = 1;
    this.onopen?.();
  }
  says(message) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  breaks(reason = '') {
    this.readyState = 3;
    this.onclose?.({ reason });
  }
  send(frame) {
    this.sent.push(JSON.parse(frame));
  }
  close() {
    this.readyState = 3;
  }
  // The types of what was sent, for a look at the order.
  get said() {
    return this.sent.map((m) => m.type);
  }
}

// Lets everything that is on its way arrive.
export async function settle() {
  for (let i = 0; i < 12; i++) await new Promise((resolve) => setImmediate(resolve));
}

const capabilities = { audio: ['opus', 'red', 'PCMU'], video: ['VP8', 'rtx', 'H264', 'AV1', 'VP9'] };

export function install() {
  Object.assign(globalThis, {
    MediaStream: FakeStream,
    RTCPeerConnection: FakePeerConnection,
    RTCRtpSender: { getCapabilities: (kind) => ({ codecs: capabilities[kind].map((name) => ({ mimeType: `${kind}/${name}` })) }) },
    WebSocket: FakeSocket,
    location: new URL('https://meet.example/r/standup'),
  });
  FakeSocket.made = [];
  FakePeerConnection.made = [];
  FakePeerConnection.modes = 'known';
}
