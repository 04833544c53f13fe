// @ts-check
// A line for what a page waits for: what it is, how far, and what can be done about it. The page runs again only when
// something has ended, failed or was stopped, or is made after all.

import { joinChannel } from "../shared/channel.js";
import { isPending, newestOf, shareOf, turnInWords } from "../shared/standing.js";

/** @import { Component, Item, Standing } from "../types.d.ts" */
/** @typedef {{page: string, group: string, standing: Standing, help: string}} WaitingData */

/**
 * What Python has to know of some items; as long as this stays the same, the page need not run.
 * @param {Item[]} items
 */
const stages = (items) => items.map((item) => (isPending(item) ? "under way" : item.state)).join(", ");

/**
 * What to say of what is waited for, how far it is, and what can be done about it.
 * @param {Item[]} items
 * @returns {{state: string, words: string, share: number | null, button: string}}
 */
function lineOf(items) {
  const underWay = items.filter(isPending);
  const running = underWay.filter(({ state }) => state === "running");
  const failed = items.filter(({ state }) => state === "failed");
  if (running.length) {
    const words = running.map(({ title, message }) => (message ? `${title}: ${message}` : title)).join(" · ");
    return { state: "running", words: `${words}…`, share: shareOf(underWay), button: "Cancel" };
  }
  if (underWay.length) {
    return { state: "waiting", words: turnInWords(underWay, " · "), share: shareOf(underWay), button: "Cancel" };
  }
  if (failed.length) {
    const words = failed.map(({ title, message }) => `${title}: ${message}`).join(" · ");
    return { state: "failed", words, share: null, button: "Try again" };
  }
  return { state: "ended", words: "", share: null, button: "" };
}

class Line {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.button = root.querySelector("button");
    this.button.onclick = () => this.press();
    this.listener = {
      tell: (/** @type {Standing} */ standing) => this.hear(standing),
      lost: () => this.send("changed", "lost"),
      gone: () => this.showGone(),
    };
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

  /** The newest that is known of what Python sent. */
  get items() {
    const { standing, group } = this.data;
    return newestOf(standing, this.heard, group).groups[group].items;
  }

  show() {
    const { items, root, button } = this;
    if (items.some(isPending)) this.channel.open();
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

  showGone() {
    this.root.querySelector(".words").textContent = "The server no longer knows this page.";
    this.root.querySelector("progress").hidden = true;
    this.button.textContent = "Reload";
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
