// @ts-check
// Pictures that the server made for a step.

/** @import { Panel } from "./phone.d.ts" */

/**
 * Show panels in a place; a picture that stays is not loaded again.
 * @param {HTMLElement} place
 * @param {Panel[]} panels
 * @param {string} parts where parts are fetched
 */
export function showPanels(place, panels, parts) {
  const known = new Map(Array.from(place.children, (one) => [/** @type {HTMLElement} */ (one).dataset.name, one]));
  place.replaceChildren(...panels.map((panel) => figureOf(/** @type {HTMLElement} */ (known.get(panel.name)), panel, parts)));
}

/** @param {HTMLElement | undefined} known @param {Panel} panel @param {string} parts */
function figureOf(known, { name, title, alt, part, state }, parts) {
  const figure = known ?? document.createElement("figure");
  if (!known) {
    figure.dataset.name = name;
    figure.classList.toggle("film", name === "film");
    figure.innerHTML = '<figcaption></figcaption><div class="pad"></div>';
  }
  figure.querySelector("figcaption").textContent = title;
  const pad = figure.querySelector(".pad");
  const wanted = part ? `${parts}/${part}` : "";
  const image = pad.querySelector("img");
  if (image && image.getAttribute("src") === wanted) {
    image.alt = alt;
    return figure;
  }
  const shown = wanted ? document.createElement("img") : document.createElement("div");
  if (shown instanceof HTMLImageElement) Object.assign(shown, { src: wanted, alt });
  else Object.assign(shown, { className: "making", textContent: state === "failed" ? "This could not be made." : "On its way…" });
  pad.querySelectorAll("img, .making").forEach((one) => one.remove());
  pad.prepend(shown);
  return figure;
}
