// @ts-check
// The controls of the display, made by Python from its table of settings. Each carries data-display, the name of what
// it changes; data-key, the key that does the same; and a slider its limits.

import { clamp } from "./geometry.js";

const WRITTEN = {
  share: (value) => `${Math.round(100 * value)} %`,
  percent: (value) => `${Math.round(value)} %`,
  number: (value) => value.toFixed(2),
};

function valueOfControl(control) {
  if (control.tagName === "BUTTON") return control.getAttribute("aria-pressed") !== "true";
  return control.type === "range" ? Number(control.value) : control.value;
}

/** Call `change({name: value})` whenever a visitor moves a control. */
export function bindControls(root, change) {
  for (const control of root.querySelectorAll("[data-display]")) {
    const name = control.dataset.display;
    const listener = () => change({ [name]: valueOfControl(control) });
    if (control.tagName === "BUTTON") control.onclick = listener;
    else control.oninput = listener;
  }
}

/** Make every control show the display as it is. */
export function showControls(root, display) {
  for (const control of root.querySelectorAll("[data-display]")) {
    const value = display[control.dataset.display];
    if (control.tagName === "BUTTON") control.setAttribute("aria-pressed", value);
    else if (control.type === "radio") control.checked = control.value === value;
    else {
      control.value = value;
      const words = WRITTEN[control.dataset.written](value);
      control.setAttribute("aria-valuetext", words);
      control.parentElement.querySelector("output").textContent = words;
    }
  }
}

/** Keep the numbers of a change inside the limits of their sliders. */
export function withinLimits(root, change) {
  const kept = { ...change };
  for (const slider of root.querySelectorAll("[type=range][data-display]")) {
    const name = slider.dataset.display;
    if (name in kept) kept[name] = clamp(kept[name], Number(slider.min), Number(slider.max));
  }
  return kept;
}

/** What a key changes in the display, as its control would: a switch is turned, of words the next is taken. */
export function changeOfKey(root, key, display) {
  const controls = [...root.querySelectorAll("[data-key]")].filter((control) => control.dataset.key === key);
  if (!controls.length) return undefined;
  const name = controls[0].dataset.display;
  if (controls[0].tagName === "BUTTON") return { [name]: !display[name] };
  const words = controls.map((control) => control.value);
  return { [name]: words[(words.indexOf(display[name]) + 1) % words.length] };
}

/** Close a details element when the visitor turns elsewhere or presses Escape; gives the undo. */
export function closeWhenLeft(details) {
  const outside = (event) => {
    if (!event.composedPath().includes(details)) details.open = false;
  };
  details.onkeydown = (event) => {
    if (event.key === "Escape") details.open = false;
  };
  document.addEventListener("pointerdown", outside);
  return () => document.removeEventListener("pointerdown", outside);
}
