// One small ROC curve a finding. Python sends curves and words; the finding that is clicked goes back to it.

const overviews = new WeakMap();
const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

/** The curve from (0, 0) at the bottom left to (1, 1) at the top right. */
function draw(item) {
  const svg = shape("svg", { viewBox: "0 0 1 1", "aria-hidden": "true" });
  svg.append(shape("rect", { class: "frame", width: 1, height: 1 }), shape("line", { class: "chance", x1: 0, y1: 1, x2: 1, y2: 0 }));
  if (item.points.length) {
    const points = item.points.map(([x, y]) => `${x},${1 - y}`).join(" ");
    svg.append(
      shape("polygon", { class: "under", points: `${points} 1,1 0,1`, fill: item.color }),
      shape("polyline", { class: "curve", points, stroke: item.color }),
    );
  }
  return svg;
}

/** Texts are set as text, never as markup. */
function words(className, text) {
  const node = document.createElement("span");
  node.className = className;
  node.textContent = text;
  return node;
}

function build(item) {
  const cell = document.createElement("button");
  cell.type = "button";
  cell.className = "cell";
  cell.setAttribute("role", "listitem");
  cell.dataset.finding = item.finding;
  cell.dataset.problem = String(item.problem);
  cell.setAttribute("aria-label", item.alt);
  cell.title = item.alt;
  const text = document.createElement("span");
  text.append(words("name", item.name), words("auroc", item.auroc), words("more", item.more));
  cell.append(draw(item), text);
  return cell;
}

class Overview {
  constructor(root) {
    this.root = root;
    root.addEventListener("click", (event) => {
      const cell = event.target.closest(".cell");
      if (cell) this.open(cell);
    });
    root.addEventListener("keydown", (event) => this.key(event));
  }

  receive({ data, setTriggerValue }) {
    this.send = setTriggerValue;
    const shown = JSON.stringify(data.items);
    if (shown !== this.shown) {
      this.shown = shown;
      this.root.replaceChildren(...data.items.map(build));
    }
    this.mark(data.chosen);
  }

  mark(finding) {
    for (const cell of this.root.children) cell.setAttribute("aria-pressed", String(cell.dataset.finding === finding));
  }

  open(cell) {
    this.mark(cell.dataset.finding);
    this.send("opened", cell.dataset.finding);
  }

  key(event) {
    const cell = event.target.closest(".cell");
    if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
    const cells = [...this.root.children];
    const columns = getComputedStyle(this.root).gridTemplateColumns.split(" ").length;
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    cells[cells.indexOf(cell) + by]?.focus();
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".overview");
  if (!overviews.has(root)) overviews.set(root, new Overview(root));
  overviews.get(root).receive(component);
}
