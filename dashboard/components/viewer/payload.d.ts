// What Python sends to the light box, and what the scripts make of it. `dashboard/components/payload.py` builds it; a
// test holds the two together.

export interface Encoded {
  shape: number[];
  dtype: "u1" | "u2" | "f4";
  gz: string;
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
  pixels: Encoded;
  windows: WindowPreset[];
}

export interface Input {
  rect: Rectangle;
  pixels: Encoded;
}

export interface Finding {
  name: string;
  label: string;
  color: string;
  probability: number | null;
  threshold: number | null;
  rule: string;
  truth: "present" | "absent" | null;
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

/** Of a panel, its arrays as they are sent (`Encoded`) or as they are drawn (`Pixels`). */
export interface Panel<Array = Encoded> {
  method: string;
  title: string;
  signed: boolean;
  state: "ready" | "waiting" | "running" | "failed" | "cancelled";
  message: string;
  maps: Array | null;
  native: Array | null;
  pieces: Array | null;
  unit: string;
  captions: Record<string, Caption>;
  how: string;
  lies: string;
  picture?: Array | null;
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
  input?: Input;
  findings: Finding[];
  outputs: "findings" | "classes";
  panels: Panel[];
  luts: Luts;
  truth?: Record<string, Rectangle[]>;
  masks?: Record<string, Encoded>;
  selected: string;
  display: Display;
  heard: number;
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

/** The payload with its arrays decoded. */
export interface Data extends Omit<Payload, "panels" | "luts"> {
  pixels: Pixels;
  inputPixels: Pixels | null;
  outlines: Record<string, Outline>;
  panels: Panel<Pixels>[];
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
  finding: Finding;
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
