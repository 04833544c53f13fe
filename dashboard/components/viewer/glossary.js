// @ts-check
// Words that a newcomer does not know say what they mean where they stand: to who points at them, taps them or tabs to them.

import { element, find } from "./dom.js";

const MARGIN = 8; // pixels between a word, its meaning and the edges of the screen
// What is read for such words. Words to choose from and titles are left alone, as they are pressed for something else.
const READ = [
  ".answer", ".known summary", ".known p", ".progress .words", ".toolbar legend", ".toolbar .slider", ".window .slider", ".findings .legend span",
  ".verdict", ".rule", ".where", ".truth-note", ".trust-rows p", ".diagnostics dt", ".cost", ".gist", ".how-text", ".needs", ".lies span", ".terms",
].join(", ");

export class Glossary {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.bubble = find(root, ".meaning");
    /** @type {Map<string, string>} meanings by the forms of the words */
    this.meanings = new Map();
    for (const row of root.querySelectorAll(".glossary > div")) {
      for (const form of row.getAttribute("data-forms").split("|")) {
        this.meanings.set(form.toLowerCase(), find(row, "dd").textContent);
      }
    }
    const forms = [...this.meanings.keys()].sort((one, other) => other.length - one.length).map(escaped);
    this.forms = new RegExp(`(?<![\\p{L}\\p{N}])(${forms.join("|")})(?![\\p{L}\\p{N}])`, "giu");
    this.listen();
  }

  listen() {
    /** @param {Event} event */
    const wordOf = ({ target }) => target instanceof Element && target.closest(".word");
    /** @param {Event} event */
    const show = (event) => {
      const word = wordOf(event);
      if (word) this.show(word);
    };
    const { root } = this;
    root.addEventListener("pointerover", show);
    root.addEventListener("focusin", show);
    root.addEventListener("pointerout", (event) => wordOf(event) && event.pointerType === "mouse" && this.hide());
    root.addEventListener("focusout", () => this.hide());
    root.addEventListener("click", (event) => {
      const word = wordOf(event);
      if (!word) return;
      event.preventDefault(); // a word in a slider's name is no handle of it
      this.show(word);
    });
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.isOpen) this.hide();
      else if (wordOf(event) && (event.key === "Enter" || event.key === " ")) this.show(wordOf(event));
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  get isOpen() {
    return this.bubble.matches(":popover-open");
  }

  /** Mark the words in all that is said; each once in a part, however often it stands there. */
  mark() {
    for (const part of this.root.querySelectorAll(READ)) {
      const seen = new Set(Array.from(part.querySelectorAll(".word"), ({ textContent }) => this.meanings.get(textContent.toLowerCase())));
      for (const text of textsOf(part)) this.markText(text, seen);
    }
  }

  /**
   * @param {Text} text
   * @param {Set<string>} seen meanings that stand beside a word of this part already
   */
  markText(text, seen) {
    /** @type {(string | Node)[]} */
    const pieces = [];
    let from = 0;
    for (const { 0: form, index } of text.data.matchAll(this.forms)) {
      const meaning = this.meanings.get(form.toLowerCase());
      if (seen.has(meaning)) continue;
      seen.add(meaning);
      pieces.push(text.data.slice(from, index), element("abbr", { class: "word", tabindex: 0 }, form));
      from = index + form.length;
    }
    if (pieces.length) text.replaceWith(...pieces, text.data.slice(from));
  }

  /** @param {Element} word */
  show(word) {
    this.bubble.textContent = this.meanings.get(word.textContent.toLowerCase());
    if (!this.isOpen) this.bubble.showPopover();
    word.setAttribute("aria-describedby", this.bubble.id);
    const { left, top, bottom } = word.getBoundingClientRect();
    const { width, height } = this.bubble.getBoundingClientRect();
    const isBelow = bottom + MARGIN + height <= window.innerHeight;
    this.bubble.style.left = `${Math.max(MARGIN, Math.min(left, window.innerWidth - width - MARGIN))}px`;
    this.bubble.style.top = `${isBelow ? bottom + MARGIN : Math.max(MARGIN, top - MARGIN - height)}px`;
  }

  hide() {
    if (this.isOpen) this.bubble.hidePopover();
  }
}

/** @param {string} form */
const escaped = (form) => form.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * The texts of a part that are not marked yet.
 * @param {Element} part
 * @returns {Text[]}
 */
function textsOf(part) {
  const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement.closest(".word, output, option, button") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  /** @type {Text[]} */
  const texts = [];
  while (walker.nextNode()) texts.push(/** @type {Text} */ (walker.currentNode));
  return texts;
}
