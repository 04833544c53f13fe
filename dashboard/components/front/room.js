// @ts-check
// A bar on every page for who holds a room: shows the page to the room. And for who follows one and looks around: the
// way back.

import { joinChannel } from "../shared/channel.js";
import { heldRoom, noteHeld, onHeld, tellServer } from "../shared/held.js";

/** @import { Held } from "../phone/phone.d.ts" */

const BACK = "lightbox-room-back"; // as on the phone's page
const SETTLED_MS = 150; // after which an address is taken to stand
const PRESENTED = "lightbox-present"; // told by Present: what it has revealed

const BAR = `<style>
.room-bar { position: fixed; z-index: 999; inset: auto 0 0.5rem; margin: auto; width: fit-content; display: flex; flex-wrap: wrap; justify-content: center; align-items: center; gap: 0.25rem 0.9rem;
  max-width: calc(100vw - 1rem); padding: 0.35rem 0.8rem; border-radius: 0.75rem; font: 15px/1.3 system-ui, sans-serif;
  color: light-dark(#1a1b1e, #ececec); background: light-dark(#fff, #1a1c21); border: 1px solid light-dark(#8d8c86, #6b6f78); box-shadow: 0 4px 18px #0006; }
.room-bar button, .room-bar a { font: inherit; min-height: 2.25rem; display: inline-flex; align-items: center; padding: 0 0.8rem; border: 0; border-radius: 0.4rem; cursor: pointer; font-weight: 600; text-decoration: none;
  background: light-dark(#a05500, #f0a030); color: light-dark(#fff, #0e0f12); }
.room-bar a.plain { background: none; color: inherit; text-decoration: underline; padding: 0; font-weight: 400; }
.room-bar label { display: inline-flex; gap: 0.4rem; align-items: center; min-height: 2.25rem; }
.stMainBlockContainer { padding-bottom: 5rem !important; } /* the bar covers nothing that cannot be scrolled to */
.room-bar :focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
</style>`;

class Bar {
  /** @param {string} root where the first page of the app is, with a slash at its end */
  constructor(root) {
    this.root = root;
    this.address = `${root}api/rooms/held`;
    this.follows = false; // the room whatever its holder looks at
    /** @type {string[] | null} */
    this.revealed = null;
    this.timer = 0;
    this.sent = "";
    this.node = document.createElement("aside");
    this.node.className = "room-bar";
    this.node.setAttribute("aria-label", "Room");
    this.listener = {
      tell: (/** @type {any} */ told) => this.hear(/** @type {Held} */ (told)),
      lost: () => noteHeld(null),
      gone: () => noteHeld(null),
    };
    onHeld(() => this.show());
    window.addEventListener(PRESENTED, (event) => this.present(/** @type {CustomEvent} */ (event).detail));
    for (const name of /** @type {const} */ (["pushState", "replaceState"])) {
      const plain = history[name].bind(history);
      history[name] = (...told) => {
        plain(...told);
        this.turn();
      };
    }
    window.addEventListener("popstate", () => this.turn());
    this.show();
  }

  get isOnRoomPage() {
    return location.pathname === `${this.root}room`;
  }

  show() {
    const held = heldRoom();
    const back = sessionStorage.getItem(BACK);
    if (held && !this.isOnRoomPage) this.showHeld(held.code);
    else if (back && !held && /^[A-Z]{5}$/.test(back)) this.showBack(back);
    else this.hide();
  }

  /** The theme is the app's, which may not be the browser's. */
  takeTheme() {
    const app = document.querySelector(".stApp");
    if (app) this.node.style.colorScheme = getComputedStyle(app).colorScheme;
    else window.setTimeout(() => this.takeTheme(), 4 * SETTLED_MS);
  }

  hide() {
    this.node.remove();
    this.channel?.leave(this.listener);
    this.channel = undefined;
  }

  /** @param {string} code */
  showBack(code) {
    this.takeTheme();
    this.node.innerHTML = `${BAR}<a href="${this.root}join/${code}">Back to room ${code}</a>`;
    this.node.querySelector("a").onclick = () => sessionStorage.removeItem(BACK);
    document.body.append(this.node);
  }

  /** @param {string} code */
  showHeld(code) {
    this.takeTheme();
    if (!this.node.isConnected || this.node.dataset.code !== code) {
      this.node.dataset.code = code;
      this.node.innerHTML = `${BAR}<a class="plain" href="${this.root}room">Room ${code}</a><span role="status"></span><button>Show this to the room</button><label><input type="checkbox">The room follows me</label>`;
      this.node.querySelector("button").onclick = () => this.lead();
      this.node.querySelector("input").onchange = ({ target }) => {
        this.follows = /** @type {HTMLInputElement} */ (target).checked;
        if (this.follows) this.lead();
      };
      document.body.append(this.node);
    }
    this.channel ??= joinChannel(this.address, this.listener);
    this.channel.open();
    if (this.channel.standing) this.listener.tell(this.channel.standing); // told before this bar listened
  }

  /** @param {Held} held */
  hear(held) {
    if (!held.open) return noteHeld(null);
    const said = this.node.querySelector("[role=status]");
    if (!said) return;
    this.takeTheme();
    const { answered, under_way } = held;
    const done = under_way === null ? `${answered} answered` : `${answered - under_way} done, ${under_way} under way`;
    const answers = held.question ? ` · ${done}` : "";
    const words = `${held.here} here${answers}${held.step.link === this.link ? " · sees this page" : ""}`;
    if (said.textContent !== words) said.textContent = words;
  }

  /** Where this page is, as the room names it. */
  get link() {
    return `${location.pathname.slice(this.root.length)}${location.search}`;
  }

  /** Another place is shown. */
  turn() {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.show();
      const isLed = this.revealed || (this.follows && !lessonStep()); // a lesson leads the room itself, with its words
      if (heldRoom() && !this.isOnRoomPage && isLed) this.lead();
    }, SETTLED_MS);
  }

  /** Present leads the room. @param {string[] | null} revealed null once it has ended */
  present(revealed) {
    this.revealed = revealed;
    if (heldRoom() && revealed) this.turn();
  }

  async lead() {
    const move = { link: this.link, revealed: this.revealed, text: lessonStep()?.querySelector(".parts > div")?.textContent ?? "" };
    const words = JSON.stringify(move);
    if (words === this.sent && (this.revealed || this.follows)) return;
    this.sent = words;
    const [, error, status] = await tellServer(this.address, { move });
    if (status === 404) noteHeld(null);
    else if (error) this.node.querySelector("[role=status]").textContent = error;
  }
}

/** The step of a lesson that is given, as the page shows it. */
const lessonStep = () => document.querySelector("details.lesson-step");

/** @param {string[]} places the paths of all pages of the app */
export function showRoomBar(places) {
  const root = places.find((path) => path.endsWith("/")) ?? "/";
  new Bar(root);
}
