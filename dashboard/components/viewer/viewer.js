// @ts-check
// The light box: findings on the left, panels on the right, all drawn here without asking Python.

import { ArrayCache, bytesOfBase64 } from "./arrays.js";
import { bindControls, closeWhenLeft, showControls, withinLimits } from "./controls.js";
import { find } from "./dom.js";
import { FilmPanel } from "./film.js";
import { FindingsList, nameOutputs, sortedFindings } from "./findings.js";
import { boundaries, clamp, View } from "./geometry.js";
import { bindKeys, bindPointers } from "./gestures.js";
import { MethodPanel, PicturePanel } from "./panel.js";
import { addSides, Scene } from "./scene.js";
import { Choice, DEBOUNCE_MS, SharedValue } from "./sync.js";

/** @import { Component } from "../types.d.ts" */
/** @import { Data, Display, Encoded, Hands, Luts, Panel, Payload, Pixels } from "./payload.d.ts" */

const LEAST_PANEL_WIDTH = 205;
const PANEL_GAP = 10;

class Viewer {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.arrays = new ArrayCache();
    this.view = new View();
    this.scene = new Scene(this.view);
    /** @type {Map<string, MethodPanel>} */
    this.panels = new Map();
    this.choice = new Choice();
    this.sharedDisplay = new SharedValue();
    /** @type {Data | undefined} */
    this.data = undefined;
    /** @type {Payload | null} */
    this.latest = null;
    /** @type {Display} */
    this.display = undefined;
    /** @type {(() => void) | undefined} */
    this.unbindKeys = undefined;
    /** @type {number | null} */
    this.frame = null;
    this.sending = 0;
    this.tablesText = "";
    /** @type {Hands} */
    this.hands = {
      view: this.view,
      moved: () => this.requestDraw(),
      display: () => this.display,
      change: (change) => this.changeDisplay(change),
      step: (by) => this.stepFinding(by),
    };
    this.list = new FindingsList(find(root, "[role=listbox]"), (name) => this.select(name));
    this.film = new FilmPanel(find(root, ".film"), this.hands.change);
    bindControls(root, this.hands.change);
    this.hang(this.film);
    this.unbindKeysPopover = closeWhenLeft(find(root, ".keys", HTMLDetailsElement));
    this.sizes = new ResizeObserver(() => this.layOut());
    this.sizes.observe(find(root, ".panels"));
  }

  release() {
    clearTimeout(this.sending);
    this.sizes.disconnect();
    this.unbindKeys?.();
    this.latest = null; // what is still being decoded comes too late
    this.unbindKeysPopover();
  }

  /**
   * Take new data from Python. Words and pictures change together, once all arrays are decoded.
   * @param {Component<Payload>} component
   */
  async receive({ data, setStateValue }) {
    this.setStateValue = setStateValue;
    this.latest = data;
    const decoded = await this.decode(data);
    if (this.latest !== data) return;
    if (this.data?.film.id !== data.film.id) this.view.reset();
    this.data = { ...data, ...decoded };
    this.takeOver(data);
    this.arrangePanels();
    this.film.receive(data.film);
    this.refresh();
    this.layOut();
    this.root.inert = false;
    this.unbindKeys ??= bindKeys(this.root, this.hands);
  }

  /**
   * Without a film there is nothing to show but the reason.
   * @param {Error} error
   */
  fail(error) {
    this.film.say(`The film could not be shown: ${error.message}.`);
  }

  /** @param {Payload} data */
  async decode(data) {
    const places = new Set();
    /**
     * @param {string} place
     * @param {Encoded | null | undefined} encoded
     */
    const get = (place, encoded) => {
      places.add(place);
      return this.arrays.get(place, encoded);
    };
    /**
     * @param {Panel} panel
     * @returns {Promise<Panel<Pixels>>}
     */
    const panel = async (panel) => {
      try {
        const parts = [panel.maps, panel.native, panel.pieces, panel.picture];
        const [maps, native, pieces, picture] = await Promise.all(
          parts.map((encoded, at) => get(`${panel.method} ${at}`, encoded)),
        );
        return { ...panel, maps, native, pieces, picture };
      } catch (error) {
        // One broken panel leaves the others alone.
        const message = `The map did not arrive whole: ${error.message}.`;
        return { ...panel, state: "failed", message, maps: null, native: null, pieces: null, picture: null };
      }
    };
    const [pixels, input, masks, panels] = await Promise.all([
      get("film", data.film.pixels),
      get("input", data.input?.pixels),
      Promise.all(
        Object.entries(data.masks ?? {}).map(async ([name, encoded]) => {
          const { values, shape } = await get(`mask ${name}`, encoded);
          return [name, { path: boundaries(values, shape), shape }];
        }),
      ),
      Promise.all(data.panels.map(panel)),
    ]);
    this.arrays.keepOnly(places);
    const outlines = Object.fromEntries(masks);
    return { pixels, inputPixels: input, outlines, panels, luts: this.tables(data.luts) };
  }

  /**
   * The colour tables, the same arrays as long as they are the same colours.
   * @param {Luts} luts
   * @returns {Luts<Uint8Array>}
   */
  tables(luts) {
    const text = luts.unsigned + luts.signed;
    if (text !== this.tablesText) {
      this.tablesText = text;
      this.decodedTables = { unsigned: bytesOfBase64(luts.unsigned), signed: bytesOfBase64(luts.signed) };
    }
    return this.decodedTables;
  }

  /**
   * Take over what Python chose, where that is news.
   * @param {Payload} data
   */
  takeOver({ findings, selected, heard, display }) {
    this.choice.offer(selected, heard, findings.map(({ name }) => name));
    if (this.sharedDisplay.isNews(canonical(display))) {
      clearTimeout(this.sending);
      this.display = { ...display };
    }
    this.tellDisplay();
  }

  arrangePanels() {
    const container = find(this.root, ".panels");
    const template = find(this.root, "template", HTMLTemplateElement);
    const wanted = new Set(this.data.panels.map(({ method }) => method));
    for (const [method, panel] of this.panels) {
      if (wanted.has(method)) continue;
      panel.node.remove();
      this.panels.delete(method);
    }
    this.data.panels.forEach((data, index) => {
      if (!this.panels.has(data.method)) {
        const panel = data.picture ? new PicturePanel(template) : new MethodPanel(template);
        this.hang(panel);
        this.panels.set(data.method, panel);
      }
      const panel = this.panels.get(data.method);
      panel.receive(data);
      const place = container.children[index + 1];
      if (place !== panel.node) container.insertBefore(panel.node, place ?? null);
    });
  }

  /** @param {FilmPanel | MethodPanel} panel */
  hang(panel) {
    addSides(panel.node);
    bindPointers(panel.canvas, this.hands);
  }

  /** @param {Partial<Display>} change */
  changeDisplay(change) {
    this.display = { ...this.display, ...withinLimits(this.root, change) };
    this.refresh();
    clearTimeout(this.sending);
    this.sending = window.setTimeout(() => this.tellDisplay(), DEBOUNCE_MS);
  }

  tellDisplay() {
    if (this.sharedDisplay.note(canonical(this.display))) this.setStateValue("display", this.display);
  }

  get selected() {
    return this.choice.name;
  }

  /** @param {string | undefined} name */
  select(name) {
    if (!name || name === this.selected) return;
    this.setStateValue("selected", this.choice.make(name));
    this.refresh();
  }

  /** @param {number} by */
  stepFinding(by) {
    const names = sortedFindings(this.data.findings, this.display.order).map(({ name }) => name);
    this.select(names[clamp(names.indexOf(this.selected) + by, 0, names.length - 1)]);
  }

  get index() {
    return this.data.findings.findIndex(({ name }) => name === this.selected);
  }

  /** Write every word and control as the state is now, and ask for a new picture. */
  refresh() {
    const { data, display, selected, index } = this;
    const finding = data.findings[index];
    this.root.dataset.overlay = String(display.overlay);
    nameOutputs(this.root, data.outputs);
    this.list.show(data.findings, selected, display.order);
    showControls(this.root, display);
    find(this.root, "[value=input]", HTMLInputElement).disabled = !data.inputPixels;
    find(this.root, "[data-display=truth]", HTMLButtonElement).disabled = !this.hasTruth();
    const told = { finding, index, count: data.findings.length, display, luts: data.luts };
    const boxes = display.truth ? (data.truth?.[selected]?.length ?? 0) : 0;
    this.film.showWords(told, boxes);
    for (const panel of this.panels.values()) panel.showWords(told);
    this.requestDraw();
  }

  hasTruth() {
    return Boolean(this.data.truth?.[this.selected]?.length || this.data.outlines[this.selected]);
  }

  /** As many panels in a row as keep their least width, in even rows. */
  layOut() {
    const container = find(this.root, ".panels");
    const count = this.panels.size + 1;
    /** @param {number} columns */
    const fits = (columns) => (container.clientWidth + PANEL_GAP) / columns - PANEL_GAP >= LEAST_PANEL_WIDTH;
    const columns = [count, Math.ceil(count / 2), 2].find((wanted) => wanted <= count && fits(wanted)) ?? 1;
    container.style.setProperty("--columns", String(columns));
    this.requestDraw();
  }

  requestDraw() {
    if (this.frame || !this.data) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    this.root.dataset.zoomed = String(this.view.zoom > 1);
    const { data, display, index } = this;
    this.scene.draw({ data, display, index, panels: [this.film, ...this.panels.values()] });
  }
}

/**
 * A display as one line of text, the same for the same display whatever the order of its keys.
 * @param {Display} display
 */
function canonical(display) {
  return JSON.stringify(Object.entries(display).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** @type {WeakMap<ShadowRoot, Viewer>} */
const viewers = new WeakMap();

/** @param {Component<Payload>} component */
export default function (component) {
  const { parentElement } = component;
  const root = find(parentElement, ".viewer");
  let viewer = viewers.get(parentElement);
  if (viewer?.root !== root) {
    viewer?.release();
    viewer = new Viewer(root);
    viewers.set(parentElement, viewer);
  }
  viewer.receive(component).catch((error) => viewer.fail(error));
  return () => {
    viewer.release();
    viewers.delete(parentElement);
  };
}
