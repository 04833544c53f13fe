// @ts-check
// The controls of the display, made by Python from its table of settings. Each carries data-display, the name of what
// it changes; data-key, the key that does the same; and a slider its limits.

import { withUnit } from "../shared/written.js";
import { giveFocus } from "./dom.js";
import { clamp } from "./geometry.js";

/** @import { Display } from "./payload.d.ts" */

/** @typedef {HTMLInputElement} Control a slider, a word to choose, or a button, whose state is aria-pressed */

/** @type {Record<string, (value: number) => string>} */
const WRITTEN = {
  share: (value) => withUnit(Math.round(100 * value), "%"),
  percent: (value) => withUnit(Math.round(value), "%"),
  number: (value) => value.toFixed(2),
};

/**
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {Control[]}
 */
const controlsOf = (root, selector) => Array.from(root.querySelectorAll(selector), (one) => /** @type {Control} */ (one));

/**
 * @param {Display} display
 * @param {string} name
 */
const valueIn = (display, name) => display[/** @type {keyof Display} */ (name)];

/** @param {Control} control */
function valueOfControl(control) {
  if (control.tagName === "BUTTON") return control.getAttribute("aria-pressed") !== "true";
  return control.type === "range" ? Number(control.value) : control.value;
}

/**
 * Call `change({name: value})` whenever a visitor moves a control.
 * @param {ParentNode} root
 * @param {(change: Partial<Display>) => void} change
 */
export function bindControls(root, change) {
  for (const control of controlsOf(root, "[data-display]")) {
    const name = control.dataset.display;
    const listener = () => change({ [name]: valueOfControl(control) });
    if (control.tagName === "BUTTON") control.onclick = listener;
    else control.oninput = listener;
    // Chosen with a pointer, a word needs no arrows of its own any more: they go through the findings again.
    if (control.type === "radio") control.onpointerup = () => setTimeout(() => control.blur());
  }
}

/**
 * Make every control show the display as it is.
 * @param {ParentNode} root
 * @param {Display} display
 */
export function showControls(root, display) {
  for (const control of controlsOf(root, "[data-display]")) {
    const value = valueIn(display, control.dataset.display);
    if (control.tagName === "BUTTON") control.setAttribute("aria-pressed", String(value));
    else if (control.type === "radio") control.checked = control.value === value;
    else {
      control.value = String(value);
      const words = WRITTEN[control.dataset.written](Number(value));
      control.setAttribute("aria-valuetext", words);
      control.parentElement.querySelector("output").textContent = words;
    }
  }
}

/**
 * Keep the numbers of a change inside the limits of their sliders.
 * @param {ParentNode} root
 * @param {Partial<Display>} change
 */
export function withinLimits(root, change) {
  /** @type {Record<string, unknown>} */
  const kept = { ...change };
  for (const slider of controlsOf(root, "[type=range][data-display]")) {
    const name = slider.dataset.display;
    if (name in kept) kept[name] = clamp(Number(kept[name]), Number(slider.min), Number(slider.max));
  }
  return kept;
}

/**
 * What a key changes in the display, as its control would: a switch is turned, of words the next is taken.
 * @param {ParentNode} root
 * @param {string} key
 * @param {Display} display
 * @returns {Partial<Display> | undefined}
 */
export function changeOfKey(root, key, display) {
  const controls = controlsOf(root, "[data-key]").filter((control) => control.dataset.key === key);
  if (!controls.length) return undefined;
  const name = controls[0].dataset.display;
  const value = valueIn(display, name);
  if (controls[0].tagName === "BUTTON") return { [name]: !value };
  const words = controls.map((control) => control.value);
  return { [name]: words[(words.indexOf(String(value)) + 1) % words.length] };
}

/**
 * Close a details element when the visitor turns elsewhere or presses Escape; gives the undo.
 * @param {HTMLDetailsElement} details
 * @returns {() => void}
 */
export function closeWhenLeft(details) {
  /** @param {PointerEvent} event */
  const outside = (event) => {
    if (!event.composedPath().includes(details)) details.open = false;
  };
  details.onkeydown = (event) => {
    if (event.key !== "Escape" || !details.open) return;
    event.preventDefault();
    details.open = false;
    giveFocus(details.querySelector("summary"));
  };
  document.addEventListener("pointerdown", outside);
  return () => document.removeEventListener("pointerdown", outside);
}
