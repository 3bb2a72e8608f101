// Whether a browser knows when what it shows and plays was taken. The picture
// says so itself, by the clock in it, and so does the sound: it ticks by the
// second of that clock (see fakecam.js). The browser knows from sender reports.
//
// Nothing here depends on how soon a busy machine comes to it. A frame brings
// its time of capture along, and the clock is read from that frame. A sound is
// timed where it leaves the jitter buffer, before Web Audio adds what it likes.
{
  const sleep = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));
  const wall = (/** @type {number} */ ms) => performance.timeOrigin + ms;

  /** The nearest to 0 of the numbers that are the same on a clock with so many ms. */
  const nearest = (/** @type {number} */ ms, /** @type {number} */ clock) => ms - clock * Math.round(ms / clock);

  /**
   * @param {HTMLVideoElement} video
   * @param {number} until
   */
  async function watch(video, until) {
    /** @type {Moment[]} */
    const seen = [];
    while (performance.now() < until) {
      const frame = await new Promise((done) => video.requestVideoFrameCallback((_, metadata) => done(metadata)));
      const age = (/** @type {number} */ at) => nearest(probe.age(video, wall(at)) ?? NaN, 0x10000);
      if (frame.captureTime) seen.push({ dated: age(frame.captureTime), delayed: age(frame.presentationTime) });
    }
    return seen;
  }

  /**
   * When ticks begin, to the sample.
   * @param {MediaStreamTrack} track
   * @param {number} until
   */
  async function ticks(track, until) {
    const own = track.clone();
    const reader = new MediaStreamTrackProcessor({ track: own }).readable.getReader();
    /** @type {number[]} */
    const starts = [];
    let silence = 0; // for so many samples
    while (performance.now() < until) {
      const { value: data } = await reader.read();
      if (!data) break;
      const { numberOfFrames, sampleRate, timestamp } = data;
      const samples = new Float32Array(numberOfFrames);
      data.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
      data.close();
      for (const [i, sample] of samples.entries()) {
        const loud = Math.abs(sample) > 0.05;
        if (loud && silence > sampleRate / 10) starts.push(wall(timestamp / 1000 + (i * 1000) / sampleRate));
        silence = loud ? 0 : silence + 1;
      }
    }
    own.stop();
    return starts;
  }

  /**
   * Notes the times of capture, as the browser believes, of the sound that
   * plays at a time.
   * @param {RTCPeerConnection} pc
   * @param {MediaStreamTrack} track
   * @param {number} until
   */
  async function believe(pc, track, until) {
    const beliefs = [];
    while (performance.now() < until) {
      for (const entry of (await pc.getStats()).values()) {
        if (entry.trackIdentifier !== track.id || !entry.estimatedPlayoutTimestamp) continue;
        beliefs.push({ at: entry.timestamp, taken: entry.estimatedPlayoutTimestamp - unixEpoch });
      }
      await sleep(100);
    }
    return beliefs;
  }
  const unixEpoch = 2_208_988_800_000; // in NTP's ms

  /** @type {Lipsync['compare']} */
  async function compare(pc, video, ms) {
    const [sound] = /** @type {MediaStream} */ (video.srcObject).getAudioTracks();
    const until = performance.now() + ms;
    const [seen, starts, beliefs] = await Promise.all([watch(video, until), ticks(sound, until), believe(pc, sound, until)]);
    const heard = starts.flatMap((at) => {
      const distance = (/** @type {{at: number}} */ belief) => Math.abs(belief.at - at);
      const [belief] = beliefs.toSorted((a, b) => distance(a) - distance(b));
      if (!belief) return [];
      const dated = nearest(belief.taken + at - belief.at, 1000);
      return [{ dated, delayed: at % 1000 }];
    });
    return { seen, heard };
  }

  globalThis.lipsync = { compare };
}
