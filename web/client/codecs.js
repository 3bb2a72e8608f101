/**
 * Which codec a section is to use, and what this browser can do with it.
 *
 * @module
 */

/** @import { PublishOptions } from './encodings.js' */
/** @import { Source } from './protocol.js' */

/**
 * Tells a section which codec comes first. The answer may still choose another.
 * @param {RTCRtpTransceiver} transceiver
 * @param {Source} source
 * @param {PublishOptions} options
 */
export function choose(transceiver, source, options) {
  const kind = source === 'camera' || source === 'screen' ? 'video' : 'audio';
  const codecs = RTCRtpSender.getCapabilities?.(kind)?.codecs;
  if (codecs && transceiver.setCodecPreferences) transceiver.setCodecPreferences(preferred(codecs, source, options));
}

/**
 * The codecs that a source may be sent with, the best first. RED (RFC 2198)
 * mends a voice where asking again would take too long; the sound of a screen
 * is left as the browser has it.
 * @template {{mimeType: string}} C
 * @param {C[]} codecs
 * @param {Source} source
 * @param {PublishOptions} options
 * @returns {C[]}
 */
export function preferred(codecs, source, options) {
  if (source === 'screen_audio') return codecs;
  if (source !== 'microphone') return prefer(codecs, options.codec ?? 'video/VP8');
  if (options.red === false) return codecs.filter((c) => c.mimeType.toLowerCase() !== 'audio/red');
  return prefer(codecs, 'audio/red');
}

/**
 * Puts the preferred codec first and leaves the rest (retransmission among
 * them) as the browser has it.
 * @template {{mimeType: string}} C
 * @param {C[]} codecs
 * @param {string} mimeType
 * @returns {C[]}
 */
export function prefer(codecs, mimeType) {
  const wanted = mimeType.toLowerCase();
  const first = codecs.filter((c) => c.mimeType.toLowerCase() === wanted);
  return [...first, ...codecs.filter((c) => !first.includes(c))];
}

/** @type {boolean|undefined} */
let known;

/**
 * Whether this browser knows scalability modes (W3C WebRTC-SVC). One that does
 * not passes over them without a word, so a section that is thrown away is
 * asked what it remembers.
 */
export function scalable() {
  if (known !== undefined) return known;
  const pc = new RTCPeerConnection();
  try {
    const { sender } = pc.addTransceiver('video', { sendEncodings: [encodingWithMode] });
    known = 'scalabilityMode' in (sender.getParameters().encodings[0] ?? {});
  } catch {
    known = false;
  } finally {
    pc.close();
  }
  return known;
}

const encodingWithMode = /** @type {RTCRtpEncodingParameters} */ ({ scalabilityMode: 'L1T3' });
