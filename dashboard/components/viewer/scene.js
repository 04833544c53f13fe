// @ts-check
// The picture that all panels share: the film once, then on each panel its evidence and the truth.

import { element, find } from "./dom.js";
import { WindowedPicture } from "./film.js";
import { boxOnFilm, filmBox, strokeOver } from "./geometry.js";

/** @import { Box, Data, Display, Drawing, Finding, Place } from "./payload.d.ts" */

const SURROUND = "#060606";

/** @typedef {{node: HTMLElement, canvas: HTMLCanvasElement, draw(context: CanvasRenderingContext2D, drawing: Drawing, place: Place): void}} Drawn */

export class Scene {
  /** @param {import("./geometry.js").View} view */
  constructor(view) {
    this.view = view;
    this.base = document.createElement("canvas");
    this.pictures = { film: new WindowedPicture(), input: new WindowedPicture() };
  }

  /**
   * Draw every panel; each lays what is its own over the film.
   * @param {{data: Data, display: Display, index: number, panels: Drawn[]}} shown
   */
  draw({ data, display, index, panels }) {
    const finding = data.findings[index];
    const ratio = window.devicePixelRatio || 1;
    const size = Math.round(panels[0].canvas.clientWidth * ratio);
    if (!size) return;
    const field = filmBox(data.pixels.shape);
    const film = this.view.toPixels(field, size);
    const input = this.view.toPixels(boxOnFilm(data.rect, field), size);
    this.drawBase(size, film, input, data, display);
    for (const panel of panels) {
      const context = sized(panel.canvas, size);
      context.drawImage(this.base, 0, 0);
      panel.draw(context, { index, display, luts: data.luts }, { box: input, film, size, ratio });
      if (display.truth) this.drawTruth(context, { data, finding, field, film, size, ratio });
      placeSides(panel.node, film, size, ratio);
    }
  }

  /**
   * @param {number} size
   * @param {Box} film
   * @param {Box} input
   * @param {Data} data
   * @param {Display} display
   */
  drawBase(size, film, input, data, display) {
    const context = sized(this.base, size);
    context.fillStyle = SURROUND;
    context.fillRect(0, 0, size, size);
    const asModel = display.picture === "input" && data.inputPixels;
    const picture = asModel
      ? this.pictures.input.through(data.inputPixels, display)
      : this.pictures.film.through(data.pixels, display);
    const place = asModel ? input : film;
    // The model's own pixels show as squares once they are large enough to be seen as such.
    context.imageSmoothingEnabled = !(asModel && place.width / picture.width >= 3);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, place.left, place.top, place.width, place.height);
  }

  /**
   * Boxes and outlines in the finding's colour on a dark edge, to be seen on any film.
   * @param {CanvasRenderingContext2D} context
   * @param {{data: Data, finding: Finding, field: Box} & Omit<Place, "box">} where
   */
  drawTruth(context, { data, finding, field, film, size, ratio }) {
    const strokes = [
      { width: 4 * ratio, color: "rgba(0, 0, 0, 0.75)" },
      { width: 2 * ratio, color: finding.color },
    ];
    const outline = data.outlines[finding.name];
    for (const stroke of strokes) {
      if (outline) strokeOver(context, outline.path, outline.shape, film, stroke);
      context.lineWidth = stroke.width;
      context.strokeStyle = stroke.color;
      for (const rect of data.truth?.[finding.name] ?? []) {
        const { left, top, width, height } = this.view.toPixels(boxOnFilm(rect, field), size);
        context.strokeRect(left, top, width, height);
      }
    }
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {number} size
 */
function sized(canvas, size) {
  if (canvas.width !== size || canvas.height !== size) canvas.width = canvas.height = size;
  return canvas.getContext("2d");
}

/**
 * R and L, which sides of the patient are shown, stand at the film's edges.
 * @param {HTMLElement} node
 */
export function addSides(node) {
  for (let edge = 0; edge < 2; edge++) find(node, ".stage").append(element("span", { class: "side", "aria-hidden": "true" }));
}

/**
 * Write which side is which; where nobody knows, the film says so.
 * @param {HTMLElement} node
 * @param {string} sides
 */
export function nameSides(node, sides) {
  const unknown = node.classList.contains("film") ? "side not known" : "";
  const words = sides ? [...sides] : [unknown, ""];
  node.querySelectorAll(".side").forEach((side, edge) => (side.textContent = words[edge]));
}

/**
 * @param {HTMLElement} node
 * @param {Box} film
 * @param {number} size
 * @param {number} ratio
 */
function placeSides(node, film, size, ratio) {
  const [right, left] = Array.from(node.querySelectorAll(".side"), (side) => /** @type {HTMLElement} */ (side));
  right.style.left = `${Math.max(0, film.left) / ratio + 6}px`;
  left.style.right = `${Math.max(0, size - film.left - film.width) / ratio + 6}px`;
}

/**
 * What the model did not see is a little darker.
 * @param {CanvasRenderingContext2D} context
 * @param {Omit<Place, "ratio">} place
 */
export function dimOutside(context, { box, film, size }) {
  const slack = 0.5;
  const covered =
    box.left <= film.left + slack &&
    box.top <= film.top + slack &&
    box.left + box.width >= film.left + film.width - slack &&
    box.top + box.height >= film.top + film.height - slack;
  if (covered) return;
  context.beginPath();
  context.rect(0, 0, size, size);
  context.rect(box.left, box.top, box.width, box.height);
  context.fillStyle = "rgba(0, 0, 0, 0.4)";
  context.fill("evenodd");
}
