// One value, one text: the JSON whose bytes may be hashed, compared and signed.
import { invariant } from './errors.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * JSON with one spelling per value (RFC 8785): keys sorted by UTF-16 code unit, no white space, numbers in ECMAScript's
 * shortest form that reads back to the same double (`0.1`, `1e+21`, `-0` as `0`), strings escaped only where they must be.
 * A property that is `undefined` is left out, as `JSON.stringify` does.
 *
 * NaN and infinities have no spelling: they stop on an invariant naming the path. Keep them in typed arrays.
 */
export function canonicalJson(value: unknown, path = '$'): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    invariant(Number.isFinite(value), `canonical JSON holds finite numbers only, got ${value} at ${path}`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item, index) => canonicalJson(item, `${path}[${index}]`)).join(',')}]`;
  }
  invariant(isRecord(value), `canonical JSON holds plain data only, got ${describe(value)} at ${path}`);
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key], `${path}.${key}`)}`);
  return `{${members.join(',')}}`;
}

/** A plain object: what JSON calls an object, and nothing with a class of its own. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

const describe = (value: unknown): string =>
  typeof value === 'object' && value !== null ? (value.constructor?.name ?? 'an object') : typeof value;
