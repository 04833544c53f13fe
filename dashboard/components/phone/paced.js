// @ts-check
// Films at the own pace: a place to mark, or what the model will answer; the next film comes with each answer.

import { where } from "./kinds/where.js";

/** @import { Asked, Question } from "./phone.d.ts" */
/** @typedef {{number: number, of: number, title?: string, task?: string, text?: string, film?: string, map?: string, map_title?: string, answers?: string, choices?: string[]}} Turn */

const PARTS = `${location.pathname.replace(/\/join(\/[^/]*)?\/?$/, "")}/api/parts`;

/** @param {string} title @param {string} part @param {string} alt */
function pictureOf(title, part, alt) {
  const figure = document.createElement("figure");
  figure.innerHTML = '<figcaption></figcaption><div class="pad"><img></div>';
  figure.querySelector("figcaption").textContent = title;
  Object.assign(figure.querySelector("img"), { src: `${PARTS}/${part}`, alt });
  return figure;
}

/** @param {string} words @param {() => void} act */
function buttonOf(words, act) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", textContent: words, onclick: act });
  return button;
}

/** A first tap shows a cross; the button says that it is meant. @param {HTMLElement} figure @param {Asked} asked @param {Turn} turn */
function marksOn(figure, { question, send, tell }, turn) {
  /** @type {[number, number] | null} */
  let at = null;
  const button = buttonOf("Mark here", () => send({ number: turn.number, answer: at }));
  button.className = "main";
  button.disabled = true;
  const own = /** @type {Question} */ ({ ...question, number: turn.number });
  const listen = () =>
    where.show({
      place: figure,
      film: figure,
      question: own,
      yours: at,
      tell,
      send: (point) => {
        at = /** @type {[number, number]} */ (point);
        button.disabled = false;
        listen();
      },
    });
  listen();
  return button;
}

/** @param {Asked} asked @param {Turn} turn */
function showTurn(asked, turn) {
  const { place, send } = asked;
  const count = document.createElement("p");
  count.textContent = `${turn.title ?? `Film ${turn.number + 1} of ${turn.of}.`} ${turn.text}`;
  const film = pictureOf("Film", turn.film, `Chest film ${turn.number + 1}`);
  const pictures = document.createElement("div");
  pictures.className = turn.answers === "place" ? "single" : "arms";
  pictures.append(film, ...(turn.map ? [pictureOf(turn.map_title, turn.map, turn.map_title)] : []));
  const reply = document.createElement("div");
  reply.className = "choices paced";
  if (turn.answers === "place") reply.append(marksOn(film, asked, turn));
  else {
    const choices = turn.answers === "next" ? ["Next"] : turn.choices;
    reply.append(...choices.map((words, index) => buttonOf(words, () => send({ number: turn.number, answer: index }))));
  }
  const task = turn.task ? [Object.assign(document.createElement("p"), { textContent: turn.task })] : [];
  place.replaceChildren(...task, count, pictures, reply);
}

/** @type {import("./phone.d.ts").Kind} */
export const paced = {
  /** @param {Asked} asked */
  show(asked) {
    const { place, question, yours } = asked;
    const turn = /** @type {Turn} */ (yours);
    const name = `${question.number} ${turn?.number} ${question.is_revealed}`;
    if (!turn || place.dataset.turn === name) return;
    place.dataset.turn = name;
    if (question.is_revealed || turn.number >= turn.of) {
      const words = question.is_revealed ? "" : "That was the last film. Look at the screen.";
      place.replaceChildren(Object.assign(document.createElement("p"), { textContent: words }));
    } else showTurn(asked, turn);
  },
  said: "",
  asks: "",
  alone: true,
};
