/**
 * What getStats says, brought into one form: browsers differ in what they tell,
 * and in what they leave out (W3C Identifiers for WebRTC's Statistics API).
 * Pure functions: a report in, figures out. Times are in milliseconds.
 *
 * @module
 */

/**
 * What has arrived of one track so far.
 * @typedef {Object} Received
 * @property {number} at when this was so
 * @property {'audio'|'video'} kind
 * @property {string} codec such as `VP8`, '' when unknown
 * @property {number} bytes
 * @property {number} packets
 * @property {number} lost packets
 * @property {number} jitter
 * @property {number} width of a picture, 0 when unknown
 * @property {number} height
 * @property {number} whole frames of which every packet is here
 * @property {number} frames that were decoded
 * @property {number} [freezes] undefined where the browser does not tell
 * @property {number} [frozen]
 * @property {number} samples of sound that were played
 * @property {number} concealed of them, made up because what should have come did not
 */

/**
 * What was sent so far of one encoding of one section.
 * @typedef {Object} Sent
 * @property {number} at
 * @property {'audio'|'video'} kind
 * @property {string} rid
 * @property {string} codec
 * @property {number} bytes
 * @property {number} frames
 * @property {number} width
 * @property {number} height
 * @property {boolean} active as far as the browser tells
 * @property {'cpu'|'bandwidth'|''} limited by what, '' when by nothing or when unknown
 * @property {number} [lost] share of it that did not arrive lately
 */

/**
 * One look at a connection.
 * @typedef {Object} Look
 * @property {number} at
 * @property {number} rtt to the server and back, 0 when unknown
 * @property {Map<string, Received>} received by the id of the track
 * @property {Map<string, Sent[]>} sent by the section's mid
 */

/**
 * @param {RTCStatsReport} report
 * @returns {Look}
 */
export function look(report) {
  /** @type {Look} */
  const out = { at: 0, rtt: roundTrip(report), received: new Map(), sent: new Map() };
  report.forEach((stats) => {
    if (stats.type === 'inbound-rtp') out.received.set(stats.trackIdentifier, arrived(stats, report));
    else if (stats.type === 'outbound-rtp') out.sent.set(stats.mid, [...(out.sent.get(stats.mid) ?? []), left(stats, report)]);
    else return;
    out.at = Math.max(out.at, stats.timestamp);
  });
  return out;
}

/**
 * What flowed between two looks.
 * @typedef {Object} Flow
 * @property {number} bitrate bits a second
 * @property {number} fps frames a second
 * @property {number} lost share of the packets
 * @property {number} concealed share of the sound
 */

/**
 * @param {Received} before
 * @param {Received} now
 * @returns {Flow|null} null when no time has passed
 */
export function arrival(before, now) {
  const seconds = (now.at - before.at) / 1000;
  if (!(seconds > 0)) return null;
  const lost = rise(before.lost, now.lost);
  return {
    bitrate: (8 * rise(before.bytes, now.bytes)) / seconds,
    fps: rise(before.frames, now.frames) / seconds,
    lost: share(lost, lost + rise(before.packets, now.packets)),
    concealed: share(rise(before.concealed, now.concealed), rise(before.samples, now.samples)),
  };
}

/**
 * @param {Sent} before
 * @param {Sent} now
 * @returns {{bitrate: number, fps: number}|null} null when no time has passed
 */
export function departure(before, now) {
  const seconds = (now.at - before.at) / 1000;
  if (!(seconds > 0)) return null;
  return { bitrate: (8 * rise(before.bytes, now.bytes)) / seconds, fps: rise(before.frames, now.frames) / seconds };
}

/**
 * How much a counter has grown. One that is smaller than before was begun anew.
 * @param {number} before
 * @param {number} now
 */
export function rise(before, now) {
  return Math.max(0, now - before);
}

/**
 * @param {number} part
 * @param {number} whole
 */
function share(part, whole) {
  return whole > 0 ? Math.min(1, part / whole) : 0;
}

/**
 * @param {any} stats
 * @param {RTCStatsReport} report
 * @returns {Received}
 */
function arrived(stats, report) {
  const frames = stats.framesDecoded ?? 0;
  return {
    at: stats.timestamp,
    kind: stats.kind,
    codec: codecOf(stats, report),
    bytes: stats.bytesReceived ?? 0,
    packets: stats.packetsReceived ?? 0,
    lost: stats.packetsLost ?? 0,
    jitter: (stats.jitter ?? 0) * 1000,
    width: stats.frameWidth ?? 0,
    height: stats.frameHeight ?? 0,
    whole: stats.framesReceived ?? frames,
    frames,
    ...(stats.freezeCount !== undefined && { freezes: stats.freezeCount, frozen: (stats.totalFreezesDuration ?? 0) * 1000 }),
    samples: stats.totalSamplesReceived ?? 0,
    // What is made up while there is silence is missed by nobody.
    concealed: (stats.concealedSamples ?? 0) - (stats.silentConcealedSamples ?? 0),
  };
}

/**
 * @param {any} stats
 * @param {RTCStatsReport} report
 * @returns {Sent}
 */
function left(stats, report) {
  const reason = stats.qualityLimitationReason;
  const remote = report.get(stats.remoteId);
  return {
    at: stats.timestamp,
    kind: stats.kind,
    rid: stats.rid ?? '',
    codec: codecOf(stats, report),
    bytes: stats.bytesSent ?? 0,
    frames: stats.framesEncoded ?? 0,
    width: stats.frameWidth ?? 0,
    height: stats.frameHeight ?? 0,
    active: stats.active ?? true,
    limited: reason === 'cpu' || reason === 'bandwidth' ? reason : '',
    ...(remote?.fractionLost !== undefined && { lost: remote.fractionLost }),
  };
}

/**
 * @param {{codecId?: string}} stats
 * @param {RTCStatsReport} report
 * @returns {string}
 */
function codecOf({ codecId = '' }, report) {
  return report.get(codecId)?.mimeType?.split('/')[1] ?? '';
}

/**
 * Of the pair that ICE has chosen; where that does not tell, as receivers of
 * ours measured it.
 * @param {RTCStatsReport} report
 */
function roundTrip(report) {
  let chosen = 0;
  let measured = 0;
  report.forEach((stats) => {
    if (stats.type === 'transport') chosen = report.get(stats.selectedCandidatePairId)?.currentRoundTripTime ?? 0;
    else if (stats.type === 'remote-inbound-rtp') measured = Math.max(measured, stats.roundTripTime ?? 0);
  });
  return (chosen || measured) * 1000;
}
