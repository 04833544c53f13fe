// @ts-check
// What stands behind a number: the hidden films that the value of one region of a map comes from, with their answers.

import { pixelUnder, stepOn, writeAreas } from "./areas.js";
import { drawOutline, outlineOf } from "./cover.js";
import { element, find, giveFocus, say, setDisabled, setHidden } from "./dom.js";
import { mapOfFinding } from "./evidence.js";
import { showAboveDock } from "./layout.js";
import { Question } from "./question.js";

/** @import { Bench } from "./hand.js" */
/** @import { Told } from "./question.js" */
/** @import { BehindFilms, Panel, Pixels, Place } from "./payload.d.ts" */

const INVITES_TO_POINT = "Point at a region of a map, or step through its regions: these are the films that its value comes from.";
const NO_REGIONS = "No map with regions is there yet: SHAP and LIME have them.";
const RESTS_MS = 150; // for which a pointer stays on a region before the server is asked

/**
 * Whether a map's regions have values in logits, and are there.
 * @param {Panel} panel
 */
export const canBeAsked = ({ state, shares, pieces }) => state === "ready" && shares !== "" && pieces !== null;

export class Behind {
  /**
   * @param {HTMLElement} root
   * @param {Bench & {hide: (area: import("./areas.js").Area) => void}} bench
   */
  constructor(root, bench) {
    this.root = root;
    this.bench = bench;
    this.node = find(root, ".dock.behind");
    this.methods = find(this.node, ".methods");
    /** @type {HTMLButtonElement | null} what was pressed for it */
    this.opener = null;
    this.method = "";
    this.piece = -1;
    /** @type {Pixels | null} the pieces that the chosen one is of */
    this.pieces = null;
    /** @type {BehindFilms | null} */
    this.films = null;
    this.message = "";
    /** @type {BehindFilms | null} what the strip shows */
    this.strip = null;
    this.resting = 0;
    this.question = new Question("behind", {
      say: bench.say,
      listen: bench.listen,
      parts: bench.parts,
      tell: (told) => this.take(told),
    });
    /** @param {string} name @param {() => void} act */
    const press = (name, act) => (find(this.node, `.${name}`, HTMLButtonElement).onclick = act);
    press("before", () => this.step(-1));
    press("after", () => this.step(1));
    press("close", () => this.open(false));
    press("hide", () => this.hide());
    this.methods.onchange = (event) => this.begin(/** @type {HTMLInputElement} */ (event.target).value);
    root.addEventListener("click", ({ target }) => {
      const button = target instanceof Element && target.closest(".to-behind");
      if (!(button instanceof HTMLButtonElement)) return;
      this.opener = button;
      this.open(this.node.hidden, button.dataset.method);
    });
    this.node.onkeydown = (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.open(false);
    };
  }

  /**
   * Open the dock, which then has the focus, or close it.
   * @param {boolean} isOpen
   * @param {string} method whose region with the largest value to begin with
   */
  open(isOpen, method = "") {
    if (isOpen) this.bench.alone(this);
    setHidden(this.node, !isOpen, this.opener, this.bench.list);
    clearTimeout(this.resting);
    if (isOpen) this.begin(method);
    else this.leave();
    this.bench.changed();
    if (!isOpen) return;
    showAboveDock(this.root);
    giveFocus(this.node);
  }

  leave() {
    this.question.drop();
    this.piece = -1;
    this.pieces = this.films = null;
    this.message = "";
  }

  /** @returns {Panel[]} the maps whose regions can be pointed at */
  withPieces() {
    return (this.bench.data()?.panels ?? []).filter(canBeAsked);
  }

  /** @param {string | undefined} method */
  panelOf(method) {
    return this.withPieces().find((panel) => panel.method === method);
  }

  /**
   * Begin with the region of a map that has the largest value.
   * @param {string | undefined} method
   */
  begin(method) {
    const panel = this.panelOf(method) ?? this.withPieces()[0];
    if (panel) this.choose(panel, this.ranked(panel)[0]);
  }

  /**
   * The regions of a map for the chosen finding, the largest value first; each once.
   * @param {Panel} panel
   */
  ranked(panel) {
    const index = this.bench.data().findings.findIndex(({ name }) => name === this.bench.selected());
    const { values } = mapOfFinding(panel.maps, index);
    /** @type {Map<number, number>} */
    const sums = new Map();
    /** @type {Map<number, number>} */
    const counts = new Map();
    panel.pieces.values.forEach((piece, i) => {
      sums.set(piece, (sums.get(piece) ?? 0) + values[i]);
      counts.set(piece, (counts.get(piece) ?? 0) + 1);
    });
    // of a share that is spread over pixels the sum counts, of a region's one number the number
    const worth = (/** @type {number} */ piece) =>
      panel.shares === "piece" ? sums.get(piece) / counts.get(piece) : sums.get(piece);
    return [...sums.keys()].sort((one, other) => worth(other) - worth(one));
  }

  /** Which of all regions is chosen, in the order in which one steps through them. */
  whichRegion() {
    const order = this.ranked(this.panelOf(this.method));
    return `Region ${order.indexOf(this.piece) + 1} of ${order.length} from the largest value down`;
  }

  /** @param {number} by */
  step(by) {
    const panel = this.panelOf(this.method);
    if (!panel) return;
    const order = this.ranked(panel);
    this.choose(panel, order[(order.indexOf(this.piece) + by + order.length) % order.length]);
  }

  /**
   * @param {Panel} panel
   * @param {number} piece
   */
  choose(panel, piece) {
    this.bench.reveal(panel.method);
    if (panel.method === this.method && piece === this.piece && panel.pieces === this.pieces && !this.message) return;
    this.method = panel.method;
    this.piece = piece;
    this.pieces = panel.pieces;
    this.path = outlineOf(panel.pieces, piece);
    this.message = "";
    const steps = stepOn(panel.pieces, piece, this.bench.data().rect);
    if (steps) this.question.ask(writeAreas([{ kind: panel.method, steps }]));
    else this.message = "This region is too small to be pointed at.";
    this.bench.changed();
  }

  /**
   * A pointer lies on a map while the strip is open: its region is shown once the pointer rests, or at once by a tap.
   * @param {number[]} place in shares of the film
   * @param {Panel | null} panel
   * @param {boolean} isTap
   * @returns {boolean} whether a region lies there
   */
  point(place, panel, isTap) {
    clearTimeout(this.resting);
    if (this.node.hidden || !panel || !canBeAsked(panel)) return false;
    const at = pixelUnder(place, this.bench.data().rect, panel.pieces.shape);
    if (at < 0) return false;
    const show = () => this.choose(panel, panel.pieces.values[at]);
    if (isTap) show();
    else this.resting = window.setTimeout(show, RESTS_MS);
    return true;
  }

  hide() {
    const steps = this.pieces && stepOn(this.pieces, this.piece, this.bench.data().rect);
    if (steps) this.bench.hide({ kind: this.method, steps });
  }

  /** @param {Told} told */
  take(told) {
    this.films = "content" in told ? told.content : null;
    this.message = "message" in told ? told.message : "";
    this.bench.changed();
  }

  /** Write what is known of the region that is pointed at; one of a map that is shown no longer is let go. */
  showWords() {
    const { node, films } = this;
    for (const button of this.root.querySelectorAll(".panel .to-behind")) {
      button.setAttribute("aria-pressed", String(!node.hidden && button.getAttribute("data-method") === this.method));
    }
    if (node.hidden) return;
    if (this.pieces && this.panelOf(this.method)?.pieces !== this.pieces) this.leave();
    const panels = this.withPieces();
    this.showMethods(panels);
    const isKnown = films !== null && films.method === this.method && this.piece >= 0;
    const name = this.bench.selected();
    for (const button of ["before", "after", "hide"]) setDisabled(find(node, `.${button}`, HTMLButtonElement), this.piece < 0, node);
    const told = isKnown ? `${this.whichRegion()}, ${films.where}. ${films.said[name]}` : INVITES_TO_POINT;
    say(find(node, ".said"), !panels.length ? NO_REGIONS : this.message || told);
    this.showFilms(isKnown ? films : null, name);
  }

  /** @param {Panel[]} panels */
  showMethods(panels) {
    const wanted = panels.map(({ method }) => method).join(" ");
    if (this.methods.dataset.of !== wanted) {
      this.methods.dataset.of = wanted;
      for (const old of this.methods.querySelectorAll("label")) old.remove();
      for (const { method, title } of panels) {
        const radio = element("input", { type: "radio", name: "behind", value: method });
        this.methods.append(element("label", {}, radio, element("span", {}, title)));
      }
    }
    for (const radio of this.methods.querySelectorAll("input")) radio.checked = radio.value === this.method;
  }

  /**
   * @param {BehindFilms | null} films
   * @param {string} name of the finding
   */
  showFilms(films, name) {
    const strip = find(this.node, ".films");
    if (!films) {
      strip.replaceChildren();
      this.strip = null;
      return;
    }
    if (this.strip !== films) {
      this.strip = films;
      strip.replaceChildren(...films.visible.map((visible, i) => figureOf(films, visible, i)));
    }
    strip.querySelectorAll("figure").forEach((figure, i) => {
      const words = `${films.visible[i] ? "shown" : "hidden"}: ${films.answers[name][i]}`;
      figure.querySelector("figcaption").firstChild.textContent = words;
      figure.querySelector("canvas").setAttribute("aria-label", `A film with the region ${words}`);
    });
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {{place: Place}} on
   */
  draw(context, { place: { box, ratio } }) {
    if (this.node.hidden || this.piece < 0 || !this.pieces) return;
    drawOutline(context, this.path, this.pieces.shape, box, ratio);
  }
}

/**
 * One film that was hidden in part, with its answer below.
 * @param {BehindFilms} films
 * @param {boolean} visible
 * @param {number} i
 */
function figureOf({ pictures, counts }, visible, i) {
  const [, rows, columns] = pictures.shape;
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  canvas.setAttribute("role", "img");
  const image = new ImageData(columns, rows);
  for (let at = 0; at < rows * columns; at++) {
    const grey = pictures.values[i * rows * columns + at];
    image.data.set([grey, grey, grey, 255], 4 * at);
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  const below = element("figcaption", {}, "", ...(counts ? [element("span", {}, counts[i])] : []));
  below.prepend(document.createTextNode(""));
  return element("figure", { "data-visible": visible }, canvas, below);
}
