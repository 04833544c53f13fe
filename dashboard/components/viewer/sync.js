// @ts-check
// The browser and Python can both change what is chosen and how it is shown. The browser leads: a value
// from Python is taken over only when it is news, not when it is the browser's own, coming back late.

/** The finding that is shown: the visitor's choice, else what Python offered, else what the model's answers suggest. */
export class Choice {
  constructor() {
    /** @type {string | null} */
    this.chosen = null;
    this.count = 0; // of the visitor's choices
    /** @type {string | null | undefined} */
    this.offered = undefined; // what Python said last
    /** @type {string | undefined} */
    this.first = undefined; // what the answers suggest
    /** @type {string[]} */
    this.names = [];
  }

  get name() {
    return [this.chosen, this.first].find((name) => this.names.includes(name)) ?? this.names[0] ?? "";
  }

  /**
   * Take over what Python offers, unless it has not heard yet of all that the visitor chose.
   * @param {string | null} name
   * @param {number} heard
   * @param {string[]} names
   */
  offer(name, heard, names) {
    const isNews = name !== this.offered && heard >= this.count;
    this.offered = name;
    this.count = Math.max(this.count, heard);
    this.names = names;
    if (isNews) this.chosen = name;
  }

  /**
   * Note what the visitor chose.
   * @param {string} name
   */
  make(name) {
    this.chosen = name;
    this.count += 1;
  }
}

const ECHO_MS = 10000;
export const DEBOUNCE_MS = 300;

export class SharedValue {
  constructor() {
    /** @type {string | undefined} */
    this.received = undefined; // what Python's data said last
    /** @type {string | undefined} */
    this.held = undefined; // what Python has as the component's state
    /** @type {{text: string, at: number}[]} */
    this.sent = []; // what may still come back
  }

  /**
   * Whether a value from Python should replace the page's.
   * @param {string} text
   */
  isNews(text) {
    if (text === this.received) return false;
    if (this.received === undefined) this.held = text;
    this.received = text;
    const recent = this.sent.filter(({ at }) => Date.now() - at < ECHO_MS);
    const echo = recent.findIndex((message) => message.text === text);
    this.sent = recent.slice(echo + 1);
    return echo < 0;
  }

  /**
   * Note a value that goes to Python; false when Python has it already.
   * @param {string} text
   */
  note(text) {
    if (text === this.held) return false;
    this.held = text;
    this.sent.push({ text, at: Date.now() });
    return true;
  }
}
