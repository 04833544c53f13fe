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
