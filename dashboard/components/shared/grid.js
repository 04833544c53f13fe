// @ts-check
// Walking through cells that stand in rows, by the arrow keys.

/**
 * How many cells an arrow key moves on in a grid; undefined for another key, and while a key of a command is held.
 * @param {Element} grid
 * @param {KeyboardEvent} event
 * @returns {number | undefined}
 */
export function stepInGrid(grid, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
  /** @type {Record<string, number>} */
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
  return steps[event.key];
}
