import { Steps } from '../client/index.js';

/** @import { Room } from '../client/index.js' */
/** @import { LocalMedia } from './media.js' */

const often = 50; // milliseconds
const patience = 10_000;

/**
 * Takes the time of a join that has just been clicked for. What is taken stays
 * here unless the person agrees to send it. A picture is seen by its tile.
 * @param {Room} room
 * @param {LocalMedia} media
 */
export function timed(room, media) {
  const steps = new Steps();
  const opened = () => media.all.every(({ on, track }) => !on || track) && steps.done('devices');
  for (const device of media.all) device.addEventListener('change', opened);
  opened();
  room.on('opened', () => steps.done('socket'));
  room.on('state', ({ state }) => state === 'connected' && steps.done('connected'));
  const welcomed = room.on('joined', () => {
    welcomed();
    steps.done('welcome');
    steps.expect('picture', [...room.participants.values()].some((p) => p.sends('camera') || p.sends('screen')));
    if ([...room.participants.values()].some((p) => p.sends('microphone'))) listen(room, steps);
  });
  return steps;
}

/**
 * The first sound of somebody else: browsers have no event for it.
 * @param {Room} room
 * @param {Steps} steps
 */
function listen(room, steps) {
  const until = performance.now() + patience;
  const timer = setInterval(() => {
    const receivers = room.pc?.getReceivers() ?? [];
    const heard = receivers.some((r) => r.track.kind === 'audio' && r.getSynchronizationSources().length > 0);
    if (heard) steps.done('sound');
    if (heard || room.state === 'closed' || performance.now() > until) clearInterval(timer);
  }, often);
}
