// @ts-check
// One of some choices: a button each.

/** @import { Asked } from "../phone.d.ts" */

const SHORT = 3; // letters of a choice that many go side by side of

/** @type {import("../phone.d.ts").Kind} */
export const which = {
  /** @param {Asked} asked */
  show({ place, question, yours, send }) {
    /** @type {string[]} */
    const choices = question.settings.choices;
    if (place.childElementCount !== choices.length) {
      place.className = choices.every((one) => one.length <= SHORT) ? "choices short" : "choices";
      place.replaceChildren(...choices.map(() => document.createElement("button")));
    }
    place.querySelectorAll("button").forEach((button, index) => {
      button.type = "button";
      button.textContent = choices[index];
      button.disabled = question.is_revealed;
      button.setAttribute("aria-pressed", String(yours === index));
      button.onclick = () => send(index);
    });
  },
  said: "Your answer was counted. You may change it.",
  asks: "",
};
