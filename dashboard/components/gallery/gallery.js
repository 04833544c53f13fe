// Small pictures of films in rows. Python sends one page of them; opening and choosing goes back to it.

const galleries = new WeakMap();

/** Texts come from files: they are set as text, never as markup. */
function build(item) {
  const card = document.createElement("figure");
  card.className = "card";
  card.setAttribute("role", "listitem");
  card.innerHTML = `
    <button type="button" class="open"><img alt="" hidden><span class="instead" hidden><b></b><span></span></span></button>
    <label class="mark"><input type="checkbox"></label>
    <span class="written"></span>
    <figcaption><span class="name"></span><span class="answer"><b></b><span></span></span></figcaption>`;
  card.dataset.film = item.id;
  return card;
}

function fill(card, item) {
  const part = (selector) => card.querySelector(selector);
  card.dataset.state = item.state;
  card.dataset.outcome = item.outcome;
  const image = part("img");
  if (item.src && image.src !== item.src) image.src = item.src;
  image.hidden = !item.src;
  part(".instead").hidden = Boolean(item.src) || item.state === "waiting";
  part(".instead b").textContent = item.instead;
  part(".instead span").textContent = item.findings;
  part(".open").setAttribute("aria-label", item.alt);
  part(".open").title = item.alt;
  part(".mark input").setAttribute("aria-label", `Choose ${item.title}`);
  part(".name").textContent = item.title;
  part(".answer b").textContent = item.outcome;
  part(".answer > span").textContent = item.answer;
  part(".written").textContent = item.written;
}

class Gallery {
  constructor(root) {
    this.root = root;
    this.cards = new Map();
    this.chosen = new Set();
    root.addEventListener("click", (event) => this.click(event));
    root.addEventListener("keydown", (event) => this.key(event));
  }

  receive({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    const ids = data.items.map((item) => item.id);
    const isNewPage = ids.join("\n") !== this.page;
    if (isNewPage) {
      const hadFocus = this.root.contains(this.root.getRootNode().activeElement);
      this.page = ids.join("\n");
      this.cards = new Map(data.items.map((item) => [item.id, build(item)]));
      this.root.replaceChildren(...this.cards.values());
      if (hadFocus) this.root.querySelector(".open")?.focus({ preventScroll: true }); // Esc still closes a dialog
      this.last = null;
    }
    // Clicks are faster than Python: what was chosen here holds until Python chooses something itself.
    if (isNewPage || this.turn !== data.turn) {
      this.chosen = new Set(data.chosen.filter((id) => this.cards.has(id)));
      this.turn = data.turn;
    }
    for (const item of data.items) fill(this.cards.get(item.id), item);
    this.root.style.setProperty("--side", `${data.side}px`);
    this.root.dataset.tight = data.side < 120;
    this.root.dataset.canChoose = data.canChoose;
    for (const mark of this.root.querySelectorAll(".mark")) mark.hidden = !data.canChoose;
    this.showLast(data.last);
    this.showChosen();
  }

  /** Mark the film that was shown large last, and bring it into view once. */
  showLast(last) {
    for (const [id, card] of this.cards) card.dataset.last = id === last;
    if (last && this.last !== last) this.cards.get(last)?.scrollIntoView({ block: "nearest" });
    this.last = last;
  }

  showChosen() {
    this.root.dataset.choosing = this.chosen.size > 0;
    for (const [id, card] of this.cards) {
      card.dataset.chosen = this.chosen.has(id);
      card.querySelector(".mark input").checked = this.chosen.has(id);
    }
  }

  click(event) {
    const card = event.target.closest(".card");
    if (!card) return;
    if (event.target.closest(".open")) this.send("opened", card.dataset.film);
    if (event.target.matches("input")) this.choose(card.dataset.film, event.target.checked, event.shiftKey);
  }

  /** Choose a film; with Shift, all from the one chosen before. */
  choose(film, isChosen, isRange) {
    const ids = [...this.cards.keys()];
    const [from, to] = [ids.indexOf(isRange && this.anchor ? this.anchor : film), ids.indexOf(film)].sort((a, b) => a - b);
    for (const id of ids.slice(Math.max(from, 0), to + 1)) isChosen ? this.chosen.add(id) : this.chosen.delete(id);
    this.anchor = film;
    this.showChosen();
    this.send("chosen", [...this.chosen]);
  }

  key(event) {
    const card = event.target.closest(".card");
    if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
    const cards = [...this.cards.values()];
    const columns = getComputedStyle(this.root).gridTemplateColumns.split(" ").length;
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    if (by) {
      event.preventDefault();
      cards[cards.indexOf(card) + by]?.querySelector(".open").focus();
    } else if (event.key === "x" && this.root.dataset.canChoose === "true") {
      this.choose(card.dataset.film, !this.chosen.has(card.dataset.film), false);
    } else return;
    event.stopPropagation();
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".gallery");
  if (!galleries.has(root)) galleries.set(root, new Gallery(root));
  galleries.get(root).receive(component);
}
