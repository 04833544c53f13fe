// @ts-check
// Hands on the film: wheel and pinch zoom, drag pans, right drag or Shift+drag windows, keys.

import { isInFront, keyOf, usesArrows } from "../shared/keys.js";
import { changeOfKey } from "./controls.js";

/** @import { Hands } from "./payload.d.ts" */

/** @typedef {{x: number, y: number}} Point in fractions of the panel's width */

const ZOOM_STEP = 1.25;
const WHEEL_SPEED = 0.0015;
const PAN_STEP = 0.1;

/**
 * Bind one canvas. `hands` has view, moved(), display(), change({...}).
 * @param {HTMLCanvasElement} canvas
 * @param {Hands} hands
 */
export function bindPointers(canvas, hands) {
  /** @type {Map<number, Point & {windows: boolean}>} */
  const held = new Map();
  /** @param {MouseEvent} event */
  const place = (event) => {
    const { left, top, width } = canvas.getBoundingClientRect();
    return { x: (event.clientX - left) / width, y: (event.clientY - top) / width };
  };

  canvas.onwheel = (event) => {
    // Zooming out of the whole film is scrolling the page.
    if (hands.view.zoom === 1 && event.deltaY > 0) return;
    event.preventDefault();
    const { x, y } = place(event);
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    hands.view.zoomAt(Math.exp(-event.deltaY * lines * WHEEL_SPEED), x, y);
    hands.moved();
  };
  canvas.ondblclick = () => {
    hands.view.reset();
    hands.moved();
  };
  canvas.oncontextmenu = (event) => event.preventDefault();
  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    held.set(event.pointerId, { ...place(event), windows: event.button === 2 || event.shiftKey });
  };
  canvas.onpointerup = canvas.onpointercancel = (event) => held.delete(event.pointerId);
  canvas.onpointermove = (event) => {
    const before = held.get(event.pointerId);
    if (!before) return;
    const now = { ...place(event), windows: before.windows };
    held.set(event.pointerId, now);
    if (held.size === 2) pinch(hands, before, now, otherPointer(held, event.pointerId));
    else if (now.windows) dragWindow(hands, now.x - before.x, now.y - before.y);
    else {
      hands.view.panBy(now.x - before.x, now.y - before.y);
      hands.moved();
    }
  };
}

/**
 * @param {Map<number, Point>} held
 * @param {number} id
 */
function otherPointer(held, id) {
  for (const [other, place] of held) if (other !== id) return place;
  return null;
}

/**
 * @param {Hands} hands
 * @param {Point} before
 * @param {Point} now
 * @param {Point} still
 */
function pinch({ view, moved }, before, now, still) {
  /** @param {Point} place */
  const span = (place) => Math.hypot(place.x - still.x, place.y - still.y);
  const middle = { x: (now.x + still.x) / 2, y: (now.y + still.y) / 2 };
  view.panBy((now.x - before.x) / 2, (now.y - before.y) / 2);
  view.zoomAt(span(now) / Math.max(span(before), 0.01), middle.x, middle.y);
  moved();
}

/**
 * Right is wider, up is brighter, as at a reading station.
 * @param {Hands} hands
 * @param {number} dx
 * @param {number} dy
 */
function dragWindow({ display, change }, dx, dy) {
  const { center, width } = display();
  change({ center: center + dy, width: width + dx });
}

/**
 * What a key does, or undefined.
 * @param {{key: string, shiftKey: boolean, isTaken: boolean}} pressed `isTaken` where arrows belong to what has the focus
 * @param {HTMLElement} root
 * @param {Hands} hands
 * @returns {(() => void) | undefined}
 */
function actionOfKey(pressed, root, hands) {
  const { view } = hands;
  /** @param {() => void} act */
  const look = (act) => () => {
    act();
    hands.moved();
  };
  /** @type {Record<string, [number, number]>} */
  const pans = {
    ArrowLeft: [PAN_STEP, 0],
    ArrowRight: [-PAN_STEP, 0],
    ArrowUp: [0, PAN_STEP],
    ArrowDown: [0, -PAN_STEP],
  };
  const { key } = pressed;
  if (key in pans || key === "Home" || key === "End") {
    if (pressed.isTaken) return undefined;
    if (pressed.shiftKey) return key in pans ? look(() => view.panBy(...pans[key])) : undefined;
    /** @type {Record<string, number>} */
    const steps = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity };
    return key in steps ? () => hands.step(steps[key]) : undefined;
  }
  const change = changeOfKey(root, key, hands.display());
  if (change) return () => hands.change(change);
  /** @type {NodeListOf<HTMLButtonElement>} */
  const buttons = root.querySelectorAll(`button[data-press="${CSS.escape(key)}"]`);
  // Where one panel is shown at a time, the button may be on another: what it does then turns to that.
  const isTurnedAway = (/** @type {Element} */ one) => one.matches(".panels:not([hidden]) :not([hidden])");
  const button = Array.from(buttons).find((one) => one.checkVisibility()) ?? Array.from(buttons).find(isTurnedAway);
  if (button) return () => button.click();
  /** @type {Record<string, () => void>} */
  const zooms = {
    "+": look(() => view.zoomAt(ZOOM_STEP, 0.5, 0.5)),
    "=": look(() => view.zoomAt(ZOOM_STEP, 0.5, 0.5)),
    "-": look(() => view.zoomAt(1 / ZOOM_STEP, 0.5, 0.5)),
    0: look(() => view.reset()),
  };
  return zooms[key];
}

/**
 * Listen on the whole page, so that a key works wherever it has no other meaning; gives the undo.
 * @param {HTMLElement} root
 * @param {Hands} hands
 */
export function bindKeys(root, hands) {
  /** @param {KeyboardEvent} event */
  const listener = (event) => {
    const key = keyOf(event);
    if (key === null || isInFront(event)) return;
    const action = actionOfKey({ key, shiftKey: event.shiftKey, isTaken: usesArrows(event) }, root, hands);
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  };
  document.addEventListener("keydown", listener, { capture: true });
  return () => document.removeEventListener("keydown", listener, { capture: true });
}
