// @ts-check
// Lines over whatever lowers the logit, so that a map keeps its sign where colours do not: printed in grey, or seen by
// an eye that does not tell them apart. They fade as the colours do where there is little evidence.

import { painted } from "./evidence.js";

/** @import { Pixels, Place, Scale } from "./payload.d.ts" */

/** @typedef {{apart: number, falls: boolean, lines: {color: string, width: number}[]}} Pattern in pixels of the screen */

/** @type {Pattern} to be seen on any grey */
const STRIPES = {
  apart: 7,
  falls: false,
  lines: [{ color: "rgba(0, 0, 0, 0.9)", width: 2.2 }, { color: "rgba(255, 255, 255, 0.9)", width: 0.9 }],
};

/**
 * Whether a map is shown anywhere where it lowers the logit.
 * @param {Pixels} map
 * @param {Scale} scale
 */
export function isStriped({ values }, { weakest }) {
  return values.some((/** @type {number} */ value) => lowers(value, weakest));
}

/**
 * @param {number} value
 * @param {number} weakest
 */
const lowers = (value, weakest) => value < 0 && -value >= weakest;

/**
 * Where a map lowers the logit, as a canvas in the map's own pixels whose alpha says how much.
 * @param {Pixels} map
 * @param {Scale} scale
 */
export function loweringMask({ values, shape }, { range, weakest }) {
  return painted(shape, (pixels) => {
    for (let i = 0; i < values.length; i++) {
      if (lowers(values[i], weakest)) pixels[4 * i + 3] = Math.round(255 * Math.min(1, (2 * -values[i]) / range));
    }
  });
}

/**
 * Draw lines where a mask is.
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLCanvasElement} mask
 * @param {Place} place
 * @param {Pattern} pattern
 */
export function drawStripes(context, mask, { box, ratio }, { apart, falls, lines: strokes } = STRIPES) {
  const { width, height } = context.canvas;
  const lines = new OffscreenCanvas(width, height).getContext("2d");
  const path = new Path2D();
  for (let x = -height; x < width; x += apart * ratio) {
    path.moveTo(x, falls ? 0 : height);
    path.lineTo(x + height, falls ? height : 0);
  }
  for (const line of strokes) {
    lines.strokeStyle = line.color;
    lines.lineWidth = line.width * ratio;
    lines.stroke(path);
  }
  lines.globalCompositeOperation = "destination-in";
  lines.imageSmoothingEnabled = context.imageSmoothingEnabled;
  lines.drawImage(mask, box.left, box.top, box.width, box.height);
  context.drawImage(lines.canvas, 0, 0);
}
