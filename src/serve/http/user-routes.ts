// GET /v1/users/{id}: what is known of one customer or visitor, for whoever has them on the phone.
import Type from 'typebox';
import { name } from '../../core/name.ts';
import { EVENT_TYPES } from '../../data/event.ts';
import { CURSOR } from '../online/timeline.ts';
import { PredictionSchema } from './prediction-schema.ts';
import { Problem } from './problem.ts';
import { readQuery } from './query.ts';
import type { Route } from './route.ts';

const USUAL_EVENTS = 50;
const MOST_EVENTS = 1000;
const MOST_REASONS = 10;
/** As long as an id of an event may be. */
const MOST_ID_BYTES = 512;

const QuerySchema = Type.Object({
  as: Type.Optional(
    Type.Union([Type.Literal('user'), Type.Literal('visitor'), Type.Literal('session')], {
      description: 'by which of their ids; the first of them that is known when absent',
    }),
  ),
  events: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: MOST_EVENTS,
      description: `events of the timeline; ${USUAL_EVENTS} when absent`,
    }),
  ),
  before: Type.Optional(
    Type.String({ pattern: CURSOR.source, description: 'next of the page before: events that came earlier' }),
  ),
  reasons: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: MOST_REASONS,
      description: 'reasons of each prediction; none when absent, as each costs many answers',
    }),
  ),
  as_of: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 8.64e15, description: 'UTC milliseconds; now when absent' }),
  ),
});

const Text = Type.Optional(Type.String());
const Numeric = Type.Optional(Type.Number());

const TimelineSchema = Type.Object(
  {
    type: Type.Enum([...EVENT_TYPES]),
    timestamp: Type.Integer({ description: 'UTC milliseconds' }),
    ...{ item_id: Text, order_id: Text, session_id: Text, query: Text },
    ...{ device: Text, channel: Text, country: Text },
    ...{ quantity: Numeric, rating: Numeric, position: Numeric },
    price: Type.Optional(Type.Number({ description: 'of one piece, in major units' })),
    props: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { additionalProperties: false, title: 'TimelineEvent' },
);

export const ProfileSchema = Type.Object(
  {
    id: Type.String(),
    known_as: Type.Union([Type.Literal('user'), Type.Literal('visitor'), Type.Literal('session')]),
    is_linked: Type.Optional(
      Type.Literal(true, {
        description: "of a visitor who is a customer by now: it is the customer's profile",
      }),
    ),
    as_of: Type.Integer(),
    currency: Type.String(),
    events: Type.Object({
      kept: Type.Integer({ description: 'kept in memory, each with what it said' }),
      earlier_until: Type.Optional(
        Type.Integer({ description: 'events up to then left only what features need of them' }),
      ),
      timeline: Type.Array(TimelineSchema, { description: 'newest first' }),
      next: Type.Optional(Type.String({ description: 'give it as before for the events that came earlier' })),
    }),
    features: Type.Array(
      Type.Object({
        name: Type.String(),
        en: Type.String(),
        zh: Type.String(),
        group: Type.String(),
        unit: Type.String({ description: 'count, days, share, score, none, or the currency' }),
        value: Type.Union([Type.Number(), Type.String(), Type.Null()]),
        inexact: Type.Optional(Type.Literal(true)),
        tasks: Type.Array(Type.String()),
      }),
    ),
    predictions: Type.Array(PredictionSchema),
    segments: Type.Array(
      Type.Object({
        task: Type.String(),
        tier: Type.Union([Type.Literal('high'), Type.Literal('mid'), Type.Literal('low')]),
        en: Type.String(),
        zh: Type.String(),
      }),
    ),
  },
  { title: 'UserProfile' },
);

export const userRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/users/:id',
    tag: 'Customers',
    summary: name('What is known of one customer', '查看一位客户的全部已知信息'),
    description: name(
      'Their newest events, what models are told of them under names people understand, what every task answers, and where it files them. Visitors without an account are known by their anonymous id, or by their session.',
      '最近的事件、以易懂名称列出的特征、各任务的预测与所属档位。没有账户的访客以匿名编号或会话编号识别。',
    ),
    access: { kind: 'key', scope: 'users:read' },
    query: QuerySchema,
    replies: {
      200: {
        description: 'The profile at that moment',
        content: { 'application/json': { schema: ProfileSchema } },
      },
    },
    async handle(call) {
      const { as, events = USUAL_EVENTS, before, reasons, as_of } = readQuery(QuerySchema, call.query);
      const { id } = call.params;
      const { profiles, records } = call.shop.ports;
      if (!profiles)
        throw new Problem('not_ready', 'what is known of people is being loaded', { retryAfterSeconds: 5 });
      const profile =
        Buffer.byteLength(id) > MOST_ID_BYTES
          ? undefined
          : await profiles.read({
              ...{ id, events },
              ...(as && { as }),
              ...(before !== undefined && { before }),
              ...(reasons !== undefined && { reasons }),
              ...(as_of !== undefined && { asOf: as_of }),
            });
      if (!profile) throw new Problem('not_found', 'nobody of that id is known here');
      // Before the answer: what was read is on record even where the answer gets lost.
      await records?.append({
        action: 'user.read',
        actor: { kind: 'key', id: call.principal?.keyId ?? '' },
        subject: { kind: 'user', id },
      });
      return JSON.stringify(profile);
    },
  },
];
