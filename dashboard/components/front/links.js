// @ts-check
// A link to the first page leads there in a tab of its own, too.

/**
 * Give links to the first page its path. Streamlit writes those of the page that has no name as a query alone, which a
 * click never follows, but a middle click and a copied address do: from below that page they lead to another one.
 * @param {string} home path of the first page
 */
export function nameHome(home) {
  /** @param {Event} event */
  const mend = (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href^='?']") : null;
    link?.setAttribute("href", home + link.getAttribute("href"));
  };
  for (const name of ["pointerover", "pointerdown", "focusin"]) document.addEventListener(name, mend, true);
}
