/**
 * A client for the server's rooms: plain ES modules, no DOM, no build step.
 * See ../README.md.
 *
 * @module
 */

export { Room } from './room.js';
export { Participant } from './roster.js';
export { RoomError } from './errors.js';
export { carry } from './slots.js';
export { Observer } from './observer.js';
export { Reporter } from './reporter.js';
export { Steps } from './steps.js';
export { Stills } from './stills.js';
export { arrival, departure } from './stats.js';
export { sendFile, receiveFile, TransferError } from './transfer.js';
