// @ts-check
// The page and Python can both change what is chosen and how it is shown. The page leads: a value
// from Python is taken over only when it is news, not when it is the page's own, coming back late.

/** The finding that is shown. Python hears of the visitor's choices alone, never of what it offered itself. */
export class Choice {
  constructor() {
    this.name = "";
    this.count = 0; // of the visitor's choices
    /** @type {string | undefined} */
    this.offered = undefined; // what Python said last
  }

  /**
   * Take over what Python offers, unless it has not heard yet of all that the visitor chose.
   * @param {string} name
   * @param {number} heard
   * @param {string[]} names
   */
  offer(name, heard, names) {
    const isNews = name !== this.offered && heard >= this.count;
    this.offered = name;
    this.count = Math.max(this.count, heard);
    if (isNews || !names.includes(this.name)) this.name = name;
  }

  /**
   * Note what the visitor chose; gives what to tell Python, different each time.
   * @param {string} name
   */
  make(name) {
    this.name = name;
    this.count += 1;
    return { name, count: this.count };
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
