/** @import { ClientMessage, SendTrack, ServerAnswer, ServerIce, ServerOffer } from './protocol.js' */

// An offer that the server neither answers nor overrides within this time was
// lost with a socket that does not know it is dead.
const patience = 10_000;

/**
 * @typedef {Object} NegotiationHooks
 * @property {(message: ClientMessage) => void} send
 * @property {() => SendTrack[]} tracks the sections that this side sends on
 * @property {() => void} negotiated sections may have come
 * @property {() => void} stalled nobody answers
 * @property {(error: unknown) => void} failed this connection cannot be saved
 */

/**
 * Negotiation is the polite side of perfect negotiation (W3C WebRTC, section
 * 10.7): when both sides offer at once the server drops our offer, and applying
 * its offer rolls ours back; the browser then says negotiationneeded again.
 *
 * Everything that touches a description runs one after the other.
 */
export class Negotiation {
  #pc;
  #hooks;
  /** @type {Promise<void>} */
  #tail = Promise.resolve();
  #offers = 0; // how many we have made
  #pending = 0; // id of our offer that waits for an answer, or 0
  /** @type {{id: number, sdp: string}|null} */
  #answered = null; // the newest offer of the server that we answered
  /** @type {(RTCIceCandidateInit|null)[]} */
  #early = []; // the server's candidates from before any description of its own
  /** @type {(RTCIceCandidateInit|null)[]|null} */
  #held = null; // our candidates while their description is not sent yet
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  /**
   * @param {RTCPeerConnection} pc
   * @param {NegotiationHooks} hooks
   */
  constructor(pc, hooks) {
    this.#pc = pc;
    this.#hooks = hooks;
    pc.onnegotiationneeded = () => this.#then(() => this.#offer());
    pc.onicecandidate = ({ candidate }) => {
      // The empty candidate ends a generation; null, which follows, ends them all.
      if (candidate?.candidate === '') return;
      const init = candidate ? candidate.toJSON() : null;
      if (this.#held) this.#held.push(init);
      else this.#hooks.send({ type: 'ice', candidate: init });
    };
  }

  /** @param {ServerOffer|ServerAnswer|ServerIce} message */
  handle(message) {
    switch (message.type) {
      case 'offer':
        return this.#then(() => this.#applyOffer(message));
      case 'answer':
        return this.#then(() => this.#applyAnswer(message));
      case 'ice':
        return this.#then(() => this.#applyCandidate(message.candidate));
    }
  }

  /**
   * Says again, over a new socket, what may have been lost with the old one.
   * The description carries all candidates that were found by now.
   */
  resync() {
    this.#then(async () => {
      if (this.#pending) this.#sendOffer();
    });
  }

  close() {
    clearTimeout(this.#timer);
    this.#pc.onnegotiationneeded = this.#pc.onicecandidate = null;
    this.#then = () => {};
  }

  /** @type {(step: () => Promise<void>) => void} */
  #then = (step) => {
    this.#tail = this.#tail.then(step).catch((error) => this.#fail(error));
  };

  /** @param {unknown} error */
  #fail(error) {
    // Whoever closed the connection knows why its operations end.
    if (this.#pc.signalingState !== 'closed') this.#hooks.failed(error);
  }

  async #offer() {
    // Already on its way; what came up since then the browser asks for again.
    if (this.#pc.signalingState !== 'stable') return;
    this.#held = [];
    await this.#pc.setLocalDescription();
    this.#pending = ++this.#offers;
    this.#sendOffer();
    this.#release();
  }

  #sendOffer() {
    const sdp = this.#pc.localDescription?.sdp ?? '';
    this.#hooks.send({ type: 'offer', id: this.#pending, sdp, tracks: this.#hooks.tracks() });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#hooks.stalled(), patience);
  }

  /** @param {ServerOffer} offer */
  async #applyOffer({ id, sdp }) {
    const last = this.#answered;
    if (last && id <= last.id) {
      // The server did not get our answer; what it asks for is done already.
      if (id === last.id) this.#hooks.send({ type: 'answer', ...last });
      return;
    }
    this.#settle();
    this.#held = [];
    await this.#pc.setRemoteDescription({ type: 'offer', sdp }); // rolls our own back
    await this.#pc.setLocalDescription();
    this.#answered = { id, sdp: this.#pc.localDescription?.sdp ?? '' };
    this.#hooks.send({ type: 'answer', ...this.#answered });
    this.#release();
    await this.#described();
  }

  /** @param {ServerAnswer} answer */
  async #applyAnswer({ id, sdp }) {
    if (id !== this.#pending) return;
    this.#settle();
    await this.#pc.setRemoteDescription({ type: 'answer', sdp });
    await this.#described();
  }

  /** @param {RTCIceCandidateInit|null} candidate */
  async #applyCandidate(candidate) {
    if (!this.#pc.remoteDescription) {
      if (this.#early.length < 64) this.#early.push(candidate);
      return;
    }
    // One that does not fit belongs to a generation that is over.
    await this.#pc.addIceCandidate(candidate ?? undefined).catch(() => {});
  }

  async #described() {
    for (const candidate of this.#early.splice(0)) await this.#applyCandidate(candidate);
    this.#hooks.negotiated();
  }

  #settle() {
    this.#pending = 0;
    clearTimeout(this.#timer);
  }

  #release() {
    const held = this.#held ?? [];
    this.#held = null;
    for (const candidate of held) this.#hooks.send({ type: 'ice', candidate });
  }
}
