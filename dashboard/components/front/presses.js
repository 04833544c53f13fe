// @ts-check
// Keys that press a button of the page, and a button that presses another. Streamlit's own shortcuts are read out as
// part of a button's name, and are not heard while a slider has the focus.

import { isInFront, keyOf, usesArrows } from "../shared/keys.js";
import { Turning } from "../shared/turning.js";

/** @type {Record<string, string>} the button, by key */
const KEYS = {
  b: ".st-key-Previous button",
  f: ".st-key-Next button",
  ArrowLeft: ".st-key-lesson_back button, .st-key-film_before button",
  ArrowRight: ".st-key-lesson_next button, .st-key-film_after button",
  PageUp: ".st-key-lesson_back button",
  PageDown: ".st-key-lesson_next button",
};
const LESSON = ".st-key-lesson_next button";
const OF_LESSON = ".st-key-lesson_next button, .st-key-lesson_back button";
const FORTH = ["ArrowRight", "PageDown"];
const AGAIN = ".st-key-hang_again button";
const HANG = ".st-key-hang_films button";

/** @param {string} selector */
const find = (selector) => Array.from(document.querySelectorAll(selector), (one) => /** @type {HTMLElement} */ (one));

/** A lesson's key that goes on shows the answer first to what a step asks; false where there is none that is closed. */
function openAnswer() {
  const [answer] = /** @type {HTMLDetailsElement[]} */ (find(".lesson-step details:not([open])"));
  for (const one of answer ? [answer, answer.closest("details.lesson-step")] : []) one.setAttribute("open", "");
  return Boolean(answer);
}

const turning = new Turning();

/** Whether a press goes to another step of a lesson, or comes while one is on its way. @param {HTMLElement} button */
function isTooEarly(button) {
  const stands = find(".lesson-step[data-step]")[0]?.dataset.step ?? "";
  if (turning.isUnderWay(stands)) return true;
  if (!button.matches(":disabled")) turning.begin(stands);
  return false;
}

export function bindPresses() {
  document.addEventListener("keydown", (event) => {
    const key = keyOf(event);
    const [button] = key !== null && Object.hasOwn(KEYS, key) ? find(KEYS[key]) : [];
    if (!button || (isInFront(event) && !button.closest("[role=dialog]"))) return;
    if (key.startsWith("Arrow") && (event.shiftKey || usesArrows(event))) return;
    event.preventDefault();
    if (FORTH.includes(key) && button.matches(LESSON) && openAnswer()) return;
    if (!(button.matches(OF_LESSON) && isTooEarly(button))) button.click();
  });
  document.addEventListener("click", ({ target }) => {
    if (target instanceof Element && target.closest(AGAIN)) find(HANG)[0]?.click();
  });
}
