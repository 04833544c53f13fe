// @ts-check
// Where the visitor is: the address of the view, and the way back to the one before.

/**
 * Have the address open what is shown now. It is no step in the browser's history: Back goes to the film before.
 * @param {string} query
 */
export function showAddress(query) {
  history.replaceState(history.state, "", location.pathname + (query ? `?${query}` : ""));
}

/**
 * Whether an address shows the film that the browser's address shows.
 * @param {string} query
 */
export function isOfThisFilm(query) {
  /** @param {string} text */
  const film = (text) => new URLSearchParams(text).get("film");
  return film(query) === film(location.search);
}

/**
 * Call `open(query)` when the visitor goes back or forth within this page; gives the undo. Streamlit would run the page
 * with the address as it is now and the state as it was.
 * @param {(query: string) => void} open
 */
export function bindBack(open) {
  const page = location.pathname;
  /** @param {PopStateEvent} event */
  const listener = (event) => {
    if (location.pathname !== page) return;
    event.stopImmediatePropagation();
    open(location.search.slice(1));
  };
  window.addEventListener("popstate", listener, { capture: true });
  return () => window.removeEventListener("popstate", listener, { capture: true });
}
