// @ts-check
// The browser's history. Another page or another film is a step in it; whatever else is chosen is the same place, shown
// otherwise, and so is what a page fills in by itself. Streamlit would make a step of every change of the address.

import { Scrolling } from "./scrolling.js";

class Steps {
  /** @param {Record<string, string[]>} parts of the address that name another place, by path */
  constructor(parts) {
    this.parts = parts;
    this.isTouched = false; // whether the visitor has done anything since this place was entered
    /** @type {{before: string, isStep: boolean} | null} what was written last, while the page stayed the same */
    this.last = null;
  }

  /**
   * How an address that Streamlit would push comes into the history.
   * @param {URL} from
   * @param {URL} to
   * @returns {{isStep: boolean, restore: string | null}} with what the entry before is to be called again
   */
  enter(from, to) {
    const { last } = this;
    if (from.pathname === to.pathname) {
      const isStep = this.isStep(from, to);
      this.last = { before: from.href, isStep };
      return { isStep, restore: null };
    }
    this.last = null;
    this.isTouched = false;
    // Streamlit writes the address of the page that is gone to onto the page that is left, before it leaves.
    if (last && from.search && from.search === to.search) {
      return last.isStep ? { isStep: false, restore: null } : { isStep: true, restore: last.before };
    }
    return { isStep: true, restore: null };
  }

  /**
   * @param {URL} from
   * @param {URL} to
   */
  isStep(from, to) {
    if (!from.search || !this.isTouched) return false;
    return (this.parts[from.pathname] ?? []).some((name) => from.searchParams.get(name) !== to.searchParams.get(name));
  }

  /** Another entry of the history is shown. */
  turn() {
    this.last = null;
    this.isTouched = false;
  }
}

/**
 * Have the browser's Back go to places, with each where it was scrolled to.
 * @param {Record<string, string[]>} parts of the address that name another place, by path
 */
export function keepHistory(parts) {
  const steps = new Steps(parts);
  const scrolling = new Scrolling();
  const [push, replace] = [history.pushState.bind(history), history.replaceState.bind(history)];
  let newest = Number(history.state?.place ?? 0);
  replace({ ...history.state, place: newest }, "");
  history.pushState = (state, title, address) => {
    const { isStep, restore } = steps.enter(new URL(location.href), new URL(address, location.href));
    if (restore) replace(history.state, "", restore);
    if (isStep) {
      newest = Number(history.state?.place ?? newest) + 1;
      scrolling.enter(newest);
    }
    (isStep ? push : replace)({ ...state, place: newest }, title, address);
  };
  history.replaceState = (state, title, address) => replace({ ...state, place: history.state?.place }, title, address);
  window.addEventListener("popstate", ({ state }) => {
    steps.turn();
    newest = Number(state?.place ?? 0);
    scrolling.comeBack(newest);
  }, { capture: true });
  for (const kind of ["keydown", "pointerdown", "drop", "change"]) {
    window.addEventListener(kind, () => (steps.isTouched = true), { capture: true });
  }
}
