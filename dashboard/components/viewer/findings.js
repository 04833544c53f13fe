// @ts-check
// The list of findings: a bar chart to choose from.

import { element, find } from "./dom.js";
import { clamp } from "./geometry.js";

/** @import { Answered, Payload } from "./payload.d.ts" */

const TRUTH_MARKS = { present: "●", absent: "○" };

/** @param {Answered} finding */
const isFlagged = ({ probability, threshold }) => threshold != null && probability != null && probability >= threshold;

/**
 * What the model and, unless it is hidden, the truth say of one finding, in one sentence each.
 * @param {Answered} finding
 */
export function verdict(finding) {
  if (finding.probability == null) return "The model has not answered yet.";
  const rule = finding.rule ? ` (${finding.rule})` : "";
  const said =
    finding.threshold == null
      ? `Probability ${finding.written}, no threshold.`
      : `Probability ${finding.written}, ${isFlagged(finding) ? "above" : "below"} ` +
        `its threshold ${finding.threshold_written}${rule}.`;
  return finding.truth === undefined ? said : `${said} Truth: ${finding.truth ?? "unknown"}.`;
}

/**
 * @param {Answered[]} findings
 * @param {string} order
 */
export function sortedFindings(findings, order) {
  if (order === "fixed") return findings;
  return [...findings].sort((a, b) => b.probability - a.probability);
}

/** @param {Answered} finding */
function findingRow(finding) {
  /** @param {number} share */
  const percent = (share) => `${100 * clamp(share, 0, 1)}%`;
  const row = element("li", {
    role: "option",
    id: `finding-${finding.name}`,
    "aria-label": `${finding.label}. ${verdict(finding)}`,
    "data-finding": finding.name,
    "data-flagged": isFlagged(finding),
  });
  row.style.setProperty("--finding", finding.color);
  const bar = element("span", { class: "bar" }, element("span", { class: "fill" }));
  find(bar, ".fill").style.width = percent(finding.probability ?? 0);
  if (finding.threshold != null) {
    const tick = element("span", { class: "tick" });
    tick.style.left = percent(finding.threshold);
    bar.append(tick);
  }
  row.append(
    element("span", { class: "swatch" }),
    element("span", { class: "name" }, finding.label),
    element("span", { class: "truth" }, TRUTH_MARKS[finding.truth] ?? ""),
    element("span", { class: "number" }, finding.written ?? "…"),
    bar,
  );
  return row;
}

const WORDS_FOR_OUTPUTS = {
  findings: { title: "Findings", one: "this finding", all: "all findings" },
  classes: { title: "Classes", one: "this class", all: "all classes" },
};

/**
 * Call what the model answers by its name, wherever the light box speaks of it.
 * @param {ParentNode} root
 * @param {Payload["outputs"]} outputs
 */
export function nameOutputs(root, outputs) {
  const { title, one, all } = WORDS_FOR_OUTPUTS[outputs];
  root.querySelector(".findings h2").textContent = title;
  root.querySelector(".findings").setAttribute("aria-label", title);
  root.querySelector(".findings legend").textContent = `Order of the ${outputs}`;
  root.querySelector("[role=listbox]").setAttribute("aria-label", `${title} with the model's probability`);
  root.querySelector("[name=scale][value=finding] + span").textContent = one;
  root.querySelector("[name=scale][value=all] + span").textContent = all;
}

export class FindingsList {
  /**
   * @param {HTMLElement} list
   * @param {(name: string | undefined) => void} choose
   */
  constructor(list, choose) {
    this.list = list;
    this.content = "";
    list.onclick = (event) => {
      /** @type {HTMLElement | null} */
      const row = /** @type {Element} */ (event.target).closest("[role=option]");
      choose(row?.dataset.finding);
    };
  }

  /**
   * @param {Answered[]} findings
   * @param {string} selected
   * @param {string} order
   */
  show(findings, selected, order) {
    // The rows stay the same elements while they say the same, or a click could fall between two.
    const content = JSON.stringify([findings, order]);
    if (content !== this.content) {
      this.list.replaceChildren(...sortedFindings(findings, order).map(findingRow));
      this.content = content;
    }
    for (const row of this.list.children) {
      row.setAttribute("aria-selected", String(row.getAttribute("data-finding") === selected));
    }
    this.list.setAttribute("aria-activedescendant", `finding-${selected}`);
  }
}
