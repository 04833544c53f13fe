// @ts-check
// Parts of a film in a few letters, as dashboard/compare/areas.py reads them: box-1a2b9cff.brush-081a2b.lime-4050, two
// hexadecimal digits for each place, steps of a 255th of the film's width or height.

import { clamp } from "./geometry.js";

/** @import { Pixels, Rectangle } from "./payload.d.ts" */

/** @typedef {{kind: string, steps: number[]}} Area what it is, and its places in steps */

export const STEPS = 255;
export const LONGEST = 1200; // characters

/** @param {Area[]} areas */
export const writeAreas = (areas) =>
  areas.map(({ kind, steps }) => `${kind}-${steps.map((step) => step.toString(16).padStart(2, "0")).join("")}`).join(".");

/**
 * @param {string} text
 * @returns {Area[]}
 */
export function readAreas(text) {
  if (!text) return [];
  return text.split(".").map((part) => {
    const [kind, digits] = part.split("-");
    return { kind, steps: (digits.match(/../g) ?? []).map((two) => parseInt(two, 16)) };
  });
}

/** @param {number} share of the film's width or height */
export const toStep = (share) => Math.round(STEPS * clamp(share, 0, 1));

/**
 * A rectangle between two corners, in shares of the film; at least a step wide and high.
 * @param {number[]} one
 * @param {number[]} other
 * @returns {Area}
 */
export function boxBetween(one, other) {
  const [left, right] = [toStep(Math.min(one[0], other[0])), toStep(Math.max(one[0], other[0]))];
  const [top, bottom] = [toStep(Math.min(one[1], other[1])), toStep(Math.max(one[1], other[1]))];
  const [x, y] = [Math.min(left, STEPS - 1), Math.min(top, STEPS - 1)];
  return { kind: "box", steps: [x, y, Math.max(right, x + 1), Math.max(bottom, y + 1)] };
}

/**
 * Lead a brush on to a point; one that is too near to the last to matter is left out, so that links stay short.
 * @param {Area} stroke
 * @param {number[]} place in shares of the film
 */
export function paintOn({ steps }, place) {
  const [x, y] = place.map(toStep);
  const far = Math.hypot(x - steps[steps.length - 2], y - steps[steps.length - 1]);
  if (steps.length < 3 || far >= Math.max(2, steps[0] / 2)) steps.push(x, y);
}

/**
 * Which pixel of the model's input lies under a place of the film; -1 where it sees nothing of it.
 * @param {number[]} place in shares of the film
 * @param {Rectangle} rect
 * @param {number[]} shape
 */
export function pixelUnder([x, y], [x0, y0, x1, y1], [rows, columns]) {
  const row = Math.min(Math.floor(((y - y0) / (y1 - y0)) * rows), y === 1 ? rows - 1 : Infinity);
  const column = Math.min(Math.floor(((x - x0) / (x1 - x0)) * columns), x === 1 ? columns - 1 : Infinity);
  return row >= 0 && row < rows && column >= 0 && column < columns ? row * columns + column : -1;
}

/**
 * A place on a piece of a map, in steps, that is surely on that piece; null where no step lies on it.
 * @param {Pixels} pieces
 * @param {number} piece
 * @param {Rectangle} rect
 * @returns {number[] | null}
 */
export function stepOn({ values, shape }, piece, rect) {
  const [rows, columns] = shape;
  for (let i = 0; i < values.length; i++) {
    if (values[i] !== piece) continue;
    const x = toStep(rect[0] + ((i % columns) + 0.5) * ((rect[2] - rect[0]) / columns));
    const y = toStep(rect[1] + (Math.floor(i / columns) + 0.5) * ((rect[3] - rect[1]) / rows));
    if (values[pixelUnder([x / STEPS, y / STEPS], rect, shape)] === piece) return [x, y];
  }
  return null;
}
