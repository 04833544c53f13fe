// @ts-check
// The truth of another finding, where a map's strongest evidence lies on it: a sentence, a dashed outline, its twin.

import { element, find, giveFocus } from "./dom.js";
import { strokeOver } from "./geometry.js";

/** @import { Box, OtherTruth, Outline, Panel, TruthNote } from "./payload.d.ts" */

const DASHES = [7, 5]; // pixels drawn, pixels left out
const LETTERS = 12; // pixels high
const DARK = "rgba(0, 0, 0, 0.75)";

/** @type {WeakMap<Outline, Path2D>} closed lines, along which dashes can run */
const contours = new WeakMap();

/**
 * What lies where the strongest evidence of a finding's maps is, each thing once.
 * @param {Panel[]} panels
 * @param {{name: string}} finding
 * @returns {OtherTruth[]}
 */
export function othersOf(panels, finding) {
  const others = panels.flatMap(({ captions }) => captions?.[finding.name]?.truth_note?.others ?? []);
  return [...new Map(others.map((other) => [other.name, other])).values()];
}

/**
 * Say it below a map, and offer the twins without the other findings but for those that it lacks already.
 * @param {HTMLElement} node
 * @param {TruthNote | null | undefined} note
 * @param {string[]} without what the twin that is shown lacks
 */
export function showTruthNote(node, note, without) {
  const line = find(node, ".truth-note");
  const offered = (note?.others ?? []).filter(({ name, has_twin }) => has_twin && !without.includes(name));
  line.hidden = !note;
  const told = JSON.stringify([note?.sentence, offered]);
  if (line.dataset.told === told) return; // a button stays the same one while it offers the same: it may have the focus
  line.dataset.told = told;
  const hadFocus = line.matches(":focus-within");
  line.replaceChildren(
    note?.sentence ?? "",
    ...offered.flatMap(({ name, label }) => [
      " ",
      element("button", { type: "button", "data-other": name }, `Twin without ${label}`),
    ]),
  );
  if (hadFocus) giveFocus(find(node, ".stage canvas"));
}

/**
 * Call `show(name)` when a visitor asks for a twin.
 * @param {HTMLElement} root
 * @param {(other: string) => void} show
 */
export function bindTwin(root, show) {
  root.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest(".truth-note button");
    if (button instanceof HTMLButtonElement) show(button.dataset.other);
  });
}

/**
 * Draw the outline of what lies elsewhere, or its boxes, dashed on a dark edge, with its name above or below.
 * @param {CanvasRenderingContext2D} context
 * @param {{outline: Outline | undefined, boxes: Box[], film: Box, other: OtherTruth, below: boolean, ratio: number}} where
 */
export function drawDashed(context, { outline, boxes, film, other, below, ratio }) {
  context.save();
  context.setLineDash(DASHES.map((length) => length * ratio));
  for (const stroke of [{ width: 4 * ratio, color: DARK }, { width: 2 * ratio, color: other.color }]) {
    if (outline) strokeOver(context, contourOf(outline), outline.shape, film, stroke);
    context.lineWidth = stroke.width;
    context.strokeStyle = stroke.color;
    for (const { left, top, width, height } of boxes) context.strokeRect(left, top, width, height);
  }
  context.restore();
  const places = [...boxes, ...(outline ? [bounds(outline, film)] : [])];
  if (places.length) drawName(context, other, places[0], below, ratio);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {OtherTruth} other
 * @param {Box} place
 * @param {boolean} below
 * @param {number} ratio
 */
function drawName(context, { label, color }, { left, top, width, height }, below, ratio) {
  context.save();
  context.font = `600 ${LETTERS * ratio}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "bottom";
  context.lineJoin = "round";
  const half = context.measureText(label).width / 2 + 2 * ratio;
  const { canvas } = context;
  const x = Math.min(Math.max(left + width / 2, half), canvas.width - half);
  const y = Math.min(Math.max(below ? top + height + (LETTERS + 4) * ratio : top - 4 * ratio, (LETTERS + 2) * ratio), canvas.height - 2 * ratio);
  context.lineWidth = 4 * ratio;
  context.strokeStyle = DARK;
  context.strokeText(label, x, y);
  context.fillStyle = color;
  context.fillText(label, x, y);
  context.restore();
}

/**
 * The box around an outline, in the pixels of a panel on which the film stands.
 * @param {Outline} outline
 * @param {Box} film
 * @returns {Box}
 */
function bounds({ values, shape: [rows, columns] }, film) {
  let [left, top, right, bottom] = [columns, rows, 0, 0];
  values.forEach((/** @type {number} */ value, /** @type {number} */ i) => {
    if (!value) return;
    const [row, column] = [Math.floor(i / columns), i % columns];
    left = Math.min(left, column);
    right = Math.max(right, column + 1);
    top = Math.min(top, row);
    bottom = Math.max(bottom, row + 1);
  });
  const [wide, high] = [film.width / columns, film.height / rows];
  return { left: film.left + left * wide, top: film.top + top * high, width: (right - left) * wide, height: (bottom - top) * high };
}

/**
 * The outline as closed lines: dashes begin again with every line, and the lines of `boundaries` are a pixel long.
 * @param {Outline} outline
 */
function contourOf(outline) {
  if (!contours.has(outline)) contours.set(outline, contourPath(outline.values, outline.shape));
  return contours.get(outline);
}

/**
 * Walk round everything that is not 0, with it on the right hand; in pixel units.
 * @param {ArrayLike<number>} values
 * @param {number[]} shape
 */
export function contourPath(values, [rows, columns]) {
  /** @param {number} row @param {number} column */
  const inside = (row, column) => row >= 0 && column >= 0 && row < rows && column < columns && values[row * columns + column];
  const across = columns + 1;
  /** @type {Map<number, number[]>} from a corner of a pixel to those that a side of the edge leads to */
  const sides = new Map();
  /** @param {number} from @param {number} to */
  const add = (from, to) => sides.set(from, [...(sides.get(from) ?? []), to]);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (!inside(row, column)) continue;
      const corner = row * across + column;
      if (!inside(row - 1, column)) add(corner, corner + 1);
      if (!inside(row, column + 1)) add(corner + 1, corner + across + 1);
      if (!inside(row + 1, column)) add(corner + across + 1, corner + across);
      if (!inside(row, column - 1)) add(corner + across, corner);
    }
  }
  const path = new Path2D();
  for (const [start, ends] of sides) {
    while (ends.length) {
      path.moveTo(start % across, Math.floor(start / across));
      let corner = start;
      do {
        corner = sides.get(corner).pop();
        path.lineTo(corner % across, Math.floor(corner / across));
      } while (corner !== start);
      path.closePath();
    }
  }
  return path;
}
