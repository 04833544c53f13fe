// @ts-check
// What a page waits for, told by the server as it comes. Every message holds all that stands, so that nothing is lost
// when the connection breaks, the laptop sleeps or the server starts anew. All parts of a page share one connection.

/** @import { Standing } from "../types.d.ts" */

const SILENT_MS = 6000; // after which a stream is taken to be held back by something between here and the server
const AGAIN_MS = 2000;
const LOST_MS = [300, 2000, 4000, 8000, 16000]; // between attempts to have a page run that the server has forgotten

/**
 * Who wants to hear what a page waits for: ``tell`` is called with all that stands; ``lost`` when the server knows the
 * page no longer, as it has started anew, to have the page run again once that is possible; ``gone`` when nobody could.
 * @typedef {{tell: (standing: Standing) => void, lost: () => void, gone: () => void}} Listener
 */

export class Channel {
  /** @param {string} address of the page's channel */
  constructor(address) {
    this.address = address;
    /** @type {Set<Listener>} */
    this.listeners = new Set();
    /** @type {EventSource | null} */
    this.source = null;
    this.version = -1;
    /** What was told last, for who joins a stream that is open already. @type {Standing | null} */
    this.standing = null;
    this.asks = false; // one answer at a time, in place of the stream
    this.timer = 0;
    this.isLost = false;
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
    this.standing = null;
  }

  /** @param {Standing} standing */
  take(standing) {
    this.version = standing.version;
    this.standing = standing;
    if (standing.rests) this.close();
    for (const listener of this.listeners) listener.tell(standing);
  }

  /** Whoever has had the page run again joins the channel of the new page, and leaves this one. */
  async lose() {
    if (this.isLost) return;
    this.isLost = true;
    for (const pause of LOST_MS) {
      await new Promise((done) => setTimeout(done, pause));
      if (!this.listeners.size) return;
      for (const listener of this.listeners) listener.lost();
    }
    for (const listener of this.listeners) listener.gone();
  }

  /** @param {Listener} listener */
  leave(listener) {
    this.listeners.delete(listener);
    if (this.listeners.size) return;
    this.close();
    if (channels().get(this.address) === this) channels().delete(this.address);
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
          this.lose();
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
      if (answer.status === 404) this.lose();
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }
}

/**
 * The channels of all pages. Each part of a page is a module of its own, and they meet here.
 * @returns {Map<string, Channel>}
 */
function channels() {
  const home = /** @type {{lightboxChannels?: Map<string, Channel>}} */ (globalThis);
  home.lightboxChannels ??= new Map();
  return home.lightboxChannels;
}

/**
 * Join those who listen to a page; ``open`` begins to listen, ``leave`` ends it.
 * @param {string} address of the page's channel
 * @param {Listener} listener
 * @returns {Channel}
 */
export function joinChannel(address, listener) {
  if (!channels().has(address)) channels().set(address, new Channel(address));
  const channel = channels().get(address);
  channel.listeners.add(listener);
  return channel;
}
