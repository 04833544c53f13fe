// @ts-check
// Beat the heat map, as a class.

import { paced } from "../paced.js";

/** @type {import("../phone.d.ts").Kind} */
export const contest = paced;
