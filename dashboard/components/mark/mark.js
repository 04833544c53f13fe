// @ts-check
// Mark a place on a film: a click or a tap, or the arrow keys; a button or Enter says that it is meant. Once.

/** @import { Component } from "../types.d.ts" */
/** @typedef {{id: string, address: string, label: string, aspect: number, seconds: number, gone: number}} MarkData */

const STEP = 0.02; // of the film's side that an arrow moves the cross; with Shift a quarter of it
const FINE = 0.25;
const MIDDLE = { x: 0.5, y: 0.5 };

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {number} share */
const within = (share) => Math.min(Math.max(share, 0), 1);

class Mark {
  /** @param {HTMLElement} root */
  constructor(root) {
    /** @param {string} selector @returns {HTMLElement} */
    const find = (selector) => root.querySelector(selector);
    this.film = find(".film");
    this.image = /** @type {HTMLImageElement} */ (root.querySelector("img"));
    this.cross = find(".cross");
    this.button = /** @type {HTMLButtonElement} */ (find(".done"));
    this.time = find(".time");
    this.where = find(".where");
    this.root = root;
    this.id = "";
    this.timer = 0;
    /** @type {{x: number, y: number} | null} */
    this.at = null;
    this.film.onpointerdown = (event) => this.point(event);
    this.film.onkeydown = (event) => this.takeKey(event);
    this.button.onclick = () => this.say(this.at);
  }

  /** @param {Component<MarkData>} component */
  receive({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    if (data.id === this.id) return;
    this.stop();
    this.id = data.id;
    this.at = null;
    this.isSaid = false;
    this.image.alt = data.label;
    this.film.setAttribute("aria-label", `${data.label} Arrow keys move a cross, with Shift in small steps; Enter marks.`);
    this.root.style.setProperty("--aspect", String(data.aspect));
    this.image.onload = () => this.begin(data.seconds, data.gone);
    this.image.src = data.address;
    this.show();
  }

  /**
   * Time runs once the film is there to be looked at; a page that is loaded again goes on where it was.
   * @param {number} seconds 0 for as long as one likes
   * @param {number} gone how many of them are over
   */
  begin(seconds, gone) {
    this.stop();
    if (!seconds || this.isSaid) return;
    const end = Date.now() + 1000 * (seconds - gone);
    const tick = () => {
      const left = Math.ceil((end - Date.now()) / 1000);
      this.time.textContent = left > 0 ? `${left} s` : "";
      if (left <= 0) this.say(this.at);
    };
    tick();
    this.timer = window.setInterval(tick, 200);
  }

  stop() {
    clearInterval(this.timer);
    this.time.textContent = "";
  }

  /** @param {PointerEvent} event */
  point(event) {
    const { left, top, width, height } = this.film.getBoundingClientRect();
    this.move({ x: (event.clientX - left) / width, y: (event.clientY - top) / height });
  }

  /** @param {KeyboardEvent} event */
  takeKey(event) {
    const by = ARROWS[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (by) {
      const step = STEP * (event.shiftKey ? FINE : 1), from = this.at;
      this.move(from ? { x: from.x + step * by[0], y: from.y + step * by[1] } : MIDDLE);
    } else if (event.key === "Enter" && this.at) this.say(this.at);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {{x: number, y: number}} to */
  move({ x, y }) {
    if (this.isSaid) return;
    this.at = { x: within(x), y: within(y) };
    this.show();
  }

  show() {
    const { at } = this;
    this.cross.hidden = at === null;
    this.button.disabled = at === null || this.isSaid;
    this.where.textContent = at ? `${Math.round(100 * at.x)} % across, ${Math.round(100 * at.y)} % down` : "";
    if (!at) return;
    this.cross.style.left = `${100 * at.x}%`;
    this.cross.style.top = `${100 * at.y}%`;
  }

  /** @param {{x: number, y: number} | null} place null where there was no time for one */
  say(place) {
    if (this.isSaid) return;
    this.isSaid = true;
    this.stop();
    this.show();
    this.send("marked", { id: this.id, ...(place ?? { x: null, y: null }) });
  }
}

/** @type {WeakMap<HTMLElement, Mark>} */
const marks = new WeakMap();

/** @param {Component<MarkData>} component */
export default function (component) {
  const root = /** @type {HTMLElement} */ (component.parentElement.querySelector(".mark"));
  if (!marks.has(root)) marks.set(root, new Mark(root));
  const mark = marks.get(root);
  mark.receive(component);
  return () => mark.stop();
}
