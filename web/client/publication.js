import { choose, scalable } from './codecs.js';
import { degradation, encodings, rids, settings } from './encodings.js';

/** @import { Kind, Source } from './protocol.js' */
/** @import { PublishOptions } from './encodings.js' */

/**
 * Publication is one source of ours: its track, whether it is muted, and the
 * section that it is sent on. It outlives the PeerConnection: attach puts it on
 * a new one.
 *
 * A section is made once and kept. Off and on, and from one device to another,
 * go by replaceTrack, which the other side learns from a message, not from SDP.
 */
export class Publication {
  /** @type {RTCRtpTransceiver|null} */
  #transceiver = null;
  /** @type {Promise<unknown>} */
  #tail = Promise.resolve();
  /** @type {Map<string, boolean>} which encodings somebody watches, by rid */
  #watched = new Map();

  /**
   * @param {Source} source
   * @param {MediaStreamTrack} track
   * @param {PublishOptions} options
   */
  constructor(source, track, options) {
    /** @readonly */
    this.source = source;
    /** @readonly */
    this.kind = /** @type {Kind} */ (track.kind);
    /** @type {MediaStreamTrack|null} */
    this.track = track;
    this.muted = false;
    this.options = options;
    this.#hint(track);
  }

  /** The section's name, once it is part of a description. */
  get mid() {
    return this.#transceiver?.mid ?? null;
  }

  /**
   * Adds the section to a connection. Tracks with the same stream are played
   * in sync.
   * @param {RTCPeerConnection} pc
   * @param {MediaStream} stream
   */
  attach(pc, stream) {
    const track = this.muted ? null : this.track;
    const sendEncodings = encodings(this.source, this.track, this.options, scalable);
    for (const each of sendEncodings) each.active &&= track !== null;
    this.#watched.clear(); // the server counts anew
    this.#transceiver = add(pc, track ?? this.kind, { direction: 'sendonly', streams: [stream], sendEncodings });
    choose(this.#transceiver, this.source, this.options);
    this.#then((sender) => this.#set(sender)).catch(() => {});
  }

  /** The connection is gone; nothing is sent until attach. */
  detach() {
    this.#transceiver = null;
  }

  /**
   * Sends a track in place of whatever was sent, and unmutes.
   * @param {MediaStreamTrack} track
   */
  show(track) {
    this.track = track;
    this.muted = false;
    this.#hint(track);
    return this.#then(async (sender) => {
      if (sender.track === track) await sender.replaceTrack(null); // or nothing would change
      await sender.replaceTrack(track);
      await this.#set(sender);
    });
  }

  /**
   * Stops sending. The order matters: Firefox goes on sending the last picture
   * of a camera that is replaced by null, unless its encodings were turned off
   * before. The caller may stop the track when the promise is settled.
   */
  hide() {
    this.muted = true;
    return this.#then(async (sender) => {
      await this.#set(sender, false).catch(() => {});
      await sender.replaceTrack(null);
    });
  }

  /**
   * Encodes what somebody watches and nothing else. Rids that are not named
   * stay as they are.
   * @param {Record<string, boolean>} active by rid, '' where there is no simulcast
   */
  watch(active) {
    for (const rid of ['', ...rids]) {
      if (rid in active) this.#watched.set(rid, active[rid]);
    }
    return this.#then((sender) => this.#set(sender));
  }

  /**
   * Whether somebody watches an encoding, as far as the server has told.
   * @param {string} rid '' where there is no simulcast
   */
  watched(rid) {
    return this.#watched.get(rid) ?? true;
  }

  /** How many packets have left on this section. */
  async sent() {
    let packets = 0;
    const report = await this.#transceiver?.sender.getStats();
    report?.forEach((stats) => {
      if (stats.type === 'outbound-rtp') packets += stats.packetsSent;
    });
    return packets;
  }

  /**
   * One step at a time, so that quick fingers leave the last choice standing.
   * @param {(sender: RTCRtpSender) => Promise<void>} step
   * @returns {Promise<void>}
   */
  #then(step) {
    const transceiver = this.#transceiver;
    const run = async () => {
      if (!transceiver || transceiver !== this.#transceiver) return;
      try {
        await step(transceiver.sender);
      } catch (error) {
        if (transceiver === this.#transceiver) throw error; // else its connection went away under it
      }
    };
    const done = this.#tail.then(run);
    this.#tail = done.catch(() => {});
    return done;
  }

  /**
   * Sets the encodings to what the track and its watchers need. A browser that
   * turns a scalability mode down, because another codec was negotiated, gets
   * the same without.
   * @param {RTCRtpSender} sender
   * @param {boolean} [on] whether anything is to be sent; a sender without a
   *   track must not, or Firefox goes on with its last picture
   */
  async #set(sender, on = sender.track !== null) {
    const parameters = this.#parameters(sender, on);
    try {
      await sender.setParameters(parameters);
    } catch (error) {
      if (!parameters.encodings.some((each) => 'scalabilityMode' in each)) throw error;
      const plain = this.#parameters(sender, on);
      plain.encodings = plain.encodings.map(withoutMode);
      await sender.setParameters(plain);
    }
  }

  /**
   * @param {RTCRtpSender} sender
   * @param {boolean} on
   */
  #parameters(sender, on) {
    const parameters = sender.getParameters();
    parameters.encodings ??= [];
    const wanted = settings(this.source, this.track, parameters.encodings.length, this.options);
    for (const [i, each] of parameters.encodings.entries()) {
      if (on) Object.assign(each, wanted[i]);
      each.active = on && wanted[i].active === true && (this.#watched.get(each.rid ?? '') ?? true);
    }
    if (this.kind === 'video') parameters.degradationPreference = degradation(this.source);
    return parameters;
  }

  /**
   * Text wants sharp edges more than smooth motion.
   * @param {MediaStreamTrack} track
   */
  #hint(track) {
    if (this.source === 'screen' && 'contentHint' in track) track.contentHint = 'detail';
  }
}

/**
 * Adds a section; without scalability modes, if the browser does not like them.
 * @param {RTCPeerConnection} pc
 * @param {MediaStreamTrack|string} trackOrKind
 * @param {RTCRtpTransceiverInit & {sendEncodings: RTCRtpEncodingParameters[]}} init
 */
function add(pc, trackOrKind, init) {
  try {
    return pc.addTransceiver(trackOrKind, init);
  } catch {
    return pc.addTransceiver(trackOrKind, { ...init, sendEncodings: init.sendEncodings.map(withoutMode) });
  }
}

/**
 * @param {RTCRtpEncodingParameters} encoding
 * @returns {RTCRtpEncodingParameters}
 */
function withoutMode(encoding) {
  const { scalabilityMode: _, ...rest } = /** @type {RTCRtpEncodingParameters & {scalabilityMode?: string}} */ (encoding);
  return rest;
}
