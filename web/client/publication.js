import { degradation, encoding, prefer } from './encodings.js';

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
    const sendEncodings = [{ ...encoding(this.source, this.track, this.options), active: track !== null }];
    const transceiver = pc.addTransceiver(track ?? this.kind, { direction: 'sendonly', streams: [stream], sendEncodings });
    this.#transceiver = transceiver;
    if (this.kind === 'video') choose(transceiver, this.options.codec ?? 'video/VP8');
    this.#then((sender) => this.#activate(sender, !this.muted)).catch(() => {});
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
      await this.#activate(sender, true);
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
      await this.#activate(sender, false).catch(() => {});
      await sender.replaceTrack(null);
    });
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
   * @param {RTCRtpSender} sender
   * @param {boolean} active
   */
  async #activate(sender, active) {
    const parameters = sender.getParameters();
    for (const each of parameters.encodings ?? []) {
      each.active = active;
      if (active) Object.assign(each, encoding(this.source, this.track, this.options));
    }
    if (this.kind === 'video') parameters.degradationPreference = degradation(this.source);
    await sender.setParameters(parameters);
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
 * @param {RTCRtpTransceiver} transceiver
 * @param {string} mimeType
 */
function choose(transceiver, mimeType) {
  const codecs = RTCRtpSender.getCapabilities?.('video')?.codecs;
  if (codecs && transceiver.setCodecPreferences) transceiver.setCodecPreferences(prefer(codecs, mimeType));
}
