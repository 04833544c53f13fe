// @ts-check
// Numbers as people read them.

/**
 * A number and its unit, with a space between them at which no line breaks.
 * @param {number | string} number
 * @param {string} unit
 */
export const withUnit = (number, unit) => `${number}\u00a0${unit}`;
