/**
 * What went wrong, in words that say what to do.
 *
 * @module
 */

/** @typedef {'microphone'|'camera'} DeviceKind */

/**
 * Why this browser cannot be used, or null when it can.
 * @returns {{title: string, text: string}|null}
 */
export function unsupported() {
  if (!window.isSecureContext) {
    return {
      title: 'This page needs a secure address.',
      text: 'Browsers give camera and microphone only to pages that come over https, or from this computer. Open this page by its https:// address, or by http://localhost on the machine that serves it.',
    };
  }
  if (!('RTCPeerConnection' in window) || !navigator.mediaDevices || !('dialog' in window || 'HTMLDialogElement' in window)) {
    return {
      title: 'This browser cannot take part.',
      text: 'It has no WebRTC, or it is turned off. Use a current Chrome, Edge, Firefox or Safari.',
    };
  }
  return null;
}

/**
 * Why a device cannot be used.
 * @param {DeviceKind} kind
 * @param {unknown} error of getUserMedia
 */
export function deviceTrouble(kind, error) {
  const name = error instanceof DOMException ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return `The browser does not let this page use your ${kind}. Click the icon beside the address, allow the ${kind}, and turn it on again here.`;
    case 'NotFoundError':
    case 'OverconstrainedError':
      return `No ${kind} was found. Connect one and turn it on again. You can join without it.`;
    case 'NotReadableError':
    case 'AbortError':
      return `Your ${kind} cannot be opened: another program may be using it. Close that program and turn the ${kind} on again.`;
    default:
      return `Your ${kind} cannot be opened. Try another one, or reload the page.`;
  }
}

/**
 * Why a screen cannot be shared, or '' when the person chose not to.
 * @param {unknown} error of getDisplayMedia
 */
export function screenTrouble(error) {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'AbortError') {
    // The system's refusal and a changed mind have one name; only the text differs.
    const bySystem = error instanceof Error && /system/i.test(error.message);
    return bySystem ? 'Your system does not let the browser record the screen. Allow it in the system settings and try again.' : '';
  }
  return 'The screen cannot be shared. Try another window, or restart the browser.';
}

/**
 * Why a room cannot be entered, or was closed.
 * @param {string} code of a RoomError
 */
export function roomTrouble(code) {
  switch (code) {
    case 'unreachable':
      return 'The server does not answer. Check your connection and press Join again.';
    case 'room_full':
      return 'This room is full. Wait until somebody leaves, or use another room.';
    case 'room_locked':
      return 'This room is locked. Ask somebody inside to let you in.';
    case 'unauthorized':
    case 'forbidden':
      return 'You need a valid invitation for this room. Ask for a new link.';
    case 'removed':
      return 'A moderator removed you from the room.';
    case 'replaced':
      return 'You joined this room from somewhere else, so it was closed here.';
    case 'draining':
      return 'The server is being restarted. Join again in a minute.';
    case 'rate_limited':
      return 'Too many attempts. Wait a few seconds and press Join again.';
    case 'bad_message':
    case 'too_large':
      return 'The server does not accept this name or room. Use shorter, plainer ones.';
    case 'negotiation_failed':
      return 'The connection could not be built. Your network may block it: try another network, or ask who runs this server.';
    default:
      return 'Something went wrong on the server. Join again; if it stays so, tell who runs this server.';
  }
}
