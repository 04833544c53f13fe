// @ts-check
// How much: a slider from 0 to 100 %.

/** @import { Asked } from "../phone.d.ts" */

/** @type {import("../phone.d.ts").Kind} */
export const guess = {
  /** @param {Asked} asked */
  show({ place, question, yours, send }) {
    if (!place.querySelector(".guess")) {
      place.innerHTML = '<div class="guess"><input type="range" min="0" max="100" value="50" aria-label="Probability, percent"><output>50 %</output><button type="button" class="main">Send</button></div>';
      if (yours !== null) place.querySelector("input").value = String(yours);
    }
    const [slider, output, button] = [place.querySelector("input"), place.querySelector("output"), place.querySelector("button")];
    const show = () => (output.textContent = `${slider.value} %`);
    slider.oninput = show;
    slider.disabled = button.disabled = question.is_revealed;
    button.onclick = () => send(Number(slider.value));
    show();
  },
  said: "Your guess was counted. You may change it.",
  asks: "",
};
