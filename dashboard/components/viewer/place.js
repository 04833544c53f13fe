// @ts-check
// Where the visitor is: the address of the view, the way back to the one before, and the files to take away.

import { asksForItHere, takeAway } from "../shared/files.js";
import { find } from "./dom.js";

/** @import { Display } from "./payload.d.ts" */

/**
 * Have the address open what is shown now. It is no step in the browser's history: Back goes to the film before.
 * @param {string} query
 */
export function showAddress(query) {
  history.replaceState(history.state, "", location.pathname + (query ? `?${query}` : ""));
}

/**
 * Whether an address shows the film that the browser's address shows.
 * @param {string} query
 */
export function isOfThisFilm(query) {
  /** @param {string} text */
  const film = (text) => new URLSearchParams(text).get("film");
  return film(query) === film(location.search);
}

/**
 * Call `open(query)` when the visitor goes back or forth within this page; gives the undo. Streamlit would run the page
 * with the address as it is now and the state as it was.
 * @param {(query: string) => void} open
 */
export function bindBack(open) {
  const page = location.pathname;
  /** @param {PopStateEvent} event */
  const listener = (event) => {
    if (location.pathname !== page) return;
    event.stopImmediatePropagation();
    open(location.search.slice(1));
  };
  window.addEventListener("popstate", listener, { capture: true });
  return () => window.removeEventListener("popstate", listener, { capture: true });
}

/**
 * Point the links to files at what is shown, whenever their list opens; say below them what is being made, and what failed.
 * @param {HTMLElement} root
 * @param {() => {page: string, film: string, finding: string, display: Display}} shown
 */
export function bindFiles(root, shown) {
  const list = find(root, ".save", HTMLDetailsElement);
  const point = () => {
    const { page, film, finding, display } = shown();
    const asked = new URLSearchParams({ film, finding, display: JSON.stringify(display) });
    for (const link of list.querySelectorAll("a")) link.href = `${page}/downloads/${link.dataset.file}?${asked}`;
  };
  for (const event of ["toggle", "pointerdown", "focusin"]) list.addEventListener(event, point, { capture: true });
  const said = find(list, ".said");
  list.addEventListener("toggle", () => (said.textContent = "")); // what failed was of a moment ago
  list.addEventListener("click", async (event) => {
    const link = event.target instanceof Element && event.target.closest("a");
    if (!link || !asksForItHere(event)) return;
    event.preventDefault();
    said.textContent = "Being made…";
    said.textContent = await takeAway(link.href);
  });
}
