// POST /v1/predictions/{task} and /v1/explanations/{task}: what each customer will do next, and why.
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { name } from '../../core/name.ts';
import { isTextTask } from '../../tasks/text-task.ts';
import { bodyJson } from './body.ts';
import { PredictionSchema } from './prediction-schema.ts';
import { Problem } from './problem.ts';
import { AsOf, EntitySchema, InlineEvents, rowsOf, schemaProblem } from './question-body.ts';
import type { Call, Route } from './route.ts';

/** People asked about in one request. */
const MOST_ENTITIES = 1000;
/** Encoders read them one after another. */
const MOST_TEXTS = 200;
const LONGEST_TEXT = 20_000;
/** Of explanations each entity costs up to thousands of answers. */
const MOST_EXPLAINED = 20;
/** Of an explained text each word is left out in turn. */
const LONGEST_EXPLAINED = 4000;
const REASONS = 5;

const QuestionSchema = Type.Object(
  {
    entities: Type.Optional(
      Type.Array(EntitySchema, {
        minItems: 1,
        maxItems: MOST_ENTITIES,
        description: 'customers, visits, or customers with an item: as the task asks',
      }),
    ),
    texts: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: LONGEST_TEXT }), {
        minItems: 1,
        maxItems: MOST_TEXTS,
        description: 'in place of entities, for tasks about texts; they are not kept',
      }),
    ),
    as_of: AsOf,
    events: InlineEvents,
  },
  { additionalProperties: false },
);
type Question = Static<typeof QuestionSchema>;

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
    description: name(
      'From what is known of them at this moment, the events of a moment ago included; or from events sent along, which are not kept. Tasks about texts are asked with texts.',
      '依据此刻已知的一切（包括刚刚发生的事件）；或依据随请求发送、不会保存的事件。文本类任务以 texts 提问。',
    ),
    access: { kind: 'key', scope: 'predictions:read' },
    body,
    replies,
    handle: (call) => answered(call, questionOf(call), 0),
  },
  {
    method: 'POST',
    path: '/v1/explanations/:task',
    tag: 'Predictions',
    summary: name('Ask why', '查询原因'),
    description: name(
      `The same question for at most ${MOST_EXPLAINED} entities or texts, each answer with its strongest reasons in English and Chinese, or the words that mattered.`,
      `同样的问题，最多 ${MOST_EXPLAINED} 个对象或文本；每个答案附最主要的中英文原因，或起作用的词语。`,
    ),
    access: { kind: 'key', scope: 'predictions:read' },
    body,
    replies,
    handle(call) {
      const question = questionOf(call);
      if ((question.entities ?? question.texts ?? []).length > MOST_EXPLAINED)
        throw new Problem('invalid', `expected at most ${MOST_EXPLAINED} entities or texts to explain`, {
          errors: [{ pointer: question.entities ? '/entities' : '/texts', reason: 'too_many' }],
        });
      const long = question.texts?.findIndex((text) => text.length > LONGEST_EXPLAINED) ?? -1;
      if (long >= 0)
        throw new Problem('invalid', `expected texts of at most ${LONGEST_EXPLAINED} characters to explain`, {
          errors: [{ pointer: `/texts/${long}`, reason: 'maxLength' }],
        });
      return answered(call, question, REASONS);
    },
  },
];

/** @throws Problem not_ready, not_found, invalid, too_many_events */
async function answered(call: Call, question: Question, reasons: number): Promise<string> {
  const { task } = call.params;
  const { entities, texts, as_of, events } = question;
  const { ports } = call.shop;
  if (ports.texts?.tasks.includes(task)) {
    if (!texts)
      throw new Problem(
        'invalid',
        'expected texts: the task is asked about texts that come with the question',
        {
          errors: [{ pointer: '/texts', reason: 'required' }],
        },
      );
    return answerText(await ports.texts.answer({ task, texts, words: reasons }));
  }
  if (task === 'next-item')
    throw new Problem('not_found', 'expected /v1/recommendations: lists of items are answered there');
  if (isTextTask(task))
    throw new Problem(
      'not_found',
      `no model of texts answers this in this shop: foresell train ${task}, or foresell models promote ${task} where it was trained with --no-promote`,
    );
  const { predictor } = ports;
  if (!predictor?.ready)
    throw new Problem('not_ready', 'models are being loaded, or there are none: foresell train TASK', {
      retryAfterSeconds: 5,
    });
  if (!entities)
    throw new Problem('invalid', 'expected entities: the task is not asked about texts', {
      errors: [{ pointer: '/entities', reason: 'required' }],
    });
  return answerText(
    await predictor.predict({
      ...{ task, entities, reasons },
      ...(as_of !== undefined && { asOf: as_of }),
      ...(events && { events: rowsOf(call, events) }),
    }),
  );
}

const answerText = (predictions: unknown): string => JSON.stringify({ predictions });

/** @throws Problem bad_json, invalid */
function questionOf(call: Call): Question {
  const value = bodyJson(call.body);
  if (!Value.Check(QuestionSchema, value)) throw schemaProblem(QuestionSchema, value);
  const { entities, texts } = value;
  if ((entities === undefined) === (texts === undefined))
    throw new Problem('invalid', 'expected either entities or texts', {
      errors: [{ pointer: entities ? '/texts' : '/entities', reason: 'required' }],
    });
  return value;
}
