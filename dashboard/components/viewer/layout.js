// @ts-check
// How large the panels are: all of them on one screen, as large as they fit there.

import { find } from "./dom.js";
import { clamp } from "./geometry.js";

const PANEL_GAP = 10;
const FRAME = 72; // pixels of a panel's title and scale, and of the gaps between its parts
const ALL_WORDS = 190; // of what stands below a map, and of its shortest form
const FEW_WORDS = 52;
const LEAST_WITH_WORDS = 205; // wide, below which a column of words is no pleasure to read
const LEAST_PANEL = 64;
const LARGEST_PANEL = 560;
const WORTH = 1.25; // how much larger panels must become for one more row
const FOOT = 12; // that stay free at the foot of the screen
const NARROW_BOARD = 640; // pixels of the light box, as in its style sheets

/**
 * The widest a panel can be when so many stand in some rows.
 * @param {{count: number, width: number, height: number}} room
 * @param {number} rows
 * @param {{words: number, spared: number}} below pixels of words in each row, and of those that may leave the screen
 */
function widest({ count, width, height }, rows, { words, spared }) {
  const columns = Math.ceil(count / rows);
  const across = (width + PANEL_GAP) / columns - PANEL_GAP;
  const down = (height + spared) / rows - FRAME - words;
  return { columns, size: Math.floor(Math.min(across, down, LARGEST_PANEL)) };
}

/**
 * Columns and size of panels that all stand on one screen: with all their words where these can be read, the last row's
 * then going on below the screen; else with few words.
 * @param {{count: number, width: number, height: number}} room
 * @returns {{columns: number, size: number, isCompact: boolean}}
 */
export function fitPanels(room) {
  const rows = Array.from({ length: room.count }, (_, index) => index + 1);
  /** @param {{words: number, spared: number}} below */
  const best = (below) =>
    rows.map((some) => widest(room, some, below)).reduce((one, other) => (other.size > WORTH * one.size ? other : one));
  const roomy = best({ words: ALL_WORDS, spared: ALL_WORDS });
  if (roomy.size >= LEAST_WITH_WORDS) return { ...roomy, isCompact: false };
  const few = best({ words: FEW_WORDS, spared: 0 });
  return { ...few, size: clamp(few.size, LEAST_PANEL, LARGEST_PANEL), isCompact: true };
}

/**
 * The room that an element has on a screen that is not scrolled.
 * @param {HTMLElement} element
 */
export function roomOf(element) {
  const home = element.getRootNode();
  const scroller = (home instanceof ShadowRoot && home.host.closest(".stMain")) || document.documentElement;
  const above = element.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop;
  return { width: element.clientWidth, height: scroller.clientHeight - above - FOOT };
}

/**
 * Tell the styles how high the dock is that covers the foot of the screen; gives the undo.
 * @param {HTMLElement} root
 * @param {HTMLElement[]} docks of which one is open at most
 * @returns {() => void}
 */
export function measureDocks(root, docks) {
  const sizes = new ResizeObserver(() => {
    root.style.setProperty("--dock", `${Math.max(...docks.map(({ offsetHeight }) => offsetHeight))}px`);
  });
  for (const dock of docks) sizes.observe(dock);
  return () => sizes.disconnect();
}

/**
 * On a narrow screen a dock takes the lower part of it: have the film and the map stand above that.
 * @param {HTMLElement} root
 */
export function showAboveDock(root) {
  if (root.clientWidth < NARROW_BOARD) find(root, ".shown").scrollIntoView({ block: "start" });
}
