// @ts-check
// A line for what a page waits for: what it is, how far, and what can be done about it. The page runs again only when
// something has ended, failed or was stopped, or is made after all.

import { joinChannel } from "../shared/channel.js";

/** @import { Component, Item, Standing } from "../types.d.ts" */
/** @typedef {{page: string, group: string, standing: Standing, help: string}} WaitingData */

const LOST_MS = 5000; // after which a page that the server does not know has not been run again either

/** @param {Item} item */
const isUnderWay = ({ state }) => state === "waiting" || state === "running";

/**
 * What Python has to know of some items; as long as this stays the same, the page need not run.
 * @param {Item[]} items
 */
const stages = (items) => items.map((item) => (isUnderWay(item) ? "under way" : item.state)).join(", ");

/**
 * What to say of what is waited for, how far it is, and what can be done about it.
 * @param {Item[]} items
 * @returns {{state: string, words: string, share: number | null, button: string}}
 */
function lineOf(items) {
  const underWay = items.filter(isUnderWay);
  const running = underWay.filter(({ state }) => state === "running");
  const failed = items.filter(({ state }) => state === "failed");
  if (running.length) {
    const words = running.map(({ title, message }) => (message ? `${title}: ${message}` : title)).join(" · ");
    return { state: "running", words: `${words}…`, share: shareOf(underWay), button: "Cancel" };
  }
  if (underWay.length) {
    const ahead = Math.min(...underWay.map((item) => item.ahead));
    const words = `Waiting for a turn${ahead ? `, ${ahead} before it` : ""}: ${underWay.map(({ title }) => title).join(" · ")}`;
    return { state: "waiting", words, share: shareOf(underWay), button: "Cancel" };
  }
  if (failed.length) {
    const words = failed.map(({ title, message }) => `${title}: ${message}`).join(" · ");
    return { state: "failed", words, share: null, button: "Try again" };
  }
  return { state: "ended", words: "", share: null, button: "" };
}

/** @param {Item[]} items */
const shareOf = (items) => items.reduce((sum, { progress }) => sum + progress, 0) / items.length;

class Line {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.button = root.querySelector("button");
    this.button.onclick = () => this.press();
    this.listener = { tell: (/** @type {Standing} */ standing) => this.hear(standing), lost: () => this.lose(this.channel.address) };
    /** @type {ReturnType<typeof joinChannel> | undefined} */
    this.channel = undefined;
    /** @type {Standing | undefined} what the server told last */
    this.heard = undefined;
  }

  /** @param {Component<WaitingData>} component */
  receive({ data, setTriggerValue }) {
    this.data = data;
    this.send = setTriggerValue;
    this.asked = stages(data.standing.groups[data.group].items); // what Python knows, or will once it has run
    if (this.channel?.address !== data.page) {
      this.channel?.leave(this.listener);
      this.heard = undefined;
      this.channel = joinChannel(data.page, this.listener);
    }
    this.show();
  }

  release() {
    this.channel?.leave(this.listener);
  }

  /** @param {Standing} standing */
  hear(standing) {
    this.heard = standing;
    this.show();
  }

  /** The newest that is known of what Python sent: news may be of something that it has not sent yet, or no longer. */
  get items() {
    const { standing, group } = this.data;
    const sent = standing.groups[group], heard = this.heard?.groups[group];
    return heard?.view === sent.view && this.heard.version > standing.version ? heard.items : sent.items;
  }

  show() {
    const { items, root, button } = this;
    if (items.some(isUnderWay)) this.channel.open();
    const { state, words, share, button: action } = lineOf(items);
    root.hidden = !words;
    root.dataset.state = state;
    const said = root.querySelector(".words");
    if (said.textContent !== words) said.textContent = words; // what is said once more is read out once more
    const bar = root.querySelector("progress");
    bar.hidden = share === null;
    bar.value = share ?? 0;
    bar.setAttribute("aria-label", words);
    button.hidden = !action;
    button.disabled = false;
    button.textContent = action;
    button.title = action === "Cancel" ? this.data.help : "";
    if (stages(items) !== this.asked) {
      this.asked = stages(items);
      this.send("changed", this.asked);
    }
  }

  press() {
    const { button, data } = this;
    if (button.textContent === "Reload") return location.reload();
    button.disabled = true; // until there is news
    this.channel.say({ do: button.textContent === "Cancel" ? "stop" : "go on", group: data.group }).then((answer) => {
      if (answer) this.channel.open();
      else button.disabled = false; // the server could not be reached
    });
  }

  /**
   * The server knows a page no longer: it has started anew, or everybody was away for long.
   * @param {string} page its address
   */
  lose(page) {
    setTimeout(() => {
      if (this.channel.address !== page) return;
      this.root.querySelector(".words").textContent = "The server no longer knows this page.";
      this.root.querySelector("progress").hidden = true;
      this.button.textContent = "Reload";
    }, LOST_MS);
  }
}

/** @type {WeakMap<HTMLElement, Line>} */
const lines = new WeakMap();

/** @param {Component<WaitingData>} component */
export default function (component) {
  const root = /** @type {HTMLElement} */ (component.parentElement.querySelector(".waiting"));
  if (!lines.has(root)) lines.set(root, new Line(root));
  lines.get(root).receive(component);
  return () => {
    lines.get(root)?.release();
    lines.delete(root);
  };
}
