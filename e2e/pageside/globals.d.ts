// The names that init scripts and the page put on globalThis.

interface FakeCamera {
  deviceId: string;
  label: string;
  colour: string;
  /** 640x360 without. */
  size?: { width: number; height: number };
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
  setGain(value: number): void;
  clap(ms: number): void;
}

interface Wiretap {
  messages: { direction: 'sent' | 'received'; at: number; message: any }[];
}

/** A video or a sound as it arrives. */
interface Received {
  frames: number;
  freezes: number;
  /** Seconds that the picture stood still so far. */
  frozen: number;
  width: number;
  codec: string;
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
  age(video: HTMLVideoElement): number | null;
  tones(): Promise<number[]>;
  filmed(pc: RTCPeerConnection): Promise<number>;
  sent(pc: RTCPeerConnection): Promise<Sent[]>;
  received(pc: RTCPeerConnection, video: HTMLVideoElement, kind?: 'audio' | 'video'): Promise<Received | null>;
  sha256(url: string): Promise<string | null>;
}

interface Lipsync {
  /** For so many ms: by how many ms each clap was heard later than seen, and what the browser believed. */
  listen(pc: RTCPeerConnection, video: HTMLVideoElement, ms: number): Promise<{ late: number; believed: number }[]>;
}

declare var fakecam: Fakecam;
declare var wiretap: Wiretap;
declare var probe: Probe;
declare var lipsync: Lipsync;
declare var sfu: { room: any; pc: RTCPeerConnection };
