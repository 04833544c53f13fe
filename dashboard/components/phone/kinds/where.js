// @ts-check
// Where on the film: a tap, or a cross that arrow keys move.

import { shape } from "../../shared/svg.js";

/** @import { Asked } from "../phone.d.ts" */

const STEP = 0.02; // of the film's side, for a key
const CROSS = "M18 2v12M18 22v12M2 18h12M22 18h12";
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {HTMLElement} pad */
function crossOn(pad) {
  const known = pad.querySelector(".cross");
  if (known) return /** @type {HTMLElement | SVGElement} */ (known);
  const cross = shape("svg", { class: "cross", viewBox: "0 0 36 36", "aria-hidden": "true" });
  cross.append(shape("path", { class: "edge", d: CROSS }), shape("path", { d: CROSS }));
  pad.append(cross);
  return cross;
}

/** @param {HTMLElement} pad @param {[number, number]} point */
function put(pad, [x, y]) {
  const cross = crossOn(pad);
  cross.style.left = `${100 * x}%`;
  cross.style.top = `${100 * y}%`;
  pad.dataset.at = JSON.stringify([x, y]);
}

/** @param {number} value */
const inside = (value) => Math.min(Math.max(value, 0), 1);

/** @type {import("../phone.d.ts").Kind} */
export const where = {
  /** @param {Asked} asked */
  show({ film, question, yours, send, tell }) {
    const pad = /** @type {HTMLElement | null} */ (film?.querySelector(".pad"));
    if (!pad) return;
    const isNew = pad.dataset.asked !== String(question.number);
    pad.dataset.asked = String(question.number);
    pad.classList.toggle("asks", !question.is_revealed);
    if (yours) put(pad, yours);
    if (question.is_revealed) return where.hide(film);
    if (isNew) {
      pad.tabIndex = 0;
      pad.setAttribute("role", "application");
      pad.setAttribute("aria-label", "The film. Arrow keys move a cross, Enter marks its place.");
    }
    pad.onclick = (event) => {
      const { left, top, width, height } = pad.getBoundingClientRect();
      send([inside((event.clientX - left) / width), inside((event.clientY - top) / height)]);
    };
    pad.onkeydown = (event) => {
      const at = /** @type {[number, number]} */ (JSON.parse(pad.dataset.at ?? "[0.5, 0.5]"));
      const [right, down] = ARROWS[event.key] ?? [0, 0];
      if (event.key === "Enter" || event.key === " ") send(at);
      else if (!right && !down) return;
      event.preventDefault();
      if (!right && !down) return;
      const by = event.shiftKey ? 5 * STEP : STEP;
      put(pad, [inside(at[0] + by * right), inside(at[1] + by * down)]);
      const [x, y] = JSON.parse(pad.dataset.at);
      tell(`The cross is ${Math.round(100 * x)} % from the left and ${Math.round(100 * y)} % from the top. Enter marks this place.`);
    };
  },
  /** @param {HTMLElement | null} film */
  hide(film) {
    const pad = /** @type {HTMLElement | null} */ (film?.querySelector(".pad"));
    if (!pad) return;
    pad.classList.remove("asks");
    pad.onclick = pad.onkeydown = null;
    for (const name of ["tabindex", "role", "aria-label"]) pad.removeAttribute(name);
  },
  said: "Your place was counted. You may mark another.",
  asks: "Tap the film where you would look.",
};
