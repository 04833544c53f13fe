// @ts-check
// The list of files to take away: what they show is what stands on the screen, and how they look is chosen in the list.

import { asksForItHere, takeAway } from "../shared/files.js";
import { element, find } from "./dom.js";
import { sortedFindings } from "./findings.js";

/** @import { Answered, Display } from "./payload.d.ts" */

const AT_FIRST = 3; // findings on a contact sheet

/** @typedef {{page: string, film: string, films: number, finding: string, findings: Answered[], display: Display}} Saved */

/**
 * Point the links to files at what is shown, whenever their list opens; say below them what is being made, and what failed.
 * @param {HTMLElement} root
 * @param {() => Saved} shown
 */
export function bindSave(root, shown) {
  const list = find(root, ".save", HTMLDetailsElement);
  const said = find(list, ".said");
  const point = () => pointLinks(list, root, shown());
  for (const event of ["toggle", "pointerdown", "focusin", "change"]) list.addEventListener(event, point, { capture: true });
  list.addEventListener("toggle", (event) => {
    if (event.target !== list) return;
    said.textContent = ""; // what failed was of a moment ago
    if (list.open) listFindings(find(list, ".which"), shown());
    point();
  }, { capture: true });
  list.addEventListener("click", async (event) => {
    const link = event.target instanceof Element && event.target.closest("a");
    if (!link || !asksForItHere(event)) return;
    event.preventDefault();
    point();
    said.textContent = "Being made…";
    said.textContent = await takeAway(link.href);
  });
}

/**
 * @param {HTMLElement} list
 * @param {HTMLElement} root
 * @param {Saved} shown
 */
function pointLinks(list, root, { page, film, films, finding, display }) {
  /** @type {NodeListOf<HTMLInputElement>} */
  const ticked = list.querySelectorAll("input:checked[name=finding]");
  const asked = new URLSearchParams({
    film,
    finding,
    display: JSON.stringify(display),
    findings: JSON.stringify(Array.from(ticked, ({ value }) => value)),
    form: find(list, "[name=form]", HTMLSelectElement).value,
    theme: find(list, "[name=theme]", HTMLSelectElement).value || themeOf(root),
    boxes: String(find(list, "[name=boxes]", HTMLInputElement).checked),
    address: location.origin + location.pathname,
  });
  for (const link of list.querySelectorAll("a")) link.href = `${page}/downloads/${link.dataset.file}?${asked}`;
  const several = find(list, "[data-file=films]");
  several.hidden = films < 2;
  several.textContent = `Contact sheet of ${films} films, from this one on`;
}

/**
 * Offer the findings for a contact sheet: at first the most probable ones, and the one that is shown.
 * @param {HTMLElement} place
 * @param {Saved} shown
 */
function listFindings(place, { finding: chosen, findings }) {
  const known = new Map(Array.from(place.querySelectorAll("input"), ({ value, checked }) => [value, checked]));
  const likely = sortedFindings(findings, "probability").slice(0, AT_FIRST).map(({ name }) => name);
  place.replaceChildren(
    ...findings.map(({ name, label }) => {
      const box = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox", name: "finding", value: name }));
      box.checked = known.get(name) ?? (likely.includes(name) || name === chosen);
      return element("label", {}, box, ` ${label}`);
    }),
  );
}

/**
 * Whether the page is dark or light, as whoever looks at it sees it.
 * @param {HTMLElement} root
 */
function themeOf(root) {
  const swatch = element("span", { style: "color: var(--paper)" });
  root.append(swatch);
  const channels = getComputedStyle(swatch).color.match(/[\d.]+/g).map(Number);
  swatch.remove();
  return Math.max(...channels.slice(0, 3)) < 128 ? "dark" : "light";
}
