// @ts-check
// The two lines above the panels: what the model answers, and what is still being computed.

import { isPending, shareOf, turnInWords } from "../shared/standing.js";
import { element, find, say, setHidden } from "./dom.js";
import { PREFIX } from "./trust.js";

/** @import { Answered, Answers } from "./payload.d.ts" */
/** @import { Item } from "../types.d.ts" */

/** @param {Item[]} items */
const titles = (items) => items.map(({ title }) => title).join(", ");

/**
 * What to say of things that are being made: the same from the first look at each until its end.
 * @param {Item[]} running
 */
function makingInWords(running) {
  const begun = running.filter(({ part }) => part);
  const rest = running.filter(({ part }) => !part);
  const words = [rest.length ? `computing ${titles(rest)}` : "", begun.length ? `sharpening ${titles(begun)}` : ""];
  const said = words.filter(Boolean).join(", ");
  return `${said[0].toUpperCase()}${said.slice(1)}…`;
}

/**
 * What to say of things that are waited for, how far they are, and what can be done about it.
 * @param {Item[]} items
 * @param {string} note
 * @param {string} about what to say once nothing is waited for
 * @returns {{words: string, share: number | null, button: "Cancel" | "Compute" | "Go on" | "Try again" | null}}
 */
export function progressOf(items, note, about) {
  const measured = items.filter(({ name }) => name.startsWith(PREFIX));
  if (measured.length) return measuring(progressOf(items.filter((one) => !measured.includes(one)), note, about), measured);
  const pending = items.filter(isPending);
  const failed = items.filter(({ state }) => state === "failed");
  if (pending.length) {
    const running = pending.filter(({ state }) => state === "running");
    const share = shareOf(pending);
    if (note) return { words: note, share, button: "Cancel" };
    if (running.length) return { words: makingInWords(running), share, button: "Cancel" };
    return { words: turnInWords(pending, ", "), share, button: "Cancel" };
  }
  const cancelled = items.filter(({ state }) => state === "cancelled");
  if (cancelled.length) {
    const partly = cancelled.filter(({ part }) => part);
    const stays = partly.length ? ` ${titles(partly)} ${partly.length > 1 ? "stay" : "stays"} as far as ${partly.length > 1 ? "they" : "it"} came; reloaded, this page makes the whole.` : "";
    return { words: `Cancelled. What was ready stays.${stays}`, share: null, button: partly.length ? "Go on" : "Compute" };
  }
  if (failed.length) {
    return { words: `Could not be made: ${titles(failed)}. What is ready stays.`, share: null, button: "Try again" };
  }
  return { words: `All maps are there. ${about}`, share: null, button: null };
}

/**
 * What to say while maps that are all there are measured. Where they cannot be, the line under each says less.
 * @param {ReturnType<typeof progressOf>} maps how these stand
 * @param {Item[]} measured
 * @returns {ReturnType<typeof progressOf>}
 */
function measuring(maps, measured) {
  if (maps.share !== null || maps.button || !measured.some(isPending)) return maps;
  return { words: "All maps are there. Measuring how far to trust them…", share: shareOf(measured), button: "Cancel" };
}

export class Standing {
  /**
   * @param {HTMLElement} root
   * @param {(button: string) => void} press
   */
  constructor(root, press) {
    this.list = find(root, "[role=listbox]");
    this.unlike = find(root, ".unlike");
    this.answer = find(root, ".answer");
    this.known = find(root, ".known");
    this.words = find(root, ".progress .words");
    this.bar = find(root, ".progress progress", HTMLProgressElement);
    this.button = find(root, ".progress button", HTMLButtonElement);
    this.button.onclick = () => press(this.button.textContent);
  }

  /**
   * Say what the model answers about a finding, or why it does not.
   * @param {Answers | undefined} answers
   * @param {string} finding
   * @param {Item | undefined} item
   * @param {string} model
   * @param {boolean} isDoubted
   */
  showAnswer(answers, finding, item, model, isDoubted) {
    const verdict = answers?.verdicts[finding];
    const failed = item?.state === "failed";
    this.answer.dataset.state = verdict ? "ready" : failed ? "failed" : "waiting";
    const head = isDoubted ? "All the same, the model says: " : "";
    if (verdict) say(this.answer, head, element("strong", {}, verdict.lead), verdict.rest);
    else if (failed) say(this.answer, `The model cannot be used: ${item.message}`);
    else say(this.answer, element("strong", {}, model), " has not answered yet.");
  }

  /**
   * Say how good the model is at a finding: a line that stands, and more on demand.
   * @param {Answered["known"]} known
   */
  showKnown({ lead, rest }) {
    this.known.hidden = !lead;
    say(find(this.known, "summary"), lead);
    say(find(this.known, "p"), rest);
  }

  /**
   * Say that the film is unlike those that the model learned from; nothing where it is not, or nobody knows.
   * @param {string} sentence
   */
  showUnlike(sentence) {
    this.unlike.hidden = !sentence;
    say(this.unlike, sentence);
  }

  /**
   * @param {Item[]} items
   * @param {string} note
   * @param {string} about
   */
  showProgress(items, note, about) {
    const { words, share, button } = progressOf(items, note, about);
    say(this.words, words);
    this.bar.hidden = share === null;
    this.bar.value = share ?? 0;
    setHidden(this.button, button === null, this.list);
    if (button) this.button.textContent = button;
  }

  /**
   * Say that there is only a film.
   * @param {string} about
   */
  showAlone(about) {
    this.answer.dataset.state = "ready";
    say(this.answer, about);
    this.showUnlike("");
    this.known.hidden = true;
    this.words.textContent = "";
    this.bar.hidden = true;
    this.button.hidden = true;
  }

  /** The server knows this page no longer: it has started anew, or everybody was away for long. */
  showLost() {
    this.words.textContent = "The server no longer knows this page.";
    this.bar.hidden = true;
    this.button.hidden = false;
    this.button.textContent = "Reload";
  }
}
