/** @import { Prefs } from './prefs.js' */

/** @typedef {'microphone'|'camera'} DeviceKind */

/**
 * Where a device's track goes to, besides the preview.
 * @typedef {Object} Sink
 * @property {(track: MediaStreamTrack) => Promise<void>} show
 * @property {() => Promise<void>} hide
 */

/**
 * LocalDevice is our microphone or our camera: whether it is wanted, which one,
 * and its track. A wish is shown at once; what it takes is done one step after
 * the other, and a wish that cannot be met is taken back.
 *
 * Events: `change`, and `trouble` with the reason.
 */
export class LocalDevice extends EventTarget {
  /** @type {MediaStreamTrack|null} */
  track = null;
  /** @type {Sink|null} */
  #sink = null;
  /** @type {Promise<void>} */
  #tail = Promise.resolve();

  /**
   * @param {DeviceKind} kind
   * @param {boolean} on
   * @param {string} deviceId '' for the default
   */
  constructor(kind, on, deviceId) {
    super();
    /** @readonly */
    this.kind = kind;
    this.on = on;
    this.deviceId = deviceId;
  }

  /** @param {boolean} on */
  turn(on) {
    this.on = on;
    this.#changed();
    return this.#then(() => this.#settle());
  }

  /**
   * Changes to another device; one that cannot be opened changes nothing.
   * @param {string} deviceId
   */
  pick(deviceId) {
    return this.#then(async () => {
      const old = this.track;
      try {
        if (this.on) this.#take(await this.#open(deviceId));
        else this.track = null;
      } catch (error) {
        if (old?.readyState !== 'live') throw error;
        return this.#tell(error);
      }
      this.deviceId = deviceId;
      if (this.track) await this.#sink?.show(this.track);
      old?.stop();
      this.#changed();
    });
  }

  /**
   * Sends to a sink from now on, or, with null, to nobody.
   * @param {Sink|null} sink
   */
  connect(sink) {
    this.#sink = sink;
    return sink && this.on && this.track ? this.#then(() => this.#settle()) : Promise.resolve();
  }

  /**
   * Takes a track that was opened elsewhere.
   * @param {MediaStreamTrack} track
   */
  adopt(track) {
    this.#take(track);
    return this.#then(() => this.#settle());
  }

  /**
   * The wish cannot be met: off, and not only in looks.
   * @param {unknown} error
   * @returns {Promise<void>}
   */
  async fail(error) {
    this.on = false;
    this.#tell(error);
    await this.#settle().catch(() => {});
  }

  /** Lets go of the device, also of one that is just being opened. */
  close() {
    this.on = false;
    this.#stop();
  }

  #stop() {
    this.track?.stop();
    this.track = null;
  }

  /** @param {() => Promise<void>} step */
  #then(step) {
    this.#tail = this.#tail.then(step).catch((error) => this.fail(error));
    return this.#tail;
  }

  async #settle() {
    if (this.on && !this.track) this.#take(await this.#open(this.deviceId));
    if (this.on && this.track) return this.#sink?.show(this.track);
    await this.#sink?.hide();
    // The camera's light goes out; the microphone stays open for a quick unmute.
    if (this.kind === 'camera') this.#stop();
    this.#changed();
  }

  /** @param {MediaStreamTrack} track */
  #take(track) {
    if (!this.on) return track.stop(); // not wanted any more
    this.track = track;
    track.onended = () => {
      if (this.track !== track) return;
      this.track = null;
      this.deviceId = '';
      this.#tell('disconnected');
      if (this.on) this.#then(() => this.#settle()); // with whatever is left
    };
    this.#changed();
  }

  /**
   * @param {string} deviceId
   * @returns {Promise<MediaStreamTrack>}
   */
  async #open(deviceId) {
    try {
      return await openDevice(this.kind, deviceId);
    } catch (error) {
      // Some systems open only one camera at a time.
      if (!this.track || !(error instanceof DOMException) || error.name !== 'NotReadableError') throw error;
      this.track.stop();
      return openDevice(this.kind, deviceId);
    }
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }

  /** @param {unknown} error or the reason itself */
  #tell(error) {
    const reason = error instanceof DOMException ? error.name : String(error);
    this.#changed(); // a menu may show what was not to be had
    this.dispatchEvent(new CustomEvent('trouble', { detail: reason }));
  }
}

/** LocalMedia is everything that this person can send by device. */
export class LocalMedia {
  /** @param {Prefs} prefs */
  constructor(prefs) {
    this.microphone = new LocalDevice('microphone', prefs.microphoneOn, prefs.microphone);
    this.camera = new LocalDevice('camera', prefs.cameraOn, prefs.camera);
  }

  get all() {
    return [this.microphone, this.camera];
  }

  /** Opens what is wanted, with one question to the person if possible. */
  async start() {
    const wanted = this.all.filter((d) => d.on && !d.track);
    if (wanted.length < 2) {
      await Promise.all(wanted.map((d) => d.turn(true)));
      return;
    }
    try {
      const { microphone, camera } = this;
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: constraints('microphone', microphone.deviceId),
        video: constraints('camera', camera.deviceId),
      });
      await Promise.all([microphone.adopt(stream.getAudioTracks()[0]), camera.adopt(stream.getVideoTracks()[0])]);
    } catch (error) {
      await Promise.all(wanted.map((d) => this.#retry(d, error)));
    }
  }

  close() {
    for (const device of this.all) device.close();
  }

  /**
   * One of two did not work: which? Nobody is asked twice.
   * @param {LocalDevice} device
   * @param {unknown} error
   */
  async #retry(device, error) {
    const denied = error instanceof DOMException && error.name === 'NotAllowedError';
    if (denied && !(await granted(device.kind))) return device.fail(error);
    return device.turn(true);
  }
}

/**
 * @param {DeviceKind} kind
 * @param {string} deviceId
 */
async function openDevice(kind, deviceId) {
  const wanted = constraints(kind, deviceId);
  const stream = await navigator.mediaDevices.getUserMedia(kind === 'camera' ? { video: wanted } : { audio: wanted });
  return stream.getTracks()[0];
}

/**
 * The device is a wish, not a condition: one that is gone is no reason to have
 * none.
 * @param {DeviceKind} kind
 * @param {string} deviceId
 * @returns {MediaTrackConstraints}
 */
function constraints(kind, deviceId) {
  const device = deviceId ? { deviceId: { ideal: deviceId } } : {};
  if (kind === 'microphone') {
    return { ...device, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  }
  const facing = deviceId ? {} : { facingMode: 'user' };
  return { ...device, ...facing, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
}

/** @param {DeviceKind} kind */
async function granted(kind) {
  try {
    const status = await navigator.permissions.query({ name: /** @type {PermissionName} */ (kind) });
    return status.state === 'granted';
  } catch {
    return false;
  }
}
