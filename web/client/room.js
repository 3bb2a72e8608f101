import { Budget } from './backoff.js';
import { RoomError, isCode, remedy } from './errors.js';
import { Link, defaultURL } from './link.js';
import { Peer } from './peer.js';
import { Publication } from './publication.js';
import { Participant, Roster } from './roster.js';
import { SlotTable, carry } from './slots.js';
import { Wishes } from './wishes.js';

/** @import { ClientMessage, ErrorMessage, Limits, ParticipantInfo, Quality, Report, ServerMessage, Slots, Source, Speaker, TrackInfo, Welcome, Wish } from './protocol.js' */
/** @import { ChannelOptions } from './channels.js' */
/** @import { PublishOptions } from './encodings.js' */
/** @import { Change } from './roster.js' */

/** @typedef {'idle'|'connecting'|'connected'|'reconnecting'|'closed'} RoomState */

/**
 * @typedef {Object} JoinOptions
 * @property {string} room
 * @property {string} name
 * @property {string|URL} [url] of the server's WebSocket; `/ws` of this page's server by default
 * @property {string} [token]
 * @property {unknown} [metadata] for the others to read
 * @property {RTCIceServer[]} [iceServers] instead of the ones that the server names
 * @property {string[]} [channels] labels of data channels that are there from the start; `chat` by default
 */

/**
 * The events of a room and what their `detail` is.
 * @typedef {Object} RoomEvents
 * @property {{state: RoomState}} state
 * @property {{}} opened the socket is there; the server is asked to let us in
 * @property {{participant: ParticipantInfo, resumed: boolean}} joined
 * @property {{participant: Participant}} participant-joined
 * @property {{participant: Participant}} participant-updated
 * @property {{participant: Participant, reason: string}} participant-left
 * @property {{participant: Participant, track: TrackInfo}} track-published
 * @property {{participant: Participant, track: TrackInfo}} track-updated
 * @property {{participant: Participant, track: TrackInfo}} track-unpublished
 * @property {{participant: Participant, track: TrackInfo}} track-state whether a picture of theirs flows, and how large
 * @property {{participant: Participant}} media their streams carry other tracks now
 * @property {{speakers: Speaker[]}} speakers
 * @property {{participant: Participant|null}} quality a connection got better or worse: theirs, or our own
 * @property {{url: string, after: number}} moved the server stops in `after` ms; the room goes on at another server's page
 * @property {{channel: RTCDataChannel, from: string}} data-channel attach handlers before you return
 * @property {{error: RoomError}} error a message of ours was refused; the room goes on
 * @property {{error: RoomError|null}} closed null after leave
 */

// A connection that keeps breaking is not mended by building it ever anew.
const rebuilds = 3;
const rebuildWindow = 60_000;

/**
 * Room is one stay in a room: the socket, the connection, who else is here and
 * what we send. It comes back by itself from everything that can be come back
 * from. A room that is closed stays closed; make another one.
 *
 * @example
 * const room = new Room();
 * room.on('media', ({ participant }) => { video.srcObject = participant.camera; });
 * await room.join({ room: 'standup', name: 'Ana' });
 * await room.publish('camera', track);
 */
export class Room extends EventTarget {
  /** @type {RoomState} */
  #state = 'idle';
  #roster = new Roster();
  /** @type {Map<Source, Publication>} */
  #publications = new Map();
  /** @type {Link|null} */
  #link = null;
  /** @type {Peer|null} */
  #peer = null;
  #slots = new SlotTable();
  #wishes = new Wishes({
    send: (message) => this.#send(message),
    online: () => this.#welcomed,
    track: (participant, source) => this.participants.get(participant)?.track(source)?.id,
  });
  #defaults;
  #budget = new Budget(rebuilds, rebuildWindow);
  #resume = ''; // the token that takes us up again, while there is something to take up
  #welcomed = false; // whether this socket has let us in
  #wasConnected = false;
  #stalls = 0;
  /** @type {JoinOptions} */
  #options = { room: '', name: '' };
  /** @type {{resolve: () => void, reject: (error: RoomError) => void}|null} */
  #joining = null;

  /** @type {ParticipantInfo|null} our own row of the roster */
  me = null;
  /** @type {Limits|null} */
  limits = null;
  /** @type {Quality|null} how good our own connection is, once that is known */
  quality = null;

  /** @param {Partial<Record<Source, PublishOptions>>} [defaults] how each source is sent, unless publish says otherwise */
  constructor(defaults = {}) {
    super();
    this.#defaults = defaults;
  }

  get state() {
    return this.#state;
  }

  /** The others, by id, in the order in which they came. */
  get participants() {
    return this.#roster.participants;
  }

  /** What we send, by source. */
  get publications() {
    return this.#publications;
  }

  /** The connection, for statistics; another one after a rebuild. */
  get pc() {
    return this.#peer?.pc ?? null;
  }

  /**
   * Listens to an event; the return value stops it.
   * @template {keyof RoomEvents} K
   * @param {K} type
   * @param {(detail: RoomEvents[K]) => void} listener
   * @returns {() => void}
   */
  on(type, listener) {
    const heard = (/** @type {Event} */ event) => listener(/** @type {CustomEvent} */ (event).detail);
    this.addEventListener(type, heard);
    return () => this.removeEventListener(type, heard);
  }

  /**
   * Enters the room. Rejects with a RoomError when the server is not there or
   * says no.
   * @param {JoinOptions} options
   * @returns {Promise<void>}
   */
  join(options) {
    if (this.#state !== 'idle') throw new Error('a room is joined once');
    this.#options = options;
    this.#link = new Link(String(options.url ?? defaultURL()), {
      opened: () => this.#introduce(),
      received: (message) => this.#receive(message),
      lost: (reason) => this.#lost(reason),
    });
    this.#link.open();
    this.#refresh();
    return new Promise((resolve, reject) => {
      this.#joining = { resolve, reject };
    });
  }

  /** Goes, and tells the server. Local tracks are the caller's to stop. */
  leave() {
    this.#end(null);
  }

  /** Tries to reach the server now: the network may be back. */
  hurry() {
    this.#link?.open();
  }

  /**
   * Sends a track; again for the same source replaces what was sent. Before
   * join it waits for it.
   * @param {Source} source
   * @param {MediaStreamTrack} track
   * @param {PublishOptions} [options] of the first publish of a source
   * @returns {Promise<void>}
   */
  async publish(source, track, options = {}) {
    const known = this.#publications.get(source);
    if (!known) {
      const publication = new Publication(source, track, { ...this.#defaults[source], ...options });
      this.#publications.set(source, publication);
      this.#peer?.publish(publication);
      return;
    }
    if (known.track === track && !known.muted) return;
    await known.show(track);
    this.#announce(known);
  }

  /**
   * Sends another track of the same source, for another device. What is muted
   * stays muted, and sends the new track when it is unmuted.
   * @param {Source} source
   * @param {MediaStreamTrack} track
   * @returns {Promise<void>}
   */
  async switchTrack(source, track) {
    const publication = this.#publications.get(source);
    if (!publication) return;
    if (publication.muted) publication.track = track;
    else await publication.show(track);
  }

  /**
   * Stops sending and keeps the track, for a quick unmute.
   * @param {Source} source
   * @returns {Promise<void>}
   */
  async mute(source) {
    const publication = this.#publications.get(source);
    if (!publication || publication.muted) return;
    const hidden = publication.hide();
    this.#announce(publication); // at once: the server stops forwarding at the message
    await hidden;
  }

  /**
   * Sends again what mute stopped.
   * @param {Source} source
   * @returns {Promise<void>}
   */
  async unmute(source) {
    const publication = this.#publications.get(source);
    if (publication?.track && publication.muted) await this.publish(source, publication.track);
  }

  /**
   * Stops sending and stops the track: the camera's light goes out.
   * @param {Source} source
   * @returns {Promise<void>}
   */
  async unpublish(source) {
    const publication = this.#publications.get(source);
    if (!publication) return;
    const track = publication.track;
    await this.mute(source).finally(() => track?.stop());
  }

  /**
   * Says how a source of somebody is wanted: as large as it is shown, or not
   * at all while nobody looks. Call it as often as anything changes; the server
   * hears of it in a moment, and again after each reconnect. What nobody says
   * anything about comes as large as there is.
   * @param {Participant|string} participant or their id
   * @param {Source} source
   * @param {Wish} wish replaces the one before
   */
  want(participant, source, wish) {
    const id = typeof participant === 'string' ? participant : participant.id;
    if (this.participants.has(id)) this.#wishes.want(id, source, wish);
  }

  /**
   * What was last wanted of a source of theirs, if anything was.
   * @param {Participant} participant
   * @param {Source} source
   */
  wish(participant, source) {
    return this.#wishes.of(participant.id, source);
  }

  /**
   * Tells those who run the server how it looked and sounded, if the person agreed.
   * @param {Report} report
   */
  report(report) {
    if (this.#welcomed) this.#send({ type: 'report', ...report });
  }

  /**
   * Opens a data channel to everyone, or to one. It ends with the connection:
   * what has to be there again after a rebuild belongs into JoinOptions.channels.
   * @param {string} label
   * @param {ChannelOptions} [options]
   * @returns {RTCDataChannel}
   */
  open(label, options) {
    if (!this.#peer) throw new Error('not in a room');
    return this.#peer.open(label, options);
  }

  /**
   * A channel of JoinOptions.channels; another object after a rebuild.
   * @param {string} label
   */
  channel(label) {
    return this.#peer?.channel(label);
  }

  #introduce() {
    const { room, name, token, metadata } = this.#options;
    const resume = this.#resume || undefined;
    this.#send({ type: 'join_room', room, name, token, metadata, resume });
    this.#emit('opened', {});
  }

  /** @param {ServerMessage} message */
  #receive(message) {
    switch (message.type) {
      case 'welcome':
        return this.#welcome(message);
      case 'error':
        return this.#refused(message);
      case 'offer':
      case 'answer':
      case 'ice':
        if (message.type !== 'ice') this.#stalls = 0;
        return this.#peer?.handle(message);
      case 'slots':
        return this.#remap(message);
      case 'layers':
        return this.#peer?.watch(message.mid, message.active);
      case 'speakers':
        this.#roster.speak(message.speakers ?? []);
        return this.#emit('speakers', { speakers: message.speakers ?? [] });
      case 'quality':
        return this.#rated(message);
      case 'moved':
        return this.#emit('moved', { url: message.url, after: message.after_ms });
      case 'participant_joined':
      case 'participant_updated':
      case 'participant_left':
      case 'track_published':
      case 'track_updated':
      case 'track_unpublished':
      case 'track_state':
        return this.#changed(this.#roster.apply(message));
    }
  }

  /** @param {Welcome} welcome */
  #welcome(welcome) {
    const resumed = Boolean(welcome.resumed && this.#peer);
    this.#welcomed = true;
    this.#resume = welcome.resume;
    this.me = welcome.participant;
    this.limits = welcome.limits;
    this.quality = null;
    this.#link?.settled();
    if (resumed) this.#peer?.resume();
    else this.#build(welcome);
    const others = (welcome.participants ?? []).filter((p) => p.id !== welcome.participant.id);
    this.#changed(this.#roster.reset(others));
    this.#wishes.again();
    if (resumed) for (const publication of this.#publications.values()) this.#announce(publication);
    this.#joining?.resolve();
    this.#joining = null;
    this.#emit('joined', { participant: welcome.participant, resumed });
    this.#refresh();
  }

  /** @param {Welcome} welcome */
  #build(welcome) {
    this.#peer?.close();
    this.#slots = new SlotTable();
    const iceServers = this.#options.iceServers ?? welcome.ice_servers ?? [];
    const labels = this.#options.channels ?? ['chat'];
    this.#peer = new Peer({ iceServers }, this.#publications, labels, {
      send: (message) => this.#send(message),
      online: () => this.#welcomed,
      changed: () => this.#refresh(),
      received: () => this.#carry(),
      channel: (channel, from) => this.#emit('data-channel', { channel, from }),
      stalled: () => this.#stalled(),
      broken: () => this.#rebuild(new RoomError('negotiation_failed')),
    });
  }

  /** @param {ErrorMessage} message */
  #refused({ code, message, fatal, mid }) {
    const error = new RoomError(code, message);
    if (fatal) return this.#fatal(error);
    if (code === 'no_media' && mid) this.#peer?.revive(mid);
    this.#emit('error', { error });
  }

  /** @param {RoomError} error */
  #fatal(error) {
    if (this.#joining) return this.#end(error);
    switch (remedy(error.code)) {
      case 'rebuild':
        return this.#rebuild(error);
      case 'retry':
        return this.#link?.drop();
      case 'end':
        return this.#end(error);
    }
  }

  // The same person and the same tracks, with nothing left of the old session.
  /** @param {RoomError} error */
  #rebuild(error) {
    if (!this.#budget.take(Date.now())) return this.#end(error);
    if (this.#welcomed) this.#send({ type: 'leave' });
    this.#resume = '';
    this.#peer?.close();
    this.#peer = null;
    this.#link?.drop();
    this.#refresh();
  }

  // An offer without an answer: first the socket is suspected, then the session.
  // Without a socket there is nothing to suspect, and the next one says it again.
  #stalled() {
    if (!this.#welcomed) return;
    if (this.#stalls++ > 0) return this.#rebuild(new RoomError('negotiation_failed'));
    this.#link?.drop();
  }

  // The reason is the code of a fatal error whose message was lost with the
  // socket, if it is a code.
  /** @param {string} reason */
  #lost(reason) {
    this.#welcomed = false;
    if (this.#joining) return this.#end(new RoomError(isCode(reason) ? reason : 'unreachable'));
    if (isCode(reason)) this.#fatal(new RoomError(reason));
    this.#refresh();
  }

  /** @param {RoomError|null} error */
  #end(error) {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#link?.close();
    this.#peer?.close();
    this.#wishes.close();
    this.#joining?.reject(error ?? new RoomError('left'));
    this.#joining = null;
    this.#emit('state', { state: 'closed' });
    this.#emit('closed', { error });
  }

  /** @param {Change[]} changes */
  #changed(changes) {
    if (changes.length === 0) return;
    for (const { type, ...detail } of changes) {
      if (type === 'participant-left') this.#wishes.drop(detail.participant.id);
      this.#emit(type, detail);
    }
    this.#wishes.refresh();
    this.#carry();
  }

  /** @param {Quality} quality */
  #rated(quality) {
    const own = quality.participant === this.me?.id;
    if (own) this.quality = quality;
    const participant = this.#roster.rate(quality.participant, quality.score) ?? null;
    if (own || participant) this.#emit('quality', { participant });
  }

  /** @param {Slots} message */
  #remap(message) {
    if (this.#slots.apply({ version: message.version, slots: message.slots ?? [] })) this.#carry();
  }

  // Streams follow from three things that come in any order: the roster, the
  // slots and the sections. So they are worked out anew whenever one changes.
  #carry() {
    const peer = this.#peer;
    const now = this.#slots.resolve(
      (mid) => peer?.receiver(mid),
      (participant, track) => this.#roster.track(participant, track),
    );
    for (const participant of this.participants.values()) {
      const { camera = [], screen = [] } = now.get(participant.id) ?? {};
      const changed = [carry(participant.camera, camera), carry(participant.screen, screen)];
      if (changed.includes(true)) this.#emit('media', { participant });
    }
  }

  // A section that no description names yet is announced by its offer.
  /** @param {Publication} publication */
  #announce({ mid, muted, source }) {
    if (mid !== null) this.#send({ type: 'update_track', mid, muted, source });
  }

  /** @param {ClientMessage} message */
  #send(message) {
    this.#link?.send(message);
  }

  #refresh() {
    if (this.#state === 'closed') return;
    const connected = this.#welcomed && this.#peer?.connected;
    if (connected) this.#wasConnected = true;
    const state = connected ? 'connected' : this.#wasConnected ? 'reconnecting' : 'connecting';
    if (state === this.#state) return;
    this.#state = state;
    this.#emit('state', { state });
  }

  /**
   * @template {keyof RoomEvents} K
   * @param {K} type
   * @param {RoomEvents[K]} detail
   */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
