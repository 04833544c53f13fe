// @ts-check
// What the light box shows, put together: words that Python sent, parts that were fetched, and how the rest stands.

import { isPending, newestOf } from "../shared/standing.js";
import { boundaries } from "./geometry.js";
import { Parts } from "./parts.js";
import { bytesOfBase64 } from "./tables.js";
import { PREFIX } from "./trust.js";

/** @import { Item, Standing } from "../types.d.ts" */
/** @import { Answered, Answers, Data, FilmPixels, Finding, Luts, Outline, Panel, PanelWords, Payload, Trust } from "./payload.d.ts" */

export class Assembly {
  constructor() {
    this.parts = new Parts();
    /** @type {Standing | undefined} what the server told last */
    this.heard = undefined;
    /** @type {Map<string, string>} why parts could not be fetched */
    this.broken = new Map();
    /** @type {{part: string | null, outlines: Record<string, Outline>}} */
    this.masks = { part: null, outlines: {} };
    this.tablesText = "";
    this.view = ""; // what the things that are waited for are called together
    /** @type {Map<string, {view: string, parts: string[]}>} the parts that showed a thing one after the other */
    this.trails = new Map();
  }

  /**
   * Begin with a page, of which nothing was heard yet.
   * @param {string} page its address
   */
  begin(page) {
    this.heard = undefined;
    this.broken.clear();
    this.parts.home = page.replace(/\/pages\/[^/]*$/, "/parts");
  }

  /**
   * The newest that is known of what a payload waits for.
   * @param {Payload} data
   * @returns {Standing}
   */
  standsFor({ group, standing }) {
    return newestOf(standing, this.heard, group);
  }

  /**
   * @param {Payload} data
   * @returns {Item[]}
   */
  itemsOf(data) {
    return this.standsFor(data).groups[data.group].items.map((item) => {
      const reason = this.broken.get(item.part);
      return reason ? { ...item, state: "failed", message: `It did not arrive whole: ${reason}.` } : item;
    });
  }

  /**
   * Names of the parts that can be fetched now, the film's first.
   * @param {Payload} data
   * @returns {string[]}
   */
  partsOf(data) {
    const pictures = data.panels.map(({ picture }) => picture?.part);
    const items = this.itemsOf(data).map(({ part }) => part);
    return [data.film.part, ...items, ...pictures, data.input?.part, data.masks?.part, data.beside?.input?.part].filter(Boolean);
  }

  /**
   * What is waited for, as it is seen: what the server has and the browser has not is still on its way.
   * @param {Payload} data
   * @returns {Item[]}
   */
  seenItems(data) {
    /** @param {Item} item */
    const isOnItsWay = ({ part, state }) => state === "ready" && part !== null && !this.parts.now(part);
    return this.itemsOf(data).map((item) => (isOnItsWay(item) ? { ...item, state: "running", progress: 1 } : item));
  }

  /**
   * Fetch the parts that are there and have not come yet; each promise ends when one has come, or could not.
   * @param {Payload} data
   * @returns {Promise<void>[]}
   */
  missing(data) {
    const lasting = new Set(this.partsOf(data));
    for (const { part, state } of this.itemsOf(data)) if (state !== "ready") lasting.delete(part);
    const names = this.partsOf(data).filter((name) => !this.parts.now(name) && !this.broken.has(name));
    return names.map(async (name) => {
      try {
        await this.parts.get(name);
      } catch (error) {
        if (lasting.has(name)) this.broken.set(name, error.message); // of a map that sharpens, the next state comes
      }
    });
  }

  /**
   * Put together what Python sent and what has come since; the film itself has come.
   * @param {Payload} payload
   * @returns {Data}
   */
  assemble(payload) {
    /** @type {FilmPixels} */
    const film = this.parts.now(payload.film.part);
    const items = new Map(this.itemsOf(payload).map((item) => [item.name, item]));
    this.view = this.standsFor(payload).groups[payload.group].view;
    /** @type {Answers | undefined} */
    const answers = this.parts.now(items.get("answers")?.part);
    const input = this.parts.now(payload.input?.part);
    /** @type {Data} */
    const data = {
      ...payload,
      beside: null,
      answers,
      unlike: this.parts.now(items.get("likeness")?.part)?.sentence ?? "",
      film: { ...payload.film, windows: film.windows },
      pixels: film.pixels,
      rect: input?.rect ?? [0, 0, 1, 1],
      inputPixels: input?.pixels ?? null,
      outlines: this.outlinesOf(payload.masks?.part ?? null),
      findings: payload.findings.map((one) => answered(one, answers)),
      panels: payload.panels.map((panel) => ({ ...this.panelOf(panel, items.get(panel.method)), trust: this.trustIn(items.get(PREFIX + panel.method)) })),
      luts: this.tables(payload.luts),
    };
    return { ...data, beside: this.besideOf(payload, data, items) };
  }

  /**
   * The same film as a second model sees it; null where there is none.
   * @param {Payload} payload
   * @param {Data} data of the first model
   * @param {Map<string, Item>} items
   * @returns {Data | null}
   */
  besideOf({ beside, panels }, data, items) {
    if (!beside) return null;
    /** @type {Answers | undefined} */
    const answers = this.parts.now(items.get("beside answers")?.part);
    const input = this.parts.now(beside.input?.part);
    const methods = panels.filter(({ picture }) => !picture);
    return {
      ...data,
      model: beside.model,
      answers,
      rect: input?.rect ?? [0, 0, 1, 1],
      inputPixels: input?.pixels ?? null,
      findings: beside.findings.map((one) => answered(one, answers)),
      panels: methods.map((panel) => this.panelOf(panel, items.get(`beside ${panel.method}`))),
    };
  }

  /**
   * @param {Payload["panels"][number]} panel
   * @param {Item | undefined} item
   * @returns {Panel}
   */
  panelOf(panel, item) {
    /** @type {Omit<Panel, keyof PanelWords | "state" | "picture">} */
    const nothing = { maps: null, native: null, pieces: null, unsure: null, so_far: null, more: null, captions: {}, trust: {}, message: "" };
    if (panel.picture) {
      const pixels = this.parts.now(panel.picture.part)?.pixels ?? null;
      return { ...panel, ...nothing, ...this.parts.now(item?.part), state: "ready", picture: pixels };
    }
    const content = item && this.newestOf(item);
    if (content) {
      const isWhole = item.state === "ready" && content === this.parts.now(item.part);
      const state = isWhole ? "ready" : isPending(item) || item.state === "ready" ? "preview" : "stopped";
      return { ...panel, ...nothing, ...content, state, picture: null };
    }
    const state = !item || item.state === "ready" ? "running" : item.state;
    const message = state === "failed" ? item.message : state === "cancelled" ? "Cancelled." : "Being computed…";
    return { ...panel, ...nothing, state, message, picture: null };
  }

  /**
   * How far to trust a method's maps, by finding, as far as is known by now.
   * @param {Item | undefined} item
   * @returns {Trust["lines"]}
   */
  trustIn(item) {
    return (item && this.newestOf(item))?.lines ?? {};
  }

  /**
   * The newest that has come of a thing: a map that sharpens is shown as it was until its next state is here.
   * @param {Item} item
   */
  newestOf({ name, part }) {
    const known = this.trails.get(name);
    const trail = known?.view === this.view ? known.parts : [];
    if (part && trail.at(-1) !== part) trail.push(part);
    const at = trail.map((one) => this.parts.now(one) !== undefined).lastIndexOf(true);
    for (const passed of trail.splice(0, Math.max(0, at))) this.parts.forget(passed);
    this.trails.set(name, { view: this.view, parts: trail });
    return this.parts.now(trail[0]);
  }

  /**
   * Outlines of the exact truth; worked out once for each film.
   * @param {string | null} part
   */
  outlinesOf(part) {
    const masks = this.parts.now(part);
    if (!masks) return {};
    if (this.masks.part !== part) {
      const outlines = Object.entries(masks).map(([name, { values, shape }]) => [
        name,
        { path: boundaries(values, shape), shape, values },
      ]);
      this.masks = { part, outlines: Object.fromEntries(outlines) };
    }
    return this.masks.outlines;
  }

  /**
   * The colour tables, the same arrays as long as they are the same colours.
   * @param {Luts} luts
   * @returns {Luts<Uint8Array>}
   */
  tables(luts) {
    const text = luts.unsigned + luts.signed;
    if (text !== this.tablesText) {
      this.tablesText = text;
      this.decodedTables = { unsigned: bytesOfBase64(luts.unsigned), signed: bytesOfBase64(luts.signed) };
    }
    return this.decodedTables;
  }
}

/**
 * A finding with what a model answers; null until it has.
 * @param {Finding} finding
 * @param {Answers | undefined} answers
 * @returns {Answered}
 */
function answered(finding, answers) {
  const { name } = finding;
  return { ...finding, probability: answers?.probabilities[name] ?? null, written: answers?.written[name] ?? null };
}
