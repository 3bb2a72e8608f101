/**
 * The words of signalling protocol version 1 (docs/signaling.md): what the
 * client and the server say to each other over the WebSocket. Types and the
 * two functions that turn a frame into a message and back; no behaviour.
 *
 * @module
 */

/** @typedef {'microphone'|'camera'|'screen'|'screen_audio'} Source */
/** @typedef {'audio'|'video'} Kind */

/**
 * One published track as others see it, and, of a picture, how it flows to us.
 * @typedef {Object} TrackInfo
 * @property {string} id
 * @property {string} mid at its publisher
 * @property {Kind} kind
 * @property {Source} source
 * @property {boolean} muted
 * @property {'active'|'paused'} [state] once the server has told
 * @property {PauseReason} [reason] of a pause
 * @property {number} [width] of the picture that flows now, 0 when unknown
 * @property {number} [height]
 */

/** @typedef {'wish'|'muted'|'bandwidth'|'codec'|'waiting'} PauseReason */

/**
 * What we want of a track. What is left out is the default: as large and fast
 * as there is, like all others, running.
 * @typedef {Object} Wish
 * @property {number} [width] device pixels that it is shown with
 * @property {number} [height]
 * @property {number} [fps] the most that is needed
 * @property {number} [priority] the higher is served first where there is not room for all
 * @property {boolean} [pinned] before all priorities
 * @property {boolean} [paused] nothing for now
 */

/**
 * One row of the roster.
 * @typedef {Object} ParticipantInfo
 * @property {string} id
 * @property {string} name
 * @property {unknown} [metadata]
 * @property {string} role
 * @property {TrackInfo[]} tracks
 */

/**
 * What the server will refuse to exceed.
 * @typedef {Object} Limits
 * @property {number} message_bytes
 * @property {number} data_message_bytes
 * @property {number} participants
 * @property {number} tracks
 * @property {number} data_channels
 * @property {number} resume_seconds
 */

/** @typedef {{mid: string, source: Source, muted: boolean}} SendTrack */
/** @typedef {{mid: string, track: string|null, participant: string|null}} Slot */
/** @typedef {{participant: string, level: number}} Speaker */

/**
 * How good a connection is. The figures are there of our own.
 * @typedef {Object} Quality
 * @property {string} participant
 * @property {number} score from 1 (bad) to 5
 * @property {number} [bitrate] what our downlink carries, in bits a second; 0 while unknown
 * @property {number} [loss] of the worse direction, from 0 to 1
 * @property {number} [rtt] milliseconds; 0 while unknown
 */

/**
 * @typedef {{type: 'join_room', room: string, name: string, token?: string, resume?: string, metadata?: unknown}
 *   | {type: 'offer', id: number, sdp: string, tracks: SendTrack[]}
 *   | {type: 'answer', id: number, sdp: string}
 *   | {type: 'ice', candidate: RTCIceCandidateInit|null}
 *   | {type: 'update_track', mid: string, muted: boolean, source?: Source}
 *   | {type: 'subscribe', tracks: ({track: string} & Wish)[]}
 *   | {type: 'restart'}
 *   | {type: 'report'} & Report
 *   | {type: 'leave'}} ClientMessage
 */

/**
 * What only we can know: how it looked and sounded. Sent with consent alone.
 * Times are whole milliseconds; what is not known is left out.
 * @typedef {Object} Report
 * @property {Partial<Record<Step, number>>} [steps] of the join, since the click on it; once
 * @property {number} [interval] that the rest is of
 * @property {{watched: number, frames: number, undecoded?: number, freezes?: number, frozen?: number}[]} [pictures]
 * @property {{samples: number, concealed: number}[]} [sounds]
 */

/** @typedef {'devices'|'socket'|'welcome'|'connected'|'picture'|'sound'} Step of a join */

/**
 * @typedef {{type: 'welcome', version: number, participant: ParticipantInfo, room: string,
 *   participants: ParticipantInfo[], ice_servers: RTCIceServer[]|null, resume: string,
 *   resumed?: boolean, limits: Limits, role: string}} Welcome
 * @typedef {{type: 'offer', id: number, sdp: string}} ServerOffer
 * @typedef {{type: 'answer', id: number, sdp: string}} ServerAnswer
 * @typedef {{type: 'ice', candidate: RTCIceCandidateInit|null}} ServerIce
 * @typedef {{type: 'slots', version: number, slots: Slot[]}} Slots
 * @typedef {{type: 'error', code: string, message: string, fatal: boolean, request?: string, mid?: string}} ErrorMessage
 * @typedef {{type: 'participant_joined', participant: ParticipantInfo}
 *   | {type: 'participant_updated', participant: ParticipantInfo}
 *   | {type: 'participant_left', participant: string, reason: string}
 *   | {type: 'track_published', participant: string, track: TrackInfo}
 *   | {type: 'track_updated', participant: string, track: TrackInfo}
 *   | {type: 'track_unpublished', participant: string, track: string}
 *   | {type: 'track_state', track: string, state: 'active'|'paused', reason?: PauseReason, width: number, height: number}} RosterMessage
 * @typedef {Welcome|ServerOffer|ServerAnswer|ServerIce|Slots|ErrorMessage|RosterMessage
 *   | {type: 'layers', mid: string, active: Record<string, boolean>}
 *   | {type: 'speakers', speakers: Speaker[]}
 *   | {type: 'quality'} & Quality
 *   | {type: 'moved', url: string, after_ms: number}} ServerMessage
 */

/** The WebSocket sub-protocol that names this version. */
export const subprotocol = 'sfu.v1';

/**
 * Reads one frame; null when it is not a message. A type that this version
 * does not know is still a message: the receiver passes over it, so that the
 * server may learn new words first.
 * @param {unknown} frame
 * @returns {ServerMessage|null}
 */
export function decode(frame) {
  if (typeof frame !== 'string') return null;
  try {
    const message = JSON.parse(frame);
    return typeof message?.type === 'string' ? message : null;
  } catch {
    return null;
  }
}

/**
 * @param {ClientMessage} message
 * @returns {string} one frame
 */
export function encode(message) {
  return JSON.stringify(message);
}
