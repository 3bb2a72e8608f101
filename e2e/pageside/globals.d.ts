// The names that init scripts and the page put on globalThis.

interface FakeCamera {
  deviceId: string;
  label: string;
  colour: string;
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
}

interface Wiretap {
  messages: { direction: 'sent' | 'received'; at: number; message: any }[];
}

interface Received {
  frames: number;
  freezes: number;
}

interface Probe {
  rgb(video: HTMLVideoElement): number[] | null;
  age(video: HTMLVideoElement): number | null;
  tones(): Promise<number[]>;
  sent(pc: RTCPeerConnection): Promise<number>;
  received(pc: RTCPeerConnection, video: HTMLVideoElement): Promise<Received | null>;
  sha256(url: string): Promise<string | null>;
}

declare var fakecam: Fakecam;
declare var wiretap: Wiretap;
declare var probe: Probe;
declare var sfu: { room: any; pc: RTCPeerConnection };
