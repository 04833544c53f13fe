// @ts-check
// For a lecture: film and maps as large as the screen, nothing else, revealed step by step.

import { find, giveFocus, say } from "./dom.js";
import { Turning } from "../shared/turning.js";
import { knowsTruth } from "./truth.js";

/** @import { Answered, Data, Display, Lesson, Panel } from "./payload.d.ts" */

/** @typedef {{name: "film" | "question" | "answer" | "map" | "truth" | "twin", method?: string}} Step */

/** @typedef {{whole: () => Data | undefined, data: () => Data, finding: () => Answered | undefined, changed: () => void, isLarge: () => boolean, shrink: () => void}} Shown */

const QUESTION = 1; // the step of that name
const STAGE_GAP = 10; // pixels between panels, as in the style sheet
const FRAME_EM = 3.4; // of a panel's title and scale, in letters' heights

// Presenters' remote controls send page keys, and a point or a b for a black screen.
/** @type {Record<string, "next" | "back" | "black" | "light" | "end">} */
const KEYS = {
  ArrowRight: "next", PageDown: "next", " ": "next", Enter: "next", ArrowLeft: "back", PageUp: "back", Backspace: "back",
  b: "black", ".": "black", l: "light", Escape: "end", p: "end",
};

/** @type {Record<string, string>} what goes to another step of a lesson that is given */
const LESSON = { "-1": ".st-key-lesson_back button", 1: ".st-key-lesson_next button" };

const MEANT = ["f", "+", "-", "=", "0"]; // the next film, and a closer look, as on the page
const PRESSES = [" ", "Enter"]; // what they mean on a button is for that to say

/**
 * What is revealed, one after the other: the maps before the truth, so that a room can say what it believes.
 * @param {{panels: Panel[]}} data
 * @param {boolean} isTruthKnown
 * @returns {Step[]}
 */
export function stepsOf({ panels }, isTruthKnown) {
  /** @param {"map" | "twin"} name @param {Panel[]} some @returns {Step[]} */
  const each = (name, some) => some.map(({ method }) => ({ name, method }));
  const maps = panels.filter(({ picture }) => !picture);
  const twins = panels.filter(({ picture }) => picture);
  /** @type {Step[]} */
  const truth = isTruthKnown ? [{ name: "truth" }] : [];
  return [{ name: "film" }, { name: "question" }, { name: "answer" }, ...each("map", maps), ...truth, ...each("twin", twins)];
}

/**
 * Whether a panel has been revealed, some steps in.
 * @param {Step[]} steps
 * @param {number} at
 * @param {string} method
 */
export function isRevealed(steps, at, method) {
  const its = steps.findIndex((step) => step.method === method);
  return its >= 0 && its <= at;
}

/**
 * The first step that shows what a lesson's step begins with, or else the last one before it.
 * @param {Step[]} steps
 * @param {string} reveal
 */
export function stageOf(steps, reveal) {
  const last = steps.map(({ name }) => name).lastIndexOf("map");
  const found = reveal === "maps" ? last : steps.findIndex(({ name }) => name === reveal);
  return found >= 0 ? found : Math.max(last, 0);
}

/**
 * Columns and size of squares in one room, as large as all of them fit.
 * @param {{count: number, width: number, height: number}} room
 * @param {number} frame pixels of words above and below each
 */
export function fitStage({ count, width, height }, frame) {
  const fits = Array.from({ length: count }, (_, index) => {
    const rows = index + 1;
    const columns = Math.ceil(count / rows);
    const across = (width + STAGE_GAP) / columns - STAGE_GAP;
    const down = (height + STAGE_GAP) / rows - STAGE_GAP - frame;
    return { columns, size: Math.max(Math.floor(Math.min(across, down)), 1) };
  });
  return fits.reduce((one, other) => (other.size > one.size ? other : one));
}

export class Present {
  /**
   * @param {HTMLElement} root
   * @param {Shown} shown
   */
  constructor(root, shown) {
    this.root = root;
    this.shown = shown;
    this.button = find(root, ".to-present", HTMLButtonElement);
    this.board = find(root, ".board");
    this.words = find(root, ".told");
    this.count = find(root, ".step-count");
    this.light = find(root, ".light");
    this.at = 0;
    this.isOn = false;
    this.film = "";
    this.asked = "";
    /** @type {Lesson | null} the step of a lesson that was shown last */
    this.lesson = null;
    this.lessonAt = 0;
    this.isAnswered = false;
    this.turning = new Turning();
    this.button.onclick = () => this.begin(this.lesson?.reveal ? this.lessonAt : 0);
    find(root, ".step-back").onclick = () => this.turn(-1);
    find(root, ".step-next").onclick = () => this.turn(1);
    find(root, ".step-end").onclick = () => this.end();
    this.listeners = {
      key: (/** @type {KeyboardEvent} */ event) => this.takeKey(event),
      move: (/** @type {PointerEvent} */ event) => this.moveLight(event),
      full: () => this.followScreen(),
    };
    this.wasFull = false;
  }

  /** @returns {Step[]} */
  get steps() {
    const data = this.shown.data();
    return data ? stepsOf(data, knowsTruth(this.shown.whole())) : [];
  }

  get step() {
    return this.steps[this.at];
  }

  /**
   * A display as it is seen: nobody is told the truth before its turn, and a map that is revealed is seen.
   * @param {Display} display
   * @returns {Display}
   */
  adjusted(display) {
    if (!this.isOn) return display;
    const turn = this.steps.findIndex(({ name }) => name === "truth");
    return { ...display, overlay: true, truth: turn >= 0 && this.at >= turn };
  }

  /** @param {string} method */
  isRevealed(method) {
    return !this.isOn || isRevealed(this.steps, this.at, method);
  }

  /**
   * Offer a presentation, or end one that there is nothing left for.
   * @param {boolean} isPossible
   */
  offer(isPossible) {
    this.button.disabled = !isPossible;
    this.follow(isPossible);
    if (!isPossible) this.end();
  }

  /** Take the whole screen, or, where a browser gives none, the whole window. */
  async begin(at = 0) {
    if (this.shown.isLarge()) this.shown.shrink();
    this.isOn = true;
    this.at = at;
    this.film = this.shown.data()?.film.id ?? "";
    this.asked = this.shown.finding()?.name ?? "";
    this.root.dataset.presenting = "film";
    window.addEventListener("keydown", this.listeners.key, { capture: true });
    this.root.addEventListener("pointermove", this.listeners.move);
    document.addEventListener("fullscreenchange", this.listeners.full);
    this.shown.changed();
    try {
      await this.root.requestFullscreen();
    } catch {
      if (this.isOn) this.fillWindow();
    }
    this.shown.changed();
  }

  fillWindow() {
    this.root.popover = "manual";
    this.root.showPopover();
  }

  /** Go back to the page as it was. */
  end() {
    if (!this.isOn) return;
    this.isOn = false;
    this.wasFull = false;
    window.removeEventListener("keydown", this.listeners.key, { capture: true });
    this.root.removeEventListener("pointermove", this.listeners.move);
    document.removeEventListener("fullscreenchange", this.listeners.full);
    this.root.popover = null;
    if (document.fullscreenElement) document.exitFullscreen().catch(Boolean);
    for (const name of ["presenting", "black", "lit"]) delete this.root.dataset[name];
    this.shown.changed();
    giveFocus(this.button);
    this.tellRoom(null);
  }

  /** A browser takes Escape itself where a page has its whole screen. */
  followScreen() {
    const isFull = document.fullscreenElement !== null;
    const wasFull = this.wasFull;
    this.wasFull = isFull;
    if (wasFull && !isFull && this.shown.isLarge()) this.fillWindow();
    if (wasFull && !isFull) this.leave();
    else this.shown.changed();
  }

  /** @param {KeyboardEvent} event */
  takeKey(event) {
    const isPressed = PRESSES.includes(event.key) && event.composedPath()[0] instanceof HTMLButtonElement;
    const action = event.ctrlKey || event.metaKey || event.altKey || isPressed ? undefined : KEYS[event.key];
    const isBlack = this.root.dataset.black === "true";
    if (!action && !isBlack) {
      if (!MEANT.includes(event.key) && event.key.length === 1) event.stopImmediatePropagation(); // no switch that nobody sees
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    delete this.root.dataset.black; // whatever is pressed, the room sees again
    if (isBlack) return;
    if (action === "black") this.root.dataset.black = "true";
    else if (action === "light") this.root.dataset.lit = String(this.root.dataset.lit !== "true");
    else if (action === "end") this.leave();
    else this.turn(action === "next" ? 1 : -1);
  }

  /** Escape leaves one large map first, then the presentation. */
  leave() {
    if (this.shown.isLarge()) this.shown.shrink();
    else this.end();
  }

  /** @param {1 | -1} by */
  turn(by) {
    if (this.shown.isLarge()) this.shown.shrink();
    if (this.shown.data().lesson?.reveal) {
      this.turnLesson(by);
      return;
    }
    this.at = Math.min(Math.max(this.at + by, 0), this.steps.length - 1);
    this.shown.changed();
  }

  /**
   * A lesson says itself what is revealed when: the answer to what it asks, then its next step.
   * @param {1 | -1} by
   */
  turnLesson(by) {
    const { answer, key } = this.shown.data().lesson;
    if (this.turning.isUnderWay(key)) return;
    if (by > 0 && !this.isAnswered && answer) {
      this.isAnswered = true;
      this.shown.changed();
      return;
    }
    const button = document.querySelector(LESSON[by]);
    if (!button || button.matches(":disabled")) return;
    this.turning.begin(key);
    button.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  }

  /**
   * Begin where the step of a lesson does that is given, or end where it is about the page as it is.
   * @param {boolean} isPossible
   */
  follow(isPossible) {
    const lesson = this.shown.data()?.lesson ?? null;
    if (!isPossible || lesson?.key === this.lesson?.key) return;
    this.lesson = lesson;
    if (!lesson?.reveal) {
      this.end();
      return;
    }
    this.film = this.shown.data().film.id;
    this.asked = this.shown.finding()?.name ?? "";
    this.isAnswered = false;
    this.lessonAt = stageOf(this.steps, lesson.reveal);
    this.at = this.lessonAt;
    if (!this.isOn) this.begin(this.lessonAt);
  }

  /** @param {PointerEvent} event */
  moveLight({ clientX, clientY }) {
    this.light.style.translate = `${clientX}px ${clientY}px`;
  }

  /** The room that panels have, and how they fit it. @param {number} count */
  fit(count) {
    const frame = FRAME_EM * parseFloat(getComputedStyle(this.root).fontSize);
    return fitStage({ count, width: this.board.clientWidth, height: this.board.clientHeight }, frame);
  }

  /** Say what belongs to this step. */
  show() {
    if (!this.isOn) return;
    const { film } = this.shown.data();
    const finding = this.shown.finding()?.name ?? "";
    const first = film.id !== this.film ? 0 : finding !== this.asked ? QUESTION : this.at; // nobody has asked for its truth
    [this.film, this.asked] = [film.id, finding];
    if (first < this.at) {
      this.at = first;
      this.shown.changed();
      return;
    }
    this.at = Math.min(this.at, this.steps.length - 1);
    this.root.dataset.presenting = this.step.name;
    const { lesson } = this.shown.data();
    const isLesson = Boolean(lesson?.reveal) && this.at === this.lessonAt;
    this.root.dataset.lesson = String(isLesson);
    say(this.words, isLesson ? this.wordsOfLesson(lesson) : this.wordsOf(this.step));
    this.count.textContent = lesson ? lesson.count : `${this.at + 1} / ${this.steps.length}`;
    if (!isLesson) this.tellRoom(this.steps.slice(0, this.at + 1).map(({ name, method }) => (name === "map" ? method : name)));
  }

  /** Whoever leads a room shows it what is revealed here. @param {string[] | null} revealed */
  tellRoom(revealed) {
    window.dispatchEvent(new CustomEvent("lightbox-present", { detail: revealed }));
  }

  /** What makes one doubt any answer about this film, which the page says above. */
  doubt() {
    const { unlike, doubted } = this.shown.data();
    return unlike ? `${unlike} ` : doubted ? "The page doubts any answer about this film. " : "";
  }

  /** @param {Lesson} lesson */
  wordsOfLesson({ title, words, answer }) {
    return [title, words, this.isAnswered ? `Answer: ${answer}` : ""].filter(Boolean).join("\n");
  }

  /** @param {Step} step */
  wordsOf({ name, method }) {
    const finding = this.shown.finding();
    if (name === "film") return "→ goes on, ← goes back. B: black screen. L: a light that follows the pointer. Esc: end.";
    if (name === "question") return finding ? `What would you say: ${finding.label}, or not?` : "What would you say?";
    if (name === "answer" || name === "truth") return `${this.doubt()}${find(this.root, ".answer").textContent}`;
    const panel = this.shown.data().panels.find((one) => one.method === method);
    const where = panel.captions?.[finding?.name]?.where;
    const verdict = panel.trust?.[finding?.name]?.verdict;
    const title = finding && !panel.picture ? `${panel.title}, ${finding.label}.` : `${panel.title}.`;
    return [title, where ?? panel.message ?? "", verdict ?? ""].filter(Boolean).join(" ");
  }
}
