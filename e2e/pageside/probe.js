// What a person in front of this page would see and hear, read from pixels,
// spectra and getStats rather than from what the page says about itself.
{
  /**
   * Shrinks what a video shows to a small picture.
   * @param {HTMLVideoElement} video
   * @param {number} width
   * @param {number} height
   */
  function thumbnail(video, width, height) {
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const g = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
    g.drawImage(video, 0, 0, width, height);
    return g.getImageData(0, 0, width, height).data;
  }

  /**
   * The mean colour in the middle of a video, or null without a picture.
   * @param {HTMLVideoElement} video
   */
  function rgb(video) {
    if (video.videoWidth === 0) return null;
    const [width, height, half] = [32, 18, 2];
    const pixels = thumbnail(video, width, height);
    const sum = [0, 0, 0];
    let count = 0;
    for (let y = height / 2 - half; y < height / 2 + half; y++) {
      for (let x = width / 2 - half; x < width / 2 + half; x++, count++) {
        for (let c = 0; c < 3; c++) sum[c] += pixels[(y * width + x) * 4 + c];
      }
    }
    return sum.map((s) => Math.round(s / count));
  }

  /**
   * How many milliseconds ago the picture was painted, or before another time,
   * by the clock in its top row (see fakecam.js); null without a picture.
   * @param {HTMLVideoElement} video
   * @param {number} at
   */
  function age(video, at = Date.now()) {
    if (video.videoWidth === 0) return null;
    // One row of the thumbnail is an eighth of the picture: row 0 is the clock.
    const pixels = thumbnail(video, 64, 8);
    let gray = 0;
    for (let bit = 0; bit < 16; bit++) {
      const at = (bit * 4 + 2) * 4;
      if (pixels[at] + pixels[at + 1] + pixels[at + 2] > 384) gray |= 1 << bit;
    }
    for (let shift = 8; shift > 0; shift >>= 1) gray ^= gray >> shift;
    return (Math.round(at) - gray) & 0xffff;
  }

  /** @type {AudioContext | undefined} */
  let context;
  /** @type {WeakMap<MediaStreamTrack, AnalyserNode>} */
  const analysers = new WeakMap();

  /** @param {MediaStreamTrack} track */
  function analyser(track) {
    context ??= new AudioContext();
    context.resume();
    let node = analysers.get(track);
    if (!node) {
      node = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
      context.createMediaStreamSource(new MediaStream([track])).connect(node);
      analysers.set(track, node);
    }
    return node;
  }

  /**
   * The loudest frequency of a track in Hz, or null in silence.
   * @param {MediaStreamTrack} track
   */
  function peak(track) {
    const node = analyser(track);
    const bins = new Float32Array(node.frequencyBinCount);
    node.getFloatFrequencyData(bins);
    let best = 0;
    for (let i = 1; i < bins.length; i++) if (bins[i] > bins[best]) best = i;
    if (!(bins[best] > -60)) return null;
    return (best * node.context.sampleRate) / node.fftSize;
  }

  /** Every track that comes out of a loudspeaker now: in a media element that plays, and is not muted. */
  function audible() {
    /** @type {Set<MediaStreamTrack>} */
    const tracks = new Set();
    for (const element of document.querySelectorAll(/** @type {'audio'} */ ('audio, video'))) {
      if (element.paused || element.muted || element.volume === 0) continue;
      if (!(element.srcObject instanceof MediaStream)) continue;
      for (const track of element.srcObject.getAudioTracks()) if (track.readyState === 'live' && track.enabled) tracks.add(track);
    }
    return [...tracks];
  }

  const sleep = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));

  /** The tones that this page plays now, in Hz, low to high. */
  async function tones() {
    const tracks = audible();
    for (const track of tracks) analyser(track);
    await sleep(300); // longer than one FFT window, so that it holds only what is heard now
    return tracks
      .map(peak)
      .filter((hz) => hz !== null)
      .sort((a, b) => a - b);
  }

  /**
   * What getStats knows of the picture that a video shows, or of its sound.
   * @param {RTCPeerConnection} pc
   * @param {HTMLVideoElement} video
   * @param {'audio' | 'video'} kind
   */
  async function received(pc, video, kind = 'video') {
    const stream = video.srcObject;
    const track = stream instanceof MediaStream ? stream.getTracks().find((t) => t.kind === kind) : undefined;
    if (!track) return null;
    const stats = await pc.getStats();
    for (const entry of stats.values()) {
      if (entry.type !== 'inbound-rtp' || entry.trackIdentifier !== track.id) continue;
      return {
        at: entry.timestamp / 1000,
        frames: entry.framesDecoded ?? 0,
        freezes: entry.freezeCount ?? 0,
        frozen: entry.totalFreezesDuration ?? 0,
        width: entry.frameWidth ?? 0,
        codec: stats.get(entry.codecId)?.mimeType ?? '',
        bytes: entry.bytesReceived,
        lost: entry.packetsLost ?? 0,
        samples: entry.totalSamplesReceived ?? 0,
        concealed: (entry.concealedSamples ?? 0) - (entry.silentConcealedSamples ?? 0),
        packetSize: entry.bytesReceived / entry.packetsReceived,
      };
    }
    return null;
  }

  /**
   * What leaves this page of its cameras and screens, in each size.
   * @param {RTCPeerConnection} pc
   */
  async function sent(pc) {
    const sizes = [];
    for (const { type, kind, rid = '', framesEncoded = 0, frameWidth = 0 } of (await pc.getStats()).values()) {
      if (type === 'outbound-rtp' && kind === 'video') sizes.push({ rid, frames: framesEncoded, width: frameWidth });
    }
    return sizes;
  }

  /**
   * How many frames the cameras and screens of this page have given to be sent.
   * @param {RTCPeerConnection} pc
   */
  async function filmed(pc) {
    let frames = 0;
    for (const entry of (await pc.getStats()).values()) {
      if (entry.type === 'media-source' && entry.kind === 'video') frames += entry.frames ?? 0;
    }
    return frames;
  }

  /** @type {Map<string, Blob | MediaSource>} */
  const blobs = new Map();
  const createObjectURL = URL.createObjectURL.bind(URL);
  URL.createObjectURL = (object) => {
    const url = createObjectURL(object);
    blobs.set(url, object);
    return url;
  };

  /**
   * The hash of what a blob: link leads to; the content security policy
   * rightly lets nobody fetch it.
   * @param {string} url
   */
  async function sha256(url) {
    const blob = blobs.get(url);
    if (!(blob instanceof Blob)) return null;
    const hash = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer());
    return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  globalThis.probe = { rgb, age, tones, received, sent, filmed, sha256 };
}
