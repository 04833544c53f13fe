// @ts-check
// The room that this browser holds: its key lies in a cookie that no script reads, its code is no secret.

const HELD = "lightbox-room-held";

/** @returns {{code: string} | null} */
export function heldRoom() {
  try {
    return JSON.parse(localStorage.getItem(HELD) ?? "null");
  } catch {
    return null;
  }
}

/** Tell all parts of all pages of this browser. @param {string | null} code */
export function noteHeld(code) {
  if ((heldRoom()?.code ?? null) === code) return;
  if (code === null) localStorage.removeItem(HELD);
  else localStorage.setItem(HELD, JSON.stringify({ code }));
  window.dispatchEvent(new StorageEvent("storage", { key: HELD }));
}

/** @param {() => void} heard */
export function onHeld(heard) {
  window.addEventListener("storage", ({ key }) => key === HELD && heard());
}

/**
 * Say something to the server; gives its answer, or the sentence that says why there is none.
 * @param {string} address
 * @param {object} words
 * @returns {Promise<[any, string, number]>}
 */
export async function tellServer(address, words) {
  try {
    const post = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(words), keepalive: true };
    const answer = await fetch(address, post);
    const content = await answer.json();
    return answer.ok ? [content, "", answer.status] : [null, content.error ?? "", answer.status];
  } catch {
    return [null, "The server cannot be reached just now. Try again.", 0];
  }
}
