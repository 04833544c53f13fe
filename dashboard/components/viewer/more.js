// @ts-check
// The button below a map that had not converged: it asks for more films.

/**
 * Call `ask` with what of the address asks for more, when the button below a map is pressed.
 * @param {HTMLElement} root
 * @param {(query: Record<string, string>) => void} ask
 */
export function bindMore(root, ask) {
  root.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest(".more button") : null;
    if (button instanceof HTMLElement) ask(JSON.parse(button.dataset.query));
  });
}
