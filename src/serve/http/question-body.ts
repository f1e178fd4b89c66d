// What questions about people have in common: whom they name, at which moment, and events sent along instead of kept ones.
import Type, { type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { EventRow } from '../../data/event.ts';
import { EventSchema, readNative } from '../ingest/native.ts';
import { refuseMany } from './event-routes.ts';
import { Problem, type ProblemPart } from './problem.ts';
import type { Call } from './route.ts';

export const Id = Type.String({ minLength: 1, maxLength: 512 });

export const EntitySchema = Type.Object(
  {
    user_id: Type.Optional(Id),
    anonymous_id: Type.Optional(Id),
    session_id: Type.Optional(Id),
    item_id: Type.Optional(Id),
  },
  { additionalProperties: false, minProperties: 1, title: 'Entity' },
);

/** The ids of an answer, as they were asked for. */
export const ENTITY_IDS = {
  user_id: Type.Optional(Type.String()),
  anonymous_id: Type.Optional(Type.String()),
  session_id: Type.Optional(Type.String()),
  item_id: Type.Optional(Type.String()),
};

export const AsOf = Type.Optional(
  Type.Integer({ minimum: 0, maximum: 8.64e15, description: 'UTC milliseconds; now where absent' }),
);

export const InlineEvents = Type.Optional(
  Type.Array(EventSchema, {
    description: 'the only history where they are given, each with its ids; they are not kept',
  }),
);

/** Faults named in one answer. */
const MOST_NAMED = 10;

export function schemaProblem(schema: TSchema, value: unknown): Problem {
  const errors: ProblemPart[] = [];
  for (const { instancePath, keyword } of Value.Errors(schema, value))
    if (errors.length < MOST_NAMED) errors.push({ pointer: instancePath, reason: keyword });
  return new Problem('invalid', 'expected a question as in /openapi.json', { errors });
}

/** @throws Problem invalid naming the events that cannot be read, too_many_events */
export function rowsOf(call: Call, events: readonly unknown[]): readonly EventRow[] {
  refuseMany(events.length, call.limits);
  const context = { ...call.shop.reading, receivedMs: call.receivedMs };
  const rows: EventRow[] = [];
  const errors: ProblemPart[] = [];
  events.forEach((event, i) => {
    const read = readNative(event, `/events/${i}`, context, undefined);
    if ('rejected' in read) errors.push(read.rejected);
    else if ('rows' in read) rows.push(...read.rows);
  });
  if (errors.length > 0)
    throw new Problem('invalid', 'some events cannot be read', { errors: errors.slice(0, MOST_NAMED) });
  return rows;
}
