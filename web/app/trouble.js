/**
 * What went wrong, in words that say what to do.
 *
 * @module
 */

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
  if (!('RTCPeerConnection' in window) || !navigator.mediaDevices || !('HTMLDialogElement' in window)) {
    return {
      title: 'This browser cannot take part.',
      text: 'It has no WebRTC, or it is turned off. Use a current Chrome, Edge, Firefox or Safari.',
    };
  }
  return null;
}

/**
 * Why a device cannot be used.
 * @param {string} what of your devices, such as "camera"
 * @param {string} reason the name of getUserMedia's error, or `disconnected`
 */
export function deviceTrouble(what, reason) {
  switch (reason) {
    case 'NotAllowedError':
    case 'SecurityError':
      return `This page is not allowed to use your ${what}. Click the icon beside the address, allow it, and turn it on again here.`;
    case 'NotFoundError':
    case 'OverconstrainedError':
      return `No ${what} found. Connect one and turn it on again, or join without.`;
    case 'NotReadableError':
    case 'AbortError':
      return `Your ${what} cannot be opened: another program may be using it. Close that program and turn it on again here.`;
    case 'disconnected':
      return `Your ${what} was disconnected.`;
    default:
      return `Your ${what} cannot be opened. Choose another one, or reload the page.`;
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
 * Why a picture that is sent does not reach us: in short, and whole.
 * @param {string} reason of a pause that is nobody's will
 * @returns {{text: string, whole: string}}
 */
export function pictureTrouble(reason) {
  if (reason === 'codec') {
    return {
      text: 'No picture: unknown format',
      whole: 'This browser cannot show the picture: it is sent in a format that it does not know.',
    };
  }
  return {
    text: 'Picture paused: slow connection',
    whole: 'Picture paused: your connection is too slow for it now. The sound goes on.',
  };
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
