// @ts-check
// The light box: findings on the left, panels on the right, all drawn here without asking Python.

import { joinChannel } from "../shared/channel.js";
import { isPending } from "../shared/standing.js";
import { Assembly } from "./assembly.js";
import { bindControls, closeWhenLeft, showControls, withinLimits } from "./controls.js";
import { find } from "./dom.js";
import { FilmPanel } from "./film.js";
import { FindingsList, nameOutputs, sortedFindings } from "./findings.js";
import { clamp, View } from "./geometry.js";
import { bindKeys, bindPointers } from "./gestures.js";
import { MethodPanel, PicturePanel } from "./panel.js";
import { bindBack, bindFiles, isOfThisFilm, showAddress } from "./place.js";
import { addSides, nameSides, Scene } from "./scene.js";
import { Standing } from "./standing.js";
import { Choice, DEBOUNCE_MS, SharedValue } from "./sync.js";

/** @import { Component, Standing as Stands } from "../types.d.ts" */
/** @import { Data, Display, Hands, Payload } from "./payload.d.ts" */

const LEAST_PANEL_WIDTH = 205;
const PANEL_GAP = 10;
const TOGETHER_MS = 250; // for which a film waits for what belongs to it, so that all of it changes at once
const RETOLD_MS = 500;

class Viewer {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.assembly = new Assembly();
    this.view = new View();
    this.scene = new Scene(this.view);
    /** @type {Map<string, MethodPanel>} */
    this.panels = new Map();
    this.choice = new Choice();
    this.sharedDisplay = new SharedValue();
    /** @type {Payload | undefined} what Python sent last */
    this.latest = undefined;
    /** @type {Payload | undefined} what of it is shown */
    this.payload = undefined;
    /** @type {Data | undefined} the same, with what was fetched */
    this.data = undefined;
    /** @type {Display} */
    this.display = undefined;
    /** @type {ReturnType<typeof joinChannel> | undefined} */
    this.channel = undefined;
    this.listener = {
      tell: (/** @type {Stands} */ stands) => this.hear(stands),
      lost: () => this.goBack(location.search.slice(1)),
      gone: () => this.standing.showLost(),
    };
    /** @type {Promise<unknown>} what was said last to the server */
    this.said = Promise.resolve();
    /** @type {(() => void)[]} undo what listens outside of the light box */
    this.unbind = [];
    /** @type {number | null} */
    this.frame = null;
    this.sending = 0;
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
    this.standing = new Standing(root, (button) => this.press(button));
    bindControls(root, this.hands.change);
    this.hang(this.film);
    bindFiles(root, () => ({ page: this.payload.page, film: this.payload.film.id, finding: this.selected, display: this.display }));
  }

  /** Listen to what happens outside of the light box, once it can answer. */
  attach() {
    if (this.unbind.length) return;
    const sizes = new ResizeObserver(() => this.layOut());
    sizes.observe(find(this.root, ".panels"));
    this.unbind = [
      () => sizes.disconnect(),
      closeWhenLeft(find(this.root, ".keys", HTMLDetailsElement)),
      closeWhenLeft(find(this.root, ".save", HTMLDetailsElement)),
      bindKeys(this.root, this.hands),
      bindBack((query) => this.goBack(query)),
    ];
  }

  /** Be quiet; Streamlit may show the same light box again later, with all that was chosen in it. */
  release() {
    clearTimeout(this.sending);
    this.channel?.leave(this.listener);
    this.channel = undefined;
    this.latest = undefined; // what is still being fetched comes too late
    for (const unbind of this.unbind.splice(0)) unbind();
  }

  /**
   * Take new data from Python. The film waits a moment for what belongs to it; what comes later is added.
   * @param {Component<Payload>} component
   */
  async receive({ data, setTriggerValue }) {
    this.setTriggerValue = setTriggerValue;
    this.latest = data;
    this.listen(data);
    const belongs = Promise.all(this.assembly.missing(data));
    await this.assembly.parts.get(data.film.part);
    await Promise.race([belongs, new Promise((done) => setTimeout(done, TOGETHER_MS))]);
    if (this.latest !== data) return;
    if (this.payload?.film.id !== data.film.id) this.view.reset();
    this.payload = data;
    this.takeOver(data);
    this.show();
    this.layOut();
    this.root.inert = false;
    this.attach();
    this.fetch();
  }

  /**
   * Without a film there is nothing to show but the reason.
   * @param {Error} error
   */
  fail(error) {
    this.film.say(`The film could not be shown: ${error.message}.`);
  }

  /**
   * Listen to what is still waited for.
   * @param {Payload} data
   */
  listen(data) {
    if (this.channel?.address !== data.page) {
      this.channel?.leave(this.listener);
      this.channel = joinChannel(data.page, this.listener);
      this.assembly.begin(data.page);
    }
    if (this.assembly.itemsOf(data).some(isPending)) this.channel.open();
  }

  /**
   * Take what the server tells. It may be of a film that Python has not sent yet, or of the one before.
   * @param {Stands} stands
   */
  hear(stands) {
    this.assembly.heard = stands;
    if (!this.latest) return;
    if (this.assembly.itemsOf(this.latest).some(isPending)) this.channel.open();
    if (this.payload !== this.latest) return;
    this.show();
    this.fetch();
  }

  /** Fetch what is there by now, and show each part when it comes. */
  fetch() {
    const { payload } = this;
    for (const part of this.assembly.missing(payload)) part.then(() => this.latest && this.payload === payload && this.show());
  }

  /** Show what Python sent and what has come since. */
  show() {
    this.data = this.assembly.assemble(this.payload);
    this.choice.first = this.data.answers?.first;
    this.film.receive(this.data.film);
    this.arrangePanels();
    for (const { node } of [this.film, ...this.panels.values()]) nameSides(node, this.data.film.sides);
    this.refresh();
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

  /** @param {string} button what is written on it */
  async press(button) {
    const { group } = this.payload;
    if (button === "Reload") location.reload();
    else if (button === "Cancel") this.say({ do: "stop", group });
    else {
      this.assembly.broken.clear();
      await this.say({ do: "go on", group });
      this.channel.open();
    }
  }

  /**
   * Say something to the server, after what was said before.
   * @param {object} words
   */
  say(words) {
    const { channel } = this;
    const answer = this.said.then(() => channel?.say(words) ?? null);
    this.said = answer;
    return answer;
  }

  /**
   * Tell the server what the visitor chose; the address follows.
   * @param {object} changes
   * @param {number} again how often to try again, where the film is just changing
   */
  async choose(changes, again = 3) {
    const answer = await this.say({ choose: changes, count: this.choice.count });
    if (answer?.query === undefined) return;
    if (isOfThisFilm(answer.query)) showAddress(answer.query);
    else if (again) setTimeout(() => this.choose(changes, again - 1), RETOLD_MS);
  }

  /**
   * Go back or forth in the browser's history: what Python says next counts, whatever was chosen here.
   * @param {string} query
   */
  goBack(query) {
    this.choice.offered = undefined;
    this.sharedDisplay.received = undefined;
    this.setTriggerValue("back", query);
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
    if (this.sharedDisplay.note(canonical(this.display))) this.choose({ display: this.display });
  }

  get selected() {
    return this.choice.name;
  }

  /** @param {string | undefined} name */
  select(name) {
    if (!name || name === this.selected) return;
    this.choice.make(name);
    this.choose({ finding: name });
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
    const items = this.assembly.itemsOf(this.payload);
    this.standing.showUnlike(data.unlike);
    this.standing.showAnswer(data.answers, selected, items.find(({ name }) => name === "answers"), data.model);
    this.standing.showProgress(items, this.assembly.standsFor(this.payload).note, data.about);
    this.root.dataset.ready = String(data.panels.some(({ maps }) => maps));
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
  return () => viewer.release();
}
