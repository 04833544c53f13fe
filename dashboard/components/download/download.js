// @ts-check
// A link to a file. It stays a link, to be opened in a tab or copied; a plain click has the file fetched here, where a
// person sees that it is being made, and why it could not be.

import { asksForItHere, takeAway } from "../shared/files.js";

/** @import { Component } from "../types.d.ts" */
/** @typedef {{label: string, address: string, help: string, icon: string}} DownloadData */

class FileLink {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.link = root.querySelector("a");
    this.link.onclick = (event) => this.press(event);
  }

  /** @param {DownloadData} data */
  receive(data) {
    const { root, link } = this;
    this.data = data;
    root.querySelector(".label").textContent = data.label;
    link.title = data.help;
    if (data.address) link.href = data.address;
    else link.removeAttribute("href");
    link.setAttribute("aria-disabled", String(!data.address));
    if (!this.isBusy) this.say("ready", ""); // what failed was of the page before
  }

  /** @param {MouseEvent} event */
  async press(event) {
    if (!asksForItHere(event)) return;
    event.preventDefault();
    if (this.isBusy || !this.data.address) return;
    this.say("busy", `${this.data.label} is being made.`);
    const problem = await takeAway(this.data.address);
    this.say(problem ? "failed" : "ready", problem);
  }

  get isBusy() {
    return this.root.dataset.state === "busy";
  }

  /**
   * @param {"ready" | "busy" | "failed"} state
   * @param {string} words
   */
  say(state, words) {
    this.root.dataset.state = state;
    this.link.setAttribute("aria-busy", String(state === "busy"));
    this.root.querySelector(".icon").textContent = state === "busy" ? "progress_activity" : this.data.icon;
    this.root.querySelector(".said").textContent = words;
  }
}

/** @type {WeakMap<HTMLElement, FileLink>} */
const fileLinks = new WeakMap();

/** @param {Component<DownloadData>} component */
export default function (component) {
  const root = /** @type {HTMLElement} */ (component.parentElement.querySelector(".download"));
  if (!fileLinks.has(root)) fileLinks.set(root, new FileLink(root));
  fileLinks.get(root).receive(component.data);
}
