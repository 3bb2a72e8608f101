// The colour-and-tone camera. It replaces the browser's devices by ones that
// a test can recognise at the far end of a call: a camera paints one solid
// hue, a microphone plays one tone. So "who sees and hears whom" becomes a
// question that pixels and a spectrum answer, whatever the page claims.
//
// It runs as an init script, after a line that sets globalThis.fakecam. It
// behaves like real devices where pages depend on it: labels are hidden until
// the first permission, an unknown exact device is overconstrained, and a
// stopped track is dark and silent.
{
  const self = globalThis.fakecam;
  const usual = { width: 640, height: 360 };
  let granted = false;

  /** @type {AudioContext | undefined} */
  let sharedAudio;
  const audio = () => (sharedAudio ??= new AudioContext());

  /** The bits of a clock that wraps after 65.5 s, in Gray code: a frame caught between two values is off by one at most. */
  const grayClock = () => {
    const ms = Date.now() & 0xffff;
    return ms ^ (ms >> 1);
  };

  /**
   * Paints the picture: the clock on top, the hue in the middle where it is
   * measured, and below it a moving box, so that an encoder has work to do.
   * @param {CanvasRenderingContext2D} g
   * @param {string} colour
   * @param {HTMLCanvasElement} [crowd] what fills the picture besides
   */
  function paint(g, colour, crowd) {
    const { width, height } = g.canvas;
    g.fillStyle = colour;
    g.fillRect(0, 0, width, height);
    // Always another part of it: nothing that an encoder could predict.
    const somewhere = (/** @type {number} */ size) => -Math.floor(Math.random() * size);
    if (crowd) g.drawImage(crowd, somewhere(width), somewhere(height));
    const clock = grayClock();
    for (let bit = 0; bit < 16; bit++) {
      g.fillStyle = clock & (1 << bit) ? '#fff' : '#000';
      g.fillRect((bit * width) / 16, 0, width / 16, height / 8);
    }
    g.fillStyle = '#888';
    g.fillRect((Date.now() / 5) % width, (height * 7) / 8, width / 10, height / 8);
  }

  /**
   * A picture of restless detail, twice as wide and high as the camera's, which
   * darkens the hue here and there.
   * @param {{width: number, height: number}} size
   */
  function crowd({ width, height }) {
    const canvas = Object.assign(document.createElement('canvas'), { width: 2 * width, height: 2 * height });
    const g = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    const grain = 16;
    for (let x = 0; x < canvas.width; x += grain) {
      for (let y = 0; y < canvas.height; y += grain) {
        g.fillStyle = `rgb(0 0 0 / ${Math.random() / 3})`;
        g.fillRect(x, y, grain, grain);
      }
    }
    return canvas;
  }

  /**
   * Makes a track look as if it came from the device, and runs cleanup when
   * the page stops it.
   * @param {MediaStreamTrack} track
   * @param {{deviceId: string, label: string}} device
   * @param {MediaTrackSettings} settings
   * @param {() => void} cleanup
   */
  function disguise(track, device, settings, cleanup) {
    const stop = track.stop.bind(track);
    Object.defineProperty(track, 'label', { value: device.label });
    track.getSettings = () => ({ ...settings, deviceId: device.deviceId, groupId: 'fakecam' });
    track.stop = () => {
      stop();
      cleanup();
    };
    self.open.push(track);
    return track;
  }

  /** @param {FakeCamera} device */
  function picture(device) {
    const size = { ...usual, ...device.size };
    const canvas = Object.assign(document.createElement('canvas'), size);
    const g = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    const others = device.busy ? crowd(size) : undefined;
    const repaint = () => paint(g, device.colour, others);
    repaint();
    const timer = setInterval(repaint, 1000 / self.fps);
    // Without a rate it captures every painting; a second clock beside the timer would miss a third of them.
    const [track] = canvas.captureStream().getVideoTracks();
    return disguise(track, device, { ...size, frameRate: self.fps }, () => clearInterval(timer));
  }

  /** @param {FakeMicrophone} device */
  function tone(device) {
    const oscillator = new OscillatorNode(audio(), { frequency: device.hz });
    const gain = new GainNode(audio(), { gain: self.gain });
    const out = audio().createMediaStreamDestination();
    oscillator.connect(gain).connect(out);
    oscillator.start();
    gains.add(gain);
    audio().resume();
    const [track] = out.stream.getAudioTracks();
    return disguise(track, device, { sampleRate: 48000, channelCount: 1 }, () => {
      oscillator.stop();
      gains.delete(gain);
    });
  }

  /** @type {Set<GainNode>} */
  const gains = new Set();

  /** Sets how loudly every microphone of this page plays; 0 is somebody who says nothing. */
  self.setGain = (value) => {
    self.gain = value;
    for (const gain of gains) gain.gain.value = value;
  };

  /**
   * Plays the tone for the first 150 ms of each second of the clock that
   * pictures show. It leaves no sample out, however late it is: an
   * AudioContext without a sound device does on a busy machine, and a sound
   * whose timestamps stand still while time passes has no time of its own that
   * sender reports could tell. Chromium only.
   * @param {FakeMicrophone} device
   */
  function ticking(device) {
    const [sampleRate, numberOfFrames] = [48000, 480];
    const track = new MediaStreamTrackGenerator({ kind: 'audio' });
    const writer = track.writable.getWriter();
    const start = Date.now();
    let made = 0; // samples
    const sample = (/** @type {number} */ n) => {
      const loud = (start + (n * 1000) / sampleRate) % 1000 < 150;
      return loud ? self.gain * Math.sin((2 * Math.PI * device.hz * n) / sampleRate) : 0;
    };
    const timer = setInterval(() => {
      for (const end = ((Date.now() - start) * sampleRate) / 1000; made + numberOfFrames <= end; made += numberOfFrames) {
        const data = Float32Array.from({ length: numberOfFrames }, (_, i) => sample(made + i));
        const timestamp = Math.round((made * 1e6) / sampleRate);
        writer.write(new AudioData({ format: 'f32-planar', sampleRate, numberOfFrames, numberOfChannels: 1, timestamp, data }));
      }
    }, 10);
    return disguise(track, device, { sampleRate, channelCount: 1 }, () => clearInterval(timer));
  }

  /**
   * Finds the device that constraints name, like getUserMedia: exact or not at all.
   * @template {{deviceId: string}} D
   * @param {D[]} devices
   * @param {boolean | MediaTrackConstraints} constraints
   * @returns {D}
   */
  function choose(devices, constraints) {
    if (devices.length === 0) throw new DOMException('Requested device not found', 'NotFoundError');
    if (typeof constraints === 'boolean') return devices[0];
    const id = constraints.deviceId;
    const words = (/** @type {unknown} */ value) => (Array.isArray(value) ? value : value === undefined ? [] : [value]);
    const plain = typeof id === 'object' && !Array.isArray(id) ? id : { ideal: id };
    const exact = words(plain.exact);
    const found = devices.find((d) => (exact.length > 0 ? exact : words(plain.ideal)).includes(d.deviceId));
    if (found) return found;
    if (exact.length === 0) return devices[0];
    const gone = new DOMException('', 'OverconstrainedError');
    Object.defineProperty(gone, 'constraint', { value: 'deviceId' });
    throw gone;
  }

  const refuseIfDenied = () => {
    if (self.fail) throw new DOMException('the test says no', self.fail);
  };

  /** @param {MediaStreamConstraints} [constraints] */
  async function getUserMedia(constraints = {}) {
    self.asked.push(constraints);
    if (!constraints.audio && !constraints.video) throw new TypeError('audio or video is required');
    refuseIfDenied();
    const camera = constraints.video ? choose(self.cameras, constraints.video) : null;
    const microphone = constraints.audio ? choose(self.microphones, constraints.audio) : null;
    granted = true;
    const stream = new MediaStream();
    if (camera) stream.addTrack(picture(camera));
    if (microphone) stream.addTrack(self.ticks ? ticking(microphone) : tone(microphone));
    return stream;
  }

  /** @param {DisplayMediaStreamOptions} [options] */
  async function getDisplayMedia(options = {}) {
    refuseIfDenied();
    const stream = new MediaStream([picture({ deviceId: 'screen', label: 'Screen', colour: '#fff' })]);
    if (options.audio) stream.addTrack(tone({ deviceId: 'screen', label: 'Screen', hz: self.screenHz }));
    return stream;
  }

  async function enumerateDevices() {
    const row = (/** @type {MediaDeviceKind} */ kind) => (/** @type {{deviceId: string, label: string}} */ d) => {
      const shown = granted ? { deviceId: d.deviceId, label: d.label } : { deviceId: '', label: '' };
      const info = { ...shown, groupId: '', kind };
      return { ...info, toJSON: () => info };
    };
    return [...self.microphones.map(row('audioinput')), ...self.cameras.map(row('videoinput'))];
  }

  self.open = [];
  self.asked = [];
  // about:blank, where init scripts run too, is no secure context and has no devices.
  if (navigator.mediaDevices) Object.assign(navigator.mediaDevices, { getUserMedia, getDisplayMedia, enumerateDevices });
}
