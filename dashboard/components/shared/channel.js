// @ts-check
// What a page waits for, told by the server as it comes. Every message holds all that stands, so that nothing is lost
// when the connection breaks, the laptop sleeps or the server starts anew.

/** @import { Standing } from "../types.d.ts" */

const SILENT_MS = 6000; // after which a stream is taken to be held back by something between here and the server
const AGAIN_MS = 2000;

export class Channel {
  /**
   * @param {string} address of the page's channel
   * @param {(standing: Standing) => void} tell
   * @param {() => void} lost called when the server knows this page no longer
   */
  constructor(address, tell, lost) {
    this.address = address;
    this.tell = tell;
    this.lost = lost;
    /** @type {EventSource | null} */
    this.source = null;
    this.version = -1;
    this.asks = false; // one answer at a time, in place of the stream
    this.timer = 0;
  }

  get isOpen() {
    return this.source !== null || this.asks;
  }

  /** Listen until all that is waited for has ended. */
  open() {
    if (this.isOpen) return;
    const source = new EventSource(`${this.address}/events`);
    this.source = source;
    this.timer = window.setTimeout(() => this.ask(), SILENT_MS);
    source.onmessage = ({ data }) => {
      clearTimeout(this.timer);
      if (this.source === source) this.take(JSON.parse(data));
    };
    source.onerror = () => {
      if (this.source !== source) return;
      clearTimeout(this.timer);
      // The browser tries again by itself, unless it was refused.
      if (source.readyState === EventSource.CLOSED) this.ask();
      else this.timer = window.setTimeout(() => this.ask(), SILENT_MS);
    };
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    this.asks = false;
  }

  /** @param {Standing} standing */
  take(standing) {
    this.version = standing.version;
    if (standing.rests) this.close();
    this.tell(standing);
  }

  /** Where no stream comes through, ask for one answer at a time: each is held back until there is news. */
  async ask() {
    this.close();
    this.asks = true;
    while (this.asks) {
      try {
        const answer = await fetch(`${this.address}/events?since=${this.version}`);
        if (!this.asks) return;
        if (answer.status === 404) {
          this.close();
          this.lost();
          return;
        }
        if (!answer.ok) throw new Error(String(answer.status));
        this.take(await answer.json());
      } catch {
        await new Promise((done) => setTimeout(done, AGAIN_MS));
      }
    }
  }

  /**
   * Tell the server what the visitor does; gives its answer, or null where it could not be reached.
   * @param {object} words
   * @returns {Promise<{query?: string} | null>}
   */
  async say(words) {
    try {
      const answer = await fetch(this.address, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(words),
        keepalive: true,
      });
      if (answer.status === 404) this.lost();
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }
}
