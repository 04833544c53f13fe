// @ts-check
// What holds for all pages, and runs before Streamlit's own scripts.

import { dropFocusAfterChoosing, nameMain, stayWhereMended, stepIntoWhatOpened, tellDoubts } from "./focus.js";
import { keepHistory } from "./history.js";
import { nameHome } from "./links.js";
import { bindPresses } from "./presses.js";
import { showRoomBar } from "./room.js";

const told = document.getElementById("lightbox-steps").textContent;
const places = /** @type {Record<string, string[]>} */ (JSON.parse(told));
keepHistory(places);
bindPresses();
dropFocusAfterChoosing();
nameMain();
stepIntoWhatOpened();
stayWhereMended();
tellDoubts();
showRoomBar(Object.keys(places));
nameHome(Object.keys(places).find((path) => path.endsWith("/")) ?? "/");
