// Batch answers: every customer of a task's population at one moment, from a saved bundle.
import { AppError } from '../core/errors.ts';
import type { Frame } from '../core/frame.ts';
import { minorPerMajor } from '../core/money.ts';
import type { Progress } from '../core/progress.ts';
import type { Engine } from '../data/engine.ts';
import type { Subjects } from '../data/examples.ts';
import { withEventDays } from '../data/features/event-days.ts';
import { readExamples } from '../data/read-examples.ts';
import type { EventSource } from '../data/source.ts';
import { type Forecast, forecast } from '../models/calibrated.ts';
import type { LoadedBundle } from '../registry/bundle.ts';

export interface BatchOptions {
  /** UTC ms. */
  readonly asOf: number;
  readonly onlyEntities?: readonly string[];
  /** Also reads the days of their newest events, to tell them in words. */
  readonly withDays?: boolean;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** Row i of everything belongs to (entities[i], asOf). */
export interface Predictions {
  readonly entities: readonly string[];
  readonly asOf: number;
  readonly frame: Frame;
  /** Money in minor units. */
  readonly forecast: Forecast;
  /** `probability`, or the currency of the amounts. */
  readonly unit: string;
  /** What one shown unit is in `forecast`: 100 for EUR, 1 for a probability. */
  readonly perUnit: number;
  /** What rows are about besides their customers, where they are about more. */
  readonly subjects?: Subjects;
}

/**
 * Asks a saved model about everyone of its task's population.
 *
 * @throws AppError NOT_ENOUGH_DATA when nobody is known at that moment, BAD_DATA when the currency is another one
 */
export async function predictBatch(
  engine: Engine,
  source: EventSource,
  bundle: LoadedBundle,
  options: BatchOptions,
): Promise<Predictions> {
  const { task, view, calibrated } = bundle;
  const { asOf } = options;
  const examples = await readExamples(engine, source, {
    entity: task.entity,
    view: options.withDays ? withEventDays(view, asOf) : view,
    population: task.population,
    asOfs: [asOf],
    onlyEntities: options.onlyEntities,
    progress: options.progress,
    signal: options.signal,
  });
  if (examples.entities.length === 0) {
    throw new AppError(
      'NOT_ENOUGH_DATA',
      options.onlyEntities
        ? `nobody of that id belongs to those "${task.name}" asks about (${task.about.en}) at that moment`
        : `nobody to ask about at that moment (${task.about.en}): use a later --as-of`,
    );
  }
  const { currency } = bundle.background.frame;
  const money = task.kind === 'amount';
  if (money && source.currency !== currency) {
    throw new AppError(
      'BAD_DATA',
      `the model speaks ${currency}, the lake ${source.currency || 'no currency'}: train again`,
    );
  }
  return {
    entities: examples.entities,
    asOf,
    frame: examples.frame,
    forecast: await forecast(calibrated, examples.frame, examples.asOf),
    unit: money ? currency : 'probability',
    perUnit: money ? minorPerMajor(currency) : 1,
    ...(examples.subjects ? { subjects: examples.subjects } : {}),
  };
}

/** Row numbers by falling value; what calibration made equal by the model's own answer, then by id. */
export function rankedRows({ forecast: { value, raw }, entities }: Predictions): Uint32Array {
  const order = Uint32Array.from(value.keys());
  return order.sort(
    (a, b) =>
      value[b] - value[a] ||
      raw[b] - raw[a] ||
      (entities[a] === entities[b] ? a - b : entities[a] < entities[b] ? -1 : 1),
  );
}

/** Whom or what a row is about, in one text. */
export const nameOfRow = (
  { entities, subjects }: Pick<Predictions, 'entities' | 'subjects'>,
  row: number,
): string => {
  const own = subjects?.items ?? subjects?.sessions;
  return own ? `${entities[row]} · ${own[row]}` : entities[row];
};

/**
 * The one row of a customer; of several the one of the item named, or the highest.
 *
 * @throws AppError NOT_FOUND for an item not asked about, USAGE where nothing is asked about items
 */
export function rowAbout(predictions: Predictions, item: string | undefined): number {
  const { items } = predictions.subjects ?? {};
  if (item === undefined) return rankedRows(predictions)[0];
  if (!items) throw new AppError('USAGE', 'an item is named for tasks about items alone');
  const row = items.indexOf(item);
  if (row >= 0) return row;
  throw new AppError('NOT_FOUND', 'that customer has not touched that item lately: it is not asked about');
}
