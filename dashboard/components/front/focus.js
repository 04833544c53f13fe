// @ts-check
// Where the focus is, and what is heard of it.

/** Once something is chosen from a list, the focus leaves its field: the next letter is a key, no search in the list. */
export function dropFocusAfterChoosing() {
  let isChoice = false;
  window.addEventListener("keydown", ({ key }) => (isChoice = key === "Enter"), { capture: true });
  window.addEventListener(
    "pointerdown",
    ({ target }) => (isChoice = target instanceof Element && target.closest("[role=option]") !== null),
    { capture: true },
  );
  const closed = new MutationObserver((changes) => {
    for (const { target, oldValue } of changes) {
      if (!(target instanceof HTMLInputElement) || oldValue !== "true" || !isChoice) continue;
      if (target.getAttribute("aria-expanded") !== "false" || !target.closest("[data-testid=stSelectbox]")) continue;
      setTimeout(() => target.blur()); // once the list has given the focus back
    }
  });
  closed.observe(document, { subtree: true, attributeFilter: ["aria-expanded"], attributeOldValue: true });
}

/** The part of the page that scrolls can have the focus: it is called as the page is. */
export function nameMain() {
  const appeared = new MutationObserver(() => {
    document.querySelector("main:not([aria-labelledby])")?.setAttribute("aria-labelledby", "page-name");
  });
  appeared.observe(document, { subtree: true, childList: true });
}

const OPENER = "[data-testid=stPopoverButton][aria-expanded=true]";
const OPENED = "[data-testid=stPopoverBody]";
const REACHED = "a[href], button, input, select, textarea, summary, [tabindex]";

/** @param {Element} part */
const reachedIn = (part) =>
  Array.from(part.querySelectorAll(REACHED), (one) => /** @type {HTMLInputElement} */ (one)).filter(
    (one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility(),
  );

/** What opens behind a button comes next by Tab, and after it what follows the button: it stands at the page's end. */
export function stepIntoWhatOpened() {
  document.addEventListener("keydown", (event) => {
    const opener = document.querySelector(OPENER);
    const opened = document.querySelector(OPENED);
    if (event.key !== "Tab" || !(opener instanceof HTMLElement) || !opened) return;
    const reached = reachedIn(opened);
    const here = document.activeElement;
    if (here === opener && !event.shiftKey && reached.length) {
      event.preventDefault();
      reached[0].focus();
    } else if (here === reached[0] && event.shiftKey) {
      event.preventDefault();
      opener.focus();
    } else if (here === reached.at(-1) && !event.shiftKey) opener.focus(); // the browser goes on from there
  }, { capture: true });
}

const MENDS = ".st-key-odd_mend button, .st-key-odd_undo button";

/** @returns {HTMLElement | undefined} the list of findings, in the light box */
function findings() {
  const boxes = Array.from(document.querySelectorAll("[data-testid=stBidiComponentIsolated]"));
  const lists = boxes.map((box) => (box.shadowRoot ?? box).querySelector(".findings [role=listbox]"));
  return lists.find((list) => list instanceof HTMLElement);
}

/** A button that mends a film, or takes that back, goes once it is pressed: the focus goes on to the one that comes then. */
export function stayWhereMended() {
  document.addEventListener("click", ({ target }) => {
    const pressed = target instanceof Element && target.closest(MENDS);
    if (!pressed) return;
    const changed = new MutationObserver(() => {
      const here = document.activeElement;
      if (here === pressed) return;
      // Until the page has run, buttons of before may stand there still.
      if (here === document.body && !document.querySelector("[data-test-script-state=notRunning]")) return;
      changed.disconnect();
      const reached = document.querySelector(MENDS) ?? findings();
      if (here === document.body && reached instanceof HTMLElement) reached.focus({ preventScroll: true });
    });
    changed.observe(document, { subtree: true, childList: true, attributeFilter: ["data-test-script-state"] });
  });
}

const TOLD = [".st-key-odd", ".st-key-mended", ".st-key-doubted"].map((line) => `${line} [data-testid=stMarkdown]`).join(", ");
const ICON = "[data-testid=stMarkdownContainer] [role=img][aria-label$=' icon']";

/** What makes one doubt an answer is told when it comes; the icons of texts are decoration, and not heard. */
export function tellDoubts() {
  const appeared = new MutationObserver(() => {
    for (const line of document.querySelectorAll(`:is(${TOLD}):not([role])`)) line.setAttribute("role", "status");
    for (const icon of document.querySelectorAll(`${ICON}:not([aria-hidden])`)) icon.setAttribute("aria-hidden", "true");
  });
  appeared.observe(document, { subtree: true, childList: true });
}
