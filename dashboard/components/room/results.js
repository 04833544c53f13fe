// @ts-check
// The answers of a room, by kind of question: bars, a distribution, and a heat map of where people pointed.

import { shape } from "../shared/svg.js";

/** @import { Held } from "../phone/phone.d.ts" */

const WIDTH = 640;
const HEIGHT = 200;
const FOOT = 24; // for the labels below
const BLUR = 1.2; // cells of the grid: standard deviation of each point in the heat map of people

/** @type {Record<string, (place: HTMLElement, held: Held, title: string) => void>} */
export const CHARTS = { where: showMap, which: showBars, guess: showDistribution, contest: showTold, forward: showTold };

/** Words and a table that the server wrote of what was counted. @param {HTMLElement} place @param {Held} held */
function showTold(place, { counts }) {
  const told = counts.lines.map((/** @type {string} */ line) => Object.assign(document.createElement("p"), { className: "line", textContent: line }));
  const table = document.createElement("table");
  counts.table?.forEach((/** @type {string[]} */ cells, /** @type {number} */ index) => {
    const row = table.insertRow();
    for (const cell of cells) row.append(Object.assign(document.createElement(index ? "td" : "th"), { textContent: cell }));
  });
  place.replaceChildren(...(counts.table?.length ? [table] : []), ...told);
}

/** @param {HTMLElement} place @param {Held} held */
function showBars(place, { counts, question }) {
  /** @type {string[]} */
  const choices = question.settings.choices;
  const most = Math.max(...counts.counts, 1);
  if (place.childElementCount !== choices.length) {
    place.innerHTML = choices.map(() => '<div class="bar"><span class="name"></span><span class="track"><span class="fill"></span></span><span class="number"></span></div>').join("");
    place.querySelectorAll(".fill").forEach((fill) => (/** @type {HTMLElement} */ (fill).style.cssText = "display: block; width: 0"));
  }
  requestAnimationFrame(() =>
    Array.from(place.children).forEach((bar, index) => {
      bar.querySelector(".name").textContent = choices[index];
      bar.querySelector(".number").textContent = counts.counts[index];
      /** @type {HTMLElement} */ (bar.querySelector(".fill")).style.width = `${(100 * counts.counts[index]) / most}%`;
    }),
  );
}

/** @param {HTMLElement} place @param {Held} held */
function showDistribution(place, { counts, view }) {
  /** @type {number[]} */
  const bins = counts.counts;
  const most = Math.max(...bins, 1);
  const inner = HEIGHT - FOOT - 20;
  const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  const across = (/** @type {number} */ percent) => (WIDTH * percent) / 100;
  bins.forEach((count, index) => {
    const height = (inner * count) / most;
    const x = across(index * counts.width);
    svg.append(shape("rect", { x: x + 1, y: 20 + inner - height, width: across(counts.width) - 2, height }));
    if (count) svg.append(shape("text", { x: x + across(counts.width) / 2, y: 15 + inner - height, "text-anchor": "middle" }, String(count)));
  });
  for (const [percent, anchor] of /** @type {[number, string][]} */ ([[0, "start"], [25, "middle"], [50, "middle"], [75, "middle"], [100, "end"]])) {
    svg.append(shape("text", { x: across(percent), y: HEIGHT - 6, "text-anchor": anchor }, `${percent} %`));
  }
  const share = view.share ?? null;
  const words = share === null ? "" : `The model says ${Math.round(100 * share)} %`;
  if (share !== null) {
    const x = across(100 * share);
    svg.append(shape("line", { x1: x, x2: x, y1: 0, y2: 20 + inner }));
    const isRight = share > 0.5;
    svg.append(shape("text", { x: x + (isRight ? -6 : 6), y: 12, "text-anchor": isRight ? "end" : "start" }, words));
  }
  const heard = bins.map((count, index) => (count ? `${count} from ${index * counts.width} %` : "")).filter(Boolean);
  svg.setAttribute("aria-label", `Guesses: ${heard.join(", ") || "none"}. ${words}`);
  place.replaceChildren(svg);
}

/** The heat map lies over the film, beside the maps and the truth. @param {HTMLElement} place @param {Held} held */
function showMap(place, { counts }) {
  place.textContent = counts.answers ? "Where people pointed lies over the first film below, beside the maps and the truth." : "Nobody has pointed anywhere.";
}

/**
 * Draw where people pointed over a picture: the brighter, the more of them.
 * @param {HTMLElement} pad
 * @param {Record<string, any>} counts
 */
export function drawPeople(pad, { side, cells }) {
  const canvas = pad.querySelector("canvas") ?? pad.appendChild(document.createElement("canvas"));
  const size = 4 * side;
  canvas.width = canvas.height = size;
  canvas.setAttribute("aria-hidden", "true");
  const density = densityOf(side, cells, size);
  const most = Math.max(...density, 1e-9);
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(size, size);
  density.forEach((value, index) => {
    const share = value / most;
    image.data.set([255, Math.round(235 * share), Math.round(60 * share * share), Math.round(215 * Math.min(1.6 * share, 1))], 4 * index);
  });
  pen.putImageData(image, 0, 0);
}

/** @param {number} side @param {[number, number, number][]} cells @param {number} size */
function densityOf(side, cells, size) {
  const density = new Float32Array(size * size);
  const scale = side / size;
  for (const [row, column, count] of cells) {
    for (let y = 0; y < size; y++) {
      const down = (y + 0.5) * scale - row - 0.5;
      if (Math.abs(down) > 4 * BLUR) continue;
      for (let x = 0; x < size; x++) {
        const right = (x + 0.5) * scale - column - 0.5;
        if (Math.abs(right) <= 4 * BLUR) density[y * size + x] += count * Math.exp(-(down * down + right * right) / (2 * BLUR * BLUR));
      }
    }
  }
  return density;
}
