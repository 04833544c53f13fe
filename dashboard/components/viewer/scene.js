// @ts-check
// The picture that all panels share: the film once, then on each panel its evidence and the truth.

import { element, find } from "./dom.js";
import { drawDashed, othersOf } from "./elsewhere.js";
import { WindowedPicture } from "./film.js";
import { boxOnFilm, filmBox, strokeOver } from "./geometry.js";

/** @import { Answered, Box, Data, Display, Drawing, OtherTruth, Place } from "./payload.d.ts" */

const SURROUND = "#060606";

/** @typedef {{node: HTMLElement, canvas: HTMLCanvasElement, draw(context: CanvasRenderingContext2D, drawing: Drawing, place: Place): void}} Drawn */

/** @typedef {(context: CanvasRenderingContext2D, on: {isFilm: boolean, display: Display, place: Place}) => void} Mark */

export class Scene {
  /** @param {import("./geometry.js").View} view */
  constructor(view) {
    this.view = view;
    this.base = document.createElement("canvas");
    this.pictures = { film: new WindowedPicture(), input: new WindowedPicture() };
  }

  /**
   * Draw every panel; each lays what is its own over the film.
   * @param {{data: Data, display: Display, index: number, panels: Drawn[], marks?: Mark[]}} shown
   */
  draw({ data, display, index, panels, marks = [] }) {
    const finding = data.findings[index];
    const ratio = window.devicePixelRatio || 1;
    const size = Math.round(panels[0].canvas.clientWidth * ratio);
    if (!size) return;
    const field = filmBox(data.pixels.shape);
    const film = this.view.toPixels(field, size);
    const input = this.view.toPixels(boxOnFilm(data.rect, field), size);
    const others = finding ? othersOf(data.panels, finding) : [];
    this.drawBase(size, film, input, data, display);
    for (const panel of panels) {
      const context = sized(panel.canvas, size);
      context.drawImage(this.base, 0, 0);
      panel.draw(context, { index, display, luts: data.luts }, { box: input, film, size, ratio });
      if (finding) this.drawTruth(context, { data, finding, field, film, size, ratio });
      others.forEach((other, index) => this.drawElsewhere(context, { data, other, index, field, film, size, ratio }));
      const place = { box: input, film, size, ratio };
      for (const mark of marks) mark(context, { isFilm: panel === panels[0], display, place });
      showSides(panel.node, data.sides, film, size, ratio);
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
   * Boxes and outlines in the finding's colour on a dark edge, to be seen on any film; none while they are hidden.
   * @param {CanvasRenderingContext2D} context
   * @param {{data: Data, finding: Answered, field: Box} & Omit<Place, "box">} where
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

  /**
   * The truth of another finding, on which a map's strongest evidence lies: dashed, with its name.
   * @param {CanvasRenderingContext2D} context
   * @param {{data: Data, other: OtherTruth, index: number, field: Box} & Omit<Place, "box">} where
   */
  drawElsewhere(context, { data, other, index, field, film, size, ratio }) {
    const boxes = (data.truth?.[other.name] ?? []).map((rect) => this.view.toPixels(boxOnFilm(rect, field), size));
    drawDashed(context, { outline: data.outlines[other.name], boxes, film, other, below: index > 0, ratio });
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
 * The patient's sides stand at the film's edges.
 * @param {HTMLElement} node
 */
export function addSides(node) {
  for (const name of ["side", "side"]) find(node, ".stage").append(element("span", { class: name, "aria-hidden": "true" }));
}

/**
 * R and L, where it is known which is which; elsewhere the film's panel says that it is not.
 * @param {HTMLElement} node
 * @param {Data["sides"]} sides
 * @param {Box} film
 * @param {number} size
 * @param {number} ratio
 */
function showSides(node, sides, film, size, ratio) {
  const [first, second] = Array.from(node.querySelectorAll(".side"), (side) => /** @type {HTMLElement} */ (side));
  const unknown = node.classList.contains("film") ? "side not known" : "";
  [first.textContent, second.textContent] = sides ?? [unknown, ""];
  first.style.left = `${Math.max(0, film.left) / ratio + 6}px`;
  second.style.right = `${Math.max(0, size - film.left - film.width) / ratio + 6}px`;
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
