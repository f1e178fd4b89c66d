// An answer as the routes of predictions and of profiles give it.
import Type from 'typebox';
import { ENTITY_IDS } from './question-body.ts';

export const PredictionSchema = Type.Object(
  {
    prediction_id: Type.String(),
    task: Type.String(),
    ...ENTITY_IDS,
    value: Type.Union([Type.Number(), Type.Null()], {
      description: 'null where the task does not ask about them',
    }),
    not_asked: Type.Optional(
      Type.String({ description: 'whom the task asks about, where this is none of them' }),
    ),
    unit: Type.String({ description: 'probability, rating, or a currency' }),
    low: Type.Optional(Type.Number()),
    high: Type.Optional(Type.Number()),
    interval_method: Type.Optional(Type.String()),
    typical: Type.Optional(Type.Number({ description: 'half of customers alike spend more' })),
    tier: Type.Optional(Type.Union([Type.Literal('high'), Type.Literal('mid'), Type.Literal('low')])),
    called: Type.Optional(Type.Union([Type.Literal('yes'), Type.Literal('no')])),
    reasons: Type.Optional(
      Type.Array(
        Type.Object({ about: Type.String(), en: Type.String(), zh: Type.String(), effect: Type.Number() }),
      ),
    ),
    words: Type.Optional(
      Type.Array(
        Type.Object({
          word: Type.String(),
          worth: Type.Number({ description: 'log-odds, or points of a rating: what the answer owes to it' }),
        }),
      ),
    ),
    inexact: Type.Optional(
      Type.Array(Type.String(), { description: 'features that reach further back than what is kept online' }),
    ),
    horizon_days: Type.Number(),
    model_version: Type.String(),
    as_of: Type.Integer(),
  },
  { title: 'Prediction' },
);
