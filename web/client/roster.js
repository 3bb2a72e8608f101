/** @import { ParticipantInfo, RosterMessage, Source, Speaker, TrackInfo } from './protocol.js' */

const best = 5;

/**
 * Participant is somebody else in the room.
 */
export class Participant {
  /** @param {ParticipantInfo} info */
  constructor(info) {
    /** @readonly */
    this.id = info.id;
    this.name = info.name;
    this.role = info.role;
    this.metadata = info.metadata;
    /** From 0 (silent) to 1. */
    this.level = 0;
    /** How good their connection is, from 1 to 5; nobody talks about a good one. */
    this.score = best;
    /** @type {Map<string, TrackInfo>} */
    this.tracks = new Map();
    /** Camera and microphone; the same object for as long as they are here. */
    this.camera = new MediaStream();
    /** The shared screen and its sound. */
    this.screen = new MediaStream();
    this.update(info);
  }

  /** @param {ParticipantInfo} info */
  update(info) {
    this.name = info.name;
    this.role = info.role;
    this.metadata = info.metadata;
    const had = this.tracks;
    this.tracks = new Map((info.tracks ?? []).map((t) => [t.id, { ...had.get(t.id), ...t }]));
  }

  /**
   * The track that they publish from a source.
   * @param {Source} source
   */
  track(source) {
    for (const track of this.tracks.values()) {
      if (track.source === source) return track;
    }
    return undefined;
  }

  /**
   * Whether a source is there and not muted.
   * @param {Source} source
   */
  sends(source) {
    const track = this.track(source);
    return track !== undefined && !track.muted;
  }

  get speaking() {
    return this.level > 0;
  }
}

/**
 * What a message changed, for those who watch the room.
 * @typedef {{type: 'participant-joined', participant: Participant}
 *   | {type: 'participant-updated', participant: Participant}
 *   | {type: 'participant-left', participant: Participant, reason: string}
 *   | {type: 'track-published', participant: Participant, track: TrackInfo}
 *   | {type: 'track-updated', participant: Participant, track: TrackInfo}
 *   | {type: 'track-unpublished', participant: Participant, track: TrackInfo}
 *   | {type: 'track-state', participant: Participant, track: TrackInfo}} Change
 */

/**
 * Roster knows who else is in the room and what they publish. Its methods
 * return what changed.
 */
export class Roster {
  /** @type {Map<string, Participant>} */
  participants = new Map();

  /**
   * Takes the whole list, as it comes with a welcome.
   * @param {ParticipantInfo[]} list
   * @returns {Change[]}
   */
  reset(list) {
    for (const p of this.participants.values()) p.score = best; // what is not is said again
    const here = new Set(list.map((info) => info.id));
    const left = [...this.participants.keys()].filter((id) => !here.has(id));
    return [...left.flatMap((id) => this.#leave(id, 'lost')), ...list.flatMap((info) => this.#put(info))];
  }

  /**
   * @param {RosterMessage} message
   * @returns {Change[]}
   */
  apply(message) {
    switch (message.type) {
      case 'participant_joined':
      case 'participant_updated':
        return this.#put(message.participant);
      case 'participant_left':
        return this.#leave(message.participant, message.reason);
      case 'track_published':
      case 'track_updated':
        return this.#putTrack(message.participant, message.track);
      case 'track_unpublished':
        return this.#dropTrack(message.participant, message.track);
      case 'track_state':
        return this.#flow(message);
    }
  }

  /**
   * @param {Speaker[]} speakers those who speak; all others are silent
   */
  speak(speakers) {
    const levels = new Map(speakers.map((s) => [s.participant, s.level]));
    for (const p of this.participants.values()) p.level = levels.get(p.id) ?? 0;
  }

  /**
   * @param {string} id
   * @param {number} score
   * @returns {Participant|undefined} whose it is
   */
  rate(id, score) {
    const participant = this.participants.get(id);
    if (participant) participant.score = score;
    return participant;
  }

  /**
   * @param {string} participant
   * @param {string} track
   */
  track(participant, track) {
    return this.participants.get(participant)?.tracks.get(track);
  }

  /**
   * @param {ParticipantInfo} info
   * @returns {Change[]}
   */
  #put(info) {
    const known = this.participants.get(info.id);
    if (known) {
      known.update(info);
      return [{ type: 'participant-updated', participant: known }];
    }
    const participant = new Participant(info);
    this.participants.set(info.id, participant);
    return [{ type: 'participant-joined', participant }];
  }

  /**
   * @param {string} id
   * @param {string} reason
   * @returns {Change[]}
   */
  #leave(id, reason) {
    const participant = this.participants.get(id);
    if (!participant) return [];
    this.participants.delete(id);
    return [{ type: 'participant-left', participant, reason }];
  }

  /**
   * @param {string} id
   * @param {TrackInfo} track
   * @returns {Change[]}
   */
  #putTrack(id, track) {
    const participant = this.participants.get(id);
    if (!participant) return [];
    const known = participant.tracks.get(track.id);
    const merged = { ...known, ...track }; // how it flows to us is not in a row
    participant.tracks.set(track.id, merged);
    return [{ type: known ? 'track-updated' : 'track-published', participant, track: merged }];
  }

  /**
   * @param {Extract<RosterMessage, {type: 'track_state'}>} message
   * @returns {Change[]}
   */
  #flow({ track: id, state, reason, width, height }) {
    for (const participant of this.participants.values()) {
      const known = participant.tracks.get(id);
      if (!known) continue;
      const track = { ...known, state, reason, width, height };
      participant.tracks.set(id, track);
      return [{ type: 'track-state', participant, track }];
    }
    return [];
  }

  /**
   * @param {string} id
   * @param {string} trackID
   * @returns {Change[]}
   */
  #dropTrack(id, trackID) {
    const participant = this.participants.get(id);
    const track = participant?.tracks.get(trackID);
    if (!participant || !track) return [];
    participant.tracks.delete(trackID);
    return [{ type: 'track-unpublished', participant, track }];
  }
}
