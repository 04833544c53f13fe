// @ts-check
// The teacher's side of a room: opens it, shows how to come in and who is there, asks, and shows what was answered.

import { showPanels } from "../phone/figures.js";
import { joinChannel } from "../shared/channel.js";
import { noteHeld, tellServer } from "../shared/held.js";
import { CHARTS, drawPeople } from "./results.js";
import { TEMPLATES } from "./templates.js";

/** @import { Component } from "../types.d.ts" */
/** @import { Held } from "../phone/phone.d.ts" */
/** @typedef {{api: string, may: boolean, refusal: string, isHere: boolean}} RoomData */

const NOTHING = "Nothing yet. Open any page of the app: the bar at its foot shows it to the room, and Present leads the room by itself.";
const SURE_MS = 4000; // for a second press that closes the room

/** A link with its maps unnamed. @param {string} link */
function blinded(link) {
  const [page, query] = link.split("?");
  const asked = new URLSearchParams(query);
  asked.set("blind", "on");
  return `${page}?${asked}`;
}

/** Whether a button is pressed for the second time; the first press asks. @param {HTMLElement} button @param {string} question */
function isSure(button, question) {
  if (button.dataset.sure) return true;
  const before = button.textContent;
  button.dataset.sure = "yes";
  button.textContent = question;
  setTimeout(() => {
    delete button.dataset.sure;
    button.textContent = before;
  }, SURE_MS);
  return false;
}

class TeacherRoom {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    /** @type {Held | null} */
    this.held = null;
    /** @type {ReturnType<typeof joinChannel> | undefined} */
    this.channel = undefined;
    this.listener = {
      tell: (/** @type {any} */ told) => this.show(/** @type {Held} */ (told)),
      lost: () => this.forget(),
      gone: () => this.forget(),
    };
    this.form = /** @type {HTMLFormElement} */ (root.querySelector(".ask"));
    this.form.querySelector("select").onchange = () => this.fill();
    this.form.onsubmit = (event) => {
      event.preventDefault();
      this.ask();
    };
    this.on(".open", () => this.open());
    this.on(".close", () => this.close());
    this.on(".reveal", () => this.say({ reveal: true }));
    this.on(".lock", () => this.say({ lock: !this.held?.locked }));
    this.on(".end", () => this.say({ end: true }));
    this.on(".copy", async () => {
      await navigator.clipboard?.writeText(this.link ?? "");
      this.find(".copy").textContent = "Copied";
    });
  }

  /** @param {string} selector @returns {HTMLElement} */
  find(selector) {
    return this.root.querySelector(selector);
  }

  /** @param {string} selector @param {() => void} act */
  on(selector, act) {
    this.find(selector).onclick = act;
  }

  /** @param {Component<RoomData>} component */
  receive({ data }) {
    const isNew = !this.data;
    this.data = data;
    const button = /** @type {HTMLButtonElement} */ (this.find(".open"));
    button.disabled = !data.may;
    this.find(".refusal").textContent = data.may ? "" : data.refusal;
    this.find(".only-here").hidden = !data.isHere;
    if (isNew) this.begin();
  }

  release() {
    this.channel?.leave(this.listener);
    this.channel = undefined;
  }

  get address() {
    return `${this.data.api}/rooms/held`;
  }

  /** Show the room that this browser holds already. */
  async begin() {
    this.showSections(false);
    const answer = await fetch(this.address).catch(() => new Response(null, { status: 503 }));
    const room = answer.ok ? await answer.json() : null;
    if (room?.code) this.enter(room);
    else if (room) noteHeld(null);
    if (!room?.code) this.showOthers();
  }

  /** Whoever may open rooms closes those that no browser holds any more. */
  async showOthers() {
    if (!this.data.may) return;
    const place = this.find(".others");
    const answer = await fetch(`${this.data.api}/rooms/others`).catch(() => new Response(null, { status: 503 }));
    /** @type {{code: string, here: number}[]} */
    const rooms = answer.ok ? (await answer.json()).rooms : [];
    place.hidden = !rooms.length;
    place.querySelector("ul").replaceChildren(...rooms.map(({ code, here }) => this.other(code, here)));
  }

  /** @param {string} code @param {number} here */
  other(code, here) {
    const [line, button] = [document.createElement("li"), document.createElement("button")];
    button.textContent = `Close room ${code}`;
    button.onclick = async () => {
      if (!isSure(button, "Close it for everybody?")) return;
      const [, error] = await tellServer(`${this.data.api}/rooms/others`, { close: code });
      this.problem(error);
      this.showOthers();
    };
    line.append(`${here} ${here === 1 ? "is" : "are"} here `, button);
    return line;
  }

  async open() {
    const [room, error] = await tellServer(`${this.data.api}/rooms`, { open: true });
    this.problem(error);
    if (room) this.enter(room);
  }

  /** @param {{code: string, link: string}} room */
  enter({ code, link }) {
    this.link = link;
    noteHeld(code);
    this.find(".code").textContent = code;
    this.find(".address").textContent = link.replace(/^https?:\/\//, "").replace(/\/[^/]*$/, "");
    const qr = /** @type {HTMLImageElement} */ (this.find(".qr"));
    Object.assign(qr, { src: `${this.address}/code.svg?${code}`, alt: `QR code of ${link}` });
    /** @type {HTMLAnchorElement} */ (this.find(".csv")).href = `${this.address}/counts.csv`;
    this.channel ??= joinChannel(this.address, this.listener);
    this.channel.open();
  }

  /** @param {boolean} isOpen */
  showSections(isOpen) {
    for (const one of [".door", ".leads", ".seen", ".take", ".results"]) this.find(one).hidden = !isOpen;
    this.find(".none").hidden = isOpen;
  }

  /** @param {Held} held */
  show(held) {
    if (!held.open) return this.forget();
    const before = this.held;
    this.held = held;
    this.showSections(true);
    const { here, answered, question, view, step, counts, asked } = held;
    this.write(".here", `${here} ${here === 1 ? "is" : "are"} here`);
    this.write(".lock", held.locked ? "Let newcomers in" : "Nobody new now");
    this.write(".step", step.number ? view.told ?? [view.title, step.text].filter(Boolean).join(" · ") : NOTHING);
    this.form.hidden = !step.number;
    this.find(".results").hidden = !question;
    this.find(".take").hidden = !asked;
    if (question) {
      this.write(".asked", question.text);
      this.write(".answered", answered <= here ? `${answered} of ${here} answered` : `${answered} answered, ${here} ${here === 1 ? "is" : "are"} here now`);
      this.find(".reveal").hidden = question.is_revealed;
      if (counts) CHARTS[question.kind]?.(this.find(".chart"), held, question.text);
      else this.find(".chart").replaceChildren();
    }
    this.showSeen(held);
    const about = (/** @type {Held} */ { view: one }) => `${one.number} ${one.finding}`;
    if (!before || about(before) !== about(held)) this.offer();
  }

  /** All maps and the truth are seen once the answers are; before that this screen gives nothing away. @param {Held} held */
  showSeen({ view, counts, question, step }) {
    const place = this.find(".seen");
    place.hidden = !counts || !step.number;
    if (place.hidden) return;
    this.write(".said", [view.answer, view.truth].filter(Boolean).join(" "));
    const film = view.panels?.find(({ name }) => name === "film");
    const people = question.kind === "where" && film ? [{ ...film, name: "people", title: "Where the room pointed" }] : [];
    showPanels(this.find(".panels"), [...people, ...(view.panels ?? [])], `${this.data.api}/parts`);
    const pad = /** @type {HTMLElement | null} */ (place.querySelector("[data-name=people] .pad"));
    if (pad) drawPeople(pad, counts);
  }

  /** @param {string} selector @param {string} words */
  write(selector, words) {
    const node = this.find(selector);
    if (node.textContent !== words) node.textContent = words;
  }

  get template() {
    return TEMPLATES[this.form.querySelector("select").value];
  }

  /** Offer the questions that fit what the room sees. */
  offer() {
    const choice = this.form.querySelector("select");
    const before = choice.value;
    const fitting = Object.entries(TEMPLATES).filter(([, { fits }]) => fits?.(this.held.view) ?? true);
    choice.replaceChildren(...fitting.map(([name, { label }]) => new Option(label, name)));
    if (fitting.some(([name]) => name === before)) choice.value = before;
    this.fill();
  }

  /** Word the question for what the room sees. */
  fill() {
    const isOwn = this.form.querySelector("select").value === "own";
    this.find(".own").hidden = !isOwn;
    /** @type {HTMLInputElement} */ (this.form.elements.namedItem("text")).value = this.held ? this.template.text(this.held.view) : "";
  }

  ask() {
    const { value } = /** @type {HTMLInputElement} */ (this.form.elements.namedItem("text"));
    const own = /** @type {HTMLInputElement} */ (this.form.elements.namedItem("choices")).value;
    const isOwn = this.form.querySelector("select").value === "own";
    const settings = isOwn ? { choices: own.split(",").map((one) => one.trim()).filter(Boolean) } : this.template.settings(this.held.view);
    const ask = { kind: this.template.kind, text: value, settings };
    const { link, revealed, text } = this.held.step;
    this.say(this.template.blind ? { move: { link: blinded(link), revealed, text }, ask } : { ask });
  }

  /** @param {object} words */
  async say(words) {
    const [, error, status] = await tellServer(this.address, words);
    this.problem(error);
    if (status === 404) this.forget();
  }

  close() {
    if (isSure(this.find(".close"), "Close it for everybody?")) this.say({ close: true });
  }

  forget() {
    this.release();
    this.held = null;
    noteHeld(null);
    this.showSections(false);
    this.showOthers();
  }

  /** @param {string} words */
  problem(words) {
    this.write(".problem", words);
  }
}

/** @type {WeakMap<ShadowRoot, TeacherRoom>} */
const rooms = new WeakMap();

/** @param {Component<RoomData>} component */
export default function (component) {
  const { parentElement } = component;
  if (!rooms.has(parentElement)) rooms.set(parentElement, new TeacherRoom(parentElement.querySelector(".room")));
  const room = rooms.get(parentElement);
  room.receive(component);
  return () => {
    room.release();
    rooms.delete(parentElement);
  };
}
