// @ts-check
// Files to take away, fetched by the page: the browser by itself says neither that one is being made nor why it was not.

const KEPT_MS = 60000; // for which a file stays in memory: until the browser has surely begun to write it
const NOT_THERE = "The server has no such file now: reload the page.";
const NOT_REACHED = "The server could not be reached.";

/**
 * Whether a click on a link asks for its file in this page, not for a tab of its own.
 * @param {MouseEvent} event
 */
export const asksForItHere = ({ button, ctrlKey, metaKey, shiftKey, altKey }) =>
  button === 0 && !(ctrlKey || metaKey || shiftKey || altKey);

/**
 * Have the browser keep a file of the page; gives why it could not, or nothing.
 * @param {string} address
 * @returns {Promise<string>}
 */
export async function takeAway(address) {
  try {
    const answer = await fetch(address);
    if (answer.ok) {
      keepFile(await answer.blob(), fileNameOf(answer));
      return "";
    }
    if (answer.status === 404) return NOT_THERE;
    const isSentence = answer.headers.get("Content-Type")?.startsWith("text/plain");
    return isSentence ? await answer.text() : `The server answered ${answer.status}, without saying why.`;
  } catch {
    return NOT_REACHED;
  }
}

/** @param {Response} answer */
const fileNameOf = (answer) =>
  decodeURIComponent(/filename\*=UTF-8''([^;]+)/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] ?? "");

/**
 * @param {Blob} content
 * @param {string} name
 */
function keepFile(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}
