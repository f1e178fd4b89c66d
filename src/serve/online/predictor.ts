// The saved models of one shop, asked about people as they stand in the online state: one answer an entity, at once.
import { AppError } from '../../core/errors.ts';
import type { FieldContext } from '../../data/features/fields.ts';
import { intervalMethod } from '../../models/calibrated.ts';
import type { LoadedBundle } from '../../registry/bundle.ts';
import type { Prediction, PredictionReason } from '../api.ts';
import type { Predictions } from '../batch.ts';
import type { Predictor } from '../ports.ts';
import { explainPredictions } from '../reasons.ts';
import { type EntityAnswerer, openEntityAnswerer } from './answer-entities.ts';
import { type ItemColumns, NO_ITEM_COLUMNS } from './item-columns.ts';
import { type HistoryParts, openPersonHistories } from './person-history.ts';

export interface PredictorParts extends HistoryParts {
  /** Models in service, one a task. */
  readonly bundles: readonly LoadedBundle[];
  readonly context: FieldContext;
  /** UTC ms. */
  readonly now: () => number;
  readonly newId: () => string;
  /** What everybody did with items, for models of visits and of items; nothing is known of items when absent. */
  readonly readItems?: (bundle: LoadedBundle) => Promise<ItemColumns>;
  /** Hears of answers about people as they stand, with the rows they were made of; cheap, never throws. */
  readonly onAnswered?: (bundle: LoadedBundle, predictions: Predictions) => void;
}

interface Served {
  readonly bundle: LoadedBundle;
  readonly answerer: EntityAnswerer;
}

/** Models are immutable: another version in service is another predictor, and a request is answered by one alone. */
export function openPredictor(parts: PredictorParts): Predictor {
  const { bundles, context, now, newId, readItems, onAnswered } = parts;
  const served = new Map(
    bundles.map((bundle): [string, Served] => {
      const items = async () => (await readItems?.(bundle)) ?? NO_ITEM_COLUMNS;
      return [bundle.task.name, { bundle, answerer: openEntityAnswerer(bundle, context, items) }];
    }),
  );
  const historyOf = openPersonHistories(parts);
  return {
    ready: true,
    tasks: [...served.keys()],
    async predict({ task, entities, events, asOf: givenMs, reasons = 0 }) {
      const asOf = givenMs ?? now();
      const { bundle, answerer } = servedTask(served, task);
      const asked = entities.map((entity) => ({ entity, history: historyOf(entity, events) }));
      const answers = await answerer.answer(asked, asOf, { withDays: reasons > 0 });
      const { predictions, rows, inexact } = answers;
      if (events === undefined && givenMs === undefined) onAnswered?.(bundle, predictions);
      const told = reasons > 0 ? await toldReasons(bundle, predictions, reasons) : undefined;
      const sessions = predictions.subjects?.sessions;
      return entities.map((entity, at): Prediction => {
        const row = rows[at];
        const base = {
          ...entity,
          ...(sessions && row >= 0 && { session_id: sessions[row] }),
          prediction_id: newId(),
          task,
          unit: predictions.unit,
          horizon_days: bundle.horizonDays,
          model_version: bundle.version.version,
          as_of: asOf,
        };
        if (row < 0) return { ...base, value: null, not_asked: bundle.task.about.en };
        return {
          ...base,
          ...shownAnswer(bundle, predictions, row),
          ...(inexact[row].length > 0 && { inexact: inexact[row] }),
          ...(told && { reasons: told[row] }),
        };
      });
    },
  };
}

const HOW_TO_SERVE =
  'foresell train TASK, or foresell models promote TASK where it was trained with --no-promote';

function servedTask(served: ReadonlyMap<string, Served>, task: string): Served {
  const found = served.get(task);
  if (found) return found;
  const known = [...served.keys()].join(', ');
  throw new AppError(
    'NOT_FOUND',
    known === ''
      ? `no task has a model in service: ${HOW_TO_SERVE}`
      : `expected a task that has a model in service (${known}): ${HOW_TO_SERVE}`,
  );
}

/** As the answer is shown: whole units of money, and no end that says nothing. */
function shownAnswer(
  { calibrated }: LoadedBundle,
  { forecast, perUnit }: Predictions,
  row: number,
): Pick<Prediction, 'value' | 'low' | 'high' | 'interval_method' | 'typical' | 'tier'> {
  const { value, low, high, typical, tier } = forecast;
  const method = intervalMethod(calibrated.corrections);
  return {
    value: value[row] / perUnit,
    ...(low && high && { low: low[row] / perUnit, high: high[row] / perUnit }),
    ...(low && method !== undefined && { interval_method: method }),
    ...(typical && { typical: typical[row] / perUnit }),
    ...(tier && { tier: tier[row] }),
  };
}

async function toldReasons(
  bundle: LoadedBundle,
  predictions: Predictions,
  most: number,
): Promise<readonly (readonly PredictionReason[])[]> {
  const everyone = predictions.entities.map((_, row) => row);
  if (everyone.length === 0) return [];
  const { reasons } = await explainPredictions(bundle, predictions, { rows: everyone, most });
  return reasons.map((told) =>
    told.reasons.map(({ id, words, effect }) => ({
      about: id,
      en: words.en,
      zh: words.zh,
      effect: effect / predictions.perUnit,
    })),
  );
}
