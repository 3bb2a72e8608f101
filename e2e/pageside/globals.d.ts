// The names that init scripts and the page put on globalThis.

interface FakeCamera {
  deviceId: string;
  label: string;
  colour: string;
  /** 640x360 without. */
  size?: { width: number; height: number };
  /** Whether what it films takes all the bits that it may have; a hue alone takes next to none. */
  busy?: boolean;
}

interface FakeMicrophone {
  deviceId: string;
  label: string;
  hz: number;
}

interface Fakecam {
  cameras: FakeCamera[];
  microphones: FakeMicrophone[];
  fps: number;
  gain: number;
  screenHz: number;
  /** The name of the error that every device request ends in. */
  fail?: string;
  /** Every track handed out, stopped ones included. */
  open: MediaStreamTrack[];
  /** Every getUserMedia constraint seen. */
  asked: MediaStreamConstraints[];
  /** Whether microphones play by the second and not all the time. */
  ticks?: boolean;
  setGain(value: number): void;
}

interface Wiretap {
  messages: { direction: 'sent' | 'received'; at: number; message: any }[];
}

/** A video or a sound as it arrives. */
interface Received {
  /** Seconds. */
  at: number;
  frames: number;
  freezes: number;
  /** Seconds that the picture stood still so far. */
  frozen: number;
  width: number;
  codec: string;
  bytes: number;
  /** Packets that never came. */
  lost: number;
  /** Of a sound: samples so far, and those of them that were made up because what should have come did not. */
  samples: number;
  concealed: number;
  /** Bytes, on average. */
  packetSize: number;
}

/** What is sent of a camera or screen, in one size. */
interface Sent {
  rid: string;
  frames: number;
  width: number;
}

interface Probe {
  rgb(video: HTMLVideoElement): number[] | null;
  age(video: HTMLVideoElement, at?: number): number | null;
  tones(): Promise<number[]>;
  filmed(pc: RTCPeerConnection): Promise<number>;
  sent(pc: RTCPeerConnection): Promise<Sent[]>;
  received(pc: RTCPeerConnection, video: HTMLVideoElement, kind?: 'audio' | 'video'): Promise<Received | null>;
  sha256(url: string): Promise<string | null>;
}

/** How a picture or a sound is told to be later than it was taken, and comes later than it was taken; all in ms. */
interface Moment {
  dated: number;
  delayed: number;
}

interface Lipsync {
  /** For so many ms: of each frame and of each tick. */
  compare(pc: RTCPeerConnection, video: HTMLVideoElement, ms: number): Promise<{ seen: Moment[]; heard: Moment[] }>;
}

// Of Chromium alone.
declare class MediaStreamTrackGenerator extends MediaStreamTrack {
  constructor(options: { kind: 'audio' });
  readonly writable: WritableStream<AudioData>;
}
declare class MediaStreamTrackProcessor {
  constructor(options: { track: MediaStreamTrack });
  readonly readable: ReadableStream<AudioData>;
}

declare var fakecam: Fakecam;
declare var wiretap: Wiretap;
declare var probe: Probe;
declare var lipsync: Lipsync;
declare var sfu: { room: any; pc: RTCPeerConnection };
