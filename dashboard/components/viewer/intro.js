// @ts-check
// Three films and three questions: open on the first visit until they are put away, and always behind "?".

import { asksForItHere } from "../shared/files.js";
import { element, find, giveFocus, setHidden } from "./dom.js";

/** @import { Question } from "./payload.d.ts" */

const PUT_AWAY = "lightbox.introduction"; // in this browser's own store, and nowhere else

export class Intro {
  /**
   * @param {HTMLElement} root
   * @param {(query: string) => void} open
   * @param {() => void} moved called when what stands below has moved
   */
  constructor(root, open, moved) {
    this.section = find(root, ".intro");
    this.lists = Array.from(root.querySelectorAll("ol.questions"));
    this.help = find(root, ".help", HTMLDetailsElement);
    this.next = [find(root, "[role=listbox]"), find(root, ".film canvas")]; // what follows, without a model the film alone
    this.open = open;
    find(this.section, "button", HTMLButtonElement).onclick = () => {
      putAway();
      setHidden(this.section, true, ...this.next);
      moved();
    };
  }

  /**
   * @param {Question[]} questions
   * @param {boolean} introduces whether they stand open, to who has not put them away
   */
  show(questions, introduces) {
    setHidden(this.section, !introduces || !questions.length || isPutAway(), ...this.next);
    for (const list of this.lists) {
      const focused = Array.from(list.querySelectorAll("a")).findIndex((link) => link.matches(":focus"));
      list.replaceChildren(...questions.map((question) => this.itemOf(question)));
      if (focused >= 0) giveFocus(list.querySelectorAll("a")[focused]);
    }
  }

  /** @param {Question} question */
  itemOf({ title, words, query }) {
    const link = element("a", { href: `?${query}` }, title);
    if (isLookedAt(query)) link.setAttribute("aria-current", "true");
    link.onclick = (event) => {
      if (!asksForItHere(event)) return;
      event.preventDefault();
      if (this.help.open) giveFocus(find(this.help, "summary"));
      this.help.open = false;
      this.open(query);
    };
    return element("li", {}, link, ` ${words}`);
  }
}

/**
 * Whether the address shows the film and finding of a question.
 * @param {string} query
 */
function isLookedAt(query) {
  const [asked, here] = [new URLSearchParams(query), new URLSearchParams(location.search)];
  return ["film", "finding"].every((name) => asked.get(name) === here.get(name));
}

/** A browser may keep nothing, and then says so with an error: the questions stand open again the next time. */
function isPutAway() {
  try {
    return localStorage.getItem(PUT_AWAY) !== null;
  } catch {
    return false;
  }
}

function putAway() {
  try {
    localStorage.setItem(PUT_AWAY, "put away");
  } catch {
    // nothing to be done
  }
}
