// @ts-check
// The kinds of question, a file each, as in `dashboard/rooms/kinds`.

import { contest } from "./kinds/contest.js";
import { forward } from "./kinds/forward.js";
import { guess } from "./kinds/guess.js";
import { where } from "./kinds/where.js";
import { which } from "./kinds/which.js";

/** @type {Record<string, import("./phone.d.ts").Kind>} */
export const KINDS = { where, which, guess, contest, forward };
