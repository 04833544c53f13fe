// @ts-check
// One map at a time: beside the film where there is little room, and large where a visitor asks for it.

import { element, find } from "./dom.js";
import { fitPanels, roomOf } from "./layout.js";

/** @import { View } from "./geometry.js" */

/** @typedef {{name: string, title: string, node: HTMLElement, canvas: HTMLCanvasElement}} Shown */

const ROOM_FOR_TWO = 480; // pixels of all panels, below which the film has room for one map beside it
const LEAST_ALONE = 180; // pixels of one map, and of the film beside it, however low the screen is
export const STILL = 5; // pixels that a finger may move and still tap
const SWIPE = 40;

export class Enlarge {
  /**
   * @param {HTMLElement} root
   * @param {View} view
   * @param {() => void} changed called when other panels are shown, or in other sizes
   */
  constructor(root, view, changed) {
    this.view = view;
    this.changed = changed;
    this.container = find(root, ".panels");
    this.film = find(root, ".panel.film");
    this.bar = find(root, ".one-map");
    this.names = find(this.bar, ".names");
    this.all = find(this.bar, ".all", HTMLButtonElement);
    /** @type {Shown[]} */
    this.maps = [];
    this.current = ""; // the map that is shown where it is one at a time
    this.isLarge = false;
    this.isNarrow = false;
    /** @type {import("./present.js").Present | undefined} */
    this.present = undefined;
    this.all.onclick = () => this.shrink();
    root.addEventListener("keydown", (event) => this.takeKey(event));
  }

  /** Whether one map is shown at a time. */
  get isOne() {
    return this.maps.length > 0 && (this.isLarge || this.isNarrow);
  }

  /**
   * Take the panels that there are beside the film.
   * @param {Shown[]} maps
   */
  receive(maps) {
    const isSame = maps.length === this.maps.length && maps.every(({ node, title }, i) => node === this.maps[i].node && title === this.maps[i].title);
    if (isSame) return;
    for (const map of maps) if (!this.maps.some(({ node }) => node === map.node)) this.bind(map);
    this.maps = maps;
    if (!maps.some(({ name }) => name === this.current)) this.current = maps[0]?.name ?? "";
    this.names.replaceChildren(...maps.map((map) => this.nameOf(map)));
    this.fit();
  }

  /** @param {Shown} map */
  nameOf({ name, title }) {
    const button = element("button", { type: "button", "data-map": name }, title);
    button.onclick = () => this.turnTo(name);
    return button;
  }

  /**
   * A click enlarges a map, a swipe turns to the next; dragging a film that is zoomed in moves it, as ever.
   * @param {Shown} map
   */
  bind({ name, canvas }) {
    /** @type {{x: number, y: number} | null} */
    let start = null;
    canvas.addEventListener("pointerdown", (event) => {
      const isPlain = event.isPrimary && event.button === 0 && !event.shiftKey && this.view.zoom === 1;
      start = isPlain ? { x: event.clientX, y: event.clientY } : null;
    });
    canvas.addEventListener("pointerup", (event) => {
      if (!start || event.defaultPrevented) return;
      const [x, y] = [event.clientX - start.x, event.clientY - start.y];
      start = null;
      if (Math.hypot(x, y) <= STILL) this.enlarge(name);
      else if (this.isOne && event.pointerType !== "mouse" && Math.abs(x) > SWIPE && Math.abs(x) > 2 * Math.abs(y)) {
        this.step(x < 0 ? 1 : -1);
      }
    });
  }

  /** @param {KeyboardEvent} event */
  takeKey(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const map = this.maps.find(({ canvas }) => event.composedPath()[0] === canvas);
    const steps = { ArrowLeft: -1, ArrowRight: 1 };
    if (event.key === "Escape" && this.isLarge) this.shrink();
    else if (map && event.key === "Enter") this.enlarge(map.name);
    else if (map && this.isOne && event.key in steps) this.step(steps[/** @type {"ArrowLeft"} */ (event.key)]);
    else return;
    event.preventDefault();
  }

  /** @param {string} name */
  enlarge(name) {
    if (this.isLarge) return;
    this.isLarge = true;
    this.turnTo(name);
  }

  shrink() {
    this.isLarge = false;
    this.fit();
    this.maps.find(({ name }) => name === this.current)?.canvas.focus({ preventScroll: true });
  }

  /** @param {number} by */
  step(by) {
    const at = this.maps.findIndex(({ name }) => name === this.current);
    this.turnTo(this.maps[(at + by + this.maps.length) % this.maps.length].name);
  }

  /** @param {string} name */
  turnTo(name) {
    const hadFocus = this.maps.some(({ canvas }) => canvas.matches(":focus"));
    this.current = name;
    this.fit();
    if (hadFocus) this.maps.find((map) => map.name === name)?.canvas.focus({ preventScroll: true });
  }

  /**
   * Turn to a map that is out of sight because another is shown.
   * @param {string} name
   */
  reveal(name) {
    if (this.isOne && name !== this.current && this.maps.some((map) => map.name === name)) this.turnTo(name);
  }

  /** Show the panels that are to be seen, as large as all of them fit. */
  fit() {
    if (this.container.hidden) return; // several findings stand in its place
    if (this.present?.isOn) {
      this.fitStage();
      return;
    }
    const room = roomOf(this.container);
    this.isNarrow = room.width < ROOM_FOR_TWO;
    const isAlone = this.isLarge && this.isNarrow;
    this.film.hidden = isAlone;
    for (const { name, node } of this.maps) node.hidden = this.isOne && name !== this.current;
    this.showBar();
    const count = this.isOne ? 2 - Number(isAlone) : this.maps.length + 1;
    const fitted = this.isOne ? oneRow(count, room) : fitPanels({ count, ...room });
    this.container.dataset.words = fitted.isCompact ? "few" : "all";
    this.container.style.setProperty("--columns", String(fitted.columns));
    this.container.style.setProperty("--panel-most", `${fitted.size}px`);
    this.changed();
  }

  /** Show what is revealed, or one of it alone, as large as the whole screen lets it be. */
  fitStage() {
    const shown = this.maps.filter(({ name }) => (this.isLarge ? name === this.current : this.present.isRevealed(name)));
    this.film.hidden = this.isLarge;
    for (const map of this.maps) map.node.hidden = !shown.includes(map);
    const { columns, size } = this.present.fit(shown.length + Number(!this.isLarge));
    this.container.dataset.words = "all";
    this.container.style.setProperty("--columns", String(columns));
    this.container.style.setProperty("--panel-most", `${size}px`);
    this.changed();
  }

  showBar() {
    this.bar.hidden = !this.isOne;
    this.all.hidden = !this.isLarge;
    for (const button of this.names.children) {
      button.setAttribute("aria-pressed", String(button.getAttribute("data-map") === this.current));
    }
  }
}

/**
 * The film and one map side by side: as wide as there is room, as high as the screen.
 * @param {number} count
 * @param {{width: number, height: number}} room
 */
function oneRow(count, room) {
  const { size } = fitPanels({ count: 1, ...room });
  return { columns: count, size: Math.max(size, LEAST_ALONE), isCompact: false };
}
