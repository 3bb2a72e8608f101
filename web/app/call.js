import { carry } from '../client/index.js';
import { Chat } from './chat.js';
import { Patience, connectionOf, weaknessFelt } from './connection.js';
import { copy, part, setIcon, setLabel } from './dom.js';
import { showDevice, toggle } from './join.js';
import { Meter } from './meter.js';
import { Notices } from './notices.js';
import { ScreenShare } from './screen.js';
import { Settings } from './settings.js';
import { Stage } from './stage.js';
import { Statistics } from './statistics.js';
import { label } from './tile.js';
import { deviceTrouble } from './trouble.js';
import { inviteLink, pageAt, several } from './words.js';

/** @import { Participant, Room, Steps } from '../client/index.js' */
/** @import { Row } from './figures.js' */
/** @import { LocalDevice, LocalMedia } from './media.js' */
/** @import { Prefs } from './prefs.js' */
/** @import { View } from './tile.js' */

/**
 * CallScreen is the room as one sees it: it shows what the Room says, and does
 * what the buttons say.
 */
export class CallScreen {
  element = copy('call');
  #room;
  #roomName;
  #media;
  #leave;
  #notices = new Notices(part(this.element, 'notices', HTMLElement));
  #stage;
  #chat;
  #settings;
  #statistics;
  #share;
  #meter;
  #own = new MediaStream();
  #listening = new AbortController();
  #stale = false;
  /** @type {Map<string, string>} names of all who were here: what they wrote stays */
  #names = new Map();
  /** @type {string[]} */
  #arrived = [];
  #ownLevel = 0;
  #loudSince = 0;
  #patience = new Patience();

  /**
   * @param {Room} room that has just let us in
   * @param {string} roomName
   * @param {LocalMedia} media
   * @param {{id: string, choose: (id: string) => void}} speaker
   * @param {{prefs: Pick<Prefs, 'figures'|'reports'>, steps: Steps}} insight what is shown and told of how it goes
   * @param {() => void} leave
   */
  constructor(room, roomName, media, speaker, { prefs, steps }, leave) {
    this.#room = room;
    this.#roomName = roomName;
    this.#media = media;
    this.#leave = leave;
    this.#stage = new Stage(
      part(this.element, 'tiles', HTMLElement),
      () => this.#askForSound(),
      (participant, source, wish) => room.want(participant, source, wish),
      () => steps.done('picture'),
    );
    this.#chat = new Chat(this.element, room, this.#notices, (id) => this.#names.get(id) ?? 'Someone');
    this.#share = new ScreenShare(room);
    this.#meter = new Meter((level) => this.#heard(level));
    speaker.choose = (id) => this.#stage.speaker(id);
    if (speaker.id) this.#stage.speaker(speaker.id);
    this.#statistics = new Statistics(room, steps, {
      show: (rows) => this.#read(rows),
      stills: (key) => this.#stage.stills(key),
    });
    this.#settings = new Settings(this.element, media, speaker, {
      figures: { on: prefs.figures, choose: (on) => this.#statistics.show(on) },
      reports: { on: prefs.reports, choose: (on) => this.#statistics.send(on) },
    });
    part(this.element, 'title', HTMLElement).textContent = roomName;
    this.#wireRoom();
    this.#wireMedia();
    this.#wireButtons();
    for (const p of room.participants.values()) this.#names.set(p.id, p.name);
    this.#showState();
    this.#render();
    this.#statistics.show(prefs.figures);
    this.#statistics.send(prefs.reports);
  }

  focus() {
    part(this.element, 'title', HTMLElement).focus();
  }

  close() {
    this.#listening.abort();
    for (const device of this.#media.all) device.connect(null);
    this.#share.stop();
    this.#stage.close();
    this.#chat.close();
    this.#settings.close();
    this.#statistics.close();
    this.#meter.close();
    this.element.remove();
  }

  #wireRoom() {
    const room = this.#room;
    room.on('state', () => this.#showState());
    room.on('data-channel', ({ channel, from }) => this.#chat.take(channel, from));
    room.on('error', ({ error }) => {
      if (error.code !== 'slow_consumer') return;
      this.#notices.show('chat', 'Your connection is too slow: messages or files of somebody were lost.', { seconds: 8 });
    });
    room.on('moved', ({ url }) => {
      const elsewhere = pageAt(url, this.#roomName);
      if (!elsewhere) return;
      const text = 'This server is about to stop. The room goes on at another one.';
      this.#notices.show('moved', text, { action: 'Go there', act: () => location.assign(elsewhere) });
    });
    room.on('participant-joined', ({ participant }) => this.#joined(participant));
    room.on('participant-left', ({ participant, reason }) => this.#left(participant, reason));
    room.on('speakers', ({ speakers }) => {
      this.#ownLevel = speakers.find((s) => s.participant === room.me?.id)?.level ?? 0;
      this.#render();
    });
    room.on('quality', ({ participant }) => this.#rated(participant));
    for (const type of /** @type {const} */ (['participant-updated', 'track-published', 'track-updated', 'track-unpublished', 'track-state', 'media', 'joined'])) {
      room.on(type, () => this.#render());
    }
  }

  #wireMedia() {
    const { signal } = this.#listening;
    const room = this.#room;
    for (const device of this.#media.all) {
      device.addEventListener('change', () => this.#render(), { signal });
      device.addEventListener('trouble', (event) => this.#trouble(device.kind, deviceTrouble(device.kind, detail(event))), { signal });
      device.connect({
        show: (track) => room.publish(device.kind, track),
        hide: () => room.mute(device.kind),
      });
    }
    this.#share.addEventListener('change', () => this.#render());
    this.#share.addEventListener('trouble', (event) => this.#trouble('screen', detail(event)));
  }

  #wireButtons() {
    const { microphone, camera } = this.#media;
    const button = (/** @type {string} */ name) => part(this.element, name, HTMLButtonElement);
    button('mic').onclick = () => toggle(microphone);
    button('camera').onclick = () => toggle(camera);
    button('screen').onclick = () => this.#toggleScreen();
    button('screen').hidden = !ScreenShare.possible;
    button('invite').onclick = () => this.#invite();
    button('leave').onclick = () => this.#leave();
    document.addEventListener('keydown', (event) => this.#key(event), { signal: this.#listening.signal });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === 'Escape' && !this.#settings.open) this.#chat.open = false;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || this.#settings.open) return;
    if (event.target instanceof Element && event.target.closest('input, textarea, select')) return;
    switch (event.key.toLowerCase()) {
      case 'm':
        return toggle(this.#media.microphone);
      case 'v':
        return toggle(this.#media.camera);
      case 's':
        return this.#toggleScreen();
      case 'f':
        return this.#settings.toggleFigures();
      case 'c':
        event.preventDefault(); // or it is the first letter in the field
        this.#chat.open = !this.#chat.open;
    }
  }

  #toggleScreen() {
    if (!ScreenShare.possible) return;
    if (this.#share.on) this.#share.stop();
    else this.#share.start();
  }

  async #invite() {
    const link = inviteLink(location.origin, this.#roomName);
    try {
      await navigator.clipboard.writeText(link);
      this.#notices.show('invite', 'Invite link copied.', { seconds: 4 });
    } catch {
      this.#notices.show('invite', `Share this link: ${link}`, { action: 'Done' });
    }
  }

  /**
   * @param {string} kind
   * @param {string} text
   */
  #trouble(kind, text) {
    this.#notices.show(kind, text, { seconds: 15, action: 'OK' });
  }

  #askForSound() {
    const text = 'The browser holds back the sound until you ask for it.';
    this.#notices.show('autoplay', text, { action: 'Start audio', act: () => this.#stage.unblock() });
  }

  #showState() {
    const { state } = this.#room;
    const before = this.element.dataset.state;
    this.element.dataset.state = state;
    this.#notices.clear('blocked');
    if (state === 'reconnecting') this.#notices.show('reconnecting', 'Connection lost. Reconnecting…');
    else this.#notices.clear('reconnecting');
    if (state === 'connected' && before === 'reconnecting') this.#notices.show('connected', 'You are back.', { seconds: 3 });
    if (state === 'connecting') this.#watchConnecting();
    else this.#notices.clear('connecting');
  }

  #watchConnecting() {
    const still = () => this.#room.state === 'connecting' && !this.#listening.signal.aborted;
    setTimeout(() => still() && this.#notices.show('connecting', 'Connecting sound and picture…'), 1500);
    setTimeout(() => {
      if (!still()) return;
      this.#notices.clear('connecting');
      this.#notices.show('blocked', 'Still no sound and picture. This network may block them: try another one, or a phone’s hotspot.');
    }, 12_000);
  }

  /** @param {Participant} participant */
  #joined(participant) {
    this.#names.set(participant.id, participant.name);
    this.#arrived.push(participant.name);
    this.#notices.show('presence', `${several(this.#arrived)} joined.`, { seconds: 4 });
    setTimeout(() => this.#arrived.shift(), 2000);
    this.#render();
  }

  /**
   * @param {Participant} participant
   * @param {string} reason
   */
  #left(participant, reason) {
    const text = reason === 'lost' ? `${participant.name} lost the connection.` : `${participant.name} left.`;
    this.#notices.show('presence', text, { seconds: 4 });
    this.#render();
  }

  /** @param {Participant|null} participant whose connection is another one now; null is our own */
  #rated(participant) {
    const { quality } = this.#room;
    if (!participant && quality) {
      const connection = connectionOf(quality.score);
      if (connection === 'good') this.#notices.clear('weak');
      if (this.#patience.hear(connection, performance.now())) this.#notices.show('weak', weaknessFelt(quality), { seconds: 10 });
      this.#settings.rate(quality);
    }
    this.#render();
  }

  /** @param {number} level of our microphone, muted or not */
  #heard(level) {
    const on = this.#media.microphone.on;
    part(this.element, 'mic', HTMLElement).style.setProperty('--level', on ? level.toFixed(2) : '0');
    if (on || level < 0.6) {
      this.#loudSince = 0;
      return;
    }
    this.#loudSince ||= performance.now();
    if (performance.now() - this.#loudSince < 700) return;
    this.#loudSince = Infinity; // said once, until there is silence
    this.#notices.show('muted', 'You are muted. Press M to be heard.', { seconds: 4 });
  }

  // Many messages come at once; one look at the room answers them all.
  #render() {
    if (this.#stale) return;
    this.#stale = true;
    queueMicrotask(() => {
      this.#stale = false;
      if (!this.#listening.signal.aborted) this.#draw();
    });
  }

  #draw() {
    const { microphone, camera } = this.#media;
    const others = [...this.#room.participants.values()];
    carry(this.#own, camera.on && camera.track ? [camera.track] : []);
    this.#meter.watch(microphone.track);
    this.#stage.show(this.#views());
    this.#showButtons();
    part(this.element, 'count', HTMLElement).textContent = others.length ? `${others.length + 1} people` : 'Only you';
    if (others.length) this.#notices.clear('alone');
    else this.#notices.show('alone', 'You are the first one here.', { action: 'Copy invite link', act: () => this.#invite() });
  }

  #views() {
    return [...this.#ownViews(), ...[...this.#room.participants.values()].flatMap(views)];
  }

  /** @param {Map<string, Row[]>} rows figures by the key of a view */
  #read(rows) {
    this.#stage.read(rows);
    const shown = this.#views().filter(({ key }) => rows.has(key));
    this.#settings.read(shown.map((view) => ({ name: label(view), rows: rows.get(view.key) ?? [] })));
  }

  #showButtons() {
    const key = (/** @type {LocalDevice} */ d) => (d.kind === 'camera' ? 'V' : 'M');
    const { microphone, camera } = this.#media;
    showDevice(part(this.element, 'mic', HTMLElement), microphone, key(microphone));
    showDevice(part(this.element, 'camera', HTMLElement), camera, key(camera));
    const screen = part(this.element, 'screen', HTMLElement);
    screen.dataset.on = String(this.#share.on);
    setIcon(screen, 'screen');
    setLabel(screen, this.#share.on ? 'Stop sharing your screen' : 'Share your screen', 'S');
  }

  /** @returns {View[]} */
  #ownViews() {
    const { microphone, camera } = this.#media;
    const participant = this.#room.me?.id ?? '';
    const name = this.#room.me?.name ?? '';
    const connection = connectionOf(this.#room.quality?.score ?? 5);
    const shared = { participant, name, own: true, muted: !microphone.on, held: '', connection };
    const speaking = this.#ownLevel > 0 && microphone.on;
    const on = camera.on && camera.track !== null;
    /** @type {View[]} */
    const out = [{ ...shared, key: 'own', screen: false, camera: on, speaking, stream: this.#own }];
    if (this.#share.stream) {
      out.push({ ...shared, key: 'own/screen', screen: true, camera: true, speaking: false, stream: this.#share.stream });
    }
    return out;
  }
}

/**
 * @param {Participant} p
 * @returns {View[]}
 */
function views(p) {
  const shared = { participant: p.id, name: p.name, own: false, muted: !p.sends('microphone'), connection: connectionOf(p.score) };
  /** @type {View[]} */
  const out = [{ ...shared, key: p.id, screen: false, camera: p.sends('camera'), speaking: p.speaking, stream: p.camera, held: held(p, 'camera') }];
  if (p.sends('screen')) {
    out.push({ ...shared, key: `${p.id}/screen`, screen: true, camera: true, speaking: false, stream: p.screen, held: held(p, 'screen') });
  }
  return out;
}

/**
 * Why a picture that is sent does not reach us, '' when it does. Pauses that
 * somebody asked for are nobody's trouble.
 * @param {Participant} p
 * @param {'camera'|'screen'} source
 */
function held(p, source) {
  const track = p.track(source);
  if (!p.sends(source) || track?.state !== 'paused') return '';
  return track.reason === 'bandwidth' || track.reason === 'codec' ? track.reason : '';
}

/** @param {Event} event */
function detail(event) {
  return /** @type {CustomEvent} */ (event).detail;
}
