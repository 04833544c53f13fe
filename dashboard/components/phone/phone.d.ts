// What a phone in a room is told, and what each kind of question offers; see `dashboard/rooms/room.py`.

export interface Panel {
  name: string;
  title: string;
  alt: string;
  part: string | null;
  state: "ready" | "making" | "failed";
  /** Told to the holder alone. */
  control?: boolean;
}

export interface View {
  number?: number;
  title?: string;
  model?: string;
  finding?: string;
  asked?: string;
  answer?: string;
  truth?: string;
  told?: string;
  share?: number | null;
  panels?: Panel[];
}

export interface Question {
  kind: string;
  text: string;
  settings: Record<string, any>;
  is_revealed: boolean;
  number: number;
}

/** All that stands in a room; `yours` is told to one participant alone. */
export interface Told {
  version: number;
  open: boolean;
  rests: boolean;
  /** The link is null while it would name maps that are asked about. */
  step: { link: string | null; revealed: string[] | null; text: string; number: number };
  view: View;
  question: Question | null;
  yours: any;
}

/** What the holder of a room is told. */
export interface Held extends Told {
  code: string;
  locked: boolean;
  here: number;
  answered: number;
  counts: Record<string, any> | null;
  asked: number;
}

/** What a kind of question gets to show itself: a place below its text, and the film's figure. */
export interface Asked {
  place: HTMLElement;
  film: HTMLElement | null;
  question: Question;
  yours: any;
  send: (answer: unknown) => void;
  tell: (words: string) => void;
}

/** A kind of question; `show` is called with everything that is new. */
export interface Kind {
  show: (asked: Asked) => void;
  hide?: (film: HTMLElement | null) => void;
  said: string;
  asks: string;
  /** Whether it asks about films of its own, whatever the step shows. */
  alone?: boolean;
}
