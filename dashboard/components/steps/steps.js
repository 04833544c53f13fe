// @ts-check
// Builds a ROC curve film by film. Everything moves here; where the visitor stopped goes back to Python for the link.

import { shape } from "../shared/svg.js";

/** @import { Component } from "../types.d.ts" */
/** @typedef {{score: string, up: number, right: number}} Step */
/** @typedef {{steps: Step[], step: number, turn: string, finding: string, color: string, auroc: string, whole: string}} StepsData */

/** @type {WeakMap<HTMLElement, Player>} */
const players = new WeakMap();
const SIDE = 250, PACE = 700, QUIET = 900; // picture units; milliseconds a film, and before the place is told

/**
 * @param {number} count
 * @param {string} one
 */
const plural = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;

class Player {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.at = this.up = this.right = 0;
    /** @type {HTMLElement[]} */
    this.films = [];
    /** @type {ReturnType<typeof setInterval> | null} */
    this.timer = null;
    /** @param {string} selector */
    const part = (selector) => /** @type {HTMLElement} */ (root.querySelector(selector));
    this.range = root.querySelector("input");
    this.button = part(".play");
    this.range.addEventListener("input", () => { this.stop(); this.go(Number(this.range.value)); });
    part(".back").addEventListener("click", () => { this.stop(); this.go(this.at - 1); });
    part(".on").addEventListener("click", () => { this.stop(); this.go(this.at + 1); });
    this.button.addEventListener("click", () => (this.timer ? this.stop() : this.play()));
  }

  /** @param {Component<StepsData>} component */
  receive({ data, setStateValue }) {
    this.tell = setStateValue;
    this.root.style.setProperty("--finding", data.color);
    const isNew = this.turn !== data.turn;
    this.data = data;
    if (!isNew) return this.show();
    this.stop();
    this.turn = data.turn;
    this.up = data.steps.reduce((sum, step) => sum + step.up, 0);
    this.right = data.steps.reduce((sum, step) => sum + step.right, 0);
    this.range.max = String(data.steps.length);
    this.build();
    this.at = Math.min(data.step, data.steps.length);
    this.show();
  }

  build() {
    const films = this.data.steps.flatMap((step, at) =>
      [...Array(step.up).fill(true), ...Array(step.right).fill(false)].map((hasIt) => ({ at, hasIt, score: step.score })),
    );
    this.films = films.map(({ at, hasIt, score }) => {
      const film = document.createElement("span");
      film.className = "film";
      film.setAttribute("role", "listitem");
      film.dataset.truth = hasIt ? "1" : "0";
      film.dataset.at = String(at);
      film.title = hasIt ? "has it" : "does not have it";
      film.append(document.createElement("i"), score);
      return film;
    });
    this.root.querySelector(".films").replaceChildren(...this.films);
  }

  /** @param {number} at */
  go(at) {
    this.at = Math.max(0, Math.min(at, this.data.steps.length));
    this.show();
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.tell("step", this.at), QUIET);
  }

  play() {
    if (this.at >= this.data.steps.length) this.go(0);
    this.timer = setInterval(() => {
      this.go(this.at + 1);
      if (this.at >= this.data.steps.length) this.stop();
    }, PACE);
    this.show();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.button.textContent = "Play";
  }

  show() {
    this.button.textContent = this.timer ? "Pause" : "Play";
    this.range.value = String(this.at);
    this.root.querySelector("output").textContent = `${this.at} of ${this.data.steps.length}`;
    for (const film of this.films) {
      film.dataset.placed = String(Number(film.dataset.at) < this.at);
      film.dataset.now = String(Number(film.dataset.at) === this.at - 1);
    }
    this.draw();
    this.root.querySelector(".said").textContent = this.words();
  }

  /** @returns {[number, number][]} */
  corners() {
    /** @type {[number, number][]} */
    const corners = [[0, 0]];
    for (const step of this.data.steps.slice(0, this.at)) {
      const [x, y] = corners.at(-1);
      corners.push([x + step.right / this.right, y + step.up / this.up]);
    }
    return corners;
  }

  draw() {
    const svg = this.root.querySelector("svg");
    /** @param {[number, number]} corner */
    const place = ([x, y]) => `${(x * SIDE).toFixed(1)},${((1 - y) * SIDE).toFixed(1)}`;
    const corners = this.corners(), last = corners.at(-1), before = corners.at(-2);
    const nodes = [];
    for (let k = 1; k < this.right; k++) nodes.push(shape("line", { class: "grid", x1: (k / this.right) * SIDE, x2: (k / this.right) * SIDE, y1: 0, y2: SIDE }));
    for (let k = 1; k < this.up; k++) nodes.push(shape("line", { class: "grid", x1: 0, x2: SIDE, y1: (k / this.up) * SIDE, y2: (k / this.up) * SIDE }));
    nodes.push(shape("rect", { class: "frame", width: SIDE, height: SIDE }), shape("line", { class: "chance", x1: 0, y1: SIDE, x2: SIDE, y2: 0 }));
    nodes.push(shape("polygon", { class: "under", points: [...corners.map(place), place([last[0], 0]), place([0, 0])].join(" ") }));
    nodes.push(shape("polyline", { class: "path", points: corners.map(place).join(" ") }));
    if (before) {
      const [x1, y1] = place(before).split(","), [x2, y2] = place(last).split(",");
      nodes.push(shape("line", { class: "now", x1, y1, x2, y2 }));
    }
    const [cx, cy] = place(last).split(",");
    nodes.push(shape("circle", { class: "dot", cx, cy, r: 6 }));
    nodes.push(shape("text", { x: SIDE / 2, y: SIDE + 26, "text-anchor": "middle" }, `false alarms, of ${this.right} films without it →`));
    nodes.push(shape("text", { x: -SIDE / 2, y: -14, transform: "rotate(-90)", "text-anchor": "middle" }, `found, of ${this.up} films with it →`));
    svg.replaceChildren(...nodes);
    svg.setAttribute("aria-label", this.words());
  }

  words() {
    const { steps, finding, auroc, whole } = this.data;
    if (!this.at) return `The threshold is above every film: nothing is flagged, the curve starts at the bottom left. Lower it film by film: one that has ${finding} is a step up, one that does not is a step to the right.`;
    const { score, up, right } = steps[this.at - 1];
    const placed = steps.slice(0, this.at);
    const found = placed.reduce((sum, step) => sum + step.up, 0), alarms = placed.reduce((sum, step) => sum + step.right, 0);
    const what = up && right ? `${plural(up + right, "film")} share the score ${score}: the step is slanted`
      : up ? `${plural(up, "film")} at ${score} ${up === 1 ? "has" : "have"} ${finding}: up`
      : `${plural(right, "film")} at ${score} ${right === 1 ? "does" : "do"} not have ${finding}: to the right`;
    const sofar = `Flagging from ${score} upwards finds ${found} of ${this.up} and raises ${plural(alarms, "false alarm")}.`;
    const pairs = `Each square of the grid is one pair of a film with it and one without; the shaded ones are pairs in which the first scores higher.`;
    if (this.at < steps.length) return `${what}. ${sofar} ${pairs}`;
    return `All are flagged. ${pairs} Their share is the AUROC: ${auroc} on these few films, ${whole} on all of them.`;
  }
}

/** @param {Component<StepsData>} component */
export default function (component) {
  const root = /** @type {HTMLElement} */ (component.parentElement.querySelector(".steps"));
  if (!players.has(root)) players.set(root, new Player(root));
  players.get(root).receive(component);
  return () => players.get(root)?.stop();
}
