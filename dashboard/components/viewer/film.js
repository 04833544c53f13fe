// @ts-check
// The film as grey values on a canvas, seen through a window, and the panel that shows it plain.

import { element, find } from "./dom.js";
import { verdict } from "./findings.js";
import { clamp } from "./geometry.js";

/** @import { Data, Display, Pixels, Telling } from "./payload.d.ts" */

/** @type {Record<number, number>} */
const PIXEL_MAX = { 1: 255, 2: 65535 };

/**
 * The grey (0..255) of every possible pixel value under a window.
 * @param {number} levels
 * @param {Pick<Display, "center" | "width" | "invert">} window
 */
function windowTable(levels, { center, width, invert }) {
  const table = new Uint8ClampedArray(levels + 1);
  const low = center - width / 2;
  for (let level = 0; level <= levels; level++) {
    const seen = clamp((level / levels - low) / width, 0, 1);
    table[level] = Math.round(255 * (invert ? 1 - seen : seen));
  }
  return table;
}

/** A (rows, columns) picture that is windowed again only when the picture or its window changes. */
export class WindowedPicture {
  constructor() {
    this.canvas = document.createElement("canvas");
    /** @type {Pixels | null} */
    this.array = null;
    this.window = "";
  }

  /**
   * @param {Pixels} array
   * @param {Display} display
   */
  through(array, display) {
    const window = `${display.center} ${display.width} ${display.invert}`;
    if (array === this.array && window === this.window) return this.canvas;
    const [rows, columns] = array.shape;
    const greys = windowTable(PIXEL_MAX[array.values.BYTES_PER_ELEMENT], display);
    if (array !== this.array) {
      this.canvas.width = columns;
      this.canvas.height = rows;
      this.image = new ImageData(columns, rows);
    }
    const pixels = new Uint32Array(this.image.data.buffer);
    for (let i = 0; i < pixels.length; i++) {
      // One opaque grey pixel: alpha, blue, green, red in a little-endian word.
      pixels[i] = (0xff000000 | (greys[array.values[i]] * 0x010101)) >>> 0;
    }
    this.canvas.getContext("2d").putImageData(this.image, 0, 0);
    this.array = array;
    this.window = window;
    return this.canvas;
  }
}

/**
 * The grey bar under the film: what a pixel of 0 to 1 looks like through the window.
 * @param {HTMLCanvasElement} canvas
 * @param {Display} display
 */
function paintGreyBar(canvas, display) {
  canvas.width = 256;
  canvas.height = 1;
  const context = canvas.getContext("2d");
  const image = context.createImageData(256, 1);
  windowTable(255, display).forEach((grey, i) => image.data.set([grey, grey, grey, 255], 4 * i));
  context.putImageData(image, 0, 0);
}

/** The first panel: the film without a map, and the window that holds for all panels. */
export class FilmPanel {
  /**
   * @param {HTMLElement} node
   * @param {(change: Partial<Display>) => void} change
   */
  constructor(node, change) {
    this.node = node;
    this.names = ""; // of the presets
    this.canvas = find(node, ".stage canvas", HTMLCanvasElement);
    this.presets = find(node, "select", HTMLSelectElement);
    this.presets.onchange = () => {
      const { center, width } = this.film.windows[Number(this.presets.value)];
      change({ center, width });
    };
  }

  /** @param {Data["film"]} film */
  receive(film) {
    this.film = film;
    this.canvas.setAttribute("aria-label", film.alt);
    this.node.querySelector(".subtitle").textContent = film.title;
    this.say("");
    const names = JSON.stringify(film.windows.map(({ name }) => name));
    if (names === this.names) return;
    this.names = names;
    const options = film.windows.map(({ name }, index) => element("option", { value: index }, name));
    this.presets.replaceChildren(...options, element("option", { value: "own", hidden: "" }, "Own window"));
  }

  /**
   * @param {Telling} telling
   * @param {number} boxes
   * @param {string | undefined} who who drew them, or its outline
   */
  showWords({ finding, display }, boxes, who) {
    this.showWindow(display);
    const what = boxes === 0 ? "outline is" : boxes === 1 ? "box is" : `${boxes} boxes are`;
    const drawn = boxes || who ? ` Its ${what} drawn on the film${who ? ` by ${who}` : ""}.` : "";
    this.node.querySelector(".verdict").textContent = `${finding.label}. ${verdict(finding)}${drawn}`;
  }

  /** @param {Display} display */
  showWindow(display) {
    /**
     * @param {number} a
     * @param {number} b
     */
    const near = (a, b) => Math.abs(a - b) < 0.005;
    const preset = this.film.windows.findIndex(
      ({ center, width }) => near(center, display.center) && near(width, display.width),
    );
    this.presets.value = preset < 0 ? "own" : String(preset);
    paintGreyBar(find(this.node, ".scale canvas", HTMLCanvasElement), display);
  }

  /** @param {string} notice */
  say(notice) {
    this.node.querySelector(".notice").textContent = notice;
  }

  /** The film alone. */
  draw() {}
}
