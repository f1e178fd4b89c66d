// POST /v1/predictions/{task} and /v1/explanations/{task}: what each customer will do next, and why.
import Type from 'typebox';
import { Value } from 'typebox/value';
import { name } from '../../core/name.ts';
import type { PredictionQuestion, Predictor } from '../ports.ts';
import { bodyJson } from './body.ts';
import { Problem } from './problem.ts';
import { AsOf, EntitySchema, InlineEvents, rowsOf, schemaProblem } from './question-body.ts';
import type { Call, Route } from './route.ts';

/** People asked about in one request. */
const MOST_ENTITIES = 1000;
/** Of explanations each entity costs up to thousands of answers. */
const MOST_EXPLAINED = 20;
const REASONS = 5;

const QuestionSchema = Type.Object(
  {
    entities: Type.Array(EntitySchema, { minItems: 1, maxItems: MOST_ENTITIES }),
    as_of: AsOf,
    events: InlineEvents,
  },
  { additionalProperties: false },
);

const PredictionSchema = Type.Object({
  prediction_id: Type.String(),
  task: Type.String(),
  user_id: Type.Optional(Type.String()),
  session_id: Type.Optional(Type.String()),
  item_id: Type.Optional(Type.String()),
  value: Type.Union([Type.Number(), Type.Null()], {
    description: 'null where the task does not ask about them',
  }),
  not_asked: Type.Optional(
    Type.String({ description: 'whom the task asks about, where this is none of them' }),
  ),
  unit: Type.String({ description: 'probability, or a currency' }),
  low: Type.Optional(Type.Number()),
  high: Type.Optional(Type.Number()),
  interval_method: Type.Optional(Type.String()),
  typical: Type.Optional(Type.Number({ description: 'half of customers alike spend more' })),
  tier: Type.Optional(Type.Union([Type.Literal('high'), Type.Literal('mid'), Type.Literal('low')])),
  reasons: Type.Optional(
    Type.Array(
      Type.Object({ about: Type.String(), en: Type.String(), zh: Type.String(), effect: Type.Number() }),
    ),
  ),
  inexact: Type.Optional(
    Type.Array(Type.String(), { description: 'features that reach further back than what is kept online' }),
  ),
  horizon_days: Type.Number(),
  model_version: Type.String(),
  as_of: Type.Integer(),
});

const AnswerSchema = Type.Object({ predictions: Type.Array(PredictionSchema) });

const body = {
  'application/json': {
    schema: QuestionSchema,
    example: { entities: [{ user_id: 'ann' }, { user_id: 'bob' }] },
  },
};
const replies = {
  200: {
    description: 'One answer an entity, in order',
    content: { 'application/json': { schema: AnswerSchema } },
  },
};

export const predictionRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/predictions/:task',
    tag: 'Predictions',
    summary: name('Ask what customers will do', '查询客户将会怎样'),
    description:
      'From what is known of them at this moment, the events of a moment ago included; or from events sent along, which are not kept.',
    access: { kind: 'key', scope: 'predictions:read' },
    body,
    replies,
    handle: async (call) => answerText(await predictorOf(call).predict(questionOf(call))),
  },
  {
    method: 'POST',
    path: '/v1/explanations/:task',
    tag: 'Predictions',
    summary: name('Ask why', '查询原因'),
    description: `The same question for at most ${MOST_EXPLAINED} customers, each answer with its strongest reasons in English and Chinese.`,
    access: { kind: 'key', scope: 'predictions:read' },
    body,
    replies,
    async handle(call) {
      const question = questionOf(call);
      if (question.entities.length > MOST_EXPLAINED)
        throw new Problem('invalid', `expected at most ${MOST_EXPLAINED} entities to explain`, {
          errors: [{ pointer: '/entities', reason: 'too_many' }],
        });
      return answerText(await predictorOf(call).predict({ ...question, reasons: REASONS }));
    },
  },
];

const answerText = (predictions: unknown): string => JSON.stringify({ predictions });

function predictorOf({ shop }: Call): Predictor {
  const { predictor } = shop.ports;
  if (predictor?.ready) return predictor;
  throw new Problem('not_ready', 'models are being loaded, or there are none: foresell train TASK', {
    retryAfterSeconds: 5,
  });
}

/** @throws Problem bad_json, invalid, too_many_events */
function questionOf(call: Call): PredictionQuestion {
  const value = bodyJson(call.body);
  if (!Value.Check(QuestionSchema, value)) throw schemaProblem(QuestionSchema, value);
  const { entities, as_of, events } = value;
  return {
    task: call.params.task,
    entities,
    ...(as_of !== undefined && { asOf: as_of }),
    ...(events && { events: rowsOf(call, events) }),
  };
}
