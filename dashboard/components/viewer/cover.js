// @ts-check
// What a model saw in place of hidden parts, laid over the film, and the outline of a part of the model's input.

import { STEPS } from "./areas.js";
import { WindowedPicture } from "./film.js";
import { boundaries, strokeOver } from "./geometry.js";

/** @import { Area } from "./areas.js" */
/** @import { Display, Hidden, Pixels, Place } from "./payload.d.ts" */

export class Cover {
  constructor() {
    this.windowed = new WindowedPicture();
    this.canvas = document.createElement("canvas");
    this.mask = document.createElement("canvas");
    /** @type {Hidden | null} */
    this.hidden = null;
  }

  /** @param {Hidden} hidden */
  put(hidden) {
    const { values, shape } = hidden.mask;
    const [rows, columns] = shape;
    this.hidden = hidden;
    this.path = boundaries(values, shape);
    for (const canvas of [this.canvas, this.mask]) {
      canvas.width = columns;
      canvas.height = rows;
    }
    const image = new ImageData(columns, rows);
    values.forEach((value, i) => (image.data[4 * i + 3] = value ? 255 : 0));
    this.mask.getContext("2d").putImageData(image, 0, 0);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {{isFilm: boolean, display: Display, place: Place}} on
   */
  draw(context, { isFilm, display, place: { box, ratio } }) {
    if (!this.hidden) return;
    if (isFilm) {
      const own = this.canvas.getContext("2d");
      own.globalCompositeOperation = "copy";
      own.drawImage(this.windowed.through(this.hidden.pixels, display), 0, 0);
      own.globalCompositeOperation = "destination-in";
      own.drawImage(this.mask, 0, 0);
      context.imageSmoothingEnabled = false;
      context.drawImage(this.canvas, box.left, box.top, box.width, box.height);
    }
    drawOutline(context, this.path, this.hidden.mask.shape, box, ratio);
  }
}

/**
 * The outline of some pixels of the model's input, to be seen on any film.
 * @param {CanvasRenderingContext2D} context
 * @param {Path2D} path
 * @param {number[]} shape
 * @param {Place["box"]} box
 * @param {number} ratio
 */
export function drawOutline(context, path, shape, box, ratio) {
  strokeOver(context, path, shape, box, { width: 3.5 * ratio, color: "rgba(0, 0, 0, 0.8)" });
  strokeOver(context, path, shape, box, { width: 1.5 * ratio, color: "#fff" });
}

/**
 * The outline of one piece of a map.
 * @param {Pixels} pieces
 * @param {number} piece
 */
export const outlineOf = ({ values, shape }, piece) =>
  boundaries(Uint8Array.from(values, (one) => Number(one === piece)), shape);

/**
 * Outline a part that is being drawn, or waited for.
 * @param {CanvasRenderingContext2D} context
 * @param {Area} area
 * @param {Place} place
 */
export function drawArea(context, { kind, steps }, { film, ratio }) {
  const x = (/** @type {number} */ step) => film.left + (step / STEPS) * film.width;
  const y = (/** @type {number} */ step) => film.top + (step / STEPS) * film.height;
  context.save();
  if (kind === "box") {
    const [left, top, right, bottom] = steps;
    for (const [width, color] of /** @type {[number, string][]} */ ([[3, "#000"], [1, "#fff"]])) {
      context.lineWidth = width * ratio;
      context.strokeStyle = color;
      context.strokeRect(x(left), y(top), x(right) - x(left), y(bottom) - y(top));
    }
  }
  if (kind === "brush") {
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = 2 * (steps[0] / STEPS) * Math.max(film.width, film.height);
    context.strokeStyle = "rgba(255, 255, 255, 0.45)";
    context.beginPath();
    context.moveTo(x(steps[1]), y(steps[2]));
    for (let i = 1; i < steps.length; i += 2) context.lineTo(x(steps[i]), y(steps[i + 1]));
    context.stroke();
  }
  context.restore();
}
