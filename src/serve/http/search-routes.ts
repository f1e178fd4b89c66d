// POST /v1/search/rerank: what a search found, in the order of relevance and of what this person is likely to buy.
import Type from 'typebox';
import { Value } from 'typebox/value';
import { name } from '../../core/name.ts';
import type { SearchCandidate } from '../api.ts';
import type { SearchQuestion } from '../ports.ts';
import { bodyJson } from './body.ts';
import { Problem } from './problem.ts';
import { AsOf, Id, InlineEvents, rowsOf, schemaProblem } from './question-body.ts';
import type { Call, Route } from './route.ts';

const MOST_CANDIDATES = 1000;
const MOST_ITEMS = 500;
const LONGEST_QUERY = 1000;
const MOST_WEIGHT = 10;

const CandidateSchema = Type.Object(
  {
    item_id: Id,
    relevance: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1e9,
        description: 'how well your search found it to fit, on any one scale',
      }),
    ),
  },
  { additionalProperties: false },
);

const QuestionSchema = Type.Object(
  {
    query: Type.Optional(Type.String({ minLength: 1, maxLength: LONGEST_QUERY })),
    items: Type.Optional(
      Type.Array(Type.Union([Id, CandidateSchema]), {
        maxItems: MOST_CANDIDATES,
        description: "what your search found; the shop's own catalogue is searched where absent",
      }),
    ),
    ...{ user_id: Type.Optional(Id), anonymous_id: Type.Optional(Id), session_id: Type.Optional(Id) },
    top: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_ITEMS })),
    weight: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: MOST_WEIGHT,
        description: 'how much a purchase counts beside relevance: 0 is relevance alone',
      }),
    ),
    filter: Type.Optional(
      Type.String({
        maxLength: 2000,
        description: "a rule over the catalogue: category = 'Toys' and price <= 20",
      }),
    ),
    as_of: AsOf,
    events: InlineEvents,
  },
  { additionalProperties: false, minProperties: 1 },
);

export const RerankedSchema = Type.Object(
  {
    items: Type.Array(
      Type.Object({
        item_id: Type.String(),
        rank: Type.Integer(),
        score: Type.Optional(
          Type.Number({ description: 'relevance · ln(relevance) + intent · ln(p / (1 − p)), weighted' }),
        ),
        relevance: Type.Optional(Type.Number({ description: '1 = the best' })),
        intent: Type.Optional(Type.Number({ description: 'a probability' })),
        intent_by: Type.Optional(
          Type.Union([Type.Literal('item-purchase'), Type.Literal('next-item'), Type.Literal('popularity')]),
        ),
      }),
    ),
    unknown: Type.Array(Type.String(), {
      description: 'candidates nothing is known of: they stand at the end',
    }),
    weights: Type.Object({ relevance: Type.Number(), intent: Type.Number() }),
    relevance_by: Type.Union([
      Type.Literal('given'),
      Type.Literal('words'),
      Type.Literal('mixed'),
      Type.Literal('none'),
    ]),
    as_of: Type.Integer(),
  },
  { title: 'RerankedSearch' },
);

export const searchRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/search/rerank',
    tag: 'Predictions',
    summary: name('Put what a search found in order', '为搜索结果重新排序'),
    description: name(
      "By how well each item fits the query and how likely this person is to buy it. Give what your search found; or a query alone, and the shop's own catalogue is searched.",
      '按与搜索词的匹配程度和此人的购买可能性排序。可提供您的搜索结果；也可只给搜索词，由商店自己的商品目录检索。',
    ),
    access: { kind: 'key', scope: 'predictions:read' },
    body: {
      'application/json': {
        schema: QuestionSchema,
        example: { query: 'red mug', user_id: 'ann', items: ['mug', 'cup', 'lamp'], weight: 0.5 },
      },
    },
    replies: {
      200: {
        description: 'Best first',
        content: { 'application/json': { schema: RerankedSchema } },
      },
    },
    async handle(call) {
      const question = questionOf(call);
      const { search } = call.shop.ports;
      if (!search) throw new Problem('not_ready', 'the catalogue is being loaded', { retryAfterSeconds: 5 });
      return JSON.stringify(await search.rerank(question));
    },
  },
];

/** @throws Problem bad_json, invalid */
function questionOf(call: Call): SearchQuestion {
  const value = bodyJson(call.body);
  if (!Value.Check(QuestionSchema, value)) throw schemaProblem(QuestionSchema, value);
  const { query, items, user_id, anonymous_id, session_id, top, weight, filter, as_of, events } = value;
  const person = {
    ...(user_id !== undefined && { user_id }),
    ...(anonymous_id !== undefined && { anonymous_id }),
    ...(session_id !== undefined && { session_id }),
  };
  return {
    ...(Object.keys(person).length > 0 && { person }),
    ...(query !== undefined && { query }),
    ...(items && { items: eachOnce(items) }),
    ...(top !== undefined && { top }),
    ...(weight !== undefined && { weight }),
    ...(filter !== undefined && { filter }),
    ...(as_of !== undefined && { asOf: as_of }),
    ...(events && { events: rowsOf(call, events) }),
  };
}

function eachOnce(items: readonly (string | SearchCandidate)[]): readonly SearchCandidate[] {
  const known = new Map<string, SearchCandidate>();
  for (const item of items) {
    const own = typeof item === 'string' ? { item_id: item } : item;
    if (!known.has(own.item_id)) known.set(own.item_id, own);
  }
  return [...known.values()];
}
