// @ts-check
// Small pictures of films in rows. Python sends one page of them, and each picture's address, which the browser fetches
// when it comes near the screen; opening and choosing goes back to Python.

import { stepInGrid } from "../shared/grid.js";

/** @import { Component } from "../types.d.ts" */
/** @typedef {{id: string, title: string, src: string, outcome: string, answer: string, findings: string, written: string, alt: string}} Item */
/** @typedef {{items: Item[], side: number, chosen: string[], turn: number, last: string | null, canChoose: boolean, outcomes: Record<string, string>}} GalleryData */

/** What to say in place of a picture. */
const INSTEAD = { absent: "No picture here", broken: "Cannot be opened", waiting: "", ready: "" };

/** @type {WeakMap<HTMLElement, Gallery>} */
const galleries = new WeakMap();

/**
 * Texts come from files: they are set as text, never as markup.
 * @param {Item} item
 */
function build(item) {
  const card = document.createElement("figure");
  card.className = "card";
  card.setAttribute("role", "listitem");
  card.innerHTML = `
    <button type="button" class="open"><img alt="" loading="lazy"><span class="instead" hidden><b></b><span></span></span></button>
    <label class="mark"><input type="checkbox"></label>
    <span class="written"></span>
    <figcaption><span class="name"></span><span class="answer"><b></b><span></span></span></figcaption>`;
  card.dataset.film = item.id;
  const image = card.querySelector("img");
  image.onload = () => showState(card, "ready");
  image.onerror = () => showState(card, "broken");
  return card;
}

/**
 * @param {HTMLElement} card
 * @param {keyof typeof INSTEAD} state of its picture
 */
function showState(card, state) {
  card.dataset.state = state;
  const instead = INSTEAD[state];
  const opener = /** @type {HTMLElement} */ (card.querySelector(".open"));
  opener.title = instead ? `${card.dataset.said} · ${instead}` : card.dataset.said;
  opener.setAttribute("aria-label", opener.title);
  const words = /** @type {HTMLElement} */ (card.querySelector(".instead"));
  words.hidden = !instead;
  words.querySelector("b").textContent = instead;
}

/**
 * Ask for a picture, unless it is there or on its way; one that could not be opened is tried again.
 * @param {HTMLElement} card
 * @param {string} src
 */
function showPicture(card, src) {
  const image = card.querySelector("img");
  const isNew = image.getAttribute("src") !== src;
  image.hidden = !src;
  if (src && (isNew || card.dataset.state === "broken")) image.src = src;
  if (isNew || !src) showState(card, src ? "waiting" : "absent");
  else showState(card, /** @type {keyof typeof INSTEAD} */ (card.dataset.state));
}

/**
 * @param {HTMLElement} card
 * @param {Item} item
 * @param {Record<string, string>} outcomes their colours
 */
function fill(card, item, outcomes) {
  /** @param {string} selector */
  const part = (selector) => /** @type {HTMLElement} */ (card.querySelector(selector));
  card.dataset.said = item.alt;
  card.dataset.outcome = item.outcome;
  card.style.setProperty("--edge", outcomes[item.outcome] ?? "transparent");
  showPicture(card, item.src);
  part(".instead span").textContent = item.findings;
  part(".mark input").setAttribute("aria-label", `Choose ${item.title}`);
  part(".name").textContent = item.title;
  part(".answer b").textContent = item.outcome;
  part(".answer > span").textContent = item.answer;
  part(".written").textContent = item.written;
}

/**
 * The card that something happened in.
 * @param {Event} event
 * @returns {HTMLElement | null}
 */
const cardAt = (event) => /** @type {HTMLElement} */ (event.target).closest(".card");

class Gallery {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.page = "";
    this.turn = NaN; // of what Python chose last
    /** @type {string | null} */
    this.last = null;
    /** @type {Map<string, HTMLElement>} */
    this.cards = new Map();
    /** @type {Set<string>} */
    this.chosen = new Set();
    this.anchor = ""; // where a range starts
    /** @type {Component<GalleryData>["setTriggerValue"]} */
    this.send = () => {};
    root.addEventListener("click", (event) => this.click(event));
    root.addEventListener("keydown", (event) => this.key(event));
  }

  /** @param {Component<GalleryData>} component */
  receive({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    const ids = data.items.map((item) => item.id);
    const isNewPage = ids.join("\n") !== this.page;
    if (isNewPage) {
      const hadFocus = this.root.contains(/** @type {ShadowRoot} */ (this.root.getRootNode()).activeElement);
      this.page = ids.join("\n");
      this.cards = new Map(data.items.map((item) => [item.id, build(item)]));
      this.root.replaceChildren(...this.cards.values());
      if (hadFocus) this.opener([...this.cards.values()][0])?.focus({ preventScroll: true }); // Esc still closes a dialog
      this.last = null;
    }
    // Clicks are faster than Python: what was chosen here holds until Python chooses something itself.
    if (isNewPage || this.turn !== data.turn) {
      this.chosen = new Set(data.chosen.filter((id) => this.cards.has(id)));
      this.turn = data.turn;
    }
    for (const item of data.items) fill(this.cards.get(item.id), item, data.outcomes);
    this.root.style.setProperty("--side", `${data.side}px`);
    this.root.dataset.tight = String(data.side < 120);
    this.root.dataset.canChoose = String(data.canChoose);
    for (const mark of this.root.querySelectorAll(".mark")) mark.toggleAttribute("hidden", !data.canChoose);
    this.showLast(data.last);
    this.showChosen();
  }

  /**
   * The button of a card that opens its film.
   * @param {HTMLElement | undefined} card
   * @returns {HTMLElement | null | undefined}
   */
  opener(card) {
    return card?.querySelector(".open");
  }

  /**
   * Mark the film that was shown large last, and bring it into view once.
   * @param {string | null} last
   */
  showLast(last) {
    for (const [id, card] of this.cards) card.dataset.last = String(id === last);
    if (last && this.last !== last) this.cards.get(last)?.scrollIntoView({ block: "nearest" });
    this.last = last;
  }

  showChosen() {
    this.root.dataset.choosing = String(this.chosen.size > 0);
    for (const [id, card] of this.cards) {
      card.dataset.chosen = String(this.chosen.has(id));
      card.querySelector("input").checked = this.chosen.has(id);
    }
  }

  /** @param {MouseEvent} event */
  click(event) {
    const card = cardAt(event);
    const target = event.target;
    if (!card) return;
    if (target instanceof Element && target.closest(".open")) this.send("opened", card.dataset.film);
    if (target instanceof HTMLInputElement) this.choose(card.dataset.film, target.checked, event.shiftKey);
  }

  /**
   * Choose a film; with Shift, all from the one chosen before.
   * @param {string} film
   * @param {boolean} isChosen
   * @param {boolean} isRange
   */
  choose(film, isChosen, isRange) {
    const ids = [...this.cards.keys()];
    const [from, to] = [ids.indexOf(isRange && this.anchor ? this.anchor : film), ids.indexOf(film)].sort((a, b) => a - b);
    for (const id of ids.slice(Math.max(from, 0), to + 1)) {
      if (isChosen) this.chosen.add(id);
      else this.chosen.delete(id);
    }
    this.anchor = film;
    this.showChosen();
    this.send("chosen", [...this.chosen]);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const card = cardAt(event);
    if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
    const cards = [...this.cards.values()];
    const by = stepInGrid(this.root, event);
    if (by) {
      event.preventDefault();
      this.opener(cards[cards.indexOf(card) + by])?.focus();
    } else if (event.key === "x" && this.root.dataset.canChoose === "true") {
      this.choose(card.dataset.film, !this.chosen.has(card.dataset.film), false);
    } else return;
    event.stopPropagation();
  }
}

/** @param {Component<GalleryData>} component */
export default function (component) {
  const root = /** @type {HTMLElement} */ (component.parentElement.querySelector(".gallery"));
  if (!galleries.has(root)) galleries.set(root, new Gallery(root));
  galleries.get(root).receive(component);
}
