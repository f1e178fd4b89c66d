// Fuzzing from our own OpenAPI document: whatever comes, no answer is a 5xx, and each is what the document says.
import { gzipSync } from 'node:zlib';
import type { TSchema } from 'typebox';
import Schema from 'typebox/schema';
import { beforeAll, expect, test } from 'vitest';
import { type Random, random } from '../../core/random.ts';
import { sampleServer } from './sample-server.ts';

/** Cases a route; FORESELL_FUZZ_CASES asks for more. */
const CASES = Number(process.env.FORESELL_FUZZ_CASES ?? 40);
const SEED = 7;

type Json = Record<string, unknown>;
interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Json }> };
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: Json }> }>;
}

// Pings need no signature; the other webhooks are refused before they are read, which is fuzzed as well.
const server = sampleServer({ parts: { rates: { failures: { perSecond: 1e6, burst: 1e6 } } } });
let components: Json = {};
let operations: [path: string, operation: Operation][] = [];
beforeAll(async () => {
  const document = (await server.app.inject({ url: '/openapi.json' })).json();
  components = document.components;
  operations = Object.entries<{ post?: Operation }>(document.paths).flatMap(([path, { post }]) =>
    post ? [[path, post] as [string, Operation]] : [],
  );
});

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
  () => true,
  () => [],
  () => ({}),
  () => JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
  () => nested(40),
  () => '2026-02-30T00:00:00Z',
  (chance) => chance.uniform() * 1e13,
  (chance) => String.fromCharCode(...Array.from({ length: 8 }, () => chance.integer(65_536))),
];

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 ? [value] : { deeper: value };
  return value;
}

const pick = <T>(values: readonly T[], chance: Random): T => values[chance.integer(values.length)];

/** A value that fits a schema, more or less. */
function bodyOf(schema: Json, chance: Random, depth = 0): unknown {
  if (chance.uniform() < 0.12) return pick(NASTY, chance)(chance);
  if (typeof schema.$ref === 'string') {
    const named = (components.schemas as Record<string, Json>)[schema.$ref.split('/').at(-1) ?? ''];
    return bodyOf(named, chance, depth);
  }
  if (Array.isArray(schema.anyOf)) return bodyOf(pick(schema.anyOf as Json[], chance), chance, depth);
  if (Array.isArray(schema.enum)) return pick(schema.enum, chance);
  if (schema.const !== undefined) return schema.const;
  switch (schema.type) {
    case 'object': {
      const object: Json = {};
      for (const [name, part] of Object.entries((schema.properties ?? {}) as Record<string, Json>)) {
        const isNeeded = ((schema.required ?? []) as string[]).includes(name);
        if (chance.uniform() < (isNeeded ? 0.95 : 0.3)) object[name] = bodyOf(part, chance, depth + 1);
      }
      if (chance.uniform() < 0.05) Object.defineProperty(object, '__proto__', { value: 1, enumerable: true });
      if (schema.patternProperties && depth < 6)
        object[pick(['items', 'price', 'products', 'x'], chance)] = pick(NASTY, chance)(chance);
      return object;
    }
    case 'array':
      return Array.from({ length: chance.integer(4) }, () => bodyOf(schema.items as Json, chance, depth + 1));
    case 'string':
      return pick(
        [
          'ann',
          'EUR',
          '12.50',
          '2026-01-15T12:00:00Z',
          'Order Completed',
          'USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\na,b,1,"view',
        ],
        chance,
      );
    case 'boolean':
      return chance.uniform() < 0.5;
    default:
      return pick([0, 1, 999, 9.99, 1768478400000], chance);
  }
}

/** The body's bytes, sometimes broken on the way. */
function bytesOf(value: unknown, chance: Random): { readonly bytes: Buffer; readonly encoding?: string } {
  let text = typeof value === 'string' ? value : JSON.stringify(value);
  const dice = chance.uniform();
  if (dice < 0.04) text = text.slice(0, chance.integer(text.length + 1));
  else if (dice < 0.06) text = text.replace(/\d/, 'NaN');
  else if (dice < 0.08) text = '['.repeat(50_000);
  const bytes = Buffer.from(text);
  if (dice > 0.9) return { bytes: gzipSync(bytes), encoding: 'gzip' };
  if (dice > 0.88) return { bytes: gzipSync(bytes).subarray(0, chance.integer(30)), encoding: 'gzip' };
  if (dice > 0.86 && bytes.length > 0) bytes[chance.integer(bytes.length)] ^= 1 << chance.integer(8);
  return { bytes };
}

test(
  `${CASES} bodies a route`,
  async () => {
    expect(operations.length).toBeGreaterThan(10);
    const seen = new Map<number, number>();
    const validators = new Map<unknown, { Check(value: unknown): boolean }>();
    const compiled = (schema: Json) => {
      const known = validators.get(schema) ?? Schema.Compile({ ...schema, components } as unknown as TSchema);
      validators.set(schema, known);
      return known;
    };
    for (const [path, operation] of operations) {
      const chance = random(SEED).fork(path);
      const content = operation.requestBody?.content ?? {};
      const url = path.replaceAll(/\{\w+\}/g, 'shop');
      for (let i = 0; i < CASES; i++) {
        const type = pick(Object.keys(content), chance);
        const { bytes, encoding } = bytesOf(bodyOf(content[type].schema, chance), chance);
        const reply = await server.send(url, bytes, {
          'content-type': type,
          ...(encoding ? { 'content-encoding': encoding } : {}),
        });
        const about = `${path} case ${i} of seed ${SEED}: ${reply.statusCode} ${reply.body.slice(0, 300)}`;
        expect(reply.statusCode, about).toBeLessThan(500);
        const said = operation.responses[reply.statusCode]?.content;
        expect(operation.responses, about).toHaveProperty(String(reply.statusCode));
        if (said) {
          const [mediaType, { schema }] = Object.entries(said)[0];
          if (!String(reply.headers['content-type']).startsWith(mediaType)) expect.fail(about);
          if (!compiled(schema).Check(reply.json())) expect.fail(about);
        }
        seen.set(reply.statusCode, (seen.get(reply.statusCode) ?? 0) + 1);
      }
    }
    // Both worlds are met: a fuzzer whose every case is refused at once finds nothing.
    expect(seen.get(200)).toBeGreaterThan(CASES);
    expect(seen.get(422)).toBeGreaterThan(CASES);
    expect(({} as Json).polluted).toBeUndefined();
  },
  60_000 + CASES * 1000,
);
