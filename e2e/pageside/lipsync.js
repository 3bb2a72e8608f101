// How far apart one sees and hears what happened at the same instant: a clap,
// when a camera turns white and a microphone loud (see fakecam.js).
{
  const sleep = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));

  /**
   * Notes when frames are shown that begin a clap.
   * @param {HTMLVideoElement} video
   * @param {number} until
   */
  async function watch(video, until) {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
    const g = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
    /** @type {number[]} */
    const starts = [];
    let was = true;
    while (performance.now() < until) {
      const shown = await new Promise((done) => video.requestVideoFrameCallback((_, { presentationTime }) => done(presentationTime)));
      // A pixel of the middle, which is no longer of its colour.
      g.drawImage(video, video.videoWidth / 4, video.videoHeight / 2, 1, 1, 0, 0, 1, 1);
      const white = Math.min(...g.getImageData(0, 0, 1, 1).data.slice(0, 3)) > 128;
      if (white && !was) starts.push(shown);
      was = white;
    }
    return starts;
  }

  /**
   * Notes when a sound begins, to the sample: what an analyser holds goes back
   * far enough to be read late.
   * @param {MediaStreamTrack} track
   * @param {number} until
   */
  async function hear(track, until) {
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 16384 });
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const { sampleRate } = context;
    /** @type {number[]} */
    const starts = [];
    let read = context.currentTime; // up to here
    let silence = 0; // for so many samples
    while (performance.now() < until) {
      await sleep(30);
      analyser.getFloatTimeDomainData(samples);
      const [end, now] = [context.currentTime, performance.now()];
      const fresh = Math.min(samples.length, Math.round((end - read) * sampleRate));
      read = end;
      for (let i = samples.length - fresh; i < samples.length; i++) {
        const loud = Math.abs(samples[i]) > 0.05;
        if (loud && silence > sampleRate / 10) starts.push(now - ((samples.length - i) * 1000) / sampleRate);
        silence = loud ? 0 : silence + 1;
      }
    }
    await context.close();
    return starts;
  }

  /**
   * Notes by how much the browser believes that the sound of a stream is behind
   * its picture, by the sender reports of both.
   * @param {RTCPeerConnection} pc
   * @param {MediaStream} stream
   * @param {number} until
   */
  async function believe(pc, stream, until) {
    const playing = (/** @type {RTCStatsReport} */ stats, /** @type {MediaStreamTrack} */ track) =>
      [...stats.values()].find(({ trackIdentifier }) => trackIdentifier === track.id)?.estimatedPlayoutTimestamp ?? NaN;
    const beliefs = [];
    while (performance.now() < until) {
      const stats = await pc.getStats();
      const [audio, video] = [stream.getAudioTracks()[0], stream.getVideoTracks()[0]];
      beliefs.push({ at: performance.now(), late: playing(stats, video) - playing(stats, audio) });
      await sleep(100);
    }
    return beliefs;
  }

  /** @type {Lipsync['listen']} */
  async function listen(pc, video, ms) {
    const stream = /** @type {MediaStream} */ (video.srcObject);
    const until = performance.now() + ms;
    const [seen, heard, beliefs] = await Promise.all([
      watch(video, until),
      hear(stream.getAudioTracks()[0], until),
      believe(pc, stream, until),
    ]);
    return seen.flatMap((at) => {
      const sound = heard.reduce((best, other) => (Math.abs(other - at) < Math.abs(best - at) ? other : best), Infinity);
      const then = beliefs.findLast((belief) => belief.at <= at) ?? beliefs[0];
      return Math.abs(sound - at) < 350 ? [{ late: sound - at, believed: then.late }] : [];
    });
  }

  globalThis.lipsync = { listen };
}
