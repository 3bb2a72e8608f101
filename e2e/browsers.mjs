// How the two browsers are started. The reasons behind the flags:
// no flag or preference here makes a call work that would fail for a person
// who has allowed camera and microphone and has no loudspeaker to annoy.

const chromiumArgs = [
  '--no-sandbox', // the tests may run as root
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // The browser's own fake devices, for the one test that does without fakecam.js.
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream=device-count=2,fps=20',
  '--autoplay-policy=no-user-gesture-required',
];

const firefoxPrefs = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  // What Firefox does by itself once the real getUserMedia has been allowed;
  // fakecam.js never calls the real one.
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  'media.autoplay.block-webaudio': false,
};

/**
 * Debian's own Chromium without the windows around its pages: the same engine
 * from the same source. A person costs a third of the CPU and comes in a
 * quarter of the time.
 */
export const chromiumOptions = {
  executablePath: process.env.CHROMIUM_SHELL ?? '/usr/bin/chromium-headless-shell',
  args: chromiumArgs,
};

/** All of Chromium, for the tests of what people have in front of them. */
export const wholeChromiumOptions = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: chromiumArgs,
};

/**
 * Debian's own Firefox, over WebDriver BiDi. It has no AudioContext without a
 * sound device, so it gets the null sink of pulse.mjs.
 */
export const firefoxOptions = {
  channel: 'moz-firefox',
  executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
  firefoxUserPrefs: firefoxPrefs,
  env: environment({ PULSE_SERVER: process.env.SFU_E2E_PULSE }),
};

/**
 * This process's environment and more.
 * @param {Record<string, string | undefined>} more
 * @returns {Record<string, string>}
 */
function environment(more) {
  const all = Object.entries({ ...process.env, ...more });
  return Object.fromEntries(all.filter((pair) => pair[1] !== undefined).map(([key, value]) => [key, String(value)]));
}
