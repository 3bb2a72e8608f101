import { openChannel, senderOf } from './channels.js';
import { Negotiation } from './negotiation.js';
import { Recovery } from './recovery.js';
import { groupOf } from './slots.js';

/** @import { ClientMessage, ServerAnswer, ServerIce, ServerOffer } from './protocol.js' */
/** @import { ChannelOptions } from './channels.js' */
/** @import { Publication } from './publication.js' */

// What others send arrives on these sections; the server adds more when it
// needs them. They are in the first offer because Chromium does not let an
// extension's number change once a kind of media is negotiated.
const firstSlots = 3;

// What tells the spatial layers of AV1 apart. Who sends none Chromium does not
// offer to receive any either, unless it is asked to.
const dependencyDescriptor = 'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension';

/**
 * Of the W3C's WebRTC Extensions, 5.1: Chromium has it.
 * @typedef {Object} ExtensionControl
 * @property {() => {uri: string, direction: RTCRtpTransceiverDirection}[]} [getHeaderExtensionsToNegotiate]
 * @property {(extensions: {uri: string, direction: RTCRtpTransceiverDirection}[]) => void} [setHeaderExtensionsToNegotiate]
 */

/**
 * @typedef {Object} PeerHooks
 * @property {(message: ClientMessage) => void} send
 * @property {() => boolean} online whether what is sent now arrives
 * @property {() => void} changed the connection's state
 * @property {() => void} received sections may have come
 * @property {(channel: RTCDataChannel, from: string) => void} channel
 * @property {() => void} stalled the server does not answer an offer
 * @property {(error: unknown) => void} broken only another connection helps
 */

/**
 * Peer is one RTCPeerConnection with the server, from its first offer to its
 * end: its sections, its channels, and what is done when the network changes
 * under it.
 */
export class Peer {
  #hooks;
  #negotiation;
  #recovery = new Recovery();
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  /** @type {Record<import('./slots.js').Group, MediaStream>} */
  #streams = { camera: new MediaStream(), screen: new MediaStream() };
  /** @type {Map<string, Publication>} */
  #publications;
  /** @type {Map<string, RTCDataChannel>} */
  #standing = new Map();
  /** @type {Map<string, {times: number, sent: number}>} sections that the server hears nothing from */
  #silent = new Map();

  /**
   * @param {RTCConfiguration} configuration
   * @param {Map<string, Publication>} publications ours, by source
   * @param {string[]} channels labels of the channels that are there from the start
   * @param {PeerHooks} hooks
   */
  constructor(configuration, publications, channels, hooks) {
    this.#hooks = hooks;
    this.#publications = publications;
    /** @readonly */
    this.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', ...configuration });
    this.#negotiation = new Negotiation(this.pc, {
      send: hooks.send,
      tracks: () => this.#tracks(),
      negotiated: hooks.received,
      stalled: hooks.stalled,
      failed: hooks.broken,
    });
    this.pc.onconnectionstatechange = () => this.#watch();
    this.pc.ondatachannel = ({ channel }) => {
      channel.binaryType = 'arraybuffer';
      hooks.channel(channel, senderOf(channel.protocol));
    };
    for (const label of channels) this.#standing.set(label, openChannel(this.pc, label));
    for (const kind of ['audio', 'video']) {
      for (let i = 0; i < firstSlots; i++) takeLayers(this.pc.addTransceiver(kind, { direction: 'recvonly' }));
    }
    for (const publication of publications.values()) this.publish(publication);
    this.#watch();
  }

  /** Whether media flows, or has stopped so recently that it may come back by itself. */
  get connected() {
    const state = this.pc.connectionState;
    return state === 'connected' || (state === 'disconnected' && !this.#recovery.troubled);
  }

  /** @param {Publication} publication */
  publish(publication) {
    publication.attach(this.pc, this.#streams[groupOf(publication.source)]);
  }

  /** @param {ServerOffer|ServerAnswer|ServerIce} message */
  handle(message) {
    this.#negotiation.handle(message);
  }

  /** The server has a new socket with us: goes on where the old one ended. */
  resume() {
    this.#negotiation.resync();
    this.#mend();
  }

  /**
   * The server gets nothing from a section of ours. From the mildest cure to
   * the last: the track once more, another path, another connection; the last
   * only if we do send, for no connection helps a camera without a picture.
   * @param {string} mid
   */
  async revive(mid) {
    const publication = this.#publication(mid);
    if (!publication?.track || publication.muted) return;
    const sent = await publication.sent();
    const before = this.#silent.get(mid) ?? { times: 0, sent };
    this.#silent.set(mid, { times: before.times + 1, sent });
    if (before.times === 0) await publication.show(publication.track).catch(() => {});
    else if (before.times === 1) this.#restart();
    else if (sent > before.sent) this.#hooks.broken(new Error('what is sent does not arrive'));
  }

  /**
   * Some of what we send has found or lost its last watcher.
   * @param {string} mid
   * @param {Record<string, boolean>} active by rid
   */
  watch(mid, active) {
    this.#publication(mid)?.watch(active).catch(() => {}); // then more is encoded than is needed
  }

  /**
   * The track that arrives on a section.
   * @param {string} mid
   */
  receiver(mid) {
    return this.pc.getTransceivers().find((t) => t.mid === mid)?.receiver.track;
  }

  /**
   * @param {string} label
   * @param {ChannelOptions} [options]
   */
  open(label, options) {
    return openChannel(this.pc, label, options);
  }

  /**
   * A channel that was there from the start.
   * @param {string} label
   */
  channel(label) {
    return this.#standing.get(label);
  }

  close() {
    clearTimeout(this.#timer);
    this.#negotiation.close();
    this.pc.onconnectionstatechange = this.pc.ondatachannel = null;
    for (const publication of this.#publications.values()) publication.detach();
    this.pc.close();
  }

  /** @param {string} mid */
  #publication(mid) {
    return [...this.#publications.values()].find((p) => p.mid === mid);
  }

  #tracks() {
    return [...this.#publications.values()].flatMap(({ mid, source, muted }) =>
      mid === null ? [] : [{ mid, source, muted }],
    );
  }

  #watch() {
    this.#recovery.observe(this.pc.connectionState, Date.now());
    this.#schedule();
    this.#hooks.changed();
  }

  #schedule() {
    clearTimeout(this.#timer);
    if (this.#recovery.next === Infinity) return;
    this.#timer = setTimeout(() => this.#mend(), Math.max(0, this.#recovery.next - Date.now()));
  }

  #mend() {
    // Without a socket nothing can be negotiated; resume comes here again.
    if (!this.#hooks.online()) return;
    const action = this.#recovery.due(Date.now());
    if (action === 'rebuild') return this.#hooks.broken(new Error('no path to the server'));
    if (action === 'restart') this.#restart();
    this.#schedule();
    this.#hooks.changed();
  }

  // Only this side restarts ICE (rule R6): a server that did would lose media
  // at once and not get it back before its offer is answered.
  #restart() {
    this.#hooks.send({ type: 'restart' });
    this.pc.restartIce();
  }
}

/**
 * Offers to receive spatial layers, where the browser knows how.
 * @param {RTCRtpTransceiver & ExtensionControl} transceiver
 */
function takeLayers(transceiver) {
  const extensions = transceiver.getHeaderExtensionsToNegotiate?.() ?? [];
  for (const extension of extensions) if (extension.uri === dependencyDescriptor) extension.direction = 'sendrecv';
  if (extensions.length > 0) transceiver.setHeaderExtensionsToNegotiate?.(extensions);
}
