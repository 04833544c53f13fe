// @ts-check
// What a pointer does on a panel when it draws, or points at a region of a map: all else is left to the canvas itself.

import { find } from "./dom.js";
import { STILL } from "./enlarge.js";
import { boxOnFilm, filmBox } from "./geometry.js";

/** @import { Behind } from "./behind.js" */
/** @import { Hand } from "./hand.js" */
/** @import { Data, Panel } from "./payload.d.ts" */
/** @import { View } from "./geometry.js" */

/**
 * Listen above a panel's canvas, so that a hand that draws moves no film.
 * @param {HTMLElement} node of the panel
 * @param {{hand: Hand, behind: Behind, view: View, data: () => Data | undefined, panel: () => Panel | null}} of
 */
export function bindPointing(node, { hand, behind, view, data, panel }) {
  const stage = find(node, ".stage");
  /** @type {number | null} the pointer that draws */
  let drawing = null;
  /** @type {{x: number, y: number} | null} where a pointer went down that may be a tap */
  let down = null;

  /** @param {PointerEvent} event */
  const place = (event) => {
    const { left, top, width } = stage.getBoundingClientRect();
    const film = boxOnFilm([0, 0, 1, 1], filmBox(data().pixels.shape));
    const x = view.left + (event.clientX - left) / width / view.zoom;
    const y = view.top + (event.clientY - top) / width / view.zoom;
    return [(x - film.left) / film.width, (y - film.top) / film.height];
  };
  /** @param {number[]} at */
  const isOnFilm = ([x, y]) => x >= 0 && x <= 1 && y >= 0 && y <= 1;
  /** @param {string} name @param {(event: PointerEvent) => void} act */
  const listen = (name, act) =>
    stage.addEventListener(name, (event) => data() && act(/** @type {PointerEvent} */ (event)), { capture: true });

  listen("pointerdown", (event) => {
    if (drawing !== null) { // a second finger: it zooms, nothing is drawn
      drawing = null;
      hand.leave();
      return;
    }
    down = event.button === 0 && !event.shiftKey ? { x: event.clientX, y: event.clientY } : null;
    if (!down || !hand.begin(place(event), panel())) return;
    event.stopPropagation();
    event.preventDefault();
    drawing = event.pointerId;
    stage.setPointerCapture(event.pointerId);
  });
  listen("pointermove", (event) => {
    if (event.pointerId === drawing) {
      event.stopPropagation();
      hand.goOn(place(event));
    } else if (!event.buttons && !hand.tool && isOnFilm(place(event))) behind.point(place(event), panel(), false);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    listen(name, (event) => {
      if (event.pointerId === drawing) {
        drawing = null;
        event.stopPropagation();
        if (name === "pointerup") hand.end();
        else hand.leave();
      } else if (down && name === "pointerup" && !hand.tool) {
        const isTap = Math.hypot(event.clientX - down.x, event.clientY - down.y) < STILL;
        if (isTap && isOnFilm(place(event)) && behind.point(place(event), panel(), true)) event.preventDefault(); // enlarges nothing
      }
      down = null;
    });
  }
}
