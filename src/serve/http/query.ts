// Parameters of an address as the route's schema says they are: texts, whole numbers, or one of some words.
import type { Static, TObject } from 'typebox';
import { Value } from 'typebox/value';
import { Problem, type ProblemPart } from './problem.ts';

/**
 * Parameters the schema does not name are left alone: a key may stand among them.
 *
 * @throws Problem bad_query
 */
export function readQuery<Schema extends TObject>(
  schema: Schema,
  query: Readonly<Record<string, unknown>>,
): Static<Schema> {
  const read: Record<string, unknown> = {};
  for (const [name, own] of Object.entries<{ readonly type?: unknown }>(schema.properties)) {
    const value = Object.hasOwn(query, name) ? query[name] : undefined;
    if (value === undefined) continue;
    read[name] =
      own.type === 'integer' && typeof value === 'string' && /^-?\d{1,16}$/.test(value)
        ? Number(value)
        : value;
  }
  if (Value.Check(schema, read)) return read;
  const errors: ProblemPart[] = [];
  for (const { instancePath, keyword } of Value.Errors(schema, read))
    errors.push({ pointer: instancePath, reason: keyword });
  throw new Problem('bad_query', 'expected parameters as in /openapi.json', { errors });
}
