// @ts-check
// A phone in a room: joins by a code, shows the teacher's step as it is pushed, and answers.

import { Channel } from "../shared/channel.js";
import { showPanels } from "./figures.js";
import { KINDS } from "./kinds.js";

/** @import { Question, Told, View } from "./phone.d.ts" */

const ROOT = location.pathname.replace(/\/join(\/[^/]*)?\/?$/, "");
const API = `${ROOT}/api`;
const BACK = "lightbox-room-back"; // the room that “Look around” comes back to, in this tab
const SAID = "lightbox-room-said"; // the last answer, which a server that starts anew has forgotten
const WAITING = "You are in. The teacher has not shown anything yet.";
const CLOSED = "This room is closed. Thank you for coming.";
const NOT_REACHED = "The server cannot be reached just now. Try again.";

/** @param {string} selector */
const find = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));

class Phone {
  constructor() {
    this.code = "";
    /** @type {Channel | null} */
    this.channel = null;
    /** @type {Told | null} */
    this.told = null;
    this.resent = "";
    const form = /** @type {HTMLFormElement} */ (find(".enter"));
    this.input = /** @type {HTMLInputElement} */ (find("#code"));
    form.onsubmit = (event) => {
      event.preventDefault();
      this.join(this.input.value);
    };
  }

  start() {
    const [, code] = location.pathname.match(/\/join\/([A-Za-z]{1,20}(?:-[0-9a-f]{1,64})?)\/?$/) ?? [];
    if (code) this.join(code);
    else this.input.focus();
  }

  /** @param {string} entered */
  async join(entered) {
    const [letters, invitation] = entered.trim().split("-"); // the link holds an invitation beside the code
    const code = letters.toUpperCase();
    const place = encodeURIComponent(invitation ? `${code}-${invitation}` : code);
    const address = `${API}/rooms/${place}`;
    const [content, error] = await ask(fetch(`${address}/events?since=-1`));
    if (error) return this.refuse(error);
    this.code = code;
    history.replaceState(null, "", `${ROOT}/join/${place}`);
    find(".code").textContent = code;
    document.title = `Room ${code} · Lightbox`;
    document.body.dataset.state = "in";
    this.channel = new Channel(address);
    const tell = (/** @type {any} */ told) => this.show(/** @type {Told} */ (told));
    this.channel.listeners.add({ tell, lost: () => this.end(), gone: () => this.end() });
    this.channel.open();
    this.show(/** @type {Told} */ (content));
  }

  /** @param {string} words */
  refuse(words) {
    document.body.dataset.state = "enter";
    find(".told").textContent = words;
    this.input.focus();
    this.input.select();
  }

  end() {
    this.channel?.close();
    this.channel?.listeners.clear();
    for (const one of [".asked", ".around"]) find(one).hidden = true;
    for (const one of [".text", ".answer", ".about"]) find(one).textContent = "";
    find(".panels").replaceChildren();
    find(".told").textContent = CLOSED;
  }

  /** @param {Told} told */
  show(told) {
    this.told = told;
    if (!told.open) return this.end();
    const { step, view } = told;
    const isShown = step.number > 0;
    const isAlone = KINDS[told.question?.kind]?.alone; // asks about films of its own
    say(".told", isAlone ? "" : isShown ? (view.told ?? "") : WAITING);
    const around = /** @type {HTMLAnchorElement} */ (find(".around"));
    around.hidden = !isShown || step.link === null; // a link would name maps that are asked about
    around.href = `${ROOT}/${step.link ?? ""}`;
    around.onclick = () => sessionStorage.setItem(BACK, this.code);
    say(".text", step.text);
    if (isShown && (view.number ?? 0) > 0) this.showView(view);
    this.showQuestion(told);
  }

  /** @param {View} view */
  showView(view) {
    say(".answer", [view.asked, view.answer, view.truth].filter(Boolean).join(" "));
    say(".about", [view.title, view.model && `Model: ${view.model}`].filter(Boolean).join(" · "));
    showPanels(find(".panels"), view.panels ?? [], `${API}/parts`);
  }

  /** @param {Told} told */
  showQuestion({ question, yours }) {
    const asked = find(".asked");
    const place = find("#reply");
    const film = /** @type {HTMLElement | null} */ (document.querySelector("figure.film"));
    const name = question ? `${question.number} ${question.kind} ${question.text}` : "";
    if (asked.dataset.name !== name) {
      place.replaceChildren();
      place.className = "";
      document.querySelectorAll(".cross").forEach((one) => one.remove());
      for (const kind of Object.values(KINDS)) kind.hide?.(film);
      say(".heard", "");
    }
    asked.dataset.name = name;
    asked.hidden = !question;
    if (!question) return;
    const kind = KINDS[question.kind];
    say("#asked-text", question.text);
    const send = (/** @type {unknown} */ answer) => this.send(question, answer);
    kind?.show({ place, film, question, yours, send, tell: (words) => say(".heard", words) });
    const isAnswered = yours !== null && yours !== undefined;
    if (question.is_revealed) say(".heard", "Answers are closed. Look at the screen.");
    else if (isAnswered) say(".heard", kind?.said ?? "");
    else if (!find(".heard").textContent) say(".heard", kind?.asks ?? "");
    if (!isAnswered && !question.is_revealed) this.sendAgain(question, name);
  }

  /** @param {Question} question @param {unknown} answer */
  async send(question, answer) {
    const post = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ answer, question: question.number }) };
    const [content, error] = await ask(fetch(`${API}/rooms/${this.code}`, post));
    if (error) return say(".heard", error);
    if (!this.told) return;
    const name = `${question.number} ${question.kind} ${question.text}`;
    sessionStorage.setItem(SAID, JSON.stringify({ code: this.code, name, answer }));
    this.told = { ...this.told, yours: content.yours };
    this.showQuestion(this.told);
  }

  /** A server that has started anew knows the question, and no answer. @param {Question} question @param {string} name */
  sendAgain(question, name) {
    const said = JSON.parse(sessionStorage.getItem(SAID) ?? "null");
    if (said?.code !== this.code || said.name !== name || this.resent === name) return;
    this.resent = name;
    this.send(question, said.answer);
  }
}

/**
 * Give what a server answers, or the sentence that says why it does not.
 * @param {Promise<Response>} asked
 * @returns {Promise<[any, string]>}
 */
async function ask(asked) {
  try {
    const answer = await asked;
    const content = await answer.json();
    return answer.ok ? [content, ""] : [null, content.error ?? NOT_REACHED];
  } catch {
    return [null, NOT_REACHED];
  }
}

/** What is said once more is read out once more. @param {string} selector @param {string} words */
function say(selector, words) {
  const place = find(selector);
  if (place.textContent !== words) place.textContent = words;
}

new Phone().start();
