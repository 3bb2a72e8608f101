// Who takes part, and how a picture or a tone is told apart from another.

/** @type {Record<string, string>} */
const css = {
  red: '#f00',
  yellow: '#ff0',
  green: '#0f0',
  cyan: '#0ff',
  blue: '#00f',
  magenta: '#f0f',
};
const hues = Object.keys(css); // 60 degrees apart

const screenHz = 6400;

/** Of every camera: what three people at 640x360 leave room for on two busy cores. */
const frameRate = 15;

/** The people: two cameras and two microphones each. */
const cast = {
  ana: { colours: ['red', 'yellow'], hz: [400, 500] },
  ben: { colours: ['green', 'cyan'], hz: [800, 1000] },
  cem: { colours: ['blue', 'magenta'], hz: [1600, 2000] },
  dora: { colours: ['yellow', 'red'], hz: [3200, 4000] },
};

/** @typedef {keyof typeof cast} Name */

/**
 * The devices of one person, as fakecam.js wants them.
 * @param {Name} name
 * @returns {Pick<Fakecam, 'cameras' | 'microphones' | 'fps' | 'gain' | 'screenHz'>}
 */
export function devicesOf(name) {
  const { colours, hz } = cast[name];
  return {
    cameras: colours.map((colour, i) => ({ deviceId: `cam${i}`, label: `${colour} camera`, colour: css[colour] })),
    microphones: hz.map((tone, i) => ({ deviceId: `mic${i}`, label: `${tone} Hz microphone`, hz: tone })),
    fps: frameRate,
    gain: 0.3,
    screenHz,
  };
}

/**
 * Somebody's cameras, each with a size of its own.
 * @param {Name} name
 * @param {[width: number, height: number][]} sizes
 */
export function camerasOf(name, ...sizes) {
  return devicesOf(name).cameras.slice(0, sizes.length).map((camera, i) => ({ ...camera, size: { width: sizes[i][0], height: sizes[i][1] } }));
}

/**
 * The word for a colour; encoders shift it a little.
 * @param {number[] | null} rgb
 */
export function colourName(rgb) {
  if (rgb === null) return 'nothing';
  const [r, g, b] = rgb;
  const [max, min] = [Math.max(...rgb), Math.min(...rgb)];
  if (max < 60) return 'black';
  if (max - min < 60) return max > 190 ? 'white' : 'grey';
  const sector = max === r ? (g - b) / (max - min) : max === g ? 2 + (b - r) / (max - min) : 4 + (r - g) / (max - min);
  return hues[(Math.round(sector) + 6) % 6];
}

/**
 * Whose microphone plays a tone.
 * @param {number} hz
 */
export function toneName(hz) {
  const near = (/** @type {number} */ tone) => Math.abs(hz / tone - 1) < 0.03;
  if (near(screenHz)) return 'screen';
  for (const [name, person] of Object.entries(cast)) {
    const i = person.hz.findIndex(near);
    if (i >= 0) return i === 0 ? name : `${name}'s other microphone`;
  }
  return `${Math.round(hz)} Hz`;
}
