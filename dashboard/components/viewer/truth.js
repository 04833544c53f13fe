// @ts-check
// The one switch for the truth. Python sends it beside the words that stand in its place while it is hidden: `plain`.

/** @import { Item } from "../types.d.ts" */
/** @import { Caption, Data, Panel } from "./payload.d.ts" */

/**
 * What is shown while the truth is hidden: nothing that is drawn, written or said aloud from it tells it.
 * @param {Data} data
 * @returns {Data}
 */
export function withoutTruth(data) {
  return {
    ...data,
    film: plain(data.film),
    findings: data.findings.map(hidden),
    answers: data.answers && { ...data.answers, verdicts: mapped(data.answers.verdicts, plain) },
    panels: (data.blind ? unnamed(data.panels) : data.panels).map((panel) => ({
      ...plain(panel),
      captions: mapped(panel.captions, plain),
      trust: mapped(panel.trust, plain),
    })),
    truth: {},
    drawn_by: {},
    outlines: {},
    beside: data.beside && withoutTruth(data.beside),
  };
}

/**
 * Maps whose methods are not said: what is left are their pictures, and where these are brightest.
 * @param {Panel[]} panels
 * @returns {Panel[]}
 */
function unnamed(panels) {
  const maps = panels.filter(({ picture }) => !picture);
  return panels.map((panel) => {
    if (panel.picture) return panel;
    const title = `Map ${String.fromCharCode("A".charCodeAt(0) + maps.indexOf(panel))}`;
    return { ...panel, title, unit: "", how: "", lies: "", shares: "", glance: "", needs: "", so_far: panel.so_far && UNTOLD, more: null, captions: mapped(panel.captions, untold), trust: {} };
  });
}

const UNTOLD = { going: "Not finished", stopped: "Not finished" }; // how many films it takes would tell the method

/**
 * @param {Caption} caption
 * @returns {Caption}
 */
const untold = ({ where }) => ({ where, diagnostics: [], cost: "", alt: null, truth_note: null, plain: {} });

/**
 * What is waited for, each map called as its panel is.
 * @param {Item[]} items
 * @param {Panel[]} panels
 * @returns {Item[]}
 */
export function namedAs(items, panels) {
  const titles = new Map(panels.filter(({ picture }) => !picture).map(({ method, title }) => [method, title]));
  return items.map((item) => ({ ...item, title: titles.get(item.name) ?? item.title }));
}

/**
 * Whether anything is known of a film's truth.
 * @param {Data} data
 */
export function knowsTruth({ findings, truth, masks }) {
  return Boolean(masks) || Object.keys(truth).length > 0 || findings.some((finding) => finding.truth);
}

/**
 * What to say of the marks beside the findings.
 * @param {boolean} isKnown
 * @param {boolean} isShown
 */
export function legendOfTruth(isKnown, isShown) {
  if (!isKnown) return "Truth: not known.";
  return isShown ? "Truth: ● present, ○ absent." : "Truth: hidden.";
}

/**
 * @param {Data["findings"][number]} finding
 * @returns {Data["findings"][number]}
 */
const hidden = (finding) => ({ ...finding, truth: undefined });

/**
 * @template {{plain: object}} Words
 * @param {Words} words
 * @returns {Words}
 */
const plain = (words) => ({ ...words, ...words.plain });

/**
 * @template Value
 * @param {Record<string, Value>} values by name
 * @param {(value: Value) => Value} change
 * @returns {Record<string, Value>}
 */
const mapped = (values, change) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
