// @ts-check
// How to read what the server tells of things that are waited for.

/** @import { Item, Standing } from "../types.d.ts" */

/** @param {Item} item */
export const isPending = ({ state }) => state === "waiting" || state === "running";

/**
 * How far things are together, from 0 to 1.
 * @param {Item[]} items
 */
export const shareOf = (items) => items.reduce((sum, { progress }) => sum + progress, 0) / items.length;

/**
 * What to say of things none of which has its turn yet.
 * @param {Item[]} items
 * @param {string} between their titles
 */
export function turnInWords(items, between) {
  const ahead = Math.min(...items.map((item) => item.ahead));
  return `Waiting for a turn${ahead ? `, ${ahead} before it` : ""}: ${items.map(({ title }) => title).join(between)}`;
}

/**
 * The newer of what came with the page and what was heard since, if that is of the same view: news may be of something
 * that Python has not sent yet, or no longer.
 * @param {Standing} sent
 * @param {Standing | undefined} heard
 * @param {string} group
 */
export function newestOf(sent, heard, group) {
  const isOfThis = heard?.groups[group]?.view === sent.groups[group].view;
  return isOfThis && heard.version > sent.version ? heard : sent;
}
