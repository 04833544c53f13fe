// @ts-check
// The one switch for the truth. Python sends it beside the words that stand in its place while it is hidden: `plain`.

/** @import { Data } from "./payload.d.ts" */

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
    panels: data.panels.map((panel) => ({ ...plain(panel), captions: mapped(panel.captions, plain) })),
    truth: {},
    outlines: {},
    beside: data.beside && withoutTruth(data.beside),
  };
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
