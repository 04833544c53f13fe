// @ts-check
// Arrays arrive as {shape, dtype, gz}: base64 of the gzip of their little-endian bytes.

/** @import { Encoded, Pixels } from "./payload.d.ts" */

const ARRAY_TYPES = { u1: Uint8Array, u2: Uint16Array, f4: Float32Array };

/** @param {string} text */
export function bytesOfBase64(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/**
 * @param {Encoded} encoded
 * @returns {Promise<Pixels>}
 */
async function decodeArray({ shape, dtype, gz }) {
  const inflated = new Blob([bytesOfBase64(gz)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const values = new ARRAY_TYPES[dtype](await new Response(inflated).arrayBuffer());
  const expected = shape.reduce((product, side) => product * side, 1);
  if (values.length !== expected) {
    throw new Error(`expected ${expected} values for shape ${shape.join(" × ")}, got ${values.length}`);
  }
  return { shape, values };
}

/** Decodes an array once: the same content at the same place gives the same object again. */
export class ArrayCache {
  constructor() {
    this.entries = new Map();
  }

  /**
   * @param {string} place
   * @param {Encoded | null | undefined} encoded
   * @returns {Promise<Pixels | null>}
   */
  get(place, encoded) {
    if (!encoded) return Promise.resolve(null);
    const known = this.entries.get(place);
    if (known && known.gz === encoded.gz && known.shape === String(encoded.shape)) return known.array;
    const array = decodeArray(encoded);
    this.entries.set(place, { gz: encoded.gz, shape: String(encoded.shape), array });
    return array;
  }

  /**
   * Forget what the latest data no longer names.
   * @param {Set<string>} places
   */
  keepOnly(places) {
    for (const place of this.entries.keys()) if (!places.has(place)) this.entries.delete(place);
  }
}
