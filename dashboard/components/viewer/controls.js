// The controls of the display: each carries data-display, the name of what it changes.

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const WORDS_OF = {
  opacity: (value) => `${Math.round(100 * value)} %`,
  cut: (value) => `${Math.round(value)} %`,
  center: (value) => value.toFixed(2),
  width: (value) => value.toFixed(2),
};

function valueOfControl(control) {
  if (control.tagName === "BUTTON") return control.getAttribute("aria-pressed") !== "true";
  return control.type === "range" ? Number(control.value) : control.value;
}

/** Call `change({name: value})` whenever a visitor moves a control. */
function bindControls(root, change) {
  for (const control of root.querySelectorAll("[data-display]")) {
    const name = control.dataset.display;
    const listener = () => change({ [name]: valueOfControl(control) });
    if (control.tagName === "BUTTON") control.onclick = listener;
    else control.oninput = listener;
  }
}

/** Make every control show the display as it is. */
function showControls(root, display) {
  for (const control of root.querySelectorAll("[data-display]")) {
    const value = display[control.dataset.display];
    if (control.tagName === "BUTTON") control.setAttribute("aria-pressed", value);
    else if (control.type === "radio") control.checked = control.value === value;
    else {
      control.value = value;
      const words = WORDS_OF[control.dataset.display](value);
      control.setAttribute("aria-valuetext", words);
      control.parentElement.querySelector("output").textContent = words;
    }
  }
}

/** Close a details element when the visitor turns elsewhere or presses Escape; gives the undo. */
function closeWhenLeft(details) {
  const outside = (event) => {
    if (!event.composedPath().includes(details)) details.open = false;
  };
  details.onkeydown = (event) => {
    if (event.key === "Escape") details.open = false;
  };
  document.addEventListener("pointerdown", outside);
  return () => document.removeEventListener("pointerdown", outside);
}
