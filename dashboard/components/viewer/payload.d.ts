// What Python sends to the light box, and what the scripts make of it. `dashboard/components/payload.py` builds it; a
// test holds the two together.

import type { Standing } from "../types.d.ts";

/** Stands for what the browser fetches by name. */
export interface Named {
  part: string;
}

export interface WindowPreset {
  name: string;
  center: number;
  width: number;
}

export interface Film {
  id: string;
  title: string;
  alt: string;
  part: string;
  sides: "RL" | "LR" | "";
}

/** The part of a film. */
export interface FilmPixels {
  pixels: Pixels;
  windows: WindowPreset[];
}

/** The part of the model's input. */
export interface Input {
  rect: Rectangle;
  pixels: Pixels;
}

export interface Finding {
  name: string;
  label: string;
  color: string;
  threshold: number | null;
  rule: string;
  truth: "present" | "absent" | null;
}

/** A finding and what the model answers; null until it has. */
export interface Answered extends Finding {
  probability: number | null;
}

/** The part of the model's answers. */
export interface Answers {
  probabilities: Record<string, number>;
  verdicts: Record<string, { lead: string; rest: string }>;
  first: string;
}

/** The part of how like its training films a film is; empty where it is not far from them. */
export interface Likeness {
  sentence: string;
}

export interface Diagnostic {
  label: string;
  value: string;
  warn: boolean;
  help: string;
}

export interface Caption {
  where: string;
  diagnostics: Diagnostic[];
  cost: string;
  alt: string | null;
}

/** A panel as Python sends it. */
export interface PanelWords {
  method: string;
  title: string;
  signed: boolean;
  unit: string;
  how: string;
  lies: string;
  picture?: Named;
}

/** The part of a method's maps. */
export interface Maps {
  maps: Pixels;
  native: Pixels | null;
  pieces: Pixels | null;
  captions: Record<string, Caption>;
}

/** A panel with what has come of it. */
export interface Panel extends Omit<PanelWords, "picture"> {
  state: "ready" | "preview" | "waiting" | "running" | "failed" | "cancelled";
  message: string;
  maps: Pixels | null;
  native: Pixels | null;
  pieces: Pixels | null;
  captions: Record<string, Caption>;
  picture: Pixels | null;
}

export interface Luts<Table = string> {
  unsigned: Table;
  signed: Table;
}

export interface Display {
  overlay: boolean;
  opacity: number;
  hide_weakest: number;
  scale: string;
  evidence: string;
  picture: string;
  truth: boolean;
  center: number;
  width: number;
  invert: boolean;
  order: string;
}

export interface Payload {
  film: Film;
  input: Named | null;
  findings: Finding[];
  outputs: "findings" | "classes";
  panels: PanelWords[];
  luts: Luts;
  truth: Record<string, Rectangle[]>;
  masks: Named | null;
  selected: string | null;
  display: Display;
  heard: number;
  model: string;
  about: string;
  page: string;
  group: string;
  standing: Standing;
}

/** x0, y0, x1, y1 in fractions of the film's width and height. */
export type Rectangle = [number, number, number, number];

/** A box of the field, or of a panel in pixels. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A decoded array. */
export interface Pixels {
  shape: number[];
  values: Float32Array | Uint8Array | Uint16Array;
}

export interface Outline {
  path: Path2D;
  shape: number[];
}

/** The payload with what was fetched. */
export interface Data extends Omit<Payload, "film" | "findings" | "panels" | "luts"> {
  film: Film & Pick<FilmPixels, "windows">;
  answers: Answers | undefined;
  unlike: string;
  findings: Answered[];
  pixels: Pixels;
  rect: Rectangle;
  inputPixels: Pixels | null;
  outlines: Record<string, Outline>;
  panels: Panel[];
  luts: Luts<Uint8Array>;
}

/** What turns one finding's map into colour. */
export interface Scale {
  range: number;
  weakest: number;
  signed: boolean;
  empty: boolean;
}

/** Where things lie on a panel, in pixels: the model's input, the film, and the panel itself. */
export interface Place {
  box: Box;
  film: Box;
  size: number;
  ratio: number;
}

/** What the hands of a visitor can do. */
export interface Hands {
  view: import("./geometry.js").View;
  moved(): void;
  display(): Display;
  change(change: Partial<Display>): void;
  step(by: number): void;
}

/** What a panel needs for its words. */
export interface Telling {
  finding: Answered;
  index: number;
  count: number;
  display: Display;
  luts: Luts<Uint8Array>;
}

/** What a panel needs for its picture. */
export interface Drawing {
  index: number;
  display: Display;
  luts: Luts<Uint8Array>;
}
