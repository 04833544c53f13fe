// @ts-check
// How far to trust a map: a sentence, what that comes from, and the numbers behind it on demand.

import { element, find, say } from "./dom.js";

/** @import { TrustLine } from "./payload.d.ts" */

export const PREFIX = "trust "; // of the names of what is waited for to say it

/**
 * Say it below a map; nothing where nothing is known yet.
 * @param {HTMLElement} node
 * @param {TrustLine | undefined} line
 */
export function showTrust(node, line) {
  const part = find(node, ".trust");
  part.hidden = !line;
  const told = JSON.stringify(line ?? null);
  if (part.dataset.told === told) return; // the words stay the same ones while they say the same: one may have the focus
  part.dataset.told = told;
  say(find(part, ".trust-verdict"), line?.verdict ?? "");
  say(find(part, ".trust-origin"), line?.origin ?? "");
  const rows = (line?.rows ?? []).map(({ label, words }) => element("p", {}, element("b", {}, `${label}.`), ` ${words}`));
  find(part, ".trust-rows").replaceChildren(...rows);
}
