// @ts-check
// Several findings of one film at once, a row each; with a second model a row of its maps stands below each.

import { element, find, giveFocus } from "./dom.js";
import { roomOf } from "./layout.js";
import { MethodPanel } from "./panel.js";
import { addSides } from "./scene.js";

/** @import { Answered, Data, Display } from "./payload.d.ts" */
/** @import { Scene } from "./scene.js" */

const LEAST_SMALL = 72; // pixels of a small map
const HEAD_ROOM = 128; // of a row's heading beside its maps
const ROOM_BESIDE = 480; // below which it stands above them
const BETWEEN = 6;
const NAMES = 26; // of the methods' names above the first row

/** @typedef {{name: string, data: Data, head: HTMLElement, panels: MethodPanel[]}} Row */

export class Several {
  /**
   * @param {HTMLElement} root
   * @param {(finding: string) => void} go
   */
  constructor(root, go) {
    this.section = find(root, ".several");
    this.list = find(root, "[role=listbox]");
    this.others = [find(root, ".panels"), find(root, ".one-map")];
    this.template = find(root, "template", HTMLTemplateElement);
    this.go = go;
    this.made = "";
    /** @type {Row[]} */
    this.rows = [];
  }

  get isShown() {
    return !this.section.hidden;
  }

  /**
   * Write every word of the rows; gives whether other rows stand there now.
   * @param {Data} data
   * @param {string} selected
   * @param {Display} display
   */
  show(data, selected, display) {
    const wanted = rowsOf(data, selected);
    const made = JSON.stringify(wanted.map(([name, { model, panels }]) => [name, model, panels.map(({ method }) => method)]));
    const isNew = made !== this.made;
    if (isNew) this.build(wanted, made);
    this.rows.forEach((row, at) => {
      row.data = wanted[at][1];
      this.showRow(row, display);
    });
    return isNew;
  }

  /**
   * @param {[string, Data][]} wanted
   * @param {string} made
   */
  build(wanted, made) {
    this.made = made;
    this.rows = wanted.map(([name, data]) => this.rowOf(name, data));
    const hadFocus = this.section.matches(":focus-within");
    this.section.replaceChildren(...this.rows.flatMap(({ head, panels }) => [head, ...panels.map(({ node }) => node)]));
    this.section.hidden = !wanted.length;
    this.others[0].hidden = this.isShown;
    if (this.isShown) this.others[1].hidden = true;
    if (hadFocus) giveFocus(this.list);
  }

  /**
   * @param {string} name
   * @param {Data} data
   * @returns {Row}
   */
  rowOf(name, data) {
    const head = element("button", { type: "button", class: "head" });
    head.onclick = () => this.go(name);
    const panels = methodsOf(data).map(() => {
      const panel = new MethodPanel(this.template);
      addSides(panel.node);
      for (const name of ["tabindex", "aria-keyshortcuts", "aria-describedby"]) panel.canvas.removeAttribute(name); // the heading does the same
      panel.canvas.onclick = () => this.go(name);
      return panel;
    });
    return { name, data, head, panels };
  }

  /**
   * @param {Row} row
   * @param {Display} display
   */
  showRow({ name, data, head, panels }, display) {
    const index = data.findings.findIndex((one) => one.name === name);
    const finding = data.findings[index];
    const lead = finding && (data.answers?.verdicts[name].lead ?? `${finding.label}: …`);
    head.replaceChildren(element("strong", {}, lead ?? name), element("span", {}, finding ? data.model : `${data.model} does not answer it`));
    methodsOf(data).forEach((panel, at) => {
      panels[at].receive(finding ? panel : { ...panel, state: "failed", maps: null, native: null, message: "No such output." });
      panels[at].showWords({ finding: finding ?? nameless(name), index, count: data.findings.length, display, without: data.without, luts: data.luts });
    });
  }

  /** As large as all rows fit on the screen, a second model's beside the first's where that makes them larger. */
  fit() {
    const { width, height } = roomOf(this.section);
    const columns = this.rows[0].panels.length;
    const isNarrow = width < ROOM_BESIDE;
    /** @param {number} side how many models stand side by side */
    const sizeFor = (side) => {
      const across = (width + BETWEEN) / side / columns - BETWEEN - (isNarrow ? 0 : HEAD_ROOM / columns);
      const down = ((height - NAMES) * side) / this.rows.length - BETWEEN;
      return Math.floor(isNarrow ? across : Math.max(LEAST_SMALL, Math.min(across, down)));
    };
    const side = this.rows[0].data.beside && !isNarrow && sizeFor(2) >= sizeFor(1) ? 2 : 1;
    const maps = `repeat(${columns}, minmax(0, ${sizeFor(side)}px))`;
    this.section.dataset.heads = isNarrow ? "above" : "beside";
    this.section.style.gridTemplateColumns = Array(side).fill(isNarrow ? maps : `${HEAD_ROOM - BETWEEN}px ${maps}`).join(" ");
    this.rows.forEach(({ panels }, at) => {
      for (const { node } of panels) node.dataset.named = String(at < side); // these say their methods
    });
  }

  /**
   * @param {Scene} scene
   * @param {Display} display
   */
  draw(scene, display) {
    for (const { name, data, panels } of this.rows) {
      const index = data.findings.findIndex((one) => one.name === name);
      scene.draw({ data, display: index < 0 ? { ...display, truth: false, overlay: false } : display, index, panels });
    }
  }
}

/** @param {Data} data */
const methodsOf = (data) => data.panels.filter(({ picture }) => !picture);

/**
 * The findings that have a row, each for whom it is answered: those of the grid, or with a second model the chosen one.
 * @param {Data} data
 * @param {string} selected
 * @returns {[string, Data][]}
 */
function rowsOf(data, selected) {
  const names = data.grid.length || !data.beside ? data.grid : [selected];
  return names.flatMap((name) => [data, data.beside].filter(Boolean).map((one) => /** @type {[string, Data]} */ ([name, one])));
}

/**
 * What stands for a finding that a model does not answer.
 * @param {string} name
 * @returns {Answered}
 */
const nameless = (name) => ({
  name,
  label: name,
  color: "#888888",
  threshold: null,
  threshold_written: null,
  rule: "",
  truth: undefined,
  known: { lead: "", rest: "" },
  probability: null,
  written: null,
});
