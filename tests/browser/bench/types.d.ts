// What the parts of the benchmark say to each other.

export type { Ending } from '../support/at-end.mjs';
import type { Page } from 'playwright-core';
import type { Ending } from '../support/at-end.mjs';

export interface Size {
  width: number;
  height: number;
}

export type Load = 'still' | 'scroll' | 'noise';

/** An X server of the benchmark's own. */
export interface Display {
  name: string;
  pid: number;
  size: Size;
  /** A directory that ends with it. */
  directory: string;
}

/** What a user would look at a desktop with. */
export interface Contender {
  name: string;
  /** What to know when reading its figures. */
  note?: string;
  /** Where its page shows the desktop: a CSS selector of a video or canvas. */
  surface: string;
  /** The X server it brings itself, and what that is given besides the size; otherwise Xvfb. */
  xServer?: { program: string; args(directory: string): string[] };
  /** Starts it on a display. What it cannot do without, it names in an error of one line. */
  start(ending: Ending, display: Display): Promise<Served>;
}

/** A contender that runs. */
export interface Served {
  url: string;
  /** The processes that count as the host, with their children. */
  pids: number[];
}

/** What `probe.mjs` leaves in the page. Times are in milliseconds of the Unix epoch. */
export interface Probe {
  /** Milliseconds from the navigation until the desktop is in the page. */
  shown: Promise<number>;
  /** Where a pixel of the desktop is in the window. */
  place(x: number, y: number): { x: number; y: number };
  /** Attends to the next press in the page and, if it `looks`, to the target until that has another colour. */
  awaitClick(looks: boolean): void;
  /** The times of both. */
  clicked(): Promise<{ pressed: number; shown: number | undefined }>;
  /** How many frames with something new there are in some milliseconds. */
  countFrames(ms: number): Promise<number>;
  /** Bytes that have come in on peer connections, so far. */
  received(): Promise<number>;
}

/** Who tells when a click is shown: the page, or an X client that watches the screen of a browser with a window. */
export interface Judge {
  page: Page;
  /** Called when the page shows the desktop. */
  begin(): Promise<void>;
  /** When the click was shown, in milliseconds of the Unix epoch; the page says what it knows of it. */
  shown(fromPage: number | undefined): Promise<number>;
  /** Whether the page looks itself. */
  readonly pageLooks: boolean;
}

export type OpenJudge = (ending: Ending, size: Size) => Promise<Judge>;

/** Milliseconds of each click: to the X client, from there to the frame, and both. */
export interface Click {
  input: number;
  output: number;
  total: number;
}

/** What was measured of one contender with one load at one size. */
export interface Row {
  contender: string;
  size: Size;
  load: Load;
  loadAverage: string;
  startUpMs: number;
  clicks: Click[];
  fps: number;
  hostCpu: number;
  /** Of the X server, unless that is part of the host. */
  xCpu: number | undefined;
  memoryMiB: number;
  mbps: number;
}

declare global {
  var bench: Probe;
}
