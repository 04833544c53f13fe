// @ts-check
// How evidence becomes colour. The renderer in Python follows the same rules:
//   range r    largest |map| of this finding, or of all findings of the method
//   colour     LUT[round(255 |map| / r)], signed: LUT[round(127.5 + 127.5 map / r)]
//   alpha      opacity · min(1, 2 |map| / r); 0 where map is 0 or |map| is among the weakest

/** @import { Display, Pixels, Scale } from "./payload.d.ts" */

const MINUS = "\u2212";
const NARROW = "\u202f"; // a narrow space that does not break a line

/**
 * Three significant digits, with a true minus sign.
 * @param {number} value
 */
function significant(value) {
  return String(Number(value.toPrecision(3))).replace("-", MINUS);
}

/** @param {ArrayLike<number>} values */
export function largestMagnitude(values) {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]));
  return largest;
}

/**
 * The q-th percentile of the non-zero magnitudes, linearly interpolated.
 * @param {Pixels["values"]} values
 * @param {number} q
 */
export function percentileOfMagnitude(values, q) {
  const sorted = values.filter((value) => value !== 0).map(Math.abs).sort();
  if (!sorted.length) return 0;
  const at = (q / 100) * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

/**
 * One finding's map of a (K, rows, columns) array; null where there is none.
 * @param {Pixels | null} stack
 * @param {number} index
 * @returns {Pixels | null}
 */
export function mapOfFinding(stack, index) {
  if (!stack) return null;
  const [, rows, columns] = stack.shape;
  const values = stack.values.subarray(index * rows * columns, (index + 1) * rows * columns);
  return { values, shape: [rows, columns] };
}

/**
 * A map in colour, its alpha for opacity 1, as a canvas in the map's own pixels.
 * @param {Pixels} map
 * @param {Scale} scale
 * @param {Uint8Array} lut
 */
export function colourMap({ values, shape }, { range, weakest, signed }, lut) {
  return painted(shape, (pixels) => {
    for (let i = 0; i < values.length; i++) {
      const magnitude = Math.abs(values[i]);
      if (magnitude === 0 || magnitude < weakest) continue;
      const share = Math.min(1, magnitude / range);
      const entry = Math.round(signed ? 127.5 + 127.5 * Math.sign(values[i]) * share : 255 * share);
      for (let channel = 0; channel < 3; channel++) pixels[4 * i + channel] = lut[3 * entry + channel];
      pixels[4 * i + 3] = Math.round(255 * Math.min(1, 2 * share));
    }
  });
}

/**
 * A canvas whose pixels are written by a function: four bytes each, red, green, blue and alpha, all 0 before.
 * @param {number[]} shape rows and columns
 * @param {(pixels: Uint8ClampedArray) => void} paint
 */
export function painted([rows, columns], paint) {
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  paint(image.data);
  context.putImageData(image, 0, 0);
  return canvas;
}

/**
 * The colour bar: the table from end to end, dark where the weakest is hidden.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} lut
 * @param {Scale} scale
 */
export function paintColourBar(canvas, lut, { range, weakest, signed }) {
  canvas.width = 256;
  canvas.height = 1;
  const context = canvas.getContext("2d");
  const image = context.createImageData(256, 1);
  for (let i = 0; i < 256; i++) {
    const magnitude = signed ? Math.abs(i - 127.5) / 127.5 : i / 255;
    const hidden = range === 0 || magnitude * range < weakest;
    for (let channel = 0; channel < 3; channel++) {
      image.data[4 * i + channel] = hidden ? 24 : lut[3 * i + channel];
    }
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/**
 * The numbers at the two ends of the bar.
 * @param {Scale} scale
 * @param {string} unit
 */
export function endLabels({ range, signed }, unit) {
  if (range === 0) return ["no evidence", ""];
  const end = significant(range);
  return signed ? [`${MINUS}${end}`, `+${end} ${unit}`.trim()] : ["0", `${end} ${unit}`.trim()];
}

/**
 * The normalisation rule in words.
 * @param {Scale} scale
 * @param {Display} display
 * @param {{unit: string, findings: number, form: string, isHeld?: boolean}} about
 */
export function ruleInWords({ range, signed, empty }, display, { unit, findings, form, isHeld }) {
  if (range === 0) return "The map is zero everywhere: there is no evidence to colour.";
  const end = significant(range);
  const whose = isHeld ? "follows only large changes while the map sharpens" : display.scale === "all" ? `the largest of all ${findings} findings` : "this map's own maximum";
  const parts = [
    `${`Colour: ${signed ? `${MINUS}${end} to +${end}` : `0 to ${end}`} ${unit}`.trim()}, ${whose}`,
    `${Math.round(100 * display.opacity)}${NARROW}% opaque from half of it`,
  ];
  if (display.hide_weakest > 0) parts.push(`weakest ${Math.round(display.hide_weakest)}${NARROW}% hidden`);
  if (empty) parts.push("this finding's map is zero everywhere");
  if (form) parts.push(form);
  return `${parts.join("; ")}.`;
}
