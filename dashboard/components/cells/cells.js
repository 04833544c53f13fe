// @ts-check
// A table whose cells are buttons: a press tells the page which one; the keyboard walks them as it walks any buttons.

/** @import { Component } from "../types.d.ts" */
/** @typedef {{name: string, title: string, told: string, apart: boolean}} Head */
/** @typedef {{words: string, small: string, sign: string, told: string}} Cell */
/** @typedef {{label: string, corner: string, rows: Head[], columns: Head[], cells: Cell[][], chosen: string[]}} CellsData */

/** @type {Record<string, string>} */
const SIGNS = { ahead: "▲", behind: "▼", level: "=" };

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} name
 * @param {string} text
 */
function part(tag, name, text = "") {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}

/**
 * @param {Head} head
 * @param {"row" | "col"} scope
 */
function titled(head, scope) {
  const made = part("th", scope === "col" && head.apart ? "apart-column" : "", head.title);
  made.scope = scope;
  made.title = head.told;
  return made;
}

/**
 * @param {Cell} cell
 * @param {boolean} isChosen
 */
function pressable(cell, isChosen) {
  const button = part("button", ""), words = part("span", "words");
  button.type = "button";
  button.title = cell.told;
  button.dataset.sign = cell.sign;
  button.setAttribute("aria-label", cell.told);
  button.setAttribute("aria-pressed", String(isChosen));
  if (cell.sign) words.append(part("span", "sign", SIGNS[cell.sign]));
  words.append(cell.words);
  button.append(words, part("span", "small", cell.small));
  return button;
}

/**
 * Scroll sideways until the chosen cell is in sight, beside the names that stay.
 * @param {HTMLElement} root
 */
function reveal(root) {
  const cell = root.querySelector('[aria-pressed="true"]')?.getBoundingClientRect();
  const names = root.querySelector("tbody th")?.getBoundingClientRect(), seen = root.getBoundingClientRect();
  if (!cell || !names) return;
  if (cell.left < names.right) root.scrollLeft -= names.right - cell.left;
  else if (cell.right > seen.right) root.scrollLeft += cell.right - seen.right;
}

/** @param {Component<CellsData>} component */
export default function (component) {
  const { data, parentElement } = component;
  const root = /** @type {HTMLElement} */ (parentElement.querySelector(".cells"));
  const focused = /** @type {HTMLElement | null} */ (parentElement.activeElement)?.dataset.place;
  root.querySelector("caption").textContent = data.label;
  const corner = part("th", "", data.corner);
  corner.scope = "col";
  const head = part("tr", "");
  head.append(corner, ...data.columns.map((column) => titled(column, "col")));
  root.querySelector("thead").replaceChildren(head);
  root.querySelector("tbody").replaceChildren(...data.rows.map((row, y) => {
    const line = part("tr", row.apart ? "apart" : "");
    line.append(titled(row, "row"));
    data.columns.forEach((column, x) => {
      const place = part("td", column.apart ? "apart-column" : ""), cell = data.cells[y][x];
      if (cell.words) {
        const button = pressable(cell, data.chosen[0] === row.name && data.chosen[1] === column.name);
        button.dataset.place = `${y} ${x}`;
        button.onclick = () => component.setTriggerValue("pressed", [row.name, column.name]);
        place.append(button);
      }
      line.append(place);
    });
    return line;
  }));
  if (root.dataset.shown !== data.chosen.join()) {
    root.dataset.shown = data.chosen.join();
    reveal(root);
  }
  if (focused) /** @type {HTMLElement | null} */ (root.querySelector(`[data-place="${focused}"]`))?.focus({ preventScroll: true });
}
