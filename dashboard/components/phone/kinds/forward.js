// @ts-check
// Do maps help, as a class.

import { paced } from "../paced.js";

/** @type {import("../phone.d.ts").Kind} */
export const forward = paced;
