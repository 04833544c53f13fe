// @ts-check
// One small ROC curve a finding. Python sends curves and words; the finding that is clicked goes back to it.

import { stepInGrid } from "../shared/grid.js";
import { shape } from "../shared/svg.js";

/** @import { Component } from "../types.d.ts" */
/** @typedef {{finding: string, name: string, problem: boolean, auroc: string, more: string, points: number[][], color: string, alt: string}} Item */
/** @typedef {{items: Item[], chosen: string}} OverviewData */

/** @type {WeakMap<HTMLElement, Overview>} */
const overviews = new WeakMap();

/**
 * The curve from (0, 0) at the bottom left to (1, 1) at the top right.
 * @param {Item} item
 */
function draw(item) {
  const svg = shape("svg", { viewBox: "0 0 1 1", "aria-hidden": "true" });
  svg.append(shape("rect", { class: "frame", width: 1, height: 1 }), shape("line", { class: "chance", x1: 0, y1: 1, x2: 1, y2: 0 }));
  if (item.points.length) {
    const points = item.points.map(([x, y]) => `${x},${1 - y}`).join(" ");
    svg.append(
      shape("polygon", { class: "under", points: `${points} 1,1 0,1`, fill: item.color }),
      shape("polyline", { class: "curve", points, stroke: item.color }),
    );
  }
  return svg;
}

/**
 * Texts are set as text, never as markup.
 * @param {string} className
 * @param {string} text
 */
function words(className, text) {
  const node = document.createElement("span");
  node.className = className;
  node.textContent = text;
  return node;
}

/** @param {Item} item */
function build(item) {
  const cell = document.createElement("button");
  cell.type = "button";
  cell.className = "cell";
  cell.dataset.finding = item.finding;
  cell.dataset.problem = String(item.problem);
  cell.setAttribute("aria-label", item.alt);
  cell.title = item.alt;
  const text = document.createElement("span");
  text.append(words("name", item.name), words("auroc", item.auroc), words("more", item.more));
  cell.append(draw(item), text);
  return cell;
}

/**
 * @param {Event} event
 * @returns {HTMLElement | null}
 */
const cellAt = (event) => /** @type {HTMLElement} */ (event.target).closest(".cell");

class Overview {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.shown = "";
    /** @type {Component<OverviewData>["setTriggerValue"]} */
    this.send = () => {};
    root.addEventListener("click", (event) => {
      const cell = cellAt(event);
      if (cell) this.open(cell);
    });
    root.addEventListener("keydown", (event) => this.key(event));
  }

  /** @param {Component<OverviewData>} component */
  receive({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    const shown = JSON.stringify(data.items);
    if (shown !== this.shown) {
      this.shown = shown;
      this.root.replaceChildren(...data.items.map(build));
    }
    this.mark(data.chosen);
  }

  /** @returns {HTMLElement[]} */
  cells() {
    return Array.from(this.root.querySelectorAll(".cell"), (cell) => /** @type {HTMLElement} */ (cell));
  }

  /** @param {string} finding */
  mark(finding) {
    for (const cell of this.cells()) cell.setAttribute("aria-pressed", String(cell.dataset.finding === finding));
  }

  /** @param {HTMLElement} cell */
  open(cell) {
    this.mark(cell.dataset.finding);
    this.send("opened", cell.dataset.finding);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const cell = cellAt(event);
    const by = stepInGrid(this.root, event);
    if (!cell || !by) return;
    const cells = this.cells();
    event.preventDefault();
    event.stopPropagation();
    cells[cells.indexOf(cell) + by]?.focus();
  }
}

/** @param {Component<OverviewData>} component */
export default function (component) {
  const root = /** @type {HTMLElement} */ (component.parentElement.querySelector(".overview"));
  if (!overviews.has(root)) overviews.set(root, new Overview(root));
  overviews.get(root).receive(component);
}
