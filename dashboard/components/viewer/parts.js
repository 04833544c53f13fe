// @ts-check
// Parts are fetched by name: four bytes with the length of a JSON text, the text, then arrays (see packing.py). A name
// never changes its content, so that what was fetched once need not be fetched again.

/** @import { Pixels } from "./payload.d.ts" */

const ARRAY_TYPES = { u1: Uint8Array, u2: Uint16Array, i2: Int16Array };
const MOST_KEPT = 40;
const PAUSES_MS = [300, 1000, 2000, 4000, 8000, 16000];

/** @typedef {{shape: number[], dtype: keyof typeof ARRAY_TYPES, at: number, scales?: number[]}} Reference */

/** @param {unknown} value @returns {value is Reference} */
const isReference = (value) => value instanceof Object && "dtype" in value && "at" in value && "shape" in value;

/**
 * @param {ArrayBuffer} buffer
 * @param {number} start of all arrays
 * @param {Reference} reference
 * @returns {Pixels}
 */
function readArray(buffer, start, { shape, dtype, at, scales }) {
  const count = shape.reduce((product, side) => product * side, 1);
  const steps = new ARRAY_TYPES[dtype](buffer, start + at, count);
  if (!scales) return { shape, values: /** @type {Uint8Array | Uint16Array} */ (steps) };
  const values = new Float32Array(count);
  const each = count / scales.length;
  for (let i = 0; i < count; i++) values[i] = steps[i] * scales[Math.floor(i / each)];
  return { shape, values };
}

/**
 * @param {ArrayBuffer} buffer
 * @returns {any} the payload, its arrays in their places
 */
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const start = 4 + length;
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  /** @param {any} value @returns {any} */
  const filled = (value) => {
    if (isReference(value)) return readArray(buffer, start, value);
    if (Array.isArray(value)) return value.map(filled);
    if (!(value instanceof Object)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, filled(part)]));
  };
  return filled(head);
}

/**
 * Fetch, again and again where the server cannot be reached: it may start anew, or the network be away for a while.
 * @param {string} address
 */
async function patientFetch(address) {
  for (const pause of PAUSES_MS) {
    try {
      return await fetch(address);
    } catch {
      await new Promise((done) => setTimeout(done, pause));
    }
  }
  return fetch(address);
}

/** Fetches parts, each once while it is among those asked for lately. */
export class Parts {
  constructor() {
    /** @type {Map<string, Promise<any>>} */
    this.kept = new Map();
    /** @type {Map<string, any>} */
    this.here = new Map();
    this.home = "";
  }

  /**
   * @param {string} name
   * @returns {Promise<any>}
   */
  get(name) {
    const known = this.kept.get(name);
    if (known) {
      this.kept.delete(name);
      this.kept.set(name, known);
      return known;
    }
    const part = this.fetch(name);
    this.kept.set(name, part);
    part.then(
      (content) => this.here.set(name, content),
      () => this.kept.delete(name),
    );
    for (const oldest of [...this.kept.keys()].slice(0, -MOST_KEPT)) {
      this.kept.delete(oldest);
      this.here.delete(oldest);
    }
    return part;
  }

  /**
   * A part that has come already; undefined otherwise.
   * @param {string | null | undefined} name
   */
  now(name) {
    return name ? this.here.get(name) : undefined;
  }

  /** @param {string} name */
  forget(name) {
    this.kept.delete(name);
    this.here.delete(name);
  }

  /** @param {string} name */
  async fetch(name) {
    const answer = await patientFetch(`${this.home}/${name}`);
    if (!answer.ok) throw new Error(answer.status === 404 ? "it is no longer on the server" : `error ${answer.status}`);
    return unpack(await answer.arrayBuffer());
  }
}
