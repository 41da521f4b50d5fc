// The types that the parts of the benchmark share.

export type { Ending } from '../support/at-end.mjs';
import type { Page } from 'playwright-core';
import type { Ending } from '../support/at-end.mjs';

export interface Size {
  width: number;
  height: number;
}

export type Load = 'still' | 'scroll' | 'noise';

/** An X server that the benchmark has started. */
export interface Display {
  name: string;
  pid: number;
  size: Size;
  /** A directory that is removed with it. */
  directory: string;
}

/** A program that shows a desktop in a browser. */
export interface Contender {
  name: string;
  /** A note for readers of its figures. */
  note?: string;
  /** The CSS selector of the video or canvas in which its page shows the desktop. */
  surface: string;
  /** An X server of its own, with further arguments besides the size; default: Xvfb. */
  xServer?: { program: string; args(directory: string): string[] };
  /** Starts it on a display. An error names, in one line, what is missing. */
  start(ending: Ending, display: Display): Promise<Served>;
}

/** A running contender. */
export interface Served {
  url: string;
  /** The processes that count as the host, with their children. */
  pids: number[];
}

/** The interface of `probe.mjs` in the page. Times are in milliseconds since the Unix epoch. */
export interface Probe {
  /** Resolves with the milliseconds from the navigation until the page shows the desktop. */
  shown: Promise<number>;
  /** Returns the position of a desktop pixel in the window. */
  place(x: number, y: number): { x: number; y: number };
  /** Waits for the next press in the page and, if it `looks`, for the new colour of the target. */
  awaitClick(looks: boolean): void;
  /** Resolves with the times of both. */
  clicked(): Promise<{ pressed: number; shown: number | undefined }>;
  /** Resolves with the number of new frames in this many milliseconds. */
  countFrames(ms: number): Promise<number>;
  /** Resolves with the bytes received on peer connections so far. */
  received(): Promise<number>;
}

/** The observer of the new colour: the page, or an X client that watches the screen of a browser window. */
export interface Judge {
  page: Page;
  /** Called when the page shows the desktop. */
  begin(): Promise<void>;
  /** Resolves with the time of the new colour, in milliseconds since the Unix epoch; `fromPage` is the page's own. */
  shown(fromPage: number | undefined): Promise<number>;
  /** True if the page itself looks for the new colour. */
  readonly pageLooks: boolean;
}

export type OpenJudge = (ending: Ending, size: Size) => Promise<Judge>;

/** Milliseconds of a click: to the X client, from there to the frame, and in total. */
export interface Click {
  input: number;
  output: number;
  total: number;
}

/** The measurements of one contender with one load at one size. */
export interface Row {
  contender: string;
  size: Size;
  load: Load;
  loadAverage: string;
  startUpMs: number;
  clicks: Click[];
  fps: number;
  hostCpu: number;
  /** The CPU time of the X server, unless that is part of the host. */
  xCpu: number | undefined;
  memoryMiB: number;
  mbps: number;
}

declare global {
  var bench: Probe;
}
