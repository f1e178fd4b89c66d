// Requests made of an OpenAPI document: mostly what a route takes, now and then what has broken servers before.
import { gzipSync } from 'node:zlib';
import type { Random } from '../../src/core/random.ts';

export type Json = Readonly<Record<string, unknown>>;

interface Media {
  readonly schema: Json;
  readonly example?: unknown;
}

export interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: Json }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}

export interface FuzzRequest {
  readonly url: string;
  readonly bytes?: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export interface CaseOptions {
  /** `components.schemas` of the document. */
  readonly schemas: Readonly<Record<string, Json>>;
  /** Texts that mean something to the shop: ids, names of tasks. */
  readonly words: readonly string[];
  /** Values of the parts of addresses that name something, by the part's name. */
  readonly parts: Readonly<Record<string, readonly string[]>>;
}

const pick = <T>(values: readonly T[], chance: Random): T => values[chance.integer(values.length)];

/** Values that have broken servers before. */
const NASTY: readonly ((chance: Random) => unknown)[] = [
  () => null,
  () => -1,
  () => 1e308,
  () => 2 ** 53,
  () => 0.1,
  () => '',
  () => ' ',
  () => '\ud800',
  () => 'a\u0000b',
  () => '__proto__',
  () => 'é'.repeat(700),
  () => '🏺'.repeat(50),
  () => true,
  () => [],
  () => ({}),
  () => JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
  () => nested(40),
  () => '2026-02-30T00:00:00Z',
  (chance) => chance.uniform() * 1e13,
  (chance) => String.fromCharCode(...Array.from({ length: 8 }, () => chance.integer(65_536))),
];

/** As they stand in an address; dots alone are left out, which clients fold away themselves. */
const NASTY_PARTS = [
  '%00',
  '%',
  '%ff',
  '%2F%2e%2e%2F',
  '__proto__',
  'constructor',
  'x'.repeat(600),
  '%F0%9F%8F%BA',
  '%ED%A0%80',
  "'%20OR%201=1",
];

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 ? [value] : { deeper: value };
  return value;
}

/** One request to a route. */
export function caseOf(
  path: string,
  { parameters, requestBody }: Operation,
  chance: Random,
  options: CaseOptions,
): FuzzRequest {
  const url = addressOf(path, parameters, chance, options);
  if (!requestBody) return { url, headers: {} };
  const type = pick(Object.keys(requestBody.content), chance);
  const { schema, example } = requestBody.content[type];
  const value =
    example !== undefined && chance.uniform() < 0.5
      ? changed(example, chance, options)
      : madeOf(schema, chance, options);
  const { bytes, encoding } = bytesOf(value, chance);
  return {
    ...{ url, bytes },
    headers: { 'content-type': type, ...(encoding && { 'content-encoding': encoding }) },
  };
}

function addressOf(
  path: string,
  parameters: Operation['parameters'],
  chance: Random,
  options: CaseOptions,
): string {
  const place = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    chance.uniform() < 0.25 ? pick(NASTY_PARTS, chance) : pick(options.parts[name] ?? options.words, chance),
  );
  const query = parameters.flatMap((own) => {
    if (own.in !== 'query' || chance.uniform() < 0.5) return [];
    const value = madeOf(own.schema, chance, options);
    return [`${own.name}=${encoded(typeof value === 'string' ? value : JSON.stringify(value))}`];
  });
  return query.length > 0 ? `${place}?${query.join('&')}` : place;
}

/** Halves of surrogate pairs become what UTF-8 makes of them. */
const encoded = (text: string): string => encodeURIComponent(Buffer.from(text).toString('utf8'));

/** The example, one of its leaves another now and then. */
function changed(example: unknown, chance: Random, options: CaseOptions): unknown {
  if (chance.uniform() < 0.04) return pick(NASTY, chance)(chance);
  if (Array.isArray(example)) return example.map((own) => changed(own, chance, options));
  if (typeof example === 'object' && example !== null)
    return Object.fromEntries(
      Object.entries(example).map(([name, own]) => [name, changed(own, chance, options)]),
    );
  return typeof example === 'string' && chance.uniform() < 0.3 ? pick(options.words, chance) : example;
}

/** A value that fits a schema, more or less. */
function madeOf(schema: Json, chance: Random, options: CaseOptions, depth = 0): unknown {
  if (chance.uniform() < 0.1) return pick(NASTY, chance)(chance);
  if (typeof schema.$ref === 'string')
    return madeOf(options.schemas[schema.$ref.split('/').at(-1) ?? ''], chance, options, depth);
  if (Array.isArray(schema.anyOf))
    return madeOf(pick(schema.anyOf as Json[], chance), chance, options, depth);
  if (Array.isArray(schema.enum)) return pick(schema.enum, chance);
  if (schema.const !== undefined) return schema.const;
  switch (schema.type) {
    case 'object':
      return objectOf(schema, chance, options, depth);
    case 'array': {
      const least = typeof schema.minItems === 'number' ? schema.minItems : 0;
      const length = least + chance.integer(3);
      return Array.from({ length }, () => madeOf(schema.items as Json, chance, options, depth + 1));
    }
    case 'string':
      return pick(options.words, chance);
    case 'boolean':
      return chance.uniform() < 0.5;
    default:
      return numberOf(schema, chance);
  }
}

function objectOf(schema: Json, chance: Random, options: CaseOptions, depth: number): Json {
  const object: Record<string, unknown> = {};
  const needed = (schema.required ?? []) as readonly string[];
  for (const [name, part] of Object.entries((schema.properties ?? {}) as Record<string, Json>))
    if (chance.uniform() < (needed.includes(name) ? 0.97 : 0.35))
      object[name] = madeOf(part, chance, options, depth + 1);
  if (chance.uniform() < 0.05) Object.defineProperty(object, '__proto__', { value: 1, enumerable: true });
  if (schema.patternProperties && depth < 6)
    object[pick(['items', 'price', 'products', 'x'], chance)] = pick(NASTY, chance)(chance);
  return object;
}

function numberOf(schema: Json, chance: Random): number {
  const { minimum, maximum, type } = schema as { minimum?: number; maximum?: number; type?: unknown };
  if (minimum === undefined || maximum === undefined || chance.uniform() < 0.3)
    return pick([0, 1, 999, 9.99, 1_768_478_400_000], chance);
  const value = minimum + chance.uniform() * Math.min(100, maximum - minimum);
  return type === 'integer' ? Math.floor(value) : value;
}

/** The body's bytes, sometimes broken on the way. */
function bytesOf(value: unknown, chance: Random): { readonly bytes: Buffer; readonly encoding?: string } {
  let text = typeof value === 'string' ? value : JSON.stringify(value);
  const dice = chance.uniform();
  if (dice < 0.03) text = text.slice(0, chance.integer(text.length + 1));
  else if (dice < 0.05) text = text.replace(/\d/, 'NaN');
  else if (dice < 0.07) text = '['.repeat(50_000);
  const bytes = Buffer.from(text);
  if (dice > 0.92) return { bytes: gzipSync(bytes), encoding: 'gzip' };
  if (dice > 0.9) return { bytes: gzipSync(bytes).subarray(0, chance.integer(30)), encoding: 'gzip' };
  if (dice > 0.88 && bytes.length > 0) bytes[chance.integer(bytes.length)] ^= 1 << chance.integer(8);
  return { bytes };
}
