// @ts-check
// Questions that are ready to be asked about what the room sees.

/** @import { Held } from "../phone/phone.d.ts" */
/** @typedef {{label: string, kind: string, text: (view: Held["view"]) => string, settings: (view: Held["view"]) => object, blind?: boolean, fits?: (view: Held["view"]) => boolean}} Template */

/** @param {Held["view"]} view */
const named = ({ finding }) => finding || "the finding";

/** @param {Held["view"]} view */
const letters = ({ panels }) => (panels ?? []).filter(({ name }) => name !== "film").map((_, place) => String.fromCharCode(65 + place));

/** Whether one of several maps is a control. @param {Held["view"]} view */
const hasControl = (view) => letters(view).length > 1 && (view.panels ?? []).some(({ control }) => control);

/** @type {Record<string, Template>} */
export const TEMPLATES = {
  where: { label: "Where is it?", kind: "where", text: (view) => `Where would you look for ${named(view)}?`, settings: () => ({}) },
  present: { label: "Present or absent?", kind: "which", text: (view) => `${named(view)}: present or absent?`, settings: () => ({ choices: ["Present", "Absent"] }) },
  control: { label: "Which map is the control?", kind: "which", text: () => "Which of these maps is the control, which knows no film?", settings: (view) => ({ choices: letters(view) }), blind: true, fits: hasControl },
  believe: { label: "Would you believe it?", kind: "which", text: () => "Would you believe this map? 1: not at all, 5: fully", settings: () => ({ choices: ["1", "2", "3", "4", "5"] }) },
  guess: { label: "How probable, says the model?", kind: "guess", text: (view) => `What probability does the model give ${named(view)}?`, settings: () => ({}) },
  own: { label: "A question of your own", kind: "which", text: () => "", settings: () => ({ choices: [] }) },
};
