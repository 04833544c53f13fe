// @ts-check
// A hand on the film: parts of it hidden, and what the model answers then, beside what each map says of these parts.

import { LONGEST, boxBetween, paintOn, pixelUnder, readAreas, stepOn, writeAreas } from "./areas.js";
import { canBeAsked } from "./behind.js";
import { element, find, giveFocus, say, setDisabled, setHidden } from "./dom.js";
import { Cover, drawArea } from "./cover.js";
import { showAboveDock } from "./layout.js";
import { Question } from "./question.js";
import { SharedValue } from "./sync.js";

/** @import { Area } from "./areas.js" */
/** @import { Told } from "./question.js" */
/** @import { Data, Display, HandWords, Hidden, Panel, Place } from "./payload.d.ts" */

const TOO_LONG = "A link holds no more than that: the last part was left out. Undo one, or take a rectangle for it.";
const INVITES_TO_DRAW = "Draw on the film or on a map: what you cover is hidden from the model. Its answers follow at once.";
const MODEL_IS_ASKED = "The model is asked…";

/**
 * What the hand needs of the light box.
 * @typedef {object} Bench
 * @property {(words: object) => Promise<any>} say
 * @property {() => void} listen
 * @property {() => import("./parts.js").Parts} parts
 * @property {(changes: object) => void} choose
 * @property {() => void} changed have all words and pictures made again
 * @property {() => void} redraw
 * @property {(one: {open(isOpen: boolean): void}) => void} alone have no other dock open
 * @property {() => Data | undefined} data
 * @property {() => string} selected
 * @property {(method: string) => void} reveal have a map to be seen, where one is shown at a time
 * @property {HTMLElement} list of the findings, which has the focus where nothing nearer can
 */

export class Hand {
  /**
   * @param {HTMLElement} root
   * @param {Bench} bench
   */
  constructor(root, bench) {
    this.root = root;
    this.bench = bench;
    this.node = find(root, ".dock.hand");
    this.opener = find(root, ".to-hand", HTMLButtonElement);
    this.said = find(this.node, ".said");
    this.line = find(root, ".part-hidden");
    this.shows = find(this.node, "[name=shows]", HTMLSelectElement);
    this.shared = new SharedValue();
    /** @type {Area[]} */
    this.areas = [];
    /** @type {Area | null} what is being drawn */
    this.draft = null;
    /** @type {Hidden | null} */
    this.answer = null;
    this.answered = ""; // of which parts
    this.askedFor = ""; // with which maps
    this.notice = "";
    this.cover = new Cover();
    this.writesLogits = false;
    this.film = "";
    this.of = "";
    /** @type {string | undefined} what hidden parts show, since somebody chose it */
    this.kept = undefined;
    /** @type {number[] | undefined} where a rectangle begins */
    this.corner = undefined;
    this.question = new Question("hand", {
      say: bench.say,
      listen: bench.listen,
      parts: bench.parts,
      tell: (told) => this.take(told),
    });
    this.bind();
  }

  bind() {
    /** @param {string} name @param {() => void} act */
    const press = (name, act) => (find(this.node, `.${name}`, HTMLButtonElement).onclick = act);
    press("undo", () => this.put(this.areas.slice(0, -1)));
    press("reset", () => this.put([]));
    press("close", () => this.open(false));
    find(this.line, "button", HTMLButtonElement).onclick = () => {
      this.put([]);
      find(this.root, "[role=listbox]").focus(); // the button is gone
    };
    press("place", () => this.add(this.drawnByKeys()));
    press("logits", () => {
      this.writesLogits = !this.writesLogits;
      this.bench.changed();
    });
    this.shows.onchange = () => this.put(this.areas);
    const byKeys = find(this.node, ".by-keys", HTMLDetailsElement);
    byKeys.ontoggle = byKeys.oninput = () => {
      this.draft = byKeys.open ? this.drawnByKeys() : null;
      this.bench.changed();
    };
    this.opener.onclick = () => this.open(this.node.hidden);
    this.node.onkeydown = (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.open(false);
    };
  }

  /**
   * Open the dock, which then has the focus, or close it.
   * @param {boolean} isOpen
   */
  open(isOpen) {
    if (isOpen) this.bench.alone(this);
    setHidden(this.node, !isOpen, this.opener, this.bench.list);
    this.draft = null;
    this.notice = "";
    this.bench.changed();
    if (!isOpen) return;
    showAboveDock(this.root);
    giveFocus(this.node);
  }

  /** What a pointer does on the film: nothing while the dock is not to be seen. */
  get tool() {
    return this.node.checkVisibility() ? find(this.node, "[name=tool]:checked", HTMLInputElement).value : "";
  }

  /** @param {string} name */
  number(name) {
    return Number(find(this.node, `[name=${name}]`, HTMLInputElement).value);
  }

  /** @returns {Area} */
  drawnByKeys() {
    const [left, top] = [this.number("left") / 100, this.number("top") / 100];
    return boxBetween([left, top], [left + this.number("across") / 100, top + this.number("down") / 100]);
  }

  /**
   * Begin with a film. What is hidden belongs to one: on another nothing of it stays, nor comes back late.
   * @param {string} film
   */
  turnTo(film) {
    if (film === this.film) return;
    this.film = film;
    this.shared = new SharedValue();
    this.areas = [];
    this.answer = this.draft = null;
    this.notice = "";
    this.question.drop();
  }

  /**
   * Take over what Python says, where it is news. The server forgets questions whenever the page runs: it is asked again.
   * @param {HandWords} words
   * @param {string} of which film, under which model
   */
  receive({ areas, shows, baselines }, of) {
    this.shows.replaceChildren(
      ...Object.entries(baselines).map(([name, title]) => element("option", { value: name, title }, name)),
    );
    this.shows.value = shows in baselines ? shows : Object.keys(baselines)[0];
    if (this.shared.isNews(`${areas} ${shows}`)) {
      this.areas = readAreas(areas);
      if (areas) this.node.hidden = false;
    } else if (this.kept) this.shows.value = this.kept;
    if (of !== this.of) this.answer = null;
    this.of = of;
    this.ask();
  }

  get text() {
    return writeAreas(this.areas);
  }

  /**
   * Hide one part more, and show what that does.
   * @param {Area} area
   */
  hide(area) {
    this.open(true);
    this.add(area);
  }

  /** @param {Area | null} area */
  add(area) {
    this.draft = null;
    if (area) this.put([...this.areas, area]);
    else this.bench.changed();
  }

  /**
   * Hide these parts and no others.
   * @param {Area[]} areas
   */
  put(areas) {
    this.notice = writeAreas(areas).length > LONGEST ? TOO_LONG : "";
    if (!this.notice) this.areas = areas;
    this.kept = this.shows.value;
    this.ask();
    const { text } = this;
    if (this.shared.note(`${text} ${this.kept}`)) this.bench.choose({ hidden: text, shows: this.kept });
    this.bench.changed();
  }

  /** Ask what the model answers, and what the maps say that are there by now. */
  ask() {
    this.askedFor = this.readyMaps().join(" ");
    if (this.areas.length) this.question.ask({ areas: this.text, shows: this.shows.value });
    else {
      this.question.drop();
      this.answer = null;
    }
  }

  /** @returns {string[]} */
  readyMaps() {
    return (this.bench.data()?.panels ?? []).filter(({ state, maps }) => state === "ready" && maps).map(({ method }) => method);
  }

  /** @param {Told} told */
  take(told) {
    if ("content" in told) {
      this.answer = told.content;
      this.answered = this.text;
      if (this.notice !== TOO_LONG) this.notice = "";
      this.cover.put(this.answer);
    } else {
      this.answer = null;
      this.notice = told.message;
    }
    this.bench.changed();
  }

  /** Write what the hidden parts did to the chosen finding; maps that have come since are asked what they say. */
  showWords() {
    const { answer, node } = this;
    const name = this.bench.selected();
    this.root.dataset.hand = String(!node.hidden);
    this.line.hidden = !this.areas.length;
    this.opener.setAttribute("aria-pressed", String(!node.hidden));
    find(node, ".logits").setAttribute("aria-pressed", String(this.writesLogits));
    find(node, ".width").hidden = this.tool !== "brush";
    for (const button of ["undo", "reset"]) setDisabled(find(node, `.${button}`, HTMLButtonElement), !this.areas.length, node);
    if (this.areas.length && this.readyMaps().join(" ") !== this.askedFor) this.ask();
    const lead = this.areas.length ? (answer?.said[name] ?? "") : "";
    const rest = !this.areas.length ? INVITES_TO_DRAW : answer ? answer.covered : this.notice ? "" : MODEL_IS_ASKED;
    say(
      this.said,
      ...(this.notice ? [`${this.notice} `] : []),
      ...(lead ? [element("strong", {}, lead), ". "] : []),
      rest,
    );
    find(node, ".claims").replaceChildren(
      ...(answer?.claims[name] ?? []).map(({ label, value, help }) =>
        element("div", { title: help }, element("dt", {}, label), element("dd", {}, value)),
      ),
    );
    this.markFindings();
  }

  /** Say in the list how the probability of each finding moves. */
  markFindings() {
    for (const row of this.root.querySelectorAll(".findings [role=option]")) {
      for (const old of row.querySelectorAll(".moved, .after")) old.remove();
      const name = row.getAttribute("data-finding");
      const after = this.answer?.after[name];
      row.setAttribute("data-moved", String(after !== undefined));
      const label = row.getAttribute("data-label") ?? row.getAttribute("aria-label");
      row.setAttribute("data-label", label);
      row.setAttribute("aria-label", label);
      if (after === undefined) continue;
      const [moved, written] = [this.answer.change[name], this.answer.written[name]];
      row.setAttribute("aria-label", `${label} With parts hidden: ${written}, logit ${moved}.`);
      row.prepend(element("span", { class: "moved" }, this.writesLogits ? moved : `→\u00a0${written}`));
      const mark = element("span", { class: "after" });
      mark.style.left = `${100 * after}%`;
      find(row, ".bar").append(mark);
    }
  }

  /**
   * Begin to draw at a place; says whether it takes the pointer.
   * @param {number[]} place in shares of the film
   * @param {Panel | null} panel of the map under the pointer
   */
  begin(place, panel) {
    const { tool } = this;
    if (tool === "box") this.corner = place;
    if (tool === "brush") {
      this.draft = { kind: "brush", steps: [this.number("radius")] };
      paintOn(this.draft, place);
    }
    if (tool === "piece") this.add(this.pieceUnder(place, panel));
    return tool !== "";
  }

  /** @param {number[]} place in shares of the film */
  goOn(place) {
    if (this.tool === "box" && this.corner) this.draft = boxBetween(this.corner, place);
    if (this.tool === "brush" && this.draft) paintOn(this.draft, place);
    this.bench.redraw();
  }

  /** Let go. */
  end() {
    this.corner = undefined;
    if (this.draft && this.tool !== "piece") this.add(this.draft);
  }

  /** Draw nothing after all. */
  leave() {
    this.corner = undefined;
    this.draft = null;
    this.bench.changed();
  }

  /**
   * The piece of a map under a place: of the map that is pointed at, on the film of the first that has pieces.
   * @param {number[]} place
   * @param {Panel | null} panel
   * @returns {Area | null}
   */
  pieceUnder(place, panel) {
    const { panels, rect } = this.bench.data();
    const of = panel && canBeAsked(panel) ? panel : panels.find(canBeAsked);
    if (!of) return null;
    const at = pixelUnder(place, rect, of.pieces.shape);
    const steps = at < 0 ? null : stepOn(of.pieces, of.pieces.values[at], rect);
    return steps && { kind: of.method, steps };
  }

  /**
   * Draw over a panel: what the model saw in place of the hidden parts on the film, their outline everywhere.
   * @param {CanvasRenderingContext2D} context
   * @param {{isFilm: boolean, display: Display, place: Place}} on
   */
  draw(context, { isFilm, display, place }) {
    const isKnown = this.answer !== null && this.answered === this.text;
    if (isKnown) this.cover.draw(context, { isFilm, display, place });
    for (const area of [...(isKnown ? [] : this.areas), ...(this.draft ? [this.draft] : [])]) drawArea(context, area, place);
  }
}
