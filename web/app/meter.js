/** @type {AudioContext|undefined} */
let shared;

// Browsers start sound, even silent sound, only after a gesture.
function audioContext() {
  if (!shared) {
    shared = new AudioContext();
    const wake = () => shared?.resume();
    for (const gesture of ['pointerdown', 'keydown']) addEventListener(gesture, wake, { capture: true, passive: true });
  }
  return shared;
}

const interval = 60; // milliseconds; the eye sees no more in a bar

/**
 * Meter measures how loud a track is, from 0 to 1, as ears would say it.
 */
export class Meter {
  #listener;
  /** @type {MediaStreamTrack|null} */
  #track = null;
  /** @type {MediaStreamAudioSourceNode|null} */
  #source = null;
  #timer = 0;
  #level = 0;

  /** @param {(level: number) => void} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  /** @param {MediaStreamTrack|null} track */
  watch(track) {
    if (track === this.#track) return;
    this.close();
    this.#track = track;
    if (!track) return;
    const context = audioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    this.#source = context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#timer = window.setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      this.#show(loudness(samples));
    }, interval);
  }

  close() {
    clearInterval(this.#timer);
    this.#source?.disconnect();
    this.#source = this.#track = null;
    this.#level = 0;
    this.#listener(0);
  }

  /** @param {number} level */
  #show(level) {
    this.#level = Math.max(level, this.#level * 0.8); // up at once, down slowly
    this.#listener(this.#level);
  }
}

/**
 * @param {Float32Array} samples
 * @returns {number} 0 at -60 dB and below, 1 at 0 dB
 */
function loudness(samples) {
  let sum = 0;
  for (const s of samples) sum += s * s;
  const decibel = 10 * Math.log10(sum / samples.length + 1e-9);
  return Math.min(1, Math.max(0, 1 + decibel / 60));
}

/**
 * Draws levels into an element with the role of a meter.
 * @param {HTMLElement} element
 * @returns {(level: number) => void}
 */
export function bar(element) {
  return (level) => {
    element.style.setProperty('--level', level.toFixed(3));
    element.setAttribute('aria-valuenow', String(Math.round(level * 100)));
  };
}
