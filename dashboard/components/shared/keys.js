// @ts-check
// Which keys are meant for the page, and not for what has the focus.

const TYPED_INTO = "select, textarea, [contenteditable], [role=textbox], input:not([type=range], [type=radio], [type=checkbox], [type=button], [type=file])";
const IN_FRONT = "[data-testid=stDialog], dialog[open]"; // of the page: its keys would change what cannot be seen
const USES_ARROWS = "input:not([type=checkbox], [type=button], [type=file]), select, textarea, video, [contenteditable]";
const OF_ARROWS = "[role=menu], [role=tablist], [role=radiogroup], [role=toolbar], [role=grid], [role=slider], [role=spinbutton], [data-testid=stDataFrame]";

/**
 * What has the focus, in whatever part of the page.
 * @param {KeyboardEvent} event
 */
function targetOf(event) {
  const target = event.composedPath()[0];
  return target instanceof Element ? target : null;
}

/**
 * The key that a visitor pressed, letters small: buttons show them large, and so types who has locked them. Null
 * where somebody types, where the key is part of a command of the browser, and where it has been used already.
 * @param {KeyboardEvent} event
 */
export function keyOf(event) {
  const target = targetOf(event);
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return null;
  if (!target || target.closest(TYPED_INTO)) return null;
  return /^\p{Lu}$/u.test(event.key) ? event.key.toLowerCase() : event.key;
}

/**
 * Whether arrows have a meaning of their own where the focus is.
 * @param {KeyboardEvent} event
 */
export function usesArrows(event) {
  const target = targetOf(event);
  return target !== null && (target.matches(USES_ARROWS) || target.closest(OF_ARROWS) !== null);
}

/**
 * Whether the focus is in something that lies in front of the page.
 * @param {KeyboardEvent} event
 */
export const isInFront = (event) => targetOf(event)?.closest(IN_FRONT) != null;
