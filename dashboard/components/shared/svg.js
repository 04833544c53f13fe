// @ts-check
// Parts of a drawing.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an SVG element; a text in it is shown as text.
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {string} text
 * @returns {SVGElement}
 */
export function shape(name, attributes, text = "") {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  node.textContent = text;
  return /** @type {SVGElement} */ (node);
}
