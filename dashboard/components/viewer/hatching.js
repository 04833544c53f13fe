// @ts-check
// Thin lines over the pieces of a map of which nobody knows whether they speak for the finding or against it. They fall
// to the right, where stripes rise; the renderer in Python draws the same for files.

import { painted } from "./evidence.js";

/** @import { Panel, Pixels, Scale } from "./payload.d.ts" */
/** @import { Pattern } from "./stripes.js" */

/** @type {Pattern} */
export const HATCHING = {
  apart: 11,
  falls: true,
  lines: [{ color: "rgba(0, 0, 0, 0.45)", width: 2 }, { color: "rgba(255, 255, 255, 0.65)", width: 0.8 }],
};

/**
 * Whether a map may be hatched: not known before it is there, and of some methods nobody knows how sure a sign is.
 * @param {Pick<Panel, "picture" | "maps" | "unsure">[]} panels
 */
export function mayBeHatched(panels) {
  return panels.some(({ picture, maps, unsure }) => !picture && (!maps || unsure));
}

/**
 * Whether a finding's map is shown anywhere where its sign is not sure.
 * @param {Panel} panel
 * @param {number} index
 * @param {Pixels} map
 * @param {Scale} scale
 */
export function isHatched({ unsure, pieces }, index, { values }, { weakest }) {
  if (!unsure || !pieces) return false;
  const own = unsureOf(unsure, index);
  for (let i = 0; i < values.length; i++) {
    if (isUnsure(values[i], weakest, own[pieces.values[i]])) return true;
  }
  return false;
}

/**
 * Where a finding's map is shown and its sign is not sure, as a canvas in the map's own pixels; undefined for nowhere.
 * @param {Panel} panel
 * @param {number} index
 * @param {Pixels} map
 * @param {Scale} scale
 */
export function unsureMask(panel, index, map, scale) {
  if (!isHatched(panel, index, map, scale)) return undefined;
  const { values, shape } = map;
  const unsure = unsureOf(panel.unsure, index);
  return painted(shape, (pixels) => {
    for (let i = 0; i < values.length; i++) {
      if (isUnsure(values[i], scale.weakest, unsure[panel.pieces.values[i]])) pixels[4 * i + 3] = 255;
    }
  });
}

/**
 * @param {number} value
 * @param {number} weakest
 * @param {number} unsure
 */
const isUnsure = (value, weakest, unsure) => Boolean(unsure) && value !== 0 && Math.abs(value) >= weakest;

/**
 * @param {Pixels} unsure
 * @param {number} index
 */
function unsureOf({ values, shape: [, pieces] }, index) {
  return values.subarray(index * pieces, (index + 1) * pieces);
}
