// @ts-check
// Places on the screen. The reading field is a square that every panel shows the same part of;
// the film stands in its middle as large as it fits. Field units: fractions of the square's side.

/** @import { Box, Rectangle } from "./payload.d.ts" */

const ZOOM_MAX = 16;

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** The part of the field that all panels show. */
export class View {
  constructor() {
    this.reset();
  }

  reset() {
    this.zoom = 1;
    this.left = 0;
    this.top = 0;
  }

  /**
   * Zoom so that the point (x, y), in fractions of the panel, stays where it is.
   * @param {number} factor
   * @param {number} x
   * @param {number} y
   */
  zoomAt(factor, x, y) {
    const fieldX = this.left + x / this.zoom;
    const fieldY = this.top + y / this.zoom;
    this.zoom = clamp(this.zoom * factor, 1, ZOOM_MAX);
    this.moveTo(fieldX - x / this.zoom, fieldY - y / this.zoom);
  }

  /**
   * Move the film by (dx, dy), in fractions of the panel.
   * @param {number} dx
   * @param {number} dy
   */
  panBy(dx, dy) {
    this.moveTo(this.left - dx / this.zoom, this.top - dy / this.zoom);
  }

  /**
   * @param {number} left
   * @param {number} top
   */
  moveTo(left, top) {
    const room = 1 - 1 / this.zoom;
    this.left = clamp(left, 0, room);
    this.top = clamp(top, 0, room);
  }

  /**
   * A box of the field, in pixels of a panel `size` pixels wide.
   * @param {Box} box
   * @param {number} size
   * @returns {Box}
   */
  toPixels(box, size) {
    const scale = this.zoom * size;
    return {
      left: (box.left - this.left) * scale,
      top: (box.top - this.top) * scale,
      width: box.width * scale,
      height: box.height * scale,
    };
  }
}

/**
 * Where a film of this many rows and columns stands in the field.
 * @param {number[]} shape
 * @returns {Box}
 */
export function filmBox([rows, columns]) {
  const longest = Math.max(rows, columns);
  const width = columns / longest;
  const height = rows / longest;
  return { left: (1 - width) / 2, top: (1 - height) / 2, width, height };
}

/**
 * A rectangle [x0, y0, x1, y1] in fractions of the film, as a box of the field.
 * @param {Rectangle} rectangle
 * @param {Box} film
 * @returns {Box}
 */
export function boxOnFilm([x0, y0, x1, y1], film) {
  return {
    left: film.left + x0 * film.width,
    top: film.top + y0 * film.height,
    width: (x1 - x0) * film.width,
    height: (y1 - y0) * film.height,
  };
}

/**
 * The lines between neighbouring pixels of different value, as a path in pixel units.
 * @param {ArrayLike<number>} values
 * @param {number[]} shape
 */
export function boundaries(values, [rows, columns]) {
  const path = new Path2D();
  /**
   * @param {number} start
   * @param {number} end
   * @param {number} at
   * @param {boolean} vertical
   */
  const draw = (start, end, at, vertical) => {
    if (vertical) {
      path.moveTo(at, start);
      path.lineTo(at, end);
    } else {
      path.moveTo(start, at);
      path.lineTo(end, at);
    }
  };
  /**
   * @param {number} lines
   * @param {number} length
   * @param {(line: number, i: number) => boolean} differs
   * @param {boolean} vertical
   */
  const scan = (lines, length, differs, vertical) => {
    for (let line = 1; line < lines; line++) {
      let start = -1;
      for (let i = 0; i <= length; i++) {
        const edge = i < length && differs(line, i);
        if (edge && start < 0) start = i;
        if (!edge && start >= 0) {
          draw(start, i, line, vertical);
          start = -1;
        }
      }
    }
  };
  scan(rows, columns, (r, c) => values[r * columns + c] !== values[(r - 1) * columns + c], false);
  scan(columns, rows, (c, r) => values[r * columns + c] !== values[r * columns + c - 1], true);
  return path;
}

/**
 * Stroke a path given in the pixels of an array that fills `box`, with a line of even width.
 * @param {CanvasRenderingContext2D} context
 * @param {Path2D} path
 * @param {number[]} shape
 * @param {Box} box
 * @param {{width: number, color: string}} stroke
 */
export function strokeOver(context, path, [rows, columns], box, stroke) {
  const placed = new Path2D();
  placed.addPath(path, new DOMMatrix([box.width / columns, 0, 0, box.height / rows, box.left, box.top]));
  context.lineWidth = stroke.width;
  context.strokeStyle = stroke.color;
  context.stroke(placed);
}
