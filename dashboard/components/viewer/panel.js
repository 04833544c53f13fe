// @ts-check
// One method's panel: its picture, its colour bar, and what is said about it.

import { element, find } from "./dom.js";
import { showTruthNote } from "./elsewhere.js";
import { colourMap, endLabels, largestMagnitude, mapOfFinding, paintColourBar, percentileOfMagnitude, ruleInWords } from "./evidence.js";
import { WindowedPicture } from "./film.js";
import { verdict } from "./findings.js";
import { boundaries, strokeOver } from "./geometry.js";
import { HATCHING, isHatched, unsureMask } from "./hatching.js";
import { dimOutside } from "./scene.js";
import { showTrust } from "./trust.js";
import { drawStripes, isStriped, loweringMask } from "./stripes.js";

/** @import { Answered, Caption, Display, Drawing, Panel, Pixels, Place, Scale, Telling } from "./payload.d.ts" */

/** @type {Record<string, string>} */
const STATE_WORDS = {
  waiting: "Waiting",
  running: "Computing",
  failed: "This map could not be made",
  cancelled: "Cancelled",
};

/** @typedef {{key?: string, stack?: Pixels, lut?: Uint8Array, canvas?: HTMLCanvasElement, lowering?: HTMLCanvasElement, unsure?: HTMLCanvasElement}} Kept */

const HOLDS = 1.3; // by how much the largest value of a map that sharpens may move before its colours span another range
const WITH_MAP = ["ready", "preview", "stopped"];

export class MethodPanel {
  /** @param {HTMLTemplateElement} template */
  constructor(template) {
    this.node = /** @type {HTMLElement} */ (template.content.firstElementChild.cloneNode(true));
    this.canvas = find(this.node, ".stage canvas", HTMLCanvasElement);
    this.bar = find(this.node, ".scale canvas", HTMLCanvasElement);
    /** @type {Panel} */
    this.panel = undefined;
    /** @type {Kept} */
    this.overlay = {};
    /** @type {WeakMap<Pixels, Map<string, number>>} */
    this.numbers = new WeakMap();
    /** @type {{pieces: Pixels | null, path: Path2D | null}} */
    this.outlines = { pieces: null, path: null };
    /** @type {Map<string, number>} what the colours of a map that sharpens span */
    this.held = new Map();
    this.label = { of: "", text: "" };
  }

  /** @param {string} name */
  part(name) {
    return find(this.node, `.${name}`);
  }

  /**
   * Take what Python sent for this panel, its arrays decoded.
   * @param {Panel} panel
   */
  receive(panel) {
    this.panel = panel;
    if (panel.state !== "preview") this.held.clear();
  }

  /** Whether there is a map to show, if only one that is not finished. */
  get isReady() {
    return WITH_MAP.includes(this.panel.state) && this.panel.maps !== null;
  }

  /**
   * The array to draw: the method's own cells where they are asked for and there are any.
   * @param {Display} display
   */
  stackFor(display) {
    return display.evidence === "native" && this.panel.native ? this.panel.native : this.panel.maps;
  }

  /**
   * The range, sign and least magnitude shown that turn one finding's map into colour.
   * @param {Pixels} map
   * @param {number} index
   * @param {Display} display
   * @returns {Scale}
   */
  scaleFor(map, index, display) {
    const stack = this.stackFor(display);
    const own = this.remember(`own ${index}`, stack, () => largestMagnitude(map.values));
    const all = this.remember("all", stack, () => largestMagnitude(stack.values));
    const hidden = display.hide_weakest;
    const weakest = this.remember(`weakest ${index} ${hidden}`, stack, () =>
      hidden > 0 ? percentileOfMagnitude(map.values, hidden) : 0,
    );
    const range = display.scale === "all" ? this.hold("all", all) : this.hold(`${index}`, own);
    return { range, weakest, signed: this.panel.signed, empty: own === 0 };
  }

  /**
   * What colours span: the largest value, but that while a map sharpens they do not follow each small move of it.
   * @param {string} name
   * @param {number} range
   */
  hold(name, range) {
    const before = this.held.get(name) ?? 0;
    const isNear = range <= HOLDS * before && range >= before / HOLDS;
    if (this.panel.state !== "preview" || range === 0) return range;
    if (!isNear) this.held.set(name, range);
    return this.held.get(name);
  }

  /**
   * Numbers of a stack that do not change while the stack does not.
   * @param {string} name
   * @param {Pixels} stack
   * @param {() => number} compute
   */
  remember(name, stack, compute) {
    if (!this.numbers.has(stack)) this.numbers.set(stack, new Map());
    const known = this.numbers.get(stack);
    if (!known.has(name)) known.set(name, compute());
    return known.get(name);
  }

  /**
   * Write everything but the picture.
   * @param {Telling} telling
   */
  showWords({ finding, index, count, display, without, luts }) {
    const { panel } = this;
    /** @type {Partial<Caption>} */
    const caption = panel.captions?.[finding.name] ?? {};
    this.node.dataset.state = this.isReady ? panel.state : panel.state === "ready" ? "failed" : panel.state;
    this.part("title").textContent = panel.title;
    this.part("glance").textContent = panel.glance ?? "";
    this.part("glance").title = panel.needs ?? "";
    this.part("to-behind").hidden = panel.state !== "ready" || !panel.shares || !panel.pieces;
    this.part("to-behind").dataset.method = panel.method;
    this.part("notice").textContent = this.isReady ? "" : panel.message || STATE_WORDS[this.node.dataset.state];
    this.canvas.setAttribute("aria-label", this.labelOf(finding, caption, display));
    this.showSoFar();
    this.showScale({ index, count, display, luts });
    showCaption(this.node, this.isReady ? { ...caption, diagnostics: this.diagnosticsOf(caption) } : {});
    showTruthNote(this.node, this.isReady && display.truth ? caption.truth_note : null, without);
    showTrust(this.node, this.isReady && !this.isGoing ? panel.trust[finding.name] : undefined);
    this.showReading(caption);
  }

  /**
   * @param {Answered} finding
   * @param {Partial<Caption>} caption
   * @param {Display} display
   */
  altText(finding, caption, display) {
    if (!this.isReady) return `${this.panel.title} for ${finding.label}: ${this.part("notice").textContent}`;
    const told = caption.alt ?? `${this.panel.title} for ${finding.label}. ${verdict(finding)}`;
    return display.overlay ? told : `Overlay hidden. ${told}`;
  }

  /** Whether the map still sharpens. */
  get isGoing() {
    return this.panel.state === "preview";
  }

  /**
   * How far to trust the map: while it sharpens only what warns.
   * @param {Partial<Caption>} caption
   */
  diagnosticsOf({ diagnostics = [] }) {
    return this.isGoing ? diagnostics.filter(({ warn }) => warn) : diagnostics;
  }

  /**
   * What a screen reader says of the picture: while a map sharpens, of its first look and no other.
   * @param {Answered} finding
   * @param {Partial<Caption>} caption
   * @param {Display} display
   */
  labelOf(finding, caption, display) {
    const of = this.isGoing ? `${finding.name} ${this.panel.method} ${display.overlay}` : "";
    if (!of || of !== this.label.of) this.label = { of, text: this.altText(finding, caption, display) };
    return this.label.text;
  }

  /** How far a map is that is not finished; and how to have more of one that more films would still change. */
  showSoFar() {
    const { so_far, more } = this.isReady ? this.panel : { so_far: null, more: null };
    this.part("so-far").textContent = so_far ? (this.isGoing ? so_far.going : so_far.stopped) : "";
    this.part("more").hidden = !more;
    this.part("more span").textContent = more?.said ?? "";
    const button = find(this.node, ".more button", HTMLButtonElement);
    button.hidden = !more?.button;
    button.textContent = more?.button ?? "";
    button.dataset.query = JSON.stringify(more?.query ?? {});
  }

  /** @param {Omit<Telling, "finding" | "without">} telling */
  showScale({ index, count, display, luts }) {
    const map = this.isReady ? mapOfFinding(this.stackFor(display), index) : null;
    const scale = map ? this.scaleFor(map, index, display) : { range: 0, weakest: 0, signed: false, empty: true };
    const [low, high] = map ? endLabels(scale, this.panel.unit) : ["", ""];
    this.part("low").textContent = low;
    this.part("high").textContent = high;
    this.part("scale").dataset.signed = String(scale.signed && scale.range > 0);
    paintColourBar(this.bar, luts[scale.signed ? "signed" : "unsigned"], scale);
    const isMarked = map && scale.range > 0 && display.opacity > 0;
    const marks = [
      this.formInWords(display),
      isMarked && display.stripes && scale.signed && isStriped(map, scale) ? "striped where it lowers the logit" : "",
      isMarked && display.unsure && isHatched(this.panel, index, map, scale) ? "hatched where its sign is not sure, at 95\u202f%" : "",
    ];
    const about = { unit: this.panel.unit, findings: count, form: marks.filter(Boolean).join("; "), isHeld: this.isGoing };
    const rule = map ? ruleInWords(scale, display, about) : "";
    this.part("rule").textContent = map && !display.overlay ? "Overlay off: this is the film alone." : rule;
  }

  /**
   * What "native" means for this method.
   * @param {Display} display
   */
  formInWords(display) {
    if (display.evidence !== "native") return "";
    if (this.panel.native) return `its own ${this.panel.native.shape.slice(1).join(" × ")} cells`;
    return this.panel.pieces ? "its own regions outlined" : "no coarser form";
  }

  /** @param {Partial<Caption>} caption */
  showReading(caption) {
    const terms = (caption.diagnostics ?? []).filter(({ help, warn }) => help && !warn);
    const [first, rest] = firstSentence(this.panel.how ?? "");
    this.part("how").hidden = !rest && !this.panel.lies && !this.panel.needs && !terms.length;
    this.part("needs").textContent = this.panel.needs ?? "";
    this.part("gist").textContent = first;
    this.part("how-text").textContent = rest;
    this.part("lies").hidden = !this.panel.lies;
    this.part("lies span").textContent = this.panel.lies ?? "";
    this.part("terms").replaceChildren(
      ...terms.map(({ label, help }) => element("p", {}, element("b", {}, label), ` ${help}`)),
    );
  }

  /**
   * The finding's map in colour; null where there is nothing to show.
   * @param {number} index
   * @param {Display} display
   * @param {Drawing["luts"]} luts
   */
  overlayFor(index, display, luts) {
    const stack = this.isReady && display.overlay ? this.stackFor(display) : null;
    const map = mapOfFinding(stack, index);
    if (!map) return null;
    const scale = this.scaleFor(map, index, display);
    if (scale.range === 0) return null;
    const lut = luts[scale.signed ? "signed" : "unsigned"];
    const key = [index, scale.range, scale.weakest].join(" ");
    if (this.overlay.key !== key || this.overlay.stack !== stack || this.overlay.lut !== lut) {
      const lowering = scale.signed ? loweringMask(map, scale) : undefined;
      const unsure = unsureMask(this.panel, index, map, scale);
      this.overlay = { key, stack, lut, canvas: colourMap(map, scale, lut), lowering, unsure };
    }
    return this.overlay.canvas;
  }

  /**
   * Lay the evidence over a film that is already drawn; `place.box` is where the model's input lies.
   * @param {CanvasRenderingContext2D} context
   * @param {Drawing} drawing
   * @param {Place} place
   */
  draw(context, { index, display, luts }, place) {
    const { box, ratio } = place;
    if (this.isReady && display.overlay) dimOutside(context, place);
    const overlay = this.overlayFor(index, display, luts);
    if (!overlay) return;
    const native = display.evidence === "native";
    context.imageSmoothingEnabled = !native;
    context.globalAlpha = display.opacity;
    context.drawImage(overlay, box.left, box.top, box.width, box.height);
    context.globalAlpha = 1;
    if (display.opacity > 0) this.drawLines(context, display, place);
    if (native && this.panel.pieces) this.drawOutlines(context, box, ratio);
  }

  /**
   * What lies on the colours, and goes with them.
   * @param {CanvasRenderingContext2D} context
   * @param {Display} display
   * @param {Place} place
   */
  drawLines(context, display, place) {
    if (display.stripes && this.overlay.lowering) drawStripes(context, this.overlay.lowering, place);
    if (display.unsure && this.overlay.unsure) drawStripes(context, this.overlay.unsure, place, HATCHING);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Place["box"]} box
   * @param {number} ratio
   */
  drawOutlines(context, box, ratio) {
    const { pieces } = this.panel;
    if (this.outlines.pieces !== pieces) {
      this.outlines = { pieces, path: boundaries(pieces.values, pieces.shape) };
    }
    const line = { width: ratio, color: "rgba(255, 255, 255, 0.55)" };
    strokeOver(context, this.outlines.path, pieces.shape, box, line);
  }
}

/** A panel that shows another film, such as a twin, in the place of the first. */
export class PicturePanel extends MethodPanel {
  /** @param {HTMLTemplateElement} template */
  constructor(template) {
    super(template);
    this.windowed = new WindowedPicture();
    this.part("scale").style.visibility = "hidden"; // its row stays, or the panels would not line up
    this.part("how").style.visibility = "hidden";
  }

  /** @param {Telling} telling */
  showWords({ finding }) {
    /** @type {Partial<Caption>} */
    const caption = this.panel.captions?.[finding.name] ?? {};
    this.node.dataset.state = "ready";
    this.part("title").textContent = this.panel.title;
    this.part("title").title = this.panel.title;
    this.canvas.setAttribute("aria-label", `${this.panel.title}. ${caption.where ?? ""}`);
    showCaption(this.node, caption);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Drawing} drawing
   * @param {Place} place
   */
  draw(context, { display }, { film }) {
    if (!this.panel.picture) return;
    context.imageSmoothingEnabled = true;
    context.drawImage(this.windowed.through(this.panel.picture, display), film.left, film.top, film.width, film.height);
  }
}

/**
 * A text's first sentence, and the others.
 * @param {string} text
 */
export function firstSentence(text) {
  const end = text.search(/[.!?]\s+(?=\p{Lu})/u);
  return end < 0 ? [text, ""] : [text.slice(0, end + 1), text.slice(end + 1).trim()];
}

/**
 * Where the evidence lies, how far to trust it, and what it cost.
 * @param {HTMLElement} node
 * @param {Partial<Caption>} caption
 */
function showCaption(node, { where, diagnostics, cost }) {
  node.querySelector(".where").textContent = where ?? "";
  node.querySelector(".cost").textContent = cost ?? "";
  node.querySelector(".diagnostics").replaceChildren(
    ...(diagnostics ?? []).map(({ label, value, warn, help }) =>
      element(
        "div",
        { class: warn ? "warning" : "" },
        element("dt", {}, warn ? `! ${label}` : label),
        element("dd", {}, value),
        ...(warn && help ? [element("dd", { class: "help" }, help)] : []),
      ),
    ),
  );
}
