// @ts-check
// Parts of the page: found, or made.

/**
 * The part of the page that a selector names; an error where there is none of that kind.
 * @template {Element} [Kind=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
export function find(root, selector, kind = /** @type {any} */ (HTMLElement)) {
  const found = root.querySelector(selector);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${selector}`);
}

/**
 * @param {string} tag
 * @param {Record<string, string | number | boolean>} attributes
 * @param {(Node | string)[]} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/**
 * Have a part of the page say something, once: what is said again is read out again.
 * @param {Element} node
 * @param {(Node | string)[]} words
 */
export function say(node, ...words) {
  const said = words.map((part) => (typeof part === "string" ? part : part.textContent)).join("");
  if (node.textContent !== said) node.replaceChildren(...words);
}

/**
 * Give the focus to the first of some parts of the page that can have it.
 * @param {(HTMLElement | null)[]} places
 */
export function giveFocus(...places) {
  places.find((place) => place?.checkVisibility())?.focus({ preventScroll: true });
}

/**
 * Hide a part of the page or show it. Where it has the focus, that goes on to the first of some others that can have it:
 * it would be nowhere, and Tab begin again at the top of the page.
 * @param {HTMLElement} node
 * @param {boolean} isHidden
 * @param {(HTMLElement | null)[]} next
 */
export function setHidden(node, isHidden, ...next) {
  const hadFocus = isHidden && node.matches(":focus-within");
  node.hidden = isHidden;
  if (hadFocus) giveFocus(...next);
}

/**
 * Let a button be pressed or not; where it has the focus, that goes on as in `setHidden`.
 * @param {HTMLButtonElement} button
 * @param {boolean} isDisabled
 * @param {(HTMLElement | null)[]} next
 */
export function setDisabled(button, isDisabled, ...next) {
  const hadFocus = isDisabled && button.matches(":focus");
  button.disabled = isDisabled;
  if (hadFocus) giveFocus(...next);
}
