// A value of a parsed YAML file that knows where it stands, so that every complaint names its key.
import { AppError } from '../../../core/errors.ts';
import { parseSpan } from '../../../core/time.ts';

/** `path` reads like `features[2].where.value`. */
export interface YamlNode {
  readonly path: string;
  readonly value: unknown;
}

/** @throws AppError BAD_DEFINITION always */
export function complain(node: YamlNode, expected: string): never {
  throw new AppError('BAD_DEFINITION', `${node.path}: expected ${expected}, got ${shown(node.value)}`);
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

export const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The entry of a mapping, absent or not. */
export function child(node: YamlNode, key: string): YamlNode {
  if (!isMapping(node.value)) complain(node, 'a mapping');
  return { path: node.path === '' ? key : `${node.path}.${key}`, value: node.value[key] };
}

/** Complains about keys nobody reads: a misspelt key must not be ignored. */
export function allowKeys(node: YamlNode, keys: readonly string[]): void {
  if (!isMapping(node.value)) complain(node, `a mapping with ${keys.join(', ')}`);
  for (const key of Object.keys(node.value)) {
    if (!keys.includes(key)) {
      throw new AppError(
        'BAD_DEFINITION',
        `${node.path === '' ? '' : `${node.path}.`}${key}: not a key here; expected one of ${keys.join(', ')}`,
      );
    }
  }
}

/** Items of a list; one value stands for a list of itself. */
export function itemsOf(node: YamlNode): YamlNode[] {
  if (!Array.isArray(node.value)) return [node];
  return node.value.map((value, i) => ({ path: `${node.path}[${i}]`, value }));
}

export function textOf(node: YamlNode): string {
  if (typeof node.value !== 'string' || node.value.trim() === '') complain(node, 'a text');
  return node.value;
}

export function wordOf<T extends string>(node: YamlNode, words: readonly T[], fallback?: T): T {
  if (node.value === undefined && fallback !== undefined) return fallback;
  const word = words.find((candidate) => candidate === node.value);
  return word ?? complain(node, `one of ${words.join(', ')}`);
}

export function wholeOf(node: YamlNode, low: number, high: number): number {
  const { value } = node;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high)
    complain(node, `a whole number from ${low} to ${high}`);
  return value;
}

/** A span such as `90d`, in ms; `undefined` when absent. */
export function spanOf(node: YamlNode): number | undefined {
  if (node.value === undefined) return undefined;
  if (typeof node.value === 'string') {
    try {
      const spanMs = Math.round(parseSpan(node.value));
      if (spanMs > 0) return spanMs;
    } catch {
      // Said below, with the key.
    }
  }
  return complain(node, 'a span such as 90d, 12w, 36h or 30m (longer than nothing)');
}
