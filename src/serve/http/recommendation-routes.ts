// POST /v1/recommendations: what each customer may want next, filtered, without what they had, something of everything.
import Type from 'typebox';
import { Value } from 'typebox/value';
import { name } from '../../core/name.ts';
import type { ItemRecommender, RecommendationQuestion } from '../ports.ts';
import { bodyJson } from './body.ts';
import { Problem } from './problem.ts';
import { AsOf, ENTITY_IDS, EntitySchema, InlineEvents, rowsOf, schemaProblem } from './question-body.ts';
import type { Call, Route } from './route.ts';

/** Each costs a pass over all items. */
const MOST_ENTITIES = 200;
const MOST_ITEMS = 500;
const MOST_NAMED = 10_000;
const USUAL_ITEMS = 10;

const ItemIds = Type.Array(Type.String({ minLength: 1, maxLength: 512 }), { maxItems: MOST_NAMED });

const QuestionSchema = Type.Object(
  {
    entities: Type.Array(EntitySchema, { minItems: 1, maxItems: MOST_ENTITIES }),
    top: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_ITEMS, default: USUAL_ITEMS })),
    filter: Type.Optional(
      Type.String({
        maxLength: 2000,
        description: "a rule over the catalogue: category in ('Toys', 'Books') and price <= 20",
      }),
    ),
    only: Type.Optional(ItemIds),
    exclude: Type.Optional(ItemIds),
    exclude_seen: Type.Optional(
      Type.Union([Type.Literal('yes'), Type.Literal('bought'), Type.Literal('no')], {
        description:
          'nothing of their own, nothing they bought, or all; as the model was tested where absent',
      }),
    ),
    diversity: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    long_tail: Type.Optional(
      Type.Number({
        ...{ minimum: 0, maximum: 1 },
        description:
          'how much lower what many take is placed; for models whose scores are logarithms of likelihoods',
      }),
    ),
    as_of: AsOf,
    events: InlineEvents,
  },
  { additionalProperties: false },
);

const AnswerSchema = Type.Object({
  lists: Type.Array(
    Type.Object({
      ...ENTITY_IDS,
      recommendation_id: Type.String(),
      model_version: Type.String(),
      as_of: Type.Integer(),
      items: Type.Array(
        Type.Object({
          item_id: Type.String(),
          rank: Type.Integer(),
          score: Type.Number(),
          made_by: Type.String({ description: 'history, attributes, segment or trend' }),
        }),
      ),
    }),
  ),
});

export const recommendationRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/recommendations',
    tag: 'Predictions',
    summary: name('Ask what customers may want next', '查询客户接下来可能想要什么'),
    description:
      'Best first. The click of a moment ago counts; people and items that were never seen get lists and places, too.',
    access: { kind: 'key', scope: 'predictions:read' },
    body: {
      'application/json': {
        schema: QuestionSchema,
        example: { entities: [{ user_id: 'ann' }], top: 5, exclude_seen: 'bought', diversity: 0.3 },
      },
    },
    replies: {
      200: {
        description: 'One list an entity, in order',
        content: { 'application/json': { schema: AnswerSchema } },
      },
    },
    handle: async (call) => JSON.stringify({ lists: await recommenderOf(call).recommend(questionOf(call)) }),
  },
];

function recommenderOf({ shop }: Call): ItemRecommender {
  const { recommender } = shop.ports;
  if (recommender) return recommender;
  throw new Problem(
    'not_ready',
    'no model of items is in service: foresell train next-item, or foresell models promote next-item where it was trained with --no-promote',
    { retryAfterSeconds: 5 },
  );
}

/** @throws Problem bad_json, invalid */
function questionOf(call: Call): RecommendationQuestion {
  const value = bodyJson(call.body);
  if (!Value.Check(QuestionSchema, value)) throw schemaProblem(QuestionSchema, value);
  const {
    entities,
    top = USUAL_ITEMS,
    filter,
    only,
    exclude,
    exclude_seen,
    diversity,
    long_tail,
    as_of,
    events,
  } = value;
  return {
    ...{ entities, top },
    ...(filter !== undefined && { filter }),
    ...(only && { only }),
    ...(exclude && { exclude }),
    ...(exclude_seen && { excludeSeen: exclude_seen }),
    ...(diversity !== undefined && { diversity }),
    ...(long_tail !== undefined && { longTail: long_tail }),
    ...(as_of !== undefined && { asOf: as_of }),
    ...(events && { events: rowsOf(call, events) }),
  };
}
