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

/** Stands in the place of words that tell the truth, while that is hidden. */
export type Plain<Words> = Partial<Words>;

export interface Film {
  id: string;
  title: string;
  alt: string;
  part: string;
  plain: Plain<{ title: string; alt: string }>;
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
  threshold_written: string | null;
  rule: string;
  truth: "present" | "absent" | null;
  known: { lead: string; rest: string };
}

/** A finding and what the model answers; null until it has. */
export interface Answered extends Omit<Finding, "truth"> {
  probability: number | null;
  written: string | null;
  /** null where it is not known, undefined while it is hidden */
  truth: Finding["truth"] | undefined;
}

export interface Verdict {
  lead: string;
  rest: string;
  plain: Plain<{ rest: string }>;
}

/** The part of the model's answers. */
export interface Answers {
  probabilities: Record<string, number>;
  written: Record<string, string>;
  verdicts: Record<string, Verdict>;
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
  truth_note: TruthNote | null;
  plain: Plain<Omit<Caption, "plain">>;
}

/** How far to trust a map, and the numbers behind it. */
export interface TrustLine {
  verdict: string;
  origin: string;
  rows: { label: string; words: string }[];
  plain: Plain<Omit<TrustLine, "plain">>;
}

/** The part of how far to trust a method's maps. */
export interface Trust {
  lines: Record<string, TrustLine>;
}

/** What lies where a map's strongest evidence is, though it is none for the map's finding. */
export interface OtherTruth {
  name: string;
  label: string;
  color: string;
  has_twin: boolean;
}

/** A map's strongest evidence lies on the truth of other findings. */
export interface TruthNote {
  sentence: string;
  others: OtherTruth[];
}

/** A panel as Python sends it. */
export interface PanelWords {
  method: string;
  title: string;
  signed: boolean;
  unit: string;
  how: string;
  lies: string;
  shares: string;
  glance: string;
  needs: string;
  plain: Plain<{ title: string }>;
  picture?: Named;
}

/** The part of a method's maps. */
export interface Maps {
  maps: Pixels;
  native: Pixels | null;
  pieces: Pixels | null;
  captions: Record<string, Caption>;
  /** Of each map, 1 for the pieces that may as well have the other sign. */
  unsure: Pixels | null;
  so_far: { going: string; stopped: string } | null;
  more: { said: string; button: string; query: Record<string, string> } | null;
}

/** A panel with what has come of it. */
export interface Panel extends Omit<PanelWords, "picture"> {
  state: "ready" | "preview" | "stopped" | "waiting" | "running" | "failed" | "cancelled";
  message: string;
  maps: Pixels | null;
  native: Pixels | null;
  pieces: Pixels | null;
  captions: Record<string, Caption>;
  unsure: Maps["unsure"];
  so_far: Maps["so_far"];
  more: Maps["more"];
  trust: Trust["lines"];
  picture: Pixels | null;
}

export interface Luts<Table = string> {
  unsigned: Table;
  signed: Table;
}

/** The step of a lesson that is given on this page, and what of a presentation it begins with. */
export interface Lesson {
  key: string;
  reveal: string;
  title: string;
  words: string;
  answer: string;
  count: string;
}

export interface Display {
  overlay: boolean;
  opacity: number;
  hide_weakest: number;
  scale: string;
  evidence: string;
  picture: string;
  truth: boolean;
  stripes: boolean;
  unsure: boolean;
  center: number;
  width: number;
  invert: boolean;
  order: string;
}

/** A question to a newcomer, and the query of the view that it is asked about. */
export interface Question {
  title: string;
  words: string;
  query: string;
}

/** Parts that a hand hides, as areas.js writes them, what they show, and what they can show. */
export interface HandWords {
  areas: string;
  shows: string;
  baselines: Record<string, string>;
}

/** The part with what hiding parts of a film did. */
export interface Hidden {
  mask: Pixels;
  pixels: Pixels;
  covered: string;
  after: Record<string, number>;
  written: Record<string, string>;
  change: Record<string, string>;
  said: Record<string, string>;
  claims: Record<string, { label: string; value: string; help: string }[]>;
  methods: string[];
}

/** The part with the films that stand behind one region of a map. */
export interface BehindFilms {
  method: string;
  pictures: Pixels;
  visible: boolean[];
  counts: string[] | null;
  where: string;
  answers: Record<string, string[]>;
  said: Record<string, string>;
}

/** A second model as Python sends it. */
export interface Beside {
  model: string;
  findings: Finding[];
  input: Named | null;
}

export interface Payload {
  film: Film;
  input: Named | null;
  findings: Finding[];
  outputs: "findings" | "classes";
  panels: PanelWords[];
  luts: Luts;
  truth: Record<string, Rectangle[]>;
  /** Who drew boxes or masks, such as "two readers: R1, R2", by finding. */
  drawn_by: Record<string, string>;
  masks: Named | null;
  without: string[];
  selected: string | null;
  display: Display;
  heard: number;
  model: string;
  about: string;
  sides: [string, string] | null;
  hand: HandWords | null;
  page: string;
  group: string;
  standing: Standing;
  /** How many a contact sheet of films would show. */
  films: number;
  questions: Question[];
  introduces: boolean;
  grid: string[];
  beside: Beside | null;
  /** Whether the maps go without the names of their methods while the truth is hidden. */
  blind: boolean;
  /** Whether the page says above that an answer about this film is doubtful. */
  doubted: boolean;
  lesson: Lesson | null;
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
  values: Pixels["values"];
}

/** The payload with what was fetched. */
export interface Data extends Omit<Payload, "film" | "findings" | "panels" | "luts" | "beside"> {
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
  beside: Data | null;
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
  without: string[];
  luts: Luts<Uint8Array>;
}

/** What a panel needs for its picture. */
export interface Drawing {
  index: number;
  display: Display;
  luts: Luts<Uint8Array>;
}
