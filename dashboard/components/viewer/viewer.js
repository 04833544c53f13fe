// @ts-check
// The light box: findings on the left, panels on the right, all drawn here without asking Python.

import { joinChannel } from "../shared/channel.js";
import { isPending } from "../shared/standing.js";
import { Assembly } from "./assembly.js";
import { Behind } from "./behind.js";
import { bindControls, closeWhenLeft, showControls, withinLimits } from "./controls.js";
import { find } from "./dom.js";
import { bindTwin } from "./elsewhere.js";
import { Enlarge } from "./enlarge.js";
import { FilmPanel } from "./film.js";
import { FindingsList, nameOutputs, sortedFindings } from "./findings.js";
import { clamp, View } from "./geometry.js";
import { bindKeys } from "./gestures.js";
import { Glossary } from "./glossary.js";
import { Hand } from "./hand.js";
import { mayBeHatched } from "./hatching.js";
import { Intro } from "./intro.js";
import { measureDocks } from "./layout.js";
import { bindMore } from "./more.js";
import { Panels } from "./panels.js";
import { bindBack, isOfThisFilm, showAddress } from "./place.js";
import { Present } from "./present.js";
import { bindSave } from "./save.js";
import { Scene } from "./scene.js";
import { Several } from "./several.js";
import { Standing } from "./standing.js";
import { Choice, DEBOUNCE_MS, SharedValue } from "./sync.js";
import { knowsTruth, legendOfTruth, namedAs, withoutTruth } from "./truth.js";

/** @import { Component, Standing as Stands } from "../types.d.ts" */
/** @import { Data, Display, Hands, Payload } from "./payload.d.ts" */

const TOGETHER_MS = 250; // for which a film waits for what belongs to it, so that all of it changes at once
const RETOLD_MS = 500;

class Viewer {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.assembly = new Assembly();
    this.view = new View();
    this.scene = new Scene(this.view);
    this.choice = new Choice();
    this.sharedDisplay = new SharedValue();
    /** @type {Payload | undefined} what Python sent last */
    this.latest = undefined;
    /** @type {Payload | undefined} what of it is shown */
    this.payload = undefined;
    /** @type {Data | undefined} the same, with what was fetched */
    this.whole = undefined;
    /** @type {Data | undefined} the same as it is seen: without the truth while that is hidden */
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
    this.enlarge = new Enlarge(root, this.view, this.hands.moved);
    this.glossary = new Glossary(root);
    this.several = new Several(root, (name) => this.leaveFor(name));
    this.intro = new Intro(root, (query) => this.goTo(query), () => this.layOut());
    this.present = new Present(root, this.presented());
    this.enlarge.present = this.present;
    this.standing = new Standing(root, (button) => this.press(button));
    const bench = this.bench();
    this.hand = new Hand(root, bench);
    this.behind = new Behind(root, { ...bench, hide: (area) => this.hand.hide(area) });
    const { hands, hand, behind, enlarge } = this;
    this.panels = new Panels(root, { hands, hand, behind, enlarge, data: () => this.data });
    bindControls(root, this.hands.change);
    bindTwin(root, (other) => this.askForTwin(other));
    bindMore(root, (query) => this.askForMore(query));
    this.panels.hang(this.film);
    bindSave(root, () => this.saved);
  }

  /**
   * What those need who ask the server about a part of the film.
   * @returns {import("./hand.js").Bench}
   */
  bench() {
    return {
      say: (words) => this.say(words),
      listen: () => this.channel?.open(),
      parts: () => this.assembly.parts,
      choose: (changes) => this.choose(changes),
      changed: () => this.data && this.refresh(),
      redraw: () => this.requestDraw(),
      alone: (one) => [this.hand, this.behind].filter((other) => other !== one).forEach((other) => other.open(false)),
      data: () => this.data,
      selected: () => this.selected,
      list: this.list.list,
      reveal: (method) => this.enlarge.reveal(method),
    };
  }

  /**
   * What a presentation shows, and what it can do about it.
   * @returns {import("./present.js").Shown}
   */
  presented() {
    return {
      whole: () => this.whole,
      data: () => this.data,
      finding: () => this.data?.findings[this.index],
      changed: () => {
        this.see();
        this.refresh();
        this.layOut();
      },
      isLarge: () => this.enlarge.isLarge,
      shrink: () => this.enlarge.shrink(),
    };
  }

  /** Listen to what happens outside of the light box, once it can answer. */
  attach() {
    if (this.unbind.length) return;
    const sizes = new ResizeObserver(() => this.layOut());
    sizes.observe(find(this.root, ".panels"));
    sizes.observe(document.documentElement);
    this.unbind = [
      () => sizes.disconnect(),
      measureDocks(this.root, [this.hand.node, this.behind.node]),
      closeWhenLeft(find(this.root, ".keys", HTMLDetailsElement)),
      closeWhenLeft(find(this.root, ".save", HTMLDetailsElement)),
      closeWhenLeft(find(this.root, ".help", HTMLDetailsElement)),
      bindKeys(this.root, this.hands),
      bindBack((query) => this.goBack(query)),
    ];
  }

  /** Be quiet; Streamlit may show the same light box again later, with all that was chosen in it. */
  release() {
    this.present.end();
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
    try {
      await this.assembly.parts.get(data.film.part);
    } finally {
      if (this.latest === data) this.openChannel(data); // not before: what is asked for then may load a model
    }
    if (this.payload) await Promise.race([belongs, new Promise((done) => setTimeout(done, TOGETHER_MS))]);
    if (this.latest !== data) return;
    if (this.payload?.film.id !== data.film.id) this.view.reset();
    this.payload = data;
    this.takeOver(data);
    this.hand.turnTo(data.film.id);
    this.intro.show(data.questions, data.introduces);
    this.show();
    if (data.hand) this.hand.receive(data.hand, `${data.film.id} ${data.model}`);
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
   * Join those who listen to the page.
   * @param {Payload} data
   */
  listen(data) {
    if (this.channel?.address !== data.page) {
      this.channel?.leave(this.listener);
      this.channel = joinChannel(data.page, this.listener);
      this.assembly.begin(data.page);
    }
  }

  /** @param {Payload} data */
  openChannel(data) {
    if (this.assembly.itemsOf(data).some(isPending)) this.channel.open();
  }

  /**
   * Take what the server tells. It may be of a film that Python has not sent yet, or of the one before.
   * @param {Stands} stands
   */
  hear(stands) {
    this.assembly.heard = stands;
    if (!this.latest) return;
    for (const { question } of [this.hand, this.behind]) question.hear(stands);
    this.openChannel(this.latest);
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
    this.whole = this.assembly.assemble(this.payload);
    this.choice.first = this.whole.answers?.first;
    this.see();
    this.refresh();
  }

  /** Show the truth, or nothing of it. */
  see() {
    const { truth } = this.present.adjusted(this.display);
    this.data = truth ? this.whole : withoutTruth(this.whole);
    this.film.receive(this.data.film);
    this.panels.receive(this.data.panels, this.payload.panels);
    document.documentElement.dataset.truth = truth ? "on" : "off"; // for what Streamlit shows of it
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

  /**
   * Have the page show a twin, once the server knows all that was chosen here: the page's run takes that over.
   * @param {string} other what the twin lacks
   */
  async askForTwin(other) {
    clearTimeout(this.sending);
    this.tellDisplay();
    await this.said;
    this.setTriggerValue("twin", other);
  }

  /**
   * Have a method take more films, once the server knows all that was chosen here.
   * @param {Record<string, string>} changes of the address
   */
  async askForMore(changes) {
    clearTimeout(this.sending);
    this.tellDisplay();
    await this.said;
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) query.set(name, value);
    this.goTo(query.toString());
  }

  /**
   * Open another view of this page as a link to it would; the browser's Back comes back to this one.
   * @param {string} query
   */
  goTo(query) {
    history.pushState(history.state, "", `${location.pathname}?${query}`);
    this.goBack(query);
  }

  /**
   * Go from several findings at once to one of them.
   * @param {string} name
   */
  leaveFor(name) {
    const query = new URLSearchParams(location.search);
    query.set("finding", name);
    for (const field of ["grid", "beside"]) query.delete(field);
    this.goTo(query.toString());
  }

  /** @param {Partial<Display>} change */
  changeDisplay(change) {
    this.display = { ...this.display, ...withinLimits(this.root, change) };
    if ("truth" in change) this.see();
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

  /** What files are made of. */
  get saved() {
    const { page, film, films } = this.payload;
    return { page, film: film.id, films, finding: this.selected, findings: this.data.findings, display: this.display };
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
    const { data, selected, index } = this;
    const display = this.present.adjusted(this.display);
    showControls(this.root, display);
    this.root.dataset.alone = String(!data.findings.length);
    if (this.several.show(data, selected, display)) this.layOut();
    this.present.offer(data.findings.length > 0 && !this.several.isShown);
    if (!data.findings.length) {
      this.showAlone();
      return;
    }
    const finding = data.findings[index];
    const items = namedAs(this.assembly.seenItems(this.payload), data.panels);
    this.standing.showUnlike(data.unlike);
    this.standing.showAnswer(data.answers, selected, items.find(({ name }) => name === "answers"), data.model, data.doubted || data.unlike !== "");
    this.standing.showKnown(finding.known);
    this.standing.showProgress(items, this.assembly.standsFor(this.payload).note, data.about);
    this.root.dataset.ready = String(data.panels.some(({ maps }) => maps));
    this.root.dataset.overlay = String(display.overlay);
    nameOutputs(this.root, data.outputs);
    this.list.show(data.findings, selected, display.order);
    find(this.root, "[value=input]", HTMLInputElement).disabled = !data.inputPixels;
    const isKnown = knowsTruth(this.whole);
    find(this.root, "[data-display=truth]", HTMLButtonElement).disabled = !isKnown;
    find(this.root, "[data-display=unsure]", HTMLButtonElement).disabled = !mayBeHatched(data.panels);
    find(this.root, ".legend .truth").textContent = legendOfTruth(isKnown, display.truth);
    const told = { finding, index, count: data.findings.length, display, without: data.without, luts: data.luts };
    const boxes = data.truth[selected]?.length ?? 0;
    this.film.showWords(told, boxes, data.drawn_by[selected]);
    for (const panel of this.panels.all) panel.showWords(told);
    this.hand.showWords();
    this.behind.showWords();
    this.glossary.mark();
    this.present.show();
    this.requestDraw();
  }

  /** Without a model there is the film, and what there is to say of that. */
  showAlone() {
    this.standing.showAlone(this.data.about);
    this.film.showWindow(this.display);
    this.requestDraw();
  }

  layOut() {
    if (this.several.isShown) this.several.fit();
    else this.enlarge.fit();
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
    const { data, index } = this;
    const display = this.present.adjusted(this.display);
    if (this.several.isShown) {
      this.several.draw(this.scene, display);
      return;
    }
    const panels = [this.film, ...this.panels.all].filter(({ node }) => !node.hidden);
    const marks = [this.hand, this.behind].map((one) => one.draw.bind(one));
    this.scene.draw({ data, display, index, panels, marks });
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
